//! Indexes are caches: whatever becomes of them, the records are the same.

use std::{fs, path::Path};

use ghev_log::{LogCursor, LogWriter, Offset};

use crate::support::{
    append, append_bytes, assert_holds, cut_to, index, log_of, record, small_segments,
};

const BASES: [u64; 3] = [0, 8, 16];

fn nothing_changes(spoil: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    for base in BASES {
        spoil(&index(dir.path(), base));
    }
    // For a reader while no writer comes to repair them.
    assert_holds(dir.path(), 20);
    for number in 0..20 {
        let mut cursor = LogCursor::open(dir.path(), Offset::new(number)).unwrap();
        let read = cursor.read().unwrap().unwrap();
        assert_eq!(read.payload, record(number));
    }
    // For the next writer.
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.next_offset(), Offset::new(20));
    append(&mut writer, 20..40);
    assert_holds(dir.path(), 40);
    writer.close().unwrap();
    assert_eq!(fs::metadata(index(dir.path(), 0)).unwrap().len(), 64);
}

#[test]
fn deleted() {
    nothing_changes(|path| fs::remove_file(path).unwrap());
}

#[test]
fn emptied() {
    nothing_changes(|path| cut_to(path, 0));
}

#[test]
fn cut_in_an_entry() {
    nothing_changes(|path| cut_to(path, 13));
}

#[test]
fn cut_between_entries() {
    nothing_changes(|path| cut_to(path, 16));
}

#[test]
fn zero_filled() {
    nothing_changes(|path| fs::write(path, [0; 64]).unwrap());
}

#[test]
fn scrambled() {
    nothing_changes(|path| fs::write(path, [0x5a; 64]).unwrap());
}

#[test]
fn another_segments() {
    nothing_changes(|path| {
        let mut entries = Vec::new();
        for entry in 0..8u32 {
            entries.extend_from_slice(&entry.to_le_bytes());
            entries.extend_from_slice(&(2 + entry * 77).to_le_bytes());
        }
        fs::write(path, entries).unwrap();
    });
}

#[test]
fn too_long() {
    nothing_changes(|path| append_bytes(path, &[1; 24]));
}

#[test]
fn a_rebuilt_index_is_told() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 20);
    fs::remove_file(index(dir.path(), 8)).unwrap();
    let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.recovered().rebuilt_indexes, 1);
}

#[test]
fn the_active_index_has_no_hole() {
    // commitlog maps it: a hole on a full disk would kill the process by SIGBUS.
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 0..20);
    let metadata = fs::metadata(index(dir.path(), 16)).unwrap();
    assert_eq!(metadata.len(), 512 * 1024);
    fs::File::open(index(dir.path(), 16))
        .unwrap()
        .sync_all()
        .unwrap();
    let metadata = fs::metadata(index(dir.path(), 16)).unwrap();
    assert!(metadata.blocks() * 512 >= metadata.len());
}
