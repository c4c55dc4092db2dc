//! The bytes of an envelope, which are one record of the log. The only place that knows bincode.
//!
//! # Layout, versions 1 to 3
//!
//! | Position | Bytes | What |
//! |---|---|---|
//! | 0 | 1 | format version: 2, or 3 where it says more than 2 can; 1 is read |
//! | 1 | 4 | *h*: stored length of the heads section, u32 little-endian |
//! | 5 | 4 | length of the heads section once decompressed, u32 little-endian |
//! | 9 | 4 | length of the raw section once decompressed, u32 little-endian |
//! | 13 | *h* | heads section: a zstd frame |
//! | 13 + *h* | the rest | raw section: a zstd frame |
//!
//! The *heads* are one bincode value (little-endian, fixed-width integers, lengths as u64, a byte
//! before each option): provenance, then the events' heads, then the rejected input. In version 1
//! (`v1`) the heads are one struct after another; since version 2 (`v2`) they are columns, which
//! take two thirds of the bytes once compressed. Version 3 (`v3`) has one list more at their end.
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

mod columns;
mod envelope;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod named;
mod parts;
mod sections;
mod v1;
mod v2;
mod v3;
mod varint;

pub use envelope::{
    Decoder, ENVELOPE_EVENTS_MAX, ENVELOPE_MAX_BYTES, EVENT_MAX_BYTES, Envelope, EnvelopeBuilder,
    Heads, heads_part,
};
pub use error::{DecodeError, EncodeError};
use parts::Parts;

#[cfg(test)]
mod tests;
