//! A segment's checksum file: taken only with its own checksum, and as the very bytes that would be
//! written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghev_log::fuzzing::checksum(bytes));
