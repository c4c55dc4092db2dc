//! Whether a closed segment is what it should be, told quickly: its index has one entry for each
//! record, and the last of them leads to a sound frame that ends the file. Where the index does not
//! fit, the headers are walked instead. Payloads in the middle are not read: readers and `verify`
//! check every record.

use std::path::Path;

use crate::{
    damage::{Damage, DamageKind},
    error::{IoFailure, OpenError},
    index,
    offset::{Offset, Position},
    segment_reader::{SegmentError, SegmentReader},
};

/// Checks the segment that holds the records from `base` up to `end`. Returns the positions of
/// its frames if its index must be written anew.
pub(super) fn check(dir: &Path, base: Offset, end: Offset) -> Result<Option<Vec<u32>>, OpenError> {
    let refuse = |error| match error {
        SegmentError::Damaged(damage) => OpenError::Damaged {
            dir: dir.to_owned(),
            damage,
        },
        SegmentError::Io(failure) => failure.into(),
        SegmentError::Absent => OpenError::Damaged {
            dir: dir.to_owned(),
            damage: super::missing(base, end),
        },
    };
    let mut reader = SegmentReader::open(dir, base).map_err(refuse)?;
    let file_end = reader.file_end()?;
    if ends_as_indexed(dir, &mut reader, end, file_end)? {
        return Ok(None);
    }
    walk(&mut reader, end, file_end).map(Some).map_err(refuse)
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
    reader.move_to(reader.base(), crate::segment::FIRST_FRAME_AT);
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
