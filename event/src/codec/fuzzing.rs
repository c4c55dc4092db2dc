//! Doors for the fuzz targets in `fuzz/`, which are another crate. Compiled only for them, under
//! `cfg(fuzzing)`, which cargo-fuzz sets.
//!
//! A fuzzer does not find compressed sections: it gets a record whose sections hold its bytes.

use super::sections::{Version, compressor, join};

/// The record whose sections decompress to these bytes; `None` where they are too long for one.
#[must_use]
pub fn record_of(heads: &[u8], raw: &[u8]) -> Option<Vec<u8>> {
    join(&mut compressor(), Version::V2, heads, raw).ok()
}
