//! A whole segment file, read over all its damage: every frame that is found is one of the file, at
//! its place, and the reader only ever goes forward.
#![no_main]

use std::sync::LazyLock;

use ghev_log::fuzzing::SegmentDir;

/// Removed by the system with the other temporary files: a fuzzer is never told that it ends.
static DIR: LazyLock<SegmentDir> = LazyLock::new(|| {
    let dir = tempfile::Builder::new().prefix("ghev-fuzz-").tempdir();
    SegmentDir::new(&dir.expect("a temporary directory").keep())
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghev_log::fuzzing::segment(&DIR, bytes));
