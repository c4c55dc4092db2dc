//! A durable, append-only commit log: bytes in, offsets out. It knows nothing of what the bytes
//! mean.
//!
//! Segments are written by the [commitlog](https://docs.rs/commitlog/0.2.0) crate, which neither
//! syncs, recovers, locks nor opens read-only; everything that makes its files trustworthy is
//! here, and no other crate may use it.
//!
//! # Promises
//!
//! - What [`LogWriter::append`] returned for survives a killed process and a power cut.
//! - An offset is given once. Offsets are dense and begin at 0.
//! - Old records go only where [`LogWriter::trim`] is told so, by whole segments; a reader below
//!   gets [`ReadError::Trimmed`].
//! - One writer: a second one gets [`OpenError::Locked`].
//! - Only the writer repairs, when it opens, and only an incomplete end that was never
//!   acknowledged; the bytes cut off are kept. Damage of acknowledged records that opening sees
//!   (all of the newest segment, the ends of the others) makes it refuse and change nothing;
//!   [`verify`] looks at everything.
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
//! # Files of a log's directory
//!
//! | file | what it is | module |
//! |---|---|---|
//! | `lock` | empty; the writer locks it | `lock` |
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
mod quarantine;
mod recovery;
mod retention;
mod salvage;
mod segment;
mod segment_reader;
mod stat;
mod storage;
mod verify;
mod wait;
mod watermark;
mod writer;

pub use cursor::{LogCursor, Record};
pub use damage::{Damage, DamageKind, FrameFault};
pub use error::{AppendError, IdentityError, IoFailure, OpenError, ReadError};
pub use frame::RECORD_LIMIT_BYTES;
pub use identity::{FORMAT_VERSION, LogId, ParseLogIdError};
pub use offset::{Offset, Position};
pub use options::LogOptions;
pub use recovery::{CutTail, Recovery};
pub use retention::{TrimLimit, TrimPlan};
pub use salvage::{SalvageError, SalvageReport, salvage};
pub use stat::{LogStat, stat};
pub use verify::{VerifyProgress, VerifyReport, verify, verify_records};
pub use writer::LogWriter;
