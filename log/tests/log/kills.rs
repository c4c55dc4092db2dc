//! Writers killed in the middle of their work, in a loop, under load, beside readers: nothing
//! acknowledged is lost, no offset is given twice, no reader passes the watermark.

use std::{env, fs, path::Path};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, ReadError, TrimLimit, stat, verify};

use crate::processes::{DIR, LONG, Other, say};

/// A record that tells who wrote it where; its size goes from 24 bytes to some 2 KiB.
fn signed_record(writer: u64, offset: u64) -> Vec<u8> {
    let mut state = (writer << 32) ^ offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = next() % 256;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&writer.to_le_bytes());
    bytes.extend_from_slice(&offset.to_le_bytes());
    for _word in 0..=words {
        bytes.extend_from_slice(&next().to_le_bytes());
    }
    bytes
}

/// Appends until it is killed, and says what was acknowledged.
#[test]
#[ignore = "the other process of killed_writers_lose_nothing_acknowledged"]
fn doomed_writer() {
    let Some(dir) = env::var_os(DIR) else { return };
    let options = LogOptions {
        segment_max_bytes: 100_000,
        ..LogOptions::default()
    };
    let mut writer = LogWriter::open(dir, options).unwrap();
    let me = u64::from(std::process::id());
    loop {
        let next = writer.next_offset().get();
        let batch = 1 + next % 40;
        let records: Vec<_> = (next..next + batch)
            .map(|offset| signed_record(me, offset))
            .collect();
        let offsets = writer.append(&records).unwrap();
        say(
            "acknowledged",
            &[me, offsets.start.get(), offsets.end.get()],
        );
    }
}

#[test]
fn killed_writers_lose_nothing_acknowledged() {
    kill_writers(25);
}

/// `just soak-log`.
#[test]
#[ignore = "takes minutes: run by `just soak-log`"]
fn soak() {
    let rounds = env::var("GHEV_LOG_SOAK_ROUNDS").map_or(1000, |rounds| rounds.parse().unwrap());
    let found = kill_writers(rounds);
    println!("{rounds} writers were killed; {found:?}");
}

/// What there was to compare; that nothing was lost, given twice or read too early is sure when
/// there is any of it.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
struct Found {
    records: u64,
    acknowledged: u64,
    read_in_other_processes: u64,
}

/// Kills that many writers in the middle of their work, one after the other, beside a reader here
/// and others in processes of their own, and compares after each what there is with what was
/// acknowledged and what was read.
fn kill_writers(rounds: usize) -> Found {
    const READERS: usize = 2;
    let dir = tempfile::tempdir().unwrap();
    let mut known = Known::default();
    check(dir.path(), &mut known);
    let start = || Other::start("kills::reader_beside", dir.path());
    let mut readers: Vec<_> = std::iter::repeat_with(start).take(READERS).collect();
    for round in 0..rounds {
        let at = Offset::new(known.next());
        let mut cursor = LogCursor::open(dir.path(), at).unwrap();
        let mut other = Other::start("kills::doomed_writer", dir.path());
        for _acknowledgement in 0..=round * 7 % 19 {
            let said = other.hear("acknowledged ").unwrap();
            known.acknowledge(&said);
            known.read_on(&mut cursor);
        }
        other.child.kill().unwrap();
        // What it could still say before it died counts too.
        while let Some(said) = other.hear("acknowledged ") {
            known.acknowledge(&said);
        }
        known.read_on(&mut cursor);
        assert!(!other.child.wait().unwrap().success());
        check(dir.path(), &mut known);
    }
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    writer.append(&[END]).unwrap();
    let read = |reader: &mut Other| reader.hear("end ").expect("a reader stopped")[0];
    Found {
        records: known.next(),
        acknowledged: known.acknowledged,
        read_in_other_processes: readers.iter_mut().map(read).sum(),
    }
}

/// The record after which readers stop.
const END: &[u8] = b"end";

/// Reads on and on, now and then again from further back, until the end: the same offset is always
/// the same record, and none is read that is not below the watermark.
#[test]
#[ignore = "the other process of killed_writers_lose_nothing_acknowledged"]
fn reader_beside() {
    let Some(dir) = env::var_os(DIR) else { return };
    let dir = Path::new(&dir);
    let mut known = Known::default();
    let mut cursor = LogCursor::open(dir, stat(dir).unwrap().first_offset).unwrap();
    let mut read = 0;
    loop {
        match cursor.read() {
            Ok(Some(found)) => {
                let offset = found.offset.get();
                assert!(offset < durable(dir), "record {offset} was read too early");
                if found.payload == END {
                    return say("end", &[read]);
                }
                known.record(offset, signature(found.payload, offset));
                read += 1;
                if read % 1000 == 0 {
                    let back = Offset::new(offset.saturating_sub(read / 1000 % 1500));
                    seek(&mut cursor, back);
                }
            }
            Ok(None) => assert!(cursor.wait(LONG).unwrap(), "nobody writes any more"),
            Err(ReadError::Trimmed { first, .. }) => seek(&mut cursor, first),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Goes to the offset, or to where the log begins by now.
fn seek(cursor: &mut LogCursor, mut offset: Offset) {
    while let Err(error) = cursor.seek(offset) {
        match error {
            ReadError::Trimmed { first, .. } => offset = first,
            other => panic!("{other}"),
        }
    }
}

/// The first offset that is not durable, as `docs/FORMAT.md` says where it stands.
fn durable(dir: &Path) -> u64 {
    let file = fs::read(dir.join("watermark")).unwrap();
    let number = |slot: &[u8], at: usize| u64::from_le_bytes(slot[at..at + 8].try_into().unwrap());
    let slots = [0, 4096].map(|at| &file[at..at + 72]);
    // One may be torn by reading it while it is written.
    let whole = slots.into_iter().filter(|slot| {
        let (body, crc) = slot.split_last_chunk::<4>().unwrap();
        crc32c::crc32c(body).to_le_bytes() == *crc
    });
    let numbers = whole.map(|slot| (number(slot, 24), number(slot, 40)));
    numbers.max().unwrap().1
}

/// What the log must hold.
#[derive(Debug, Default)]
struct Known {
    /// Who wrote each record, as far as it was acknowledged or read; `None` for the others.
    writers: Vec<Option<u64>>,
    acknowledged: u64,
}

impl Known {
    fn next(&self) -> u64 {
        self.writers.len() as u64
    }

    fn acknowledge(&mut self, said: &[u64]) {
        let [writer, start, end] = said else {
            panic!("{said:?}");
        };
        for offset in *start..*end {
            self.record(offset, *writer);
        }
        self.acknowledged += end - start;
    }

    /// Reads whatever can be read: it must survive as if it had been acknowledged.
    fn read_on(&mut self, cursor: &mut LogCursor) {
        while let Some(found) = cursor.read().unwrap() {
            let offset = found.offset.get();
            let writer = signature(found.payload, offset);
            self.record(offset, writer);
        }
    }

    fn record(&mut self, offset: u64, writer: u64) {
        let at = usize::try_from(offset).unwrap();
        if at >= self.writers.len() {
            self.writers.resize(at + 1, None);
        }
        let before = self.writers[at].replace(writer);
        assert!(
            before.is_none_or(|before| before == writer),
            "offset {offset} was given twice"
        );
    }
}

/// Who wrote the record, which must be whole.
fn signature(payload: &[u8], offset: u64) -> u64 {
    let writer = u64::from_le_bytes(payload[..8].try_into().unwrap());
    assert_eq!(payload, signed_record(writer, offset));
    writer
}

/// Opens the log as the next writer would, lets it trim, and compares.
fn check(dir: &Path, known: &mut Known) {
    let mut writer = LogWriter::open(dir, LogOptions::default()).unwrap();
    writer.trim(TrimLimit::ToBytes(1_000_000)).unwrap();
    let first = writer.first_offset();
    writer.close().unwrap();
    let mut cursor = LogCursor::open(dir, first).unwrap();
    while let Some(found) = cursor.read().unwrap() {
        let offset = found.offset.get();
        let writer = signature(found.payload, offset);
        if let Some(Some(before)) = known.writers.get(usize::try_from(offset).unwrap()) {
            assert_eq!(writer, *before, "record {offset} was another one before");
        }
    }
    let next = cursor.offset().get();
    assert!(next >= known.next(), "{next} of {} are there", known.next());
    // Sound records that nobody was told of stay for good, and their offsets are taken.
    known.writers.resize(usize::try_from(next).unwrap(), None);
    let report = verify(dir, &mut |_| ()).unwrap();
    assert_eq!(report.damages, []);
}
