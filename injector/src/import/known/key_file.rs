//! A set of keys in a file without a name: exact, however many they are, in little memory and a few
//! reads a question. Knows nothing about what the keys stand for.
//!
//! Keys are put into buckets by a hash. A bucket's newest keys are in memory, up to a page of them; what
//! is full goes to the end of the file and points to the page of the same bucket before it. The file is
//! never synced and has no name: it is gone with the process, however that ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::key::Key;

/// 16 MB of pages in memory at most.
const BUCKETS: usize = 1 << 14;
const PAGE_BYTES: usize = 1024;
const KEY_BYTES: usize = 16;
/// The first 16 bytes of a page are the number of the one before it, in 8 of them.
const PAGE_KEYS: usize = PAGE_BYTES / KEY_BYTES - 1;
/// What the first page of a bucket points to.
const NONE: u64 = u64::MAX;

/// The keys inserted so far, 16 bytes each on disk.
#[derive(Debug)]
pub(super) struct KeyFile {
    file: File,
    pages: u64,
    buckets: Vec<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    /// Not yet in the file, fewer than a page.
    newest: Vec<Key>,
    /// Its newest page in the file.
    last: u64,
    pages: u64,
}

impl KeyFile {
    /// No keys yet. Takes room where `dir` is.
    ///
    /// # Errors
    /// Where no file can be made there.
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        let bucket = || Bucket {
            newest: Vec::new(),
            last: NONE,
            pages: 0,
        };
        Ok(Self {
            file: tempfile::tempfile_in(dir)?,
            pages: 0,
            buckets: std::iter::repeat_with(bucket).take(BUCKETS).collect(),
        })
    }

    /// Adds a key, which may have been there before.
    ///
    /// # Errors
    /// Where the file cannot be written; the set is of no use then.
    pub(super) fn insert(&mut self, key: Key) -> io::Result<()> {
        let bucket = &mut self.buckets[bucket_of(key)];
        bucket.newest.push(key);
        if bucket.newest.len() == PAGE_KEYS {
            let page = page_of(&bucket.newest, bucket.last);
            self.file
                .write_all_at(&page, self.pages * PAGE_BYTES as u64)?;
            bucket.newest.clear();
            bucket.last = self.pages;
            bucket.pages += 1;
            self.pages += 1;
        }
        Ok(())
    }

    /// Whether a key was inserted.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(super) fn contains(&self, key: Key) -> io::Result<bool> {
        let bucket = &self.buckets[bucket_of(key)];
        if bucket.newest.contains(&key) {
            return Ok(true);
        }
        let sought = key.to_bytes();
        let (mut at, mut page) = (bucket.last, [0; PAGE_BYTES]);
        while at != NONE {
            self.file.read_exact_at(&mut page, at * PAGE_BYTES as u64)?;
            let (before, keys) = page.split_at(KEY_BYTES);
            if keys.chunks_exact(KEY_BYTES).any(|key| key == sought) {
                return Ok(true);
            }
            at = u64::from_le_bytes(*before.first_chunk().expect("longer than a number"));
        }
        Ok(false)
    }

    /// How many pages are read to find that a key is not here.
    pub(super) fn pages_of(&self, key: Key) -> u64 {
        self.buckets[bucket_of(key)].pages
    }
}

fn bucket_of(key: Key) -> usize {
    let high = xxh3_64(&key.to_bytes()) >> 32;
    usize::try_from(high).expect("32 bits") % BUCKETS
}

fn page_of(keys: &[Key], before: u64) -> [u8; PAGE_BYTES] {
    let mut page = [0; PAGE_BYTES];
    page[..8].copy_from_slice(&before.to_le_bytes());
    for (place, key) in page.chunks_exact_mut(KEY_BYTES).skip(1).zip(keys) {
        place.copy_from_slice(&key.to_bytes());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key::of_reject("a", number, &[0; 16])
    }

    #[test]
    fn it_has_what_was_inserted_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let mut keys = KeyFile::new(dir.path()).unwrap();
        // Some four pages a bucket, so that pages follow each other in all of them.
        let count = 4 * (BUCKETS * PAGE_KEYS) as u64;
        for number in 0..count {
            keys.insert(key(number)).unwrap();
        }
        assert!(keys.buckets.iter().all(|bucket| bucket.pages > 1));
        for number in (0..count).step_by(997) {
            assert!(keys.contains(key(number)).unwrap(), "{number}");
            assert!(!keys.contains(key(count + number)).unwrap(), "{number}");
        }
        let names = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 0, "nothing is left of it when it is gone");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_and_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let mut keys = KeyFile::new(dir.path()).unwrap();
        keys.insert(key(1)).unwrap();
        for _ in 0..PAGE_KEYS {
            keys.insert(key(2)).unwrap();
        }
        keys.file.set_len(100).unwrap();
        let missing = (3..)
            .map(key)
            .find(|&other| bucket_of(other) == bucket_of(key(2)));
        assert!(keys.contains(missing.unwrap()).is_err());
    }
}
