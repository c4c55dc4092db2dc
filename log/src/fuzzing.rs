//! Doors for the fuzz targets in `fuzz/`, which are another crate. Compiled only for them, under
//! `cfg(fuzzing)`, which cargo-fuzz sets. Each panics where what was read is not what would be
//! written, so that a target finds more than crashes.
//!
//! A fuzzer does not find checksums: where one guards the fields behind it, the input is read as it
//! is and once more with the right checksum in its place.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use commitlog::message::MessageSet;

use crate::{
    checksum::Checksum,
    frame::{Batch, CRC_FIELD, HEADER_BYTES, Header},
    identity,
    offset::{Offset, Position},
    segment,
    segment_reader::{Frame, SegmentError, SegmentReader},
    watermark::Watermark,
};

/// Where a search for sound frames may end: nowhere.
const NO_END: Offset = Offset::new(u64::MAX);

/// Reads one frame, whichever offset it bears.
pub fn frame(bytes: &[u8]) {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return;
    };
    let mut header = *header;
    let expected = crate::frame::claimed_offset(&header);
    let Ok(claimed) = Header::decode(&header, expected) else {
        return;
    };
    assert!(
        Header::decode(&header, expected.next()).is_err() || expected == expected.next(),
        "a frame of another place is taken"
    );
    let size = usize::try_from(claimed.size).expect("below the limit");
    let Some(payload) = rest.get(..size) else {
        return;
    };
    let crc = crc32c::crc32c(payload).to_le_bytes();
    assert_eq!(claimed.check(payload).is_ok(), header[CRC_FIELD] == crc);
    header[CRC_FIELD].copy_from_slice(&crc);
    let sound = Header::decode(&header, expected).expect("only the checksum is another one");
    assert_eq!(sound.check(payload), Ok(()));
    let mut written = Batch::default();
    written.push(expected, payload);
    assert_eq!(written.bytes(), [&header[..], payload].concat());
}

/// A directory for the files that [`segment`] writes.
#[derive(Debug)]
pub struct SegmentDir(PathBuf);

impl SegmentDir {
    /// Uses `dir`, which must be there and the caller's alone.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
}

/// Reads the bytes as a segment file, from its first frame to the end of the file and over every
/// damaged place, as verification does.
pub fn segment(dir: &SegmentDir, bytes: &[u8]) {
    let base = Offset::new(bytes.first().map_or(0, |byte| u64::from(*byte)));
    let mut file = segment::MAGIC.to_vec();
    file.extend_from_slice(bytes);
    with_checksums(&mut file, base);
    let path = dir.0.join(segment::file_name(base));
    fs::write(&path, &file).expect("the directory can be written");
    let mut reader = SegmentReader::open(&dir.0, base).expect("it begins with the magic");
    let cap = reader.file_end().expect("a file has an end");
    let mut read_up_to = (base, segment::FIRST_FRAME_AT);
    loop {
        match reader.read(cap) {
            Ok(Some(frame)) => {
                assert!((frame.offset, frame.position) >= read_up_to, "it went back");
                read_up_to = (reader.next(), reader.position());
                check_frame(&file, &frame, reader.payload(&frame), reader.position());
            }
            Ok(None) => {
                assert_eq!(reader.position(), cap);
                break;
            }
            Err(SegmentError::Damaged(_)) => {
                if !reader.resync(cap, NO_END).expect("a file can be read") {
                    break;
                }
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    fs::remove_file(path).expect("it was written");
}

/// Puts the right checksum and, in one of two frames, the right offset in every frame that the
/// sizes lead to, as far as they lead.
fn with_checksums(file: &mut [u8], base: Offset) {
    let mut offset = base;
    let mut at = segment::MAGIC.len();
    while let Some(header) = file.get(at..at + HEADER_BYTES) {
        let Some(payload) = payload_range(header, at) else {
            return;
        };
        let Some(bytes) = file.get(payload.clone()) else {
            return;
        };
        let crc = crc32c::crc32c(bytes).to_le_bytes();
        file[at + CRC_FIELD.start..at + CRC_FIELD.end].copy_from_slice(&crc);
        if file[at] % 2 == 0 {
            file[at..at + size_of::<u64>()].copy_from_slice(&offset.get().to_le_bytes());
        }
        offset = offset.next();
        at = payload.end;
    }
}

fn payload_range(header: &[u8], at: usize) -> Option<Range<usize>> {
    let header = header.first_chunk()?;
    let header = Header::decode(header, crate::frame::claimed_offset(header)).ok()?;
    let start = at + HEADER_BYTES;
    Some(start..start.checked_add(usize::try_from(header.size).ok()?)?)
}

/// A frame is nothing but the bytes of the file where it says it is.
fn check_frame(file: &[u8], frame: &Frame, payload: &[u8], end: Position) {
    let mut written = Batch::default();
    written.push(frame.offset, payload);
    let place = |position: Position| usize::try_from(position.get()).expect("inside of the file");
    assert_eq!(written.bytes(), &file[place(frame.position)..place(end)]);
}

/// Reads a slot of the watermark file.
pub fn watermark(bytes: &[u8]) {
    let Some(mut slot) = bytes.first_chunk().copied() else {
        return;
    };
    let as_it_is = Watermark::decode(&slot);
    assert!(as_it_is.is_none() || has_crc(&slot));
    put_crc(&mut slot);
    if let Some(watermark) = Watermark::decode(&slot) {
        assert_eq!(watermark.encode(), slot);
        assert!(watermark.first <= watermark.durable);
    }
}

/// Reads a checksum file.
pub fn checksum(bytes: &[u8]) {
    assert!(Checksum::decode(bytes).is_none() || has_crc(bytes));
    let mut file = bytes.to_vec();
    put_crc(&mut file);
    if let Some(checksum) = Checksum::decode(&file) {
        assert_eq!(checksum.encode()[..], file);
    }
}

/// Reads a `log.id`.
pub fn identity(bytes: &[u8]) {
    if let Ok(id) = identity::decode(bytes) {
        assert_eq!(identity::encode(id).as_bytes(), bytes);
    }
    // The same with the right checksum behind what comes before the last space.
    let Some(space) = bytes.iter().rposition(|byte| *byte == b' ') else {
        return;
    };
    let body = &bytes[..=space];
    let line = [body, format!("{:08x}\n", crc32c::crc32c(body)).as_bytes()].concat();
    if let Ok(id) = identity::decode(&line) {
        assert_eq!(identity::encode(id).as_bytes(), line);
    }
}

/// Makes the last four bytes the CRC-32C of those before.
fn put_crc(bytes: &mut [u8]) {
    if let Some((body, crc)) = bytes.split_last_chunk_mut::<4>() {
        *crc = crc32c::crc32c(body).to_le_bytes();
    }
}

fn has_crc(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<4>()
        .is_some_and(|(body, crc)| *crc == crc32c::crc32c(body).to_le_bytes())
}
