//! More processes than one: a reader beside a writer, and a second writer. The test binary starts
//! itself for that; what the other process does is an ignored test that does nothing unless it was
//! started so.

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
pub(crate) const DIR: &str = "GHEV_LOG_TEST_DIR";
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Other {
    pub(crate) child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    /// Starts the test `name` in a process of its own.
    pub(crate) fn start(name: &str, dir: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .arg(name)
            .env(DIR, dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The numbers of the next line that begins with `word`; `None` when the process ended.
    pub(crate) fn hear(&mut self, word: &str) -> Option<Vec<u64>> {
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

pub(crate) fn say(word: &str, numbers: &[u64]) {
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
    let mut other = Other::start("processes::reader", dir.path());
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
        Other::start("processes::second_writer", dir.path())
            .hear("locked")
            .is_some()
    );
    drop(writer);
    assert!(
        Other::start("processes::second_writer", dir.path())
            .hear("opened")
            .is_some()
    );
}
