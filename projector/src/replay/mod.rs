//! A read model anew, from the log alone: beside the live one, which serves until the new one has
//! caught up and `CURRENT` is switched to it. Knows nothing about how records are folded.
//!
//! - [`replay`]: a new generation, which becomes current. The one before stays, for [`rollback`].
//! - [`only`]: a new generation that has the tables of some projections anew, and all others from the
//!   one before.
//! - [`check`]: a scratch file, compared with the current generation table by table.
//! - [`until`]: a file of its own, up to a record or a moment: time travel.
//!
//! What a trimmed log does not have any more is lost to a new model of all of it: only [`replay`] itself, which
//! somebody has asked for, makes one then.
//!
//! A replay works while a projector runs. It needs the disk space of one more generation,
//! and as much again for sorting.

mod build;
mod check;
mod crew;
mod generations;
mod load;
mod losses;
mod misread;
mod only;
mod progress;
mod space;
mod until;
mod walk;

pub use build::{ReplaySummary, replay};
pub use check::{CheckReport, check};
pub use generations::rollback;
pub(crate) use misread::misread;
pub use only::{OnlySummary, WholeReason, only};
pub(crate) use only::{refuse_losses, stale};
pub use progress::{ReplayPhase, ReplayProgress};
pub use until::{Until, UntilSummary, until};
