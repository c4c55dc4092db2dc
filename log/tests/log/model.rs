//! The log against a vector: whatever is done to it, in whatever order, it holds what was
//! appended, from where it was trimmed on.

use std::{fs, path::PathBuf};

use ghev_log::{
    LogCursor, LogOptions, LogWriter, Offset, OpenError, ReadError, TrimLimit, verify,
    verify_records,
};
use prop::sample::Index;
use proptest::prelude::*;

use crate::support::{FRAME_HEADER_BYTES, append_bytes, cut_to, files, flip_byte, index, segment};

const CURSORS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    /// Appends records of these sizes in one batch.
    Append(Vec<usize>),
    /// Closes the log in order and opens it with segments of this size.
    Reopen(u64),
    /// Deletes the oldest segments down to this many bytes.
    Trim(u64),
    /// The writer ends without a word and leaves these bytes at the end.
    TearOff(Vec<u8>),
    /// The writer ends and the watermark file is as it was when it was opened.
    LoseWatermark,
    /// The same, and of what the newest segment holds above that watermark the end is missing.
    LoseEnd(Index),
    /// The writer ends and the index of the n-th segment becomes this.
    SpoilIndex(Index, Option<Vec<u8>>),
    /// A bit of a record is another one for a while.
    Corrupt(Index, u8),
    /// A new cursor reads one record.
    Read(Index),
    /// One of the cursors that stay reads so many records.
    ReadOn(Index, usize),
    /// One of them goes somewhere else.
    Seek(Index, Index),
    /// Everything is looked at.
    Verify,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(any::<u8>(), 1..200);
    let place = any::<Index>;
    prop_oneof![
        8 => prop::collection::vec(1usize..600, 0..20).prop_map(Step::Append),
        1 => (100u64..20_000).prop_map(Step::Reopen),
        1 => (0u64..20_000).prop_map(Step::Trim),
        1 => bytes.clone().prop_map(Step::TearOff),
        1 => Just(Step::LoseWatermark),
        1 => place().prop_map(Step::LoseEnd),
        1 => (place(), prop::option::of(bytes))
            .prop_map(|(segment, bytes)| Step::SpoilIndex(segment, bytes)),
        2 => (place(), 0u8..8).prop_map(|(place, bit)| Step::Corrupt(place, bit)),
        2 => place().prop_map(Step::Read),
        3 => (place(), 1usize..40).prop_map(|(cursor, records)| Step::ReadOn(cursor, records)),
        1 => (place(), place()).prop_map(|(cursor, to)| Step::Seek(cursor, to)),
        1 => Just(Step::Verify),
    ]
}

struct Run {
    dir: tempfile::TempDir,
    options: LogOptions,
    writer: Option<LogWriter>,
    /// The watermark file as it was when the log was opened.
    watermark: Vec<u8>,
    /// Every record that was appended, trimmed ones included.
    model: Vec<Vec<u8>>,
    first: usize,
    cursors: Vec<LogCursor>,
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
            first: 0,
            cursors: Vec::new(),
        };
        run.open();
        run.open_cursors();
        run
    }

    fn open(&mut self) {
        let writer = LogWriter::open(self.dir.path(), self.options).unwrap();
        assert_eq!(writer.next_offset().get(), self.model.len() as u64);
        assert_eq!(writer.first_offset().get(), self.first as u64);
        self.watermark = fs::read(self.dir.path().join("watermark")).unwrap();
        self.writer = Some(writer);
    }

    fn open_cursors(&mut self) {
        let at = Offset::new(self.first as u64);
        let open = || LogCursor::open(self.dir.path(), at).unwrap();
        self.cursors = std::iter::repeat_with(open).take(CURSORS).collect();
    }

    fn bases(&self) -> Vec<u64> {
        let mut bases: Vec<_> = files(self.dir.path())
            .into_keys()
            .filter_map(|name| name.strip_suffix(".log")?.parse().ok())
            .collect();
        bases.sort_unstable();
        bases
    }

    fn newest(&self) -> (u64, PathBuf) {
        let base = *self.bases().last().unwrap();
        (base, segment(self.dir.path(), base))
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(sizes) => self.append(&sizes),
            Step::Reopen(segment_max_bytes) => {
                self.writer.take().unwrap().close().unwrap();
                self.options.segment_max_bytes = segment_max_bytes;
                self.open();
            }
            Step::Trim(bytes) => {
                let trim = self
                    .writer
                    .as_mut()
                    .unwrap()
                    .trim(TrimLimit::ToBytes(bytes));
                self.first = usize::try_from(trim.unwrap().until.get()).unwrap();
            }
            Step::TearOff(bytes) => {
                self.writer = None;
                append_bytes(&self.newest().1, &bytes);
                self.open();
            }
            Step::LoseWatermark => {
                self.lose_watermark();
                self.open();
            }
            Step::LoseEnd(place) => self.lose_end(place),
            Step::SpoilIndex(segment, bytes) => {
                self.writer = None;
                let path = index(self.dir.path(), *segment.get(&self.bases()));
                match bytes {
                    Some(bytes) => fs::write(path, bytes).unwrap(),
                    None => fs::remove_file(path).unwrap(),
                }
                self.open();
            }
            Step::Corrupt(place, bit) => self.corrupt(place, bit),
            Step::Read(place) => self.read(place),
            Step::ReadOn(cursor, records) => self.read_on(cursor.index(CURSORS), records),
            Step::Seek(cursor, to) => self.seek(cursor.index(CURSORS), to),
            Step::Verify => self.verify(),
        }
    }

    fn append(&mut self, sizes: &[usize]) {
        let records: Vec<_> = sizes.iter().map(|size| self.payload(*size)).collect();
        let first = self.model.len() as u64;
        let offsets = self.writer.as_mut().unwrap().append(&records).unwrap();
        assert_eq!(offsets.start, Offset::new(first));
        self.model.extend(records);
        assert_eq!(offsets.end, Offset::new(self.model.len() as u64));
    }

    fn payload(&self, size: usize) -> Vec<u8> {
        let seed = u8::try_from(self.model.len() % 251).unwrap();
        vec![seed ^ u8::try_from(size % 256).unwrap(); size]
    }

    fn lose_watermark(&mut self) {
        self.writer = None;
        let path = self.dir.path().join("watermark");
        // A trim has synced its own: what it deleted is not looked for again.
        let trimmed = self.stored(40 - 8) != number(&fs::read(&path).unwrap(), 40 - 8);
        if !trimmed {
            fs::write(path, &self.watermark).unwrap();
        }
    }

    /// A number of the newer slot of the watermark file as it was when the log was opened, as
    /// `docs/FORMAT.md` says where it stands.
    fn stored(&self, at: usize) -> u64 {
        number(&self.watermark, at)
    }

    fn lose_end(&mut self, place: Index) {
        self.lose_watermark();
        let (base, path) = self.newest();
        let watermark = fs::read(self.dir.path().join("watermark")).unwrap();
        let durable_bytes = match number(&watermark, 48) == base {
            true => number(&watermark, 56),
            false => 2,
        };
        let bytes = fs::metadata(&path).unwrap().len();
        let lost = place.index(usize::try_from(bytes - durable_bytes).unwrap() + 1);
        cut_to(&path, bytes - lost as u64);
        // Whole records stay.
        let mut end = 2;
        let mut next = usize::try_from(base).unwrap();
        while next < self.model.len() {
            end += FRAME_HEADER_BYTES + self.model[next].len() as u64;
            if end > bytes - lost as u64 {
                break;
            }
            next += 1;
        }
        self.model.truncate(next);
        self.open();
        // Those that were beyond wait there for other records.
        self.open_cursors();
    }

    /// Flips a bit of a record, looks at what everyone says to it, and flips it back.
    fn corrupt(&mut self, place: Index, bit: u8) {
        if self.first == self.model.len() {
            return;
        }
        self.writer = None;
        let record = self.first + place.index(self.model.len() - self.first);
        let bases = self.bases();
        let base = *bases.iter().rfind(|base| **base <= record as u64).unwrap();
        let before = &self.model[usize::try_from(base).unwrap()..record];
        let frame_bytes = |record: &Vec<u8>| FRAME_HEADER_BYTES + record.len() as u64;
        let at = 2 + before.iter().map(frame_bytes).sum::<u64>();
        let byte = u64::from(bit) * 7919 % frame_bytes(&self.model[record]);
        let path = segment(self.dir.path(), base);
        flip_byte(&path, at + byte);

        let report = verify(self.dir.path(), &mut |_| ()).unwrap();
        assert_eq!(report.damages.len(), 1, "{:?}", report.damages);
        let damage = &report.damages[0];
        assert_eq!(
            (damage.offset.get(), damage.until.get()),
            (record as u64, record as u64 + 1)
        );
        assert_eq!(damage.position.get(), at);
        self.read_over(record);
        let spoilt = files(self.dir.path());
        match LogWriter::open(self.dir.path(), self.options) {
            // Opening looks at the ends of closed segments only.
            Ok(writer) => assert_eq!(writer.recovered().cut, None),
            Err(OpenError::Damaged { damage: found, .. }) => {
                assert_eq!(&found, damage);
                assert!(
                    files(self.dir.path()) == spoilt,
                    "a refusal changed something"
                );
            }
            Err(other) => panic!("{other}"),
        }
        flip_byte(&path, at + byte);
        self.open();
    }

    /// Reads everything but the damaged record.
    fn read_over(&self, damaged: usize) {
        let at = Offset::new(self.first as u64);
        let mut cursor = LogCursor::open(self.dir.path(), at).unwrap();
        for number in self.first..self.model.len() {
            match cursor.read() {
                Ok(read) => assert_eq!(read.unwrap().payload, self.model[number]),
                Err(ReadError::Damaged { damage, .. }) => {
                    assert_eq!((number, damage.offset.get()), (damaged, damaged as u64));
                    cursor.seek(damage.until).unwrap();
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(cursor.read().unwrap(), None);
    }

    fn read(&self, place: Index) {
        let number = self.first + place.index(self.model.len() + 1 - self.first);
        let mut cursor = LogCursor::open(self.dir.path(), Offset::new(number as u64)).unwrap();
        let read = cursor.read().unwrap().map(|read| read.payload.to_vec());
        assert_eq!(read.as_ref(), self.model.get(number));
    }

    fn read_on(&mut self, cursor: usize, records: usize) {
        let cursor = &mut self.cursors[cursor];
        for _record in 0..records {
            let number = usize::try_from(cursor.offset().get()).unwrap();
            match cursor.read() {
                Ok(read) => {
                    let payload = read.map(|read| read.payload.to_vec());
                    assert_eq!(payload.as_ref(), self.model.get(number));
                }
                Err(ReadError::Trimmed { first, .. }) => {
                    assert_eq!(first.get(), self.first as u64);
                    assert!(number < self.first);
                    cursor.seek(first).unwrap();
                }
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn seek(&mut self, cursor: usize, to: Index) {
        let number = to.index(self.model.len() + 2);
        match self.cursors[cursor].seek(Offset::new(number as u64)) {
            // Below the first one it is told when it reads, or reads a segment that it has open.
            Ok(()) => {}
            Err(ReadError::Trimmed { first, .. }) => {
                assert!(number < self.first);
                assert_eq!(first.get(), self.first as u64);
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn verify(&self) {
        let report = verify(self.dir.path(), &mut |_| ()).unwrap();
        assert_eq!(report.damages, []);
        assert_eq!(report.records, (self.model.len() - self.first) as u64);
        let mut read = Vec::new();
        let report = verify_records(self.dir.path(), &mut |_| (), &mut |record| {
            read.push(record.payload.to_vec());
        });
        assert_eq!(report.unwrap().damages, []);
        assert_eq!(read, self.model[self.first..]);
        let all = crate::support::read_from(self.dir.path(), self.first as u64);
        assert_eq!(all, read);
    }
}

/// A number of the newer slot of a watermark file.
fn number(watermark: &[u8], at: usize) -> u64 {
    let number = |at: usize| u64::from_le_bytes(watermark[at..at + 8].try_into().unwrap());
    let newer = if number(24) > number(4096 + 24) {
        0
    } else {
        4096
    };
    number(newer + at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_log_is_the_vector_of_what_was_appended(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut run = Run::new();
        for step in steps {
            run.take(step);
        }
        run.verify();
    }
}
