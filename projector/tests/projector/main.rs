//! The projector over real logs and models in temporary directories.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod deleted_model;
mod fixture;
mod kill;
mod only;
mod properties;
mod replay;
mod retention;
mod tail;
