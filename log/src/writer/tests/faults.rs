//! Errors of the disk while the machine goes on.

use std::fs;

use super::*;
use crate::{segment, watermark};

#[test]
fn whatever_call_fails_the_writer_stops_and_nothing_acknowledged_is_lost() {
    for call in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingDisk::default();
        let mut writer = open(dir.path(), &disk);
        disk.plan().fail_in = Some(call);
        let mut acknowledged = 0;
        let mut failed = false;
        for batch in batches() {
            match writer.append(&batch) {
                Ok(offsets) => {
                    assert!(!failed, "a stopped writer goes on");
                    assert_eq!(offsets.start.get(), acknowledged as u64);
                    acknowledged += batch.len();
                }
                Err(error) => {
                    assert!(!error.is_refusal(), "{error}");
                    assert_eq!(failed, matches!(error, AppendError::Poisoned { .. }));
                    failed = true;
                }
            }
        }
        if !failed {
            assert!(call > 50, "the workload has only {call} calls");
            return;
        }
        assert!(disk.has_failed());
        assert!(read_all(dir.path()).len() >= acknowledged);
        assert!(matches!(writer.close(), Err(AppendError::Poisoned { .. })));
        check_reopened(dir.path(), acknowledged);
    }
}

#[test]
fn a_full_disk_is_refused_before_anything_is_written_and_passes() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let mut writer = open(dir.path(), &disk);
    writer.append(&[b"before"]).unwrap();

    let floor_bytes = small_segments().free_space_floor_bytes;
    disk.plan().free_bytes = Some(floor_bytes + 1000);
    let error = writer.append(&[b"during"]).unwrap_err();
    assert!(error.is_refusal());
    let AppendError::NoSpace { needed_bytes, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(read_all(dir.path()), [b"before"]);

    disk.plan().free_bytes = Some(floor_bytes + needed_bytes);
    writer.append(&[b"after"]).unwrap();
    writer.close().unwrap();
    assert_eq!(
        read_all(dir.path()),
        [b"before".to_vec(), b"after".to_vec()]
    );
}

fn open(dir: &Path, disk: &FailingDisk) -> LogWriter {
    let disk = Box::new(disk.clone());
    LogWriter::open_on(dir.to_owned(), small_segments(), disk).unwrap()
}

#[test]
fn whatever_call_fails_a_trim_costs_no_record_that_stays() {
    for call in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingDisk::default();
        let mut writer = open(dir.path(), &disk);
        for batch in batches() {
            writer.append(&batch).unwrap();
        }
        let all = batches().concat();
        disk.plan().fail_in = Some(call);
        let trimmed = writer.trim(TrimLimit::ToBytes(900));
        if let Ok(plan) = trimmed {
            assert!(
                call >= 5,
                "two slots written and synced, then the directory"
            );
            assert_eq!(read_all(dir.path()), all[index_of(plan.until)..]);
            return;
        }
        assert!(matches!(
            writer.trim(TrimLimit::ToBytes(900)),
            Err(AppendError::Poisoned { .. })
        ));
        drop(writer);
        check_reopened(dir.path(), all.len());
    }
}

/// A log with something to repair of every kind: a torn end, sound records above the watermark,
/// indexes that do not fit, and leftovers of a trim and of a roll.
fn broken_log(dir: &Path) -> usize {
    let mut writer = open(dir, &FailingDisk::default());
    for batch in batches() {
        writer.append(&batch).unwrap();
    }
    let trimmed = fs::read(dir.join(segment::file_name(Offset::ZERO))).unwrap();
    writer.trim(TrimLimit::ToBytes(1500)).unwrap();
    let watermark = fs::read(dir.join(watermark::FILE_NAME)).unwrap();
    writer.append(&batches()[0]).unwrap();
    drop(writer);
    fs::write(dir.join(watermark::FILE_NAME), watermark).unwrap();
    fs::write(dir.join(segment::file_name(Offset::ZERO)), trimmed).unwrap();
    let bases = segment::list(dir).unwrap();
    fs::remove_file(dir.join(segment::index_file_name(bases[1]))).unwrap();
    let newest = dir.join(segment::file_name(bases[bases.len() - 1]));
    let mut torn = fs::read(&newest).unwrap();
    torn.extend_from_slice(b"half a record");
    fs::write(newest, torn).unwrap();
    fs::write(dir.join(segment::index_file_name(Offset::new(5000))), "?").unwrap();
    fs::write(
        dir.join(segment::checksum_file_name(Offset::new(5000))),
        "?",
    )
    .unwrap();
    batches().concat().len()
}

#[test]
fn whatever_call_fails_while_opening_the_next_opening_repairs_all_of_it() {
    for call in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let acknowledged = broken_log(dir.path());
        let disk = FailingDisk::default();
        disk.plan().fail_in = Some(call);
        let on = Box::new(disk.clone());
        let opened = LogWriter::open_on(dir.path().to_owned(), small_segments(), on);
        if let Ok(writer) = opened {
            assert!(!disk.has_failed(), "a failure was not told");
            assert!(call > 25, "opening has only {call} calls");
            let recovered = writer.recovered();
            assert_eq!(recovered.cut.as_ref().unwrap().bytes, 13);
            assert_eq!((recovered.kept_records, recovered.rebuilt_indexes), (1, 1));
            return;
        }
        assert!(matches!(opened, Err(OpenError::Io(_))), "{opened:?}");
        let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
        assert_eq!(index_of(writer.next_offset()), acknowledged + 1);
        drop(writer);
        let torn = fs::read_dir(dir.path()).unwrap().map(Result::unwrap);
        let mut torn = torn.filter(|file| file.path().extension().is_some_and(|it| it == "torn"));
        assert!(torn.any(|file| fs::read(file.path()).unwrap() == b"half a record"));
    }
}

#[test]
fn whatever_call_fails_while_creating_the_next_opening_creates_it() {
    for call in 0.. {
        let dir = tempfile::tempdir().unwrap();
        let disk = FailingDisk::default();
        disk.plan().fail_in = Some(call);
        let on = Box::new(disk.clone());
        let opened = LogWriter::open_on(dir.path().to_owned(), small_segments(), on);
        if opened.is_ok() {
            assert!(call > 20, "creating has only {call} calls");
            return;
        }
        drop(opened);
        check_reopened(dir.path(), 0);
    }
}
