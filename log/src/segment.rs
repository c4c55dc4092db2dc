//! Segment files: their names and where they begin. Knows nothing about frames.
//!
//! `{base:020}.log` holds the records from offset `base` up to the next segment's base:
//!
//! ```text
//! byte 0..2  magic   FF FF (commitlog 0.2)
//! byte 2..   frames  one after the other, see the frame module
//! ```
//!
//! Beside it, `{base:020}.index` is a cache of its frames' positions, see the index module, and
//! `{base:020}.sum` tells what it was when it was closed, see the checksum module.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    error::{IoFailure, io_failure},
    offset::{Offset, Position},
    storage::{self, Storage},
};

/// What every segment begins with.
pub(crate) const MAGIC: [u8; 2] = [0xff, 0xff];

/// Where the first frame of every segment begins.
pub(crate) const FIRST_FRAME_AT: Position = Position::new(2);

const LOG_SUFFIX: &str = ".log";
const INDEX_SUFFIX: &str = ".index";
const CHECKSUM_SUFFIX: &str = ".sum";
const BASE_DIGITS: usize = 20;

/// The name of the segment file that begins with record `base`.
pub(crate) fn file_name(base: Offset) -> String {
    format!("{:020}{LOG_SUFFIX}", base.get())
}

/// The name of that segment's index file.
pub(crate) fn index_file_name(base: Offset) -> String {
    format!("{:020}{INDEX_SUFFIX}", base.get())
}

/// The name of that segment's checksum file, once it is closed.
pub(crate) fn checksum_file_name(base: Offset) -> String {
    format!("{:020}{CHECKSUM_SUFFIX}", base.get())
}

/// The name of a new log's segment file.
pub(crate) fn first_file_name() -> String {
    file_name(Offset::ZERO)
}

fn base_of(name: &str, suffix: &str) -> Option<Offset> {
    let digits = name.strip_suffix(suffix)?;
    let decimal = digits.len() == BASE_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if decimal {
        digits.parse().ok().map(Offset::new)
    } else {
        None
    }
}

/// The base offsets of all segments in `dir`, ascending.
pub(crate) fn list(dir: &Path) -> Result<Vec<Offset>, IoFailure> {
    list_with_suffix(dir, LOG_SUFFIX)
}

/// The base offsets of all index files in `dir`, ascending.
pub(crate) fn list_indexes(dir: &Path) -> Result<Vec<Offset>, IoFailure> {
    list_with_suffix(dir, INDEX_SUFFIX)
}

/// The base offsets of all checksum files in `dir`, ascending.
pub(crate) fn list_checksums(dir: &Path) -> Result<Vec<Offset>, IoFailure> {
    list_with_suffix(dir, CHECKSUM_SUFFIX)
}

fn list_with_suffix(dir: &Path, suffix: &str) -> Result<Vec<Offset>, IoFailure> {
    let mut bases = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_failure("list", dir))? {
        let entry = entry.map_err(io_failure("list", dir))?;
        bases.extend(
            entry
                .file_name()
                .to_str()
                .and_then(|name| base_of(name, suffix)),
        );
    }
    bases.sort_unstable();
    Ok(bases)
}

/// How large the segment's file is; `None` if it is not there.
pub(crate) fn file_bytes(dir: &Path, base: Offset) -> Result<Option<u64>, IoFailure> {
    let path = dir.join(file_name(base));
    match fs::metadata(&path) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_failure("inspect", path)(error)),
    }
}

/// Finds a file that commitlog would take for a part of the log, but that is none.
pub(crate) fn find_foreign(dir: &Path) -> Result<Option<PathBuf>, IoFailure> {
    for entry in fs::read_dir(dir).map_err(io_failure("list", dir))? {
        let entry = entry.map_err(io_failure("list", dir))?;
        let path = entry.path();
        let name = entry.file_name();
        let suffix = [LOG_SUFFIX, INDEX_SUFFIX]
            .into_iter()
            .find(|suffix| name.as_encoded_bytes().ends_with(suffix.as_bytes()));
        let Some(suffix) = suffix else { continue };
        let file_type = entry.file_type().map_err(io_failure("inspect", &path))?;
        let is_ours = name
            .to_str()
            .is_some_and(|name| base_of(name, suffix).is_some());
        if !is_ours || !file_type.is_file() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Writes an empty segment durably, in place of whatever has its name. The directory is not
/// synced.
pub(crate) fn write_empty(
    dir: &Path,
    base: Offset,
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    let path = dir.join(file_name(base));
    let file = storage::replace(storage, &path).map_err(io_failure("create", &path))?;
    storage
        .write_all_at(&file, &MAGIC, Position::default())
        .map_err(io_failure("write", &path))?;
    storage.sync_data(&file).map_err(io_failure("sync", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twenty_digits_name_a_segment() {
        assert_eq!(file_name(Offset::new(7)), "00000000000000000007.log");
        assert_eq!(
            base_of("00000000000000000007.log", LOG_SUFFIX),
            Some(Offset::new(7))
        );
        assert_eq!(base_of("00000000000000000007.index", LOG_SUFFIX), None);
        assert_eq!(base_of("7.log", LOG_SUFFIX), None);
        assert_eq!(base_of("+0000000000000000007.log", LOG_SUFFIX), None);
        assert_eq!(
            base_of("99999999999999999999.log", LOG_SUFFIX),
            None,
            "above u64"
        );
    }
}
