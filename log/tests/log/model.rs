//! The log against a vector: whatever is done to it, in whatever order, it holds what was
//! appended.

use std::fs;

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, verify, verify_records};
use proptest::prelude::*;

use crate::support::{append_bytes, index, segment};

#[derive(Clone, Debug)]
enum Step {
    /// Appends records of these sizes in one batch.
    Append(Vec<usize>),
    /// Closes the log in order and opens it with segments of this size.
    Reopen(u64),
    /// The writer ends without a word and leaves these bytes at the end.
    TearOff(Vec<u8>),
    /// The writer ends and the watermark file is as it was when it was opened.
    LoseWatermark,
    /// The writer ends and the index of the n-th segment becomes this.
    SpoilIndex(prop::sample::Index, Option<Vec<u8>>),
    /// A new cursor reads one record.
    Read(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(any::<u8>(), 1..200);
    prop_oneof![
        6 => prop::collection::vec(1usize..600, 0..20).prop_map(Step::Append),
        1 => (100u64..20_000).prop_map(Step::Reopen),
        1 => bytes.clone().prop_map(Step::TearOff),
        1 => Just(Step::LoseWatermark),
        1 => (any::<prop::sample::Index>(), prop::option::of(bytes))
            .prop_map(|(segment, bytes)| Step::SpoilIndex(segment, bytes)),
        2 => any::<prop::sample::Index>().prop_map(Step::Read),
    ]
}

struct Run {
    dir: tempfile::TempDir,
    options: LogOptions,
    writer: Option<LogWriter>,
    watermark: Vec<u8>,
    model: Vec<Vec<u8>>,
}

impl Run {
    fn new() -> Self {
        let mut run = Self {
            dir: tempfile::tempdir().unwrap(),
            options: LogOptions {
                segment_max_bytes: 5000,
                ..LogOptions::default()
            },
            writer: None,
            watermark: Vec::new(),
            model: Vec::new(),
        };
        run.open();
        run
    }

    fn open(&mut self) {
        let writer = LogWriter::open(self.dir.path(), self.options).unwrap();
        assert_eq!(writer.next_offset().get(), self.model.len() as u64);
        self.watermark = fs::read(self.dir.path().join("watermark")).unwrap();
        self.writer = Some(writer);
    }

    fn bases(&self) -> Vec<u64> {
        let mut bases: Vec<_> = crate::support::files(self.dir.path())
            .into_keys()
            .filter_map(|name| name.strip_suffix(".log")?.parse().ok())
            .collect();
        bases.sort_unstable();
        bases
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(sizes) => {
                let records: Vec<_> = sizes.iter().map(|size| self.payload(*size)).collect();
                let first = self.model.len() as u64;
                let offsets = self.writer.as_mut().unwrap().append(&records).unwrap();
                assert_eq!(offsets.start, Offset::new(first));
                self.model.extend(records);
                assert_eq!(offsets.end, Offset::new(self.model.len() as u64));
            }
            Step::Reopen(segment_max_bytes) => {
                self.writer.take().unwrap().close().unwrap();
                self.options.segment_max_bytes = segment_max_bytes;
                self.open();
            }
            Step::TearOff(bytes) => {
                self.writer = None;
                let newest = *self.bases().last().unwrap();
                append_bytes(&segment(self.dir.path(), newest), &bytes);
                self.open();
            }
            Step::LoseWatermark => {
                self.writer = None;
                fs::write(self.dir.path().join("watermark"), &self.watermark).unwrap();
                self.open();
            }
            Step::SpoilIndex(segment, bytes) => {
                self.writer = None;
                let path = index(self.dir.path(), *segment.get(&self.bases()));
                match bytes {
                    Some(bytes) => fs::write(path, bytes).unwrap(),
                    None => fs::remove_file(path).unwrap(),
                }
                self.open();
            }
            Step::Read(place) => self.read(place.index(self.model.len() + 1)),
        }
    }

    fn payload(&self, size: usize) -> Vec<u8> {
        let seed = u8::try_from(self.model.len() % 251).unwrap();
        vec![seed ^ u8::try_from(size % 256).unwrap(); size]
    }

    fn read(&self, place: usize) {
        let mut cursor = LogCursor::open(self.dir.path(), Offset::new(place as u64)).unwrap();
        let read = cursor.read().unwrap().map(|read| read.payload.to_vec());
        assert_eq!(read.as_ref(), self.model.get(place));
    }

    fn read_all(&self) {
        let mut read = Vec::new();
        let report = verify_records(self.dir.path(), &mut |_| (), &mut |record| {
            read.push(record.payload.to_vec());
        });
        assert_eq!(report.unwrap().damages, []);
        assert_eq!(read, self.model);
        let report = verify(self.dir.path(), &mut |_| ()).unwrap();
        assert_eq!(report.damages, []);
        assert_eq!(report.records, self.model.len() as u64);
        assert_eq!(crate::support::read_from(self.dir.path(), 0), self.model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_log_is_the_vector_of_what_was_appended(
        steps in prop::collection::vec(step(), 1..25),
    ) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.read_all();
    }
}
