//! `{base:020}.sum`: what a closed segment was when it was closed, so that it can be proven whole
//! without looking at its records. Knows nothing about frames.
//!
//! Written and synced before the next segment is made, never changed afterwards. 88 bytes, little
//! endian:
//!
//! ```text
//! byte  0..4   magic        "GHSM"
//! byte  4..8   version      u32  1
//! byte  8..24  log id            as in log.id
//! byte 24..32  first        u64  the segment's first record: its base
//! byte 32..40  end          u64  the offset after its last record
//! byte 40..48  records      u64  how many there are
//! byte 48..56  bytes        u64  the segment file's size
//! byte 56..64  written at   i64  when the last of them was appended, ms since 1970 UTC
//! byte 64..80  digest            XXH3-128 of the whole segment file, big endian as it is printed
//! byte 80..84  reserved          zero
//! byte 84..88  crc          u32  CRC-32C of bytes 0..84
//! ```
//!
//! A file that is missing or unreadable proves nothing and is no damage: the segment's records have
//! checksums of their own, and are read instead. The log knows no other time than that of writing,
//! so a segment's records were appended from the time of the segment before it up to its own.

use std::{fs, io, path::Path, time::SystemTime};

use crate::{
    error::{IoFailure, io_failure},
    identity::LogId,
    offset::{Offset, Position},
    segment,
    storage::{self, Storage},
};

const MAGIC: [u8; 4] = *b"GHSM";
const VERSION: u32 = 1;

const VERSION_AT: usize = MAGIC.len();
const LOG_ID_AT: usize = VERSION_AT + size_of::<u32>();
const FIRST_AT: usize = LOG_ID_AT + size_of::<LogId>();
const END_AT: usize = FIRST_AT + size_of::<u64>();
const RECORDS_AT: usize = END_AT + size_of::<u64>();
const BYTES_AT: usize = RECORDS_AT + size_of::<u64>();
const WRITTEN_AT_AT: usize = BYTES_AT + size_of::<u64>();
const DIGEST_AT: usize = WRITTEN_AT_AT + size_of::<i64>();
const RESERVED_AT: usize = DIGEST_AT + size_of::<u128>();
const CRC_AT: usize = RESERVED_AT + size_of::<u32>();
const FILE_BYTES: usize = CRC_AT + size_of::<u32>();

/// XXH3-128 of a segment file's bytes: against faults, not against forgers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest(u128);

/// Makes a digest from bytes in order.
#[derive(Clone, Default)]
pub(crate) struct Digester(xxhash_rust::xxh3::Xxh3);

impl std::fmt::Debug for Digester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digester").finish_non_exhaustive()
    }
}

impl Digester {
    /// Takes the bytes that come next.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    pub(crate) fn digest(&self) -> Digest {
        Digest(self.0.digest128())
    }
}

/// What a closed segment was when it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum {
    /// The log it belongs to.
    pub(crate) log_id: LogId,
    /// Its base.
    pub(crate) first: Offset,
    /// The offset after its last record.
    pub(crate) end: Offset,
    /// The file's size.
    pub(crate) bytes: u64,
    /// When its last record was appended, in ms since 1970 UTC.
    pub(crate) written_at_ms: i64,
    /// The digest of the whole file.
    pub(crate) digest: Digest,
}

impl Checksum {
    /// The file's bytes.
    pub(crate) fn encode(&self) -> [u8; FILE_BYTES] {
        let mut bytes = [0; FILE_BYTES];
        let records = self.end.since(self.first);
        bytes[..VERSION_AT].copy_from_slice(&MAGIC);
        bytes[VERSION_AT..LOG_ID_AT].copy_from_slice(&VERSION.to_le_bytes());
        bytes[LOG_ID_AT..FIRST_AT].copy_from_slice(&self.log_id.to_bytes());
        bytes[FIRST_AT..END_AT].copy_from_slice(&self.first.get().to_le_bytes());
        bytes[END_AT..RECORDS_AT].copy_from_slice(&self.end.get().to_le_bytes());
        bytes[RECORDS_AT..BYTES_AT].copy_from_slice(&records.to_le_bytes());
        bytes[BYTES_AT..WRITTEN_AT_AT].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[WRITTEN_AT_AT..DIGEST_AT].copy_from_slice(&self.written_at_ms.to_le_bytes());
        bytes[DIGEST_AT..RESERVED_AT].copy_from_slice(&self.digest.0.to_be_bytes());
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the file's bytes; `None` for any but those that [`encode`](Self::encode) makes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; FILE_BYTES] = bytes.try_into().ok()?;
        let number = |at: usize| {
            let field = bytes[at..at + size_of::<u64>()].try_into().ok();
            field.map(u64::from_le_bytes)
        };
        let checksum = Self {
            log_id: LogId::from_bytes(bytes[LOG_ID_AT..FIRST_AT].try_into().ok()?),
            first: Offset::new(number(FIRST_AT)?),
            end: Offset::new(number(END_AT)?),
            bytes: number(BYTES_AT)?,
            written_at_ms: i64::from_le_bytes(bytes[WRITTEN_AT_AT..DIGEST_AT].try_into().ok()?),
            digest: Digest(u128::from_be_bytes(
                bytes[DIGEST_AT..RESERVED_AT].try_into().ok()?,
            )),
        };
        (checksum.encode() == *bytes).then_some(checksum)
    }
}

/// Writes the file durably, in place of whatever has its name. The directory is not synced.
pub(crate) fn write(
    dir: &Path,
    checksum: &Checksum,
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    let path = dir.join(segment::checksum_file_name(checksum.first));
    let file = storage::replace(storage, &path).map_err(io_failure("create", &path))?;
    storage
        .write_all_at(&file, &checksum.encode(), Position::default())
        .map_err(io_failure("write", &path))?;
    storage.sync_data(&file).map_err(io_failure("sync", &path))
}

/// The checksum of the segment `base`; `None` where there is none that can be believed.
pub(crate) fn read(dir: &Path, log_id: LogId, base: Offset) -> Result<Option<Checksum>, IoFailure> {
    let path = dir.join(segment::checksum_file_name(base));
    match fs::read(&path) {
        Ok(bytes) => Ok(Checksum::decode(&bytes)
            .filter(|checksum| checksum.log_id == log_id && checksum.first == base)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_failure("read", path)(error)),
    }
}

/// Deletes the files of segments that are not there or not closed.
pub(crate) fn remove_orphans(
    dir: &Path,
    closed: &[Offset],
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    for base in segment::list_checksums(dir)? {
        if closed.binary_search(&base).is_err() {
            let path = dir.join(segment::checksum_file_name(base));
            storage.remove(&path).map_err(io_failure("remove", path))?;
        }
    }
    Ok(())
}

/// The time in ms since 1970 UTC; the nearest that can be stored where it is out of range.
pub(crate) fn millis(time: SystemTime) -> i64 {
    let clamp = |millis: u128| i64::try_from(millis).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => clamp(since.as_millis()),
        Err(before) => -clamp(before.duration().as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn checksum(numbers: [u64; 3], written_at_ms: i64, digest: u128) -> Checksum {
        let [first, records, bytes] = numbers;
        Checksum {
            log_id: LogId::from_bytes([7; 16]),
            first: Offset::new(first),
            end: Offset::new(first).plus(records),
            bytes,
            written_at_ms,
            digest: Digest(digest),
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_documentation() {
        let bytes = checksum([3, 5, 600], -2, 0x0102).encode();
        assert_eq!(bytes.len(), 88);
        assert_eq!(&bytes[..8], b"GHSM\x01\0\0\0");
        assert_eq!(bytes[8..24], [7; 16]);
        let numbers = [3u64, 8, 5, 600].map(u64::to_le_bytes).concat();
        assert_eq!(bytes[24..56], numbers);
        assert_eq!(bytes[56..64], (-2i64).to_le_bytes());
        assert_eq!(bytes[64..80], 0x0102u128.to_be_bytes());
        assert_eq!(bytes[80..84], [0; 4]);
    }

    #[test]
    fn a_digest_is_that_of_all_bytes_however_they_come() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let mut whole = Digester::default();
        whole.update(&bytes);
        let mut parts = Digester::default();
        for part in bytes.chunks(17) {
            parts.update(part);
        }
        assert_eq!(whole.digest(), parts.digest());
        // As `xxhsum -H2` prints it for an empty file.
        let empty = Digester::default().digest();
        assert_eq!(empty, Digest(0x99aa_06d3_0147_98d8_6001_c324_468d_497f));
    }

    #[test]
    fn times_on_both_sides_of_1970_have_a_number() {
        let second = Duration::from_secs(1);
        assert_eq!(millis(SystemTime::UNIX_EPOCH + second), 1000);
        assert_eq!(millis(SystemTime::UNIX_EPOCH - second), -1000);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(numbers: [u64; 3], written_at_ms: i64, digest: u128) {
            let checksum = checksum(numbers, written_at_ms, digest);
            prop_assert_eq!(Checksum::decode(&checksum.encode()), Some(checksum));
        }

        #[test]
        fn any_flipped_bit_is_seen(numbers: [u64; 3], bit in any::<prop::sample::Index>()) {
            let mut bytes = checksum(numbers, 0, 0).encode();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Checksum::decode(&bytes), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Checksum::decode(&bytes), None);
        }
    }
}
