//! `log.id`: which log a directory holds and in which format version, or that it holds none.
//! Knows nothing about records.
//!
//! The file is one line of ASCII, written once, when the rest of an empty log is in place:
//!
//! ```text
//! ghev-log 1 0123456789abcdef0123456789abcdef c78134d2\n
//! |        | |                                |
//! |        | the log's id, 32 lower-case hex  CRC-32C of everything before it, 8 lower-case hex
//! |        format version, decimal
//! what this directory is
//! ```
//!
//! Format versions:
//! - 1: commitlog 0.2 segments without metadata, two-slot watermark file.

use std::{ffi::OsStr, fmt, fs, io, path::Path, str::FromStr};

use crate::{
    error::{IdentityError, IoFailure, io_failure},
    lock,
    offset::Position,
    segment,
    storage::{self, Storage},
    watermark,
};

/// The version of the on-disk format that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The identity file's name in a log's directory.
pub(crate) const FILE_NAME: &str = "log.id";
const TEMPORARY_FILE_NAME: &str = "log.id.tmp";
const PREFIX: &str = "ghev-log ";

/// Which log it is: random, given once at creation, borne by every checkpoint made against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogId([u8; 16]);

impl LogId {
    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    fn random() -> io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A text that is not 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log id is 32 lower-case hexadecimal digits")]
pub struct ParseLogIdError;

impl FromStr for LogId {
    type Err = ParseLogIdError;

    fn from_str(text: &str) -> Result<Self, ParseLogIdError> {
        let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(digit) {
            return Err(ParseLogIdError);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| ParseLogIdError)?;
        Ok(Self(number.to_be_bytes()))
    }
}

/// The file's text.
pub(crate) fn encode(id: LogId) -> String {
    let body = format!("{PREFIX}{FORMAT_VERSION} {id} ");
    let checksum = crc32c::crc32c(body.as_bytes());
    format!("{body}{checksum:08x}\n")
}

/// Why bytes are no identity of this version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DecodeError {
    Foreign,
    Version(u32),
    Damaged(&'static str),
}

/// Reads the file's bytes: no others than those that [`encode`] makes.
pub(crate) fn decode(bytes: &[u8]) -> Result<LogId, DecodeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| DecodeError::Foreign)?;
    let rest = text.strip_prefix(PREFIX).ok_or(DecodeError::Foreign)?;
    let (version, rest) = rest
        .split_once(' ')
        .ok_or(DecodeError::Damaged("it is cut short"))?;
    let version = version
        .parse()
        .map_err(|_| DecodeError::Damaged("its version is no number"))?;
    if version != FORMAT_VERSION {
        return Err(DecodeError::Version(version));
    }
    let (id, _) = rest
        .split_once(' ')
        .ok_or(DecodeError::Damaged("it is cut short"))?;
    let id = id
        .parse()
        .map_err(|_| DecodeError::Damaged("its id is not 32 hex digits"))?;
    if encode(id) != text {
        return Err(DecodeError::Damaged("its checksum is wrong"));
    }
    Ok(id)
}

/// Finds out what `dir` holds without writing anything: a log's id, or `None` where a log may
/// be created (nothing there, or no more than an interrupted creation leaves).
pub(crate) fn look<E>(dir: &Path) -> Result<Option<LogId>, E>
where
    E: From<IdentityError> + From<IoFailure>,
{
    if let Some(id) = read::<E>(dir)? {
        return Ok(Some(id));
    }
    let Some(foreign) = foreign_entry(dir)? else {
        return Ok(None);
    };
    // A creation may have finished between the two looks.
    if let Some(id) = read::<E>(dir)? {
        return Ok(Some(id));
    }
    Err(unidentified(dir, foreign, "it is missing, and there are records")?.into())
}

/// Why `dir` is no log for want of a `log.id`. Whose records are in danger is not told to look for
/// another directory.
fn unidentified(
    dir: &Path,
    reason: impl Into<String>,
    beside_records: &'static str,
) -> Result<IdentityError, IoFailure> {
    Ok(if has_records(dir)? {
        IdentityError::Damaged {
            path: dir.join(FILE_NAME),
            reason: beside_records,
        }
    } else {
        not_a_log(dir, reason)
    })
}

/// Whether any segment holds more than its first bytes.
fn has_records(dir: &Path) -> Result<bool, IoFailure> {
    for base in segment::list(dir)? {
        let bytes = segment::file_bytes(dir, base)?;
        if bytes.is_some_and(|bytes| bytes > segment::FIRST_FRAME_AT.get()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn not_a_log(dir: &Path, reason: impl Into<String>) -> IdentityError {
    IdentityError::NotALog {
        dir: dir.to_owned(),
        reason: reason.into(),
    }
}

fn read<E>(dir: &Path) -> Result<Option<LogId>, E>
where
    E: From<IdentityError> + From<IoFailure>,
{
    let path = dir.join(FILE_NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(not_a_log(dir, "it is not a directory").into());
        }
        Err(error) => return Err(io_failure("read", path)(error).into()),
    };
    let error = match decode(&bytes) {
        Ok(id) => return Ok(Some(id)),
        Err(DecodeError::Foreign) => unidentified(
            dir,
            "its log.id is some other file",
            "it is some other file, and there are records",
        )?,
        Err(DecodeError::Version(found)) => IdentityError::UnsupportedFormat {
            dir: dir.to_owned(),
            found,
            supported: FORMAT_VERSION,
        },
        Err(DecodeError::Damaged(reason)) => IdentityError::Damaged { path, reason },
    };
    Err(error.into())
}

/// Names what shows that a directory without `log.id` is not free for a new log.
fn foreign_entry(dir: &Path) -> Result<Option<String>, IoFailure> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_failure("list", dir)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io_failure("list", dir))?;
        let name = entry.file_name();
        if name == *segment::first_file_name() {
            let metadata = entry
                .metadata()
                .map_err(io_failure("inspect", entry.path()))?;
            if metadata.len() > segment::FIRST_FRAME_AT.get() {
                return Ok(Some(
                    "it holds a segment with records, but no log.id".to_owned(),
                ));
            }
        } else if !is_left_by_creation(&name) {
            return Ok(Some(format!(
                "it has no log.id, but it has {}",
                name.display()
            )));
        }
    }
    Ok(None)
}

fn is_left_by_creation(name: &OsStr) -> bool {
    // A filesystem's root, as a mounted volume shows it, has a lost+found.
    [
        lock::FILE_NAME,
        TEMPORARY_FILE_NAME,
        watermark::FILE_NAME,
        "lost+found",
    ]
    .iter()
    .any(|ours| name == OsStr::new(ours))
}

/// Draws the id of a log about to be created in `dir`.
pub(crate) fn draw(dir: &Path) -> Result<LogId, IoFailure> {
    LogId::random().map_err(io_failure("draw a random id for", dir))
}

/// Writes `log.id`, which makes the directory a log: the last step of a creation.
pub(crate) fn write(dir: &Path, id: LogId, storage: &dyn Storage) -> Result<(), IoFailure> {
    let temporary = dir.join(TEMPORARY_FILE_NAME);
    let path = dir.join(FILE_NAME);
    let file = storage::replace(storage, &temporary).map_err(io_failure("create", &temporary))?;
    storage
        .write_all_at(&file, encode(id).as_bytes(), Position::default())
        .and_then(|()| storage.sync_data(&file))
        .map_err(io_failure("write", &temporary))?;
    storage
        .rename(&temporary, &path)
        .map_err(io_failure("rename into place", &path))?;
    storage.sync_dir(dir).map_err(io_failure("sync", dir))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_file_is_one_readable_line() {
        let id: LogId = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert_eq!(
            encode(id),
            "ghev-log 1 0123456789abcdef0123456789abcdef c78134d2\n"
        );
    }

    #[test]
    fn another_version_is_told_apart_from_damage() {
        assert_eq!(
            decode(b"ghev-log 2 whatever comes then"),
            Err(DecodeError::Version(2))
        );
        assert_eq!(decode(b"hello"), Err(DecodeError::Foreign));
        assert!(matches!(
            decode(b"ghev-log 1"),
            Err(DecodeError::Damaged(_))
        ));
    }

    #[test]
    fn ids_are_random() {
        assert_ne!(LogId::random().unwrap(), LogId::random().unwrap());
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes: [u8; 16]) {
            let id = LogId::from_bytes(bytes);
            prop_assert_eq!(decode(encode(id).as_bytes()), Ok(id));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_flipped_bit_is_seen(bytes: [u8; 16], bit in any::<prop::sample::Index>()) {
            let mut file = encode(LogId::from_bytes(bytes)).into_bytes();
            let bit = bit.index(file.len() * 8);
            file[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode(&file).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            prop_assert!(decode(&bytes).is_err());
        }
    }
}
