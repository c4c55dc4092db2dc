//! Files that the log has to their end, so that they are not read again. Knows nothing about
//! events.
//!
//! A file is known by its name, size and time of change, without being opened; or else, as where it
//! was copied or renamed, by its size and the digest of its bytes as stored, without being
//! decompressed. Where any of that differs it is read, and its events are compared one by one.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use ghev_event::codec::Heads;
use ghev_event::{FileEnd, Origin, Timestamp};
use ghev_log::{LogId, Offset};

use super::inputs::Place;

/// Read at once to be digested.
const READ_BYTES: usize = 256 << 10;

/// What is said of each file: about 200 bytes.
#[derive(Debug)]
pub(super) struct Finished {
    log_id: LogId,
    /// The first record that the log still holds.
    first: Offset,
    by_digest: HashMap<(u64, [u8; 16]), FileEnd>,
    sizes: HashSet<u64>,
    by_name: HashMap<Name, FileEnd>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Name {
    name: String,
    bytes: u64,
    modified: Timestamp,
}

impl Finished {
    /// Nothing yet of the log with this id, whose first record is `first`.
    pub(super) fn new(log_id: LogId, first: Offset) -> Self {
        Self {
            log_id,
            first,
            by_digest: HashMap::new(),
            sizes: HashSet::new(),
            by_name: HashMap::new(),
        }
    }

    /// Takes note of what a record says.
    pub(super) fn note(&mut self, heads: &Heads<'_>) {
        let Origin::Import(facts) = &heads.provenance.origin else {
            return;
        };
        let Some(end) = facts.end.filter(|end| self.holds(end)) else {
            return;
        };
        self.by_digest.insert((end.bytes, end.digest), end);
        self.sizes.insert(end.bytes);
        if let Some(modified) = end.modified {
            let (name, bytes) = (name_of(&facts.file), end.bytes);
            let name = Name {
                name,
                bytes,
                modified,
            };
            self.by_name.insert(name, end);
        }
    }

    /// Whether what a fact says of a file can still be so.
    fn holds(&self, end: &FileEnd) -> bool {
        end.log_id == self.log_id.to_bytes() && end.from_offset >= self.first.get()
    }

    /// What the log knows of a file as it is now, if it has it to its end.
    pub(super) fn find(&self, place: &Place) -> io::Result<Option<FileEnd>> {
        let Place::File {
            path,
            bytes,
            modified: Some(modified),
        } = place
        else {
            return Ok(None);
        };
        let name = Name {
            name: name_of(&place.name()),
            bytes: *bytes,
            modified: *modified,
        };
        if let Some(end) = self.by_name.get(&name) {
            return Ok(Some(*end));
        }
        if !self.sizes.contains(bytes) {
            return Ok(None);
        }
        let digest = digest_of(path)?;
        Ok(self.by_digest.get(&(*bytes, digest)).copied())
    }
}

/// Without the directories: an archive is often moved as a whole.
fn name_of(file: &str) -> String {
    let name = Path::new(file).file_name();
    name.map_or_else(
        || file.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn digest_of(path: &Path) -> io::Result<[u8; 16]> {
    let (mut file, mut hasher) = (File::open(path)?, blake3::Hasher::new());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(first_half(&hasher)),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
    }
}

/// The first 16 bytes of a digest.
pub(super) fn first_half(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}
