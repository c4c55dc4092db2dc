//! An envelope as it is stored: the log has checked its bytes, but a bug or another program may
//! have written them.
#![no_main]

use ghev_event::Decoder;

libfuzzer_sys::fuzz_target!(|record: &[u8]| ghev_fuzz::check_record(&mut Decoder::new(), record));
