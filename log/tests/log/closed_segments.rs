//! Closed segments and their checksum files: what opening makes of one that is missing, or that tells
//! of another segment.

use std::fs;

use ghev_log::{Damage, DamageKind, LogWriter, Offset, OpenError, verify};

use crate::support::{append, checksum, files, frame_at, log_of, segment, small_segments};

/// Records 0, 8, 16 and, in the newest segment, 24 on.
fn segmented() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    dir
}

fn refused(dir: &std::path::Path) -> Damage {
    let before = files(dir);
    let error = LogWriter::open(dir, small_segments()).unwrap_err();
    let said = error.to_string();
    for part in [
        "ghev log verify",
        "salvage --into DIR",
        "nothing was changed",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let mut after = files(dir);
    // The lock file is made by whoever tries.
    after.remove("lock");
    for (name, bytes) in after {
        assert_eq!(before.get(&name), Some(&bytes), "{name} changed");
    }
    match error {
        OpenError::Damaged { damage, .. } => damage,
        other => panic!("{other}"),
    }
}

/// A power cut in the middle of a roll, and a log written before there were checksum files, left
/// segments that only a look at every record could prove, for ever.
#[test]
fn opening_makes_the_checksum_files_that_are_missing() {
    let dir = segmented();
    let before = files(dir.path());
    for base in [0, 16] {
        fs::remove_file(checksum(dir.path(), base)).unwrap();
    }
    // One that cannot be believed is one that is missing.
    fs::write(checksum(dir.path(), 8), "junk").unwrap();
    assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().proven_segments, 0);
    let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.recovered().proven_segments, 3);
    assert_eq!(writer.recovered().unproven_segments, 0);
    writer.close().unwrap();
    for name in ["00000000000000000000.sum", "00000000000000000016.sum"] {
        // The time in it is the file's, not to the millisecond that of the append.
        let (now, then) = (&files(dir.path())[name], &before[name]);
        assert_eq!(now[..56], then[..56], "{name}");
        assert_eq!(now[64..80], then[64..80], "{name}");
    }
    let report = verify(dir.path(), &mut |_| ()).unwrap();
    assert_eq!((report.proven_segments, report.records), (3, 30));
    assert_eq!(report.damages, []);
}

#[test]
fn a_damaged_segment_gets_no_checksum_file_that_calls_it_sound() {
    let dir = segmented();
    fs::remove_file(checksum(dir.path(), 8)).unwrap();
    let mut bytes = fs::read(segment(dir.path(), 8)).unwrap();
    // In the middle, where nothing but a look at every record finds it.
    let at = usize::try_from(frame_at(3)).unwrap() + 50;
    bytes[at] ^= 1;
    fs::write(segment(dir.path(), 8), bytes).unwrap();
    let damage = refused(dir.path());
    assert_eq!(damage.segment, "00000000000000000008.log");
    assert_eq!(damage.position.get(), frame_at(3));
    assert_eq!(damage.offset, Offset::new(11));
    assert!(!checksum(dir.path(), 8).exists());
}

#[test]
fn a_segment_that_has_not_the_size_of_its_checksum_file_is_named_with_the_place() {
    // Cut in the middle, or with something behind its end.
    for (cut, at, record) in [(true, frame_at(5), 13), (false, frame_at(8), 16)] {
        let dir = segmented();
        let path = segment(dir.path(), 8);
        let mut bytes = fs::read(&path).unwrap();
        match cut {
            true => bytes.truncate(usize::try_from(frame_at(5)).unwrap() + 7),
            false => bytes.extend_from_slice(b"more"),
        }
        fs::write(&path, bytes).unwrap();
        let damage = refused(dir.path());
        assert_eq!(damage.segment, "00000000000000000008.log");
        assert_eq!(damage.position.get(), at);
        assert_eq!(damage.offset, Offset::new(record));
    }
}

#[test]
fn a_segment_of_sound_records_that_is_not_the_one_closed_is_refused() {
    let dir = segmented();
    let other = tempfile::tempdir().unwrap();
    // The same offsets and another size: from a log that was put back and went on.
    let mut writer = LogWriter::open(other.path(), small_segments()).unwrap();
    append(&mut writer, 0..8);
    let shorter: Vec<_> = (8..17).map(|n| format!("other {n:093}")).collect();
    writer.append(&shorter).unwrap();
    writer.close().unwrap();
    fs::copy(segment(other.path(), 8), segment(dir.path(), 8)).unwrap();
    let damage = refused(dir.path());
    assert_eq!(damage.segment, "00000000000000000008.log");
    assert_eq!((damage.offset.get(), damage.until.get()), (8, 16));
    assert_eq!(damage.kind, DamageKind::Digest);
}
