//! Opening after faults: only what was never acknowledged is cut, and kept; anything else refuses,
//! names the place and changes nothing.

use std::{fs, path::Path};

use ghev_log::{Damage, DamageKind, FrameFault, LogWriter, Offset, OpenError, Recovery};

use crate::support::{
    append, append_bytes, assert_holds, cut_to, files, flip_byte, frame_at, index, log_of,
    quarantined, record, segment, small_segments,
};

fn reopen(dir: &Path) -> (LogWriter, Recovery) {
    let writer = LogWriter::open(dir, small_segments()).unwrap();
    let recovered = writer.recovered().clone();
    (writer, recovered)
}

/// Opens a log that must refuse, and returns the damage it names.
fn refused(dir: &Path) -> Damage {
    let before = files(dir);
    let error = LogWriter::open(dir, small_segments()).unwrap_err();
    assert_eq!(files(dir), before, "a refusal changes nothing");
    match error {
        OpenError::Damaged { damage, .. } => damage,
        other => panic!("{other}"),
    }
}

fn after_watermark(bytes: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 12);
    let newest = segment(dir.path(), 8);
    let sound = fs::read(&newest).unwrap();
    append_bytes(&newest, bytes);

    let (mut writer, recovered) = reopen(dir.path());
    let cut = recovered.cut.unwrap();
    assert_eq!(cut.bytes, bytes.len() as u64);
    assert_eq!(cut.damage.offset, Offset::new(12));
    assert_eq!(cut.damage.position.get(), sound.len() as u64);
    let quarantine = cut.quarantine.unwrap();
    assert_eq!(fs::read(quarantine).unwrap(), bytes);
    assert_eq!(fs::read(&newest).unwrap(), sound);

    append(&mut writer, 12..20);
    assert_holds(dir.path(), 20);
}

#[test]
fn half_a_header_is_cut_and_kept() {
    after_watermark(&[12, 0, 0, 0, 0, 0, 0, 0, 100]);
}

#[test]
fn zeros_are_cut_and_kept() {
    // Twenty zeros are a valid empty record to commitlog.
    after_watermark(&[0; 20]);
    after_watermark(&[0; 5000]);
}

#[test]
fn noise_is_cut_and_kept() {
    after_watermark(&[0xa5; 333]);
}

#[test]
fn the_same_place_may_be_torn_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    for round in 1..=3 {
        append_bytes(&segment(dir.path(), 0), b"torn");
        drop(reopen(dir.path()));
        assert_eq!(quarantined(dir.path()).len(), round);
    }
    assert_holds(dir.path(), 3);
}

/// A log whose watermark says 3 but whose segment holds 5 records: killed before the watermark was
/// stored, or a power cut in the second before the watermark file was synced.
fn watermark_behind(dir: &Path) {
    log_of(dir, 3);
    let watermark = fs::read(dir.join("watermark")).unwrap();
    let (mut writer, _) = reopen(dir);
    append(&mut writer, 3..5);
    drop(writer);
    fs::write(dir.join("watermark"), watermark).unwrap();
}

#[test]
fn sound_records_above_the_watermark_stay() {
    let dir = tempfile::tempdir().unwrap();
    watermark_behind(dir.path());
    assert_holds(dir.path(), 3);
    let (mut writer, recovered) = reopen(dir.path());
    assert_eq!((recovered.kept_records, recovered.cut), (2, None));
    assert_holds(dir.path(), 5);
    append(&mut writer, 5..7);
    assert_holds(dir.path(), 7);
}

#[test]
fn a_broken_record_above_the_watermark_ends_the_log() {
    let dir = tempfile::tempdir().unwrap();
    watermark_behind(dir.path());
    flip_byte(&segment(dir.path(), 0), frame_at(3) + 50);
    let (mut writer, recovered) = reopen(dir.path());
    assert_eq!(recovered.cut.unwrap().bytes, 240, "it and what follows");
    append(&mut writer, 3..4);
    assert_holds(dir.path(), 4);
}

#[test]
fn a_flipped_bit_below_the_watermark_refuses_and_names_the_place() {
    // Offset, size, checksum, reserved bytes and payload.
    for (byte, is_expected) in [
        (
            0,
            (|fault| matches!(fault, FrameFault::WrongOffset { .. })) as fn(FrameFault) -> bool,
        ),
        (8, |fault| !matches!(fault, FrameFault::Empty)),
        (12, |fault| matches!(fault, FrameFault::Checksum { .. })),
        (16, |fault| matches!(fault, FrameFault::ReservedBytes)),
        (20, |fault| matches!(fault, FrameFault::Checksum { .. })),
        (119, |fault| matches!(fault, FrameFault::Checksum { .. })),
    ] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 12);
        flip_byte(&segment(dir.path(), 8), frame_at(2) + byte);
        let damage = refused(dir.path());
        assert_eq!(damage.segment, "00000000000000000008.log");
        assert_eq!(damage.position.get(), frame_at(2));
        assert_eq!(damage.offset, Offset::new(10));
        assert!(
            matches!(damage.kind, DamageKind::Frame(fault) if is_expected(fault)),
            "{damage}"
        );
    }
}

#[test]
fn the_last_acknowledged_record_is_not_taken_for_a_torn_one() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    flip_byte(&segment(dir.path(), 0), frame_at(3) - 1);
    assert_eq!(refused(dir.path()).offset, Offset::new(2));
}

#[test]
fn the_refusal_tells_a_person_where_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 12);
    flip_byte(&segment(dir.path(), 8), frame_at(1) + 30);
    let error = LogWriter::open(dir.path(), small_segments()).unwrap_err();
    let message = error.to_string();
    for part in [
        "00000000000000000008.log",
        "byte 122",
        "record 9",
        "ghev log verify",
        "nothing was changed",
    ] {
        assert!(message.contains(part), "{part} in: {message}");
    }
}

#[test]
fn a_segment_cut_short_below_the_watermark_refuses() {
    // In a frame and between frames, of the newest segment and of a closed one.
    for (base, bytes, offset) in [
        (16, frame_at(3) - 1, 18),
        (16, frame_at(2), 18),
        (16, 2, 16),
        (16, 1, 16),
        (16, 0, 16),
        (8, frame_at(8) - 1, 15),
        (8, frame_at(5), 13),
        (8, 0, 8),
    ] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 19);
        cut_to(&segment(dir.path(), base), bytes);
        let damage = refused(dir.path());
        assert_eq!(damage.offset, Offset::new(offset), "{damage}");
        assert_eq!(damage.segment, format!("{base:020}.log"));
    }
}

#[test]
fn a_missing_segment_refuses() {
    for (base, first_missing) in [(0, 0), (8, 8), (16, 16)] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 19);
        fs::remove_file(segment(dir.path(), base)).unwrap();
        let damage = refused(dir.path());
        assert_eq!(damage.kind, DamageKind::MissingRecords);
        assert_eq!(damage.offset, Offset::new(first_missing), "{damage}");
    }
}

#[test]
fn all_segments_missing_refuses() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    for base in [0, 8, 16] {
        fs::remove_file(segment(dir.path(), base)).unwrap();
    }
    assert_eq!(refused(dir.path()).offset, Offset::ZERO);
}

#[test]
fn a_segment_of_another_place_refuses() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    fs::copy(segment(dir.path(), 0), segment(dir.path(), 8)).unwrap();
    assert_eq!(refused(dir.path()).segment, "00000000000000000008.log");

    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    fs::copy(segment(dir.path(), 0), segment(dir.path(), 4)).unwrap();
    refused(dir.path());

    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    append_bytes(&segment(dir.path(), 8), b"more than there should be");
    assert_eq!(refused(dir.path()).offset, Offset::new(16));
}

#[test]
fn another_logs_segment_of_the_same_records_refuses() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let other = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(other.path(), small_segments()).unwrap();
    writer.append(&[b"a", b"b", b"c"]).unwrap();
    fs::copy(segment(other.path(), 0), segment(dir.path(), 0)).unwrap();
    assert_eq!(refused(dir.path()).kind, DamageKind::Overlap);
}

#[test]
fn a_crash_while_rolling_leaves_nothing_to_repair_by_hand() {
    // The new segment's file may be there or not, empty, half begun or full of zeros, with or
    // without its index.
    for bytes in [&[][..], &[0xff], &[0xff, 0xff], &[0, 0], &[0; 4096]] {
        for has_index in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            log_of(dir.path(), 8);
            fs::write(segment(dir.path(), 8), bytes).unwrap();
            if has_index {
                fs::write(index(dir.path(), 8), [0; 64]).unwrap();
            }
            let (mut writer, _) = reopen(dir.path());
            append(&mut writer, 8..20);
            assert_holds(dir.path(), 20);
        }
    }
}

#[test]
fn indexes_without_a_segment_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 8);
    fs::write(index(dir.path(), 8), [0; 64]).unwrap();
    fs::write(index(dir.path(), 3), b"x").unwrap();
    drop(reopen(dir.path()));
    assert!(!index(dir.path(), 8).exists());
    assert!(!index(dir.path(), 3).exists());
}

#[test]
fn a_lost_watermark_of_a_sound_log_is_made_anew() {
    for bytes in [None, Some(&[][..]), Some(&[0; 8192]), Some(b"noise")] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 12);
        let path = dir.path().join("watermark");
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let (mut writer, recovered) = reopen(dir.path());
        assert!(recovered.watermark_rebuilt);
        append(&mut writer, 12..13);
        assert_holds(dir.path(), 13);
    }
}

#[test]
fn without_a_watermark_a_broken_end_is_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 12);
    fs::remove_file(dir.path().join("watermark")).unwrap();
    append_bytes(&segment(dir.path(), 8), b"torn");
    let before = files(dir.path());
    let error = LogWriter::open(dir.path(), small_segments()).unwrap_err();
    assert!(matches!(error, OpenError::WatermarkLost { .. }), "{error}");
    assert_eq!(files(dir.path()), before);
}

#[test]
fn one_torn_slot_of_the_watermark_costs_nothing() {
    for slot in [0, 4096] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 12);
        flip_byte(&dir.path().join("watermark"), slot + 40);
        let (_writer, recovered) = reopen(dir.path());
        assert!(!recovered.watermark_rebuilt);
        assert_holds(dir.path(), 12);
    }
}

#[test]
fn another_logs_watermark_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let other = tempfile::tempdir().unwrap();
    log_of(other.path(), 30);
    fs::copy(other.path().join("watermark"), dir.path().join("watermark")).unwrap();
    let (_writer, recovered) = reopen(dir.path());
    assert!(recovered.watermark_rebuilt);
    assert_eq!(crate::support::read_from(dir.path(), 2), [record(2)]);
}
