//! `{base:020}-{position}-{n}.torn`: the bytes that recovery cut off a segment, from `position`
//! on, exactly as they were. Nothing reads these files; they are kept for a person, who may delete
//! them. Knows nothing about what the bytes mean.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{
    error::{IoFailure, io_failure},
    offset::{Offset, Position},
    segment,
    storage::{Output, Storage},
};

const SUFFIX: &str = "torn";

/// Copies the segment's bytes from `position` on to a new file, durably, and returns its path.
pub(crate) fn keep(
    dir: &Path,
    base: Offset,
    position: Position,
    storage: &dyn Storage,
) -> Result<PathBuf, IoFailure> {
    let from = dir.join(segment::file_name(base));
    let mut source = File::open(&from).map_err(io_failure("open", &from))?;
    source
        .seek(SeekFrom::Start(position.get()))
        .map_err(io_failure("read", &from))?;
    let (path, target) = create(dir, base, position, storage)?;
    io::copy(&mut source, &mut Output::new(storage, &target))
        .map_err(io_failure("write", &path))?;
    storage
        .sync_data(&target)
        .map_err(io_failure("sync", &path))?;
    storage.sync_dir(dir).map_err(io_failure("sync", dir))?;
    Ok(path)
}

/// A file that was not there: the same place can be torn more than once.
fn create(
    dir: &Path,
    base: Offset,
    position: Position,
    storage: &dyn Storage,
) -> Result<(PathBuf, File), IoFailure> {
    let mut number = 0u32;
    loop {
        let name = format!("{:020}-{position}-{number}.{SUFFIX}", base.get());
        let path = dir.join(name);
        match storage.create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(io_failure("create", path)(error)),
        }
    }
}
