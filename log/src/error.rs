//! Every way in which an operation on a log can fail, one enum per operation.
//! The messages name the place and what a person can do about it.

use std::{io, path::PathBuf};

use crate::{damage::Damage, offset::Offset};

/// A call to the operating system that failed, and on what.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} {}: {source}", path.display())]
pub struct IoFailure {
    /// What was attempted, as in "failed to {doing} {path}".
    pub doing: &'static str,
    /// The file or directory it was attempted on.
    pub path: PathBuf,
    /// The operating system's answer.
    pub source: io::Error,
}

/// Makes the closure for `map_err` that says what was attempted on which path.
pub(crate) fn io_failure(
    doing: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> IoFailure {
    let path = path.into();
    move |source| IoFailure {
        doing,
        path,
        source,
    }
}

/// A process in the middle of a sentence.
fn process(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

/// Why a directory's `log.id` does not let it be used as a log.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// There is something, but not a log: nothing was written.
    #[error(
        "{} is not a log ({reason}); nothing was written: name an empty directory or an existing \
         log", dir.display()
    )]
    NotALog {
        /// The directory asked for.
        dir: PathBuf,
        /// What is there instead.
        reason: String,
    },
    /// The log was written by another version of the format: nothing was written.
    #[error(
        "the log in {} has format version {found}, this program knows version {supported}; \
         nothing was written: use a program that knows its version", dir.display()
    )]
    UnsupportedFormat {
        /// The log's directory.
        dir: PathBuf,
        /// The version its `log.id` names.
        found: u32,
        /// The version this crate reads and writes.
        supported: u32,
    },
    /// `log.id` is not what was written, or is missing beside records.
    #[error(
        "{} is damaged ({reason}); nothing was written: restore it from a backup, or copy what is \
         sound to a new log with `ghev log salvage --into DIR`", path.display()
    )]
    Damaged {
        /// The identity file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Why [`LogWriter::open`](crate::LogWriter::open) failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another writer holds the log.
    #[error(
        "another writer{} holds the log in {}: stop it first (readers need no lock)",
        process(*pid), dir.display()
    )]
    Locked {
        /// The log's directory.
        dir: PathBuf,
        /// The process that holds it, as it numbers itself (a container has numbers of its own),
        /// where it says so.
        pid: Option<u32>,
    },
    /// The directory is no log of this format.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Acknowledged records are damaged or missing. Nothing was changed.
    #[error(
        "the log in {} is damaged where records were acknowledged: {damage}; nothing was changed: \
         list every damaged place with `ghev log verify`, then restore the segment from a backup, \
         or copy what is sound to a new log with `ghev log salvage --into DIR`",
        dir.display()
    )]
    Damaged {
        /// The log's directory.
        dir: PathBuf,
        /// The first damaged place found.
        damage: Damage,
    },
    /// The newest segment ends in an incomplete record and the watermark file, which alone
    /// could tell whether that record was acknowledged, cannot be read. Nothing was changed.
    #[error(
        "the watermark file of the log in {} is missing or damaged and the newest segment ends \
         in a broken record: {damage}; nothing was changed: restore the watermark file or the \
         segment from a backup, or copy what is sound to a new log with \
         `ghev log salvage --into DIR`", dir.display()
    )]
    WatermarkLost {
        /// The log's directory.
        dir: PathBuf,
        /// The broken end.
        damage: Damage,
    },
    /// There is a file that looks like a segment or an index, but is none. Nothing was changed.
    #[error(
        "{} does not belong to the log: segments and indexes are regular files named by twenty \
         digits; nothing was changed: move it to another directory", path.display()
    )]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// An option is out of its range.
    #[error("log option {name} is {value}, it must be {allowed}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// The value asked for.
        value: String,
        /// The values it may have.
        allowed: String,
    },
    /// The commitlog crate read another end of the log than recovery did.
    #[error(
        "recovery found {expected} to be the next offset, the commitlog crate {found}: this is a \
         bug, the log's records are untouched"
    )]
    Disagreement {
        /// The next offset by our own scan.
        expected: Offset,
        /// The next offset by commitlog.
        found: Offset,
    },
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] IoFailure),
}

/// Why [`LogWriter::append`](crate::LogWriter::append) failed. Nothing of the batch is
/// acknowledged. Only [`AppendError::is_refusal`] errors leave the writer usable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A record without bytes. Nothing was written.
    #[error("record {index} of the batch is empty: a record has at least one byte")]
    RecordEmpty {
        /// Its place in the batch, from 0.
        index: usize,
    },
    /// A record above the limit. Nothing was written.
    #[error("record {index} of the batch has {bytes} bytes, the limit is {limit_bytes}")]
    RecordTooLarge {
        /// Its place in the batch, from 0.
        index: usize,
        /// Its size.
        bytes: u64,
        /// `LogOptions::record_max_bytes`.
        limit_bytes: u64,
    },
    /// The append would take the filesystem below its free-space floor. Nothing was written;
    /// try again when space returns.
    #[error(
        "{} has {free_bytes} bytes free; {needed_bytes} for this append and the floor of \
         {floor_bytes} do not fit: free some space", dir.display()
    )]
    NoSpace {
        /// The log's directory.
        dir: PathBuf,
        /// What the filesystem grants an unprivileged process.
        free_bytes: u64,
        /// What the append may take, a fresh segment's index included.
        needed_bytes: u64,
        /// `LogOptions::free_space_floor_bytes`.
        floor_bytes: u64,
    },
    /// The log under the writer was deleted, moved away or replaced. Nothing was written; what would be goes nowhere that
    /// a reader looks. The writer is poisoned.
    #[error(
        "the log in {} was deleted or replaced while it was written; start again on what is there now",
        dir.display()
    )]
    Replaced {
        /// The log's directory.
        dir: PathBuf,
    },
    /// An earlier append or sync failed; open the log anew, which runs recovery.
    #[error("the writer stopped after an earlier failure ({reason}): open the log again")]
    Poisoned {
        /// The failure that poisoned the writer.
        reason: String,
    },
    /// The operating system refused something. The writer is poisoned.
    #[error(transparent)]
    Io(#[from] IoFailure),
    /// The commitlog crate refused the append or lost count. The writer is poisoned.
    #[error("the commitlog crate failed to append to segment {segment}: {reason}")]
    Commitlog {
        /// The active segment's file name.
        segment: String,
        /// What it said.
        reason: String,
    },
}

impl AppendError {
    /// Whether nothing was written and the writer goes on: the caller's records or the disk's
    /// free space were refused.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        match self {
            Self::RecordEmpty { .. } | Self::RecordTooLarge { .. } | Self::NoSpace { .. } => true,
            Self::Replaced { .. }
            | Self::Poisoned { .. }
            | Self::Io(_)
            | Self::Commitlog { .. } => false,
        }
    }
}

/// Why reading failed. Reading never changes anything.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no log yet: absent, empty or just being created. Worth waiting for.
    #[error("there is no log in {} yet", dir.display())]
    NoLog {
        /// The directory asked for.
        dir: PathBuf,
    },
    /// The directory is no log of this format.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The records asked for were removed by retention.
    #[error("record {asked} was trimmed: the log begins at {first}")]
    Trimmed {
        /// The offset asked for.
        asked: Offset,
        /// The first offset still there.
        first: Offset,
    },
    /// A record below the watermark is not what was written. Reading may go on after a
    /// [`seek`](crate::LogCursor::seek) past it.
    #[error(
        "the log in {} is damaged: {damage}; list every damaged place with `ghev log verify`, then \
         restore the segment from a backup, or copy what is sound to a new log with \
         `ghev log salvage --into DIR`", dir.display()
    )]
    Damaged {
        /// The log's directory.
        dir: PathBuf,
        /// The damaged place.
        damage: Damage,
    },
    /// The watermark file cannot be read, so what is durable is unknown.
    #[error(
        "{} is missing or damaged, so what is durable is unknown: start `ghev up` or `ghev inject`, \
         which makes it anew, or restore it from a backup", path.display()
    )]
    WatermarkUnreadable {
        /// The watermark file.
        path: PathBuf,
    },
    /// The log under the cursor was deleted or replaced by another one: open a new cursor.
    #[error(
        "the log in {} was deleted or replaced while it was read; start again on what is there now",
        dir.display()
    )]
    Replaced {
        /// The directory.
        dir: PathBuf,
    },
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] IoFailure),
}
