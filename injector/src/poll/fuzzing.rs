//! Doors for the fuzz targets in `fuzz/`, which are another crate. Compiled only for them, under
//! `cfg(fuzzing)`, which cargo-fuzz sets.

/// The next page that a `Link` header names.
#[must_use]
pub fn next_link(header: &str) -> Option<&str> {
    super::link::next(header)
}
