//! The log from outside, as other crates and other processes use it: what it promises, and what
//! it does about each fault that its documentation names.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod closed_segments;
mod cursor;
mod golden;
mod indexes;
mod kills;
mod misfortunes;
mod model;
mod open_large;
mod opening;
mod processes;
mod recovery;
mod round_trip;
mod salvage;
mod set_back;
mod support;
mod trim;
mod verify;
