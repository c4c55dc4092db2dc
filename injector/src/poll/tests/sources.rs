//! A list of sources that changes while polling goes on.

use super::*;

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
