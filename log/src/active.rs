//! The active segment, the one that grows: the only place that drives the commitlog crate.
//!
//! commitlog rolls and grows its index by itself only beyond limits that it never reaches here,
//! because it does neither safely; [`roll`](Active::roll) does both before. It never syncs, so a
//! second descriptor of the segment is for that.
//!
//! commitlog opens and maps every segment of its directory. It is therefore given the
//! subdirectory `active` with hard links to the active segment and its index alone, so that the
//! writer's descriptors and mappings are the same few whatever the log's size. The links hold
//! nothing of their own: they are made anew whenever a segment becomes the active one.

use std::{
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use commitlog::{CommitLog, message::MessageSet};

use crate::{
    checksum::{self, Checksum, Digester},
    committer::Written,
    error::{AppendError, IoFailure, OpenError, io_failure},
    frame::Batch,
    identity::LogId,
    index,
    offset::{Offset, Position},
    segment,
    storage::Storage,
};

/// commitlog's own limit of a segment and of a batch, above any that the options allow.
const COMMITLOG_LIMIT_BYTES: usize = 0xffff_ffff;

/// The subdirectory that commitlog sees.
const DIR_NAME: &str = "active";

/// Where the records of a log end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogEnd {
    /// The newest segment.
    pub(crate) base: Offset,
    /// The offset of the record to come.
    pub(crate) next: Offset,
    /// Where in the segment its frame will begin.
    pub(crate) position: Position,
}

/// Why the active segment could not be opened.
#[derive(Debug)]
pub(crate) enum ActiveError {
    /// commitlog counts otherwise.
    Disagreement { expected: Offset, found: Offset },
    /// The operating system refused something.
    Io(IoFailure),
}

impl From<IoFailure> for ActiveError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

impl From<ActiveError> for OpenError {
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Disagreement { expected, found } => Self::Disagreement { expected, found },
            ActiveError::Io(failure) => Self::Io(failure),
        }
    }
}

impl From<ActiveError> for AppendError {
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Disagreement { expected, found } => Self::Commitlog {
                segment: segment::file_name(expected),
                reason: format!("after a roll its next offset is {found}, not {expected}"),
            },
            ActiveError::Io(failure) => Self::Io(failure),
        }
    }
}

/// The active segment.
pub(crate) struct Active {
    log: CommitLog,
    file: Arc<File>,
    path: PathBuf,
    end: LogEnd,
    /// Of the segment's bytes up to its end: of those that were to be written, so that a digest of
    /// the file tells whether they were.
    digester: Digester,
}

impl fmt::Debug for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Active")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

impl Active {
    /// Hands the newest segment to commitlog. It and its index are as recovery leaves them.
    pub(crate) fn open(
        dir: &Path,
        end: LogEnd,
        storage: &dyn Storage,
    ) -> Result<Self, ActiveError> {
        let linked = dir.join(DIR_NAME);
        link(dir, &linked, end.base, storage)?;
        let mut options = commitlog::LogOptions::new(&linked);
        options
            .segment_max_bytes(COMMITLOG_LIMIT_BYTES)
            .message_max_bytes(COMMITLOG_LIMIT_BYTES);
        let log = CommitLog::new(options).map_err(io_failure("open the segment in", linked))?;
        let found = Offset::new(log.next_offset());
        if found != end.next {
            let expected = end.next;
            return Err(ActiveError::Disagreement { expected, found });
        }
        let path = dir.join(segment::file_name(end.base));
        let file = File::open(&path).map_err(io_failure("open", &path))?;
        let digester = digest(&file, end.position).map_err(io_failure("read", &path))?;
        Ok(Self {
            log,
            file: Arc::new(file),
            path,
            end,
            digester,
        })
    }

    /// Where the records end, those not synced included.
    pub(crate) const fn end(&self) -> LogEnd {
        self.end
    }

    /// How many records the segment holds.
    pub(crate) const fn records(&self) -> u64 {
        self.end.next.since(self.end.base)
    }

    /// Appends frames, not durably.
    pub(crate) fn append(
        &mut self,
        batch: &Batch,
        storage: &dyn Storage,
    ) -> Result<(), AppendError> {
        let failed = |reason| AppendError::Commitlog {
            segment: segment::file_name(self.end.base),
            reason,
        };
        storage
            .append(&mut self.log, batch)
            .map_err(|error| failed(describe(&error)))?;
        let next = self.end.next.plus(batch.records());
        let found = Offset::new(self.log.next_offset());
        if found != next {
            return Err(failed(format!("its next offset is {found}, not {next}")));
        }
        self.digester.update(batch.bytes());
        self.end.next = next;
        self.end.position = self.end.position.plus(batch.len_bytes());
        Ok(())
    }

    /// How far it is written, not durably.
    pub(crate) fn written(&self) -> Written {
        Written {
            file: Arc::clone(&self.file),
            path: self.path.clone(),
            end: self.end,
        }
    }

    /// Closes the segment, whose records are durable, and goes on in a new one.
    pub(crate) fn roll(
        &mut self,
        dir: &Path,
        log_id: LogId,
        storage: &dyn Storage,
    ) -> Result<(), AppendError> {
        checksum::write(dir, &self.checksum(log_id)?, storage)?;
        index::trim(dir, self.end.base, self.records(), storage)?;
        let base = self.end.next;
        segment::write_empty(dir, base, storage)?;
        index::rebuild(dir, base, &[], index::CAPACITY, storage)?;
        storage.sync_dir(dir).map_err(io_failure("sync", dir))?;
        let end = LogEnd {
            base,
            next: base,
            position: segment::FIRST_FRAME_AT,
        };
        *self = Self::open(dir, end, storage)?;
        Ok(())
    }

    fn checksum(&self, log_id: LogId) -> Result<Checksum, IoFailure> {
        let modified = self.file.metadata().and_then(|file| file.modified());
        let written_at = modified.map_err(io_failure("inspect", &self.path))?;
        Ok(Checksum {
            log_id,
            first: self.end.base,
            end: self.end.next,
            bytes: self.end.position.get(),
            written_at_ms: checksum::millis(written_at),
            digest: self.digester.digest(),
        })
    }
}

/// Digests a file's first bytes.
fn digest(file: &File, end: Position) -> io::Result<Digester> {
    let mut digester = Digester::default();
    let mut buffer = vec![0; 256 * 1024];
    let mut at = 0;
    while at < end.get() {
        let left = usize::try_from(end.get() - at).unwrap_or(usize::MAX);
        let part = buffer.len().min(left);
        file.read_exact_at(&mut buffer[..part], at)?;
        digester.update(&buffer[..part]);
        at += u64::try_from(part).expect("a length fits in 64 bits");
    }
    Ok(digester)
}

/// Fills the subdirectory with links to this segment and its index, and nothing else.
fn link(dir: &Path, linked: &Path, base: Offset, storage: &dyn Storage) -> Result<(), IoFailure> {
    storage
        .remove(linked)
        .map_err(io_failure("remove", linked))?;
    fs::create_dir(linked).map_err(io_failure("create", linked))?;
    for name in [segment::file_name(base), segment::index_file_name(base)] {
        let link = linked.join(&name);
        let linked = storage.hard_link(&dir.join(&name), &link);
        linked.map_err(io_failure(
            "hard-link (which the filesystem must support) to",
            link,
        ))?;
    }
    Ok(())
}

/// commitlog's own message says "IO Error" and keeps the error behind it.
fn describe(error: &commitlog::AppendError) -> String {
    match error {
        commitlog::AppendError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
