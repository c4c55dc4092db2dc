//! The header and the two compressed sections of a record. Knows nothing about what is in them.

use zstd::stream::raw::CParameter;

use super::{DecodeError, EncodeError};

/// What the heads of a record are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
    V3,
}

impl Version {
    const fn byte(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    fn of(byte: u8) -> Result<Self, DecodeError> {
        match byte {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            3 => Ok(Self::V3),
            version => Err(DecodeError::UnknownVersion { version }),
        }
    }
}

const HEADS_STORED_AT: usize = 1;
const HEADS_LENGTH_AT: usize = HEADS_STORED_AT + 4;
const RAW_LENGTH_AT: usize = HEADS_LENGTH_AT + 4;
const HEADER_BYTES: usize = RAW_LENGTH_AT + 4;

/// No section of an honest envelope is larger; a corrupt length must not take all memory.
pub(super) const SECTION_MAX_BYTES: usize = 64 << 20;

/// How a section is compressed; any of them is read alike.
struct Effort {
    level: i32,
    /// The logarithm of how far back matches are looked for; 0 leaves it to the level.
    window_log: u32,
    /// That of the table they are looked up in; 0 leaves it to the level.
    hash_log: u32,
    match_min_bytes: u32,
}

/// Pages of a feed, and heads. zstd's default level is the knee between size and speed on GH Archive
/// hours; longer matches than its own choice, 5, make them half a percent smaller, and are faster.
const SMALL: Effort = Effort {
    level: 3,
    window_log: 0,
    hash_log: 0,
    match_min_bytes: 6,
};

/// Chunks of an archive, where compressing is most of an import: a single table that fits a core's
/// cache beats the default's two. On GH Archive hours a quarter less time, 1.2 % more bytes.
const LARGE: Effort = Effort {
    level: 1,
    window_log: 22,
    hash_log: 17,
    match_min_bytes: 7,
};

/// From here on a section is large.
const LARGE_BYTES: usize = 1 << 20;

/// A record taken apart, its sections still compressed.
pub(super) struct Sections<'a> {
    pub(super) version: Version,
    heads: Section<'a>,
    raw: Section<'a>,
}

struct Section<'a> {
    name: &'static str,
    stored: &'a [u8],
    bytes: usize,
}

impl<'a> Sections<'a> {
    /// Takes a record apart.
    pub(super) fn split(record: &'a [u8]) -> Result<Self, DecodeError> {
        let truncated = |part| DecodeError::Truncated {
            bytes: record.len(),
            part,
        };
        let &version = record.first().ok_or(truncated("version"))?;
        let version = Version::of(version)?;
        let header = record.get(..HEADER_BYTES).ok_or(truncated("header"))?;
        let heads_end = HEADER_BYTES.saturating_add(length_at(header, HEADS_STORED_AT));
        let heads = record
            .get(HEADER_BYTES..heads_end)
            .ok_or(truncated("heads section"))?;
        Ok(Self {
            version,
            heads: Section {
                name: "heads",
                stored: heads,
                bytes: length_at(header, HEADS_LENGTH_AT),
            },
            raw: Section {
                name: "raw",
                stored: &record[heads_end..],
                bytes: length_at(header, RAW_LENGTH_AT),
            },
        })
    }

    /// How many bytes of the record come before its raw section.
    pub(super) const fn heads_end(&self) -> usize {
        HEADER_BYTES + self.heads.stored.len()
    }

    pub(super) fn heads_into(
        &self,
        zstd: &mut Decompressor,
        to: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        zstd.section(&self.heads, to)
    }

    pub(super) fn raw_into(
        &self,
        zstd: &mut Decompressor,
        to: &mut Vec<u8>,
    ) -> Result<(), DecodeError> {
        zstd.section(&self.raw, to)
    }
}

fn length_at(header: &[u8], at: usize) -> usize {
    let bytes = header[at..at + 4]
        .try_into()
        .expect("a slice of four bytes");
    usize::try_from(u32::from_le_bytes(bytes)).expect("usize has at least 32 bits")
}

/// A zstd context, kept from section to section: making one costs more than a small section.
pub(super) struct Decompressor(zstd::bulk::Decompressor<'static>);

impl Decompressor {
    pub(super) fn new() -> Self {
        Self(zstd::bulk::Decompressor::new().expect("zstd allocates its context"))
    }

    fn section(&mut self, section: &Section<'_>, to: &mut Vec<u8>) -> Result<(), DecodeError> {
        let name = section.name;
        if section.bytes > SECTION_MAX_BYTES {
            let (bytes, max_bytes) = (section.bytes as u64, SECTION_MAX_BYTES as u64);
            return Err(DecodeError::TooLarge {
                section: name,
                bytes,
                max_bytes,
            });
        }
        to.clear();
        to.reserve(section.bytes);
        let failed = |reason: String| DecodeError::Compression {
            section: name,
            reason,
        };
        let written = self
            .0
            .decompress_to_buffer(section.stored, to)
            .map_err(|error| failed(error.to_string()))?;
        if written == section.bytes {
            Ok(())
        } else {
            Err(failed(format!("{written} bytes, {} stated", section.bytes)))
        }
    }
}

/// Puts a record together.
pub(super) fn join(
    zstd: &mut zstd::bulk::Compressor<'static>,
    version: Version,
    heads: &[u8],
    raw: &[u8],
) -> Result<Vec<u8>, EncodeError> {
    let mut compress = |section: &[u8]| {
        Effort::of(section).set(zstd);
        zstd.compress(section)
            .map_err(|error| EncodeError::Encoding {
                reason: error.to_string(),
            })
    };
    let (stored_heads, stored_raw) = (compress(heads)?, compress(raw)?);
    let mut record = Vec::with_capacity(HEADER_BYTES + stored_heads.len() + stored_raw.len());
    record.push(version.byte());
    for length in [stored_heads.len(), heads.len(), raw.len()] {
        let length = u32::try_from(length)
            .ok()
            .filter(|_| length <= SECTION_MAX_BYTES);
        let length = length.ok_or(EncodeError::TooLarge {
            bytes: heads.len() + raw.len(),
            max_bytes: SECTION_MAX_BYTES,
        })?;
        record.extend_from_slice(&length.to_le_bytes());
    }
    record.extend_from_slice(&stored_heads);
    record.extend_from_slice(&stored_raw);
    Ok(record)
}

impl Effort {
    const fn of(section: &[u8]) -> &'static Self {
        if section.len() < LARGE_BYTES {
            &SMALL
        } else {
            &LARGE
        }
    }

    fn set(&self, zstd: &mut zstd::bulk::Compressor<'static>) {
        for parameter in [
            CParameter::CompressionLevel(self.level),
            CParameter::WindowLog(self.window_log),
            CParameter::HashLog(self.hash_log),
            CParameter::MinMatch(self.match_min_bytes),
        ] {
            zstd.set_parameter(parameter).expect("within zstd's limits");
        }
    }
}

/// A compressor for [`join`].
pub(super) fn compressor() -> zstd::bulk::Compressor<'static> {
    zstd::bulk::Compressor::new(SMALL.level).expect("zstd allocates at a valid level")
}
