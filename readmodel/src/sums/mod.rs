//! What answers add up of events, kept as rows, so that a question about much does not walk all of it:
//! how many there are of each kind, and what [`activity`](crate::Snapshot::activity) wants to know beside.
//!
//! Everybody has a row for each day. A repository, an actor or an organisation has one for each day as soon
//! as it has [`SUMMED_FROM_EVENTS`] events, and one for each hour of its that has as many: those with fewer
//! are answered from the rows of their events, which takes no longer. So these rows are, as an index is, a
//! function of the rows of `events`, whatever their order was; only who has many is asked of all events ever,
//! dropped ones included.
//!
//! A row of a day has the sums of each of its hours, one of an hour those of each of its minutes, packed: a
//! hundred bytes where a row for each hour and kind would take thousands.
//!
//! - `slots`: a row's sums, and its bytes.
//! - `stretch`: the rows of one scope's events, which come in the order of their times.
//! - `scope`: whose rows there are.
//!
//! Knows nothing about how rows are written or read.

mod scope;
mod slots;
mod stretch;

pub(crate) use scope::{SummedScope, UNIT_DAY, UNIT_HOUR};
pub(crate) use slots::{Part, Slots, read};
pub(crate) use stretch::{Stretch, SumRow, SumRows, slot_of};

/// Who has at least so many events has rows of sums, and so has an hour of theirs: what has fewer is walked
/// through, a third of a microsecond an event, or a whole one where its row is needed (activity). With four
/// times as many events the rows would take 0.6 bytes an event less of 5 million, and the slowest questions
/// about activity eight times as long.
pub const SUMMED_FROM_EVENTS: u64 = 512;
