//! What goes wrong, and when. A SPEC is read once ([`Faults`]); for each request the first fault of
//! it that strikes is told by the seed and the request's number alone, so that a run repeats.
//!
//! The fault model: GitHub (or something on the way) may answer any request with any of the errors
//! below, may cut, drop, drip or withhold any answer, and may serve a feed that is frozen, doubled
//! or dressed in a schema the client does not know. Events it does serve are never altered.

mod kind;
mod spec;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use kind::ENTRIES;
pub(crate) use kind::FaultKind;
pub use spec::{FAULTS_HELP, Faults, ParseFaultsError};
