//! The bytes of one record in a segment. Knows nothing about files or segments.
//!
//! A frame is commitlog 0.2's message without metadata, little endian:
//!
//! ```text
//! byte  0..8   offset     u64   the record's number
//! byte  8..12  size       u32   payload bytes, 1 to RECORD_LIMIT_BYTES
//! byte 12..16  crc        u32   CRC-32C (Castagnoli, RFC 3720 B.4) of the payload alone
//! byte 16..18  reserved         zero
//! byte 18..20  meta size  u16   zero: commitlog's metadata stays unused
//! byte 20..    payload
//! ```
//!
//! The checksum does not cover the header, so each header field must have the one value that
//! its place allows: the offset is known beforehand, a wrong size moves the payload's end and
//! breaks the checksum, and the last four bytes are zero.

use std::ops::Range;

use commitlog::message::MessageSet;

use crate::{damage::FrameFault, offset::Offset};

const OFFSET_AT: usize = 0;
const SIZE_AT: usize = OFFSET_AT + size_of::<u64>();
const CRC_AT: usize = SIZE_AT + size_of::<u32>();
const RESERVED_AT: usize = CRC_AT + size_of::<u32>();
const META_SIZE_AT: usize = RESERVED_AT + 2;

/// Where in a header the payload's checksum stands.
pub(crate) const CRC_FIELD: Range<usize> = CRC_AT..RESERVED_AT;

/// Bytes of a frame before its payload.
pub(crate) const HEADER_BYTES: usize = META_SIZE_AT + size_of::<u16>();

/// The largest payload the format allows; `LogOptions::record_max_bytes` may only be lower.
pub const RECORD_LIMIT_BYTES: u32 = 16 * 1024 * 1024;

/// What a sound header says about its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the payload.
    pub(crate) size: u32,
    crc: u32,
}

impl Header {
    /// Reads the header of the record `expected`, accepting no other value in any field.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES], expected: Offset) -> Result<Self, FrameFault> {
        let found = Offset::new(u64::from_le_bytes(array(&bytes[OFFSET_AT..SIZE_AT])));
        if found != expected {
            return Err(FrameFault::WrongOffset { found });
        }
        let size = u32::from_le_bytes(array(&bytes[SIZE_AT..CRC_AT]));
        if size == 0 {
            return Err(FrameFault::Empty);
        }
        if size > RECORD_LIMIT_BYTES {
            return Err(FrameFault::TooLarge { bytes: size });
        }
        if bytes[RESERVED_AT..] != [0; HEADER_BYTES - RESERVED_AT] {
            return Err(FrameFault::ReservedBytes);
        }
        Ok(Self {
            size,
            crc: u32::from_le_bytes(array(&bytes[CRC_FIELD])),
        })
    }

    /// Checks the payload's bytes, `self.size` of them, against the checksum.
    pub(crate) fn check(self, payload: &[u8]) -> Result<(), FrameFault> {
        let computed = crc32c::crc32c(payload);
        if computed == self.crc {
            Ok(())
        } else {
            Err(FrameFault::Checksum {
                stored: self.crc,
                computed,
            })
        }
    }
}

/// The offset a header claims, whatever else it holds: where a search for sound frames starts.
pub(crate) fn claimed_offset(header: &[u8; HEADER_BYTES]) -> Offset {
    Offset::new(u64::from_le_bytes(array(&header[OFFSET_AT..SIZE_AT])))
}

/// Bytes of the frame around a payload.
pub(crate) fn frame_bytes(payload: &[u8]) -> u64 {
    u64::try_from(HEADER_BYTES + payload.len()).expect("a length fits in 64 bits")
}

/// The N bytes of a slice that is N long by construction.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes
        .try_into()
        .expect("the field's bounds are constants that fit its type")
}

/// Frames ready to be appended in one write.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    records: usize,
}

impl Batch {
    /// Adds the frame of one record. The payload's size was checked against the limits.
    pub(crate) fn push(&mut self, offset: Offset, payload: &[u8]) {
        let size = u32::try_from(payload.len()).expect("records above the limit are refused");
        self.bytes.extend_from_slice(&offset.get().to_le_bytes());
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes
            .extend_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        self.bytes
            .extend_from_slice(&[0; HEADER_BYTES - RESERVED_AT]);
        self.bytes.extend_from_slice(payload);
        self.records += 1;
    }

    /// Forgets the frames and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
    }

    /// How many frames it holds.
    pub(crate) fn records(&self) -> u64 {
        u64::try_from(self.records).expect("a count fits in 64 bits")
    }

    /// Bytes of all frames.
    pub(crate) fn len_bytes(&self) -> u64 {
        u64::try_from(self.bytes.len()).expect("a length fits in 64 bits")
    }
}

impl MessageSet for Batch {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn len(&self) -> usize {
        self.records
    }
}

#[cfg(test)]
mod tests {
    use commitlog::message::{MessageBuf, MessageSet, set_offsets};
    use proptest::prelude::*;

    use super::*;

    fn frame(offset: Offset, payload: &[u8]) -> Vec<u8> {
        let mut batch = Batch::default();
        batch.push(offset, payload);
        batch.bytes
    }

    fn decode(bytes: &[u8], expected: Offset) -> Result<&[u8], FrameFault> {
        let (header, payload) = bytes.split_first_chunk().unwrap();
        let header = Header::decode(header, expected)?;
        assert!(header.size <= RECORD_LIMIT_BYTES);
        let size = usize::try_from(header.size).unwrap();
        let Some(payload) = payload.get(..size) else {
            return Err(FrameFault::Truncated {
                have_bytes: 0,
                need_bytes: 0,
            });
        };
        header.check(payload)?;
        Ok(payload)
    }

    #[test]
    fn frames_are_the_bytes_commitlog_itself_would_write() {
        let mut theirs = MessageBuf::default();
        theirs.push("first").unwrap();
        theirs.push("second record").unwrap();
        set_offsets(&mut theirs, 41);
        let mut ours = Batch::default();
        ours.push(Offset::new(41), b"first");
        ours.push(Offset::new(42), b"second record");
        assert_eq!(ours.bytes(), theirs.bytes());
        assert_eq!(MessageSet::len(&ours), 2);
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(
            Header::decode(&[0; HEADER_BYTES], Offset::ZERO),
            Err(FrameFault::Empty),
            "commitlog takes 20 zero bytes for a valid empty record"
        );
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            offset: u64,
            payload in prop::collection::vec(any::<u8>(), 1..2000),
        ) {
            let offset = Offset::new(offset);
            let bytes = frame(offset, &payload);
            prop_assert_eq!(decode(&bytes, offset), Ok(&payload[..]));
        }

        #[test]
        fn any_flipped_bit_is_seen(
            payload in prop::collection::vec(any::<u8>(), 1..200),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut bytes = frame(Offset::new(7), &payload);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(decode(&bytes, Offset::new(7)).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            bytes in prop::collection::vec(any::<u8>(), HEADER_BYTES..200),
            expected: u64,
        ) {
            let _ = decode(&bytes, Offset::new(expected));
        }
    }
}
