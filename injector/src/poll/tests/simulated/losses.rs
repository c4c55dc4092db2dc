//! What the simulated feed showed and the log has not: it is within a gap that the log suspects.

use super::*;

#[tokio::test]
async fn every_loss_is_within_a_suspected_gap() {
    // Windows of ten minutes, and outages of up to twenty.
    let faults: Faults = "502=@10-25,reset=@40-60,hang=@70,403-secondary:1500=@80"
        .parse()
        .unwrap();
    let simulated = Simulated::start(feed().faults(faults), 6).await;
    simulated
        .poll_for(Duration::from_secs(4 * 3600), &["public"], |options| {
            options.token = Some("ghp_token".parse().unwrap());
            options.read_timeout = Duration::from_millis(500);
        })
        .await;
    simulated.check("outages");
    let lost = simulated.check_losses("outages");
    assert!(lost > 300, "only {lost} lost: the test tests nothing");
}

#[tokio::test]
async fn restarts_hide_no_loss_of_feeds_that_overlap() {
    // Windows of ten minutes, and outages of up to twenty.
    let faults: Faults = "502=@10-25,403-secondary:1500=@80,502=@120-140"
        .parse()
        .unwrap();
    let simulated = Simulated::start(feed().faults(faults), 9).await;
    for minutes in [20, 3, 45, 10, 70, 30, 5, 60] {
        let duration = Duration::from_secs(minutes * 60);
        let sources = ["org:riverbend-io", "public"];
        simulated
            .poll_for(duration, &sources, |options| {
                options.token = Some("ghp_token".parse().unwrap());
            })
            .await;
        simulated
            .bench
            .clock
            .advance(Duration::from_secs(minutes * 6));
    }
    simulated.check_kept("restarts");
    let lost = simulated.check_losses("restarts");
    assert!(lost > 100, "only {lost} lost: the test tests nothing");
}

#[tokio::test]
async fn what_short_pages_hide_is_within_a_suspected_gap() {
    // Nine tenths of the window go by between two polls: what stands between the pages is seen once
    // or never.
    let options = feed().rate_per_second(1.5).short_pages_per_mille(500);
    let simulated = Simulated::start(options, 7).await;
    simulated.poll(2, false, &["public"]).await;
    simulated.check("short pages");
    let lost = simulated.check_losses("short pages");
    assert!(lost > 20, "only {lost} lost: the test tests nothing");
    let log = simulated.bench.log();
    let cycles = log.iter().filter(|kept| kept.facts.last_page);
    let sound = cycles.filter(|kept| kept.gaps.is_empty()).count();
    assert!(sound > 3, "only {sound} cycles without a suspicion");
}

#[tokio::test]
async fn a_feed_faster_than_its_window_says_so() {
    let simulated =
        Simulated::start(feed().rate_per_second(20.0).poll_interval_seconds(300), 3).await;
    simulated.poll(1, true, &["public"]).await;
    simulated.check("fast");
    let gaps: usize = simulated
        .bench
        .log()
        .iter()
        .map(|kept| kept.gaps.len())
        .sum();
    assert!(
        gaps > 9,
        "{gaps} gaps in an hour of windows without overlap"
    );
}

/// A page that stands still for less than half an hour is noticed by what it hid, if it hid anything
/// for good.
#[tokio::test]
async fn what_a_frozen_page_hides_is_within_a_suspected_gap() {
    // Windows of ten minutes.
    let faults: Faults = "frozen:1200=@12,stale-304:1200=@40,frozen:900=@60,stale-304:300=@90"
        .parse()
        .unwrap();
    let simulated = Simulated::start(feed().faults(faults), 8).await;
    simulated.poll(4, true, &["public"]).await;
    simulated.check("frozen");
    let lost = simulated.check_losses("frozen");
    assert!(lost > 300, "only {lost} lost: the test tests nothing");
}
