//! A slot of the watermark file: taken only with its checksum, its numbers in order, and as the
//! very bytes that would be written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghev_log::fuzzing::watermark(bytes));
