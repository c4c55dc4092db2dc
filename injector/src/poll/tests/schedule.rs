//! When feeds are asked: the budget they share, and the interval.

use super::*;

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
async fn the_log_says_when_a_limit_lets_the_feed_be_asked() {
    let bench = Bench::new();
    let limited = Reply::new(403, "").header("retry-after", "700");
    let heard = bench.run(vec![limited, page(0..1)], |_| {}).await;
    assert_eq!(heard[1].after_seconds, 700);
    let next = bench.log()[0].facts.next_poll_at;
    assert_eq!(next, Some(Timestamp::from_seconds(START + 700)));
}

/// What came of a cut answer used to be forgotten, its headers too: the feed was asked again after 60
/// seconds where GitHub had said 80.
#[tokio::test]
async fn the_headers_of_a_broken_answer_hold() {
    let bench = Bench::new();
    let broken = page(0..1).header("x-poll-interval", "80").cut(5);
    let heard = bench.run(vec![broken, page(0..1)], |_| {}).await;
    assert_eq!(heard[1].after_seconds, 80);

    let bench = Bench::new();
    let spent = page(0..1)
        .header("x-ratelimit-limit", "60")
        .header("x-ratelimit-remaining", "0")
        .header("x-ratelimit-reset", &(START + 900).to_string())
        .cut(5);
    let heard = bench.run(vec![spent, page(0..1)], |_| {}).await;
    assert_eq!(heard[1].after_seconds, 901);
}
