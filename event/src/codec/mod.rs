//! The bytes of an envelope, which are one record of the log. The only place that knows bincode.
//!
//! # Layout, version 1
//!
//! | Position | Bytes | What |
//! |---|---|---|
//! | 0 | 1 | format version: 1 |
//! | 1 | 4 | *h*: stored length of the heads section, u32 little-endian |
//! | 5 | 4 | length of the heads section once decompressed, u32 little-endian |
//! | 9 | 4 | length of the raw section once decompressed, u32 little-endian |
//! | 13 | *h* | heads section: a zstd frame |
//! | 13 + *h* | the rest | raw section: a zstd frame |
//!
//! The *heads* are one bincode value (`v1`: little-endian, fixed-width integers, lengths as u64,
//! a byte before each option): provenance, then a head for each event, then the rejected input.
//! The *raw* section is the JSON bytes of every event in the same order, each followed by a line
//! feed: NDJSON as it stands. The heads say how long each is.
//!
//! There is no checksum here: the log's frame has one over the whole record, and nothing may be
//! decoded before it has been checked.
//!
//! # Rules
//!
//! A change of the heads is a new version with a module of its own; old versions stay readable for
//! ever, each with golden bytes under test. Enumerations are stored by number: append only.
//! bincode 2 is unmaintained; its legacy configuration writes what bincode 1 and wincode write, so
//! that another crate can take its place without rewriting a log.

mod envelope;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod sections;
mod v1;

pub use envelope::{
    Decoder, ENVELOPE_EVENTS_MAX, ENVELOPE_MAX_BYTES, EVENT_MAX_BYTES, Envelope, EnvelopeBuilder,
    Heads,
};
pub use error::{DecodeError, EncodeError};

#[cfg(test)]
mod tests;
