//! Reading beside a writer in the same process.

use std::{
    fs,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use ghev_log::{DamageKind, LogCursor, LogWriter, Offset, ReadError};

use crate::support::{
    append, append_bytes, cut_to, flip_byte, frame_at, log_of, record, segment, small_segments,
};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_cursor_follows_the_writer_over_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::ZERO).unwrap();
    for number in 0..50 {
        assert_eq!(cursor.read().unwrap(), None);
        assert_eq!(cursor.offset(), Offset::new(number));
        append(&mut writer, number..number + 1);
        assert_eq!(cursor.read().unwrap().unwrap().payload, record(number));
    }
    assert_eq!(cursor.log_id(), writer.log_id());
    assert_eq!(cursor.watermark().unwrap(), Offset::new(50));
    assert_eq!(cursor.first_offset().unwrap(), Offset::ZERO);
}

#[test]
fn bytes_above_the_watermark_are_never_read() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let watermark = fs::read(dir.path().join("watermark")).unwrap();
    log_of_more(dir.path());
    fs::write(dir.path().join("watermark"), watermark).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::new(2)).unwrap();
    assert_eq!(cursor.read().unwrap().unwrap().payload, record(2));
    assert_eq!(cursor.read().unwrap(), None);
    append_bytes(&segment(dir.path(), 0), b"torn");
    assert_eq!(cursor.read().unwrap(), None);
}

fn log_of_more(dir: &std::path::Path) {
    let mut writer = LogWriter::open(dir, small_segments()).unwrap();
    append(&mut writer, 3..5);
}

#[test]
fn seeking_goes_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 40);
    let mut cursor = LogCursor::open(dir.path(), Offset::new(35)).unwrap();
    for number in [35, 0, 39, 8, 7, 16, 15, 23] {
        cursor.seek(Offset::new(number)).unwrap();
        let read = cursor.read().unwrap().unwrap();
        assert_eq!(read.offset, Offset::new(number));
        assert_eq!(read.payload, record(number));
    }
    cursor.seek(Offset::new(41)).unwrap();
    assert_eq!(cursor.read().unwrap(), None);
}

#[test]
fn a_cursor_beyond_the_end_waits_for_its_record() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::new(20)).unwrap();
    append(&mut writer, 0..20);
    assert_eq!(cursor.read().unwrap(), None);
    append(&mut writer, 20..30);
    assert_eq!(cursor.read().unwrap().unwrap().payload, record(20));
}

#[test]
fn a_damaged_record_is_told_and_may_be_passed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    // A size too, which once led the search for the record after it past that record.
    flip_byte(&segment(dir.path(), 8), frame_at(2) + 8);
    flip_byte(&segment(dir.path(), 8), frame_at(5) + 50);
    fs::remove_file(crate::support::index(dir.path(), 8)).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::ZERO).unwrap();
    let mut damaged = Vec::new();
    loop {
        let read = cursor.read();
        match read {
            Ok(Some(read)) => assert_eq!(read.payload, record(read.offset.get())),
            Ok(None) => break,
            Err(ReadError::Damaged { damage, .. }) => {
                damaged.push(damage.offset.get());
                assert_eq!(damage.offset, cursor.offset());
                cursor.seek(damage.until).unwrap();
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(damaged, [10, 13]);
    assert_eq!(cursor.offset(), Offset::new(20));
}

#[test]
fn a_segment_that_lost_its_end_is_damage_not_an_endless_search() {
    for (base, bytes) in [
        (8, frame_at(4)),
        (16, frame_at(1)),
        (8, 2),
        (16, 2),
        (16, 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 19);
        cut_to(&segment(dir.path(), base), bytes);
        for from in [0, base, base + 2] {
            let mut cursor = LogCursor::open(dir.path(), Offset::new(from)).unwrap();
            let error = loop {
                match cursor.read() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("the damage was skipped"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, ReadError::Damaged { .. }), "{error}");
        }
    }
}

#[test]
fn a_missing_segment_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    for base in [16, 8, 0] {
        fs::remove_file(segment(dir.path(), base)).unwrap();
        let mut cursor = LogCursor::open(dir.path(), Offset::new(base)).unwrap();
        let Err(ReadError::Damaged { damage, .. }) = cursor.read() else {
            panic!("segment {base} is not missed");
        };
        assert_eq!(damage.kind, DamageKind::MissingRecords);
    }
}

#[test]
fn waiting_ends_by_time() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let mut cursor = LogCursor::open(dir.path(), Offset::new(3)).unwrap();
    let started = Instant::now();
    assert!(!cursor.wait(Duration::from_millis(30)).unwrap());
    assert!(started.elapsed() >= Duration::from_millis(30));
    cursor.seek(Offset::new(2)).unwrap();
    assert!(cursor.wait(Duration::ZERO).unwrap());
}

#[test]
fn waiting_ends_by_an_append() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::ZERO).unwrap();
    let (seen, all_seen) = mpsc::channel();
    let reader = thread::spawn(move || {
        for number in 0..30 {
            assert!(cursor.wait(LONG).unwrap());
            assert_eq!(cursor.read().unwrap().unwrap().payload, record(number));
            seen.send(number).unwrap();
        }
    });
    for number in 0..30 {
        append(&mut writer, number..number + 1);
        assert_eq!(all_seen.recv_timeout(LONG).unwrap(), number);
    }
    reader.join().unwrap();
}

#[test]
fn a_log_deleted_or_replaced_under_a_cursor_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    log_of(&path, 3);
    let mut cursor = LogCursor::open(&path, Offset::new(3)).unwrap();
    assert_eq!(cursor.read().unwrap(), None);
    fs::remove_dir_all(&path).unwrap();
    assert!(matches!(cursor.wait(LONG), Err(ReadError::Replaced { .. })));
    log_of(&path, 30);
    assert!(matches!(cursor.read(), Err(ReadError::Replaced { .. })));
}

#[test]
fn another_log_moved_into_place_is_not_read_for_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    log_of(&path, 20);
    let mut cursor = LogCursor::open(&path, Offset::ZERO).unwrap();
    assert!(cursor.read().unwrap().is_some());
    fs::rename(&path, dir.path().join("old")).unwrap();
    log_of(&path, 20);
    let error = loop {
        match cursor.read() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the other log was read"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, ReadError::Replaced { .. }), "{error}");
    assert_eq!(cursor.offset(), Offset::new(8), "the segment it had open");
}

#[test]
fn a_watermark_that_became_unreadable_is_told() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let mut cursor = LogCursor::open(dir.path(), Offset::new(3)).unwrap();
    cut_to(&dir.path().join("watermark"), 10);
    assert!(matches!(
        cursor.read(),
        Err(ReadError::WatermarkUnreadable { .. })
    ));
    assert!(matches!(
        LogCursor::open(dir.path(), Offset::ZERO),
        Err(ReadError::WatermarkUnreadable { .. })
    ));
}
