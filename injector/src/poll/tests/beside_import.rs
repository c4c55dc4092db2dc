//! Polling while an import holds the log, which does to what it is handed whatever can happen to it.

use super::*;
use crate::inbox::{Answer, Inbox, Takes};

/// What happens to a page that is handed over.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Appended,
    /// The import appended something first.
    Overtaken,
    CutOff {
        appended: bool,
    },
    /// It was so slow that the connection was given up before.
    AppendedLate,
    Refused,
    /// The import ends.
    Ended {
        appended: bool,
    },
}

const FATES: [Fate; 8] = [
    Fate::Appended,
    Fate::Overtaken,
    Fate::CutOff { appended: false },
    Fate::CutOff { appended: true },
    Fate::AppendedLate,
    Fate::Refused,
    Fate::Ended { appended: false },
    Fate::Ended { appended: true },
];

/// Holds the log as an import does, until it ends by one of the fates.
struct Import {
    inbox: Inbox,
    writer: LogWriter,
}

impl Import {
    fn start(bench: &Bench) -> Self {
        let writer = LogWriter::open(bench.dir.path(), LogOptions::default()).unwrap();
        let clock = Arc::clone(&bench.clock) as Arc<dyn Clock>;
        let inbox = Inbox::open(bench.dir.path(), Takes::Everything, clock);
        Self { inbox, writer }
    }

    async fn meet(mut self, fates: Vec<Fate>) {
        let mut fates = fates.into_iter();
        let mut late: Option<Vec<Vec<u8>>> = None;
        loop {
            let offer = self.inbox.next().await;
            if let Some(late) = late.take() {
                self.append(&late);
            }
            let next = self.writer.next_offset();
            if offer.at != next {
                offer.answer(Answer::Moved(next));
                continue;
            }
            // It is merely asked where the log ends.
            let fate = match offer.records.len() {
                0 => Fate::Appended,
                _ => fates.next().unwrap_or(Fate::Appended),
            };
            match fate {
                Fate::Appended => {
                    self.append(&offer.records);
                    offer.answer(Answer::Appended(self.writer.next_offset()));
                }
                Fate::Overtaken => {
                    self.writer.append(&[b"of the import".to_vec()]).unwrap();
                    offer.answer(Answer::Moved(self.writer.next_offset()));
                }
                Fate::AppendedLate => late = Some(offer.records),
                Fate::Refused => offer.answer(Answer::Refused("no space".to_owned())),
                Fate::CutOff { appended: false } => {}
                Fate::CutOff { appended: true } => self.append(&offer.records),
                Fate::Ended { appended } => {
                    if appended {
                        self.append(&offer.records);
                    }
                    return;
                }
            }
        }
    }

    fn append(&mut self, records: &[Vec<u8>]) {
        self.writer.append(records).unwrap();
    }
}

/// Events of a log that holds what is not of a poll, too.
fn kept(bench: &Bench) -> Vec<String> {
    let mut cursor = LogCursor::open(bench.dir.path(), Offset::ZERO).unwrap();
    let (mut decoder, mut events) = (Decoder::new(), Vec::new());
    while let Some(record) = cursor.read().unwrap() {
        if let Ok(envelope) = decoder.envelope(record.payload) {
            let text = |raw: &&[u8]| String::from_utf8(raw.to_vec()).unwrap();
            events.extend(envelope.raw.iter().map(text));
        }
    }
    events.sort();
    events
}

/// Polling that began while an import held the log ended with exit 3, or would have missed whatever
/// passed until the import was done.
#[tokio::test]
async fn whatever_happens_to_a_page_that_an_import_is_handed_it_is_in_the_log_once() {
    for first in FATES {
        for second in FATES {
            let bench = Bench::new();
            let import = Import::start(&bench);
            let import = tokio::spawn(import.meet(vec![first, second]));
            // The import is looked after every second in between.
            let replies = [page(0..3), page(2..5), page(5..6)];
            let replies = replies.map(|reply| reply.header("x-poll-interval", "3"));
            bench.run(replies.to_vec(), |_| {}).await;
            import.abort();
            assert_eq!(kept(&bench), ids(0..6), "{first:?} {second:?}");
        }
    }
}

#[tokio::test]
async fn once_the_import_has_ended_the_log_is_written_here() {
    let bench = Bench::new();
    let import = Import::start(&bench);
    let import = tokio::spawn(import.meet(vec![Fate::Ended { appended: true }]));
    let replies = vec![page(0..3), page(1..4), page(2..5)];
    bench.run(replies, |_| {}).await;
    import.await.unwrap();
    assert_eq!(bench.events(), ids(0..5));
}

/// What an import brought while it held the log is no news when a feed shows it.
#[tokio::test]
async fn what_the_import_brings_meanwhile_is_known() {
    let bench = Bench::new();
    let mut import = Import::start(&bench);
    let mut builder = ghev_event::EnvelopeBuilder::new();
    for json in ids(3..5) {
        let read = ghev_event::read_event(json.as_bytes()).unwrap();
        builder.push(&read, json.as_bytes()).unwrap();
    }
    let provenance = ghev_event::Provenance {
        source: Source::Archive,
        observed_at: bench.clock.now(),
        origin: Origin::Import(ghev_event::ImportFacts::default()),
        gaps: Vec::new(),
    };
    let brought = builder.finish(&provenance).unwrap();
    let (sender, appended) = tokio::sync::oneshot::channel();
    let import = tokio::spawn(async move {
        let first = import.inbox.next().await;
        import.append(&first.records);
        first.answer(Answer::Appended(import.writer.next_offset()));
        import.writer.append(&[brought]).unwrap();
        sender.send(()).unwrap();
        import.meet(Vec::new()).await;
    });
    bench.run(vec![page(0..3), page(1..6)], |_| {}).await;
    appended.await.unwrap();
    import.abort();
    assert_eq!(kept(&bench), ids(0..6));
}
