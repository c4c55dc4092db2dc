//! gzip members, whole, damaged and between other bytes: the same whatever the blocks they come in,
//! and a sound file comes out as it went in.
#![no_main]

use std::io::Write;

use ghev_injector::import::fuzzing::gunzipped;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (block_bytes, bytes) = input;
    let _ = gunzipped(bytes, usize::from(block_bytes));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory does not fail");
    let member = encoder.finish().expect("memory does not fail");
    let (content, damages) = gunzipped(&[&member[..], &member].concat(), usize::from(block_bytes));
    assert_eq!((content, damages), ([bytes, bytes].concat(), 0));
});
