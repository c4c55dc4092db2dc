//! More processes than one: a reader beside a writer, a second writer, and writers killed in the
//! middle of their work. The test binary starts itself for that; what the other process does is an
//! ignored test here that does nothing unless it was started so.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, OpenError, TrimLimit, verify};

use crate::support::{append, record, small_segments};

/// Names the log's directory to the other process.
const DIR: &str = "GHEV_LOG_TEST_DIR";
const LONG: Duration = Duration::from_secs(60);

struct Other {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    /// Starts the test `name` of this module in a process of its own.
    fn start(name: &str, dir: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .arg(format!("processes::{name}"))
            .env(DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The numbers of the next line that begins with `word`; `None` when the process ended.
    fn hear(&mut self, word: &str) -> Option<Vec<u64>> {
        loop {
            // A line cut by a kill has no end and is none; it cannot be told from a whole one.
            let line = self.lines.next()?.unwrap();
            if let Some(numbers) = line.strip_prefix(word) {
                let numbers = numbers.strip_suffix('.')?.split_whitespace();
                return Some(numbers.map(|number| number.parse().unwrap()).collect());
            }
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn say(word: &str, numbers: &[u64]) {
    let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
    let line = format!("\n{word} {}.\n", numbers.join(" "));
    let mut stdout = std::io::stdout();
    stdout.write_all(line.as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// Reads from the start and says each offset, waiting for more, to the record that says "end".
#[test]
#[ignore = "the other process of a_reader_in_another_process_gets_everything"]
fn reader() {
    let Some(dir) = env::var_os(DIR) else { return };
    let mut cursor = LogCursor::open(dir, Offset::ZERO).unwrap();
    say("ready", &[]);
    loop {
        assert!(cursor.wait(LONG).unwrap());
        while let Some(read) = cursor.read().unwrap() {
            if read.payload == b"end" {
                return say("end", &[read.offset.get()]);
            }
            assert_eq!(read.payload, record(read.offset.get()));
            say("read", &[read.offset.get()]);
        }
    }
}

#[test]
fn a_reader_in_another_process_gets_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let mut other = Other::start("reader", dir.path());
    assert!(other.hear("ready").is_some());
    // One by one, each awaited, and then in batches that roll while it reads.
    for number in 0..20 {
        append(&mut writer, number..number + 1);
        assert_eq!(other.hear("read "), Some(vec![number]));
    }
    for batch in 2..30 {
        append(&mut writer, batch * 10..batch * 10 + 10);
    }
    writer.append(&[b"end"]).unwrap();
    for number in 20..300 {
        assert_eq!(other.hear("read "), Some(vec![number]));
    }
    assert_eq!(other.hear("end "), Some(vec![300]));
}

/// Opens the log for writing and says whether another writer has it.
#[test]
#[ignore = "the other process of a_writer_in_another_process_is_told"]
fn second_writer() {
    let Some(dir) = env::var_os(DIR) else { return };
    match LogWriter::open(dir, LogOptions::default()) {
        Err(OpenError::Locked { .. }) => say("locked", &[]),
        Err(other) => panic!("{other}"),
        Ok(_) => say("opened", &[]),
    }
}

#[test]
fn a_writer_in_another_process_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    assert!(
        Other::start("second_writer", dir.path())
            .hear("locked")
            .is_some()
    );
    drop(writer);
    assert!(
        Other::start("second_writer", dir.path())
            .hear("opened")
            .is_some()
    );
}

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
    let records = kill_writers(rounds);
    println!("{rounds} writers were killed, {records} records later nothing was lost");
}

/// Kills that many writers in the middle of their work, one after the other, beside a reader, and
/// compares after each what there is with what was acknowledged and what was read. Returns how
/// many records there are in the end.
fn kill_writers(rounds: usize) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let mut known = Known::default();
    check(dir.path(), &mut known);
    for round in 0..rounds {
        let at = Offset::new(known.next());
        let mut cursor = LogCursor::open(dir.path(), at).unwrap();
        let mut other = Other::start("doomed_writer", dir.path());
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
    known.writers.len()
}

/// What the log must hold.
#[derive(Debug, Default)]
struct Known {
    /// Who wrote each record, as far as it was acknowledged or read; `None` for the others.
    writers: Vec<Option<u64>>,
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
