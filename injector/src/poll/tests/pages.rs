//! Pages: which are asked for, what is kept of them, and what the log is told.

use super::*;

#[tokio::test]
async fn every_page_is_asked_for_and_kept_and_the_next_poll_is_conditional() {
    let bench = Bench::new();
    let next = |n| format!("<{{url}}/events?per_page=100&page={n}>; rel=\"next\"");
    let replies = vec![
        page(0..3)
            .header("etag", "W/\"one\"")
            .header("link", &next(2)),
        page(2..5).header("link", &next(3)),
        page(5..6),
        Reply::new(304, "").header("etag", "W/\"one\""),
    ];
    let heard = bench.run(replies, |_| {}).await;
    let paths: Vec<&str> = heard.iter().map(|heard| heard.path.as_str()).collect();
    let first = "/events?per_page=100";
    assert_eq!(
        paths,
        [
            first,
            "/events?per_page=100&page=2",
            "/events?per_page=100&page=3",
            first
        ]
    );
    let validators: Vec<Option<&str>> = heard
        .iter()
        .map(|heard| heard.header("if-none-match"))
        .collect();
    assert_eq!(validators, [None, None, None, Some("W/\"one\"")]);
    assert_eq!(heard[3].after_seconds, 60, "the default of X-Poll-Interval");
    for heard in &heard {
        assert_eq!(
            heard.header("user-agent"),
            Some(concat!("ghev/", env!("CARGO_PKG_VERSION")))
        );
        assert_eq!(heard.header("accept"), Some("application/vnd.github+json"));
        assert_eq!(heard.header("x-github-api-version"), Some("2022-11-28"));
        assert_eq!(heard.header("accept-encoding"), Some("gzip"));
        assert_eq!(heard.header("authorization"), None);
    }
    let log = bench.log();
    assert_eq!(bench.events(), ids(0..6));
    let facts: Vec<_> = log
        .iter()
        .map(|kept| {
            let facts = &kept.facts;
            (
                facts.page,
                facts.status,
                facts.received,
                facts.new,
                facts.duplicate,
                facts.last_page,
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (1, Some(200), 3, 3, 0, false),
            (2, Some(200), 3, 2, 1, false),
            (3, Some(200), 1, 1, 0, true),
            (1, Some(304), 0, 0, 0, true),
        ]
    );
    assert_eq!(log[2].facts.overlap, None, "no cycle came before");
    assert!(
        log.iter()
            .all(|kept| kept.gaps.is_empty() && kept.source == Source::Public)
    );
}

/// Page 1 was kept with its validator when page 2 failed; a later 304 to it would have hidden the
/// events behind page 1 for ever.
#[tokio::test]
async fn after_a_failure_behind_page_one_everything_is_asked_for_again() {
    let bench = Bench::new();
    let link = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let first = || page(0..2).header("etag", "\"a\"").header("link", link);
    let replies = vec![
        first(),
        Reply::new(502, ""),
        first(),
        page(2..4),
        Reply::new(304, ""),
    ];
    let heard = bench.run(replies, |_| {}).await;
    assert_eq!(heard[2].header("if-none-match"), None);
    assert_eq!(heard[4].header("if-none-match"), Some("\"a\""));
    assert_eq!(bench.events(), ids(0..4));
    let ends: Vec<(Option<u16>, bool, bool)> = bench
        .log()
        .iter()
        .map(|kept| {
            (
                kept.facts.status,
                kept.facts.last_page,
                kept.facts.error.is_some(),
            )
        })
        .collect();
    assert_eq!(
        ends[..4],
        [
            (Some(200), false, false),
            (Some(502), true, true),
            (Some(200), false, false),
            (Some(200), true, false)
        ]
    );
}

#[tokio::test]
async fn a_page_behind_the_window_ends_it() {
    let bench = Bench::new();
    let link = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let first = page(0..2).header("etag", "\"a\"").header("link", link);
    let heard = bench
        .run(vec![first, Reply::new(422, ""), page(0..2)], |_| {})
        .await;
    assert_eq!(
        heard[2].header("if-none-match"),
        Some("\"a\""),
        "the cycle was complete"
    );
    assert!(bench.log()[1].facts.last_page);
    assert_eq!(bench.log()[1].facts.error, None);
}

/// The events of a page whose link led elsewhere were taken for known ones, and never kept.
#[tokio::test]
async fn a_page_whose_link_is_not_followed_is_kept() {
    let bench = Bench::new();
    let elsewhere = page(0..3).header("link", "<http://evil.invalid/events>; rel=\"next\"");
    bench.run(vec![elsewhere, page(1..4)], |_| {}).await;
    assert_eq!(bench.events(), ids(0..4));
    let log = bench.log();
    let ends: Vec<_> = log
        .iter()
        .map(|kept| (kept.facts.last_page, kept.facts.error.is_some()))
        .collect();
    assert_eq!(ends, [(false, false), (true, true), (true, false)]);
}

#[tokio::test]
async fn elements_that_are_no_events_are_kept_once() {
    let bench = Bench::new();
    let body = r#"[{"id":"1","type":"WatchEvent"},{"id":"2"},null]"#;
    bench
        .run(vec![Reply::new(200, body), Reply::new(200, body)], |_| {})
        .await;
    let log = bench.log();
    assert_eq!(
        (log[0].events.len(), log[0].rejects, log[0].facts.received),
        (1, 2, 3)
    );
    assert!(log[1..].iter().all(|kept| kept.rejects == 0));
}

#[tokio::test]
async fn a_quiet_feed_does_not_fill_the_log() {
    let bench = Bench::new();
    let quiet = || Reply::new(304, "");
    let mut replies = vec![page(0..1).header("etag", "\"a\"")];
    replies.extend((0..25).map(|_| quiet()));
    bench.run(replies, |_| {}).await;
    let log = bench.log();
    assert_eq!(
        log.len(),
        1 + 1 + 2 + 1,
        "the page, the first 304, two heartbeats in 25 minutes, and the last 304 before the stop"
    );
    let unrecorded: Vec<u32> = log.iter().map(|kept| kept.facts.unrecorded.polls).collect();
    assert_eq!(unrecorded, [0, 0, 9, 9, 3]);
}

/// Pages without anything new had no envelope: status spoke of a third of what a poll had received,
/// and a poll whose first page was one of them was not counted at all.
#[tokio::test]
async fn a_poll_that_brings_something_leaves_the_facts_of_all_its_pages() {
    let bench = Bench::new();
    let next = |n| format!("<{{url}}/events?per_page=100&page={n}>; rel=\"next\"");
    let three = |second: std::ops::Range<u32>| {
        [
            page(0..3).header("etag", "\"a\"").header("link", &next(2)),
            page(second).header("link", &next(3)),
            page(3..5),
        ]
    };
    let replies = [three(5..7), three(5..7), three(5..7), three(7..9)];
    bench.run(replies.concat(), |_| {}).await;
    let facts: Vec<_> = bench.log().into_iter().map(|kept| kept.facts).collect();
    let of = |facts: &PollFacts| (facts.page, facts.received, facts.duplicate, facts.new);
    let pages: Vec<_> = facts.iter().map(of).collect();
    assert_eq!(
        pages,
        [
            (1, 3, 0, 3),
            (2, 2, 0, 2),
            (3, 2, 0, 2),
            (1, 3, 3, 0),
            (2, 2, 0, 2),
            (3, 2, 2, 0)
        ]
    );
    let unrecorded: Vec<_> = facts.iter().map(|facts| facts.unrecorded).collect();
    let two = ghev_event::Unrecorded {
        polls: 2,
        received: 14,
    };
    let none = ghev_event::Unrecorded::default();
    assert_eq!(unrecorded, [none, none, none, two, none, none]);
}
