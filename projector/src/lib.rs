//! Folds the log into the read model: reads records from the checkpoint on, decodes their heads,
//! folds them into [`Changes`](ghev_readmodel::Changes) and writes rows and checkpoint in one
//! transaction. Knows nothing about GitHub's HTTP, about SQL or about how answers look.
//!
//! - `projections`: the pure folds. No clock, no randomness: the same log gives the same rows.
//! - [`run`] and [`catch_up`]: the tail loop, for ever or up to now.
//! - [`replay`]: a new generation from the log's first record, beside the live one.
//!
//! Nothing stops the projector but damage below the log's watermark or a disk that fails: a record
//! that does not decode, or one that retention took away, is a dead letter and the next is read.

mod convert;
mod error;
mod fold;
mod history;
mod opening;
mod options;
mod projections;
mod projector;
mod room;
mod stop;
mod tail;

pub mod replay;

pub use error::ProjectError;
pub use options::{BatchLimits, ProjectorOptions};
pub use stop::StopFlag;
pub use tail::{CaughtUp, catch_up, run};
