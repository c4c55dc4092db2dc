//! Reads the newest segment whole: where its sound frames end, and whether what is broken there
//! may be cut. Changes nothing.

use std::path::Path;

use crate::{
    active::LogEnd,
    damage::{Damage, DamageKind},
    error::{IoFailure, OpenError},
    offset::{Offset, Position},
    segment,
    segment_reader::{SegmentError, SegmentReader},
    watermark::Watermark,
};

/// commitlog keeps positions in 32 bits: nothing of ours is beyond.
const POSITION_LIMIT: Position = Position::new(0xffff_ffff);

/// The newest segment.
#[derive(Debug)]
pub(super) struct Newest {
    /// Where its sound frames end.
    pub(super) end: LogEnd,
    /// Where each of them begins.
    pub(super) positions: Vec<u32>,
    /// What comes after them and is to be cut.
    pub(super) torn: Option<Torn>,
}

/// An incomplete end that was never acknowledged.
#[derive(Debug)]
pub(super) struct Torn {
    /// Where it begins; 0 where the segment does not even begin as one.
    pub(super) from: Position,
    /// How many bytes it has.
    pub(super) bytes: u64,
    /// What is wrong there.
    pub(super) damage: Damage,
}

/// Reads the newest segment. Without a stored watermark, a broken end may have been acknowledged.
pub(super) fn look(
    dir: &Path,
    base: Offset,
    stored: Option<&Watermark>,
) -> Result<Newest, OpenError> {
    let newest = scan(dir, base)?;
    let dir = dir.to_owned();
    match (stored, &newest.torn) {
        (Some(stored), _) => match acknowledged_damage(&newest, stored) {
            Some(damage) => Err(OpenError::Damaged { dir, damage }),
            None => Ok(newest),
        },
        (None, Some(torn)) => Err(OpenError::WatermarkLost {
            dir,
            damage: torn.damage.clone(),
        }),
        (None, None) => Ok(newest),
    }
}

/// Why a segment that ends like this does not hold what was acknowledged.
fn acknowledged_damage(newest: &Newest, stored: &Watermark) -> Option<Damage> {
    let end = newest.end;
    if end.next < stored.durable {
        let missing = Damage {
            segment: segment::file_name(end.base),
            position: end.position,
            offset: end.next,
            until: stored.durable,
            kind: DamageKind::MissingRecords,
        };
        return Some(match &newest.torn {
            Some(torn) => torn.damage.clone(),
            None => missing,
        });
    }
    if end.base != stored.segment {
        return None;
    }
    // The segment's records may be sound and yet not those that the watermark was stored for.
    let ends_at = position_of(newest, stored.durable);
    (ends_at != stored.position).then(|| Damage {
        segment: segment::file_name(end.base),
        position: stored.position,
        offset: end.base,
        until: stored.durable,
        kind: DamageKind::Overlap,
    })
}

fn position_of(newest: &Newest, offset: Offset) -> Position {
    let record = usize::try_from(offset.since(newest.end.base)).ok();
    record
        .and_then(|record| newest.positions.get(record))
        .map_or(newest.end.position, |position| {
            Position::new(u64::from(*position))
        })
}

fn scan(dir: &Path, base: Offset) -> Result<Newest, IoFailure> {
    let mut reader = match SegmentReader::open(dir, base) {
        Ok(reader) => reader,
        Err(SegmentError::Damaged(damage)) => return unbegun(dir, base, damage),
        Err(SegmentError::Absent) => return unbegun(dir, base, super::missing(base, base)),
        Err(SegmentError::Io(failure)) => return Err(failure),
    };
    let file_end = reader.file_end()?;
    let cap = file_end.min(POSITION_LIMIT);
    let mut positions = Vec::new();
    let broken = loop {
        match reader.read(cap) {
            Ok(Some(frame)) => positions
                .push(u32::try_from(frame.position.get()).expect("the cap is below the limit")),
            Ok(None) if cap < file_end => break Some(reader.damage_here(DamageKind::Overlap)),
            Ok(None) | Err(SegmentError::Absent) => break None,
            Err(SegmentError::Damaged(damage)) => break Some(damage),
            Err(SegmentError::Io(failure)) => return Err(failure),
        }
    };
    let end = LogEnd {
        base,
        next: reader.next(),
        position: reader.position(),
    };
    let torn = broken.map(|damage| Torn {
        from: end.position,
        bytes: file_end.since(end.position),
        damage,
    });
    Ok(Newest {
        end,
        positions,
        torn,
    })
}

/// A segment that is not there or does not begin as one: a crash between its making and the sync
/// of its first bytes, unless it held acknowledged records.
fn unbegun(dir: &Path, base: Offset, damage: Damage) -> Result<Newest, IoFailure> {
    let bytes = segment::file_bytes(dir, base)?.unwrap_or(0);
    Ok(Newest {
        end: LogEnd {
            base,
            next: base,
            position: segment::FIRST_FRAME_AT,
        },
        positions: Vec::new(),
        torn: Some(Torn {
            from: Position::default(),
            bytes,
            damage,
        }),
    })
}
