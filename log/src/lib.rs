//! A durable, append-only commit log: bytes in, offsets out. It knows nothing of what the bytes
//! mean.
//!
//! Segments are written by the [commitlog](https://docs.rs/commitlog/0.2.0) crate, which neither
//! syncs, recovers, locks nor opens read-only; everything that makes its files trustworthy is
//! here, and no other crate may use it.
//!
//! # Promises
//!
//! - What [`LogWriter::append`] returned for survives a killed process and a power cut; under
//!   [`SyncPolicy::Interval`], a power cut only once the interval is over (see below).
//! - An offset is given once. Offsets are dense and begin at 0.
//! - Old records go only where [`LogWriter::trim`] is told so, by whole segments; a reader below
//!   gets [`ReadError::Trimmed`].
//! - One writer: a second one gets [`OpenError::Locked`].
//! - Only the writer repairs, when it opens, and only an incomplete end that was never
//!   acknowledged; the bytes cut off are kept. Damage of acknowledged records that opening sees
//!   makes it refuse and change nothing (see below for what it looks at).
//! - A reader ([`LogCursor`], in any process, without a lock) sees nothing that would not
//!   survive a power cut, and no record that is not exactly what was appended.
//!
//! # Faults it is made for
//!
//! A process killed at any instruction; a power cut that loses any subset of the pages and
//! directory entries not yet synced, and tears or reorders their writes; flipped bits; truncated,
//! missing, zero-filled, duplicated and foreign files; a full disk; I/O errors of writes and syncs;
//! a read-only mount; a clock that jumps; a second writer; a reader across a trim. What follows from
//! each and which test holds that: `docs/durability.md`. Not for a disk that acknowledges a sync
//! without doing it, nor for someone who edits files and checksums.
//!
//! # When an append is durable
//!
//! [`LogOptions::sync`] says; it is the writer's choice each time it opens the log, and readers see
//! nothing before it is durable in either case.
//!
//! | policy | an append returns | a killed process costs | a power cut costs |
//! |---|---|---|---|
//! | [`SyncPolicy::Always`] | once it is synced | nothing | nothing |
//! | [`SyncPolicy::Interval`] | once it is written | nothing | what was appended since the last sync |
//!
//! Under an interval a thread syncs that much after the first append that is not durable, whether
//! more follows or not, then moves the watermark. A segment is synced whole before the next one is
//! begun. [`LogWriter::sync`] and [`LogWriter::close`] wait for no timer. After a sync that fails,
//! wherever, nothing is called durable any more: the next append gets [`AppendError::Poisoned`], and
//! opening the log anew finds out what is there.
//!
//! Under both policies the watermark file itself is synced a second after an append at the latest: a
//! watermark that lags behind after a power cut costs nothing but a look at the records above it.
//!
//! # What is looked at when
//!
//! | who | newest segment | closed segments |
//! |---|---|---|
//! | [`LogWriter::open`] | every record | that they follow one another, their last record, and that the file has the size its checksum file names; every record of those without a checksum file, up to eight of them and 256 MiB |
//! | a roll | | every record of one without a checksum file, if there is one |
//! | [`LogCursor`] | each record it reads | each record it reads |
//! | [`verify`] | every record | the digest of every byte; every record where there is no checksum file or another digest |
//! | [`verify_records`] | every record | every record |
//!
//! Whoever reads every record of a closed segment without a checksum file and finds them sound writes
//! it the file, if it is the writer.
//!
//! # Files of a log's directory
//!
//! | file | what it is | module |
//! |---|---|---|
//! | `lock` | the writer locks it, and says in it who it is | `lock` |
//! | `log.id` | which log this is, in which format | `identity` |
//! | `watermark` | up to where the log is durable | `watermark` |
//! | `{base:020}.log` | a segment: the records | `segment`, `frame` |
//! | `{base:020}.index` | a cache of a segment's positions | `index` |
//! | `{base:020}.sum` | what a closed segment was when it was closed | `checksum` |
//! | `active/` | hard links to the newest segment and its index, for commitlog | `active` |
//! | `{base:020}-{position}-{n}.torn` | bytes that recovery cut off | `quarantine` |
//!
//! Each module draws the bytes of its file; `docs/FORMAT.md` draws all of them, with the changes
//! from version to version.

mod active;
mod checksum;
mod committer;
mod create;
mod cursor;
mod damage;
mod error;
mod frame;
#[cfg(fuzzing)]
pub mod fuzzing;
mod identity;
mod index;
mod lock;
mod offset;
mod options;
mod proof;
mod quarantine;
mod recovery;
mod retention;
mod salvage;
mod segment;
mod segment_reader;
mod stat;
mod storage;
mod sync_policy;
mod timer;
mod verify;
mod wait;
mod watermark;
mod writer;

pub use cursor::{LogCursor, Record};
pub use damage::{Damage, DamageKind, FrameFault};
pub use error::{AppendError, IdentityError, IoFailure, OpenError, ReadError};
pub use frame::RECORD_LIMIT_BYTES;
pub use identity::{FORMAT_VERSION, LogId, ParseLogIdError};
pub use lock::{Holder, WriterFacts, holder};
pub use offset::{Offset, Position};
pub use options::LogOptions;
pub use recovery::{CutTail, Recovery};
pub use retention::{TrimLimit, TrimPlan};
pub use salvage::{SalvageError, SalvageReport, salvage};
pub use stat::{LogStat, stat};
pub use sync_policy::{ParseSyncPolicyError, SyncPolicy};
pub use verify::{VerifyProgress, VerifyReport, verify, verify_records};
pub use writer::LogWriter;
