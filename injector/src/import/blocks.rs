//! A file's decompressed bytes, block by block, made by a thread of their own so that
//! decompressing and reading JSON share two cores. Knows nothing about events.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::finished::first_half;
use super::inputs::Place;
use crate::gzip::GzipReader;

/// Decompressed bytes of one block; four are under way at most.
const BLOCK_BYTES: usize = 256 << 10;
const BLOCKS_AHEAD: usize = 3;

/// How often a pause is made in what may come slowly: standard input, a pipe.
const PAUSE_INTERVAL: Duration = Duration::from_millis(400);

/// Why a file's bytes end before the file does, or not for now.
#[derive(Debug)]
pub(super) enum Fault {
    /// What the file holds is not what its compression promises. It will never read better.
    Damaged(String),
    /// The operating system failed to read it.
    Io(io::Error),
    /// Nothing is wrong: it is time to look after what has been read so far. Ask again.
    Pause,
}

/// Where decompressed bytes come from.
pub(super) trait Blocks {
    /// Appends the next bytes to `to`; `false` at the end. After [`Fault::Damaged`] there may be
    /// more, which does not continue what came before.
    fn append_to(&mut self, to: &mut Vec<u8>) -> Result<bool, Fault>;
}

/// The blocks of one file or of standard input.
#[derive(Debug)]
pub(super) struct FileBlocks {
    blocks: Receiver<Made>,
    used: SyncSender<Vec<u8>>,
    stored: Arc<Stored>,
    ended: bool,
    pauses: Option<Pauses>,
}

/// How soon bytes are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// In whole blocks: a file's are all there.
    Whole,
    /// As they come, with pauses: others may be long in coming.
    AsTheyCome(Duration),
}

/// The time of the next pause.
#[derive(Debug)]
struct Pauses {
    interval: Duration,
    next: Instant,
}

/// What has been read of the file, as stored.
#[derive(Debug, Default)]
struct Stored {
    bytes: AtomicU64,
    hasher: Mutex<blake3::Hasher>,
}

enum Made {
    Block(Vec<u8>),
    /// Bytes are missing here.
    Damage(String),
    End(Result<(), Fault>),
}

impl FileBlocks {
    /// Starts reading.
    pub(super) fn open(place: &Place) -> io::Result<Self> {
        match place {
            Place::File { path, .. } => Ok(Self::of(File::open(path)?, Manner::Whole)),
            Place::Stdin => {
                let manner = Manner::AsTheyCome(PAUSE_INTERVAL);
                Ok(Self::of(io::stdin(), manner))
            }
        }
    }

    fn of(stored: impl Read + Send + 'static, manner: Manner) -> Self {
        let so_far = Arc::new(Stored::default());
        let counted = Counted {
            inner: stored,
            stored: Arc::clone(&so_far),
        };
        let (made, blocks) = sync_channel(BLOCKS_AHEAD);
        let (used, reusable) = sync_channel(BLOCKS_AHEAD + 1);
        // Not joined: a read of standard input may never return, and a reader that nobody listens
        // to ends by itself.
        std::thread::spawn(move || {
            let end = make(counted, manner, &made, &reusable);
            // Nobody listens any more where the import was told to stop.
            made.send(Made::End(end)).ok();
        });
        Self {
            blocks,
            used,
            stored: so_far,
            ended: false,
            pauses: match manner {
                Manner::Whole => None,
                Manner::AsTheyCome(interval) => Some(Pauses {
                    interval,
                    next: Instant::now() + interval,
                }),
            },
        }
    }

    /// What comes next, or that it is time for a pause; an error where nothing ever comes.
    fn receive(&mut self) -> Result<Made, RecvTimeoutError> {
        let Some(pauses) = &mut self.pauses else {
            return Ok(self.blocks.recv()?);
        };
        let now = Instant::now();
        let left = pauses.next.saturating_duration_since(now);
        let received = if left.is_zero() {
            Err(RecvTimeoutError::Timeout)
        } else {
            self.blocks.recv_timeout(left)
        };
        if matches!(received, Err(RecvTimeoutError::Timeout)) {
            pauses.next = Instant::now() + pauses.interval;
        }
        received
    }

    /// How many bytes of the file, as stored, have been read so far.
    pub(super) fn stored_bytes(&self) -> u64 {
        self.stored.bytes.load(Ordering::Relaxed)
    }

    /// The first 16 bytes of the BLAKE3 digest of what has been read so far, as stored.
    pub(super) fn digest(&self) -> [u8; 16] {
        first_half(&self.stored.hasher())
    }
}

impl Blocks for FileBlocks {
    fn append_to(&mut self, to: &mut Vec<u8>) -> Result<bool, Fault> {
        if self.ended {
            return Ok(false);
        }
        match self.receive() {
            Ok(Made::Block(block)) => {
                to.extend_from_slice(&block);
                self.used.try_send(block).ok();
                Ok(true)
            }
            Ok(Made::Damage(reason)) => Err(Fault::Damaged(reason)),
            Ok(Made::End(end)) => {
                self.ended = true;
                end.map(|()| false)
            }
            Err(RecvTimeoutError::Timeout) => Err(Fault::Pause),
            // Never taken for an end of the file: what follows would be lost in silence.
            Err(RecvTimeoutError::Disconnected) => Err(Fault::Io(io::Error::other(
                "the reading thread ended unexpectedly",
            ))),
        }
    }
}

fn make(
    stored: impl Read,
    manner: Manner,
    made: &SyncSender<Made>,
    reusable: &Receiver<Vec<u8>>,
) -> Result<(), Fault> {
    let mut content = Content::open(stored).map_err(Fault::Io)?;
    loop {
        let mut block = reusable.try_recv().unwrap_or_default();
        block.resize(BLOCK_BYTES, 0);
        let filled = fill(&mut content, &mut block, manner);
        block.truncate(filled.bytes);
        if filled.bytes > 0 && made.send(Made::Block(block)).is_err() {
            return Ok(());
        }
        match filled.error {
            Some(error) => match content.fault(error) {
                Fault::Damaged(reason) if content.resync().map_err(Fault::Io)? => {
                    if made.send(Made::Damage(reason)).is_err() {
                        return Ok(());
                    }
                }
                fault => return Err(fault),
            },
            None if filled.ended => return Ok(()),
            None => {}
        }
    }
}

struct Filled {
    bytes: usize,
    ended: bool,
    error: Option<io::Error>,
}

/// Reads until `to` is full or, where it is to be handed on as it comes, has anything; what came
/// before an error counts.
fn fill(content: &mut impl Read, to: &mut [u8], manner: Manner) -> Filled {
    let mut filled = Filled {
        bytes: 0,
        ended: false,
        error: None,
    };
    while filled.bytes < to.len() && (manner == Manner::Whole || filled.bytes == 0) {
        match content.read(&mut to[filled.bytes..]) {
            Ok(0) => {
                filled.ended = true;
                break;
            }
            Ok(read) => filled.bytes += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                filled.error = Some(error);
                break;
            }
        }
    }
    filled
}

type Buffered<R> = BufReader<io::Chain<Cursor<Vec<u8>>, R>>;

/// A file's content, decompressed as its first bytes ask for.
enum Content<R: Read> {
    Plain(Buffered<R>),
    Gzip(Box<GzipReader<Buffered<R>>>),
    Zstd(zstd::stream::read::Decoder<'static, Buffered<R>>),
}

impl<R: Read> Content<R> {
    fn open(mut stored: R) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(4);
        stored.by_ref().take(4).read_to_end(&mut magic)?;
        let compression = Compression::of(&magic);
        let stored = BufReader::with_capacity(128 << 10, Cursor::new(magic).chain(stored));
        Ok(match compression {
            Compression::None => Self::Plain(stored),
            Compression::Gzip => Self::Gzip(Box::new(GzipReader::new(stored))),
            Compression::Zstd => Self::Zstd(zstd::stream::read::Decoder::with_buffer(stored)?),
        })
    }

    /// After damage: whether there is something to go on with.
    fn resync(&mut self) -> io::Result<bool> {
        match self {
            Self::Gzip(reader) => reader.resync(),
            Self::Plain(_) | Self::Zstd(_) => Ok(false),
        }
    }

    fn fault(&self, error: io::Error) -> Fault {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        let damaged = matches!(
            error.kind(),
            UnexpectedEof | InvalidData | InvalidInput | Other
        );
        match self {
            Self::Gzip(_) if damaged => {
                Fault::Damaged(format!("the gzip file is damaged: {error}"))
            }
            Self::Zstd(_) if damaged => {
                Fault::Damaged(format!("the zstd file is damaged: {error}"))
            }
            _ => Fault::Io(error),
        }
    }
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(to),
            Self::Gzip(reader) => reader.read(to),
            Self::Zstd(reader) => reader.read(to),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// As the first four bytes tell (RFC 1952, section 2.3.1; RFC 8878, section 3.1).
    fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}

impl Stored {
    fn hasher(&self) -> MutexGuard<'_, blake3::Hasher> {
        self.hasher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Counted<R> {
    inner: R,
    stored: Arc<Stored>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(to)?;
        self.stored.hasher().update(&to[..read]);
        self.stored.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn read(stored: Vec<u8>) -> (Vec<u8>, Result<bool, Fault>, u64) {
        let mut blocks = FileBlocks::of(Cursor::new(stored), Manner::Whole);
        let mut content = Vec::new();
        let end = loop {
            match blocks.append_to(&mut content) {
                Ok(true) => {}
                end => break end,
            }
        };
        (content, end, blocks.stored_bytes())
    }

    #[test]
    fn compression_is_told_by_content_and_every_stored_byte_counts() {
        let content = b"{\"type\":\"WatchEvent\"}\n".repeat(50_000);
        let zstd = zstd::bulk::compress(&content, 3).unwrap();
        let two_frames = [zstd.clone(), zstd].concat();
        for (stored, times) in [
            (content.clone(), 1),
            (gzip(&content), 1),
            (two_frames, 2),
            (Vec::new(), 0),
        ] {
            let stored_bytes = stored.len() as u64;
            let (got, end, counted) = read(stored);
            assert!(matches!(end, Ok(false)), "{end:?}");
            assert_eq!(got.len(), times * content.len());
            assert!(got.chunks(content.len()).all(|chunk| chunk == content));
            assert_eq!(counted, stored_bytes);
        }
    }

    #[test]
    fn content_shorter_than_a_magic_number_is_plain() {
        assert_eq!(read(b"{}".to_vec()).0, b"{}");
    }

    #[test]
    fn damage_comes_after_everything_before_it() {
        let content = b"0123456789\n".repeat(100_000);
        let compressed = [gzip(&content), zstd::bulk::compress(&content, 3).unwrap()];
        for mut stored in compressed {
            stored.truncate(stored.len() - 3);
            let (got, end, _) = read(stored);
            assert!(
                matches!(&end, Err(Fault::Damaged(why)) if why.contains("damaged")),
                "{end:?}"
            );
            assert!(content.starts_with(&got));
        }
    }

    #[test]
    fn members_behind_damage_are_read_on() {
        let content = b"0123456789\n".repeat(100_000);
        let mut damaged = gzip(&content);
        let checksum = damaged.len() - 8;
        damaged[checksum] ^= 1;
        let file = [damaged, gzip(b"behind\n")].concat();
        let mut blocks = FileBlocks::of(Cursor::new(file), Manner::Whole);
        let (mut got, mut damages) = (Vec::new(), 0);
        loop {
            match blocks.append_to(&mut got) {
                Ok(true) => {}
                Ok(false) => break,
                Err(Fault::Damaged(_)) => damages += 1,
                Err(fault) => panic!("{fault:?}"),
            }
        }
        assert_eq!(damages, 1);
        assert!(got == [&content[..], b"behind\n"].concat());
        assert!(
            matches!(blocks.append_to(&mut got), Ok(false)),
            "it stays at its end"
        );
    }

    #[test]
    fn a_failing_disk_is_no_damaged_file() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::PermissionDenied))
            }
        }
        let mut blocks = FileBlocks::of((&b"\x1f\x8b\x08\0"[..]).chain(Failing), Manner::Whole);
        let end = blocks.append_to(&mut Vec::new());
        assert!(matches!(end, Err(Fault::Io(_))), "{end:?}");
    }

    /// What `tail -f` had written waited for megabytes more to come.
    #[test]
    fn what_comes_slowly_is_handed_on_as_it_comes_with_pauses() {
        let (from, mut to) = io::pipe().unwrap();
        let mut blocks = FileBlocks::of(from, Manner::AsTheyCome(Duration::from_millis(1)));
        let (mut got, mut pauses) = (Vec::new(), 0);
        for line in ["{\"a\":1}\n", "2\n"] {
            to.write_all(line.as_bytes()).unwrap();
            while !got.ends_with(line.as_bytes()) {
                match blocks.append_to(&mut got) {
                    Ok(true) | Err(Fault::Pause) => {}
                    end => panic!("{end:?}"),
                }
            }
            // Nothing comes: it is said again and again that it does not.
            pauses += [(); 2]
                .into_iter()
                .filter(|()| matches!(blocks.append_to(&mut got), Err(Fault::Pause)))
                .count();
        }
        assert_eq!(pauses, 4);
        drop(to);
        let end = loop {
            match blocks.append_to(&mut got) {
                Err(Fault::Pause) => {}
                end => break end,
            }
        };
        assert!(matches!(end, Ok(false)), "{end:?}");
        assert_eq!(got, b"{\"a\":1}\n2\n");
    }
}
