//! What the tests share: logs with small segments, records that tell their offset, and files
//! looked at and changed from outside.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};

/// Bytes of a frame before its payload.
pub(crate) const FRAME_HEADER_BYTES: u64 = 20;

/// Segments of a few records, so that tests roll.
pub(crate) fn small_segments() -> LogOptions {
    LogOptions {
        segment_max_bytes: 1000,
        ..LogOptions::default()
    }
}

/// The record that tests append as number `number`: 100 bytes that no other number has.
pub(crate) fn record(number: u64) -> Vec<u8> {
    format!("record {number:093}").into_bytes()
}

/// Where the frame of record `number` of a segment begins, if all are `record`s.
pub(crate) fn frame_at(number: u64) -> u64 {
    2 + number * (FRAME_HEADER_BYTES + 100)
}

pub(crate) fn append(writer: &mut LogWriter, numbers: std::ops::Range<u64>) {
    let records: Vec<_> = numbers.clone().map(record).collect();
    let offsets = writer.append(&records).unwrap();
    assert_eq!(offsets.start.get()..offsets.end.get(), numbers);
}

/// A closed log that holds the records up to `end`, eight in a segment.
pub(crate) fn log_of(dir: &Path, end: u64) {
    let mut writer = LogWriter::open(dir, small_segments()).unwrap();
    append(&mut writer, 0..end);
    writer.close().unwrap();
}

/// Everything a new cursor reads from `from` on.
pub(crate) fn read_from(dir: &Path, from: u64) -> Vec<Vec<u8>> {
    let mut cursor = LogCursor::open(dir, Offset::new(from)).unwrap();
    let mut records = Vec::new();
    while let Some(record) = cursor.read().unwrap() {
        assert_eq!(record.offset, Offset::new(from + records.len() as u64));
        records.push(record.payload.to_vec());
    }
    records
}

pub(crate) fn assert_holds(dir: &Path, end: u64) {
    let expected: Vec<_> = (0..end).map(record).collect();
    assert_eq!(read_from(dir, 0), expected);
}

pub(crate) fn segment(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.log"))
}

pub(crate) fn index(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.index"))
}

pub(crate) fn checksum(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}.sum"))
}

/// The names and bytes of all files, without the links for commitlog.
pub(crate) fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let read = files.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    });
    read.collect()
}

/// The names of files that keep bytes cut by recovery.
pub(crate) fn quarantined(dir: &Path) -> Vec<String> {
    let names = files(dir).into_keys();
    names.filter(|name| name.ends_with(".torn")).collect()
}

pub(crate) fn flip_byte(path: &Path, at: u64) {
    let file = open(path);
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x40], at).unwrap();
}

pub(crate) fn append_bytes(path: &Path, bytes: &[u8]) {
    let end = fs::metadata(path).unwrap().len();
    open(path).write_all_at(bytes, end).unwrap();
}

pub(crate) fn cut_to(path: &Path, bytes: u64) {
    open(path).set_len(bytes).unwrap();
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}
