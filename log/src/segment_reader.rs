//! Reads one segment's frames forward with `pread`, checking each strictly. Cursors, recovery
//! and verification all read through it. Knows nothing about watermarks or other segments: the
//! caller says up to which byte it may read.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{
    damage::{Damage, DamageKind, FrameFault},
    error::{IoFailure, io_failure},
    frame::{self, HEADER_BYTES, Header},
    offset::{Offset, Position},
    segment,
};

/// Bytes asked of the file at once; the buffer grows only for a record above it.
const CHUNK_BYTES: usize = 256 * 1024;

/// Why a segment could not be read.
#[derive(Debug)]
pub(crate) enum SegmentError {
    /// There is no such segment file.
    Absent,
    /// Its bytes are not what was written.
    Damaged(Damage),
    /// The operating system refused something.
    Io(IoFailure),
}

impl From<IoFailure> for SegmentError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

/// A sound frame in the reader's buffer, valid until the next call that reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// The record's offset.
    pub(crate) offset: Offset,
    /// Where the frame begins.
    pub(crate) position: Position,
    payload_start: usize,
    payload_end: usize,
}

/// A forward reader over one segment.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: File,
    path: PathBuf,
    base: Offset,
    next: Offset,
    position: Position,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl SegmentReader {
    /// Opens the segment with this base at its first frame.
    pub(crate) fn open(dir: &Path, base: Offset) -> Result<Self, SegmentError> {
        match Self::open_any(dir, base)? {
            (reader, None) => Ok(reader),
            (_, Some(damage)) => Err(SegmentError::Damaged(damage)),
        }
    }

    /// The same for whom damage of the magic is no reason to stop: it comes beside the reader.
    pub(crate) fn open_any(
        dir: &Path,
        base: Offset,
    ) -> Result<(Self, Option<Damage>), SegmentError> {
        let path = dir.join(segment::file_name(base));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SegmentError::Absent);
            }
            Err(error) => return Err(io_failure("open", path)(error).into()),
        };
        let mut reader = Self {
            file,
            path,
            base,
            next: base,
            position: Position::default(),
            buffer: Vec::new(),
            start: 0,
            end: 0,
        };
        let sound = reader.fill(segment::MAGIC.len(), segment::FIRST_FRAME_AT)?
            >= segment::MAGIC.len()
            && reader.buffer.starts_with(&segment::MAGIC);
        let damage = (!sound).then(|| reader.damage_here(DamageKind::Magic));
        reader.move_to(base, segment::FIRST_FRAME_AT);
        Ok((reader, damage))
    }

    /// The segment's base offset.
    pub(crate) const fn base(&self) -> Offset {
        self.base
    }

    /// The offset the next frame must bear.
    pub(crate) const fn next(&self) -> Offset {
        self.next
    }

    /// Where the next frame begins.
    pub(crate) const fn position(&self) -> Position {
        self.position
    }

    /// Where the file ends now.
    pub(crate) fn file_end(&self) -> Result<Position, IoFailure> {
        let metadata = self
            .file
            .metadata()
            .map_err(io_failure("inspect", &self.path))?;
        Ok(Position::new(metadata.len()))
    }

    /// Goes on at `position`, where the frame of record `next` is said to be.
    pub(crate) fn move_to(&mut self, next: Offset, position: Position) {
        self.next = next;
        self.position = position;
        self.start = 0;
        self.end = 0;
    }

    /// Reads and checks the next frame; `None` at `cap`, which must be a frame's end that only
    /// ever grows. After damage the reader stays where it is.
    pub(crate) fn read(&mut self, cap: Position) -> Result<Option<Frame>, SegmentError> {
        let Some(frame) = self.peek(cap)? else {
            return Ok(None);
        };
        let bytes = frame.payload_end - self.start;
        self.start = frame.payload_end;
        self.position = self.position.plus(wide(bytes));
        self.next = self.next.next();
        Ok(Some(frame))
    }

    /// Steps over the next frame by its header alone; `None` at `cap`, else where it began.
    pub(crate) fn skip(&mut self, cap: Position) -> Result<Option<Position>, SegmentError> {
        let Some(header) = self.header(cap)? else {
            return Ok(None);
        };
        let bytes = HEADER_BYTES + size(header);
        if cap.since(self.position) < wide(bytes) {
            return Err(self.truncated(cap.since(self.position), bytes));
        }
        let began = self.position;
        self.start = (self.start + bytes).min(self.end);
        self.position = began.plus(wide(bytes));
        self.next = self.next.next();
        Ok(Some(began))
    }

    /// The payload of a frame just read.
    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.payload_start..frame.payload_end]
    }

    /// All bytes of a frame just read.
    pub(crate) fn frame(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.payload_start - HEADER_BYTES..frame.payload_end]
    }

    /// After damage, searches forward for a sound frame of a record from the damaged one up to,
    /// not including, `until`. Returns whether there is one; then the reader stands before it,
    /// else at `cap`.
    pub(crate) fn resync(&mut self, cap: Position, until: Offset) -> Result<bool, IoFailure> {
        let damaged = self.next;
        loop {
            if self.start < self.end {
                self.start += 1;
            }
            self.position = self.position.plus(1);
            if self.fill(HEADER_BYTES, cap)? < HEADER_BYTES {
                self.move_to(damaged, cap);
                return Ok(false);
            }
            let claimed = frame::claimed_offset(self.header_bytes());
            if claimed < damaged || claimed >= until {
                continue;
            }
            self.next = claimed;
            if self.is_at_frame(cap)? {
                return Ok(true);
            }
            self.next = damaged;
        }
    }

    /// Whether the next frame is the sound one of the record expected there.
    pub(crate) fn is_at_frame(&mut self, cap: Position) -> Result<bool, IoFailure> {
        match self.peek(cap) {
            Ok(frame) => Ok(frame.is_some()),
            Err(SegmentError::Io(failure)) => Err(failure),
            Err(SegmentError::Damaged(_) | SegmentError::Absent) => Ok(false),
        }
    }

    /// The place the reader stands at, as damage of one record.
    pub(crate) fn damage_here(&self, kind: DamageKind) -> Damage {
        Damage {
            segment: segment::file_name(self.base),
            position: self.position,
            offset: self.next,
            until: self.next.next(),
            kind,
        }
    }

    fn damage(&self, kind: DamageKind) -> SegmentError {
        SegmentError::Damaged(self.damage_here(kind))
    }

    fn peek(&mut self, cap: Position) -> Result<Option<Frame>, SegmentError> {
        let Some(header) = self.header(cap)? else {
            return Ok(None);
        };
        let bytes = HEADER_BYTES + size(header);
        let have = self.fill(bytes, cap)?;
        if have < bytes {
            return Err(self.truncated(wide(have), bytes));
        }
        let frame = Frame {
            offset: self.next,
            position: self.position,
            payload_start: self.start + HEADER_BYTES,
            payload_end: self.start + bytes,
        };
        header
            .check(self.payload(&frame))
            .map_err(|fault| self.damage(DamageKind::Frame(fault)))?;
        Ok(Some(frame))
    }

    fn header(&mut self, cap: Position) -> Result<Option<Header>, SegmentError> {
        if self.position >= cap {
            return Ok(None);
        }
        let have = self.fill(HEADER_BYTES, cap)?;
        if have < HEADER_BYTES {
            return Err(self.truncated(wide(have), HEADER_BYTES));
        }
        Header::decode(self.header_bytes(), self.next)
            .map(Some)
            .map_err(|fault| self.damage(DamageKind::Frame(fault)))
    }

    fn header_bytes(&self) -> &[u8; HEADER_BYTES] {
        self.buffer[self.start..self.end]
            .first_chunk()
            .expect("the buffer was just filled with a header's bytes")
    }

    fn truncated(&self, have_bytes: u64, need: usize) -> SegmentError {
        let need_bytes = wide(need);
        self.damage(DamageKind::Frame(FrameFault::Truncated {
            have_bytes,
            need_bytes,
        }))
    }

    /// Makes at least `need` bytes from `self.position` on available if the file has them below
    /// `cap`; returns how many are.
    fn fill(&mut self, need: usize, cap: Position) -> Result<usize, IoFailure> {
        let have = self.end - self.start;
        if have >= need {
            return Ok(have);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.start = 0;
        self.end = have;
        let below_cap = usize::try_from(cap.since(self.position)).unwrap_or(usize::MAX);
        let target = need.max(CHUNK_BYTES).min(below_cap);
        if self.buffer.len() < target {
            self.buffer.resize(target, 0);
        }
        while self.end < target {
            let at = self.position.plus(wide(self.end)).get();
            match self.file.read_at(&mut self.buffer[self.end..target], at) {
                Ok(0) => break,
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(io_failure("read", &self.path)(error)),
            }
        }
        Ok(self.end)
    }
}

/// The payload's size in memory: at most `RECORD_LIMIT_BYTES`.
fn size(header: Header) -> usize {
    usize::try_from(header.size).expect("the record limit fits in memory")
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).expect("a buffer's length fits in 64 bits")
}
