//! Saves what is sound of a damaged log into a new one. Changes nothing in the damaged one and needs
//! neither its `log.id` nor its watermark to be sound. Knows nothing about what records mean.

use std::path::{Path, PathBuf};

use crate::{
    damage::Damage,
    error::{AppendError, IoFailure, OpenError, ReadError},
    frame::RECORD_LIMIT_BYTES,
    identity::{self, LogId},
    offset::{Offset, Position},
    options::LogOptions,
    segment,
    segment_reader::{SegmentError, SegmentReader},
    verify::{self, VerifyProgress},
    watermark::{Watermark, WatermarkReader},
    writer::LogWriter,
};

/// Bytes of records gathered before they are appended, with one sync for all.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Beyond any record: a search for sound records that ends with the segment.
const NO_END: Offset = Offset::new(u64::MAX);

/// What was saved and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SalvageReport {
    /// The new log. It is another one: nothing made from the old one goes with it.
    pub log_id: LogId,
    /// Records copied, in their old order, with new offsets from 0 on.
    pub records: u64,
    /// Every place whose records are missing from the new log, by the old log's offsets.
    pub damages: Vec<Damage>,
}

/// Why [`salvage`] failed. The old log is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// There is not one segment.
    #[error("there is no segment in {}: nothing to salvage", dir.display())]
    NoSegments {
        /// The directory asked for.
        dir: PathBuf,
    },
    /// There is a log already where the new one is to be.
    #[error("there is a log in {} already: name another directory for the new one", dir.display())]
    NotEmpty {
        /// The directory of the log that is there.
        dir: PathBuf,
    },
    /// The old log's files cannot be read at all.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new log cannot be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new log cannot be written; what was copied so far is in it.
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl From<IoFailure> for SalvageError {
    fn from(failure: IoFailure) -> Self {
        Self::Read(failure.into())
    }
}

/// Copies every sound record of the log in `dir`, those above its watermark too, into a new log
/// in `into`. `on_progress` gets a word now and then and at the end.
///
/// # Errors
///
/// [`SalvageError`]. Damage of records is no error: it is in the report.
pub fn salvage(
    dir: &Path,
    into: &Path,
    on_progress: &mut dyn FnMut(VerifyProgress),
) -> Result<SalvageReport, SalvageError> {
    let extent = extent(dir)?;
    if identity::look::<OpenError>(into)?.is_some() {
        let dir = into.to_owned();
        return Err(SalvageError::NotEmpty { dir });
    }
    let options = LogOptions {
        record_max_bytes: RECORD_LIMIT_BYTES,
        ..LogOptions::default()
    };
    let mut copy = Copy {
        writer: LogWriter::open(into, options)?,
        batch: Vec::new(),
        batch_bytes: 0,
        failure: None,
    };
    let report = verify::read_extent(dir, extent, on_progress, &mut |record| {
        copy.push(record.payload);
    })?;
    let log_id = copy.writer.log_id();
    copy.finish()?;
    Ok(SalvageReport {
        log_id,
        records: report.records,
        damages: report.damages,
    })
}

/// The way into the new log.
struct Copy {
    writer: LogWriter,
    batch: Vec<Vec<u8>>,
    batch_bytes: usize,
    /// After it nothing is copied any more.
    failure: Option<AppendError>,
}

impl Copy {
    fn push(&mut self, payload: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        self.batch.push(payload.to_vec());
        self.batch_bytes += payload.len();
        if self.batch_bytes >= BATCH_BYTES {
            self.failure = self.flush().err();
        }
    }

    fn flush(&mut self) -> Result<(), AppendError> {
        self.writer.append(&self.batch)?;
        self.batch.clear();
        self.batch_bytes = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<(), AppendError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        self.flush()?;
        self.writer.close()
    }
}

/// From where to where there should be records: by the watermark as far as it can be read, and
/// to the last sound record of the newest segment in any case.
fn extent(dir: &Path) -> Result<Watermark, SalvageError> {
    let bases = segment::list(dir)?;
    let (Some(&oldest), Some(&newest)) = (bases.first(), bases.last()) else {
        let dir = dir.to_owned();
        return Err(SalvageError::NoSegments { dir });
    };
    let stored = stored_watermark(dir)?;
    let (sound_end, position, file_end) = sound_end(dir, newest)?;
    let durable = stored.map_or(sound_end, |stored| stored.durable.max(sound_end));
    Ok(Watermark {
        log_id: stored.map_or(LogId::from_bytes([0; 16]), |stored| stored.log_id),
        sequence: 0,
        first: stored.map_or(oldest, |stored| stored.first),
        durable,
        segment: newest,
        // What follows the last sound record is damage only if more was acknowledged.
        position: if durable > sound_end {
            file_end
        } else {
            position
        },
    })
}

fn stored_watermark(dir: &Path) -> Result<Option<Watermark>, IoFailure> {
    let Ok(Some(log_id)) = identity::look::<ReadError>(dir) else {
        return Ok(None);
    };
    match WatermarkReader::open(dir, log_id)? {
        Some(file) => file.read(),
        None => Ok(None),
    }
}

/// The offset after the segment's last sound record, where that ends, and where the file ends.
fn sound_end(dir: &Path, base: Offset) -> Result<(Offset, Position, Position), SalvageError> {
    let (mut reader, _magic) = match SegmentReader::open_any(dir, base) {
        Ok(opened) => opened,
        Err(SegmentError::Io(failure)) => return Err(failure.into()),
        // Gone since it was listed: it is missing, then.
        Err(SegmentError::Damaged(_) | SegmentError::Absent) => {
            return Ok((base, segment::FIRST_FRAME_AT, segment::FIRST_FRAME_AT));
        }
    };
    let file_end = reader.file_end()?;
    let mut sound = (base, segment::FIRST_FRAME_AT, file_end);
    loop {
        match reader.read(file_end) {
            Ok(Some(_)) => sound = (reader.next(), reader.position(), file_end),
            Ok(None) | Err(SegmentError::Absent) => return Ok(sound),
            Err(SegmentError::Damaged(_)) => {
                if !reader.resync(file_end, NO_END)? {
                    return Ok(sound);
                }
            }
            Err(SegmentError::Io(failure)) => return Err(failure.into()),
        }
    }
}
