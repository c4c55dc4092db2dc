//! A file of events, taken apart: the same whatever the blocks it comes in; what is given out as an
//! event is one; no byte comes out twice.
#![no_main]

use ghev_event::{canonical_raw, read_event};
use ghev_injector::import::fuzzing::found;

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (block_bytes, bytes) = input;
    let pieces = found(bytes, usize::MAX);
    assert_eq!(found(bytes, usize::from(block_bytes)), pieces);
    let mut last_line = 1;
    for (line, piece, why) in &pieces {
        assert!(*line >= last_line, "lines only go forward");
        last_line = *line;
        if why.is_none() {
            assert!(read_event(&canonical_raw(piece)).is_ok());
        }
    }
    let given: usize = pieces.iter().map(|(_, piece, _)| piece.len()).sum();
    assert!(given <= bytes.len());
});
