//! An envelope whose sections decompress to the fuzzer's bytes, so that the heads are reached: the
//! first two bytes say how long the heads section is, the raw section is the rest.
#![no_main]

use ghev_event::{Decoder, codec::fuzzing::record_of};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return;
    };
    let heads = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (heads, raw) = rest.split_at(heads);
    let record = record_of(heads, raw).expect("a fuzzer's input is short");
    ghev_fuzz::check_record(&mut Decoder::new(), &record);
});
