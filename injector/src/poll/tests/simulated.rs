//! Polling the simulator for hours of virtual time, with faults and a restart: what it handed over
//! whole is in the log exactly once, nothing else is, and the client stays polite.

mod checks;
mod losses;
mod remembered;
mod whole;

use std::collections::BTreeSet;
use std::sync::Mutex;

use ghev_event::Timestamp;
use ghev_sim::{
    Deliveries, EventGenerator, Faults, RequestNumber, RequestRecord, SimOptions, SimTime,
    Simulator, serve,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

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
