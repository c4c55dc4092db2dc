//! From GitHub, or from archives of it, into the log. Knows nothing about projections, the read
//! model or how answers look.
//!
//! - [`run`] polls feeds until it is told to stop, [`run_following`] those of a list that may
//!   change; [`once`] polls each of them once. What is done
//!   about each answer GitHub can give stands in one table: [`poll`].
//! - [`import`](import()) reads files: GH Archive hours of every era, NDJSON, saved pages of the
//!   Events API, compressed or not; also while polling or another import holds the log, through its inbox.
//!
//! Both keep every event as the bytes it came in, drop what the log has already, keep what is no
//! event as a reject, and acknowledge nothing to others before it is durable. The injector stores nothing
//! but the log: what it has seen comes back from the log's records when it starts.

mod clock;
mod error;
mod gzip;
mod inbox;
mod key;
mod log_tail;
mod options;
mod retention;
mod seen;

pub mod import;
pub mod poll;

pub use clock::{Clock, SystemClock, Wait};
pub use error::{ImportError, InjectError};
pub use import::{ImportObserver, ImportOptions, ImportProgress, ImportSummary, Input, import};
pub use options::{GithubUrl, InjectOptions, ParseGithubUrlError, ParseTokenError, Token};
pub use poll::{CycleSummary, FailedSource, once, run, run_following};
pub use retention::Retention;
