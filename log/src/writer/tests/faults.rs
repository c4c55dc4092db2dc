//! Errors of the disk while the machine goes on.

use super::*;

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
