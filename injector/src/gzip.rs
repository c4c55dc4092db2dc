//! gzip, one member after another, that gives out every byte before a damaged place and can go on
//! with the next member behind it. Knows nothing about what was compressed.
//!
//! `flate2`'s own readers drop what a call had decompressed when it then meets corrupt data: up to
//! a whole buffer of good events.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// zlib's largest window, which every encoder stays within.
const WINDOW_BITS: u8 = 15;

/// A member's header without its optional fields (RFC 1952, section 2.3).
const HEADER_BYTES: usize = 10;

/// What is kept of a member's compressed bytes: corrupt ones may decompress to nonsense for a while
/// before they are found out, and run into the next member meanwhile.
const RECENT_BYTES: usize = 1 << 20;

/// Reads the concatenated content of all members (RFC 1952, section 2.2).
#[derive(Debug)]
pub(crate) struct GzipReader<R> {
    compressed: R,
    /// Comes before `compressed`, from `pushed_back_at` on.
    pushed_back: Vec<u8>,
    pushed_back_at: usize,
    inflate: Decompress,
    place: Place,
    /// The last bytes consumed of this member.
    recent: Vec<u8>,
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
            pushed_back: Vec::new(),
            pushed_back_at: 0,
            inflate: Decompress::new_gzip(WINDOW_BITS),
            place: Place::Start,
            recent: Vec::new(),
        }
    }

    /// One step of decompression: bytes written, or `None` at the end of the content.
    fn step(&mut self, to: &mut [u8]) -> io::Result<Option<usize>> {
        let input = match &self.pushed_back[self.pushed_back_at..] {
            [] => self.compressed.fill_buf()?,
            pushed_back => pushed_back,
        };
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
                self.consume(padding);
                return Ok(Some(0));
            }
            self.inflate.reset(true);
            self.recent.clear();
        }
        self.place = Place::InMember;
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(input, to, FlushDecompress::None);
        let consumed = moved(in_before, self.inflate.total_in());
        let written = moved(out_before, self.inflate.total_out());
        self.recent.extend_from_slice(&input[..consumed]);
        self.consume(consumed);
        self.forget_old();
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
                    self.place = Place::Damaged(None);
                    return Err(error);
                }
                self.place = Place::Damaged(Some(error));
            }
        }
        Ok(Some(written))
    }

    fn consume(&mut self, bytes: usize) {
        if self.pushed_back_at < self.pushed_back.len() {
            self.pushed_back_at += bytes;
        } else {
            self.compressed.consume(bytes);
        }
    }

    fn forget_old(&mut self) {
        if self.recent.len() > 2 * RECENT_BYTES {
            self.recent.drain(..self.recent.len() - RECENT_BYTES);
        }
    }

    /// After damage: looks for the next member, to be read from there on. `false` where there is
    /// none.
    pub(crate) fn resync(&mut self) -> io::Result<bool> {
        self.place = Place::BetweenMembers;
        let mut window = std::mem::take(&mut self.recent);
        window.extend_from_slice(&self.pushed_back[self.pushed_back_at..]);
        (self.pushed_back, self.pushed_back_at) = (Vec::new(), 0);
        // The broken member's own beginning is not looked at again.
        let mut from = 1;
        loop {
            let searched = window.get(from..).unwrap_or_default();
            if let Some(at) = searched.windows(HEADER_BYTES).position(is_header) {
                window.drain(..from + at);
                self.pushed_back = window;
                return Ok(true);
            }
            if window.len() >= from + HEADER_BYTES {
                window.drain(..window.len() + 1 - HEADER_BYTES);
                from = 0;
            }
            let input = self.compressed.fill_buf()?;
            if input.is_empty() {
                return Ok(false);
            }
            window.extend_from_slice(input);
            let length = input.len();
            self.compressed.consume(length);
        }
    }
}

/// Whether a member begins like this: so strict that among a terabyte of noise 40 places would
/// pass.
fn is_header(bytes: &[u8]) -> bool {
    let [0x1f, 0x8b, 8, flags, _, _, _, _, extra, system] = bytes else {
        return false;
    };
    flags & 0xe0 == 0 && matches!(extra, 0 | 2 | 4) && matches!(system, 0..=13 | 255)
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

    /// Whatever comes out of a file with damage, over all of its members.
    fn read_on(file: &[u8], buffer_bytes: usize) -> (Vec<u8>, usize) {
        let mut reader = GzipReader::new(io::BufReader::with_capacity(buffer_bytes, file));
        let (mut content, mut damages) = (Vec::new(), 0);
        while let Err(error) = reader.read_to_end(&mut content) {
            damages += 1;
            assert!(damages < 10, "{error}");
            if !reader.resync().unwrap() {
                break;
            }
        }
        (content, damages)
    }

    #[test]
    fn members_behind_damage_come_out_whole() {
        let contents: Vec<Vec<u8>> = (0..4).map(|n| noise(30_000 + n)).collect();
        let members: Vec<Vec<u8>> = contents.iter().map(|content| member(content)).collect();
        let length = members[1].len();
        for (damaged, name) in [
            (0..4, "its header"),
            (10..60, "its code tables"),
            (length / 2..length / 2 + 64, "its middle"),
            (length - 8..length - 4, "its checksum"),
        ] {
            for buffer_bytes in [1, 7, 64, 1 << 17] {
                let mut file = members.concat();
                for byte in &mut file[members[0].len()..][damaged.clone()] {
                    *byte ^= 0xff;
                }
                let (got, damages) = read_on(&file, buffer_bytes);
                assert!(damages >= 1, "{name}");
                assert!(got.starts_with(&contents[0]), "{name}");
                let rest = contents[2..].concat();
                assert!(got.ends_with(&rest), "{name}, read by {buffer_bytes}");
                assert!(got.len() <= contents.concat().len() + 300, "{name}");
            }
        }
    }

    /// The next member was taken for more of the one that broke off, for as long as that made sense
    /// as compressed data: thousands of bytes sometimes.
    #[test]
    fn a_member_that_breaks_off_does_not_take_the_next_along() {
        let contents: Vec<Vec<u8>> = (0..3).map(|n| noise(30_000 + n)).collect();
        let mut members: Vec<Vec<u8>> = contents.iter().map(|content| member(content)).collect();
        for cut in [3, 11, 100, 1_000, 10_000] {
            let length = members[1].len() - cut;
            members[1].truncate(length);
            for buffer_bytes in [3, 1 << 17] {
                let (got, damages) = read_on(&members.concat(), buffer_bytes);
                assert!(damages >= 1, "cut by {cut}");
                assert!(got.starts_with(&contents[0]), "cut by {cut}");
                assert!(got.ends_with(&contents[2]), "cut by {cut}");
            }
        }
    }

    #[test]
    fn damage_with_nothing_behind_ends_the_content() {
        let mut file = member(b"content");
        file.extend(b"garbage, and \x1f\x8b\x08 more of it");
        assert_eq!(read_on(&file, 5), (b"content".to_vec(), 1));
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
