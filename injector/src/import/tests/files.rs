//! Which events come out of files, in which order and envelopes.

use std::fs;

use ghev_log::{LogCursor, LogWriter, Offset};

use super::{Bench, gzip, line, lines};
use crate::ImportError;
use crate::import::{ImportSummary, Input};

#[test]
fn files_come_in_time_order_and_are_counted() {
    let mut bench = Bench::new();
    let inputs = [
        bench.file("2016-01-01-10.json.gz", &gzip(lines(1200..1300).as_bytes())),
        bench.file("2016-01-01-9.json.gz", &gzip(lines(0..1200).as_bytes())),
    ];
    let stored: u64 = fs::metadata(bench.dir.path().join("2016-01-01-10.json.gz"))
        .unwrap()
        .len()
        + fs::metadata(bench.dir.path().join("2016-01-01-9.json.gz"))
            .unwrap()
            .len();
    let summary = bench.import(&inputs).unwrap();
    let expected = ImportSummary {
        files: 2,
        events: 1300,
        appended: 1300,
        bytes: stored,
        ..ImportSummary::default()
    };
    assert_eq!(summary, expected);
    let kept = bench.kept();
    assert_eq!(String::from_utf8(kept.lines).unwrap(), lines(0..1300));
    assert_eq!(kept.chunks, [(1, 1200), (1, 100)]);
    let last = bench.heard.progress.last().unwrap();
    assert_eq!(
        (last.files_done, last.files_total, last.events),
        (2, 2, 1300)
    );
    assert_eq!((last.bytes_read, last.bytes_total), (stored, Some(stored)));
}

#[test]
fn the_same_event_with_another_body_is_kept() {
    let mut bench = Bench::new();
    let one = "{\"id\":\"1\",\"type\":\"WatchEvent\"}\n";
    let other = "{\"id\":\"1\",\"type\":\"WatchEvent\",\"public\":true}\n";
    let inputs = [bench.file("a.json", format!("{one}{other}{one}").as_bytes())];
    let summary = bench.import(&inputs).unwrap();
    assert_eq!((summary.appended, summary.duplicates), (2, 1));
    assert_eq!(bench.kept().lines, format!("{one}{other}").as_bytes());
}

#[test]
fn a_held_log_and_a_missing_file_are_errors_that_name_them() {
    let mut bench = Bench::new();
    let input = bench.file("a.json", line(1).as_bytes());
    let writer = LogWriter::open(bench.log(), ghev_log::LogOptions::default()).unwrap();
    let error = bench.import(std::slice::from_ref(&input)).unwrap_err();
    assert!(matches!(error, ImportError::Locked { .. }), "{error}");
    drop(writer);
    let missing = Input::File(bench.dir.path().join("none.json"));
    let error = bench.import(&[input, missing]).unwrap_err();
    assert!(error.to_string().contains("none.json"), "{error}");
    let cursor = LogCursor::open(bench.log(), Offset::ZERO)
        .unwrap()
        .watermark()
        .unwrap();
    assert_eq!(cursor, Offset::ZERO, "found before anything was appended");
}

#[test]
fn large_events_fill_an_envelope_each() {
    let mut bench = Bench::new();
    let mut state = 7u64;
    let mut large = |n: u32| {
        let noise: String = (0..890_000)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b'0' + u8::try_from((state >> 58) & 63).unwrap())
            })
            .map(|c| if matches!(c, '\\' | '"') { '~' } else { c })
            .collect();
        format!("{{\"id\":\"{n}\",\"type\":\"WatchEvent\",\"x\":\"{noise}\"}}\n")
    };
    let content: String = (0..4).map(&mut large).collect();
    let input = bench.file("large.json", content.as_bytes());
    assert_eq!(bench.import(&[input]).unwrap().appended, 4);
    let kept = bench.kept();
    assert!(
        kept.lines == content.as_bytes(),
        "some large event did not come back"
    );
    assert_eq!(kept.chunks.len(), 4);
}
