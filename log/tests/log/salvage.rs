//! Salvage: every sound record in a new log, and a list of what is missing.

use std::{fs, path::Path};

use ghev_log::{LogCursor, LogWriter, Offset, SalvageError, SalvageReport, salvage, verify};

use crate::support::{
    append, cut_to, files, flip_byte, frame_at, log_of, read_from, record, segment, small_segments,
};

/// Salvages and holds the new log to the records whose numbers are expected.
fn salvaged(dir: &Path, expected: impl Iterator<Item = u64>) -> SalvageReport {
    let before = files(dir);
    let into = tempfile::tempdir().unwrap();
    let into = into.path().join("new/log");
    let report = salvage(dir, &into, &mut |_| ()).unwrap();
    let expected: Vec<_> = expected.map(record).collect();
    assert_eq!(read_from(&into, 0), expected);
    assert_eq!(report.records, expected.len() as u64);
    let cursor = LogCursor::open(&into, Offset::ZERO).unwrap();
    assert_eq!(cursor.log_id(), report.log_id);
    assert_eq!(verify(&into, &mut |_| ()).unwrap().damages, []);
    assert_eq!(files(dir), before, "the old log is as it was");
    report
}

fn missing(report: &SalvageReport) -> Vec<(u64, u64)> {
    let places = report.damages.iter();
    places
        .map(|damage| (damage.offset.get(), damage.until.get()))
        .collect()
}

#[test]
fn every_sound_record_is_copied_and_every_missing_one_listed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 44);
    flip_byte(&segment(dir.path(), 0), frame_at(3) + 60);
    cut_to(&segment(dir.path(), 16), frame_at(5) + 7);
    fs::remove_file(segment(dir.path(), 24)).unwrap();
    flip_byte(&segment(dir.path(), 40), frame_at(3) + 90);
    let sound = (0..43).filter(|number| *number != 3 && !(21..32).contains(number));
    let report = salvaged(dir.path(), sound);
    assert_eq!(missing(&report), [(3, 4), (21, 32), (43, 44)]);
}

#[test]
fn a_sound_log_is_copied_whole() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    assert_eq!(missing(&salvaged(dir.path(), 0..20)), []);
}

#[test]
fn neither_the_identity_nor_the_watermark_need_be_sound() {
    for name in ["log.id", "watermark"] {
        for spoil in [None, Some(&b"scrambled"[..])] {
            let dir = tempfile::tempdir().unwrap();
            log_of(dir.path(), 20);
            match spoil {
                Some(bytes) => fs::write(dir.path().join(name), bytes).unwrap(),
                None => fs::remove_file(dir.path().join(name)).unwrap(),
            }
            flip_byte(&segment(dir.path(), 16), frame_at(1) + 60);
            let report = salvaged(dir.path(), (0..20).filter(|number| *number != 17));
            assert_eq!(missing(&report), [(17, 18)], "{name}");
        }
    }
}

#[test]
fn sound_records_above_the_watermark_are_saved_and_a_torn_end_is_not_missed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let watermark = fs::read(dir.path().join("watermark")).unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 3..19);
    drop(writer);
    fs::write(dir.path().join("watermark"), watermark).unwrap();
    crate::support::append_bytes(&segment(dir.path(), 16), b"torn");
    assert_eq!(missing(&salvaged(dir.path(), 0..19)), []);
}

#[test]
fn what_was_acknowledged_and_is_gone_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    fs::remove_file(segment(dir.path(), 16)).unwrap();
    assert_eq!(missing(&salvaged(dir.path(), 0..16)), [(16, 20)]);
    cut_to(&segment(dir.path(), 8), 1);
    assert_eq!(missing(&salvaged(dir.path(), 0..8)), [(8, 9), (8, 20)]);
}

#[test]
fn nothing_is_written_where_there_is_a_log_or_nothing_to_salvage() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    log_of(other.path(), 3);
    let before = files(other.path());
    for into in [other.path(), dir.path()] {
        let refused = salvage(dir.path(), into, &mut |_| ());
        assert!(matches!(refused, Err(SalvageError::NotEmpty { .. })));
    }
    assert_eq!(files(other.path()), before);
    let empty = tempfile::tempdir().unwrap();
    let into = empty.path().join("into");
    let refused = salvage(empty.path(), &into, &mut |_| ());
    assert!(matches!(refused, Err(SalvageError::NoSegments { .. })));
    assert!(!into.exists());
}
