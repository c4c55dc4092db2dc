//! A database file that nobody writes, where nothing can be written: a model on a read-only mount whose
//! projector has stopped. Knows nothing about what is in it.
//!
//! A reader of a WAL database makes files beside it, which it cannot there. Where no WAL is left, the
//! file alone is the whole model, and SQLite reads it as one that never changes
//! (<https://www.sqlite.org/uri.html#uriimmutable>). Whether that is still so is looked at before
//! each snapshot: a projector that has another way to the file may have begun to write meanwhile.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::uri::uri_of;

/// What the file was when it was opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    path: PathBuf,
    modified: SystemTime,
    bytes: u64,
}

impl Sealed {
    /// Of a file without a WAL beside it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut wal = path.to_path_buf().into_os_string();
        wal.push("-wal");
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?;
        (!Path::new(&wal).exists()).then(|| Self {
            path: path.to_path_buf(),
            modified,
            bytes: metadata.len(),
        })
    }

    /// Whether the file is what it was.
    pub(super) fn is_unchanged(&self) -> bool {
        Self::of(&self.path).as_ref() == Some(self)
    }

    /// A connection that writes nothing, beside the file neither.
    pub(super) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(uri_of(&self.path) + "?immutable=1", flags)
    }
}

/// Whether SQLite could not make the files that it needs beside the database.
pub(super) fn is_out_of_place(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

#[cfg(test)]
mod tests {
    use std::fs::{File, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{LogId, ModelDir, Reader, Writer};

    const LOG: LogId = LogId::new([7; 16]);

    #[test]
    fn a_sealed_file_is_read_without_files_beside_it_until_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("100% mine? #1.db");
        let writer = Writer::create(&path, LOG).unwrap();
        assert_eq!(Sealed::of(&path), None, "it has a WAL");
        writer.close().unwrap();
        let sealed = Sealed::of(&path).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = sealed.connect(flags).unwrap();
        let next = "SELECT next_offset FROM checkpoint";
        let next: i64 = connection.query_row(next, [], |row| row.get(0)).unwrap();
        assert_eq!(next, 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(sealed.is_unchanged());
        let _writer = Writer::open_file(&path, LOG).unwrap();
        assert!(!sealed.is_unchanged());
    }

    /// Root may write everywhere: there this shows no more than that the model is read.
    #[test]
    fn a_model_is_read_where_nothing_can_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        let writer = Writer::open(&model, LOG).unwrap();
        writer.close().unwrap();
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o555)).unwrap();
        let writable = File::create(dir.path().join("probe")).is_ok();
        let mut reader = Reader::new(model.clone());
        let read = reader.snapshot().map(|snapshot| *snapshot.as_of());
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(read.unwrap().checkpoint.log_id, LOG, "writable: {writable}");
        // The projector is back: the same reader follows it.
        let mut writer = Writer::open(&model, LOG).unwrap();
        let next = crate::Offset::new(1).unwrap();
        let batch = writer.begin().unwrap();
        batch.commit(&crate::Changes::default(), next).unwrap();
        let snapshot = reader.snapshot().unwrap();
        assert_eq!(snapshot.as_of().checkpoint.next_offset, next);
    }
}
