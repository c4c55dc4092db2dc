//! The same files again: after an end, a stop, a change, and in another log.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use ghev_event::Decoder;
use ghev_log::{LogCursor, Offset};

use super::{Bench, line, lines};
use crate::import::{ImportOptions, ImportSummary, Input, finished, import, inputs};

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
