//! `watermark`: up to where the log is durable. The writer stores it after each fdatasync,
//! readers never read beyond it. Knows nothing about records.
//!
//! The file has two slots, one at byte 0 and one at byte 4096, so that they never share a disk
//! sector. The sequence says which one is written (modulo 2), and the valid slot with the higher
//! sequence counts. Between two syncs of the file the writer stays in one slot, going on by two: a
//! power cut may tear every slot that was written since, and the other one is then still whole. A
//! slot torn by a concurrent read or by a power cut fails its checksum. A slot is 72 bytes, little
//! endian:
//!
//! ```text
//! byte  0..4   magic        "GHWM"
//! byte  4..8   version      u32  1
//! byte  8..24  log id            as in log.id
//! byte 24..32  sequence     u64  higher with every store, from 1
//! byte 32..40  first        u64  the log's first offset: below it, records are trimmed
//! byte 40..48  durable      u64  the first offset that is not known to be durable
//! byte 48..56  segment      u64  the base offset of the segment in which the durable part ends
//! byte 56..64  position     u64  the byte of that segment at which it ends
//! byte 64..68  reserved          zero
//! byte 68..72  crc          u32  CRC-32C of bytes 0..68
//! ```
//!
//! The file itself is synced a second after an append at the latest, at every roll and at close, not
//! at every append: after a power cut it may lag behind the records, never run ahead of them.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::{
    error::{IoFailure, io_failure},
    identity::LogId,
    offset::{Offset, Position},
    storage::Storage,
};

/// The watermark file's name in a log's directory.
pub(crate) const FILE_NAME: &str = "watermark";

const MAGIC: [u8; 4] = *b"GHWM";
const VERSION: u32 = 1;
const SLOT_POSITIONS: [Position; 2] = [Position::new(0), Position::new(4096)];

const VERSION_AT: usize = MAGIC.len();
const LOG_ID_AT: usize = VERSION_AT + size_of::<u32>();
const SEQUENCE_AT: usize = LOG_ID_AT + size_of::<LogId>();
const FIRST_AT: usize = SEQUENCE_AT + size_of::<u64>();
const DURABLE_AT: usize = FIRST_AT + size_of::<u64>();
const SEGMENT_AT: usize = DURABLE_AT + size_of::<u64>();
const POSITION_AT: usize = SEGMENT_AT + size_of::<u64>();
const RESERVED_AT: usize = POSITION_AT + size_of::<u64>();
const CRC_AT: usize = RESERVED_AT + size_of::<u32>();
const SLOT_BYTES: usize = CRC_AT + size_of::<u32>();

/// How far the log is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermark {
    /// The log it belongs to.
    pub(crate) log_id: LogId,
    /// Grows with every store; decides which slot is the newer one.
    pub(crate) sequence: u64,
    /// The log's first offset.
    pub(crate) first: Offset,
    /// The first offset that is not durable yet.
    pub(crate) durable: Offset,
    /// The segment in which the durable part ends.
    pub(crate) segment: Offset,
    /// Where in that segment it ends.
    pub(crate) position: Position,
}

impl Watermark {
    /// The bytes of a slot.
    pub(crate) fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        bytes[..VERSION_AT].copy_from_slice(&MAGIC);
        bytes[VERSION_AT..LOG_ID_AT].copy_from_slice(&VERSION.to_le_bytes());
        bytes[LOG_ID_AT..SEQUENCE_AT].copy_from_slice(&self.log_id.to_bytes());
        bytes[SEQUENCE_AT..FIRST_AT].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[FIRST_AT..DURABLE_AT].copy_from_slice(&self.first.get().to_le_bytes());
        bytes[DURABLE_AT..SEGMENT_AT].copy_from_slice(&self.durable.get().to_le_bytes());
        bytes[SEGMENT_AT..POSITION_AT].copy_from_slice(&self.segment.get().to_le_bytes());
        bytes[POSITION_AT..RESERVED_AT].copy_from_slice(&self.position.get().to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a slot; `None` for any bytes but those that [`encode`](Self::encode) makes of a
    /// watermark whose numbers are in order.
    pub(crate) fn decode(bytes: &[u8; SLOT_BYTES]) -> Option<Self> {
        let crc = u32::from_le_bytes(bytes[CRC_AT..].try_into().ok()?);
        let version = u32::from_le_bytes(bytes[VERSION_AT..LOG_ID_AT].try_into().ok()?);
        if bytes[..VERSION_AT] != MAGIC
            || version != VERSION
            || bytes[RESERVED_AT..CRC_AT] != [0; CRC_AT - RESERVED_AT]
            || crc32c::crc32c(&bytes[..CRC_AT]) != crc
        {
            return None;
        }
        let number = |at: usize| {
            bytes[at..at + size_of::<u64>()]
                .try_into()
                .ok()
                .map(u64::from_le_bytes)
        };
        let watermark = Self {
            log_id: LogId::from_bytes(bytes[LOG_ID_AT..SEQUENCE_AT].try_into().ok()?),
            sequence: number(SEQUENCE_AT)?,
            first: Offset::new(number(FIRST_AT)?),
            durable: Offset::new(number(DURABLE_AT)?),
            segment: Offset::new(number(SEGMENT_AT)?),
            position: Position::new(number(POSITION_AT)?),
        };
        let ordered =
            watermark.first <= watermark.segment && watermark.segment <= watermark.durable;
        ordered.then_some(watermark)
    }
}

/// The writer's hand on the file.
#[derive(Debug)]
pub(crate) struct WatermarkWriter {
    file: File,
    path: PathBuf,
    current: Watermark,
    /// Nothing was stored since the file was synced.
    is_synced: bool,
}

impl WatermarkWriter {
    /// Opens or creates the file and stores `initial` durably in both slots, so that no older
    /// content is left. `initial.sequence` must not be below any stored one.
    pub(crate) fn create(
        dir: &Path,
        initial: Watermark,
        storage: &dyn Storage,
    ) -> Result<Self, IoFailure> {
        let path = dir.join(FILE_NAME);
        let file = match File::options().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create_new(&path),
            other => other,
        };
        let file = file.map_err(io_failure("open", &path))?;
        let mut writer = Self {
            file,
            path,
            current: initial,
            is_synced: false,
        };
        // What a killed writer stored last may be in memory only.
        writer.sync(storage)?;
        for _slot in SLOT_POSITIONS {
            writer.store(initial.durable, initial.segment, initial.position, storage)?;
            writer.sync(storage)?;
        }
        Ok(writer)
    }

    /// The watermark stored last.
    pub(crate) const fn current(&self) -> &Watermark {
        &self.current
    }

    /// Stores that everything before `durable`, which ends at `position` of the segment with
    /// base `segment`, is durable. Readers see it when this returns.
    pub(crate) fn store(
        &mut self,
        durable: Offset,
        segment: Offset,
        position: Position,
        storage: &dyn Storage,
    ) -> Result<(), IoFailure> {
        let step = if self.is_synced { 1 } else { 2 };
        let sequence = self.current.sequence.saturating_add(step);
        let next = Watermark {
            sequence,
            durable,
            segment,
            position,
            ..self.current
        };
        let slot = SLOT_POSITIONS[usize::from(sequence % 2 == 1)];
        storage
            .write_all_at(&self.file, &next.encode(), slot)
            .map_err(io_failure("write", &self.path))?;
        self.is_synced = false;
        self.current = next;
        Ok(())
    }

    /// Stores durably, in both slots, that the log begins at `first`: whichever slot is lost,
    /// the other one tells.
    pub(crate) fn store_first(
        &mut self,
        first: Offset,
        storage: &dyn Storage,
    ) -> Result<(), IoFailure> {
        self.current.first = first;
        let Watermark {
            durable,
            segment,
            position,
            ..
        } = self.current;
        for _slot in SLOT_POSITIONS {
            self.store(durable, segment, position, storage)?;
            self.sync(storage)?;
        }
        Ok(())
    }

    /// Makes the stored watermark durable.
    pub(crate) fn sync(&mut self, storage: &dyn Storage) -> Result<(), IoFailure> {
        storage
            .sync_data(&self.file)
            .map_err(io_failure("sync", &self.path))?;
        self.is_synced = true;
        Ok(())
    }
}

/// A reader's view of the file, from any process.
#[derive(Debug)]
pub(crate) struct WatermarkReader {
    file: File,
    path: PathBuf,
    log_id: LogId,
}

impl WatermarkReader {
    /// Opens the file of `dir`; `None` if it is not there.
    pub(crate) fn open(dir: &Path, log_id: LogId) -> Result<Option<Self>, IoFailure> {
        let path = dir.join(FILE_NAME);
        match File::open(&path) {
            Ok(file) => Ok(Some(Self { file, path, log_id })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_failure("open", path)(error)),
        }
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes durable what the file holds, whoever stored it.
    pub(crate) fn sync(&self, storage: &dyn Storage) -> Result<(), IoFailure> {
        storage
            .sync_data(&self.file)
            .map_err(io_failure("sync", &self.path))
    }

    /// Whether the file opened is no longer the one of that name: the log was deleted, moved or
    /// replaced.
    pub(crate) fn is_replaced(&self) -> Result<bool, IoFailure> {
        let ours = self
            .file
            .metadata()
            .map_err(io_failure("inspect", &self.path))?;
        match fs::metadata(&self.path) {
            Ok(there) => Ok((there.dev(), there.ino()) != (ours.dev(), ours.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(io_failure("inspect", &self.path)(error)),
        }
    }

    /// The newest watermark of this log; `None` if no slot holds one. A slot may be read while it is
    /// written, so one that holds none is looked at again before the older one counts.
    pub(crate) fn read(&self) -> Result<Option<Watermark>, IoFailure> {
        const TRIES: usize = 8;
        let mut newest = None;
        for _try in 0..TRIES {
            let [a, b] = [self.slot(SLOT_POSITIONS[0])?, self.slot(SLOT_POSITIONS[1])?];
            let both = a.is_some() && b.is_some();
            let of_both = a.into_iter().chain(b).chain(newest);
            newest = of_both.max_by_key(|watermark| watermark.sequence);
            if both {
                break;
            }
        }
        Ok(newest)
    }

    fn slot(&self, at: Position) -> Result<Option<Watermark>, IoFailure> {
        let mut bytes = [0; SLOT_BYTES];
        match self.file.read_exact_at(&mut bytes, at.get()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(io_failure("read", &self.path)(error)),
        }
        Ok(Watermark::decode(&bytes).filter(|watermark| watermark.log_id == self.log_id))
    }
}
