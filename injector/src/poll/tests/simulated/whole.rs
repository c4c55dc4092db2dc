//! What the simulator handed over whole is in the log once, whatever else it did.

use super::*;

#[tokio::test]
async fn an_undisturbed_feed_is_kept_whole_within_the_budget_of_nobody() {
    let simulated = Simulated::start(feed().rate_per_second(0.2).partitioned(true), 1).await;
    simulated.poll(3, false, &["public"]).await;
    simulated.check("undisturbed");
    let released = simulated.simulator.lock().unwrap().released();
    let kept = u64::try_from(simulated.bench.events().len()).unwrap();
    assert!(
        released - kept < 60,
        "{kept} of {released}: the rest came after the last poll"
    );
    let (_, requests) = simulated.told();
    assert!(
        requests.len() <= 60 * 4,
        "{} requests in 3 hours",
        requests.len()
    );
    assert!(
        simulated
            .bench
            .log()
            .iter()
            .all(|kept| kept.gaps.is_empty())
    );
}

#[tokio::test]
async fn faults_and_restarts_lose_nothing_that_was_delivered() {
    const FAULTS: &str = "502=3%,500=1%,reset=2%,truncated=2%,gzip-cut=2%,html200=1%,\
        403-secondary:30=1%,429-secondary:0=1%,302=2%,301=0.5%,duplicates=4%,stale-304:300=1%,\
        missing-link=1%,old-schema:1=1%,unknown-type:1=1%,404=0.3%,poll-interval:20=0.2%,\
        301-elsewhere=0.2%,link-elsewhere=0.3%,503=0.5%,403-secondary:600=0.2%,\
        403-primary=0.1%,clock-skew:-300=0.5%";
    // Each seed takes seconds; GHEV_SOAK_SEEDS asks for more of them, GHEV_SOAK_FROM for later ones.
    let asked = |name| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let from = asked("GHEV_SOAK_FROM").unwrap_or(1);
    for seed in from..from + asked("GHEV_SOAK_SEEDS").unwrap_or(2) {
        let faults: Faults = FAULTS.parse().unwrap();
        let options = feed()
            .shift_per_request(2)
            .short_pages_per_mille(100)
            .faults(faults);
        let mut simulated = Simulated::start(options, seed).await;
        simulated.poll(1, true, &["public"]).await;
        simulated.poll_requests(1 + seed % 7).await;
        simulated.poll(1, seed % 2 == 0, &["public"]).await;
        simulated.check(&format!("seed {seed}"));
        simulated.check_losses(&format!("seed {seed}"));
    }
}

#[tokio::test]
async fn a_full_disk_is_waited_for_and_nothing_is_asked_meanwhile() {
    let simulated = Simulated::start(feed(), 4).await;
    let stop = CancellationToken::new();
    let at = crate::clock::later(simulated.bench.clock.now(), Duration::from_secs(3600));
    let clock = Ending {
        clock: Arc::clone(&simulated.bench.clock),
        at,
        stop: stop.clone(),
    };
    let mut options = simulated.bench.options(&simulated.url, &["public"]);
    options.log.free_space_floor_bytes = u64::MAX;
    run(simulated.bench.dir.path(), options, Arc::new(clock), stop)
        .await
        .unwrap();
    assert!(simulated.bench.log().is_empty());
    assert_eq!(
        simulated.told().1.len(),
        1,
        "no page before the last one is durable"
    );
}
