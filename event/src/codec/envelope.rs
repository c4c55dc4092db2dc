//! Envelopes in and out of their bytes. Knows nothing about the fields of a format version.

use std::fmt;

use super::sections::{Decompressor, Sections, compressor, join};
use super::{DecodeError, EncodeError, v1};
use crate::{Event, Provenance, Reject};

/// No envelope is larger, once encoded: the log refuses larger records.
pub const ENVELOPE_MAX_BYTES: usize = 1 << 20;

/// No envelope holds more events: an event's place within its envelope fits 16 bits.
pub const ENVELOPE_EVENTS_MAX: usize = 10_000;

/// No single event's JSON is larger: with its head it fits an envelope even if it does not
/// compress at all. GitHub's own largest are well below.
pub const EVENT_MAX_BYTES: usize = 1_000_000;

/// Gathers what one poll page or import chunk brought, then encodes it.
pub struct EnvelopeBuilder {
    heads: Vec<u8>,
    raw: Vec<u8>,
    events: usize,
    rejects: Vec<Reject<'static>>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl fmt::Debug for EnvelopeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("EnvelopeBuilder");
        debug
            .field("events", &self.events)
            .field("raw_bytes", &self.raw.len());
        debug
            .field("rejects", &self.rejects.len())
            .finish_non_exhaustive()
    }
}

impl Default for EnvelopeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl EnvelopeBuilder {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            heads: Vec::new(),
            raw: Vec::new(),
            events: 0,
            rejects: Vec::new(),
            zstd: compressor(),
        }
    }

    /// Adds an event and the JSON it was read from: one line, as
    /// [`canonical_raw`](crate::canonical_raw) makes it.
    ///
    /// # Errors
    /// Where the JSON is larger than [`EVENT_MAX_BYTES`]; nothing is added then.
    pub fn push(&mut self, event: &Event<'_>, raw: &[u8]) -> Result<(), EncodeError> {
        let too_large = EncodeError::TooLarge {
            bytes: raw.len(),
            max_bytes: EVENT_MAX_BYTES,
        };
        if raw.len() > EVENT_MAX_BYTES {
            return Err(too_large);
        }
        let raw_bytes = u32::try_from(raw.len()).map_err(|_| too_large)?;
        v1::encode_event(event, raw_bytes, &mut self.heads)?;
        self.raw.extend_from_slice(raw);
        self.raw.push(b'\n');
        self.events += 1;
        Ok(())
    }

    /// Adds input that is no event.
    pub fn push_reject(&mut self, reject: Reject<'static>) {
        self.rejects.push(reject);
    }

    /// How many events have been added since the last `finish`.
    pub const fn events(&self) -> usize {
        self.events
    }

    /// How many rejects have been added since the last `finish`.
    pub fn rejects(&self) -> usize {
        self.rejects.len()
    }

    /// Bytes gathered before compression: keep this well below [`ENVELOPE_MAX_BYTES`], except for
    /// a single event, and the envelope will fit.
    pub fn gathered_bytes(&self) -> usize {
        let rejected: usize = self
            .rejects
            .iter()
            .map(|reject| reject.body.len() + 64)
            .sum();
        self.heads.len() + self.raw.len() + rejected
    }

    /// The record. The builder is empty afterwards and can be used again.
    ///
    /// # Errors
    /// Where the record would be larger than [`ENVELOPE_MAX_BYTES`].
    pub fn finish(&mut self, provenance: &Provenance) -> Result<Vec<u8>, EncodeError> {
        let heads = v1::encode(provenance, &self.heads, self.events as u64, &self.rejects);
        let record = heads.and_then(|heads| join(&mut self.zstd, &heads, &self.raw));
        self.heads.clear();
        self.raw.clear();
        self.rejects.clear();
        let events = std::mem::take(&mut self.events);
        let record = record?;
        let fits = record.len() <= ENVELOPE_MAX_BYTES && events <= ENVELOPE_EVENTS_MAX;
        let error = EncodeError::TooLarge {
            bytes: record.len(),
            max_bytes: ENVELOPE_MAX_BYTES,
        };
        if fits { Ok(record) } else { Err(error) }
    }
}

/// What an envelope's heads section says: all that projections read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads<'a> {
    /// Where the events came from.
    pub provenance: Provenance,
    /// The events' heads, in the order they came.
    pub events: Vec<Event<'a>>,
    /// Input that was no event.
    pub rejects: Vec<Reject<'a>>,
}

/// A whole envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Provenance and heads.
    pub heads: Heads<'a>,
    /// The JSON of each event, in the same order, without a line feed.
    pub raw: Vec<&'a [u8]>,
}

/// Decodes records, keeping its buffers from one to the next.
pub struct Decoder {
    zstd: Decompressor,
    heads: Vec<u8>,
    raw: Vec<u8>,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with empty buffers.
    pub fn new() -> Self {
        Self {
            zstd: Decompressor::new(),
            heads: Vec::new(),
            raw: Vec::new(),
        }
    }

    /// The heads alone: the raw section is not decompressed.
    ///
    /// # Errors
    /// Where the record is no envelope of a known version.
    pub fn heads(&mut self, record: &[u8]) -> Result<Heads<'_>, DecodeError> {
        Sections::split(record)?.heads_into(&mut self.zstd, &mut self.heads)?;
        let parts = v1::decode(&self.heads)?.into_parts()?;
        Ok(Heads {
            provenance: parts.provenance,
            events: parts.events,
            rejects: parts.rejects,
        })
    }

    /// Everything.
    ///
    /// # Errors
    /// As [`Decoder::heads`], and where heads and raw bytes do not belong together.
    pub fn envelope(&mut self, record: &[u8]) -> Result<Envelope<'_>, DecodeError> {
        let sections = Sections::split(record)?;
        sections.heads_into(&mut self.zstd, &mut self.heads)?;
        sections.raw_into(&mut self.zstd, &mut self.raw)?;
        let parts = v1::decode(&self.heads)?.into_parts()?;
        let raw = split_raw(&self.raw, &parts.lengths)?;
        let heads = Heads {
            provenance: parts.provenance,
            events: parts.events,
            rejects: parts.rejects,
        };
        Ok(Envelope { heads, raw })
    }
}

fn split_raw<'a>(mut section: &'a [u8], lengths: &[u32]) -> Result<Vec<&'a [u8]>, DecodeError> {
    let raw_bytes = section.len() as u64;
    let heads_bytes = lengths.iter().map(|&length| u64::from(length) + 1).sum();
    let mismatch = DecodeError::Mismatch {
        heads_bytes,
        raw_bytes,
    };
    let mut raw = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let length = usize::try_from(length).map_err(|_| mismatch.clone())?;
        let (event, rest) = section
            .split_at_checked(length)
            .ok_or_else(|| mismatch.clone())?;
        section = rest.strip_prefix(b"\n").ok_or_else(|| mismatch.clone())?;
        raw.push(event);
    }
    if section.is_empty() {
        Ok(raw)
    } else {
        Err(mismatch)
    }
}
