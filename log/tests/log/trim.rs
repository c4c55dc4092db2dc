//! Retention: what goes, what stays, and what a reader of either sees.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use ghev_log::{LogCursor, LogWriter, Offset, ReadError, TrimLimit, stat, verify};

use crate::support::{
    append, checksum, files, index, log_of, read_from, record, segment, small_segments,
};

/// Eight records in each segment: 0, 8, 16 and, the newest one, 24.
fn writer(dir: &std::path::Path) -> LogWriter {
    log_of(dir, 30);
    LogWriter::open(dir, small_segments()).unwrap()
}

fn before(offset: u64) -> TrimLimit {
    TrimLimit::BeforeOffset(Offset::new(offset))
}

fn expect_first(dir: &std::path::Path, first: u64, end: u64) {
    let expected: Vec<_> = (first..end).map(record).collect();
    assert_eq!(read_from(dir, first), expected);
    let stat = stat(dir).unwrap();
    assert_eq!(stat.first_offset, Offset::new(first));
    assert_eq!(stat.next_offset, Offset::new(end));
    let report = verify(dir, &mut |_| ()).unwrap();
    assert_eq!(report.damages, []);
    assert_eq!(report.records, end - first);
}

#[test]
fn whole_segments_go_and_the_newest_one_stays() {
    for (limit, first) in [(7, 0), (8, 8), (23, 16), (24, 24), (30, 24), (1000, 24)] {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let plan = writer.plan_trim(before(limit)).unwrap();
        assert_eq!(plan.records(), first);
        assert_eq!(plan.segments, first / 8);
        assert_eq!(writer.trim(before(limit)).unwrap(), plan);
        assert_eq!(writer.first_offset(), Offset::new(first));
        for base in [0, 8, 16] {
            assert_eq!(segment(dir.path(), base).exists(), base >= first);
            assert_eq!(index(dir.path(), base).exists(), base >= first);
            assert_eq!(checksum(dir.path(), base).exists(), base >= first);
        }
        expect_first(dir.path(), first, 30);
        // It goes on, now and when it is opened again.
        append(&mut writer, 30..40);
        writer.close().unwrap();
        let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
        assert_eq!(writer.first_offset(), Offset::new(first));
        expect_first(dir.path(), first, 40);
    }
}

#[test]
fn by_bytes_as_few_go_as_possible() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let bytes = stat(dir.path()).unwrap().bytes;
    assert_eq!(writer.trim(TrimLimit::ToBytes(bytes)).unwrap().segments, 0);
    let plan = writer.trim(TrimLimit::ToBytes(bytes - 1)).unwrap();
    assert_eq!((plan.segments, plan.until), (1, Offset::new(8)));
    assert_eq!(stat(dir.path()).unwrap().bytes, bytes - plan.bytes);
    assert_eq!(writer.trim(TrimLimit::ToBytes(0)).unwrap().segments, 2);
    expect_first(dir.path(), 24, 30);
}

#[test]
fn by_time_the_first_segment_written_since_keeps_those_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let written = |base, hours_ago: u64| {
        // As in a log that was written without checksum files.
        let _absent = fs::remove_file(checksum(dir.path(), base));
        let at = SystemTime::now() - Duration::from_secs(hours_ago * 3600);
        let file = File::options().write(true).open(segment(dir.path(), base));
        file.unwrap().set_modified(at).unwrap();
        at
    };
    let oldest = written(0, 50);
    // The clock was ahead for a while.
    written(8, 10);
    written(16, 30);
    let ago =
        |hours: u64| TrimLimit::BeforeTime(SystemTime::now() - Duration::from_secs(hours * 3600));
    assert_eq!(writer.plan_trim(ago(60)).unwrap().segments, 0);
    let plan = writer.trim(ago(20)).unwrap();
    assert_eq!(plan.segments, 1);
    assert_eq!(plan.last_written_at, Some(oldest));
    assert_eq!(writer.trim(ago(1)).unwrap().segments, 2);
    // The newest segment stays, however old it is.
    written(24, 100);
    assert_eq!(writer.trim(ago(1)).unwrap().segments, 0);
    expect_first(dir.path(), 24, 30);
}

#[test]
fn the_time_in_the_checksum_file_outlives_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    let writer = writer(dir.path());
    let now = TrimLimit::BeforeTime(SystemTime::now() + Duration::from_secs(1));
    for base in [0, 8, 16] {
        let file = File::options().write(true).open(segment(dir.path(), base));
        let later = SystemTime::now() + Duration::from_secs(3600);
        file.unwrap().set_modified(later).unwrap();
    }
    assert_eq!(writer.plan_trim(now).unwrap().segments, 3);
}

#[test]
fn a_cursor_below_is_told_where_the_log_begins() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let mut inside = LogCursor::open(dir.path(), Offset::new(2)).unwrap();
    assert_eq!(inside.read().unwrap().unwrap().payload, record(2));
    let mut outside = LogCursor::open(dir.path(), Offset::new(5)).unwrap();
    writer.trim(before(16)).unwrap();

    let trimmed = |error: ReadError| match error {
        ReadError::Trimmed { asked, first } => (asked.get(), first.get()),
        other => panic!("{other}"),
    };
    let opened = LogCursor::open(dir.path(), Offset::new(15));
    assert_eq!(trimmed(opened.unwrap_err()), (15, 16));
    assert_eq!(trimmed(outside.read().unwrap_err()), (5, 16));
    assert_eq!(trimmed(outside.seek(Offset::new(3)).unwrap_err()), (3, 16));
    // The segment that a cursor has open can still be read; then it is told.
    for number in 3..8 {
        assert_eq!(inside.read().unwrap().unwrap().payload, record(number));
    }
    assert_eq!(trimmed(inside.read().unwrap_err()), (8, 16));
    assert_eq!(inside.offset(), Offset::new(8), "it stays where it was");
    inside.seek(Offset::new(16)).unwrap();
    assert_eq!(inside.read().unwrap().unwrap().payload, record(16));
}

/// A cursor that had seen an earlier trim named the place where the log began then.
#[test]
fn a_seek_too_low_is_told_where_the_log_begins_by_now() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    writer.trim(before(8)).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::new(20)).unwrap();
    writer.trim(before(24)).unwrap();
    let Err(ReadError::Trimmed { first, .. }) = cursor.seek(Offset::new(5)) else {
        panic!("record 5 is there");
    };
    assert_eq!(first, Offset::new(24));
}

#[test]
fn what_an_interrupted_trim_left_is_no_part_of_the_log_and_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let before_it = files(dir.path());
    writer.trim(before(24)).unwrap();
    drop(writer);
    // The power was cut before the directory was synced: some files are there again.
    for name in ["00000000000000000008.log", "00000000000000000016.index"] {
        fs::write(dir.path().join(name), &before_it[name]).unwrap();
    }
    expect_first(dir.path(), 24, 30);
    let opened = LogCursor::open(dir.path(), Offset::new(8));
    assert!(matches!(opened, Err(ReadError::Trimmed { .. })));
    let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.first_offset(), Offset::new(24));
    assert!(!segment(dir.path(), 8).exists());
    assert!(!index(dir.path(), 16).exists());
}

#[test]
fn readers_beside_trims_see_records_or_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 0..10);
    let path = dir.path().to_owned();
    let reader = std::thread::spawn(move || {
        let mut cursor = LogCursor::open(&path, Offset::ZERO).unwrap();
        let mut told = 0;
        while cursor.offset() < Offset::new(1500) {
            match cursor.read() {
                Ok(Some(read)) => assert_eq!(read.payload, record(read.offset.get())),
                Ok(None) => {
                    cursor.wait(Duration::from_secs(60)).unwrap();
                }
                Err(ReadError::Trimmed { first, .. }) => {
                    told += 1;
                    cursor.seek(first).unwrap();
                }
                Err(other) => panic!("{other}"),
            }
            if cursor.offset().get().is_multiple_of(100) {
                let report = verify(&path, &mut |_| ()).unwrap();
                assert_eq!(report.damages, []);
            }
        }
        told
    });
    for batch in 1..150 {
        append(&mut writer, batch * 10..batch * 10 + 10);
        writer.trim(TrimLimit::ToBytes(0)).unwrap();
    }
    let _told = reader.join().unwrap();
}
