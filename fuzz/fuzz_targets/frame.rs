//! A record's frame: whatever is taken for one is, byte for byte, what would be written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghev_log::fuzzing::frame(bytes));
