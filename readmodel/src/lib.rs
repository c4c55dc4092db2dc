//! The read model: what the log's events say, as SQLite tables. It is the contract between the
//! projector, which writes it, and the api, which reads it. Knows nothing about the log (it stores
//! where in the log it stands, no more), about GitHub's JSON or about HTTP. The only user of
//! rusqlite.
//!
//! - [`ModelDir`]: the directory with its generations and the `CURRENT` pointer.
//! - [`Writer`] and [`Batch`]: events in, each once, and [`Changes`] that projections have folded,
//!   in one transaction with the [`Checkpoint`].
//! - [`Projection`]: the folds there are, each with a version of its own; [`RebuildSource`] and
//!   [`Rebuild`] make the tables of some anew in a copy of a generation.
//! - [`RepeatFinder`] and [`BulkLoad`]: a whole log at once, into a new file.
//! - [`Reader`] and [`Snapshot`]: every question, answered from one consistent state.
//!
//! SQLite keeps new commits in a write-ahead log (WAL), so that readers and the writer do not wait for each
//! other. A thread of the writer moves it into the file and keeps it at some 64 MiB: with 5,000 events a
//! second that brought the slowest hundredth of them into the model in 26 ms instead of 64. Beside a reader
//! that keeps one [`Snapshot`] the WAL grows until it lets go. (`writer/checkpointer.rs` has the figures.)
//!
//! The model can be deleted at any moment: a replay makes it again from the log.

mod bulk;
mod changes;
mod checkpoint;
mod contributor_lists;
mod contributor_totals;
mod error;
mod file_identity;
mod generation;
mod keyed_sums;
mod keys;
mod leb128;
mod listed_scope;
mod opening_gaps;
mod projection;
mod repo_counts;
mod schema;
mod statistics;
mod sums;
mod table_differences;
mod table_hashes;
mod threads;
mod timelines;
mod uri;

mod reader;
mod stored;
mod writer;

pub use bulk::{BulkLoad, KeptRows, KeyPart, LoadPart, RecordRepeats, RecordRows, RepeatFinder};
pub use changes::{
    ActivitySums, Changes, Contributions, DaySums, DeadLetter, EnvelopeFacts, KindCounts,
    NameSighting, PullRequestSighting, Sightings,
};
pub use checkpoint::{Checkpoint, LogId, Offset, ParseLogIdError, Place};
pub use error::{OpenError, ReadError, WriteError};
pub use generation::{GenerationNumber, ModelDir, ModelLock};
pub use keys::{ActorKey, OrgKey, RepoKey};
pub use projection::{ParseProjectionError, Projection, VersionDifferences};
pub use reader::{
    Activity, ActivityMatrix, Arrival, AsOf, Bots, Contributors, Coverage, CoverageState,
    DeadLetterRow, Edition, EventCounts, EventCursor, EventFilter, EventPage, EventRow,
    EventSeries, GapRow, Identity, Issues, ListCursor, ListEntry, ListOrder, ListPage, NameSeen,
    Named, ParseEventCursorError, ParseListCursorError, ParseScopeKeysError, PullRequestAction,
    PullRequestInterval, PullRequests, Reader, Scope, ScopeKeys, SeriesBucket, SeriesInterval,
    Snapshot, SourceStatus, Status, TimeAxis, Trending, TrendingQuery, TrendingRepo, Window,
};
pub use statistics::Distribution;
pub use sums::SUMMED_FROM_EVENTS;
pub use table_differences::{RowDifference, RowDifferenceKind};
pub use table_hashes::{IndexFault, TableHashes};
pub use writer::{
    Admission, Admit, Batch, CheckpointingError, KnownRecords, LastEnvelope, Obstacle, Rebuild,
    RebuildSource, Writer,
};
