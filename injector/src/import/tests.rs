//! Whole imports into a log in a temporary directory.

mod again;
mod at_once;
mod bad_input;
mod files;
mod real;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ghev_event::{Decoder, Origin, Reject};
use ghev_log::{LogCursor, Offset};

use super::*;
use crate::ImportError;
use crate::clock::test_clock::TestClock;

#[derive(Default)]
struct Heard {
    rejected: Vec<(String, String)>,
    progress: Vec<ImportProgress>,
}

impl ImportObserver for Heard {
    fn progress(&mut self, progress: &ImportProgress) {
        self.progress.push(progress.clone());
    }

    fn rejected(&mut self, place: &str, reason: &str) {
        self.rejected.push((place.to_owned(), reason.to_owned()));
    }
}

/// A directory with files to import and a log.
struct Bench {
    dir: tempfile::TempDir,
    heard: Heard,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            heard: Heard::default(),
        }
    }

    fn file(&self, name: &str, content: &[u8]) -> Input {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        Input::File(path)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn import(&mut self, inputs: &[Input]) -> Result<ImportSummary, ImportError> {
        let options = ImportOptions {
            clock: Arc::new(TestClock::at(1_700_000_000)),
            patience: Duration::ZERO,
            ..ImportOptions::default()
        };
        import(&self.log(), inputs, &options, &mut self.heard, &|| false)
    }

    /// Every event's JSON and every reject in the log, with the import facts of their envelopes.
    fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        let mut cursor = LogCursor::open(self.log(), Offset::ZERO).unwrap();
        let mut decoder = Decoder::new();
        while let Some(record) = cursor.read().unwrap() {
            let envelope = decoder.envelope(record.payload).unwrap();
            let Origin::Import(facts) = &envelope.heads.provenance.origin else {
                panic!("a poll in an import: {:?}", envelope.heads.provenance);
            };
            kept.chunks.push((facts.first_line, facts.last_line));
            for raw in envelope.raw {
                kept.lines.extend_from_slice(raw);
                kept.lines.push(b'\n');
            }
            for Reject { place, body, .. } in envelope.heads.rejects {
                kept.rejects.push((place, body.into_owned()));
            }
        }
        kept
    }
}

#[derive(Default)]
struct Kept {
    lines: Vec<u8>,
    rejects: Vec<(u64, Vec<u8>)>,
    chunks: Vec<(u64, u64)>,
}

fn line(n: u32) -> String {
    format!("{{\"id\":\"{n}\",\"type\":\"WatchEvent\",\"repo\":{{\"id\":1,\"name\":\"a/b\"}}}}\n")
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(line).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
