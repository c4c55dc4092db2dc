//! The first pass over the log: which events are repeats of earlier ones. Knows nothing about what
//! else is in an event.

use std::hash::Hasher as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use ghev_event::{Event, Timestamp};
use rustc_hash::FxHasher;

use super::file::{self, Roots};
use super::load::{BulkLoad, Found, KeptRows};
use super::ordered::{put, put_integer, take};
use super::pages::PageFile;
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::spill::{Run, Spill};
use super::tree::IndexTree;
use crate::error::{OpenError, WriteError};
use crate::stored::{Value, id_value, kind_value};
use crate::writer::{EventRow, refuse_occupied};
use crate::{Admission, LogId, ModelDir, Offset, Place};

/// The table of events without a row.
pub(super) const DROPPED: &str = "dropped_events";

/// Equal keys are in the same of so many shares: each can be looked through by itself.
const SHARES: u8 = 2;

/// Bytes that all parts may hold in memory together. Fewer than those of a load, which comes next: glibc gives
/// what is larger than all that was freed before a mapping of its own, which goes back to the system once it is
/// free, and never grows into the gaps of a heap
/// (<https://man7.org/linux/man-pages/man3/mallopt.3.html>, `M_MMAP_THRESHOLD`).
pub(super) const HELD_BYTES_MAX: usize = 20 << 20;

/// Takes the kind and id of every event of the log, before they are loaded.
#[derive(Debug)]
pub struct RepeatFinder {
    path: PathBuf,
    log_id: LogId,
    roots: Roots,
    spill: Spill,
    /// The runs of each share.
    shares: Vec<Vec<Run>>,
    events: u64,
    observed_at: Option<Timestamp>,
}

/// One thread's part of the search.
#[derive(Debug)]
pub struct KeyPart {
    sorter: Sorter,
    events: u64,
    observed_at: Option<Timestamp>,
}

impl RepeatFinder {
    /// A new model in a file that does not exist, or is empty.
    ///
    /// # Errors
    /// Where the file cannot be made, or has something in it.
    pub fn create(path: &Path, log_id: LogId) -> Result<Self, OpenError> {
        refuse_occupied(path)?;
        let made = Self::make(path.to_path_buf(), log_id);
        if made.is_err() {
            // A file without a model would be in the way of the next attempt.
            let _ = ModelDir::remove_database(path);
        }
        made
    }

    fn make(path: PathBuf, log_id: LogId) -> Result<Self, OpenError> {
        let roots = file::create(&path, log_id).map_err(|source| OpenError::Sqlite {
            path: path.clone(),
            source,
        })?;
        let spill = Spill::beside(&path).map_err(|source| OpenError::Io {
            action: "make a file for sorting beside",
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            path,
            log_id,
            roots,
            spill,
            shares: vec![Vec::new(); usize::from(SHARES)],
            events: 0,
            observed_at: None,
        })
    }

    /// A part of the search, of so many.
    pub fn part(&self, parts: usize) -> KeyPart {
        KeyPart {
            sorter: Sorter::new(&self.spill, SHARES, HELD_BYTES_MAX / parts.max(1)),
            events: 0,
            observed_at: None,
        }
    }

    /// Takes a part back.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn add(&mut self, part: KeyPart) -> Result<(), WriteError> {
        self.events += part.events;
        self.observed_at = self.observed_at.max(part.observed_at);
        for (share, runs) in self.shares.iter_mut().zip(part.sorter.finish()?) {
            share.extend(runs);
        }
        Ok(())
    }

    /// All events were seen: now they can be loaded, with the rows of those that are kept.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn finish(self, kept: KeptRows) -> Result<BulkLoad, WriteError> {
        let Self {
            path,
            log_id,
            roots,
            spill,
            shares,
            events,
            observed_at,
        } = self;
        let options = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)?;
        let repeats = Spill::beside(&path)?;
        let found = Found {
            repeats: Repeats::find(&shares, &spill, &repeats)?,
            keys: shares.concat(),
            pages: Arc::new(PageFile::new(options)?),
            roots,
            spill,
            events,
            observed_at,
        };
        BulkLoad::new(path, log_id, found, kept)
    }
}

impl KeyPart {
    /// Takes the events of the record at `offset`, and when it was observed.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn see_record(
        &mut self,
        offset: Offset,
        observed_at: Timestamp,
        events: &[Event<'_>],
    ) -> Result<(), WriteError> {
        self.observed_at = self.observed_at.max(Some(observed_at));
        let mut key = Vec::new();
        for (index, event) in (0..=u16::MAX).zip(events) {
            key.clear();
            put_key(&mut key, &kind_value(&event.kind), &id_value(&event.id));
            let mut hasher = FxHasher::default();
            hasher.write(&key);
            let [.., share] = hasher.finish().to_le_bytes();
            self.sorter.push(share % SHARES, |entry| {
                entry.extend_from_slice(&key);
                put_integer(entry, Place::new(offset, index).to_sql());
                put_integer(entry, event.body_digest.bits().cast_signed());
            })?;
            self.events += 1;
        }
        Ok(())
    }
}

/// Appends a key: a kind and an id.
fn put_key(to: &mut Vec<u8>, kind: &Value<'_>, id: &Value<'_>) {
    put(to, kind);
    put(to, id);
}

/// The key that an entry begins with, and what follows.
fn split_key(entry: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = entry;
    take(&mut rest);
    take(&mut rest);
    entry.split_at(entry.len() - rest.len())
}

/// What an entry of a key says.
struct Entry<'a> {
    key: &'a [u8],
    place: i64,
    digest: i64,
}

impl<'a> Entry<'a> {
    fn read(entry: &'a [u8]) -> io::Result<Self> {
        let (key, mut rest) = split_key(entry);
        match (take(&mut rest), take(&mut rest)) {
            (Some(Value::Integer(place)), Some(Value::Integer(digest))) => {
                Ok(Self { key, place, digest })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The events that are repeats, of each key all but the first in the log.
fn find(keys: &[Run], spill: &Spill, to: &Spill) -> io::Result<Vec<Run>> {
    let mut keys = Sorted::merge(keys, spill)?;
    let mut repeats = Sorter::new(to, 1, HELD_BYTES_MAX / usize::from(SHARES));
    let (mut first_key, mut first_digest) = (Vec::new(), 0);
    while let Some(entry) = keys.next()? {
        let entry = Entry::read(entry)?;
        if first_key != entry.key {
            first_key.clear();
            first_key.extend_from_slice(entry.key);
            first_digest = entry.digest;
            continue;
        }
        let is_conflict = first_digest != entry.digest;
        repeats.push(0, |repeat| {
            put_integer(repeat, entry.place);
            put_integer(repeat, i64::from(is_conflict));
        })?;
    }
    Ok(repeats.finish()?.concat())
}

/// Adds to what is sorted of events without a row: its key, and what tells what a repeat of it is.
pub(super) fn put_dropped(event: &EventRow<'_>, entry: &mut Vec<u8>) {
    put_key(entry, &event.kind, &event.id);
    put_integer(entry, event.body_digest);
}

/// What an entry of an event without a row says: its key, and its digest.
fn read_dropped(entry: &[u8]) -> io::Result<(&[u8], i64)> {
    let (key, mut rest) = split_key(entry);
    match take(&mut rest) {
        Some(Value::Integer(digest)) => Ok((key, digest)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Writes the index over keys, of each the first, and of those without a row the table that they are in instead.
pub(super) fn write_keys(
    [keys, dropped]: [&[Run]; 2],
    spill: &Spill,
    [mut tree, mut dropped_tree]: [IndexTree; 2],
) -> io::Result<()> {
    let mut keys = Sorted::merge(keys, spill)?;
    let mut dropped = Sorted::merge(dropped, spill)?;
    let mut ahead = dropped.next()?.map(read_dropped).transpose()?;
    let (mut record, mut last) = (Record::default(), Vec::new());
    while let Some(entry) = keys.next()? {
        let entry = Entry::read(entry)?;
        if last == entry.key {
            continue;
        }
        record.clear();
        let mut values = entry.key;
        while let Some(value) = take(&mut values) {
            record.push(&value);
        }
        if let Some((_, digest)) = ahead.filter(|&(key, _)| key == entry.key) {
            record.integer(digest);
            dropped_tree.push(&record)?;
            ahead = dropped.next()?.map(read_dropped).transpose()?;
        } else {
            record.integer(entry.place);
            tree.push(&record)?;
        }
        last.clear();
        last.extend_from_slice(entry.key);
    }
    tree.finish()?;
    dropped_tree.finish()
}

/// The repeats of a record, in their order.
pub type RecordRepeats = Vec<(Place, Admission)>;

/// All repeats, in the order of the log.
#[derive(Debug)]
pub(super) struct Repeats {
    sorted: Sorted,
    next: Option<(Place, Admission)>,
}

impl Repeats {
    fn find(shares: &[Vec<Run>], spill: &Spill, to: &Spill) -> io::Result<Self> {
        let runs = thread::scope(|scope| {
            let shares = shares
                .iter()
                .map(|keys| scope.spawn(|| find(keys, spill, to)));
            let shares: Vec<_> = shares.collect();
            let gone = |_| io::Error::other("the search for repeats was cut off");
            let found = shares.into_iter().map(|share| share.join().map_err(gone)?);
            found.collect::<io::Result<Vec<_>>>()
        })?;
        let mut repeats = Self {
            sorted: Sorted::merge(&runs.concat(), to)?,
            next: None,
        };
        repeats.advance()?;
        Ok(repeats)
    }

    /// Those of the record at `offset`, which is after all that were asked for.
    pub(super) fn of_record(&mut self, offset: Offset) -> io::Result<RecordRepeats> {
        let mut repeats = RecordRepeats::new();
        while let Some((place, admission)) = self.next
            && place.offset() == offset
        {
            repeats.push((place, admission));
            self.advance()?;
        }
        Ok(repeats)
    }

    fn advance(&mut self) -> io::Result<()> {
        self.next = match self.sorted.next()? {
            None => None,
            Some(mut entry) => match (take(&mut entry), take(&mut entry)) {
                (Some(Value::Integer(place)), Some(Value::Integer(is_conflict))) => {
                    let admission = if is_conflict == 0 {
                        Admission::Duplicate
                    } else {
                        Admission::Conflict
                    };
                    Some((Place::from_sql(place), admission))
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            },
        };
        Ok(())
    }
}
