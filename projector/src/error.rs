//! What ends a projector or a replay, in words a user can act on.

use std::path::PathBuf;

use ghev_readmodel::Offset;

use crate::replay::WholeReason;

/// Why folding stopped. What was committed before stays.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ghev_log::ReadError),
    /// The read model cannot be opened, or another process writes it.
    #[error(transparent)]
    Open(#[from] ghev_readmodel::OpenError),
    /// The read model cannot be written.
    #[error(transparent)]
    Write(#[from] ghev_readmodel::WriteError),
    /// The read model cannot be read.
    #[error(transparent)]
    Read(#[from] ghev_readmodel::ReadError),
    /// The model has more of the log than there is: the log was put back to an earlier state.
    #[error(
        "the read model {} has the log up to record {checkpoint}, but the log ends at \
         {watermark}: it was put back to an earlier state; run `ghev replay` to follow it",
        model.display()
    )]
    LogBehind {
        /// The read model's file.
        model: PathBuf,
        /// The first record that the model does not have.
        checkpoint: Offset,
        /// The first record that the log does not have.
        watermark: ghev_log::Offset,
    },
    /// The log has another record where the model has its newest: it was put back to an earlier state, and
    /// has grown since.
    #[error(
        "the read model {} was made of other records than the log has now: record {offset} is another one, since \
         the log was put back to an earlier state and has grown since; run `ghev replay` to follow it",
        model.display()
    )]
    OtherHistory {
        /// The read model's file.
        model: PathBuf,
        /// The record.
        offset: Offset,
    },
    /// More records than a model can number.
    #[error("record {offset} lies beyond what a read model can number")]
    OffsetTooLarge {
        /// The record.
        offset: ghev_log::Offset,
    },
    /// There is no room for another generation.
    #[error(
        "a new read model needs about {needed_bytes} bytes in {}, and {free_bytes} are free there: free some space, \
         or keep fewer events (--keep-events)", dir.display()
    )]
    NoSpace {
        /// Where it would be written.
        dir: PathBuf,
        /// What it would take, by what the current generation does, or by how many events the log has.
        needed_bytes: u64,
        /// What an ordinary user may still write there.
        free_bytes: u64,
    },
    /// All of the model would have to be made anew, of a log that has lost what the model knows.
    #[error(
        "the read model {} cannot be made anew in part ({because}), and one of all that the log has would not know the \
         records from {known} to {first} (not including), which were trimmed: run `ghev replay` to make that one all \
         the same, or go on with the version of ghev that has written this one", model.display()
    )]
    WouldLose {
        /// The read model's file.
        model: PathBuf,
        /// The first record that it knows.
        known: Offset,
        /// The first record that the log has.
        first: ghev_log::Offset,
        /// Why a part of it would not do.
        because: Box<WholeReason>,
    },
    /// There is no generation before the current one.
    #[error("{} has no earlier generation to return to", model_dir.display())]
    NoEarlierGeneration {
        /// The read model's directory.
        model_dir: PathBuf,
    },
    /// It was told to stop before it was done; nothing has changed.
    #[error("stopped before it was done; the current read model is unchanged")]
    Stopped,
}

impl ProjectError {
    /// Whether the disk has no room for the model: nothing else is wrong, and it may have some later.
    pub(crate) fn is_no_space(&self) -> bool {
        match self {
            Self::NoSpace { .. } => true,
            Self::Write(error) => error.is_no_space(),
            Self::Open(error) => error.is_no_space(),
            _ => false,
        }
    }
}
