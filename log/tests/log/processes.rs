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

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, OpenError};

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
    const ROUNDS: usize = 25;
    let dir = tempfile::tempdir().unwrap();
    // Who wrote each record, as far as it was acknowledged; None for those that were not.
    let mut writers: Vec<Option<u64>> = Vec::new();
    for round in 0..ROUNDS {
        let mut other = Other::start("doomed_writer", dir.path());
        for _acknowledgement in 0..=round * 7 % 19 {
            let said = other.hear("acknowledged ").unwrap();
            acknowledge(&mut writers, &said);
        }
        other.child.kill().unwrap();
        // What it could still say before it died counts too.
        while let Some(said) = other.hear("acknowledged ") {
            acknowledge(&mut writers, &said);
        }
        assert!(!other.child.wait().unwrap().success());
        check(dir.path(), &mut writers);
    }
    let writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!(writer.next_offset().get(), writers.len() as u64);
}

fn acknowledge(writers: &mut Vec<Option<u64>>, said: &[u64]) {
    let [writer, start, end] = said else {
        panic!("{said:?}");
    };
    let known = writers.len() as u64;
    assert!(*start >= known, "offset {start} was given before");
    writers.resize(usize::try_from(*start).unwrap(), None);
    writers.resize(usize::try_from(*end).unwrap(), Some(*writer));
}

/// Opens the log as the next writer would, and compares it with what was acknowledged.
fn check(dir: &Path, writers: &mut Vec<Option<u64>>) {
    LogWriter::open(dir, LogOptions::default())
        .unwrap()
        .close()
        .unwrap();
    let mut cursor = LogCursor::open(dir, Offset::ZERO).unwrap();
    let mut read = 0;
    while let Some(found) = cursor.read().unwrap() {
        let offset = found.offset.get();
        let signature = u64::from_le_bytes(found.payload[..8].try_into().unwrap());
        assert_eq!(found.payload, signed_record(signature, offset));
        if let Some(Some(writer)) = writers.get(read) {
            assert_eq!(
                signature, *writer,
                "record {offset} was acknowledged to another"
            );
        }
        read += 1;
    }
    assert!(
        read >= writers.len(),
        "{read} of {} are there",
        writers.len()
    );
    // Sound records that were not acknowledged stay for good.
    writers.resize(read, None);
}
