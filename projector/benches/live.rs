//! How long an event is on its way from the log into the read model while events keep coming: from the
//! moment a record is durable until a reader of the model sees it, at a steady rate, over a model that
//! has been filled before. Beside it what the appends took, on the same disk: a projector waits for the
//! same disk. `just bench-live`.
//!
//! The projector is a thread here; its way through log and model is that of a process.
//! `GHEV_LIVE_BENCH_DIR` names a directory on the disk to measure, the temporary one by default;
//! `GHEV_LIVE_BENCH_EVENTS` how many events the model has before, 500,000 by default.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no use")]

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ghev_event::{EnvelopeBuilder, Origin, PollFacts, Provenance, Source, Timestamp, read_event};
use ghev_log::{LogOptions, LogWriter};
use ghev_projector::{ProjectorOptions, StopFlag, catch_up, run};
use ghev_readmodel::{ModelDir, Reader};
use ghev_sim::{EventGenerator, SimTime};

/// Events a second, and in each record: a page of the Events API.
const RATE: u32 = 5_000;
const PAGE_EVENTS: u32 = 100;
const SECONDS: u32 = 20;
/// Not counted: the page cache fills, the write-ahead log reaches its size.
const WARM_UP_SECONDS: u32 = 2;
/// Of the records that the model has before.
const CHUNK_EVENTS: u32 = 2_000;
const BEGAN_SECONDS: i64 = 1_764_547_200;
/// Between two looks at the model.
const LOOK: Duration = Duration::from_micros(500);

fn main() {
    let home = std::env::var_os("GHEV_LIVE_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let home = tempfile::tempdir_in(home).unwrap();
    let options = ProjectorOptions::new(home.path().join("log"), home.path().join("model"));
    let before = std::env::var("GHEV_LIVE_BENCH_EVENTS").map(|events| events.parse().unwrap());
    let before: u32 = before.unwrap_or(500_000);
    let mut feed = Feed::new(before);
    let mut log = LogWriter::open(&options.log_dir, LogOptions::default()).unwrap();
    for _ in 0..before / CHUNK_EVENTS {
        log.append(&[feed.record(CHUNK_EVENTS)]).unwrap();
    }
    catch_up(&options, &StopFlag::new()).unwrap();
    // Made before: neither generator nor compression is measured.
    let pages: Vec<_> = (0..RATE * SECONDS / PAGE_EVENTS)
        .map(|_| feed.record(PAGE_EVENTS))
        .collect();

    let (stop, last) = (StopFlag::new(), AtomicU64::new(u64::MAX));
    let (appends, looks) = std::thread::scope(|scope| {
        scope.spawn(|| run(&options, &stop).unwrap());
        let watching = scope.spawn(|| watch(&options.model_dir, &last));
        let appends = append(&mut log, &pages);
        last.store(log.next_offset().get(), Ordering::Release);
        let looks = watching.join().unwrap();
        stop.stop();
        (appends, looks)
    });
    report(before, &appends, &looks);
}

/// Events that nobody has had, as records.
struct Feed {
    generator: EventGenerator,
    made: u32,
}

impl Feed {
    /// Repositories and people are spread as on GitHub, by Zipf's law.
    fn new(events: u32) -> Self {
        let repos = usize::try_from(events / 5).unwrap().max(1_000);
        Self {
            generator: EventGenerator::of_many(1, repos, repos / 2),
            made: 0,
        }
    }

    fn record(&mut self, events: u32) -> Vec<u8> {
        let mut record = EnvelopeBuilder::new();
        let mut seconds = BEGAN_SECONDS;
        for _ in 0..events {
            seconds = BEGAN_SECONDS + i64::from(self.made / 40);
            self.made += 1;
            let event = self.generator.next_event(SimTime::from_seconds(seconds));
            let raw = event.raw();
            record.push(&read_event(raw).unwrap(), raw).unwrap();
        }
        let polled = Provenance {
            source: Source::Public,
            observed_at: Timestamp::from_seconds(seconds),
            origin: Origin::Poll(PollFacts {
                path: "/events?per_page=100".to_owned(),
                page: 1,
                status: Some(200),
                ..PollFacts::default()
            }),
            gaps: Vec::new(),
        };
        record.finish(&polled).unwrap()
    }
}

/// A record's way into the log.
struct Append {
    /// The first offset after it.
    next: u64,
    began: Instant,
    durable: Instant,
}

/// Appends a page when it is due. One that is late does not put off the next.
fn append(log: &mut LogWriter, pages: &[Vec<u8>]) -> Vec<Append> {
    let (never, started) = (StopFlag::new(), Instant::now());
    let every = Duration::from_secs(1) * PAGE_EVENTS / RATE;
    let mut due = started;
    let mut appends = Vec::new();
    for page in pages {
        never.wait(due.saturating_duration_since(Instant::now()));
        due += every;
        let began = Instant::now();
        let appended = log.append(&[page]).unwrap();
        let durable = Instant::now();
        let next = appended.end.get();
        appends.push(Append {
            next,
            began,
            durable,
        });
    }
    appends
}

/// When the model was first seen to have everything below an offset.
type Look = (Instant, u64);

/// Looks at the model as a request does, until it has everything below `last`.
fn watch(model: &Path, last: &AtomicU64) -> Vec<Look> {
    let mut reader = Reader::new(ModelDir::new(model));
    let (never, mut looks, mut seen) = (StopFlag::new(), Vec::new(), 0);
    while seen < last.load(Ordering::Acquire) {
        let as_of = *reader.snapshot().unwrap().as_of();
        let next = as_of.checkpoint.next_offset.get();
        if next > seen {
            looks.push((Instant::now(), next));
            seen = next;
        }
        never.wait(LOOK);
    }
    looks
}

fn report(before: u32, appends: &[Append], looks: &[Look]) {
    let counted = &appends[usize::try_from(RATE * WARM_UP_SECONDS / PAGE_EVENTS).unwrap()..];
    let visible = |append: &Append| looks[looks.partition_point(|look| look.1 < append.next)].0;
    let sorted = |of: &dyn Fn(&Append) -> Duration| {
        let mut took: Vec<Duration> = counted.iter().map(of).collect();
        took.sort();
        took
    };
    let took = sorted(&|append| visible(append).saturating_duration_since(append.durable));
    let whole = sorted(&|append| visible(append) - append.began);
    let plain = sorted(&|append| append.durable - append.began);
    println!("{RATE} events a second for {SECONDS} s, over a model of {before}");
    println!(
        "{} appends of {PAGE_EVENTS} events, {} looks that saw something new",
        took.len(),
        looks.len()
    );
    for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99)] {
        let at = |took: &[Duration]| took[took.len() * percent / 100].as_secs_f64() * 1e3;
        let (took, whole, plain) = (at(&took), at(&whole), at(&plain));
        println!(
            "{name}  durable to visible {took:.2} ms, append to visible {whole:.2} ms, append alone {plain:.2} ms"
        );
    }
}
