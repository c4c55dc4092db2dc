//! Made-up events that look like GitHub's: all 16 types, in every payload era, with repositories,
//! people and bots that recur, and with pull requests and issues that live coherent lives. Knows
//! nothing about feeds or HTTP; the same seed and calls give the same bytes.
//!
//! - `world`: the repositories, organisations and actors.
//! - `threads`: the lives of pull requests and issues.
//! - `happening`: which type comes next, and what happens in it.
//! - `events`: the public generator: times, ids, lateness, missing parts.
//! - `payload`: the JSON of each type in the Events API eras; `timeline`: in the Timeline era.
//! - `strange`: events no client expects.
//! - `json`: a small writer, so that members keep their order.

mod events;
mod happening;
pub(crate) mod json;
mod payload;
pub(crate) mod strange;
mod threads;
mod timeline;
mod world;

#[cfg(test)]
mod tests;

pub use events::{Era, EventGenerator};
