//! A watermark file that a power cut set back to an earlier state, below readers that live on.

use std::fs;

use ghev_log::{LogCursor, LogWriter, Offset};

use crate::support::{append, record, small_segments};

/// The next writer counts its watermarks on from the file it found. A cursor that had seen higher
/// numbers took all of them for old ones, and stood still until they had caught up.
#[test]
fn a_cursor_goes_on_with_the_writer_that_comes_after() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    let path = dir.path().join("watermark");
    let early = fs::read(&path).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::ZERO).unwrap();
    for number in 0..20 {
        append(&mut writer, number..number + 1);
        assert_eq!(cursor.read().unwrap().unwrap().payload, record(number));
    }
    drop(writer);
    fs::write(&path, early).unwrap();
    assert_eq!(cursor.read().unwrap(), None);
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.recovered().kept_records, 20);
    append(&mut writer, 20..21);
    assert_eq!(cursor.read().unwrap().unwrap().payload, record(20));
}
