//! Finds out what a closed segment is whose checksum file is missing: a log written before there
//! were any, or a power cut in the middle of a roll. Knows nothing about when that is done.
//!
//! Every frame is read and checked, and the digest is of the very bytes that were: a damaged segment
//! gets no checksum file that calls it sound.

use std::{fs, path::Path};

use crate::{
    checksum::{self, Checksum, Digester},
    damage::{Damage, DamageKind},
    error::io_failure,
    identity::LogId,
    offset::Offset,
    segment,
    segment_reader::{SegmentError, SegmentReader},
};

/// Bytes of segments read for that when a log is opened: what takes a part of a second. The others
/// follow one at each roll.
pub(crate) const AT_OPEN_MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The same in segments: each costs a sync.
pub(crate) const AT_OPEN_MAX_SEGMENTS: usize = 8;

/// A closed segment without a checksum file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unproven {
    /// Its first record.
    pub(crate) base: Offset,
    /// The offset after its last one.
    pub(crate) end: Offset,
}

/// Reads the segment whole and says what it is.
pub(crate) fn prove(
    dir: &Path,
    log_id: LogId,
    segment: Unproven,
) -> Result<Checksum, SegmentError> {
    let Unproven { base, end } = segment;
    let mut reader = SegmentReader::open(dir, base)?;
    let file_end = reader.file_end()?;
    let mut digester = Digester::default();
    digester.update(&segment::MAGIC);
    while reader.next() < end {
        match reader.read(file_end)? {
            Some(frame) => digester.update(reader.frame(&frame)),
            None => {
                return Err(SegmentError::Damaged(Damage {
                    until: end,
                    ..reader.damage_here(DamageKind::MissingRecords)
                }));
            }
        }
    }
    if reader.position() != file_end {
        return Err(SegmentError::Damaged(
            reader.damage_here(DamageKind::Overlap),
        ));
    }
    let path = dir.join(segment::file_name(base));
    let written_at = fs::metadata(&path).and_then(|file| file.modified());
    let written_at = written_at.map_err(io_failure("inspect", path))?;
    Ok(Checksum {
        log_id,
        first: base,
        end,
        bytes: file_end.get(),
        written_at_ms: checksum::millis(written_at),
        digest: digester.digest(),
    })
}
