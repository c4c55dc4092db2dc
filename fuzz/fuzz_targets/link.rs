//! A `Link` header: what is found stands in it, between angle brackets.
#![no_main]

use ghev_injector::poll::fuzzing::next_link;

libfuzzer_sys::fuzz_target!(|header: &str| {
    let Some(target) = next_link(header) else {
        return;
    };
    let start = target.as_ptr() as usize - header.as_ptr() as usize;
    assert!(header[..start].trim_end().ends_with('<'));
    assert!(header[start + target.len()..].trim_start().starts_with('>'));
    assert!(!target.contains('>'));
});
