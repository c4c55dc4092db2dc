//! Polling the simulator for hours of virtual time, with faults and a restart: what it handed over
//! whole is in the log exactly once, nothing else is, and the client stays polite.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

use ghev_event::{Timestamp, read_event};
use ghev_sim::{
    Deliveries, EventGenerator, Faults, RequestNumber, RequestRecord, SimOptions, SimTime,
    Simulator, serve,
};
use tokio::net::TcpListener;

use super::polite::polite;
use super::*;
use crate::Wait;

/// A clock that ends the polling at a given time.
#[derive(Debug)]
struct Ending {
    clock: Arc<TestClock>,
    at: Timestamp,
    stop: CancellationToken,
}

impl Clock for Ending {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        Box::pin(async move {
            self.clock.wait(duration).await;
            if self.clock.now() >= self.at {
                self.stop.cancel();
            }
        })
    }
}

const PATIENCE: Duration = Duration::from_secs(600);

/// Kind, id and digest of an event that was handed over whole.
pub(super) type Told = (String, Option<String>, String);

pub(super) struct Simulated {
    pub(super) bench: Bench,
    simulator: Arc<Mutex<Simulator>>,
    url: String,
    shutdown: CancellationToken,
    interruption: Interruption,
    /// Requests that were under way at a stop: their answers were not taken.
    untaken: Vec<RequestNumber>,
    /// How many requests had been asked at each start.
    started_after: Mutex<Vec<u64>>,
}

/// How many requests are answered before polling is to stop, in the midst of a cycle perhaps.
type Interruption = Arc<Mutex<Option<(u64, CancellationToken)>>>;

impl Simulated {
    pub(super) async fn start(options: SimOptions, seed: u64) -> Self {
        let bench = Bench::new();
        let generator = EventGenerator::new(seed);
        let simulator = Arc::new(Mutex::new(Simulator::new(options.seed(seed), generator)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shutdown = CancellationToken::new();
        let (clock, end) = (Arc::clone(&bench.clock), shutdown.clone());
        let interruption = Interruption::default();
        let interrupting = Arc::clone(&interruption);
        let served = serve(
            listener,
            Arc::clone(&simulator),
            move || {
                if let Some((left, stop)) = &mut *interrupting.lock().unwrap() {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        stop.cancel();
                    }
                }
                SimTime::from_millis(clock.now().as_millis())
            },
            async move { end.cancelled().await },
        );
        tokio::spawn(served);
        Self {
            bench,
            simulator,
            url,
            shutdown,
            interruption,
            untaken: Vec::new(),
            started_after: Mutex::default(),
        }
    }

    /// Patient: a machine that is busy elsewhere is no fault.
    fn options(&self, sources: &[&str]) -> InjectOptions {
        InjectOptions {
            read_timeout: PATIENCE,
            request_timeout: PATIENCE,
            ..self.bench.options(&self.url, sources)
        }
    }

    fn note_start(&self) {
        let asked = self.told().1.len();
        let asked = u64::try_from(asked).unwrap();
        self.started_after.lock().unwrap().push(asked);
    }

    /// Polls until so many requests were asked, then ends as a signal would end it, with the last of
    /// them under way.
    async fn poll_requests(&mut self, requests: u64) {
        self.note_start();
        let clock: Arc<dyn Clock> = Arc::clone(&self.bench.clock) as _;
        let stop = CancellationToken::new();
        *self.interruption.lock().unwrap() = Some((requests, stop.clone()));
        let mut options = self.options(&["public"]);
        options.token = Some("ghp_token".parse().unwrap());
        run(self.bench.dir.path(), options, clock, stop)
            .await
            .unwrap();
        *self.interruption.lock().unwrap() = None;
        let (_, requests) = self.told();
        self.untaken
            .extend(requests.last().map(|request| request.number));
    }

    /// Polls for so much virtual time, then ends as a signal would end it.
    async fn poll(&self, hours: u64, token: bool, sources: &[&str]) {
        let duration = Duration::from_secs(hours * 3600);
        self.poll_for(duration, sources, |options| {
            options.token = token.then(|| "ghp_token".parse().unwrap());
        })
        .await;
    }

    pub(super) async fn poll_for(
        &self,
        duration: Duration,
        sources: &[&str],
        change: impl FnOnce(&mut InjectOptions),
    ) {
        self.note_start();
        let stop = CancellationToken::new();
        let at = crate::clock::later(self.bench.clock.now(), duration);
        let clock = Ending {
            clock: Arc::clone(&self.bench.clock),
            at,
            stop: stop.clone(),
        };
        let mut options = self.options(sources);
        change(&mut options);
        run(self.bench.dir.path(), options, Arc::new(clock), stop)
            .await
            .unwrap();
    }

    /// (kind, id, bytes) of what was handed over, and the requests.
    pub(super) fn told(&self) -> (BTreeSet<Told>, Vec<RequestRecord>) {
        let simulator = self.simulator.lock().unwrap();
        let delivered = simulator.delivered().iter();
        // An answer that was under way at the stop was sent, but not taken.
        let once = |by: &Deliveries| by.first == by.last && self.untaken.contains(&by.first);
        let delivered = delivered
            .filter(|(_, by)| !once(by))
            .map(|(d, _)| (d.kind.clone(), d.id.clone(), d.digest.clone()));
        (delivered.collect(), simulator.requests().to_vec())
    }

    fn check(&self, name: &str) {
        let (delivered, requests) = self.told();
        self.check_kept(name);
        assert!(
            delivered.len() > 300,
            "{name}: only {} delivered",
            delivered.len()
        );
        let started_after = self.started_after.lock().unwrap();
        polite(&requests, &self.untaken, &started_after, name);
    }

    /// What the feed showed and the log has not is within a gap that the log suspects, or came after
    /// the last poll that was complete. How many there are.
    ///
    /// The record begins with the very first cycle, where that is complete: what the feed held then
    /// behind a short page, or behind a first one without `Link`, was before it.
    fn check_losses(&self, name: &str) -> usize {
        let log = self.bench.log();
        let complete = log.iter().filter(|kept| {
            let facts = &kept.facts;
            facts.last_page && facts.error.is_none() && facts.status == Some(200)
        });
        let Some(last) = complete.map(|kept| kept.observed_at).max() else {
            return 0;
        };
        let first_cycle = log.iter().find(|kept| kept.facts.last_page);
        let begun = first_cycle
            .filter(|kept| kept.facts.error.is_none())
            .map(|kept| kept.observed_at);
        let spans: Vec<_> = log.iter().flat_map(|kept| kept.spans.clone()).collect();
        let events = log.iter().flat_map(|kept| &kept.events);
        let kept: BTreeSet<String> = events
            .map(|raw| blake3::hash(raw.as_bytes()).to_hex().to_string())
            .collect();
        let lost: Vec<Timestamp> = {
            let simulator = self.simulator.lock().unwrap();
            let entered = simulator.entered().iter();
            let lost = entered.filter(|entered| !kept.contains(&entered.event.digest));
            lost.map(|entered| timestamp(entered.at)).collect()
        };
        // What came while the last complete cycle went on may be on the pages it had before.
        let counts = |at: &Timestamp| *at < last && begun.is_none_or(|begun| *at > begun);
        let lost: Vec<Timestamp> = lost.into_iter().filter(counts).collect();
        for &at in &lost {
            let suspected = spans.iter().any(|&(from, to)| from <= at && at <= to);
            assert!(
                suspected,
                "{name}: lost at {at}, suspected are {spans:?}\n{}",
                self.story(at)
            );
        }
        lost.len()
    }

    /// What was asked and what the log says of it, in the quarter of an hour around `at`.
    fn story(&self, at: Timestamp) -> String {
        let mut lines = Vec::new();
        for request in self.simulator.lock().unwrap().requests() {
            let (path, status, events) = (&request.path_and_query, request.status, request.events);
            let fault = request.fault.unwrap_or_default();
            let line = format!("asked {path}: {status}, {events} events {fault}");
            lines.push((timestamp(request.at), line));
        }
        for kept in self.bench.log() {
            let (facts, spans) = (&kept.facts, &kept.spans);
            let mut line = format!(
                "kept page {}, {} of {} new, overlap {:?}, last {}, suspected {spans:?}",
                facts.page, facts.new, facts.received, facts.overlap, facts.last_page,
            );
            if let Some(error) = &facts.error {
                write!(line, ", {error}").unwrap();
            }
            lines.push((kept.observed_at, line));
        }
        lines.sort_by_key(|&(at, _)| at);
        let since = |of: Timestamp| (of.as_millis() - at.as_millis()) / 1000;
        let near = lines.iter().filter(|&&(of, _)| since(of).abs() < 900);
        let lines: Vec<String> = near
            .map(|(of, line)| format!("{:>5} s {line}", since(*of)))
            .collect();
        lines.join("\n")
    }

    /// Whatever was handed over whole is in the log exactly once, and nothing else.
    pub(super) fn check_kept(&self, name: &str) {
        let (delivered, _) = self.told();
        let mut kept = BTreeSet::new();
        for raw in self.bench.events() {
            let event = read_event(raw.as_bytes()).unwrap();
            let id = raw.contains("\"id\"").then(|| event.id.to_string());
            let id = id.filter(|id| id.len() < 32);
            let digest = blake3::hash(raw.as_bytes()).to_hex().to_string();
            let fresh = kept.insert((event.kind.name().to_owned(), id, digest));
            assert!(fresh, "{name}: twice in the log: {raw}");
        }
        let digests = |set: &BTreeSet<Told>| -> BTreeSet<String> {
            set.iter().map(|(.., digest)| digest.clone()).collect()
        };
        let (kept, delivered) = (digests(&kept), digests(&delivered));
        let lost: Vec<_> = delivered.difference(&kept).collect();
        let entered = self.simulator.lock().unwrap().entered().to_vec();
        let first = entered
            .iter()
            .find(|entered| lost.contains(&&entered.event.digest));
        assert!(
            lost.is_empty(),
            "{name}: {} of {} lost\n{}",
            lost.len(),
            delivered.len(),
            first.map_or(String::new(), |first| self.story(timestamp(first.at)))
        );
        let invented: Vec<_> = kept.difference(&delivered).collect();
        assert!(
            invented.is_empty(),
            "{name}: {} never delivered",
            invented.len()
        );
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn timestamp(at: SimTime) -> Timestamp {
    let millis = at.millis_since(SimTime::from_millis(0));
    Timestamp::from_millis(i64::try_from(millis).unwrap())
}

fn feed() -> SimOptions {
    SimOptions::new()
        .rate_per_second(0.5)
        .initial_events(250)
        .latency_floor_seconds(0)
}

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
