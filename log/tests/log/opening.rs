//! What is no log, or not to be had, is told so, and nothing is written there.

use std::fs;

use ghev_log::{IdentityError, LogCursor, LogOptions, LogWriter, Offset, OpenError, ReadError};
use ghev_log::{RECORD_LIMIT_BYTES, stat};

use crate::support::{append, files, log_of, small_segments};

#[test]
fn a_second_writer_is_told_that_the_log_is_held() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    append(&mut writer, 0..3);
    let before = files(dir.path());
    let error = LogWriter::open(dir.path(), LogOptions::default()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    assert_eq!(files(dir.path()), before);
    append(&mut writer, 3..4);
    drop(writer);
    LogWriter::open(dir.path(), LogOptions::default()).unwrap();
}

#[test]
fn other_peoples_directories_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "all my work").unwrap();
    let error = LogWriter::open(dir.path(), LogOptions::default()).unwrap_err();
    assert!(error.to_string().contains("thesis.txt"), "{error}");
    assert!(matches!(
        LogCursor::open(dir.path(), Offset::ZERO).unwrap_err(),
        ReadError::Identity(IdentityError::NotALog { .. })
    ));
    assert_eq!(files(dir.path()).len(), 1);
}

#[test]
fn a_path_that_is_a_file_is_no_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "x").unwrap();
    let error = LogWriter::open(&path, LogOptions::default()).unwrap_err();
    assert!(
        matches!(error, OpenError::Identity(IdentityError::NotALog { .. })),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"x");
}

#[test]
fn another_format_version_is_refused_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    fs::write(dir.path().join("log.id"), "ghev-log 7 something else\n").unwrap();
    let before = files(dir.path());
    let error = LogWriter::open(dir.path(), LogOptions::default()).unwrap_err();
    assert!(matches!(
        error,
        OpenError::Identity(IdentityError::UnsupportedFormat { found: 7, .. })
    ));
    assert_eq!(files(dir.path()), before);
}

#[test]
fn a_creation_that_was_interrupted_is_done_again() {
    let whole = tempfile::tempdir().unwrap();
    log_of(whole.path(), 0);
    let made = files(whole.path());
    for left in [
        &["lock"][..],
        &["lock", "00000000000000000000.log"],
        &["lock", "00000000000000000000.log", "watermark"],
    ] {
        let dir = tempfile::tempdir().unwrap();
        for name in left {
            fs::write(dir.path().join(name), &made[*name]).unwrap();
        }
        assert!(matches!(
            stat(dir.path()).unwrap_err(),
            ReadError::NoLog { .. }
        ));
        let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
        assert!(writer.recovered().created);
        append(&mut writer, 0..2);
    }
}

#[test]
fn a_file_that_commitlog_would_take_for_a_segment_is_refused() {
    // commitlog slices the first twenty bytes of such names and panics.
    for name in ["notes.log", "old.index", "0.log"] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 3);
        fs::write(dir.path().join(name), "mine").unwrap();
        let error = LogWriter::open(dir.path(), LogOptions::default()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert!(matches!(error, OpenError::ForeignFile { .. }));
    }
}

#[test]
fn a_linked_segment_is_refused() {
    // commitlog does not follow links and would begin a new segment in its place.
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let segment = crate::support::segment(dir.path(), 0);
    let target = elsewhere.path().join("segment");
    fs::copy(&segment, &target).unwrap();
    fs::remove_file(&segment).unwrap();
    std::os::unix::fs::symlink(&target, &segment).unwrap();
    let error = LogWriter::open(dir.path(), LogOptions::default()).unwrap_err();
    assert!(matches!(error, OpenError::ForeignFile { .. }), "{error}");
}

#[test]
fn options_out_of_range_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    for (options, name) in [
        (
            LogOptions {
                segment_max_bytes: 0,
                ..small_segments()
            },
            "segment_max_bytes",
        ),
        (
            LogOptions {
                segment_max_bytes: u64::MAX,
                ..small_segments()
            },
            "segment_max_bytes",
        ),
        (
            LogOptions {
                record_max_bytes: RECORD_LIMIT_BYTES + 1,
                ..small_segments()
            },
            "record_max_bytes",
        ),
    ] {
        let error = LogWriter::open(&path, options).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(!path.exists());
}
