//! Events and rejects into envelopes, envelopes into few appends. Knows nothing about files beyond
//! their names and lines.

use std::sync::Arc;

use ghev_event::codec::EncodeError;
use ghev_event::{EnvelopeBuilder, Event, ImportFacts, Origin, Provenance, Reject, Source};
use ghev_log::LogWriter;

use super::ImportSummary;
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
    writer: LogWriter,
    clock: Arc<dyn Clock>,
    seen: SeenAll,
    builder: EnvelopeBuilder,
    facts: ImportFacts,
    records: Vec<Vec<u8>>,
    records_bytes: usize,
    /// Events in `records`, not yet durable.
    pending: u64,
    pub(super) summary: ImportSummary,
}

impl Gather {
    pub(super) fn new(writer: LogWriter, seen: SeenAll, clock: Arc<dyn Clock>) -> Self {
        Self {
            writer,
            clock,
            seen,
            builder: EnvelopeBuilder::new(),
            facts: ImportFacts::default(),
            records: Vec::new(),
            records_bytes: 0,
            pending: 0,
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
        self.writer.close()?;
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
        if self.records_bytes >= APPEND_BYTES {
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
        self.records_bytes += record.len();
        self.records.push(record);
        self.pending += events as u64;
        self.facts.first_line = 0;
        Ok(())
    }

    fn append(&mut self) -> Result<(), ImportError> {
        self.writer.append(&self.records)?;
        self.records.clear();
        self.records_bytes = 0;
        self.summary.appended += std::mem::take(&mut self.pending);
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
