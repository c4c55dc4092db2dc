//! gzip, one member after another, that gives out every byte before a damaged place. Knows nothing
//! about what was compressed.
//!
//! `flate2`'s own readers drop what a call had decompressed when it then meets corrupt data: up to
//! a whole buffer of good events.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// zlib's largest window, which every encoder stays within.
const WINDOW_BITS: u8 = 15;

/// Reads the concatenated content of all members (RFC 1952, section 2.2).
#[derive(Debug)]
pub(crate) struct GzipReader<R> {
    compressed: R,
    inflate: Decompress,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Before the first member: an empty file is no gzip file.
    Start,
    InMember,
    /// Between two members, or at the end.
    BetweenMembers,
    /// Behind the last good byte.
    Damaged(Option<io::Error>),
}

impl<R: BufRead> GzipReader<R> {
    pub(crate) fn new(compressed: R) -> Self {
        Self {
            compressed,
            inflate: Decompress::new_gzip(WINDOW_BITS),
            place: Place::Start,
        }
    }

    /// One step of decompression: bytes written, or `None` at the end of the content.
    fn step(&mut self, to: &mut [u8]) -> io::Result<Option<usize>> {
        let input = self.compressed.fill_buf()?;
        if input.is_empty() {
            return match self.place {
                Place::BetweenMembers => Ok(None),
                _ => Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it ends too early",
                )),
            };
        }
        if let Place::BetweenMembers = self.place {
            // Some tools pad with zeros up to a block's size.
            let padding = input.iter().take_while(|&&byte| byte == 0).count();
            if padding > 0 {
                self.compressed.consume(padding);
                return Ok(Some(0));
            }
            self.inflate.reset(true);
        }
        self.place = Place::InMember;
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(input, to, FlushDecompress::None);
        let consumed = moved(in_before, self.inflate.total_in());
        let written = moved(out_before, self.inflate.total_out());
        self.compressed.consume(consumed);
        match result {
            Ok(Status::StreamEnd) => self.place = Place::BetweenMembers,
            Ok(Status::Ok) => {}
            Ok(Status::BufError) if consumed > 0 || written > 0 => {}
            Ok(Status::BufError) => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it makes no progress",
                ));
            }
            Err(error) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
                if written == 0 {
                    return Err(error);
                }
                self.place = Place::Damaged(Some(error));
            }
        }
        Ok(Some(written))
    }
}

fn moved(before: u64, after: u64) -> usize {
    usize::try_from(after - before).expect("bounded by the length of a slice")
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if let Place::Damaged(error) = &mut self.place {
            let again = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
            return Err(error.take().unwrap_or_else(again));
        }
        if to.is_empty() {
            return Ok(0);
        }
        loop {
            match self.step(to)? {
                None => return Ok(0),
                Some(0) => {}
                Some(written) => return Ok(written),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// What came out before the end or the damage.
    fn read(compressed: &[u8]) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut content = Vec::new();
        let error = GzipReader::new(compressed).read_to_end(&mut content).err();
        (content, error.map(|error| error.kind()))
    }

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + u8::try_from(state >> 28).unwrap()
        };
        std::iter::repeat_with(&mut next).take(bytes).collect()
    }

    #[test]
    fn members_and_padding_are_one_content() {
        let mut file = member(b"one\n");
        file.extend(member(b""));
        file.extend(member(b"two\n"));
        file.extend([0; 300]);
        assert_eq!(read(&file), (b"one\ntwo\n".to_vec(), None));
    }

    #[test]
    fn a_truncated_file_gives_what_is_whole_and_then_an_error() {
        let content = noise(100_000);
        let file = member(&content);
        for cut in [0, 1, 5, 10, file.len() / 2, file.len() - 9, file.len() - 1] {
            let (got, error) = read(&file[..cut]);
            assert_eq!(error, Some(io::ErrorKind::UnexpectedEof), "cut at {cut}");
            assert!(content.starts_with(&got));
            // 18 bytes of header and trailer; the rest holds at least a byte of content each, once
            // the code table of its block is whole.
            assert!(got.len() + 400 >= cut, "cut at {cut}, got {}", got.len());
        }
    }

    /// flate2's `MultiGzDecoder` returns only the error of a call that had also decompressed: with
    /// a large buffer everything before the corrupt place was lost.
    #[test]
    fn all_before_corrupt_bytes_comes_out() {
        let content = noise(200_000);
        let mut file = member(&content);
        let middle = file.len() / 2;
        for byte in &mut file[middle..middle + 64] {
            *byte = 0xff;
        }
        let mut reader = GzipReader::new(&file[..]);
        let (mut got, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
        let error = loop {
            match reader.read(&mut buffer) {
                Ok(read) => got.extend_from_slice(&buffer[..read]),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(got.len() > 90_000, "only {} bytes came out", got.len());
        assert!(content.starts_with(&got[..90_000]));
        assert!(reader.read(&mut buffer).is_err(), "and it stays damaged");
    }

    #[test]
    fn a_wrong_checksum_and_garbage_behind_are_damage_after_the_content() {
        let mut file = member(b"content");
        let last = file.len() - 8;
        file[last] ^= 1;
        assert_eq!(
            read(&file),
            (b"content".to_vec(), Some(io::ErrorKind::InvalidData))
        );
        let mut file = member(b"content");
        file.extend(b"garbage");
        assert_eq!(
            read(&file),
            (b"content".to_vec(), Some(io::ErrorKind::InvalidData))
        );
    }
}
