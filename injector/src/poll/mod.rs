//! Feeds into the log, politely. Knows nothing about files or signals.
//!
//! - `run`: the loop over all feeds, `cycle`: one poll of one of them.
//! - `client`: one request, one answer; `verdict`: what is done about it; `link`: the next page.
//! - `feed`: where a feed stands; `budget`: how much may still be asked; `memory`: what the log
//!   remembers of both.
//! - `page`: a body into what is new of it; `brought`: the pages of a cycle, put together.
//! - `journal`: into the log.
//! - `intake`: what imports offer meanwhile.
//!
#![doc = include_str!("../../../docs/polling.md")]

mod brought;
mod budget;
mod client;
mod cycle;
mod feed;
#[cfg(fuzzing)]
pub mod fuzzing;
mod intake;
mod journal;
mod link;
mod memory;
mod page;
mod run;
mod summary;
mod verdict;

pub use run::{once, run, run_following};
pub use summary::{CycleSummary, FailedSource};

#[cfg(test)]
mod tests;
