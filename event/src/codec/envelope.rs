//! Envelopes in and out of their bytes. Knows nothing about the fields of a format version.

use std::fmt;

use super::columns::Columns;
use super::sections::{Decompressor, Sections, Version, compressor, join};
use super::{DecodeError, EncodeError, Parts, v1, v2, v3};
use crate::{Event, ImportFacts, Origin, Provenance, Reject, Source, Timestamp};

/// No envelope is larger, once encoded: the log refuses larger records.
pub const ENVELOPE_MAX_BYTES: usize = 1 << 20;

/// No envelope holds more events: an event's place within its envelope fits 16 bits.
pub const ENVELOPE_EVENTS_MAX: usize = 10_000;

/// No single event's JSON is larger: with its head it fits an envelope even if it does not
/// compress at all. GitHub's own largest are well below.
pub const EVENT_MAX_BYTES: usize = 1_000_000;

/// Gathers what one poll page or import chunk brought, then encodes it.
pub struct EnvelopeBuilder {
    heads: Columns,
    raw: Vec<u8>,
    rejects: Vec<Reject<'static>>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl fmt::Debug for EnvelopeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("EnvelopeBuilder");
        debug
            .field("events", &self.heads.events())
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
            heads: Columns::default(),
            raw: Vec::new(),
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
        self.heads.push(event, raw_bytes);
        self.raw.extend_from_slice(raw);
        self.raw.push(b'\n');
        Ok(())
    }

    /// Adds input that is no event.
    pub fn push_reject(&mut self, reject: Reject<'static>) {
        self.rejects.push(reject);
    }

    /// How many events have been added since the last `finish`.
    pub const fn events(&self) -> usize {
        self.heads.events()
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
        self.heads.bytes() + self.raw.len() + rejected
    }

    /// Takes the second half of the events out, and all rejects: what does not fit one envelope
    /// may fit two.
    ///
    /// # Errors
    /// Where the heads do not encode.
    pub fn split_off_half(&mut self) -> Result<Self, EncodeError> {
        let failed = |error: DecodeError| EncodeError::Encoding {
            reason: error.to_string(),
        };
        let nowhere = Provenance {
            source: Source::Archive,
            observed_at: Timestamp::from_millis(0),
            origin: Origin::Import(ImportFacts::default()),
            gaps: Vec::new(),
        };
        let heads = v2::encode(&nowhere, &self.heads, &[])?;
        let parts = v2::decode(&heads).map_err(failed)?;
        let raw = std::mem::take(&mut self.raw);
        let raw = split_raw(&raw, &parts.lengths).map_err(failed)?;
        let mut half = Self::new();
        half.rejects = std::mem::take(&mut self.rejects);
        self.heads.clear();
        let stay = parts.events.len() / 2;
        for (place, (event, raw)) in parts.events.iter().zip(raw).enumerate() {
            let to = if place < stay { &mut *self } else { &mut half };
            to.push(event, raw)?;
        }
        Ok(half)
    }

    /// The record. The builder is empty afterwards and can be used again, unless the record would
    /// be too large: then it stays as it is.
    ///
    /// # Errors
    /// Where the record would be larger than [`ENVELOPE_MAX_BYTES`].
    pub fn finish(&mut self, provenance: &Provenance) -> Result<Vec<u8>, EncodeError> {
        let mut heads = v2::encode(provenance, &self.heads, &self.rejects)?;
        // Whoever knows version 2 alone can read all that says no more.
        let version = match &provenance.origin {
            Origin::Poll(facts) if !facts.first_shown.is_empty() => {
                v3::extend(&mut heads, &facts.first_shown)?;
                Version::V3
            }
            _ => Version::V2,
        };
        let record = join(&mut self.zstd, version, &heads, &self.raw)?;
        if record.len() > ENVELOPE_MAX_BYTES || self.events() > ENVELOPE_EVENTS_MAX {
            return Err(EncodeError::TooLarge {
                bytes: record.len(),
                max_bytes: ENVELOPE_MAX_BYTES,
            });
        }
        self.heads.clear();
        self.raw.clear();
        self.rejects.clear();
        Ok(record)
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

/// The first part of a record, of which [`Decoder::heads`] makes the same as of all of it. All of it, where that
/// cannot be told.
pub fn heads_part(record: &[u8]) -> &[u8] {
    let end = Sections::split(record).map(|sections| sections.heads_end());
    end.map_or(record, |end| &record[..end])
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
        let sections = Sections::split(record)?;
        sections.heads_into(&mut self.zstd, &mut self.heads)?;
        let parts = decode(sections.version, &self.heads)?;
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
        let parts = decode(sections.version, &self.heads)?;
        let raw = split_raw(&self.raw, &parts.lengths)?;
        let heads = Heads {
            provenance: parts.provenance,
            events: parts.events,
            rejects: parts.rejects,
        };
        Ok(Envelope { heads, raw })
    }
}

fn decode(version: Version, heads: &[u8]) -> Result<Parts<'_>, DecodeError> {
    match version {
        Version::V1 => v1::decode(heads),
        Version::V2 => v2::decode(heads),
        Version::V3 => v3::decode(heads),
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
