//! A `log.id`: taken only as the very line that would be written.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ghev_log::fuzzing::identity(bytes));
