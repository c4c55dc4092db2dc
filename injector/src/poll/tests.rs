//! Polling against a server that answers as it is told, under a clock that jumps.

mod said;
mod scripted;
mod simulated;
mod table;

use std::sync::Arc;
use std::time::Duration;

use ghev_event::{Decoder, Envelope, GapReason, Origin, PollFacts, Source, Timestamp};
use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};
use scripted::{Heard, Reply, Scripted};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::test_clock::TestClock;
use crate::{Clock, GithubUrl, InjectError, InjectOptions};

const START: i64 = 1_700_000_000;

/// A log in a directory of its own, and a clock.
struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<TestClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(TestClock::at(START)),
        }
    }

    fn options(&self, url: &str, sources: &[&str]) -> InjectOptions {
        InjectOptions {
            github_url: url.parse().unwrap(),
            sources: sources
                .iter()
                .map(|source| source.parse().unwrap())
                .collect(),
            system_proxy: false,
            read_timeout: Duration::from_secs(5),
            ..InjectOptions::default()
        }
    }

    /// Polls until the script is at its end; what was asked.
    async fn run(
        &self,
        replies: Vec<Reply>,
        change: impl FnOnce(&mut InjectOptions),
    ) -> Vec<Heard> {
        let stop = CancellationToken::new();
        let server = Scripted::start(replies, Arc::clone(&self.clock), stop.clone()).await;
        let mut options = self.options(&server.url, &["public"]);
        change(&mut options);
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let ended = tokio::time::timeout(
            Duration::from_secs(60),
            run(self.dir.path(), options, clock, stop),
        );
        ended
            .await
            .expect("polling never got to the end of the script")
            .unwrap();
        server.heard()
    }

    /// Every envelope's facts, gaps, and events, in the log's order.
    fn log(&self) -> Vec<Kept> {
        let mut kept = Vec::new();
        let mut cursor = LogCursor::open(self.dir.path(), Offset::ZERO).unwrap();
        let mut decoder = Decoder::new();
        while let Some(record) = cursor.read().unwrap() {
            kept.push(Kept::of(&decoder.envelope(record.payload).unwrap()));
        }
        kept
    }

    fn events(&self) -> Vec<String> {
        self.log()
            .into_iter()
            .flat_map(|kept| kept.events)
            .collect()
    }
}

#[derive(Debug)]
struct Kept {
    source: Source,
    facts: PollFacts,
    observed_at: Timestamp,
    gaps: Vec<GapReason>,
    /// From when to when, of each gap.
    spans: Vec<(Timestamp, Timestamp)>,
    events: Vec<String>,
    rejects: usize,
}

impl Kept {
    fn of(envelope: &Envelope<'_>) -> Self {
        let provenance = &envelope.heads.provenance;
        let Origin::Poll(facts) = &provenance.origin else {
            panic!("an import in a poll: {provenance:?}")
        };
        let text = |raw: &&[u8]| String::from_utf8(raw.to_vec()).unwrap();
        Self {
            source: provenance.source.clone(),
            facts: facts.clone(),
            observed_at: provenance.observed_at,
            gaps: provenance.gaps.iter().map(|gap| gap.reason).collect(),
            spans: provenance
                .gaps
                .iter()
                .map(|gap| (gap.from.unwrap_or(gap.to), gap.to))
                .collect(),
            events: envelope.raw.iter().map(text).collect(),
            rejects: envelope.heads.rejects.len(),
        }
    }
}

fn event(id: u32) -> String {
    format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#)
}

fn page(ids: std::ops::Range<u32>) -> Reply {
    let events: Vec<String> = ids.map(event).collect();
    Reply::new(200, &format!("[{}]", events.join(",")))
}

fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(event).collect()
}

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

/// One row of the table in the module's documentation.
struct Row {
    name: &'static str,
    reply: Reply,
    /// When the next request comes.
    then_after_seconds: i64,
    then_path: &'static str,
    with_token: bool,
    status: Option<u16>,
    fails: bool,
}

fn row(name: &'static str, reply: Reply, then_after_seconds: i64) -> Row {
    let status = reply.status;
    Row {
        name,
        reply,
        then_after_seconds,
        then_path: "/events?per_page=100",
        with_token: true,
        status,
        fails: true,
    }
}

fn rows() -> Vec<Row> {
    let in_seconds = |seconds: i64| (START + seconds).to_string();
    let limited = r#"{"message":"You have exceeded a secondary rate limit."}"#;
    vec![
        Row {
            fails: false,
            ..row("an empty page", page(0..0), 60)
        },
        Row {
            fails: false,
            ..row(
                "a longer poll interval",
                page(0..0).header("x-poll-interval", "120"),
                120,
            )
        },
        row(
            "HTML with status 200",
            Reply::new(200, "<html>Unicorn!</html>"),
            60,
        ),
        row(
            "an object with status 200",
            Reply::new(200, r#"{"message":"x"}"#),
            60,
        ),
        row("a 304 nobody asked for", Reply::new(304, ""), 60),
        Row {
            then_path: "/repositories/1/events",
            ..row(
                "moved for good",
                Reply::new(301, "").header("location", "/repositories/1/events"),
                0,
            )
        },
        Row {
            then_path: "/elsewhere",
            ..row(
                "moved for now",
                Reply::new(307, "").header("location", "{url}/elsewhere"),
                0,
            )
        },
        row(
            "moved to another origin",
            Reply::new(301, "").header("location", "http://evil.invalid/events"),
            3600,
        ),
        row("moved without saying where", Reply::new(302, ""), 3600),
        row(
            "a next page of another origin",
            page(0..0).header("link", "<http://evil.invalid/events>; rel=\"next\""),
            3600,
        ),
        Row {
            with_token: false,
            ..row(
                "bad credentials",
                Reply::new(401, r#"{"message":"Bad credentials"}"#),
                60,
            )
        },
        Row {
            with_token: false,
            ..row(
                "a suspended account",
                Reply::new(403, r#"{"message":"Sorry. Your account was suspended"}"#),
                60,
            )
        },
        row(
            "a spent budget",
            Reply::new(403, "")
                .header("x-ratelimit-limit", "60")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &in_seconds(900)),
            901,
        ),
        row(
            "a spent budget by a clock that disagrees",
            Reply::new(429, "")
                .header("x-ratelimit-limit", "60")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &in_seconds(-900)),
            60,
        ),
        row(
            "a secondary limit with a time",
            Reply::new(403, limited).header("retry-after", "77"),
            77,
        ),
        row("a secondary limit without", Reply::new(403, limited), 60),
        row(
            "refused",
            Reply::new(403, "<html>Request forbidden</html>"),
            3600,
        ),
        row(
            "not found",
            Reply::new(404, r#"{"message":"Not Found"}"#),
            3600,
        ),
        row("gone", Reply::new(410, ""), 3600),
        row("no such page", Reply::new(422, ""), 3600),
        row(
            "a unicorn",
            Reply::new(502, &"<html>Unicorn!</html>".repeat(20_000)),
            60,
        ),
        row(
            "unavailable for a time it names",
            Reply::new(503, "").header("retry-after", "90"),
            90,
        ),
        Row {
            status: Some(200),
            ..row("a body that is cut", page(0..9).cut(20), 60)
        },
        Row {
            status: Some(200),
            ..row("gzip that is cut", page(0..9).gzip().cut(5), 60)
        },
        row(
            "gzip that is none",
            page(0..9).header("content-encoding", "gzip"),
            60,
        ),
        Row {
            status: None,
            ..row("a reset", page(0..9).cut_all(), 5)
        },
    ]
}

#[tokio::test]
async fn every_row_of_the_table_is_done_as_it_says() {
    for row in rows() {
        let bench = Bench::new();
        let name = row.name;
        let heard = bench
            .run(vec![row.reply, page(900..901)], |options| {
                options.token = Some("ghp_secret".parse().unwrap());
            })
            .await;
        assert_eq!(heard.len(), 2, "{name}");
        assert_eq!(
            heard[0].header("authorization"),
            Some("Bearer ghp_secret"),
            "{name}"
        );
        assert_eq!(heard[1].after_seconds, row.then_after_seconds, "{name}");
        assert_eq!(heard[1].path, row.then_path, "{name}");
        let token = heard[1].header("authorization").is_some();
        assert_eq!(token, row.with_token, "{name}");
        assert_eq!(bench.events(), ids(900..901), "{name}");
        if row.then_after_seconds > 0 && row.fails {
            let log = bench.log();
            let failed = log.iter().find(|kept| kept.facts.error.is_some());
            assert_eq!(failed.unwrap().facts.status, row.status, "{name}");
        }
    }
}

#[tokio::test]
async fn a_permanent_move_is_remembered_and_a_temporary_one_is_not() {
    for (status, second) in [(301, "/new"), (308, "/new"), (302, "/events?per_page=100")] {
        let bench = Bench::new();
        let moved = Reply::new(status, "").header("location", "/new");
        let heard = bench.run(vec![moved, page(0..1), page(0..1)], |_| {}).await;
        let paths: Vec<&str> = heard.iter().map(|heard| heard.path.as_str()).collect();
        assert_eq!(paths, ["/events?per_page=100", "/new", second]);
    }
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let bench = Bench::new();
    let moved = || Reply::new(302, "").header("location", "/round");
    let heard = bench
        .run(vec![moved(), moved(), moved(), moved(), page(0..1)], |_| {})
        .await;
    assert_eq!(heard[3].after_seconds, 0);
    assert_eq!(heard[4].after_seconds, 3600);
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

#[tokio::test]
async fn a_restart_knows_what_the_log_has() {
    let bench = Bench::new();
    let first = page(0..50).header("etag", "\"a\"");
    bench.run(vec![first], |_| {}).await;
    let records = bench.log().len();
    let heard = bench
        .run(vec![Reply::new(304, ""), page(0..51)], |_| {})
        .await;
    assert_eq!(heard[0].header("if-none-match"), Some("\"a\""));
    assert_eq!(bench.events(), ids(0..51), "nothing twice");
    let log = bench.log();
    let last = log.last().unwrap();
    assert_eq!(
        (last.facts.new, last.facts.duplicate, last.facts.overlap),
        (1, 50, Some(50))
    );
    assert!(last.gaps.is_empty());
    assert!(log.len() > records);
}

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

#[tokio::test]
async fn one_budget_is_shared_and_never_overdrawn() {
    let bench = Bench::new();
    let budget = |reply: Reply, remaining: u32| {
        reply
            .header("x-ratelimit-limit", "60")
            .header("x-ratelimit-remaining", &remaining.to_string())
            .header("x-ratelimit-reset", &(START + 3600).to_string())
    };
    let link = "<{url}/repos/a/b/events?per_page=100&page=2>; rel=\"next\"";
    let replies = vec![
        budget(page(0..1).header("link", link), 1),
        budget(page(1..2), 0),
        budget(page(2..3), 59),
    ];
    let heard = bench
        .run(replies, |options| {
            options.sources = vec!["repo:a/b".parse().unwrap(), "org:c".parse().unwrap()];
        })
        .await;
    assert_eq!(heard[2].path, "/orgs/c/events?per_page=100");
    assert_eq!(
        heard[2].after_seconds, 3601,
        "both feeds wait for the reset"
    );
}

#[tokio::test]
async fn a_cycle_that_the_budget_ends_goes_on_when_it_is_renewed() {
    let bench = Bench::new();
    let link = "<{url}/events?per_page=100&page=2>; rel=\"next\"";
    let spent = page(0..1)
        .header("link", link)
        .header("x-ratelimit-limit", "60")
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", &(START + 100).to_string());
    let heard = bench.run(vec![spent, page(0..2)], |_| {}).await;
    assert_eq!(heard[1].path, "/events?per_page=100");
    assert_eq!(heard[1].after_seconds, 101);
    assert_eq!(bench.events(), ids(0..2));
}

#[tokio::test]
async fn the_poll_interval_option_only_lengthens() {
    for (option, asked, expected) in [(10, "60", 60), (300, "60", 300), (300, "600", 600)] {
        let bench = Bench::new();
        let replies = vec![page(0..1).header("x-poll-interval", asked), page(0..1)];
        let heard = bench
            .run(replies, |options| {
                options.poll_interval = Some(Duration::from_secs(option));
            })
            .await;
        assert_eq!(heard[1].after_seconds, expected);
    }
}

#[tokio::test]
async fn adaptive_polling_asks_sooner_where_polls_hardly_overlap_and_stays_within_the_budget() {
    let busy = |n: u32| page(n * 100..n * 100 + 100);
    let replies = || {
        let calm = (0..3).map(|_| page(500..600));
        (0..6).map(busy).chain(calm).collect::<Vec<_>>()
    };
    let waits = async |replies: Vec<Reply>, adaptive: bool, token: bool| -> Vec<i64> {
        let bench = Bench::new();
        let heard = bench.run(replies, |options| {
            options.adaptive = adaptive;
            options.token = token.then(|| "ghp_token".parse().unwrap());
        });
        heard
            .await
            .iter()
            .skip(1)
            .map(|heard| heard.after_seconds)
            .collect()
    };
    let waited = waits(replies(), true, true).await;
    // The first has nothing to overlap with, and what a poll tells counts from the next one on.
    assert_eq!(waited, [60, 60, 30, 15, 7, 5, 5, 8]);
    assert_eq!(waits(replies(), true, false).await, [60; 8]);
    assert_eq!(waits(replies(), false, true).await, [60; 8]);
    let reset = (START + 3600).to_string();
    let scarce = |reply: Reply| {
        reply
            .header("x-ratelimit-limit", "100")
            .header("x-ratelimit-remaining", "90")
            .header("x-ratelimit-reset", &reset)
    };
    let waited = waits(replies().into_iter().map(scarce).collect(), true, true).await;
    assert!(waited.iter().all(|&seconds| seconds >= 36), "{waited:?}");
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
async fn a_gzip_answer_is_read() {
    let bench = Bench::new();
    bench.run(vec![page(0..100).gzip()], |_| {}).await;
    assert_eq!(bench.events(), ids(0..100));
}

#[tokio::test]
async fn once_is_one_cycle_of_every_source() {
    let bench = Bench::new();
    let stop = CancellationToken::new();
    let replies = vec![page(0..3), Reply::new(502, r#"{"message":"Server Error"}"#)];
    let server = Scripted::start(replies, Arc::clone(&bench.clock), stop.clone()).await;
    let options = bench.options(&server.url, &["public", "org:a", "public", "archive"]);
    let summary = once(bench.dir.path(), options, bench.clock.clone(), stop)
        .await
        .unwrap();
    let expected = CycleSummary {
        requests: 2,
        pages: 1,
        received: 3,
        new: 3,
        failed: vec![FailedSource {
            source: Source::Org("a".to_owned()),
            reason: "status 502: Server Error".to_owned(),
        }],
        ..CycleSummary::default()
    };
    assert_eq!(summary, expected);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let bench = Bench::new();
    let writer = LogWriter::open(bench.dir.path(), LogOptions::default()).unwrap();
    let start = |sources: &[&str]| {
        let options = bench.options("http://127.0.0.1:1", sources);
        let stop = CancellationToken::new();
        stop.cancel();
        run(bench.dir.path(), options, bench.clock.clone(), stop)
    };
    assert!(matches!(
        start(&["public"]).await,
        Err(InjectError::Locked { .. })
    ));
    assert!(matches!(start(&[]).await, Err(InjectError::NoSource)));
    drop(writer);
    start(&["public"]).await.unwrap();
}

#[tokio::test]
async fn https_needs_no_global_provider_to_be_chosen_by_the_caller() {
    let options = InjectOptions {
        github_url: GithubUrl::default(),
        ..InjectOptions::default()
    };
    assert!(
        client::Client::new(&options).is_ok() || !std::path::Path::new("/etc/ssl/certs").exists()
    );
}

/// A reply that never ends, then a page: when that was asked for, and what the log says of the first.
async fn given_up(reply: Reply, change: impl FnOnce(&mut InjectOptions)) -> (i64, Option<String>) {
    let bench = Bench::new();
    let heard = bench.run(vec![reply, page(0..2)], change).await;
    assert_eq!(heard.len(), 2);
    assert_eq!(bench.events(), ids(0..2));
    let failed = &bench.log()[0].facts;
    assert!(failed.last_page);
    (heard[1].after_seconds, failed.error.clone())
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_asked_again() {
    let impatient = |options: &mut InjectOptions| options.read_timeout = Duration::from_millis(200);
    // Nothing at all is no connection: tried again soon.
    let (after_seconds, error) = given_up(Reply::new(200, "").cut_all().silent(), impatient).await;
    assert!((5..60).contains(&after_seconds), "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("no answer") && error.contains("timed out"),
        "{error}"
    );
    // An answer that stops is a broken one: tried again later.
    let stopped = page(0..2).cut(10).silent();
    let (after_seconds, error) = given_up(stopped, impatient).await;
    assert!(after_seconds >= 60, "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("broken answer") && error.contains("timed out"),
        "{error}"
    );
}

/// Each byte came within the time that an answer may stay silent; without a limit for the whole of
/// it one slow server would hold up all feeds.
#[tokio::test]
async fn a_dripping_server_is_given_up_when_the_request_took_too_long() {
    let dripping = Reply::new(200, &" ".repeat(100_000))
        .cut(100_000)
        .dripping(Duration::from_millis(20));
    let (after_seconds, error) = given_up(dripping, |options| {
        options.read_timeout = Duration::from_secs(30);
        options.request_timeout = Duration::from_millis(500);
    })
    .await;
    assert!(after_seconds >= 60, "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("broken answer") && error.contains("timed out"),
        "{error}"
    );
}

#[tokio::test]
async fn polling_stops_at_once_while_a_server_is_silent() {
    let bench = Bench::new();
    let silent = Reply::new(200, "").cut_all().silent();
    let stop = CancellationToken::new();
    let server = Scripted::start(vec![silent], Arc::clone(&bench.clock), stop.clone()).await;
    let options = InjectOptions {
        read_timeout: Duration::from_secs(600),
        request_timeout: Duration::from_secs(600),
        ..bench.options(&server.url, &["public"])
    };
    let clock: Arc<dyn Clock> = Arc::clone(&bench.clock) as _;
    let polling = tokio::spawn({
        let (dir, stop) = (bench.dir.path().to_path_buf(), stop.clone());
        async move { run(&dir, options, clock, stop).await }
    });
    while server.heard().is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(30), polling).await;
    ended
        .expect("it waits for the silent server")
        .unwrap()
        .unwrap();
}

/// Polls `before`, gives out `after` once `asked` requests were heard, and goes on to the script's
/// end.
async fn following(
    bench: &Bench,
    replies: Vec<Reply>,
    before: &[&str],
    asked: usize,
    after: &[&[&str]],
) -> Vec<Heard> {
    let stop = CancellationToken::new();
    let server = Scripted::start(replies, Arc::clone(&bench.clock), stop.clone()).await;
    let list = |texts: &[&str]| bench.options(&server.url, texts).sources;
    let options = bench.options(&server.url, before);
    let (sources, following) = tokio::sync::watch::channel(list(before));
    let clock: Arc<dyn Clock> = Arc::clone(&bench.clock) as _;
    let polling = run_following(bench.dir.path(), options, following, clock, stop);
    let changing = async {
        while server.heard().len() < asked {
            tokio::task::yield_now().await;
        }
        for texts in after {
            sources.send_replace(list(texts));
        }
        // Kept: a sender that went would say that the list never changes again.
        std::future::pending::<()>().await;
    };
    let both = async {
        tokio::select! {
            biased;
            ended = polling => ended.unwrap(),
            () = changing => {}
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(60), both).await;
    ended.expect("the script never ended");
    server.heard()
}

#[tokio::test]
async fn a_source_more_is_asked_at_once_and_those_that_stay_keep_their_schedule() {
    let bench = Bench::new();
    let quiet = || Reply::new(304, "");
    let mut replies = vec![page(0..2).header("etag", "\"a\"")];
    replies.extend((0..8).map(|_| quiet()));
    let lists: [&[&str]; 2] = [&["archive"], &["org:acme", "public"]];
    let heard = following(&bench, replies, &["public"], 3, &lists).await;
    let (org, public): (Vec<&Heard>, Vec<&Heard>) = heard
        .iter()
        .partition(|heard| heard.path.starts_with("/orgs/acme/events"));
    assert!(org.len() >= 2, "{heard:?}");
    // A 304 that the new feed did not ask for is a failure of its own.
    assert_eq!(org[0].header("if-none-match"), None);
    for (number, heard) in public.iter().enumerate() {
        let validator = (number > 0).then_some("\"a\"");
        assert_eq!(heard.header("if-none-match"), validator, "poll {number}");
        let due = START + 60 * i64::try_from(number).unwrap();
        assert_eq!(heard.at.as_seconds(), due, "poll {number}");
    }
    assert_eq!(bench.events(), ids(0..2));
}

#[tokio::test]
async fn a_source_less_ends_after_the_page_in_hand() {
    let bench = Bench::new();
    let next = |n| format!("<{{url}}/events?per_page=100&page={n}>; rel=\"next\"");
    let replies = vec![
        page(0..2).header("link", &next(2)),
        page(2..4).header("link", &next(3)),
        page(10..12),
    ];
    let heard = following(&bench, replies, &["public"], 2, &[&["user:me"]]).await;
    let paths: Vec<&str> = heard.iter().map(|heard| heard.path.as_str()).collect();
    assert_eq!(paths[2], "/users/me/events/public?per_page=100");
    let kept: Vec<String> = ids(0..4).into_iter().chain(ids(10..12)).collect();
    assert_eq!(bench.events(), kept, "the page in hand is kept");
    let ends: Vec<bool> = bench
        .log()
        .iter()
        .map(|kept| kept.facts.last_page)
        .collect();
    assert_eq!(ends, [false, false, true], "the cycle has no end");
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

/// A process that was started again and again asked GitHub as often, whatever `X-Poll-Interval` said.
#[tokio::test]
async fn a_restart_waits_for_the_interval_of_the_poll_before() {
    let bench = Bench::new();
    let quiet = || Reply::new(304, "").header("x-poll-interval", "90");
    let first = page(0..1).header("etag", "\"a\"");
    // Of the last of these no envelope was written before the stop.
    bench.run(vec![first, quiet(), quiet()], |_| {}).await;
    let polled_until = START + 60 + 90;
    let last = bench.log().pop().unwrap();
    assert_eq!(last.observed_at.as_seconds(), polled_until);
    assert_eq!(
        (last.facts.status, last.facts.unrecorded.polls),
        (Some(304), 0)
    );
    let restarted = Arc::new(TestClock::at(polled_until + 30));
    let again = Bench {
        dir: bench.dir,
        clock: restarted,
    };
    let heard = again.run(vec![quiet()], |_| {}).await;
    assert_eq!(heard[0].at.as_seconds(), polled_until + 90);
    assert_eq!(heard[0].header("if-none-match"), Some("\"a\""));
    // What failed is asked for at once: somebody may have mended it.
    let failing = Bench::new();
    failing.run(vec![Reply::new(404, "")], |_| {}).await;
    let restarted_at = START + 10;
    let again = Bench {
        dir: failing.dir,
        clock: Arc::new(TestClock::at(restarted_at)),
    };
    let heard = again.run(vec![page(0..1)], |_| {}).await;
    assert_eq!(heard[0].at.as_seconds(), restarted_at);
}
