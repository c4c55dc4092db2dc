//! A database file that nobody writes, where nothing can be written: a model on a read-only mount whose
//! projector has stopped. Knows nothing about what is in it.
//!
//! A reader of a WAL database makes files beside it, which it cannot there. Where no WAL is left, the
//! file alone is the whole model, and SQLite reads it as one that never changes
//! (<https://www.sqlite.org/uri.html#uriimmutable>). Where one is, such as in a copy of a model whose projector
//! had not ended, SQLite reads both without a file of locks: what it would share with other processes it keeps in
//! its own memory (<https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory>). Whether both are still
//! what they were is looked at before each snapshot: a projector that has another way to the file may have begun
//! to write meanwhile.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::uri::uri_of;

/// What the file and its WAL were when they were opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    path: PathBuf,
    file: Seen,
    /// Nothing where it is missing or empty.
    wal: Option<Seen>,
}

/// What tells a file from one that was written since.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    modified: SystemTime,
    bytes: u64,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: metadata.modified().ok()?,
            bytes: metadata.len(),
        })
    }
}

impl Sealed {
    /// Of a file that is there.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut wal = path.to_path_buf().into_os_string();
        wal.push("-wal");
        Some(Self {
            path: path.to_path_buf(),
            file: Seen::of(path)?,
            wal: Seen::of(Path::new(&wal)).filter(|wal| wal.bytes > 0),
        })
    }

    /// Whether the files are what they were.
    pub(super) fn is_unchanged(&self) -> bool {
        Self::of(&self.path).as_ref() == Some(self)
    }

    /// A connection that writes nothing, beside the file neither.
    pub(super) fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        let file = uri_of(&self.path);
        if self.wal.is_none() {
            return Connection::open_with_flags(file + "?immutable=1", flags);
        }
        let connection = Connection::open_with_flags(file + "?vfs=unix-none", flags)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        // The WAL is not this connection's to move.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
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

    const NEXT: &str = "SELECT next_offset FROM checkpoint";

    #[test]
    fn a_sealed_file_is_read_without_files_beside_it_until_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("100% mine? #1.db");
        let writer = Writer::create(&path, LOG).unwrap();
        writer.close().unwrap();
        let sealed = Sealed::of(&path).unwrap();
        assert_eq!(sealed.wal, None);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = sealed.connect(flags).unwrap();
        let next: i64 = connection.query_row(NEXT, [], |row| row.get(0)).unwrap();
        assert_eq!(next, 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(sealed.is_unchanged());
        let mut writer = Writer::open_file(&path, LOG).unwrap();
        commit(&mut writer, 1);
        assert!(!sealed.is_unchanged());
    }

    fn commit(writer: &mut Writer, next_offset: u64) {
        let batch = writer.begin().unwrap();
        let next = crate::Offset::new(next_offset).unwrap();
        batch.commit(&crate::Changes::default(), next).unwrap();
    }

    /// A model that was copied while it was written, with its WAL and nowhere to make a file of locks, was not
    /// read at all.
    #[test]
    fn a_sealed_file_is_read_with_what_its_wal_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        let mut writer = Writer::create(&path, LOG).unwrap();
        commit(&mut writer, 7);
        let copies = tempfile::tempdir().unwrap();
        let read_all = || {
            let files = ["copy #1.db", "copy #1.db-wal"].map(|name| copies.path().join(name));
            files.map(|file| std::fs::read(file).unwrap())
        };
        for (from, to) in [
            ("model.db", "copy #1.db"),
            ("model.db-wal", "copy #1.db-wal"),
        ] {
            std::fs::copy(dir.path().join(from), copies.path().join(to)).unwrap();
        }
        let before = read_all();
        assert!(!before[1].is_empty());
        let sealed = Sealed::of(&copies.path().join("copy #1.db")).unwrap();
        for _ in 0..2 {
            let connection = sealed.connect(OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
            let next: i64 = connection.query_row(NEXT, [], |row| row.get(0)).unwrap();
            assert_eq!(next, 7);
        }
        assert_eq!(std::fs::read_dir(copies.path()).unwrap().count(), 2);
        assert!(sealed.is_unchanged() && read_all() == before);
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
