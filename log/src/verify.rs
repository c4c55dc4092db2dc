//! Checks a whole log and names every damaged place, from any process. Knows nothing about what
//! records mean: the caller sees each of them if it wants to.
//!
//! A closed segment whose file has the digest that its checksum file names is what was written, and
//! its records need no look. Where it has another, or there is no checksum file, and in the newest
//! segment, every record is read and checked.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use crate::{
    checksum::{self, Checksum, Digester},
    cursor::{self, Record},
    damage::{Damage, DamageKind},
    error::{IoFailure, ReadError, io_failure},
    offset::{Offset, Position},
    segment,
    segment_reader::{SegmentError, SegmentReader},
    watermark::{Watermark, WatermarkReader},
};

/// How often progress is told.
const PROGRESS_BYTES: u64 = 4 * 1024 * 1024;

/// How far a verification is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyProgress {
    /// Bytes of segments read.
    pub bytes: u64,
    /// Bytes of segments there are to read.
    pub total_bytes: u64,
}

/// Bytes of a segment digested at once.
const PART_BYTES: usize = 1024 * 1024;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Sound records.
    pub records: u64,
    /// Bytes of segments read.
    pub bytes: u64,
    /// Segments that were proven by their checksum file.
    pub proven_segments: u64,
    /// Every damaged place, in the log's order.
    pub damages: Vec<Damage>,
}

/// Who wants to see every record.
type OnRecord<'a> = dyn FnMut(Record<'_>) + 'a;

/// Checks every record below the watermark, as it is at the start, and goes on past damage:
/// closed segments by their digests, the others record by record. `on_progress` gets a word now and
/// then and at the end.
///
/// # Errors
///
/// As [`verify_records`].
pub fn verify(
    dir: &Path,
    on_progress: &mut dyn FnMut(VerifyProgress),
) -> Result<VerifyReport, ReadError> {
    run(dir, on_progress, None)
}

/// The same with a look at every record: `on_record` gets each sound one.
///
/// # Errors
///
/// [`ReadError`] where there is no log, or its watermark or a file cannot be read at all. Damage
/// of records is no error: it is in the report.
pub fn verify_records(
    dir: &Path,
    on_progress: &mut dyn FnMut(VerifyProgress),
    on_record: &mut dyn FnMut(Record<'_>),
) -> Result<VerifyReport, ReadError> {
    run(dir, on_progress, Some(on_record))
}

fn run<'a>(
    dir: &'a Path,
    on_progress: &'a mut dyn FnMut(VerifyProgress),
    on_record: Option<&'a mut OnRecord<'a>>,
) -> Result<VerifyReport, ReadError> {
    let (file, mut watermark) = cursor::open_watermark(dir)?;
    let mut bases = segment::list(dir)?;
    // A trim between the two looks takes segments that are not missing.
    if let Some(now) = file.read()? {
        watermark.first = now.first;
    }
    // A later one is being made by the writer and holds nothing durable; an earlier one than the
    // first is what an interrupted trim left.
    bases.retain(|base| (watermark.first..=watermark.segment).contains(base));
    let mut verification = Verification {
        dir,
        file: Some(file),
        watermark,
        on_progress,
        on_record,
        progress: VerifyProgress::default(),
        told_bytes: 0,
        report: VerifyReport::default(),
    };
    verification.run(&bases)?;
    Ok(verification.report)
}

/// Reads every record between two offsets that may be no log's own: a watermark made up for a log
/// whose own cannot be read.
pub(crate) fn read_extent(
    dir: &Path,
    extent: Watermark,
    on_progress: &mut dyn FnMut(VerifyProgress),
    on_record: &mut dyn FnMut(Record<'_>),
) -> Result<VerifyReport, ReadError> {
    let mut bases = segment::list(dir)?;
    bases.retain(|base| *base >= extent.first);
    let mut verification = Verification {
        dir,
        file: None,
        watermark: extent,
        on_progress,
        on_record: Some(on_record),
        progress: VerifyProgress::default(),
        told_bytes: 0,
        report: VerifyReport::default(),
    };
    verification.run(&bases)?;
    Ok(verification.report)
}

struct Verification<'a> {
    dir: &'a Path,
    /// Tells of trims meanwhile.
    file: Option<WatermarkReader>,
    watermark: Watermark,
    on_progress: &'a mut dyn FnMut(VerifyProgress),
    /// Who wants to see every record, if anyone does.
    on_record: Option<&'a mut OnRecord<'a>>,
    progress: VerifyProgress,
    told_bytes: u64,
    report: VerifyReport,
}

impl Verification<'_> {
    fn run(&mut self, bases: &[Offset]) -> Result<(), ReadError> {
        for base in bases {
            self.progress.total_bytes += self.end_of(*base)?.get();
        }
        let mut expected = self.watermark.first;
        let ends = bases.iter().skip(1).copied();
        for (&base, end) in bases.iter().zip(ends.chain([self.watermark.durable])) {
            self.missing(expected, base);
            self.segment(base, end)?;
            expected = end;
        }
        self.missing(expected, self.watermark.durable);
        self.report.bytes = self.progress.bytes;
        (self.on_progress)(self.progress);
        Ok(())
    }

    /// Up to which byte a segment is to be read.
    fn end_of(&self, base: Offset) -> Result<Position, ReadError> {
        if base == self.watermark.segment {
            return Ok(self.watermark.position);
        }
        let bytes = segment::file_bytes(self.dir, base)?;
        Ok(Position::new(bytes.unwrap_or(0)))
    }

    /// Reads the segment that should hold the records from `base` up to `end`.
    fn segment(&mut self, base: Offset, end: Offset) -> Result<(), ReadError> {
        let cap = self.end_of(base)?;
        let before_bytes = self.progress.bytes;
        let is_what_was_closed = self.is_what_was_closed(base, end)?;
        if is_what_was_closed == Some(true) {
            self.report.proven_segments += 1;
            if self.on_record.is_none() {
                self.report.records += end.since(base);
                self.tell(before_bytes + cap.get());
                return Ok(());
            }
        }
        let damages = self.report.damages.len();
        match SegmentReader::open_any(self.dir, base) {
            Ok((mut reader, magic)) => {
                self.report.damages.extend(magic);
                self.frames(&mut reader, cap, end, before_bytes)?;
            }
            Err(SegmentError::Io(failure)) => return Err(failure.into()),
            Err(SegmentError::Damaged(damage)) => self.report.damages.push(damage),
            // Taken away since it was listed.
            Err(SegmentError::Absent) if self.is_trimmed(base)? => {}
            Err(SegmentError::Absent) => self.missing(base, end),
        }
        if is_what_was_closed == Some(false) && self.report.damages.len() == damages {
            self.report.damages.push(Damage {
                segment: segment::file_name(base),
                position: Position::default(),
                offset: base,
                until: end,
                kind: DamageKind::Digest,
            });
        }
        self.tell(before_bytes + cap.get());
        Ok(())
    }

    /// Whether the segment is the one that its checksum file tells of; `None` where nothing can
    /// tell.
    fn is_what_was_closed(&mut self, base: Offset, end: Offset) -> Result<Option<bool>, ReadError> {
        if base == self.watermark.segment {
            // It may have a checksum file, and yet be open again.
            return Ok(None);
        }
        let Some(checksum) = checksum::read(self.dir, self.watermark.log_id, base)? else {
            return Ok(None);
        };
        let path = self.dir.join(segment::file_name(base));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_failure("open", path)(error).into()),
        };
        let bytes = file.metadata().map_err(io_failure("inspect", &path))?.len();
        if checksum.end != end || checksum.bytes != bytes {
            return Ok(Some(false));
        }
        let digests = self.has_digest(file, &checksum);
        Ok(Some(digests.map_err(io_failure("read", path))?))
    }

    fn has_digest(&mut self, mut file: File, checksum: &Checksum) -> io::Result<bool> {
        let before_bytes = self.progress.bytes;
        let mut digester = Digester::default();
        let mut buffer = vec![0; PART_BYTES];
        let mut done_bytes = 0;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(digester.digest() == checksum.digest),
                Ok(part) => {
                    digester.update(&buffer[..part]);
                    done_bytes += u64::try_from(part).expect("a length fits in 64 bits");
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.on_record.is_none() {
                self.tell_now_and_then(before_bytes + done_bytes);
            }
        }
    }

    fn frames(
        &mut self,
        reader: &mut SegmentReader,
        cap: Position,
        end: Offset,
        before_bytes: u64,
    ) -> Result<(), ReadError> {
        while reader.next() < end {
            match reader.read(cap) {
                Ok(Some(frame)) => {
                    self.report.records += 1;
                    if let Some(on_record) = &mut self.on_record {
                        on_record(Record {
                            offset: frame.offset,
                            payload: reader.payload(&frame),
                        });
                    }
                    self.tell_now_and_then(before_bytes + reader.position().get());
                }
                Ok(None) | Err(SegmentError::Absent) => {
                    let damage = reader.damage_here(DamageKind::MissingRecords);
                    self.report.damages.push(Damage {
                        until: end,
                        ..damage
                    });
                    return Ok(());
                }
                Err(SegmentError::Damaged(damage)) => {
                    let found = reader.resync(cap, end)?;
                    let until = if found { reader.next() } else { end };
                    self.report.damages.push(Damage { until, ..damage });
                    if !found {
                        return Ok(());
                    }
                }
                Err(SegmentError::Io(failure)) => return Err(failure.into()),
            }
        }
        if reader.position() < cap {
            let damage = reader.damage_here(DamageKind::Overlap);
            self.report.damages.push(damage);
        }
        Ok(())
    }

    /// Whether the segment is one that retention took meanwhile.
    fn is_trimmed(&self, base: Offset) -> Result<bool, IoFailure> {
        let now = match &self.file {
            Some(file) => file.read()?,
            None => None,
        };
        Ok(now.is_some_and(|watermark| base < watermark.first))
    }

    fn missing(&mut self, from: Offset, until: Offset) {
        if from < until {
            self.report.damages.push(Damage {
                segment: segment::file_name(from),
                position: Position::default(),
                offset: from,
                until,
                kind: DamageKind::MissingRecords,
            });
        }
    }

    fn tell_now_and_then(&mut self, bytes: u64) {
        if bytes >= self.told_bytes + PROGRESS_BYTES {
            self.tell(bytes);
        }
    }

    fn tell(&mut self, bytes: u64) {
        self.told_bytes = bytes;
        self.progress.bytes = bytes;
        (self.on_progress)(self.progress);
    }
}
