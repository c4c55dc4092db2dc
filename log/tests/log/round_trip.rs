//! What is appended is read, over reopening and over segments.

use std::fs;

use ghev_log::{AppendError, LogId, LogOptions, LogWriter, Offset, stat, verify};

use crate::support::{
    append, append_bytes, assert_holds, checksum, index, log_of, read_from, record, segment,
    small_segments,
};

/// What a segment begins with.
const MAGIC_BYTES: usize = 2;

#[test]
fn a_new_log_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/log");
    let writer = LogWriter::open(&path, LogOptions::default()).unwrap();
    assert!(writer.recovered().created);
    assert_eq!(writer.next_offset(), Offset::ZERO);
    assert_eq!(writer.first_offset(), Offset::ZERO);
    assert_holds(&path, 0);
}

#[test]
fn offsets_go_on_after_reopening_and_the_log_stays_the_same_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut ids: Vec<LogId> = Vec::new();
    for round in 0..5 {
        let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
        assert_eq!(writer.recovered().created, round == 0);
        assert_eq!(writer.recovered().cut, None);
        append(&mut writer, round * 10..round * 10 + 10);
        ids.push(writer.log_id());
        if round % 2 == 0 {
            writer.close().unwrap();
        }
    }
    assert_holds(dir.path(), 50);
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[test]
fn what_append_returned_for_is_visible_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    for number in 0..40 {
        append(&mut writer, number..number + 1);
        assert_eq!(read_from(dir.path(), number), [record(number)]);
    }
}

#[test]
fn one_batch_may_fill_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 100);
    assert_eq!(stat(dir.path()).unwrap().segments, 13, "eight in each");
    assert_holds(dir.path(), 100);
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 100..120);
    assert_holds(dir.path(), 120);
}

#[test]
fn a_record_larger_than_a_segment_has_one_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let records = [vec![1; 10], vec![2; 5000], vec![3; 10]];
    writer.append(&records).unwrap();
    writer.close().unwrap();
    assert_eq!(read_from(dir.path(), 0), records);
    assert_eq!(stat(dir.path()).unwrap().segments, 3);
    LogWriter::open(dir.path(), small_segments()).unwrap();
}

#[test]
fn a_batch_of_many_megabytes_is_one_append() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    let records: Vec<_> = (0..12u8).map(|byte| vec![byte; 1_000_000]).collect();
    let offsets = writer.append(&records).unwrap();
    assert_eq!(offsets, Offset::ZERO..Offset::new(12));
    assert_eq!(read_from(dir.path(), 0), records);
}

#[test]
fn records_that_are_refused_change_nothing_and_do_not_stop_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let options = LogOptions {
        record_max_bytes: 100,
        ..LogOptions::default()
    };
    let mut writer = LogWriter::open(dir.path(), options).unwrap();
    let empty = writer.append(&[record(0), Vec::new()]).unwrap_err();
    assert!(matches!(empty, AppendError::RecordEmpty { index: 1 }));
    let large = writer.append(&[vec![0; 101]]).unwrap_err();
    assert!(large.is_refusal());
    assert!(matches!(
        large,
        AppendError::RecordTooLarge {
            index: 0,
            bytes: 101,
            limit_bytes: 100
        }
    ));
    assert!(writer.append::<Vec<u8>>(&[]).unwrap().is_empty());
    assert_eq!(fs::metadata(segment(dir.path(), 0)).unwrap().len(), 2);
    append(&mut writer, 0..1);
    assert_holds(dir.path(), 1);
}

#[test]
fn a_segment_rolls_before_its_index_is_full() {
    // commitlog grows a full index by a hole, which on a full disk kills the process, and takes
    // an index without a free entry for a closed one.
    const INDEX_ENTRIES: usize = 64 * 1024;
    let dir = tempfile::tempdir().unwrap();
    let records = vec![b"x"; INDEX_ENTRIES - 1];
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    writer.append(&records).unwrap();
    assert_eq!(stat(dir.path()).unwrap().segments, 1);
    writer.close().unwrap();
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    writer.append(&records[..2]).unwrap();
    assert_eq!(stat(dir.path()).unwrap().segments, 2);
    writer.close().unwrap();
    let writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!(writer.next_offset(), Offset::new(64 * 1024 + 1));
    assert_eq!(read_from(dir.path(), 64 * 1024 - 2), vec![b"x"; 3]);
}

/// Segments took four times as many records once, and what one allows the next may not: the newest
/// segment of such a log is opened with an index that has its one free entry, and takes no more.
#[test]
fn a_segment_of_more_records_than_an_index_has_room_for_is_closed_at_the_next_append() {
    const SEGMENT_RECORDS: usize = 64 * 1024 - 1;
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    let records = vec![b"x"; 2 * SEGMENT_RECORDS];
    writer.append(&records).unwrap();
    writer.close().unwrap();
    let second = segment(dir.path(), SEGMENT_RECORDS as u64);
    append_bytes(
        &segment(dir.path(), 0),
        &fs::read(&second).unwrap()[MAGIC_BYTES..],
    );
    for gone in [
        second,
        index(dir.path(), SEGMENT_RECORDS as u64),
        checksum(dir.path(), 0),
        dir.path().join("watermark"),
    ] {
        fs::remove_file(gone).unwrap();
    }

    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    assert_eq!(writer.next_offset(), Offset::new(records.len() as u64));
    assert_eq!(stat(dir.path()).unwrap().segments, 1);
    writer.append(&records[..2]).unwrap();
    writer.close().unwrap();
    assert_eq!(stat(dir.path()).unwrap().segments, 2);
    assert_eq!(verify(dir.path(), &mut |_| {}).unwrap().damages, []);
    let last = read_from(dir.path(), records.len() as u64 - 1);
    assert_eq!(last, vec![b"x"; 3]);
}

#[test]
#[cfg(target_os = "linux")]
fn the_writer_has_few_files_open_however_many_segments_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let open_files = || {
        let links = fs::read_dir("/proc/self/fd").unwrap();
        let targets = links.filter_map(|link| fs::read_link(link.unwrap().path()).ok());
        targets.filter(|path| path.starts_with(dir.path())).count()
    };
    let few = open_files();
    // The lock, the watermark, the segment twice and its index.
    assert!(few <= 5, "{few} files are open");
    append(&mut writer, 0..400);
    assert_eq!(stat(dir.path()).unwrap().segments, 50);
    assert_eq!(open_files(), few, "after rolls");
    drop(writer);
    let _writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(open_files(), few, "after reopening");
}
