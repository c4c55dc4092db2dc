//! Suspicions, waits and validators of one feed.

use super::*;

const START: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

fn feed(source: &str) -> Feed {
    let github = GithubUrl::default();
    Feed::new(
        source.parse().unwrap(),
        &github,
        FeedMemory::new(),
        None,
        at(0),
    )
}

fn key(id: u32) -> EventKey {
    let json = format!(r#"{{"type":"WatchEvent","id":"{id}"}}"#);
    EventKey::of(&ghev_event::read_event(json.as_bytes()).unwrap())
}

fn brought(feed: &Feed, ids: std::ops::Range<u32>, new: u32) -> Brought {
    let keys: Vec<EventKey> = ids.map(key).collect();
    let mut brought = Brought::default();
    brought.received = u32::try_from(keys.len()).unwrap();
    (brought.new, brought.new_at_first) = (new, new);
    brought.add_keys(feed, brought.received, &keys);
    brought
}

/// The gap that a cycle of these events ends with.
fn cycle(
    feed: &mut Feed,
    ids: std::ops::Range<u32>,
    new: u32,
    now: Timestamp,
) -> Option<GapReason> {
    let mut brought = brought(feed, ids, new);
    let gap = feed.gap(&brought, now);
    feed.complete(&mut brought, now);
    gap.map(|gap| {
        assert_eq!(gap.to, now);
        assert!(gap.from.is_some());
        gap.reason
    })
}

#[test]
fn every_source_has_its_path() {
    for (source, path) in [
        ("public", "/events?per_page=100"),
        (
            "repo:rust-lang/rust",
            "/repos/rust-lang/rust/events?per_page=100",
        ),
        ("org:rust-lang", "/orgs/rust-lang/events?per_page=100"),
        ("user:octocat", "/users/octocat/events/public?per_page=100"),
    ] {
        assert_eq!(path_and_query(&feed(source).url), path);
    }
}

#[test]
fn overlap_is_the_proof_that_nothing_was_missed() {
    let mut feed = feed("repo:a/b");
    assert_eq!(
        cycle(&mut feed, 0..100, 100, at(0)),
        None,
        "nothing to overlap with yet"
    );
    assert_eq!(cycle(&mut feed, 99..199, 99, at(60)), None);
    assert_eq!(
        cycle(&mut feed, 199..299, 100, at(120)),
        Some(GapReason::NoOverlap)
    );
    assert_eq!(
        cycle(&mut feed, 300..310, 10, at(180)),
        None,
        "the window reaches back further"
    );
}

/// The gap began with the last 304, and what had come while those were stale was lost before it.
#[test]
fn a_full_window_without_overlap_belies_the_304s_before_it() {
    let mut feed = feed("repo:a/b");
    cycle(&mut feed, 0..100, 100, at(0));
    feed.not_modified(at(60));
    // Nor is the same page again a better word.
    cycle(&mut feed, 0..100, 0, at(90));
    feed.not_modified(at(120));
    let gap = feed.gap(&brought(&feed, 100..200, 100), at(180)).unwrap();
    assert_eq!((gap.reason, gap.from), (GapReason::NoOverlap, Some(at(0))));
    let month = 31 * 24 * 3600;
    feed.restarted = true;
    let gap = feed.gap(&brought(&feed, 100..101, 1), at(month)).unwrap();
    let from_then_on = (GapReason::Stopped, Some(at(120)));
    assert_eq!((gap.reason, gap.from), from_then_on, "nothing belies them");
}

#[test]
fn the_reason_says_what_happened_before() {
    let mut feed = feed("repo:a/b");
    cycle(&mut feed, 0..100, 100, at(0));
    let failure = Failure {
        status: Some(502),
        reason: String::new(),
        remedy: Remedy::BackOff(None),
    };
    feed.failed(&failure, at(0));
    assert_eq!(
        cycle(&mut feed, 100..200, 100, at(60)),
        Some(GapReason::Failures)
    );
    feed.restarted = true;
    assert_eq!(
        cycle(&mut feed, 200..300, 100, at(120)),
        Some(GapReason::Stopped)
    );
    feed.restarted = true;
    assert_eq!(
        cycle(&mut feed, 250..350, 50, at(180)),
        None,
        "a short stop is no gap"
    );
    let month = 31 * 24 * 3600;
    feed.restarted = true;
    assert_eq!(
        cycle(&mut feed, 900..901, 1, at(180 + month)),
        Some(GapReason::Stopped)
    );
}

#[test]
fn a_public_feed_that_rests_is_frozen_and_a_repositorys_is_not() {
    let (mut public, mut repo) = (feed("public"), feed("repo:a/b"));
    for feed in [&mut public, &mut repo] {
        cycle(feed, 0..50, 50, at(0));
        feed.not_modified(at(1790));
    }
    assert_eq!(
        cycle(&mut public, 10..60, 10, at(1800)),
        Some(GapReason::Frozen)
    );
    assert_eq!(cycle(&mut repo, 10..60, 10, at(1800)), None);
}

#[test]
fn new_events_under_an_old_validator_are_a_frozen_feed() {
    let mut feed = feed("repo:a/b");
    cycle(&mut feed, 0..50, 50, at(0));
    let mut brought = brought(&feed, 0..60, 10);
    brought.frozen = true;
    let gap = feed.gap(&brought, at(60)).unwrap();
    assert_eq!((gap.reason, gap.from), (GapReason::Frozen, Some(at(0))));
}

#[test]
fn a_validator_belongs_to_its_path_and_is_left_out_once_in_a_while() {
    let mut feed = feed("repo:a/b");
    let url = feed.url.clone();
    let etag = Validator {
        path: path_and_query(&url),
        etag: "\"x\"".to_owned(),
    };
    let mut first = Brought::default();
    first.etag = Some(etag);
    feed.complete(&mut first, at(0));
    assert_eq!(feed.validator(&url), Some("\"x\""));
    assert!(feed.had(&url, Some("\"x\"")) && !feed.had(&url, None));
    let mut moved = url.clone();
    moved.set_path("/repositories/1/events");
    assert_eq!(feed.validator(&moved), None);
    for _ in 0..UNCHANGED_MAX {
        assert!(feed.validator(&url).is_some());
        feed.not_modified(at(0));
    }
    assert_eq!(feed.validator(&url), None, "a probe");
    let failure = Failure {
        status: None,
        reason: String::new(),
        remedy: Remedy::Reconnect,
    };
    feed.complete(&mut Brought::default(), at(0));
    feed.failed(&failure, at(0));
    assert_eq!(
        feed.validator(&url),
        None,
        "the pages behind the first are missing"
    );
}

#[test]
fn waits_grow_to_a_bound_and_start_anew_after_success() {
    let mut feed = feed("public");
    let mut waits = |remedy, times| -> Vec<u64> {
        feed.succeeded(at(0));
        let failure = Failure {
            status: None,
            reason: String::new(),
            remedy,
        };
        (0..times)
            .map(|_| feed.failed(&failure, at(0)).as_secs())
            .collect()
    };
    assert_eq!(
        waits(Remedy::Reconnect, 8),
        [5, 10, 20, 40, 80, 160, 300, 300]
    );
    assert_eq!(
        waits(Remedy::BackOff(None), 6),
        [60, 120, 240, 480, 900, 900]
    );
    let asked = Some(Duration::from_secs(100));
    assert_eq!(waits(Remedy::BackOff(asked), 2), [100, 120]);
    assert_eq!(waits(Remedy::AskRarely, 2), [3600, 3600]);
    assert_eq!(waits(Remedy::Reconnect, 100).last(), Some(&300));
}

#[test]
fn the_poll_interval_is_githubs_and_only_lengthened() {
    let mut feed = feed("public");
    assert_eq!(feed.interval().as_secs(), 60);
    feed.set_interval(Some(120));
    assert_eq!(feed.interval().as_secs(), 120);
    feed.interval_min = Duration::from_secs(90);
    assert_eq!(feed.interval().as_secs(), 120);
    feed.set_interval(None);
    assert_eq!(feed.interval().as_secs(), 90);
    feed.set_interval(Some(u32::MAX));
    assert_eq!(feed.interval().as_secs(), 3600);
}

#[test]
fn the_log_hears_of_changes_at_once_and_else_now_and_then() {
    let mut feed = feed("public");
    assert!(feed.worth_recording(Some(304), at(0)));
    feed.recorded(Some(304), at(0));
    assert!(!feed.worth_recording(Some(304), at(599)));
    assert!(feed.worth_recording(Some(304), at(600)));
    assert!(feed.worth_recording(Some(502), at(1)));
    assert!(feed.worth_recording(None, at(1)));
}
