//! Starts and stops: what is known again, and what is not asked for twice.

use super::*;

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
async fn a_stop_leaves_the_facts_of_every_poll() {
    let bench = Bench::new();
    let replies = (0..4).map(|_| page(0..5).header("etag", "\"a\""));
    bench.run(replies.collect(), |_| {}).await;
    bench.run(vec![page(0..5)], |_| {}).await;
    let log = bench.log();
    let facts: Vec<_> = log
        .iter()
        .map(|Kept { facts, .. }| {
            let before = facts.unrecorded;
            (
                facts.received,
                facts.duplicate,
                facts.overlap,
                (before.polls, before.received),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (5, 0, None, (0, 0)),
            (5, 5, Some(5), (2, 10)),
            (5, 5, Some(5), (0, 0)),
        ]
    );
    assert!(
        log.iter()
            .all(|kept| kept.facts.last_page && kept.facts.page == 1)
    );
    assert_eq!(log[1].observed_at.as_seconds(), START + 180);
    assert_eq!(log[1].facts.etag.as_deref(), Some("\"a\""));
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
    let stop = CancellationToken::new();
    let start = |sources: &[&str]| {
        let options = bench.options("http://127.0.0.1:1", sources);
        run(bench.dir.path(), options, bench.clock.clone(), stop.clone())
    };
    assert!(matches!(
        start(&["public"]).await,
        Err(InjectError::Locked { .. })
    ));
    assert!(matches!(start(&[]).await, Err(InjectError::NoSource)));
    stop.cancel();
    // It may be asked to stop while it waits for the log.
    start(&["public"]).await.unwrap();
    drop(writer);
    start(&["public"]).await.unwrap();
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

/// A restart after a cut answer asked again at once: the interval that its headers gave was in the log,
/// and was not looked at.
#[tokio::test]
async fn a_restart_waits_for_the_interval_of_a_broken_answer_too() {
    let bench = Bench::new();
    let broken = page(0..1).header("x-poll-interval", "80").cut(5);
    bench.run(vec![broken], |_| {}).await;
    let again = Bench {
        dir: bench.dir,
        clock: Arc::new(TestClock::at(START + 10)),
    };
    let heard = again.run(vec![page(0..1)], |_| {}).await;
    assert_eq!(heard[0].at.as_seconds(), START + 80);
}

const NEXT: &str = "<{url}/events?per_page=100&page=2>; rel=\"next\"";

/// A cycle that failed had left its pages in the log, and the complete one that showed the same events
/// again left no word of that: the feed's memory came back without them. The first cycle after a
/// restart overlapped with nothing it knew, which was called a gap.
#[tokio::test]
async fn a_restart_knows_what_a_complete_cycle_showed_again_after_a_failed_one() {
    let first = |ids| page(ids).header("link", NEXT);
    let bench = Bench::new();
    let replies = vec![
        first(100..200),
        Reply::new(502, ""),
        first(100..200),
        page(0..100),
    ];
    bench.run(replies, |_| {}).await;
    bench
        .run(vec![first(250..350), page(150..250)], |_| {})
        .await;
    let last = bench.log().pop().unwrap();
    assert_eq!(last.facts.overlap, Some(50));
    assert_eq!(last.gaps, []);
}

/// Of two feeds that showed the same events only the one that had them first was known to have shown
/// them: after a restart the other one's first full window was called a gap.
#[tokio::test]
async fn a_restart_knows_what_a_feed_showed_that_another_had_brought() {
    let both = |options: &mut InjectOptions| {
        options.sources = vec!["repo:o/r".parse().unwrap(), "org:o".parse().unwrap()];
    };
    let of_org = |bench: &Bench| {
        let log = bench.log();
        let last = log
            .into_iter()
            .rfind(|kept| matches!(kept.source, Source::Org(_)));
        last.map(|Kept { facts, gaps, .. }| (facts.new, facts.duplicate, facts.overlap, gaps))
    };
    let bench = Bench::new();
    bench.run(vec![page(0..100), page(0..100)], both).await;
    assert_eq!(of_org(&bench), Some((0, 100, None, vec![])));
    bench.run(vec![page(60..160), page(60..160)], both).await;
    assert_eq!(of_org(&bench), Some((0, 100, Some(40), vec![])));
    // Sixty of these were noted, and no more than they.
    let log = bench.log();
    let noted: Vec<usize> = log
        .iter()
        .map(|kept| kept.facts.first_shown.len())
        .collect();
    assert_eq!(noted, [0, 100, 0, 60]);
    // That the repository's feed goes on without a gap does not say that the organisation's does.
    bench.run(vec![page(150..250), page(160..260)], both).await;
    let expected = (10, 90, Some(0), vec![GapReason::Stopped]);
    assert_eq!(of_org(&bench), Some(expected));
}
