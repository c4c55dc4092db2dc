//! Events and rejects into envelopes, envelopes into few appends. Knows nothing about files beyond
//! their names and lines.

use std::collections::HashSet;
use std::sync::Arc;

use ghev_event::codec::{ENVELOPE_EVENTS_MAX, EncodeError};
use ghev_event::{
    Decoder, EnvelopeBuilder, Event, FileEnd, ImportFacts, Origin, Provenance, Reject, Source,
};
use ghev_log::{Offset, ReadError};

use super::ImportSummary;
use super::encoder::Encoder;
use super::known::{Hour, Known};
use super::pending::{Pending, Record};
use super::store::{Appended, Store};
use crate::key::{EventKey, Key};
use crate::log_tail::open_from;
use crate::{Clock, ImportError};

/// Gathered bytes of one envelope. GH Archive's events compress to an eighth of that; what does not
/// fit an envelope becomes two.
const ENVELOPE_BYTES: usize = 4 << 20;

/// Encoded bytes that are made durable together: one fdatasync costs as much as writing megabytes.
const APPEND_BYTES: usize = 2 << 20;

/// What goes into the log.
#[derive(Debug)]
pub(super) struct Gather {
    store: Store,
    /// Up to here the log's events are known.
    end: Offset,
    clock: Arc<dyn Clock>,
    known: Known,
    builder: EnvelopeBuilder,
    encoder: Encoder,
    facts: ImportFacts,
    pending: Pending,
    /// Got into the log from elsewhere after they had been gathered here.
    overtaken: HashSet<Key>,
    /// Whether anything has become durable since the last pause.
    moves: bool,
    pub(super) summary: ImportSummary,
}

impl Gather {
    /// `known` has whatever the log has up to `end`.
    pub(super) fn new(store: Store, known: Known, end: Offset, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            end,
            clock,
            known,
            builder: EnvelopeBuilder::new(),
            encoder: Encoder::new(),
            facts: ImportFacts::default(),
            pending: Pending::default(),
            overtaken: HashSet::new(),
            moves: false,
            summary: ImportSummary::default(),
        }
    }

    /// What comes now is from this file. The record from which on it will lie.
    pub(super) fn begin_file(&mut self, name: &str) -> Offset {
        name.clone_into(&mut self.facts.file);
        self.end
    }

    /// An event, the JSON it is kept as, and its line.
    pub(super) fn event(
        &mut self,
        event: &Event<'_>,
        raw: &[u8],
        line: u64,
    ) -> Result<(), ImportError> {
        self.summary.events += 1;
        let key = EventKey::of(event).exact;
        if !self.known.is_new(key, Hour::of(event))? {
            self.summary.duplicates += 1;
            return Ok(());
        }
        self.make_room(raw.len())?;
        self.builder
            .push(event, raw)
            .map_err(|reason| self.encode_error(reason))?;
        self.cover(line);
        Ok(())
    }

    /// Input that is no event.
    pub(super) fn reject(&mut self, reject: Reject<'static>) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        let key = Key::of_reject(&self.facts.file, reject.place, &reject.digest);
        if self.known.is_new(key, Hour::UNKNOWN)? {
            self.make_room(reject.body.len())?;
            self.cover(reject.place);
            self.builder.push_reject(reject);
        }
        Ok(())
    }

    /// Ends the file's last envelope: no envelope is of two files. What the file was is said where
    /// it came to its end.
    pub(super) fn end_file(&mut self, end: Option<FileEnd>) -> Result<(), ImportError> {
        self.facts.end = end;
        let ended = self.finish_envelope();
        self.facts = ImportFacts::default();
        ended
    }

    /// Everything durable, and the log closed.
    pub(super) fn close(mut self) -> Result<ImportSummary, ImportError> {
        self.flush()?;
        self.store.close()?;
        Ok(self.summary)
    }

    /// Makes everything durable.
    pub(super) fn flush(&mut self) -> Result<(), ImportError> {
        self.finish_envelope()?;
        loop {
            let made = self.encoder.wait();
            match made.map_err(|reason| self.encode_error(reason))? {
                Some(records) => self.take(records)?,
                None => return self.append(),
            }
        }
    }

    /// Called now and then while the input may be slow in coming: makes everything durable, unless
    /// that has happened with some of it since the last call, as it does all the time where much
    /// comes. So nothing waits for longer than from one call to the next but one.
    pub(super) fn pause(&mut self) -> Result<(), ImportError> {
        if std::mem::take(&mut self.moves) {
            return Ok(());
        }
        self.flush()?;
        self.moves = false;
        Ok(())
    }

    fn cover(&mut self, line: u64) {
        if self.facts.first_line == 0 {
            self.facts.first_line = line;
        }
        self.facts.last_line = line;
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), ImportError> {
        let things = self.builder.events() + self.builder.rejects();
        let is_full = self.builder.gathered_bytes() + bytes + 1024 > ENVELOPE_BYTES;
        if things >= ENVELOPE_EVENTS_MAX || things > 0 && is_full {
            self.finish_envelope()?;
        }
        Ok(())
    }

    /// Has the envelope encoded, and appends what has been.
    fn finish_envelope(&mut self) -> Result<(), ImportError> {
        let things = self.builder.events() + self.builder.rejects();
        if things == 0 && self.facts.end.is_none() {
            return Ok(());
        }
        let provenance = Provenance {
            source: Source::Archive,
            observed_at: self.clock.now(),
            origin: Origin::Import(self.facts.clone()),
            gaps: Vec::new(),
        };
        let full = std::mem::take(&mut self.builder);
        let empty = self.encoder.exchange(full, provenance);
        self.builder = empty.map_err(|reason| self.encode_error(reason))?;
        self.facts.first_line = 0;
        loop {
            let made = self.encoder.made();
            match made.map_err(|reason| self.encode_error(reason))? {
                Some(records) => self.take(records)?,
                None => break,
            }
        }
        if self.pending.bytes() >= APPEND_BYTES {
            self.append()?;
        }
        Ok(())
    }

    fn take(&mut self, records: Vec<Record>) -> Result<(), ImportError> {
        records
            .into_iter()
            .for_each(|record| self.pending.push(record));
        self.take_out_overtaken()
    }

    fn append(&mut self) -> Result<(), ImportError> {
        while !self.pending.records().is_empty() {
            match self.store.append(self.end, self.pending.records())? {
                Appended::To(end) => {
                    self.moves = true;
                    self.summary.appended += self.pending.events();
                    self.note_appended();
                    self.end = end;
                }
                Appended::Unknown(end) => self.catch_up(end)?,
            }
        }
        Ok(())
    }

    /// What was pending is in the log now, from where the log ended.
    fn note_appended(&mut self) {
        let (mut decoder, mut offset) = (Decoder::new(), self.end);
        for record in std::mem::take(&mut self.pending).records() {
            let heads = decoder
                .heads(record.as_ref())
                .expect("encoded by this process");
            self.known.record(offset, &heads, |_| {});
            offset = offset.next();
        }
    }

    /// Reads what others have appended since, and what may be ours. What the log has now is not
    /// appended again.
    fn catch_up(&mut self, end: Offset) -> Result<(), ImportError> {
        let mut cursor = open_from(self.store.dir(), self.end)?;
        let mut decoder = Decoder::new();
        let replaced = || {
            let dir = self.store.dir().to_path_buf();
            Err(ReadError::Replaced { dir }.into())
        };
        if end < self.end {
            return replaced();
        }
        while self.end < end {
            let record = match cursor.read() {
                Err(ReadError::Trimmed { first, .. }) => {
                    cursor.seek(first)?;
                    continue;
                }
                read => read?,
            };
            // Behind it where retention has been there before.
            let Some(record) = record.filter(|record| record.offset >= self.end) else {
                return replaced();
            };
            self.end = record.offset.next();
            let own = self.pending.take(record.payload);
            self.summary.appended += own.unwrap_or(0);
            match decoder.heads(record.payload) {
                Ok(heads) => self.known.record(record.offset, &heads, |key| {
                    if own.is_none() {
                        self.overtaken.insert(key);
                    }
                }),
                Err(reason) => {
                    tracing::warn!(offset = %record.offset, %reason, "a record that is no envelope");
                }
            }
        }
        self.take_out_overtaken()
    }

    /// Not only what is pending may have been overtaken, but also what is being encoded or gathered:
    /// it is taken out once it comes.
    fn take_out_overtaken(&mut self) -> Result<(), ImportError> {
        let went = self.pending.take_out(&mut self.overtaken);
        self.summary.duplicates += went.map_err(|reason| self.encode_error(reason))?;
        Ok(())
    }

    fn encode_error(&self, reason: EncodeError) -> ImportError {
        ImportError::Encode {
            file: self.facts.file.clone(),
            line: self.facts.last_line,
            reason,
        }
    }
}
