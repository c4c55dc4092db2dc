//! What a power cut may leave of a log's directory: of what was written, only what was synced is
//! sure to be there; of the rest, any blocks, any lengths and any directory entries. Knows files,
//! nothing of logs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::random::Random;

/// The files of a directory, by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A file, whatever its names: an inode's number is given to another file when it is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileId(u64);

/// A directory, and what of it is durable.
#[derive(Debug)]
pub(super) struct Image {
    dir: PathBuf,
    /// Which files the inodes are now.
    inodes: BTreeMap<u64, FileId>,
    next_id: u64,
    /// The durable entries of the directory.
    entries: BTreeMap<String, FileId>,
    /// The durable bytes of each file.
    synced: BTreeMap<FileId, Vec<u8>>,
    /// What was last written to files that have no name any more.
    removed: BTreeMap<FileId, Vec<u8>>,
}

impl Image {
    /// Of a directory in which everything is durable.
    pub(super) fn new(dir: &Path) -> Self {
        let mut image = Self {
            dir: dir.to_owned(),
            inodes: BTreeMap::new(),
            next_id: 0,
            entries: BTreeMap::new(),
            synced: BTreeMap::new(),
            removed: BTreeMap::new(),
        };
        for (name, id) in image.names() {
            let bytes = contents(&image.dir.join(&name));
            image.synced.insert(id, bytes);
        }
        image.entries = image.names();
        image
    }

    /// What was written to a file is durable now.
    pub(super) fn sync_data(&mut self, file: &File) {
        let inode = file.metadata().unwrap().ino();
        let id = self.id(inode);
        let names = self.names();
        let name = names.iter().find(|(_, named)| **named == id);
        if let Some((name, _)) = name {
            let bytes = contents(&self.dir.join(name));
            self.synced.insert(id, bytes);
        }
    }

    /// The directory's entries are durable now.
    pub(super) fn sync_dir(&mut self, dir: &Path) {
        if dir == self.dir {
            self.entries = self.names();
            let named: BTreeSet<_> = self.entries.values().copied().collect();
            self.synced.retain(|id, _| named.contains(id));
            self.removed.clear();
        }
    }

    /// The name is about to go, by removal or because another file gets it.
    pub(super) fn remove(&mut self, path: &Path) {
        if path.parent() == Some(&self.dir) && path.is_file() {
            let inode = fs::metadata(path).unwrap().ino();
            let id = self.id(inode);
            self.removed.insert(id, contents(path));
        }
    }

    /// There is a new file.
    pub(super) fn create(&mut self, file: &File) {
        self.inodes.remove(&file.metadata().unwrap().ino());
    }

    /// What is left if the power is cut now.
    pub(super) fn cut(&mut self, random: &mut Random) -> Files {
        let now = self.names();
        let names: BTreeSet<_> = now.keys().chain(self.entries.keys()).cloned().collect();
        let mut left = Files::new();
        for name in names {
            let (then, now) = (self.entries.get(&name), now.get(&name));
            let id = if random.toss() { then } else { now };
            if let Some(&id) = id {
                let written = match now == Some(&id) {
                    true => contents(&self.dir.join(&name)),
                    false => self.removed.get(&id).cloned().unwrap_or_default(),
                };
                let durable = self.synced.get(&id).map_or(&[][..], Vec::as_slice);
                left.insert(name, mix(durable, &written, random));
            }
        }
        left
    }

    fn names(&mut self) -> BTreeMap<String, FileId> {
        let mut names = BTreeMap::new();
        for entry in fs::read_dir(&self.dir).unwrap() {
            let entry = entry.unwrap();
            // The links for commitlog are made anew by whoever opens the log.
            if entry.file_type().unwrap().is_file() {
                let id = self.id(entry.metadata().unwrap().ino());
                names.insert(entry.file_name().into_string().unwrap(), id);
            }
        }
        names
    }

    fn id(&mut self, inode: u64) -> FileId {
        *self.inodes.entry(inode).or_insert_with(|| {
            self.next_id += 1;
            FileId(self.next_id)
        })
    }
}

/// Some blocks as they were last written, the others as they were last synced.
fn mix(durable: &[u8], written: &[u8], random: &mut Random) -> Vec<u8> {
    if durable == written {
        return written.to_vec();
    }
    let (shorter, longer) = match durable.len() < written.len() {
        true => (durable.len(), written.len()),
        false => (written.len(), durable.len()),
    };
    let length = match random.below(4) {
        0 => durable.len(),
        1 => shorter + random.below(longer - shorter + 1),
        _ => written.len(),
    };
    // Sectors, and smaller: a tear may be anywhere.
    let block_bytes = [1, 7, 64, 512][random.below(4)];
    let mut mixed = vec![0; length];
    let durable_in_eight = random.below(9);
    for (number, block) in mixed.chunks_mut(block_bytes).enumerate() {
        let source = match random.below(8) < durable_in_eight {
            true => durable,
            false => written,
        };
        let from = source.get(number * block_bytes..).unwrap_or_default();
        let bytes = from.len().min(block.len());
        block[..bytes].copy_from_slice(&from[..bytes]);
    }
    mixed
}

/// A file's bytes; of an index, which nothing depends on, the first ones.
fn contents(path: &Path) -> Vec<u8> {
    let at_most = match path.extension() {
        Some(extension) if extension == "index" => 1024,
        _ => u64::MAX,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).unwrap();
    file.take(at_most).read_to_end(&mut bytes).unwrap();
    bytes
}
