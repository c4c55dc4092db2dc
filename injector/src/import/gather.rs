//! Events and rejects into envelopes, envelopes into few appends. Knows nothing about files beyond
//! their names and lines.

use std::collections::HashSet;
use std::sync::Arc;

use ghev_event::codec::{EncodeError, Heads};
use ghev_event::{
    Decoder, EnvelopeBuilder, Event, ImportFacts, Origin, Provenance, Reject, Source,
};
use ghev_log::{LogCursor, Offset, ReadError};

use super::ImportSummary;
use super::pending::Pending;
use super::store::{Appended, Store};
use crate::key::{EventKey, Key};
use crate::seen::SeenAll;
use crate::{Clock, ImportError};

/// One envelope: few enough events that a reader has them at hand quickly.
const ENVELOPE_EVENTS: usize = 500;

/// Gathered bytes of one envelope: it stays below the log's limit even if nothing compresses.
const ENVELOPE_BYTES: usize = 900_000;

/// Encoded bytes that are made durable together: one fdatasync costs as much as writing megabytes.
const APPEND_BYTES: usize = 4 << 20;

/// What goes into the log.
#[derive(Debug)]
pub(super) struct Gather {
    store: Store,
    /// Up to here the log's events are in `seen`.
    known: Offset,
    clock: Arc<dyn Clock>,
    seen: SeenAll,
    builder: EnvelopeBuilder,
    facts: ImportFacts,
    pending: Pending,
    pub(super) summary: ImportSummary,
}

impl Gather {
    /// `seen` holds whatever the log has up to `known`.
    pub(super) fn new(store: Store, seen: SeenAll, known: Offset, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            known,
            clock,
            seen,
            builder: EnvelopeBuilder::new(),
            facts: ImportFacts::default(),
            pending: Pending::default(),
            summary: ImportSummary::default(),
        }
    }

    /// What comes now is from this file.
    pub(super) fn begin_file(&mut self, name: &str) {
        name.clone_into(&mut self.facts.file);
    }

    /// An event, the JSON it is kept as, and its line.
    pub(super) fn event(
        &mut self,
        event: &Event<'_>,
        raw: &[u8],
        line: u64,
    ) -> Result<(), ImportError> {
        self.summary.events += 1;
        if !self.seen.insert(EventKey::of(event).exact) {
            self.summary.duplicates += 1;
            return Ok(());
        }
        self.make_room(raw.len())?;
        self.builder
            .push(event, raw)
            .map_err(|reason| self.encode_error(line, reason))?;
        self.cover(line);
        Ok(())
    }

    /// Input that is no event.
    pub(super) fn reject(&mut self, reject: Reject<'static>) -> Result<(), ImportError> {
        self.summary.rejected += 1;
        let key = Key::of_reject(&self.facts.file, reject.place, &reject.digest);
        if self.seen.insert(key) {
            self.make_room(reject.body.len())?;
            self.cover(reject.place);
            self.builder.push_reject(reject);
        }
        Ok(())
    }

    /// Ends the file's last envelope: no envelope is of two files.
    pub(super) fn end_file(&mut self) -> Result<(), ImportError> {
        self.finish_envelope()
    }

    /// Makes everything durable.
    pub(super) fn flush(&mut self) -> Result<(), ImportError> {
        self.finish_envelope()?;
        self.append()
    }

    /// Everything durable, and the log closed.
    pub(super) fn close(mut self) -> Result<ImportSummary, ImportError> {
        self.flush()?;
        self.store.close()?;
        Ok(self.summary)
    }

    fn cover(&mut self, line: u64) {
        if self.facts.first_line == 0 {
            self.facts.first_line = line;
        }
        self.facts.last_line = line;
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), ImportError> {
        let gathered = self.builder.gathered_bytes();
        let things = self.builder.events() + self.builder.rejects();
        if things >= ENVELOPE_EVENTS || things > 0 && gathered + bytes + 1024 > ENVELOPE_BYTES {
            self.finish_envelope()?;
        }
        if self.pending.bytes() >= APPEND_BYTES {
            self.append()?;
        }
        Ok(())
    }

    fn finish_envelope(&mut self) -> Result<(), ImportError> {
        let events = self.builder.events();
        if events + self.builder.rejects() == 0 {
            return Ok(());
        }
        let provenance = Provenance {
            source: Source::Archive,
            observed_at: self.clock.now(),
            origin: Origin::Import(self.facts.clone()),
            gaps: Vec::new(),
        };
        let line = self.facts.last_line;
        let record = self.builder.finish(&provenance);
        let record = record.map_err(|reason| self.encode_error(line, reason))?;
        self.pending.push(record, events as u64);
        self.facts.first_line = 0;
        Ok(())
    }

    fn append(&mut self) -> Result<(), ImportError> {
        while !self.pending.records().is_empty() {
            match self.store.append(self.known, self.pending.records())? {
                Appended::To(end) => {
                    self.known = end;
                    self.summary.appended += self.pending.take_all();
                }
                Appended::Unknown(end) => self.catch_up(end)?,
            }
        }
        Ok(())
    }

    /// Reads what others have appended since, and what may be ours. What the log has now is not
    /// appended again.
    fn catch_up(&mut self, end: Offset) -> Result<(), ImportError> {
        let mut cursor = LogCursor::open(self.store.dir(), self.known)?;
        let (mut decoder, mut known) = (Decoder::new(), HashSet::new());
        let replaced = || {
            let dir = self.store.dir().to_path_buf();
            Err(ReadError::Replaced { dir }.into())
        };
        if end < self.known {
            return replaced();
        }
        while self.known < end {
            let record = cursor.read()?;
            let Some(record) = record.filter(|record| record.offset == self.known) else {
                return replaced();
            };
            self.known = record.offset.next();
            if let Some(events) = self.pending.take(record.payload) {
                self.summary.appended += events;
                continue;
            }
            match decoder.heads(record.payload) {
                Ok(heads) => keys_of(&heads, |key| {
                    if !self.seen.insert(key) {
                        known.insert(key);
                    }
                }),
                Err(reason) => {
                    tracing::warn!(offset = %record.offset, %reason, "a record that is no envelope");
                }
            }
        }
        let line = self.facts.last_line;
        let went = self.pending.take_out(&known);
        self.summary.duplicates += went.map_err(|reason| self.encode_error(line, reason))?;
        Ok(())
    }

    fn encode_error(&self, line: u64, reason: EncodeError) -> ImportError {
        ImportError::Encode {
            file: self.facts.file.clone(),
            line,
            reason,
        }
    }
}

/// Whatever an envelope has that is not to be appended again.
pub(super) fn keys_of(heads: &Heads<'_>, mut each: impl FnMut(Key)) {
    for event in &heads.events {
        each(EventKey::of(event).exact);
    }
    if let Origin::Import(facts) = &heads.provenance.origin {
        for reject in &heads.rejects {
            each(Key::of_reject(&facts.file, reject.place, &reject.digest));
        }
    }
}
