//! An event as GitHub sends it: whatever is read as one goes into an envelope and comes out the
//! same, and an array of it is split into it again.
#![no_main]

use ghev_event::{
    Decoder, EnvelopeBuilder, ImportFacts, Origin, Provenance, Source, Timestamp, canonical_raw,
    read_event, split_array,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let raw = canonical_raw(bytes);
    assert_eq!(canonical_raw(&raw), raw, "one line stays as it is");
    let Ok(event) = read_event(&raw) else { return };
    let page = [b"[", &raw[..], b",\n", &raw[..], b"]"].concat();
    let split = split_array(&page).expect("two events in an array");
    assert_eq!(split, [&raw[..], &raw[..]]);

    let mut builder = EnvelopeBuilder::new();
    builder.push(&event, &raw).expect("far below the limits");
    let record = builder.finish(&import()).expect("far below the limits");
    let mut decoder = Decoder::new();
    let envelope = decoder.envelope(&record).expect("just encoded");
    assert_eq!(envelope.heads.events, [event]);
    assert_eq!(envelope.raw, [&raw[..]]);
});

fn import() -> Provenance {
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_millis(0),
        origin: Origin::Import(ImportFacts {
            file: "fuzz".to_owned(),
            first_line: 1,
            last_line: 1,
            end: None,
        }),
        gaps: Vec::new(),
    }
}
