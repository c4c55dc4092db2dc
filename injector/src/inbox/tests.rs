//! Imports through whoever holds the log, which does to them whatever can happen to a holder.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ghev_event::{
    Decoder, EnvelopeBuilder, ImportFacts, Origin, PollFacts, Provenance, Source, Timestamp,
    read_event,
};
use ghev_log::{LogCursor, LogOptions, LogWriter};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::test_clock::TestClock;
use crate::{
    Clock, ImportError, ImportObserver, ImportOptions, ImportProgress, ImportSummary,
    InjectOptions, Input, SystemClock, import, poll,
};

fn event(id: u32) -> String {
    format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#)
}

fn record(origin: Origin, ids: &[u32]) -> Vec<u8> {
    let mut builder = EnvelopeBuilder::new();
    for &id in ids {
        let json = event(id);
        let read = read_event(json.as_bytes()).unwrap();
        builder.push(&read, json.as_bytes()).unwrap();
    }
    let provenance = Provenance {
        source: Source::Public,
        observed_at: Timestamp::from_seconds(1),
        origin,
        gaps: Vec::new(),
    };
    builder.finish(&provenance).unwrap()
}

fn polled(ids: &[u32]) -> Vec<u8> {
    record(Origin::Poll(PollFacts::default()), ids)
}

/// What happens to an offer.
#[derive(Debug, Clone)]
enum Fate {
    Appended,
    /// A poll was faster, with these events.
    Overtaken(Vec<u32>),
    /// The connection ends, with the offer appended or not.
    CutOff {
        appended: bool,
    },
    /// The holder ends, and another starts.
    Restarted {
        appended: bool,
    },
    Refused,
}

/// Holds the log until every offer has met its fate.
struct Holder {
    dir: PathBuf,
    writer: LogWriter,
    inbox: Inbox,
}

impl Holder {
    fn new(dir: &Path) -> Self {
        Self {
            writer: LogWriter::open(dir, LogOptions::default()).unwrap(),
            inbox: Inbox::open(dir, Takes::ImportsOnly, Arc::new(SystemClock)),
            dir: dir.to_path_buf(),
        }
    }

    async fn meet(mut self, fates: Vec<Fate>) {
        for fate in fates {
            let offer = self.inbox.next().await;
            if offer.at != self.writer.next_offset() {
                offer.answer(Answer::Moved(self.writer.next_offset()));
                continue;
            }
            match fate {
                Fate::Appended => {
                    let end = self.writer.append(&offer.records).unwrap().end;
                    offer.answer(Answer::Appended(end));
                }
                Fate::Overtaken(ids) => {
                    let end = self.writer.append(&[polled(&ids)]).unwrap().end;
                    offer.answer(Answer::Moved(end));
                }
                Fate::CutOff { appended } => self.append_if(appended, &offer),
                Fate::Restarted { appended } => {
                    self.append_if(appended, &offer);
                    let Self { dir, writer, inbox } = self;
                    drop(inbox);
                    drop(writer);
                    self = Self::new(&dir);
                }
                Fate::Refused => {
                    offer.answer(Answer::Refused("no more of this".to_owned()));
                    // Or the connection might end before the answer is out.
                    std::future::pending::<()>().await;
                }
            }
        }
        drop(self.inbox);
    }

    fn append_if(&mut self, appended: bool, offer: &Offer) {
        if appended {
            self.writer.append(&offer.records).unwrap();
        }
    }
}

struct Deaf;

impl ImportObserver for Deaf {
    fn progress(&mut self, _: &ImportProgress) {}

    fn rejected(&mut self, _: &str, _: &str) {}
}

fn import_file(log: &Path, file: PathBuf) -> Result<ImportSummary, ImportError> {
    let options = ImportOptions {
        clock: Arc::new(TestClock::at(1_700_000_000)),
        patience: Duration::from_secs(30),
        ..ImportOptions::default()
    };
    import(log, &[Input::File(file)], &options, &mut Deaf, &|| false)
}

/// Every event in the log, in its order.
fn kept(log: &Path) -> Vec<String> {
    kept_by(log, |_| true)
}

fn kept_by(log: &Path, of: impl Fn(&Origin) -> bool) -> Vec<String> {
    let mut cursor = LogCursor::open(log, Offset::ZERO).unwrap();
    let (mut decoder, mut kept) = (Decoder::new(), Vec::new());
    while let Some(record) = cursor.read().unwrap() {
        let envelope = decoder.envelope(record.payload).unwrap();
        if !of(&envelope.heads.provenance.origin) {
            continue;
        }
        let texts = envelope.raw.iter();
        kept.extend(texts.map(|raw| String::from_utf8(raw.to_vec()).unwrap()));
    }
    kept
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Imports lines while a holder deals with what is offered; what the import said, and the log.
fn through(lines: &str, fates: Vec<Fate>) -> (Result<ImportSummary, ImportError>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let imported = through_in(dir.path(), lines, fates);
    (imported, kept(&dir.path().join("log")))
}

fn through_in(dir: &Path, lines: &str, fates: Vec<Fate>) -> Result<ImportSummary, ImportError> {
    let (log, file) = (dir.join("log"), dir.join("a.json"));
    fs::write(&file, lines).unwrap();
    let runtime = runtime();
    let holder = {
        let _entered = runtime.enter();
        Holder::new(&log)
    };
    let meeting = runtime.spawn(holder.meet(fates));
    let imported = import_file(&log, file);
    drop(meeting);
    runtime.shutdown_timeout(Duration::from_secs(30));
    imported
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        prop::collection::vec(0u32..40, 1..6).prop_map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            Fate::Overtaken(ids)
        }),
        any::<bool>().prop_map(|appended| Fate::CutOff { appended }),
        any::<bool>().prop_map(|appended| Fate::Restarted { appended }),
        Just(Fate::Appended),
    ];
    prop::collection::vec(fate, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_event_is_in_the_log_once_whatever_happens_to_the_holder(
        ids in prop::collection::vec(0u32..40, 1..60),
        fates in fates(),
    ) {
        let lines: String = ids.iter().map(|&id| event(id) + "\n").collect();
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let summary = through_in(dir.path(), &lines, fates).unwrap();
        prop_assert_eq!(summary.events, ids.len() as u64);
        prop_assert_eq!(summary.appended + summary.duplicates, summary.events);
        let imported = kept_by(&log, |origin| matches!(origin, Origin::Import(_)));
        prop_assert_eq!(summary.appended, imported.len() as u64);
        let once: BTreeSet<&String> = imported.iter().collect();
        prop_assert_eq!(once.len(), imported.len(), "an event was imported twice");
        // The polls here do not know what the log has, and may repeat it.
        let kept: BTreeSet<String> = kept(&log).into_iter().collect();
        for id in ids {
            prop_assert!(kept.contains(&event(id)), "{} is lost", id);
        }
    }
}

#[test]
fn what_a_poll_brings_meanwhile_is_a_duplicate() {
    let lines: String = (0..5).map(|id| event(id) + "\n").collect();
    let fates = vec![
        Fate::Overtaken(vec![1, 9]),
        Fate::Overtaken(vec![3]),
        Fate::Appended,
    ];
    let (summary, kept) = through(&lines, fates);
    let summary = summary.unwrap();
    assert_eq!((summary.appended, summary.duplicates), (3, 2));
    assert_eq!(kept, [1, 9, 3, 0, 2, 4].map(event));
}

#[test]
fn an_offer_that_nobody_answered_is_looked_for_in_the_log() {
    for (fate, name) in [
        (Fate::CutOff { appended: true }, "cut off, appended"),
        (Fate::CutOff { appended: false }, "cut off"),
        (Fate::Restarted { appended: true }, "restarted, appended"),
        (Fate::Restarted { appended: false }, "restarted"),
    ] {
        let lines: String = (0..3).map(|id| event(id) + "\n").collect();
        let (summary, kept) = through(&lines, vec![fate]);
        let summary = summary.unwrap();
        assert_eq!((summary.appended, summary.duplicates), (3, 0), "{name}");
        assert_eq!(kept, [0, 1, 2].map(event), "{name}");
    }
}

#[test]
fn what_the_holder_refuses_is_an_error_with_its_reason() {
    let (summary, kept) = through(&event(1), vec![Fate::Refused]);
    let error = summary.unwrap_err();
    assert!(matches!(error, ImportError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("no more of this"), "{error}");
    assert_eq!(kept, Vec::<String>::new());
}

#[tokio::test]
async fn a_socket_that_was_left_behind_is_replaced_and_a_long_name_is_no_hindrance() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("d".repeat(120));
    fs::create_dir(&log).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    drop(socket::with_name(&log, |name| UnixListener::bind(name)).unwrap());
    assert!(socket::path(&log).exists(), "as after kill -9");
    let open = Inbox::open(&log, Takes::ImportsOnly, Arc::clone(&clock));
    let to = log.clone();
    let connected = tokio::task::spawn_blocking(move || Delivery::connect(&to)).await;
    connected.unwrap().unwrap();
    drop(open);
    assert!(!socket::path(&log).exists());
    fs::write(socket::path(&log), b"a file of somebody's").unwrap();
    drop(Inbox::open(&log, Takes::ImportsOnly, clock));
    assert!(socket::path(&log).exists(), "not ours to remove");
}

/// A server of one request, answered when the test says so.
async fn asked(listener: &tokio::net::TcpListener) -> tokio::net::TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = [0; 4096];
    assert!(stream.read(&mut head).await.unwrap() > 0);
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_takes_imports_in_while_github_is_slow_and_knows_what_they_brought() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = InjectOptions {
        github_url: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        system_proxy: false,
        ..InjectOptions::default()
    };
    let stop = CancellationToken::new();
    let (polled, stopped) = (log.clone(), stop.clone());
    let clock = Arc::new(SystemClock);
    let polling = tokio::spawn(async move { poll::run(&polled, options, clock, stopped).await });
    let mut request = asked(&listener).await;

    let file = dir.path().join("a.json");
    fs::write(&file, format!("{}\n{}\n", event(1), event(2))).unwrap();
    let to = log.clone();
    let imported = tokio::task::spawn_blocking(move || {
        [
            import_file(&to, file.clone()).unwrap(),
            import_file(&to, file).unwrap(),
        ]
    });
    let [first, again] = imported.await.unwrap();
    assert_eq!((first.appended, first.duplicates), (2, 0));
    assert_eq!((again.appended, again.duplicates), (0, 2));

    let body = format!("[{},{}]", event(2), event(3));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    request.write_all(head.as_bytes()).await.unwrap();
    request.write_all(body.as_bytes()).await.unwrap();
    let to = log.clone();
    let page = tokio::task::spawn_blocking(move || {
        let mut cursor = LogCursor::open(to, Offset::new(1)).unwrap();
        cursor.wait(Duration::from_secs(30)).unwrap()
    });
    assert!(page.await.unwrap(), "the page never got into the log");
    stop.cancel();
    polling.await.unwrap().unwrap();
    assert_eq!(kept(&log), [1, 2, 3].map(event));
    assert!(!socket::path(&log).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_envelopes_of_imports_gets_in() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().to_path_buf();
    let options = InjectOptions {
        // Nobody listens at the discard port.
        github_url: "http://127.0.0.1:9".parse().unwrap(),
        system_proxy: false,
        ..InjectOptions::default()
    };
    let stop = CancellationToken::new();
    let (polled_to, stopped) = (log.clone(), stop.clone());
    let clock = Arc::new(SystemClock);
    let polling = tokio::spawn(async move { poll::run(&polled_to, options, clock, stopped).await });
    let offers = tokio::task::spawn_blocking(move || {
        let mut delivery = loop {
            match Delivery::connect(&log) {
                Ok(delivery) => break delivery,
                Err(_) => std::thread::yield_now(),
            }
        };
        // Whatever polling itself records comes first or later: ask where the log ends.
        let mut offer = |record: Vec<u8>| {
            let mut at = Offset::ZERO;
            loop {
                match delivery.offer(at, std::slice::from_ref(&record)).unwrap() {
                    Answer::Moved(next) => at = next,
                    answer => break answer,
                }
            }
        };
        let refused = [offer(polled(&[1])), offer(b"no envelope".to_vec())];
        let facts = Origin::Import(ImportFacts::default());
        let appended = offer(record(facts, &[2]));
        // Half an offer, then nothing: the other end must not wait for it with anything.
        let mut half = socket::with_name(&log, |name| UnixStream::connect(name)).unwrap();
        half.read_exact(&mut [0; GREETING_BYTES]).unwrap();
        half.write_all(&[0; 9]).unwrap();
        drop(half);
        (refused, appended)
    });
    let (refused, appended) = offers.await.unwrap();
    for answer in refused {
        assert!(
            matches!(&answer, Answer::Refused(why) if why.contains("envelope")),
            "{answer:?}"
        );
    }
    assert!(matches!(appended, Answer::Appended(_)), "{appended:?}");
    stop.cancel();
    polling.await.unwrap().unwrap();
    assert_eq!(kept(dir.path()), [event(2)]);
}
