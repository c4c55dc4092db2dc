//! `{base:020}.index`: where each frame of a segment begins. A cache: deleted or scrambled, it is
//! rebuilt by recovery, and readers take it for a hint that the frame's header must confirm.
//!
//! ```text
//! entry i, byte 8i..8i+4    u32 LE  record's offset minus the segment's base: i
//!          byte 8i+4..8i+8  u32 LE  position of its frame, never 0
//! ```
//!
//! The active segment's index ends in zero entries, at least one of which commitlog must find
//! free when it opens; they are written out, not left as a hole, because commitlog maps the file
//! and a hole on a full disk would raise SIGBUS. A closed segment's index has no spare entries.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt,
    path::Path,
};

use crate::{
    error::{IoFailure, io_failure},
    offset::{Offset, Position},
    segment,
    storage::{self, Output, Storage},
};

const ENTRY_BYTES: usize = 2 * size_of::<u32>();

/// Bytes handed to the disk at once.
const BUFFER_BYTES: usize = 1024 * 1024;

/// Entries an active segment's index has room for: a segment rolls before they run out, so that
/// commitlog never grows the file. All of them take disk from the beginning (512 KiB), which is
/// much of a small log; a segment of the default size holds so many records of 2 KiB.
pub(crate) const CAPACITY: u64 = 64 * 1024;

/// Bytes a fresh index takes on the disk.
pub(crate) const FRESH_BYTES: u64 = CAPACITY * 8;

/// Writes the index anew: one entry for each position, then zero entries up to `capacity`.
/// Not synced: it is a cache.
pub(crate) fn rebuild(
    dir: &Path,
    base: Offset,
    positions: &[u32],
    capacity: u64,
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    let path = dir.join(segment::index_file_name(base));
    let write = || -> io::Result<()> {
        let file = storage::replace(storage, &path)?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, Output::new(storage, &file));
        for (relative, position) in (0u32..).zip(positions) {
            file.write_all(&relative.to_le_bytes())?;
            file.write_all(&position.to_le_bytes())?;
        }
        let used = u64::try_from(positions.len()).expect("a length fits in 64 bits");
        let spare_bytes = capacity.saturating_sub(used) * 8;
        write_zeros(&mut file, spare_bytes)?;
        file.flush()
    };
    write().map_err(io_failure("write", &path))
}

fn write_zeros(to: &mut dyn Write, mut bytes: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    while bytes > 0 {
        let part = usize::try_from(bytes).map_or(ZEROS.len(), |bytes| bytes.min(ZEROS.len()));
        to.write_all(&ZEROS[..part])?;
        bytes -= u64::try_from(part).expect("a length fits in 64 bits");
    }
    Ok(())
}

/// Cuts the spare entries off, when the segment closes. Not synced: it is a cache.
pub(crate) fn trim(
    dir: &Path,
    base: Offset,
    entries: u64,
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    let path = dir.join(segment::index_file_name(base));
    let file = File::options()
        .write(true)
        .open(&path)
        .map_err(io_failure("open", &path))?;
    storage
        .cut(&file, entries * 8)
        .map_err(io_failure("cut", path))
}

/// Whether the file has exactly this many entries, none spare.
pub(crate) fn has_entries(dir: &Path, base: Offset, entries: u64) -> bool {
    fs::metadata(dir.join(segment::index_file_name(base)))
        .is_ok_and(|metadata| metadata.len() == entries * 8)
}

/// Where the frame of record `offset` may begin; `None` if the index does not know.
pub(crate) fn hint(dir: &Path, base: Offset, offset: Offset) -> Option<Position> {
    let file = File::open(dir.join(segment::index_file_name(base))).ok()?;
    let relative = offset.since(base);
    let mut entry = [0; ENTRY_BYTES];
    file.read_exact_at(&mut entry, relative.checked_mul(8)?)
        .ok()?;
    let (stored, position) = entry.split_at(size_of::<u32>());
    let stored = u32::from_le_bytes(stored.try_into().ok()?);
    let position = u32::from_le_bytes(position.try_into().ok()?);
    let position = Position::new(u64::from(position));
    (u64::from(stored) == relative && position >= segment::FIRST_FRAME_AT).then_some(position)
}

/// Deletes the index files of segments that are not there.
pub(crate) fn remove_orphans(
    dir: &Path,
    segments: &[Offset],
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    for base in segment::list_indexes(dir)? {
        if segments.binary_search(&base).is_err() {
            let path = dir.join(segment::index_file_name(base));
            storage.remove(&path).map_err(io_failure("remove", path))?;
        }
    }
    Ok(())
}
