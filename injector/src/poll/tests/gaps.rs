//! When events may have passed unseen, and since when.

use super::*;

#[tokio::test]
async fn a_full_window_without_overlap_is_a_suspected_gap_with_its_reason() {
    let bench = Bench::new();
    let replies = vec![
        page(0..100),
        page(100..200),
        Reply::new(500, ""),
        page(200..300),
    ];
    bench.run(replies, |_| {}).await;
    bench.clock.advance(Duration::from_secs(86_400));
    bench
        .run(vec![page(300..400), page(399..499)], |_| {})
        .await;
    let gaps: Vec<Vec<GapReason>> = bench.log().into_iter().map(|kept| kept.gaps).collect();
    use GapReason::{Failures, NoOverlap, Stopped};
    assert_eq!(
        gaps,
        [
            vec![],
            vec![NoOverlap],
            vec![],
            vec![Failures],
            vec![Stopped],
            vec![]
        ]
    );
}

/// A page that was short hid an event: it stood behind the page's end, and was gone before another
/// cycle was complete. The cycles overlapped, and nothing said so.
#[tokio::test]
async fn a_short_page_that_ends_within_the_new_is_a_suspected_gap() {
    let next = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let gaps = async |first: std::ops::Range<u32>, second: std::ops::Range<u32>| {
        let bench = Bench::new();
        let first = page(first).header("link", next);
        bench
            .run(vec![page(160..260), first, page(second)], |_| {})
            .await;
        let log = bench.log();
        let last = log.last().unwrap();
        assert!(last.facts.overlap > Some(0));
        (last.gaps.clone(), last.spans.clone())
    };
    let at = |seconds| Timestamp::from_seconds(START + seconds);
    let (reasons, spans) = gaps(0..97, 100..200).await;
    assert_eq!(reasons, [GapReason::NoOverlap]);
    assert_eq!(spans, [(at(0), at(60))]);
    for (first, second, why) in [
        (0..100, 103..203, "a page as full as pages are"),
        (0..97, 96..196, "what follows is seen to follow"),
        (
            64..161,
            164..264,
            "what follows a known event has been seen before",
        ),
    ] {
        assert_eq!(gaps(first, second).await.0, [], "{why}");
    }
}

/// GitHub sorts the public feed by kind before it cuts it into pages: pushes on the first one
/// overlapped, while of all else every event was new.
#[tokio::test]
async fn the_oldest_page_without_overlap_is_a_suspected_gap() {
    let next = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let bench = Bench::new();
    let first = || page(0..100).header("link", next);
    bench
        .run(
            vec![first(), page(100..200), first(), page(200..300)],
            |_| {},
        )
        .await;
    let gaps: Vec<_> = bench.log().into_iter().flat_map(|kept| kept.gaps).collect();
    assert_eq!(gaps, [GapReason::NoOverlap]);
}

/// The window at the first start had gone by when the first cycle was complete, and nothing said so:
/// there was no success before it to count from.
#[tokio::test]
async fn a_start_into_failures_is_a_suspected_gap_from_the_first_of_them() {
    let bench = Bench::new();
    bench
        .run(
            vec![Reply::new(502, ""), page(0..100), page(50..150)],
            |_| {},
        )
        .await;
    let gaps: Vec<_> = bench
        .log()
        .into_iter()
        .filter(|kept| !kept.gaps.is_empty())
        .collect();
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].gaps, [GapReason::Failures]);
    let at = |seconds| Timestamp::from_seconds(START + seconds);
    assert_eq!(gaps[0].spans, [(at(0), at(60))]);
}

/// The start before had brought half of a window, or only failures, and the next one took its own
/// first cycle for the first of all.
#[tokio::test]
async fn a_restart_knows_since_when_no_cycle_was_complete() {
    let next = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let half = page(0..100).header("link", next);
    for before in [
        vec![half.clone(), Reply::new(404, "")],
        vec![half],
        vec![Reply::new(404, "")],
    ] {
        let bench = Bench::new();
        bench.run(before, |_| {}).await;
        bench.clock.advance(Duration::from_secs(3600));
        let restarted_at = bench.clock.now();
        bench.run(vec![page(200..300)], |_| {}).await;
        let log = bench.log();
        let spans: Vec<_> = log.iter().flat_map(|kept| kept.spans.clone()).collect();
        let start = Timestamp::from_seconds(START);
        assert_eq!(spans, [(start, restarted_at)], "{log:?}");
        let gaps: Vec<_> = log.iter().flat_map(|kept| kept.gaps.clone()).collect();
        assert_eq!(gaps, [GapReason::Failures]);
    }
}

/// The same after a restart, which knows the 304s from the log.
#[tokio::test]
async fn a_restart_knows_when_pages_were_last_read() {
    let bench = Bench::new();
    let unchanged = || Reply::new(304, "").header("etag", "\"one\"");
    let first = page(0..100).header("etag", "\"one\"");
    bench
        .run(vec![first, unchanged(), unchanged()], |_| {})
        .await;
    let log = bench.log();
    assert_eq!(log.last().unwrap().facts.status, Some(304));
    bench.run(vec![page(200..300)], |_| {}).await;
    let last = bench.log().pop().unwrap();
    assert_eq!(last.gaps, [GapReason::Stopped]);
    assert_eq!(last.spans[0].0, Timestamp::from_seconds(START));
}

/// A first page that stayed the same counted as read each time. Where a full window without overlap
/// followed, the gap began with the last of these, although the feed had gone on behind it.
#[tokio::test]
async fn a_gap_behind_a_frozen_page_begins_before_it_froze() {
    let next = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let first = || page(0..100).header("link", next);
    let frozen_alone = vec![
        first(),
        page(100..150),
        first(),
        page(120..220),
        page(400..500),
    ];
    let frozen = vec![page(0..100), page(0..100), page(400..500)];
    for mut replies in [frozen_alone, frozen] {
        let (thawed, restarted) = (replies.clone(), replies.pop().unwrap());
        let spans = |bench: &Bench| -> Vec<_> {
            let log = bench.log();
            log.iter().flat_map(|kept| kept.spans.clone()).collect()
        };
        let froze_at = Timestamp::from_seconds(START);
        let bench = Bench::new();
        bench.run(thawed, |_| {}).await;
        assert_eq!(spans(&bench).len(), 1);
        assert_eq!(spans(&bench)[0].0, froze_at);

        let bench = Bench::new();
        bench.run(replies, |_| {}).await;
        bench.run(vec![restarted], |_| {}).await;
        assert_eq!(spans(&bench).len(), 1);
        assert_eq!(spans(&bench)[0].0, froze_at, "after a restart");
    }
}

#[tokio::test]
async fn a_frozen_feed_is_probed_without_its_validator() {
    let bench = Bench::new();
    let mut replies = vec![page(0..1).header("etag", "\"a\"")];
    replies.extend((0..30).map(|_| Reply::new(304, "")));
    replies.push(page(0..2).header("etag", "\"a\""));
    let heard = bench
        .run(replies, |options| {
            options.sources = vec!["repo:a/b".parse().unwrap()];
        })
        .await;
    assert!(
        heard[1..31]
            .iter()
            .all(|heard| heard.header("if-none-match").is_some())
    );
    assert_eq!(heard[31].header("if-none-match"), None);
    assert_eq!(bench.log().last().unwrap().gaps, [GapReason::Frozen]);
}
