//! Whole imports into a log in a temporary directory.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ghev_event::{Decoder, Origin, Reject};
use ghev_log::{LogCursor, LogWriter, Offset};

use super::*;
use crate::ImportError;
use crate::clock::test_clock::TestClock;

#[derive(Default)]
struct Heard {
    rejected: Vec<(String, String)>,
    progress: Vec<ImportProgress>,
}

impl ImportObserver for Heard {
    fn progress(&mut self, progress: &ImportProgress) {
        self.progress.push(progress.clone());
    }

    fn rejected(&mut self, place: &str, reason: &str) {
        self.rejected.push((place.to_owned(), reason.to_owned()));
    }
}

/// A directory with files to import and a log.
struct Bench {
    dir: tempfile::TempDir,
    heard: Heard,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            heard: Heard::default(),
        }
    }

    fn file(&self, name: &str, content: &[u8]) -> Input {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        Input::File(path)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    fn import(&mut self, inputs: &[Input]) -> Result<ImportSummary, ImportError> {
        let options = ImportOptions {
            clock: Arc::new(TestClock::at(1_700_000_000)),
            patience: Duration::ZERO,
            ..ImportOptions::default()
        };
        import(&self.log(), inputs, &options, &mut self.heard, &|| false)
    }

    /// Every event's JSON and every reject in the log, with the import facts of their envelopes.
    fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        let mut cursor = LogCursor::open(self.log(), Offset::ZERO).unwrap();
        let mut decoder = Decoder::new();
        while let Some(record) = cursor.read().unwrap() {
            let envelope = decoder.envelope(record.payload).unwrap();
            let Origin::Import(facts) = &envelope.heads.provenance.origin else {
                panic!("a poll in an import: {:?}", envelope.heads.provenance);
            };
            kept.chunks.push((facts.first_line, facts.last_line));
            for raw in envelope.raw {
                kept.lines.extend_from_slice(raw);
                kept.lines.push(b'\n');
            }
            for Reject { place, body, .. } in envelope.heads.rejects {
                kept.rejects.push((place, body.into_owned()));
            }
        }
        kept
    }
}

#[derive(Default)]
struct Kept {
    lines: Vec<u8>,
    rejects: Vec<(u64, Vec<u8>)>,
    chunks: Vec<(u64, u64)>,
}

fn line(n: u32) -> String {
    format!("{{\"id\":\"{n}\",\"type\":\"WatchEvent\",\"repo\":{{\"id\":1,\"name\":\"a/b\"}}}}\n")
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(line).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

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
fn importing_twice_appends_nothing_not_even_rejects() {
    let mut bench = Bench::new();
    let content = format!("{}nonsense\n{}{}", line(1), line(2), line(1));
    let inputs = [bench.file("a.json", content.as_bytes())];
    let first = bench.import(&inputs).unwrap();
    assert_eq!(
        (first.appended, first.duplicates, first.rejected),
        (2, 1, 1)
    );
    let records = bench.kept().chunks.len();
    let second = bench.import(&inputs).unwrap();
    assert_eq!(
        (second.events, second.appended, second.duplicates),
        (3, 0, 3)
    );
    assert_eq!(
        second.rejected, 1,
        "it is still said that something is wrong with the file"
    );
    assert_eq!(bench.kept().chunks.len(), records);
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
fn rejects_are_named_and_kept() {
    let mut bench = Bench::new();
    let content = format!("{}{{\"type\":7}}\nnonsense\n", line(1));
    let input = bench.file("bad.ndjson", content.as_bytes());
    let path = bench.dir.path().join("bad.ndjson").display().to_string();
    bench.import(&[input]).unwrap();
    let places: Vec<&str> = bench
        .heard
        .rejected
        .iter()
        .map(|(place, _)| place.as_str())
        .collect();
    assert_eq!(places, [format!("{path}:2"), format!("{path}:3")]);
    assert_eq!(
        bench.kept().rejects,
        [(2, b"{\"type\":7}".to_vec()), (3, b"nonsense".to_vec())]
    );
}

#[test]
fn a_truncated_gzip_keeps_what_is_whole() {
    let mut bench = Bench::new();
    let content = lines(0..5000);
    let mut stored = gzip(content.as_bytes());
    stored.truncate(stored.len() - 100);
    let input = bench.file("cut.json.gz", &stored);
    let summary = bench.import(&[input]).unwrap();
    assert_eq!((summary.files, summary.rejected), (1, 1));
    assert!(summary.appended > 4000, "{summary:?}");
    let kept = bench.kept();
    assert!(content.as_bytes().starts_with(&kept.lines));
    let (place, reason) = &bench.heard.rejected[0];
    assert!(
        place.ends_with(&format!(":{}", summary.appended + 1)),
        "{place}"
    );
    assert!(reason.contains("damaged"), "{reason}");
}

#[test]
fn gzip_members_behind_damage_are_kept() {
    let mut bench = Bench::new();
    let hours = [lines(0..2000), lines(2000..4000), lines(4000..6000)];
    let mut members = hours.clone().map(|hour| gzip(hour.as_bytes()));
    // As where one of several downloads that were put together broke off.
    let middle = members[1].len() / 2;
    members[1].truncate(middle);
    let input = [bench.file("day.json.gz", &members.concat())];
    let summary = bench.import(&input).unwrap();
    let kept = String::from_utf8(bench.kept().lines).unwrap();
    assert!(kept.starts_with(&hours[0]));
    assert!(kept.ends_with(&hours[2]));
    assert!(summary.appended > 4500, "and of the second: {summary:?}");
    // Among them what the broken member decompressed to before it was found out.
    let named = |text: &str| {
        bench
            .heard
            .rejected
            .iter()
            .any(|(_, why)| why.contains(text))
    };
    assert!(named("damaged"), "{:?}", bench.heard.rejected);
    assert_eq!(bench.import(&input).unwrap().appended, 0);
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
fn told_to_stop_it_keeps_what_it_has_read_and_goes_on_next_time() {
    let mut bench = Bench::new();
    let input = [bench.file("a.json", lines(0..3000).as_bytes())];
    let looks = Cell::new(0);
    let stop = || {
        looks.set(looks.get() + 1);
        looks.get() > 3
    };
    let options = ImportOptions::default();
    let summary = import(&bench.log(), &input, &options, &mut bench.heard, &stop).unwrap();
    assert!(summary.interrupted);
    assert_eq!(
        (summary.files, summary.events, summary.appended),
        (0, 1536, 1536)
    );
    let summary = bench.import(&input).unwrap();
    assert_eq!((summary.appended, summary.duplicates), (1464, 1536));
    assert_eq!(bench.kept().lines, lines(0..3000).as_bytes());
}

/// The file's time of change, as it was: what a copy with `cp -p` keeps.
fn set_modified(input: &Input, seconds: u64) {
    let Input::File(path) = input else { panic!() };
    let at = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(at).unwrap();
}

#[test]
fn a_finished_file_is_known_without_being_opened_and_a_copy_without_being_decompressed() {
    let mut bench = Bench::new();
    let (content, other) = (lines(0..30), lines(30..60));
    assert_eq!(
        content.len(),
        other.len() - 10,
        "some ids have a digit more"
    );
    let content = content + "          ";
    let first = [bench.file("a.json", content.as_bytes())];
    set_modified(&first[0], 1_000_000);
    let read = bench.import(&first).unwrap();
    assert_eq!((read.appended, read.known_files), (30, 0));
    // Other bytes, although nothing tells so: had it been opened, they would be in the log.
    bench.file("a.json", other.as_bytes());
    set_modified(&first[0], 1_000_000);
    let again = bench.import(&first).unwrap();
    let expected = ImportSummary {
        files: 1,
        known_files: 1,
        events: 30,
        duplicates: 30,
        bytes: content.len() as u64,
        ..ImportSummary::default()
    };
    assert_eq!(again, expected);
    // The same bytes by another name, changed at another time.
    let copy = [bench.file("b.json", content.as_bytes())];
    assert_eq!(bench.import(&copy).unwrap().known_files, 1);
    let last = bench.heard.progress.last().unwrap();
    assert_eq!(
        (last.files_done, last.bytes_read),
        (1, content.len() as u64)
    );
    // Bytes of the same number that differ, and a time that says so.
    set_modified(&first[0], 2_000_000);
    let changed = bench.import(&first).unwrap();
    assert_eq!((changed.appended, changed.known_files), (30, 0));
}

#[test]
fn a_file_that_grew_adds_what_is_new_of_it() {
    let mut bench = Bench::new();
    let input = [bench.file("a.json", lines(0..10).as_bytes())];
    bench.import(&input).unwrap();
    bench.file("a.json", lines(0..15).as_bytes());
    let grown = bench.import(&input).unwrap();
    assert_eq!(
        (grown.appended, grown.duplicates, grown.known_files),
        (5, 10, 0)
    );
    assert_eq!(bench.import(&input).unwrap().known_files, 1);
    assert_eq!(bench.kept().lines, lines(0..15).as_bytes());
}

/// A salvaged log lacks what was damaged, but not the facts about files: had they been believed,
/// importing again would not have filled the hole.
#[test]
fn facts_of_another_log_or_of_records_that_went_prove_nothing() {
    let mut bench = Bench::new();
    let input = [bench.file("a.json", lines(0..10).as_bytes())];
    bench.import(&input).unwrap();
    let mut records = Vec::new();
    let mut cursor = LogCursor::open(bench.log(), Offset::ZERO).unwrap();
    while let Some(record) = cursor.read().unwrap() {
        records.push(record.payload.to_vec());
    }
    let log_id = cursor.log_id();
    let mut decoder = Decoder::new();
    let heads = decoder.heads(records.last().unwrap()).unwrap();
    let knows = |log_id, first| {
        let mut finished = finished::Finished::new(log_id, first);
        finished.note(&heads);
        let place = inputs::expand(&input).unwrap().remove(0);
        finished.find(&place).unwrap().is_some()
    };
    assert!(knows(log_id, Offset::ZERO));
    assert!(
        !knows(log_id, Offset::new(1)),
        "its first record was let go"
    );
    assert!(!knows(ghev_log::LogId::from_bytes([1; 16]), Offset::ZERO));
}

#[test]
fn an_interrupted_import_goes_on_with_the_file_in_which_it_was() {
    let mut bench = Bench::new();
    let inputs = [
        bench.file("1.json", lines(0..600).as_bytes()),
        bench.file("2.json", lines(600..3000).as_bytes()),
    ];
    let looks = Cell::new(0);
    let stop = || {
        looks.set(looks.get() + 1);
        looks.get() > 4
    };
    let options = ImportOptions::default();
    let summary = import(&bench.log(), &inputs, &options, &mut bench.heard, &stop).unwrap();
    assert!(summary.interrupted && summary.files == 1, "{summary:?}");
    let summary = bench.import(&inputs).unwrap();
    assert_eq!((summary.files, summary.known_files), (2, 1));
    assert_eq!(summary.events, 3000);
    assert_eq!(bench.kept().lines, lines(0..3000).as_bytes());
    assert_eq!(bench.import(&inputs).unwrap().known_files, 2);
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

#[test]
fn hostile_events_are_kept_as_they_are_or_rejected_with_a_reason() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let kept = [
        format!(r#"{{"type":"A","id":"1","payload":{}}}"#, deep("[", "]")),
        format!(
            r#"{{"type":"A","id":"2","payload":{}}}"#,
            deep(r#"{"a":"#, "}").replace("::", ":")
        ),
        format!(
            r#"{{"type":"A","id":"3","body":"{}"}}"#,
            "x".repeat(900_000)
        ),
        r#"{"type":"A","id":"4","id":"5","type":"B"}"#.to_owned(),
        r#"{"type":"A","id":6,"repo":{"id":"7"},"actor":8}"#.to_owned(),
        r#"{"type":"A","id":99999999999999999999999999,"payload":{"size":1e999,"number":-1}}"#
            .to_owned(),
        r#"{"type":"A","id":"7","actor":{"login":"\ud800"},"payload":{"action":"\udfff\ud800"}}"#
            .to_owned(),
        r#"{"type":"\u0000\ud83d\ude00","id":"\u0000"}"#.to_owned(),
        r#"{"type":"A","created_at":"9999-99-99T99:99:99Z","payload":{"pull_request":[[]]}}"#
            .to_owned(),
    ];
    let kept: Vec<String> = kept.map(|json| json.replace(":}", ":1}")).into();
    let rejected: [&[u8]; 6] = [
        b"{\"type\":\"\xff\xfe\"}",
        b"{\"type\":\"A\"} trailing",
        b"{\"type\":7}",
        b"{\"type\":\"A\",\"x\":\"\x01\"}",
        b"\xed\xa0\x80",
        b"{\"type\":\"A\",\"x\":00}",
    ];
    let mut content = Vec::new();
    for line in kept.iter().map(String::as_bytes).chain(rejected) {
        content.extend_from_slice(line);
        content.push(b'\n');
    }
    content.extend_from_slice(&[b'['; 20_000]);
    content.extend_from_slice(&[b'x'; 2_000_000]);
    let mut bench = Bench::new();
    let input = [bench.file("hostile.json", &content)];
    let summary = bench.import(&input).unwrap();
    assert_eq!(
        summary.appended,
        kept.len() as u64 + 1,
        "{:?}",
        bench.heard.rejected
    );
    let in_log = String::from_utf8(bench.kept().lines).unwrap();
    let in_log: Vec<&str> = in_log.lines().collect();
    let (trailed, others): (Vec<&str>, Vec<&str>) = in_log
        .into_iter()
        .partition(|json| *json == r#"{"type":"A"}"#);
    assert_eq!(
        trailed.len(),
        1,
        "an event with something behind it is one all the same"
    );
    assert!(others == kept, "some event did not come back as it was");
    assert_eq!(summary.rejected, bench.kept().rejects.len() as u64);
    assert!(bench.heard.rejected.len() >= rejected.len());
    for (place, reason) in &bench.heard.rejected {
        assert!(
            place.contains("hostile.json:") && !reason.is_empty(),
            "{place} {reason}"
        );
    }
}

fn shared_data() -> Option<PathBuf> {
    let root = std::env::var_os("GHEV_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let there = root.is_dir();
    if !there {
        eprintln!(
            "skipped: no real events at {} (set GHEV_SHARED_DATA)",
            root.display()
        );
    }
    there.then_some(root)
}

fn decompressed(path: &Path) -> Vec<u8> {
    let stored = fs::read(path).unwrap();
    let mut content = Vec::new();
    flate2::read::MultiGzDecoder::new(&stored[..])
        .read_to_end(&mut content)
        .unwrap();
    content
}

#[test]
fn real_hours_of_every_era_come_back_byte_for_byte() {
    let Some(root) = shared_data() else { return };
    for name in [
        "2012-06-14-15.json.gz",
        "2015-01-01-15.json.gz",
        "2016-01-01-5.json.gz",
    ] {
        let mut bench = Bench::new();
        let path = root.join("gharchive").join(name);
        let input = [Input::File(path.clone())];
        let summary = bench.import(&input).unwrap();
        let lines = decompressed(&path);
        assert_eq!(summary.rejected, 0, "{name}: {:?}", bench.heard.rejected);
        assert_eq!(
            summary.events,
            lines
                .split(|&byte| byte == b'\n')
                .filter(|l| !l.is_empty())
                .count() as u64
        );
        assert_eq!(summary.duplicates, 0, "{name}");
        assert!(
            bench.kept().lines == lines,
            "some line of {name} did not come back as it was"
        );
        assert_eq!(bench.import(&input).unwrap().appended, 0);
    }
}

#[test]
fn real_pages_of_the_events_api_come_back_on_one_line_each() {
    let Some(root) = shared_data() else { return };
    let mut bench = Bench::new();
    let input = [Input::Dir(root.join("events-api"))];
    let summary = bench.import(&input).unwrap();
    assert_eq!(
        (summary.files, summary.events, summary.rejected),
        (51, 1_319, 0)
    );
    let kept = bench.kept().lines;
    assert_eq!(
        kept.split(|&byte| byte == b'\n').count() as u64 - 1,
        summary.appended
    );
    assert_eq!(bench.import(&input).unwrap().appended, 0);
}
