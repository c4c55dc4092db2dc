//! The pages of a file that SQLite has made and closed: hands out new ones after its last, and tells
//! its header how many there are. Knows nothing about what is in a page.
//! (<https://www.sqlite.org/fileformat2.html#the_database_header>)

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes of a page: SQLite's own default since 2016.
pub(super) const PAGE_BYTES: usize = 4096;

/// Pages that are handed out together, so that each tree's lie side by side in the file.
const EXTENT_PAGES: u32 = 16;

/// Pages that are made durable together while others are written.
const SYNCED_PAGES: u32 = (64 << 20) / 4096;

/// The page with the byte that SQLite's locks are on is never used
/// (<https://www.sqlite.org/fileformat2.html#the_lock_byte_page>).
const LOCK_PAGE: u32 = (1 << 30) / 4096 + 1;

/// Where the header has the number of pages, the first free page and the number of free pages.
const PAGE_COUNT_AT: u64 = 28;
const FREE_PAGES_AT: u64 = 32;

/// A page's number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PageNumber(u32);

impl PageNumber {
    pub(super) const fn new(number: u32) -> Self {
        Self(number)
    }

    pub(super) const fn from_be_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    pub(super) const fn to_be_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    fn position(self) -> u64 {
        (u64::from(self.0) - 1) * PAGE_BYTES as u64
    }
}

/// A file whose trees are written page by page, several of them at a time.
#[derive(Debug)]
pub(super) struct PageFile {
    file: File,
    unused: Mutex<Unused>,
    /// Told where many pages more were handed out, or the last.
    grown: Condvar,
}

/// Whether the writing is to end before it is done.
pub(super) type IsStopped = dyn Fn() -> bool + Send;

/// The pages that nobody has.
struct Unused {
    /// All from here on.
    from: u32,
    /// What trees have not used of theirs.
    given_back: Vec<Range<u32>>,
    /// Nobody asks for more.
    is_last: bool,
    /// Whether nobody is given more.
    is_stopped: Box<IsStopped>,
}

impl fmt::Debug for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Unused");
        debug.field("from", &self.from).finish_non_exhaustive()
    }
}

impl PageFile {
    /// A file of `pages` pages that nothing else writes.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        let pages = bytes / PAGE_BYTES as u64;
        let from = u32::try_from(pages + 1).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let unused = Unused {
            from,
            given_back: Vec::new(),
            is_last: false,
            is_stopped: Box::new(|| false),
        };
        Ok(Self {
            file,
            unused: Mutex::new(unused),
            grown: Condvar::new(),
        })
    }

    /// Gives nobody more pages once that is so: who asks for some fails.
    pub(super) fn stop_when(&self, is_stopped: Box<IsStopped>) {
        self.unused().is_stopped = is_stopped;
    }

    /// A new writer of pages.
    pub(super) fn writer(self: &Arc<Self>) -> PageWriter {
        PageWriter {
            file: Arc::clone(self),
            extent: 0..0,
            first: 0,
            buffer: Vec::new(),
        }
    }

    /// Writes a page that the file has already.
    pub(super) fn overwrite(&self, page: PageNumber, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, page.position())
    }

    /// Makes the pages durable as they come, until [`PageFile::end_syncing`]: they are final once they are written, and
    /// the disk has nothing else to do meanwhile.
    pub(super) fn sync_along(&self) -> io::Result<()> {
        let mut next = 0;
        loop {
            let waiting = |unused: &mut Unused| unused.from < next && !unused.is_last;
            let unused = self.grown.wait_while(self.unused(), waiting);
            let unused = unused.unwrap_or_else(PoisonError::into_inner);
            if unused.is_last {
                return Ok(());
            }
            next = (unused.from / SYNCED_PAGES + 1).saturating_mul(SYNCED_PAGES);
            drop(unused);
            self.file.sync_data()?;
        }
    }

    /// All pages are written.
    pub(super) fn end_syncing(&self) {
        self.unused().is_last = true;
        self.grown.notify_all();
    }

    fn unused(&self) -> MutexGuard<'_, Unused> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the writing: the header counts all pages, and those that were not used are free ones.
    pub(super) fn finish(&self) -> io::Result<()> {
        let unused = self.unused();
        let free: Vec<u32> = unused.given_back.iter().cloned().flatten().collect();
        let pages = unused.from - 1;
        self.file.set_len(u64::from(pages) * PAGE_BYTES as u64)?;
        self.file
            .write_all_at(&pages.to_be_bytes(), PAGE_COUNT_AT)?;
        let Some((&trunk, leaves)) = free.split_first() else {
            return Ok(());
        };
        // One trunk page has room for a thousand leaves; there are at most a few extents.
        let count = u32::try_from(leaves.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut page = Vec::with_capacity(PAGE_BYTES);
        page.extend_from_slice(&[0; 4]);
        page.extend_from_slice(&count.to_be_bytes());
        leaves
            .iter()
            .for_each(|leaf| page.extend_from_slice(&leaf.to_be_bytes()));
        page.resize(PAGE_BYTES, 0);
        self.overwrite(PageNumber(trunk), &page)?;
        let mut header = Vec::from(trunk.to_be_bytes());
        header.extend_from_slice(&(count + 1).to_be_bytes());
        self.file.write_all_at(&header, FREE_PAGES_AT)
    }

    fn extent(&self) -> io::Result<Range<u32>> {
        let mut unused = self.unused();
        if (unused.is_stopped)() {
            return Err(io::Error::other("told to stop"));
        }
        if let Some(extent) = unused.given_back.pop() {
            return Ok(extent);
        }
        if unused.from == LOCK_PAGE {
            unused.from += 1;
        }
        let from = unused.from;
        let mut to = from
            .checked_add(EXTENT_PAGES)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        if from < LOCK_PAGE {
            to = to.min(LOCK_PAGE);
        }
        unused.from = to;
        drop(unused);
        if from / SYNCED_PAGES != to / SYNCED_PAGES {
            self.grown.notify_all();
        }
        Ok(from..to)
    }

    fn give_back(&self, extent: Range<u32>) {
        self.unused().given_back.push(extent);
    }
}

/// Writes new pages, each with the next number of an extent.
#[derive(Debug)]
pub(super) struct PageWriter {
    file: Arc<PageFile>,
    /// The numbers at hand.
    extent: Range<u32>,
    /// The number of the first page in the buffer.
    first: u32,
    buffer: Vec<u8>,
}

impl PageWriter {
    /// Writes a page; its number.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<PageNumber> {
        if self.extent.is_empty() {
            self.flush()?;
            self.extent = self.file.extent()?;
            self.first = self.extent.start;
        }
        let number = self.extent.start;
        self.extent.start += 1;
        self.buffer.extend_from_slice(bytes);
        Ok(PageNumber(number))
    }

    /// Writes the page of a tree that has its number already.
    pub(super) fn write_root(&self, root: PageNumber, bytes: &[u8]) -> io::Result<()> {
        self.file.overwrite(root, bytes)
    }

    /// Writes what is still in memory, and gives back what was not used.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        if !self.extent.is_empty() {
            self.file.give_back(self.extent);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.file.overwrite(PageNumber(self.first), &self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model of more than a gibibyte: SQLite calls a file damaged that uses the page of its locks.
    #[test]
    fn the_page_of_the_locks_is_left_out() {
        let file = tempfile::tempfile().unwrap();
        let before = u64::from(LOCK_PAGE) - 20;
        file.set_len(before * PAGE_BYTES as u64).unwrap();
        let pages = Arc::new(PageFile::new(file).unwrap());
        let mut writer = pages.writer();
        let written = (0..40).map(|_| writer.write(&[0; PAGE_BYTES]).unwrap().0);
        let written: Vec<u32> = written.collect();
        let after = (LOCK_PAGE - 19..).filter(|&page| page != LOCK_PAGE);
        assert!(written.into_iter().eq(after.take(40)));
        writer.finish().unwrap();
        pages.finish().unwrap();
    }

    #[test]
    fn what_a_writer_has_not_used_is_used_by_the_next() {
        let pages = Arc::new(PageFile::new(tempfile::tempfile().unwrap()).unwrap());
        let (mut one, mut other) = (pages.writer(), pages.writer());
        let page = [0; PAGE_BYTES];
        assert_eq!(one.write(&page).unwrap(), PageNumber(1));
        assert_eq!(other.write(&page).unwrap(), PageNumber(1 + EXTENT_PAGES));
        one.finish().unwrap();
        let mut third = pages.writer();
        assert_eq!(third.write(&page).unwrap(), PageNumber(2));
    }
}
