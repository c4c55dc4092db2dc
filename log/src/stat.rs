//! What a log holds at a glance, from any process. Reads no record but those not durable yet.

use std::path::Path;

use crate::{
    cursor,
    error::{ReadError, io_failure},
    identity::LogId,
    offset::{Offset, Position},
    segment,
    segment_reader::{SegmentError, SegmentReader},
    storage::{Disk, Storage},
    watermark::Watermark,
};

/// A log at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogStat {
    /// Which log it is.
    pub log_id: LogId,
    /// The first record it holds.
    pub first_offset: Offset,
    /// The offset after the last sound record. Above `durable_offset` only while a writer has yet
    /// to make an append durable, or where one was killed before it did.
    pub next_offset: Offset,
    /// The first offset that is not durable: readers get everything before it.
    pub durable_offset: Offset,
    /// How many segments there are.
    pub segments: u64,
    /// Bytes of all segments, without their indexes.
    pub bytes: u64,
    /// Bytes that may still be written to its filesystem.
    pub free_bytes: u64,
}

/// Looks at the log in `dir`.
///
/// # Errors
///
/// [`ReadError::NoLog`] where there is none yet, or what keeps it from being read.
pub fn stat(dir: &Path) -> Result<LogStat, ReadError> {
    let (_file, watermark) = cursor::open_watermark(dir)?;
    let mut bases = segment::list(dir)?;
    // What an interrupted trim left is no part of the log.
    bases.retain(|base| *base >= watermark.first);
    let mut segments = 0;
    let mut bytes = 0;
    for base in &bases {
        // Retention may take one away between the two looks.
        if let Some(more) = segment::file_bytes(dir, *base)? {
            segments += 1;
            bytes += more;
        }
    }
    Ok(LogStat {
        log_id: watermark.log_id,
        first_offset: watermark.first,
        next_offset: next_offset(dir, &bases, &watermark)?,
        durable_offset: watermark.durable,
        segments,
        bytes,
        free_bytes: Disk
            .free_bytes(dir)
            .map_err(io_failure("ask for the free space of", dir))?,
    })
}

/// How far sound frames go on above the watermark.
fn next_offset(dir: &Path, bases: &[Offset], watermark: &Watermark) -> Result<Offset, ReadError> {
    let mut next = watermark.durable;
    for &base in bases.iter().filter(|base| **base >= watermark.segment) {
        let mut reader = match SegmentReader::open(dir, base) {
            Ok(reader) => reader,
            Err(SegmentError::Io(failure)) => return Err(failure.into()),
            Err(SegmentError::Damaged(_) | SegmentError::Absent) => break,
        };
        if base == watermark.segment {
            reader.move_to(watermark.durable, watermark.position);
        } else if base != next {
            break;
        }
        let end = reader.file_end()?;
        next = sound_until(&mut reader, end)?;
    }
    Ok(next)
}

fn sound_until(reader: &mut SegmentReader, end: Position) -> Result<Offset, ReadError> {
    loop {
        match reader.read(end) {
            Ok(Some(_)) => {}
            Err(SegmentError::Io(failure)) => return Err(failure.into()),
            Ok(None) | Err(SegmentError::Damaged(_) | SegmentError::Absent) => {
                return Ok(reader.next());
            }
        }
    }
}
