//! A stream of bytes, taken apart into the values it holds. Knows JSON's brackets and lines, not
//! what an event is beyond asking [`read_event`] whether something is one.
//!
//! The usual file has one event a line: a line is handed out as it is, and whoever reads it says
//! with [`Pieces::not_one_value`] where it is none. Only then is the value's end looked for: it may
//! share its line with others, or be spread over several. What never becomes a value must not take
//! what follows along: the lines it was sought in are then read one by one.

use std::io;
use std::ops::Range;

use ghev_event::codec::EVENT_MAX_BYTES;
use ghev_event::{EventKind, Reject, RejectReason, read_event};
use memchr::memchr;

use super::blocks::{Blocks, Fault};
use super::scan::{Extent, Scan, line_ends};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One thing found in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A whole line that starts like an object; not parsed yet.
    Line(Span),
    /// A JSON value: an event, or with a reason not to be one.
    Value(Span, Option<String>),
    /// Bytes that are no JSON value, and why.
    Garbage(Span, String),
    /// The same, of which there was too much to keep.
    Oversized(Box<Reject<'static>>),
    /// Bytes are missing here: the file ends although it should not, or goes on elsewhere.
    Damage {
        /// The line they are missing in, from 1. Lines behind it are counted as if none were.
        line: u64,
        /// What is wrong with the file.
        reason: String,
    },
}

/// Why there is no piece.
#[derive(Debug)]
pub(super) enum Halt {
    /// None for now. Nothing is lost: the next call goes on where this one began.
    Pause,
    /// The operating system failed to read.
    Io(io::Error),
}

/// Where a piece lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    range: Range<usize>,
    /// The line it begins in, from 1.
    pub(super) line: u64,
}

/// Takes a file apart. Holds one block and as much of one value as an event may have.
#[derive(Debug)]
pub(super) struct Pieces<B> {
    blocks: B,
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    ended: bool,
    /// Not handed out yet.
    damage: Option<String>,
    /// The end is one by damage: there may be more behind it.
    broken: bool,
    /// Nothing has been taken since.
    after_damage: bool,
    in_array: bool,
    /// Lines before this place of the buffer are read one by one.
    line_by_line_until: usize,
}

impl<B: Blocks> Pieces<B> {
    pub(super) fn new(blocks: B) -> Self {
        Self {
            blocks,
            buffer: Vec::new(),
            at: 0,
            line: 1,
            ended: false,
            damage: None,
            broken: false,
            after_damage: false,
            in_array: false,
            line_by_line_until: 0,
        }
    }

    /// The bytes of a piece; valid until the next one is asked for.
    pub(super) fn bytes(&self, span: &Span) -> &[u8] {
        &self.buffer[span.range.clone()]
    }

    /// The source of the bytes.
    pub(super) fn blocks(&self) -> &B {
        &self.blocks
    }

    /// The next piece, or `None` at the end.
    ///
    /// # Errors
    /// [`Halt`]: where the operating system fails to read, or nothing comes for now.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, Halt> {
        loop {
            let Some(byte) = self.skip_separators()? else {
                let (line, damage) = (self.line, self.damage.take());
                let more = self.go_on_behind_damage();
                match damage {
                    Some(reason) => return Ok(Some(Piece::Damage { line, reason })),
                    None if more => continue,
                    None => return Ok(None),
                }
            };
            if self.after_damage {
                let cut = !self.event_ahead(byte)?;
                let rest = cut.then(|| self.rest_of_line()).transpose()?;
                self.after_damage = false;
                if rest.is_some() {
                    return Ok(rest);
                }
            }
            if self.at < self.line_by_line_until {
                if let Some(piece) = self.one_line() {
                    return Ok(Some(piece));
                }
                continue;
            }
            return match byte {
                b'{' if !self.in_array => self.line_or_value().map(Some),
                b'{' | b'[' | b'"' => self.value().map(Some),
                _ => self.garbage().map(Some),
            };
        }
    }

    /// Says that a [`Piece::Line`], the last one handed out, does not parse as one value.
    pub(super) fn not_one_value(&mut self, line: &Span) -> Result<Piece, Halt> {
        self.at = line.range.start;
        self.line = line.line;
        self.value()
    }

    /// Begins anew where the end was one by damage.
    fn go_on_behind_damage(&mut self) -> bool {
        let more = std::mem::take(&mut self.broken);
        if more {
            (self.ended, self.in_array, self.after_damage) = (false, false, true);
        }
        more
    }

    /// Whether what follows damage is an event: a line that is one, or a value of a documented kind.
    /// It may as well be the rest of a line, and parts of an event have a `type` too.
    fn event_ahead(&mut self, byte: u8) -> Result<bool, Halt> {
        if byte != b'{' {
            return Ok(false);
        }
        if let Some(length) = self.line_length()?
            && read_event(self.rest()[..length].trim_ascii()).is_ok()
        {
            return Ok(true);
        }
        let (mut scan, mut scanned) = (Scan::default(), 0);
        loop {
            let limit = self.rest().len().min(EVENT_MAX_BYTES);
            match scan.over(&self.rest()[scanned..limit]) {
                Extent::Ends(at) => {
                    let event = read_event(&self.rest()[..scanned + at]);
                    return Ok(event.is_ok_and(|event| matches!(event.kind, EventKind::Known(_))));
                }
                Extent::Open if limit < EVENT_MAX_BYTES && self.fill()? => scanned = limit,
                Extent::Open | Extent::Broken(_) => return Ok(false),
            }
        }
    }

    fn rest_of_line(&mut self) -> Result<Piece, Halt> {
        let reason = "the rest of what the damage cut".to_owned();
        Ok(match self.line_length()? {
            Some(length) => Piece::Garbage(self.take(length), reason),
            None => self.oversized(None)?,
        })
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Moves past white space, commas, an array's brackets and byte order marks, which a file put
    /// together from others has where each of them began; what comes then, if anything.
    fn skip_separators(&mut self) -> Result<Option<u8>, Halt> {
        loop {
            let Some(&byte) = self.buffer.get(self.at) else {
                if self.fill()? {
                    continue;
                }
                return Ok(None);
            };
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' | b',' => {}
                b'[' if !self.in_array => self.in_array = true,
                b']' if self.in_array => self.in_array = false,
                0xef if self.at_byte_order_mark()? => self.at += BYTE_ORDER_MARK.len() - 1,
                _ => return Ok(Some(byte)),
            }
            self.at += 1;
        }
    }

    /// Appends a block; `false` where there is none.
    fn fill(&mut self) -> Result<bool, Halt> {
        if self.ended {
            return Ok(false);
        }
        self.line_by_line_until = self.line_by_line_until.saturating_sub(self.at);
        self.buffer.drain(..self.at);
        self.at = 0;
        match self.blocks.append_to(&mut self.buffer) {
            Ok(more) => {
                self.ended = !more;
                Ok(more)
            }
            Err(Fault::Damaged(reason)) => {
                self.damage = Some(reason);
                (self.ended, self.broken) = (true, true);
                Ok(false)
            }
            Err(Fault::Pause) => Err(Halt::Pause),
            Err(Fault::Io(error)) => Err(Halt::Io(error)),
        }
    }

    /// The same, for what cannot be begun anew.
    fn fill_without_pause(&mut self) -> Result<bool, Halt> {
        loop {
            match self.fill() {
                Err(Halt::Pause) => {}
                filled => return filled,
            }
        }
    }

    fn at_byte_order_mark(&mut self) -> Result<bool, Halt> {
        while self.rest().len() < BYTE_ORDER_MARK.len() && self.fill()? {}
        Ok(self.rest().starts_with(BYTE_ORDER_MARK))
    }

    /// The length of the line ahead without its end, or `None` where it is longer than an event
    /// may be.
    fn line_length(&mut self) -> Result<Option<usize>, Halt> {
        let mut searched = 0;
        loop {
            if let Some(found) = memchr(b'\n', &self.rest()[searched..]) {
                return Ok(Some(searched + found).filter(|&length| length <= EVENT_MAX_BYTES));
            }
            searched = self.rest().len();
            if searched > EVENT_MAX_BYTES {
                return Ok(None);
            }
            if !self.fill()? {
                return Ok(Some(searched));
            }
        }
    }

    /// Moves past `length` bytes, of which the span leaves out the white space around.
    fn take(&mut self, length: usize) -> Span {
        let bytes = &self.rest()[..length];
        let start = self.at + (length - bytes.trim_ascii_start().len());
        let end = (self.at + bytes.trim_ascii_end().len()).max(start);
        let span = Span {
            range: start..end,
            line: self.line,
        };
        self.line += line_ends(bytes);
        self.at += length;
        span
    }

    fn line_or_value(&mut self) -> Result<Piece, Halt> {
        match self.line_length()? {
            Some(length) => Ok(Piece::Line(self.take(length))),
            None => self.value(),
        }
    }

    /// What is neither object, array nor string: the rest of the line, or of the array's element.
    fn garbage(&mut self) -> Result<Piece, Halt> {
        let Some(line) = self.line_length()? else {
            return self.oversized(None);
        };
        let ends = |byte: &u8| self.in_array && matches!(byte, b',' | b']');
        // At least one byte: a stray closing bracket must not be looked at again and again.
        let length = self.rest()[..line]
            .iter()
            .position(ends)
            .unwrap_or(line)
            .max(1);
        let reason = match read_event(&self.rest()[..length]) {
            Err(reason) => reason.to_string(),
            Ok(_) => "not a JSON object".to_owned(),
        };
        Ok(Piece::Garbage(self.take(length), reason))
    }

    /// The value ahead, wherever it ends.
    fn value(&mut self) -> Result<Piece, Halt> {
        let (mut scan, mut scanned) = (Scan::default(), 0);
        let (length, why) = loop {
            let limit = self.rest().len().min(EVENT_MAX_BYTES);
            match scan.over(&self.rest()[scanned..limit]) {
                Extent::Ends(at) => {
                    let length = scanned + at;
                    match read_event(&self.rest()[..length]).err() {
                        None => return Ok(Piece::Value(self.take(length), None)),
                        Some(reason) if is_json(&reason) => {
                            return Ok(Piece::Value(self.take(length), Some(reason.to_string())));
                        }
                        Some(reason) => break (length, reason.to_string()),
                    }
                }
                Extent::Broken(at) => {
                    break (scanned + at, "a line break within a string".to_owned());
                }
                Extent::Open if limit == EVENT_MAX_BYTES => match self.last_line_end(limit) {
                    Some(length) => break (length, too_large()),
                    None => return self.oversized(Some((scan, limit))),
                },
                Extent::Open => {
                    scanned = limit;
                    if !self.fill()? {
                        let cut = || "the file ends within it".to_owned();
                        break (self.rest().len(), self.damage.take().unwrap_or_else(cut));
                    }
                }
            }
        };
        if line_ends(&self.rest()[..length]) == 0 {
            return Ok(Piece::Garbage(self.take(length), why));
        }
        self.line_by_line_until = self.at + length;
        self.bad_lines(why)
    }

    /// One line of a region in which no value could be found; `None` where it is blank.
    fn one_line(&mut self) -> Option<Piece> {
        let (length, found) = Self::good_line(&self.buffer[self.at..self.line_by_line_until]);
        match found {
            Some(reason) => Some(Piece::Value(self.take(length), reason)),
            None => self.bad_lines("not valid JSON".to_owned()).ok(),
        }
    }

    /// How much of the first line of a region is a value, if it starts with one.
    fn good_line(region: &[u8]) -> (usize, Option<Option<String>>) {
        let line = &region[..memchr(b'\n', region).unwrap_or(region.len())];
        let length = match Scan::default().over(line) {
            Extent::Ends(length) if line.starts_with(b"{") => length,
            _ => return (line.len(), None),
        };
        match read_event(&line[..length]) {
            Ok(_) => (length, Some(None)),
            Err(reason) if is_json(&reason) => (length, Some(Some(reason.to_string()))),
            Err(_) => (line.len(), None),
        }
    }

    /// All lines up to the next one that starts with an event, as one reject.
    fn bad_lines(&mut self, why: String) -> Result<Piece, Halt> {
        let (start, first_line) = (self.at, self.line);
        loop {
            let region = &self.buffer[self.at..self.line_by_line_until];
            let line = memchr(b'\n', region).map_or(region.len(), |at| at + 1);
            self.take(line);
            if self.at >= self.line_by_line_until {
                break;
            }
            let ahead = &self.buffer[self.at..self.line_by_line_until];
            let ahead = ahead.strip_prefix(BYTE_ORDER_MARK).unwrap_or(ahead);
            if matches!(Self::good_line(ahead), (_, Some(None))) {
                break;
            }
        }
        let taken = &self.buffer[start..self.at];
        let end = start + taken.trim_ascii_end().len();
        Ok(Piece::Garbage(
            Span {
                range: start..end,
                line: first_line,
            },
            why,
        ))
    }

    /// The end of the last line that ends within the next `limit` bytes.
    fn last_line_end(&self, limit: usize) -> Option<usize> {
        memchr::memrchr(b'\n', &self.rest()[..limit]).map(|at| at + 1)
    }

    /// Moves past a value or line that is larger than an event may be, keeping its beginning. It
    /// ends with its value, of which `scan` has seen so many bytes, or with its line.
    fn oversized(&mut self, scan: Option<(Scan, usize)>) -> Result<Piece, Halt> {
        let line = self.line;
        let (mut scan, mut scanned) = scan.map_or((None, 0), |(scan, to)| (Some(scan), to));
        let kept = self.rest().len().min(Reject::BODY_MAX_BYTES);
        let mut body = self.rest()[..kept].to_vec();
        let (mut hasher, mut body_bytes) = (blake3::Hasher::new(), 0);
        loop {
            let fresh = &self.rest()[scanned..];
            let line_end = memchr(b'\n', fresh);
            let line_rest = &fresh[..line_end.unwrap_or(fresh.len())];
            let value_end = scan.as_mut().and_then(|scan| match scan.over(line_rest) {
                Extent::Ends(at) | Extent::Broken(at) => Some(at),
                Extent::Open => None,
            });
            let end = value_end.or(line_end).map(|at| scanned + at);
            let length = end.unwrap_or(self.rest().len());
            hasher.update(&self.rest()[..length]);
            body_bytes += length as u64;
            self.at += length;
            scanned = 0;
            if end.is_some() || !self.fill_without_pause()? {
                break;
            }
        }
        let mut reject = Reject::new(line, too_large(), &[]);
        body.shrink_to_fit();
        reject.body = body.into();
        reject.body_bytes = body_bytes;
        reject
            .digest
            .copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Ok(Piece::Oversized(Box::new(reject)))
    }
}

/// Whether something is valid JSON although it is no event.
fn is_json(reason: &RejectReason) -> bool {
    match reason {
        RejectReason::NotAnObject | RejectReason::NoType => true,
        RejectReason::NotUtf8 { .. } | RejectReason::NotJson { .. } => false,
    }
}

fn too_large() -> String {
    format!("larger than an event may be ({EVENT_MAX_BYTES} bytes)")
}

#[cfg(test)]
mod tests;
