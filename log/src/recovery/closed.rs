//! Whether a closed segment is what it should be, told quickly: it has the size and the end that its
//! checksum file names, its index has one entry for each record, and the last of them leads to a sound
//! frame that ends the file. Where the index does not fit, the headers are walked instead. Payloads in
//! the middle are not read where there is a checksum file: readers and `verify` check every record.

use std::path::Path;

use crate::{
    checksum,
    damage::{Damage, DamageKind},
    error::{IoFailure, OpenError},
    identity::LogId,
    index,
    offset::{Offset, Position},
    proof::{self, Unproven},
    segment,
    segment_reader::{SegmentError, SegmentReader},
};

/// A closed segment that may stay as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    /// Its index fits; otherwise it must be written anew.
    pub(super) has_index: bool,
    /// It has a checksum file that can be believed.
    pub(super) is_proven: bool,
    /// The file's size.
    pub(super) bytes: u64,
}

/// Checks the segment that holds the records from `base` up to `end`.
pub(super) fn check(
    dir: &Path,
    log_id: LogId,
    base: Offset,
    end: Offset,
) -> Result<Closed, OpenError> {
    let refuse = |error| refusal(dir, base, end, error);
    let mut reader = SegmentReader::open(dir, base).map_err(refuse)?;
    let file_end = reader.file_end()?;
    let checksum = checksum::read(dir, log_id, base)?;
    let is_another =
        checksum.is_some_and(|closed| closed.end != end || closed.bytes != file_end.get());
    if is_another {
        return Err(another(dir, log_id, Unproven { base, end }));
    }
    let has_index = ends_as_indexed(dir, &mut reader, end, file_end)?;
    if !has_index {
        walk(&mut reader, end, file_end).map_err(refuse)?;
    }
    Ok(Closed {
        has_index,
        is_proven: checksum.is_some(),
        bytes: file_end.get(),
    })
}

/// The positions of a segment's frames, which [`check`] found sound.
pub(super) fn positions(dir: &Path, base: Offset, end: Offset) -> Result<Vec<u32>, OpenError> {
    let refuse = |error| refusal(dir, base, end, error);
    let mut reader = SegmentReader::open(dir, base).map_err(refuse)?;
    let file_end = reader.file_end()?;
    walk(&mut reader, end, file_end).map_err(refuse)
}

/// Why a segment does not open the log, as far as its records tell.
pub(super) fn refusal(dir: &Path, base: Offset, end: Offset, error: SegmentError) -> OpenError {
    let damage = match error {
        SegmentError::Damaged(damage) => damage,
        SegmentError::Io(failure) => return failure.into(),
        SegmentError::Absent => super::missing(base, end),
    };
    let dir = dir.to_owned();
    OpenError::Damaged { dir, damage }
}

/// The damage of a segment that is not the one that was closed: the first record that shows it, or
/// all of it where each is sound.
fn another(dir: &Path, log_id: LogId, segment: Unproven) -> OpenError {
    let Unproven { base, end } = segment;
    let error = match proof::prove(dir, log_id, segment) {
        Err(error) => error,
        Ok(_) => SegmentError::Damaged(Damage {
            segment: segment::file_name(base),
            position: Position::default(),
            offset: base,
            until: end,
            kind: DamageKind::Digest,
        }),
    };
    refusal(dir, base, end, error)
}

fn ends_as_indexed(
    dir: &Path,
    reader: &mut SegmentReader,
    end: Offset,
    file_end: Position,
) -> Result<bool, IoFailure> {
    let base = reader.base();
    let records = end.since(base);
    if !index::has_entries(dir, base, records) {
        return Ok(false);
    }
    let last = base.plus(records.saturating_sub(1));
    let Some(position) = index::hint(dir, base, last) else {
        return Ok(false);
    };
    reader.move_to(last, position);
    match reader.read(file_end) {
        Ok(Some(_)) => Ok(reader.position() == file_end),
        Ok(None) | Err(SegmentError::Damaged(_) | SegmentError::Absent) => Ok(false),
        Err(SegmentError::Io(failure)) => Err(failure),
    }
}

fn walk(
    reader: &mut SegmentReader,
    end: Offset,
    file_end: Position,
) -> Result<Vec<u32>, SegmentError> {
    reader.move_to(reader.base(), segment::FIRST_FRAME_AT);
    let mut positions = Vec::new();
    while reader.next() < end {
        let too_large = reader.damage_here(DamageKind::Overlap);
        match reader.skip(file_end)? {
            Some(began) => positions
                .push(u32::try_from(began.get()).map_err(|_| SegmentError::Damaged(too_large))?),
            None => {
                return Err(SegmentError::Damaged(Damage {
                    until: end,
                    ..reader.damage_here(DamageKind::MissingRecords)
                }));
            }
        }
    }
    if reader.position() == file_end {
        Ok(positions)
    } else {
        Err(SegmentError::Damaged(
            reader.damage_here(DamageKind::Overlap),
        ))
    }
}
