//! How long a page is on its way: from the moment the last byte of its body was sent until its
//! events can be read from the log, durably, by another thread. Beside each a bare fdatasync of as
//! many bytes as the page took in the log, on the same disk: what is measured is the difference.
//! `just bench-poll`.
//!
//! The clock jumps over every wait, so that one page follows the other at once; nothing else is
//! different from polling GitHub, but for TLS. `GHEV_POLL_BENCH_DIR` names a directory on the disk to
//! measure, the temporary one by default.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no use")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use ghev_event::{Decoder, Timestamp};
use ghev_injector::{Clock, InjectOptions, Wait};
use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};
use ghev_sim::{EventGenerator, SimTime};
use tokio_util::sync::CancellationToken;

const PAGES: usize = 1_000;
const PAGE_EVENTS: usize = 100;
/// Not counted: files grow, connections open, caches fill.
const WARM_UP: usize = 20;
const BEGAN_SECONDS: i64 = 1_790_000_000;

fn main() {
    let home = std::env::var_os("GHEV_POLL_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let home = tempfile::tempdir_in(home).unwrap();
    let log = home.path().join("log");
    LogWriter::open(&log, LogOptions::default())
        .unwrap()
        .close()
        .unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = InjectOptions {
        github_url: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        system_proxy: false,
        ..InjectOptions::default()
    };
    let stop = CancellationToken::new();
    let (seen, durable) = channel();
    let (watched, watching) = (log.clone(), stop.clone());
    let watch = std::thread::spawn(move || watch(&watched, &seen, &watching));
    let plain = File::create(home.path().join("plain")).unwrap();
    let stopping = stop.clone();
    let served = std::thread::spawn(move || {
        let took = serve(&listener, &durable, plain);
        stopping.cancel();
        took
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let clock = Arc::new(Hasty(AtomicI64::new(BEGAN_SECONDS * 1_000)));
    runtime
        .block_on(ghev_injector::run(&log, options, clock, stop))
        .unwrap();
    watch.join().unwrap();
    report(served.join().unwrap());
}

/// A clock that jumps to the end of every wait.
#[derive(Debug)]
struct Hasty(AtomicI64);

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        Box::pin(async move {
            // Others get their turn, as they would in a real wait.
            tokio::task::yield_now().await;
            let millis = i64::try_from(duration.as_millis()).unwrap();
            self.0.fetch_add(millis, Ordering::Relaxed);
        })
    }
}

/// A record that holds events was read: when, and how many bytes it has.
type Seen = (Instant, usize);

/// Reads the log as the projector does, in a thread of its own.
fn watch(log: &Path, seen: &Sender<Seen>, stop: &CancellationToken) {
    let mut cursor = LogCursor::open(log, Offset::ZERO).unwrap();
    let mut decoder = Decoder::new();
    while !stop.is_cancelled() {
        cursor.wait(Duration::from_millis(100)).unwrap();
        while let Some(record) = cursor.read().unwrap() {
            let at = Instant::now();
            let bytes = record.payload.len();
            if decoder.heads(record.payload).unwrap().events.len() == PAGE_EVENTS {
                seen.send((at, bytes)).unwrap();
            }
        }
    }
}

/// What a page took, and a bare fdatasync of its record beside it.
#[derive(Debug)]
struct Took {
    page: Duration,
    plain: Duration,
    body_bytes: usize,
    record_bytes: usize,
}

/// One page after another, each of events that were never served before.
fn serve(listener: &TcpListener, durable: &Receiver<Seen>, mut plain: File) -> Vec<Took> {
    let mut generator = EventGenerator::new(1);
    let (mut took, mut connection) = (Vec::new(), None);
    while took.len() < WARM_UP + PAGES {
        let mut asked = match connection.take() {
            Some(asked) => asked,
            None => BufReader::new(listener.accept().unwrap().0),
        };
        if !hear(&mut asked) {
            continue;
        }
        let body = page(&mut generator, took.len());
        asked.get_mut().write_all(&body).unwrap();
        let sent = Instant::now();
        connection = Some(asked);
        let (read, record_bytes) = durable.recv_timeout(Duration::from_secs(30)).unwrap();
        let written = vec![b'x'; record_bytes];
        let began = Instant::now();
        plain.write_all(&written).unwrap();
        plain.sync_data().unwrap();
        took.push(Took {
            page: read.saturating_duration_since(sent),
            plain: began.elapsed(),
            body_bytes: body.len(),
            record_bytes,
        });
    }
    took.split_off(WARM_UP)
}

/// Reads a request; `false` where the connection has ended.
fn hear(from: &mut BufReader<TcpStream>) -> bool {
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        if line == "\r\n" {
            return true;
        }
    }
}

fn page(generator: &mut EventGenerator, number: usize) -> Vec<u8> {
    let at = BEGAN_SECONDS + i64::try_from(number).unwrap() * 60;
    let events: Vec<_> = (0..PAGE_EVENTS)
        .map(|_| generator.next_event(SimTime::from_seconds(at)))
        .collect();
    let events: Vec<&[u8]> = events.iter().map(|event| event.raw()).collect();
    let body = [b"[", events.join(&b","[..]).as_slice(), b"]"].concat();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-poll-interval: 60\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

fn report(mut took: Vec<Took>) {
    let mean = |of: fn(&Took) -> usize| took.iter().map(of).sum::<usize>() / took.len();
    println!(
        "{} pages of {PAGE_EVENTS} events: {} bytes received, {} bytes in the log each",
        took.len(),
        mean(|took| took.body_bytes),
        mean(|took| took.record_bytes),
    );
    took.sort_by_key(|took| took.page);
    let pages: Vec<Duration> = took.iter().map(|took| took.page).collect();
    took.sort_by_key(|took| took.plain);
    let plains: Vec<Duration> = took.iter().map(|took| took.plain).collect();
    for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99)] {
        let at = |sorted: &[Duration]| sorted[sorted.len() * percent / 100].as_secs_f64() * 1e3;
        let (page, plain) = (at(&pages), at(&plains));
        println!(
            "{name}  body to durable {page:.2} ms, bare fdatasync {plain:.2} ms, above it {:.2} ms",
            page - plain
        );
    }
}
