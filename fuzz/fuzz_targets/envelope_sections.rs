//! An envelope whose sections decompress to the fuzzer's bytes, so that the heads are reached: the
//! first byte is the version, two bytes say how long the heads section is, the raw section is the rest.
#![no_main]

use ghev_event::{Decoder, codec::fuzzing::record_of};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(([version, length @ ..], rest)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let heads = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (heads, raw) = rest.split_at(heads);
    let mut record = record_of(heads, raw).expect("a fuzzer's input is short");
    record[0] = *version;
    ghev_fuzz::check_record(&mut Decoder::new(), &record);
});
