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

/// How what the log has is asked for.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// Hours are read back once.
    Hours,
    /// Hours go and are read back again, until all keys have a file.
    HoursThenIndex,
    /// All keys have a file from the first question on.
    Index,
    /// There is no room for the file.
    NoIndex,
}

impl Way {
    fn set(self, known: &mut Known) {
        match self {
            Self::Hours => return,
            Self::HoursThenIndex => {}
            Self::Index => known.read_back = 1 << 60,
            Self::NoIndex => known.index = Index::Failed,
        }
        known.hours = HourKeys::of_at_most(2);
    }
}

fn way() -> impl Strategy<Value = Way> {
    use Way::{Hours, HoursThenIndex, Index, NoIndex};
    prop_oneof![
        Just(Hours),
        Just(HoursThenIndex),
        Just(Index),
        Just(NoIndex)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn it_knows_what_a_set_of_everything_would(
        way in way(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::new(dir.path());
        way.set(&mut bench.known);
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

/// An import of five million events of a feed, a fifth of them late by minutes to years, came to a
/// stand at three million: nearly every late event had a whole hour read back, since the keys of the
/// hours before it had to go for each.
#[test]
fn events_of_ever_other_hours_do_not_have_the_log_read_back_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(dir.path());
    bench.known.hours = HourKeys::of_at_most(3);
    for record in 0..50 {
        bench.append(&[
            5 * record + 1,
            5 * record + 2,
            5 * record + 3,
            5 * record + 4,
        ]);
    }
    for round in 0..50u8 {
        for hour in 1..5 {
            assert!(!bench.is_new(5 * round + hour));
        }
    }
    let read_back = bench.known.read_back;
    assert!((50..=150).contains(&read_back), "{read_back} records");
}

/// The other way round: a file from before, again under another name. Its hours are asked for one by one,
/// and each thousands of times.
#[test]
fn an_hour_asked_for_often_enough_is_read_back_though_single_keys_can_be_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(dir.path());
    Way::Index.set(&mut bench.known);
    bench.append(&[1, 6, 11]);
    let asked = (0..).find(|_| {
        assert!(!bench.is_new(6));
        bench.known.hours.has(Hour(403_225))
    });
    assert_eq!(asked, Some(PAGES_PER_RECORD));
}
