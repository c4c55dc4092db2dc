//! What can be wrong with stored bytes, and where. Knows nothing about how they are read.

use std::fmt;

use crate::offset::{Offset, Position};

/// What is wrong with one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFault {
    /// The bytes end inside the frame.
    Truncated {
        /// Bytes there.
        have_bytes: u64,
        /// Bytes the frame needs, as far as they tell.
        need_bytes: u64,
    },
    /// The frame bears another offset than its place demands.
    WrongOffset {
        /// The offset stored.
        found: Offset,
    },
    /// The payload's size is zero, as in a zero-filled block.
    Empty,
    /// The payload's size is above what any record may have.
    TooLarge {
        /// The size stored.
        bytes: u32,
    },
    /// The reserved or the metadata-size bytes are not zero.
    ReservedBytes,
    /// The payload's CRC-32C is not the stored one.
    Checksum {
        /// The checksum in the header.
        stored: u32,
        /// The checksum of the bytes there.
        computed: u32,
    },
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated {
                have_bytes,
                need_bytes,
            } => {
                write!(
                    f,
                    "the record ends after {have_bytes} of {need_bytes} bytes"
                )
            }
            Self::WrongOffset { found } => write!(f, "the record there says it is {found}"),
            Self::Empty => f.write_str("the record's size is zero"),
            Self::TooLarge { bytes } => write!(f, "the record's size is impossible ({bytes})"),
            Self::ReservedBytes => f.write_str("the record header's reserved bytes are not zero"),
            Self::Checksum { stored, computed } => {
                write!(
                    f,
                    "the record's checksum is {computed:08x}, it should be {stored:08x}"
                )
            }
        }
    }
}

/// What is wrong at a damaged place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// A frame is not what was written.
    Frame(FrameFault),
    /// The segment does not begin with commitlog's magic.
    Magic,
    /// Records end before they should: a segment is cut short or missing.
    MissingRecords,
    /// The segment holds records that the one after it is named to hold: a copy or a foreign
    /// file.
    Overlap,
    /// Every record is sound, yet the segment is not the one that was closed: another log's, or
    /// one that was put together.
    Digest,
}

/// One damaged place of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The segment's file name.
    pub segment: String,
    /// The byte in it where the damage begins.
    pub position: Position,
    /// The first record that cannot be read because of it.
    pub offset: Offset,
    /// The first record after it that is not part of this place.
    pub until: Offset,
    /// What is wrong there.
    pub kind: DamageKind,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment,
            position,
            offset,
            until,
            kind,
        } = self;
        write!(f, "segment {segment}, byte {position}, record {offset}")?;
        if until.since(*offset) > 1 {
            write!(f, " (up to but not including {until})")?;
        }
        f.write_str(": ")?;
        match kind {
            DamageKind::Frame(fault) => fault.fmt(f),
            DamageKind::Magic => f.write_str("the segment does not begin with FF FF"),
            DamageKind::MissingRecords => f.write_str("records are missing"),
            DamageKind::Digest => f.write_str(
                "its records are sound, but by its checksum file it is not the segment that was \
                 closed",
            ),
            DamageKind::Overlap => f.write_str(
                "the segment overlaps another one, it is a copy or does not belong here",
            ),
        }
    }
}
