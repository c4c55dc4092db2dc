//! Every answer beside what a few lines over a plain list of events give, over small random worlds
//! that have what real ones have seldom: renames, names without numbers, events without times,
//! equal seconds, clocks set back.
//!
//! - `world`: records, and the model that a writer makes of them.
//! - `naive`: the answers from the list.
//! - `properties`: the two agree. - `over_time`: so they do over time.
//! - `sums`: which rows answer.
//! - `contributor_lists`: likewise.
//! - `trending`: what stands out.
//! - `naive_threads` and `threads`: pull requests, issues and people likewise, over real hours too.
//! - `thread_rows`: what they come to is the same however it was written, and of what is left.
//! - `other_versions`: so are they where another version of ghev has written the model.
//! - `walks`: pages, while more arrives and where little is met.
//! - `deadline`: questions that must end.
//! - `lists`: who there is.
//! - `completeness`: what coverage says of a story of polls.
//! - `plans`: which questions may not walk a whole table.
//! - `batch_cost`: nor may what a batch does.

mod batch_cost;
mod completeness;
mod contributor_lists;
mod deadline;
mod lists;
mod naive;
mod naive_threads;
mod other_versions;
mod over_time;
mod plans;
mod properties;
mod sums;
mod thread_rows;
mod threads;
mod trending;
mod walks;
mod world;
