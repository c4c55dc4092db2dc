//! What a client sends: it is answered in whole HTTP/1.1 answers, no more of them than there can be
//! requests, never by a fault of the service, and the connection ends.
#![no_main]

use std::sync::OnceLock;

use ghev_api::fuzzing::Api;
use ghev_readmodel::{LogId, ModelDir, Writer};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static API: OnceLock<Api> = OnceLock::new();
    let api = API.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory").keep();
        let log = LogId::new([1; 16]);
        drop(Writer::open(&ModelDir::new(&dir), log).expect("a read model"));
        Api::over(&dir)
    });
    let answers = api.answers(bytes);
    let heads = bytes.windows(2).filter(|pair| pair == b"\r\n").count() + 1;
    // The answer to a HEAD says how long a body is that it does not have.
    let bodiless = bytes.windows(4).any(|word| word == b"HEAD");
    let (mut rest, mut number) = (&answers[..], 0);
    while !rest.is_empty() {
        number += 1;
        assert!(number <= heads, "{number} answers");
        let Some(after) = answer(rest, bodiless) else {
            break;
        };
        rest = after;
    }
});

/// What comes after the first answer; `None` where it does not say where it ends.
fn answer(bytes: &[u8], bodiless: bool) -> Option<&[u8]> {
    let end = bytes
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a head is text");
    let mut lines = head.split("\r\n");
    let status = lines.next().expect("a status line");
    let (version, status) = status.split_once(' ').expect("a status line");
    assert!(matches!(version, "HTTP/1.0" | "HTTP/1.1"), "{version}");
    let status: u16 = status[..3].parse().expect("a status");
    assert!(
        matches!(status, 200 | 204 | 304 | 400..=431 | 503),
        "{head}"
    );
    let mut length = None;
    for line in lines {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        let (name, value) = line.split_once(": ").expect("a header");
        if name.eq_ignore_ascii_case("content-length") {
            assert!(
                length
                    .replace(value.parse::<usize>().expect("a length"))
                    .is_none()
            );
        }
    }
    let body = &bytes[end + 4..];
    match (status, length) {
        _ if bodiless => None,
        (204 | 304, _) => Some(body),
        (_, Some(length)) => Some(body.get(length..).expect("a whole body")),
        (_, None) => None,
    }
}
