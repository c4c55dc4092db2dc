//! A reader's place in a log: from any process, without a lock, while the writer appends and
//! rolls. Knows where segments follow one another; what a frame is, the segment reader knows.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    damage::{Damage, DamageKind},
    error::ReadError,
    identity::{self, LogId},
    index,
    offset::{Offset, Position},
    segment,
    segment_reader::{Frame, SegmentError, SegmentReader},
    wait::Waiter,
    watermark::{Watermark, WatermarkReader},
};

/// One record, as it was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its number.
    pub offset: Offset,
    /// Its bytes, at least one.
    pub payload: &'a [u8],
}

/// A place in a log, from which records are read forward up to the watermark.
///
/// Reading changes nothing. Memory is a buffer of 256 KiB, or of the largest record where that
/// is larger.
#[derive(Debug)]
pub struct LogCursor {
    dir: PathBuf,
    watermark_file: WatermarkReader,
    /// The watermark when it was last looked at; it only ever grows.
    watermark: Watermark,
    next: Offset,
    /// The segment that holds `next`, standing there; `None` until it is needed.
    segment: Option<SegmentReader>,
    /// Up to where that segment may be read.
    cap: Position,
    waiter: Option<Waiter>,
}

impl LogCursor {
    /// Opens the log in `dir` at the record `at`. A place beyond the watermark is allowed: there
    /// is nothing to read until the log gets there.
    ///
    /// # Errors
    ///
    /// [`ReadError::NoLog`] where there is none yet, [`ReadError::Trimmed`] where `at` is below the
    /// first record, and whatever else keeps the directory from being read as a log.
    pub fn open(dir: impl Into<PathBuf>, at: Offset) -> Result<Self, ReadError> {
        let dir = dir.into();
        let (watermark_file, watermark) = open_watermark(&dir)?;
        let mut cursor = Self {
            dir,
            watermark_file,
            watermark,
            next: at,
            segment: None,
            cap: Position::default(),
            waiter: None,
        };
        cursor.seek(at)?;
        Ok(cursor)
    }

    /// Which log it is.
    #[must_use]
    pub const fn log_id(&self) -> LogId {
        self.watermark.log_id
    }

    /// The record to be read next.
    #[must_use]
    pub const fn offset(&self) -> Offset {
        self.next
    }

    /// The first record the log still holds, as of now.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the watermark cannot be read.
    pub fn first_offset(&mut self) -> Result<Offset, ReadError> {
        self.look()?;
        Ok(self.watermark.first)
    }

    /// The first offset that is not durable yet, as of now: reading ends before it.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where the watermark cannot be read.
    pub fn watermark(&mut self) -> Result<Offset, ReadError> {
        self.look()?;
        Ok(self.watermark.durable)
    }

    /// Goes to the record `to`.
    ///
    /// # Errors
    ///
    /// [`ReadError::Trimmed`] where it is below the first record; the cursor then stays where it
    /// was.
    pub fn seek(&mut self, to: Offset) -> Result<(), ReadError> {
        if to < self.watermark.first {
            // Where it begins by now.
            self.look()?;
            return Err(ReadError::Trimmed {
                asked: to,
                first: self.watermark.first,
            });
        }
        if to != self.next {
            self.segment = None;
            self.next = to;
        }
        Ok(())
    }

    /// Reads the next record and steps over it; `None` at the watermark, for now.
    ///
    /// # Errors
    ///
    /// [`ReadError::Trimmed`] where it was trimmed meanwhile: go on at the first one there is.
    /// [`ReadError::Damaged`] where the record is not what was appended: the cursor stays, and may
    /// be sent past it with [`seek`](Self::seek). Any other [`ReadError`] likewise leaves the place
    /// as it was.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        let Some(frame) = self.advance()? else {
            return Ok(None);
        };
        Ok(self.segment.as_ref().map(|segment| Record {
            offset: frame.offset,
            payload: segment.payload(&frame),
        }))
    }

    /// Blocks until there is a record to read (`true`), or until the time is over (`false`).
    ///
    /// # Errors
    ///
    /// [`ReadError::Replaced`] where the log was deleted meanwhile, and any other failure to read
    /// the watermark.
    pub fn wait(&mut self, at_most: Duration) -> Result<bool, ReadError> {
        let started = Instant::now();
        if self.is_readable()? {
            return Ok(true);
        }
        loop {
            let left = at_most.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            match &self.waiter {
                Some(waiter) => waiter.wait(left),
                // What happened before the subscription is seen by the look that follows.
                None => self.waiter = Some(Waiter::subscribe(self.watermark_file.path())),
            }
            if self.is_readable()? {
                return Ok(true);
            }
        }
    }

    fn is_readable(&mut self) -> Result<bool, ReadError> {
        if self.next >= self.watermark.durable {
            self.look()?;
        }
        Ok(self.next < self.watermark.durable)
    }

    /// Looks at the watermark file again.
    fn look(&mut self) -> Result<(), ReadError> {
        match self.watermark_file.read()? {
            // Not by the sequence: after a power cut the file may be an older one, from which its
            // writer counts on.
            Some(newer) if self.is_further(&newer) => self.watermark = newer,
            // Unchanged, as far as this file goes: it may no longer be the log's.
            Some(_) if self.watermark_file.is_replaced()? => return Err(self.replaced()),
            Some(_) => {}
            None => return Err(self.watermark_lost()?),
        }
        Ok(())
    }

    fn is_further(&self, newer: &Watermark) -> bool {
        let known = &self.watermark;
        newer.sequence != known.sequence
            && newer.durable >= known.durable
            && newer.first >= known.first
    }

    /// Why the watermark file holds no watermark of this log any more.
    fn watermark_lost(&self) -> Result<ReadError, ReadError> {
        if identity::look::<ReadError>(&self.dir)? != Some(self.log_id()) {
            return Ok(self.replaced());
        }
        let path = self.watermark_file.path().to_owned();
        Ok(ReadError::WatermarkUnreadable { path })
    }

    fn replaced(&self) -> ReadError {
        ReadError::Replaced {
            dir: self.dir.clone(),
        }
    }

    fn advance(&mut self) -> Result<Option<Frame>, ReadError> {
        if !self.is_readable()? {
            return Ok(None);
        }
        loop {
            let Some(segment) = &mut self.segment else {
                self.segment = Some(self.open_segment()?);
                continue;
            };
            match segment.read(self.cap) {
                Ok(Some(frame)) => {
                    self.next = frame.offset.next();
                    return Ok(Some(frame));
                }
                Ok(None) => {}
                Err(error) => {
                    // The next call opens the segment anew.
                    self.segment = None;
                    return Err(self.failure(error));
                }
            }
            if let Some(segment) = self.segment.take()
                && self.raise_cap(&segment)?
            {
                self.segment = Some(segment);
            }
            // Otherwise the segment was closed here, and the next one is opened.
        }
    }

    /// Lets the segment be read as far as it is durable now; whether that is further than before.
    fn raise_cap(&mut self, segment: &SegmentReader) -> Result<bool, ReadError> {
        let cap = if segment.base() < self.watermark.segment {
            segment.file_end()?
        } else {
            self.watermark.position
        };
        let is_raised = cap > self.cap;
        self.cap = cap;
        Ok(is_raised)
    }

    /// Opens the segment that holds the next record, standing there.
    fn open_segment(&mut self) -> Result<SegmentReader, ReadError> {
        // Another log's segments may be sound and yet are not ours.
        if self.watermark_file.is_replaced()? {
            return Err(self.replaced());
        }
        self.look()?;
        if self.next < self.watermark.first {
            return Err(self.trimmed());
        }
        let bases = segment::list(&self.dir)?;
        let base = match bases.partition_point(|base| *base <= self.next) {
            0 => return Err(self.missing()?),
            after => bases[after - 1],
        };
        let mut segment = match SegmentReader::open(&self.dir, base) {
            Ok(segment) => segment,
            Err(SegmentError::Absent) => return Err(self.missing()?),
            Err(error) => return Err(self.failure(error)),
        };
        self.cap = Position::default();
        self.raise_cap(&segment)?;
        self.go_to_next(&mut segment)?;
        if segment.position() >= self.cap {
            return Err(self.damaged(segment.damage_here(DamageKind::MissingRecords)));
        }
        Ok(segment)
    }

    /// Moves within the segment to the next record's frame: the index says where, or else the
    /// frames before it are read, past damage if need be.
    fn go_to_next(&self, segment: &mut SegmentReader) -> Result<(), ReadError> {
        if segment.next() == self.next {
            return Ok(());
        }
        if let Some(position) = index::hint(&self.dir, segment.base(), self.next) {
            segment.move_to(self.next, position);
            if segment.is_at_frame(self.cap)? {
                return Ok(());
            }
        }
        segment.move_to(segment.base(), segment::FIRST_FRAME_AT);
        while segment.next() < self.next {
            // Read, not skipped: a wrong size in a header would lead past the frame looked for.
            let damage = match segment.read(self.cap) {
                Ok(Some(_)) => continue,
                Ok(None) => segment.damage_here(DamageKind::MissingRecords),
                Err(SegmentError::Damaged(damage)) => damage,
                Err(error) => return Err(self.failure(error)),
            };
            let is_past =
                segment.position() < self.cap && segment.resync(self.cap, self.next.next())?;
            if !is_past {
                let until = self.next.next();
                return Err(self.damaged(Damage { until, ..damage }));
            }
        }
        Ok(())
    }

    /// Why there is no segment for the next record, though it is below the watermark.
    fn missing(&mut self) -> Result<ReadError, ReadError> {
        self.look()?;
        if self.next < self.watermark.first {
            return Ok(self.trimmed());
        }
        Ok(self.damaged(Damage {
            segment: segment::file_name(self.next),
            position: Position::default(),
            offset: self.next,
            until: self.next.next(),
            kind: DamageKind::MissingRecords,
        }))
    }

    fn trimmed(&self) -> ReadError {
        ReadError::Trimmed {
            asked: self.next,
            first: self.watermark.first,
        }
    }

    fn damaged(&self, damage: Damage) -> ReadError {
        ReadError::Damaged {
            dir: self.dir.clone(),
            damage,
        }
    }

    fn failure(&self, error: SegmentError) -> ReadError {
        match error {
            SegmentError::Damaged(damage) => self.damaged(damage),
            SegmentError::Io(failure) => failure.into(),
            SegmentError::Absent => self.replaced(),
        }
    }
}

/// Opens the watermark of the log in `dir`.
pub(crate) fn open_watermark(dir: &Path) -> Result<(WatermarkReader, Watermark), ReadError> {
    let Some(log_id) = identity::look::<ReadError>(dir)? else {
        return Err(ReadError::NoLog {
            dir: dir.to_owned(),
        });
    };
    let unreadable = || ReadError::WatermarkUnreadable {
        path: dir.join(crate::watermark::FILE_NAME),
    };
    let file = WatermarkReader::open(dir, log_id)?.ok_or_else(unreadable)?;
    let watermark = file.read()?.ok_or_else(unreadable)?;
    Ok((file, watermark))
}
