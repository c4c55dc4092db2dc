//! The power cut: of what was written, only what was synced is sure to be there afterwards; of
//! the rest, any blocks, any lengths and any directory entries.

use std::{collections::BTreeMap, fs, io::Read, os::unix::fs::MetadataExt, path::PathBuf};

use super::*;

const BLOCK_BYTES: usize = 512;

/// What a power cut leaves of a directory.
#[derive(Debug)]
pub(super) struct Image {
    dir: PathBuf,
    /// The files whose directory entries are durable, with their durable bytes.
    durable: BTreeMap<String, Vec<u8>>,
    /// Durable bytes of files whose entries are not.
    unlisted: BTreeMap<String, Vec<u8>>,
    /// What is left, once the power was cut.
    left: Option<BTreeMap<String, Vec<u8>>>,
    random: u64,
}

impl Image {
    /// An image of `dir` in which everything is durable.
    fn new(dir: &Path, seed: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            durable: files(dir),
            unlisted: BTreeMap::new(),
            left: None,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    pub(super) fn sync_data(&mut self, file: &File) {
        let inode = file.metadata().unwrap().ino();
        for entry in fs::read_dir(&self.dir).unwrap() {
            let entry = entry.unwrap();
            if entry.metadata().unwrap().ino() == inode {
                let name = entry.file_name().into_string().unwrap();
                let bytes = contents(&entry.path());
                let files = match self.durable.contains_key(&name) {
                    true => &mut self.durable,
                    false => &mut self.unlisted,
                };
                files.insert(name, bytes);
            }
        }
    }

    pub(super) fn sync_dir(&mut self) {
        let now = files(&self.dir);
        self.durable.retain(|name, _| now.contains_key(name));
        for name in now.into_keys() {
            let bytes = self.unlisted.remove(&name).unwrap_or_default();
            self.durable.entry(name).or_insert(bytes);
        }
    }

    /// Cuts the power.
    pub(super) fn cut(&mut self) {
        let mut left = BTreeMap::new();
        for (name, written) in files(&self.dir) {
            let durable = match self.durable.get(&name).or(self.unlisted.get(&name)) {
                Some(durable) => durable.clone(),
                None => Vec::new(),
            };
            if self.durable.contains_key(&name) || self.toss() {
                let mixed = self.mix(&durable, &written);
                left.insert(name, mixed);
            }
        }
        // What was deleted may be there again.
        let mut deleted = std::mem::take(&mut self.durable);
        let dir = self.dir.clone();
        deleted.retain(|name, _| !dir.join(name).exists() && self.toss());
        left.extend(deleted);
        self.left = Some(left);
    }

    /// Some blocks as they were last written, the others as they were last synced.
    fn mix(&mut self, durable: &[u8], written: &[u8]) -> Vec<u8> {
        if durable == written {
            return written.to_vec();
        }
        let length = match self.toss() {
            true => written.len(),
            false => durable.len(),
        };
        let mut mixed = vec![0; length];
        for (number, block) in mixed.chunks_mut(BLOCK_BYTES).enumerate() {
            let source = if self.toss() { written } else { durable };
            let from = source.get(number * BLOCK_BYTES..).unwrap_or_default();
            let bytes = from.len().min(block.len());
            block[..bytes].copy_from_slice(&from[..bytes]);
        }
        mixed
    }

    fn toss(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random & 0x10 == 0
    }
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    // The links for commitlog are made anew by whoever opens the log.
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let read = files.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, contents(&entry.path()))
    });
    read.collect()
}

/// A file's bytes; of an index, which nothing depends on, the first ones.
fn contents(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let at_most = match path.extension() {
        Some(extension) if extension == "index" => 4096,
        _ => u64::MAX,
    };
    let file = File::open(path).unwrap();
    file.take(at_most).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_acknowledged() {
    const SEEDS: u64 = 2;
    for call in 0.. {
        for seed in 0..SEEDS {
            let Some((left, acknowledged)) = cut_at(call, call * SEEDS + seed) else {
                assert!(call > 50, "the workload has only {call} calls");
                return;
            };
            let dir = tempfile::tempdir().unwrap();
            for (name, bytes) in left {
                fs::write(dir.path().join(name), bytes).unwrap();
            }
            check_reopened(dir.path(), acknowledged);
        }
    }
}

/// Runs the workload until the power is cut at a call. What is left then, and how many records
/// were acknowledged; `None` if the workload ends before.
fn cut_at(call: u64, seed: u64) -> Option<(BTreeMap<String, Vec<u8>>, usize)> {
    let dir = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let on = Box::new(disk.clone());
    let mut writer = LogWriter::open_on(dir.path().to_owned(), small_segments(), on).unwrap();
    disk.plan().image = Some(Image::new(dir.path(), seed));
    disk.plan().fail_in = Some(call);
    let mut acknowledged = 0;
    for (number, batch) in batches().into_iter().enumerate() {
        // Some of them with segments to delete, some without.
        let trimmed = match number % 2 {
            0 => Ok(()),
            _ => writer.trim(TrimLimit::ToBytes(900)).map(|_| ()),
        };
        if trimmed.and_then(|()| writer.append(&batch)).is_err() {
            let left = disk.plan().image.take()?.left?;
            return Some((left, acknowledged));
        }
        acknowledged += batch.len();
    }
    None
}
