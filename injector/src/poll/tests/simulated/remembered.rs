//! What a start learns from the log is what polling knew when it stopped.

use ghev_event::read_event;

use super::*;
use crate::key::EventKey;
use crate::poll::cycle::Poller;
use crate::poll::run::remembered;

/// Feeds that show the same events to a part.
const OVERLAPPING: [&str; 3] = ["public", "org:riverbend-io", "org:saltmarsh"];

/// Of which events of the log each feed says that a complete cycle of it had brought them, while
/// polling and after a start that has nothing but the log.
async fn compare(simulated: &Simulated, poller: &mut Poller, name: &str) -> [usize; 3] {
    let sources: Vec<Source> = poller
        .feeds
        .iter()
        .map(|feed| feed.source.clone())
        .collect();
    let memory = remembered(simulated.bench.dir.path(), &mut poller.journal, &sources)
        .await
        .unwrap();
    let mut brought = [0; 3];
    for raw in simulated.bench.events() {
        let key = EventKey::of(&read_event(raw.as_bytes()).unwrap());
        let feeds = poller.feeds.iter().zip(&memory.feeds).zip(&mut brought);
        for ((feed, memory), brought) in feeds {
            let (known, remembered) = (feed.recent.novelty(key), memory.recent.novelty(key));
            assert_eq!(known, remembered, "{name}: {} {raw}", feed.source);
            *brought += usize::from(feed.has_brought(key));
        }
    }
    brought
}

#[tokio::test]
async fn whatever_fails_a_start_knows_what_each_of_overlapping_feeds_has_shown() {
    for seed in 1..4 {
        // The second page of a cycle fails as often as its first one.
        let faults: Faults = "502=15%,truncated=8%,missing-link=4%,duplicates:5=8%,404=2%"
            .parse()
            .unwrap();
        let options = feed()
            .rate_per_second(2.0)
            .shift_per_request(2)
            .faults(faults);
        let simulated = Simulated::start(options, seed).await;
        let mut options = simulated.options(&OVERLAPPING);
        options.token = Some("ghp_token".parse().unwrap());
        let clock: Arc<dyn Clock> = Arc::clone(&simulated.bench.clock) as _;
        let (_unchanged, sources) = watch::channel(options.sources.clone());
        let dir = simulated.bench.dir.path();
        let started = Poller::start(dir, options, sources, clock, CancellationToken::new()).await;
        let mut poller = started.unwrap().unwrap();
        let mut brought = [0; 3];
        for round in 0..12 {
            for feed in [2, 0, 1] {
                poller.cycle(feed).await.unwrap();
                let name = format!("seed {seed}, round {round}, feed {feed}");
                brought = compare(&simulated, &mut poller, &name).await;
            }
            simulated.bench.clock.advance(Duration::from_secs(45));
        }
        assert!(brought.iter().all(|&events| events > 20), "{brought:?}");
        let log = simulated.bench.log();
        let noted: usize = log.iter().map(|kept| kept.facts.first_shown.len()).sum();
        assert!(noted > 100, "only {noted} noted: the test tests nothing");
    }
}
