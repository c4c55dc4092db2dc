//! Every way in which polling or importing ends for good. What passes by itself (GitHub does not
//! answer, a disk is full for a while) is waited for and is no error.

use std::io;
use std::path::{Path, PathBuf};

use ghev_event::Source;
use ghev_event::codec::EncodeError;
use ghev_log::{AppendError, OpenError, ReadError};

/// A process's number in the middle of a sentence.
fn number(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (number {pid})"))
}

/// Why polling ended.
#[derive(Debug, thiserror::Error)]
pub enum InjectError {
    /// Another writer holds the log, and takes in no polls: an injector, or one that does not listen.
    #[error(
        "another process{} already writes the log in {}: stop it first, or name another --data \
         directory", number(*pid), dir.display()
    )]
    Locked {
        /// The log's directory.
        dir: PathBuf,
        /// The process, where it says so.
        pid: Option<u32>,
    },
    /// The log does not open for writing.
    #[error(transparent)]
    Open(OpenError),
    /// What the log has could not be read back.
    #[error("failed to read back what the log has: {0}")]
    Read(#[from] ReadError),
    /// The log took no more.
    #[error("failed to append to the log: {0}")]
    Append(#[from] AppendError),
    /// Events that do not make an envelope.
    #[error("failed to encode what {source_name} sent: {reason}")]
    Encode {
        /// The feed they came from.
        source_name: Source,
        /// What the codec said.
        reason: EncodeError,
    },
    /// Nothing was named that can be polled.
    #[error("nothing to poll: name at least one of public, repo:OWNER/NAME, org:ORG, user:LOGIN")]
    NoSource,
    /// The HTTP client could not be set up.
    #[error(
        "failed to set up the HTTP client: {reason}; for https the machine needs its root \
         certificates (often a package called ca-certificates)"
    )]
    Client {
        /// What it said.
        reason: String,
    },
}

impl InjectError {
    pub(crate) fn open(error: OpenError) -> Self {
        match error {
            OpenError::Locked { dir, pid } => Self::Locked { dir, pid },
            error => Self::Open(error),
        }
    }
}

/// Why an import ended early. What was appended before is durable, and importing the same again
/// goes on where it ended.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Another writer holds the log, and takes in no imports: on a filesystem without sockets, say.
    #[error(
        "another process already writes the log in {}, and takes in no imports ({reason}): let it \
         end first, or name another --data directory", dir.display()
    )]
    Locked {
        /// The log's directory.
        dir: PathBuf,
        /// Why its holder was not reached.
        reason: io::Error,
    },
    /// The injector or import that holds the log did not append.
    #[error(
        "the process that holds the log in {} did not take in more: {reason}; what was appended \
         before is safe: import again", dir.display()
    )]
    Refused {
        /// The log's directory.
        dir: PathBuf,
        /// What it said.
        reason: String,
    },
    /// The log does not open for writing.
    #[error(transparent)]
    Open(OpenError),
    /// What the log has could not be read back.
    #[error("failed to read back what the log has: {0}")]
    Read(#[from] ReadError),
    /// The log took no more.
    #[error("failed to append to the log: {0}; what was appended before is safe: import again")]
    Append(#[from] AppendError),
    /// Events that do not make an envelope.
    #[error("failed to encode the events of {file} before line {line}: {reason}")]
    Encode {
        /// The file they came from.
        file: String,
        /// The last line read.
        line: u64,
        /// What the codec said.
        reason: EncodeError,
    },
    /// A file or directory cannot be read.
    #[error("failed to read {}: {reason}", path.display())]
    Input {
        /// The file or directory.
        path: PathBuf,
        /// The operating system's answer.
        reason: io::Error,
    },
}

impl ImportError {
    pub(crate) fn input(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |reason| Self::Input { path, reason }
    }
}
