//! Runs of sorted entries in a file without a name: it is gone with the process, however that ends.
//! Knows nothing about what entries mean.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is written at once, and read where few runs are read together.
pub(super) const BLOCK_BYTES: usize = 32 << 10;

/// Bytes of an entry's length.
const LENGTH_BYTES: usize = 4;

/// A file of runs. Cheap to clone: all are the same file.
#[derive(Debug, Clone)]
pub(super) struct Spill {
    file: Arc<File>,
    end: Arc<AtomicU64>,
}

/// Where a run is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    at: u64,
    bytes: u64,
}

impl Spill {
    /// A file in the directory of another: that disk was asked whether it has room.
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let file = Arc::new(tempfile::tempfile_in(dir.unwrap_or(Path::new(".")))?);
        Ok(Self {
            file,
            end: Arc::default(),
        })
    }

    /// Writes entries as a run.
    pub(super) fn write<'a>(
        &self,
        entries: impl ExactSizeIterator<Item = &'a [u8]> + Clone,
    ) -> io::Result<Run> {
        let lengths = LENGTH_BYTES * entries.len();
        let bytes = (lengths + entries.clone().map(<[u8]>::len).sum::<usize>()) as u64;
        let at = self.end.fetch_add(bytes, Ordering::Relaxed);
        let (mut to, mut block) = (at, Vec::with_capacity(2 * BLOCK_BYTES));
        for entry in entries {
            let length = u32::try_from(entry.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            block.extend_from_slice(&length.to_le_bytes());
            block.extend_from_slice(entry);
            if block.len() >= BLOCK_BYTES {
                self.file.write_all_at(&block, to)?;
                to += block.len() as u64;
                block.clear();
            }
        }
        self.file.write_all_at(&block, to)?;
        Ok(Run { at, bytes })
    }

    /// Reads a run from its beginning, so many bytes at once.
    pub(super) fn read(&self, run: Run, block_bytes: usize) -> RunReader {
        RunReader {
            file: Arc::clone(&self.file),
            rest: run,
            block: Vec::new(),
            block_bytes,
            at: 0,
            entry: 0,
        }
    }
}

/// Walks through a run.
#[derive(Debug)]
pub(super) struct RunReader {
    file: Arc<File>,
    /// What is not in the block.
    rest: Run,
    block: Vec<u8>,
    block_bytes: usize,
    /// Where in the block the entry begins, and how long it is.
    at: usize,
    entry: usize,
}

impl RunReader {
    /// Goes to the next entry; `false` after the last.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.at += self.entry;
        self.entry = 0;
        if self.at == self.block.len() && self.rest.bytes == 0 {
            return Ok(false);
        }
        self.fill(LENGTH_BYTES)?;
        let length: [u8; LENGTH_BYTES] = self.block[self.at..self.at + LENGTH_BYTES]
            .try_into()
            .expect("a slice of this length");
        let length = u32::from_le_bytes(length) as usize;
        self.at += LENGTH_BYTES;
        self.fill(length)?;
        self.entry = length;
        Ok(true)
    }

    /// The entry.
    pub(super) fn entry(&self) -> &[u8] {
        &self.block[self.at..self.at + self.entry]
    }

    /// Sees to it that so many bytes are in the block.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let left = self.block.len() - self.at;
        if left >= wanted {
            return Ok(());
        }
        self.block.drain(..self.at);
        self.at = 0;
        let more = self.block_bytes.max(wanted - left);
        let more = usize::try_from(self.rest.bytes).map_or(more, |rest| rest.min(more));
        // No more than that: there are as many blocks as runs.
        self.block.reserve_exact(more);
        self.block.resize(left + more, 0);
        self.file
            .read_exact_at(&mut self.block[left..], self.rest.at)?;
        self.rest.at += more as u64;
        self.rest.bytes -= more as u64;
        if self.block.len() < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
