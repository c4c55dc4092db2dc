//! A log and a read model of it, and the few words in which tests write events.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ghev_event::{
    EnvelopeBuilder, ImportFacts, Origin, PollFacts, Provenance, Reject, Source, Timestamp,
    read_event,
};
use ghev_log::{LogOptions, LogWriter};
use ghev_projector::{CaughtUp, ProjectorOptions, StopFlag, catch_up};
use ghev_readmodel::{AsOf, ModelDir, Reader, Status, TableHashes};
use tempfile::TempDir;

/// Long enough for a loaded machine, short enough for a hanging test.
const DEADLINE: Duration = Duration::from_secs(60);

/// So few that some of the few repositories, actors and organisations have sums, and others have not.
pub(crate) const SUMMED_FROM_EVENTS: u64 = 5;

pub(crate) struct Fixture {
    _dir: TempDir,
    pub(crate) options: ProjectorOptions,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut options = ProjectorOptions::new(dir.path().join("log"), dir.path().join("model"));
        options.summed_from_events = SUMMED_FROM_EVENTS;
        Self { _dir: dir, options }
    }

    /// With these records in its log.
    pub(crate) fn with(records: &[Vec<u8>]) -> Self {
        let fixture = Self::new();
        fixture.append(records);
        fixture
    }

    pub(crate) fn append(&self, records: &[Vec<u8>]) {
        let mut log = LogWriter::open(&self.options.log_dir, LogOptions::default()).unwrap();
        log.append(records).unwrap();
        log.close().unwrap();
    }

    pub(crate) fn catch_up(&self) -> CaughtUp {
        catch_up(&self.options, &StopFlag::new()).unwrap()
    }

    pub(crate) fn model(&self) -> ModelDir {
        ModelDir::new(&self.options.model_dir)
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.model())
    }

    pub(crate) fn status(&self) -> Status {
        self.reader().snapshot().unwrap().status().unwrap()
    }

    /// What the current generation covers; `None` where there is none yet.
    pub(crate) fn as_of(&self) -> Option<AsOf> {
        self.reader()
            .snapshot()
            .ok()
            .map(|snapshot| *snapshot.as_of())
    }

    pub(crate) fn current_path(&self) -> PathBuf {
        let model = self.model();
        model.generation_path(model.current().unwrap().unwrap())
    }

    pub(crate) fn hashes(&self) -> TableHashes {
        TableHashes::of(&self.current_path()).unwrap()
    }

    /// Another directory with a copy of this log, and no model.
    pub(crate) fn same_log(&self) -> Self {
        let copy = Self::new();
        copy_dir(&self.options.log_dir, &copy.options.log_dir);
        copy
    }
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// `PRAGMA user_version` lies at byte 60 (<https://www.sqlite.org/fileformat.html>).
pub(crate) fn set_schema(path: &Path, version: u8) {
    let mut bytes = fs::read(path).unwrap();
    bytes[60..64].copy_from_slice(&[0, 0, 0, version]);
    fs::write(path, bytes).unwrap();
}

/// Polls until something is so; panics at the deadline.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let (started, never) = (Instant::now(), StopFlag::new());
    while !is_so() {
        assert!(started.elapsed() < DEADLINE, "not so in time: {what}");
        never.wait(Duration::from_millis(5));
    }
}

/// 2015-01-01T15:00:00Z.
pub(crate) const FIRST_SECOND: i64 = 1_420_124_400;

/// A pull request's event at `second`, by one of a few actors in one of a few repositories.
pub(crate) fn event(id: u64, second: u64) -> String {
    let action = if id.is_multiple_of(3) {
        "closed"
    } else {
        "opened"
    };
    let (number, repo, actor) = (id % 4, id % 5, id % 7);
    let time = Timestamp::from_seconds(FIRST_SECOND + i64::try_from(second).unwrap());
    format!(
        r#"{{"id":"{id}","type":"PullRequestEvent","actor":{{"id":1{actor},"login":"a{actor}"}},"repo":{{"id":1{repo},"name":"o/r{repo}"}},"org":{{"id":7,"login":"o"}},"payload":{{"action":"{action}","number":{number}}},"created_at":"{time}"}}"#
    )
}

/// A record of a chunk of an imported file.
pub(crate) fn import<E: AsRef<str>>(events: &[E]) -> Vec<u8> {
    record(&imported(1_000), events, Vec::new())
}

/// A record of a page of a poll.
pub(crate) fn poll(observed_ms: i64, page: u32) -> Provenance {
    Provenance {
        source: Source::Public,
        observed_at: Timestamp::from_millis(observed_ms),
        origin: Origin::Poll(PollFacts {
            path: "/events?per_page=100".to_owned(),
            page,
            status: Some(200),
            ..PollFacts::default()
        }),
        gaps: Vec::new(),
    }
}

pub(crate) fn imported(observed_ms: i64) -> Provenance {
    let file = "2015-01-01-15.json".to_owned();
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_millis(observed_ms),
        origin: Origin::Import(ImportFacts {
            file,
            first_line: 1,
            last_line: 9,
            end: None,
        }),
        gaps: Vec::new(),
    }
}

pub(crate) fn record<E: AsRef<str>>(
    provenance: &Provenance,
    events: &[E],
    rejects: Vec<Reject<'static>>,
) -> Vec<u8> {
    let mut builder = EnvelopeBuilder::new();
    for raw in events {
        let raw = raw.as_ref().as_bytes();
        builder.push(&read_event(raw).unwrap(), raw).unwrap();
    }
    for reject in rejects {
        builder.push_reject(reject);
    }
    builder.finish(provenance).unwrap()
}
