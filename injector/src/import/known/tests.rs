//! What is known, against a set that remembers everything.

use std::collections::HashSet;

use ghev_event::{
    Decoder, EnvelopeBuilder, ImportFacts, Provenance, Source, Timestamp, read_event,
};
use ghev_log::{LogOptions, LogWriter};
use proptest::prelude::*;

use super::*;

/// An event of one of four hours, or of none that is known.
fn event(id: u8) -> String {
    let at = match id % 5 {
        0 => String::new(),
        hour => format!(r#","created_at":"2016-01-01T0{hour}:30:00Z""#),
    };
    format!(r#"{{"id":"{id}","type":"WatchEvent"{at}}}"#)
}

/// A log, and what is known of it.
struct Bench {
    writer: LogWriter,
    known: Known,
    gathered: Vec<u8>,
}

impl Bench {
    fn new(dir: &Path) -> Self {
        Self {
            writer: LogWriter::open(dir, LogOptions::default()).unwrap(),
            known: Known::new(dir),
            gathered: Vec::new(),
        }
    }

    fn is_new(&mut self, id: u8) -> bool {
        let json = event(id);
        let event = read_event(json.as_bytes()).unwrap();
        let (key, hour) = (EventKey::of(&event).exact, Hour::of(&event));
        let is_new = self.known.is_new(key, hour).unwrap();
        if is_new {
            self.gathered.push(id);
        }
        is_new
    }

    /// Appends a record of these events; which of them had been gathered.
    fn append(&mut self, ids: &[u8]) -> usize {
        let mut builder = EnvelopeBuilder::new();
        for &id in ids {
            let json = event(id);
            let event = read_event(json.as_bytes()).unwrap();
            builder.push(&event, json.as_bytes()).unwrap();
        }
        let provenance = Provenance {
            source: Source::Archive,
            observed_at: Timestamp::from_seconds(1),
            origin: Origin::Import(ImportFacts::default()),
            gaps: Vec::new(),
        };
        let record = builder.finish(&provenance).unwrap();
        let at = self.writer.append(&[&record]).unwrap().start;
        let mut gathered = 0;
        let mut decoder = Decoder::new();
        let heads = decoder.heads(&record).unwrap();
        self.known.record(at, &heads, |_| gathered += 1);
        gathered
    }
}

#[derive(Debug, Clone)]
enum Step {
    Ask(u8),
    /// What was gathered becomes a record.
    Flush,
    /// A record of another's events.
    Others(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..30).prop_map(Step::Ask),
        1 => Just(Step::Flush),
        1 => prop::collection::vec(0u8..30, 1..6).prop_map(Step::Others),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_knows_what_a_set_of_everything_would(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path());
        let mut all = HashSet::new();
        for step in steps {
            match step {
                Step::Ask(id) => prop_assert_eq!(bench.is_new(id), all.insert(id)),
                Step::Flush => {
                    let ids = std::mem::take(&mut bench.gathered);
                    if !ids.is_empty() {
                        prop_assert_eq!(bench.append(&ids), ids.len());
                    }
                }
                Step::Others(ids) => {
                    let overtaken: HashSet<u8> =
                        ids.iter().copied().filter(|id| bench.gathered.contains(id)).collect();
                    prop_assert_eq!(bench.append(&ids), overtaken.len());
                    bench.gathered.retain(|id| !overtaken.contains(id));
                    all.extend(ids);
                }
            }
        }
    }
}

/// Held by the filter, the runs of records and the keys of hours asked for: not by what the log has.
#[test]
fn a_log_that_is_read_back_is_not_remembered_event_by_event() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(dir.path());
    for _ in 0..3 {
        bench.append(&[1, 2, 3, 4]);
    }
    assert!(bench.known.gathered.is_empty());
    assert!(!bench.known.hours.has(Hour(0)));
    assert!(!bench.is_new(4) && bench.is_new(9));
    assert_eq!(bench.known.gathered.len(), 1);
}
