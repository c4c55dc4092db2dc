//! A log that goes away under its writer.

use std::fs;

use super::*;

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Somebody moved a log away and put a backup in its place while the injector ran: for as long as that went on, what
/// it polled went into the files that had been moved, where no projector looks.
#[test]
fn a_log_that_was_moved_away_deleted_or_replaced_is_written_no_more() {
    for has_backup in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let (dir, away) = (home.path().join("log"), home.path().join("away"));
        let mut writer = LogWriter::open(&dir, LogOptions::default()).unwrap();
        writer.append(&[b"before"]).unwrap();
        fs::rename(&dir, &away).unwrap();
        if has_backup {
            copy(&away, &dir);
        }
        let refused = writer.append(&[b"lost"]).unwrap_err();
        assert!(matches!(refused, AppendError::Replaced { .. }), "{refused}");
        let again = writer.append(&[b"lost"]).unwrap_err();
        assert!(matches!(again, AppendError::Poisoned { .. }), "{again}");
        drop(writer);
        assert_eq!(read_all(&away), [b"before"]);
        if has_backup {
            let mut writer = LogWriter::open(&dir, LogOptions::default()).unwrap();
            writer.append(&[b"after"]).unwrap();
            assert_eq!(read_all(&dir), [&b"before"[..], b"after"]);
        }
    }
}
