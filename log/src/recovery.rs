//! What happens between taking the lock and appending: finds out where the log ends, refuses
//! what is damaged, repairs what may be repaired. Knows no commitlog; leaves the directory as
//! commitlog needs it.
//!
//! Everything is looked at first, and changed only when nothing is left that could refuse:
//!
//! Segments below the log's first offset are what a trim that was interrupted left: they go.
//!
//! 1. Closed segments follow one another from the log's first offset on, without a gap; each
//!    ends with a sound frame where the next one begins. They were synced before the next one was
//!    made, so anything else is damage.
//! 2. The newest segment is read frame by frame. Records below the watermark were acknowledged:
//!    damage there refuses. The first broken frame above is where an append was interrupted: it
//!    and all after it were never acknowledged.
//! 3. That torn end is copied to a quarantine file and cut. Sound frames above the watermark stay
//!    (after a power cut the watermark file may lag behind) and are made durable.
//! 4. A closed segment without a checksum file gets one, once each of its records was read, as far as
//!    that takes no time to speak of; the writer does the others by and by.
//! 5. Indexes are caches: that of the newest segment is always written anew, those of closed
//!    segments where they do not fit.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{
    active::LogEnd,
    checksum::{self, Checksum},
    damage::{Damage, DamageKind},
    error::{OpenError, io_failure},
    identity::LogId,
    index,
    offset::{Offset, Position},
    proof::{self, Unproven},
    quarantine, retention, segment,
    storage::Storage,
    watermark::{Watermark, WatermarkReader},
};

mod closed;
mod newest;
mod report;

use newest::{Newest, Torn};

/// What opening a log for writing found and repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// There was no log: an empty one was made.
    pub created: bool,
    /// The end of the newest segment was incomplete and was cut off.
    pub cut: Option<CutTail>,
    /// Closed segments whose index was missing or did not fit and was written anew.
    pub rebuilt_indexes: u64,
    /// Closed segments without a checksum file that got one.
    pub proven_segments: u64,
    /// Closed segments that still have none: each gets one at a roll to come.
    pub unproven_segments: u64,
    /// Records above the stored watermark that were sound and stay.
    pub kept_records: u64,
    /// The watermark file was missing or unreadable and was made anew from the records.
    pub watermark_rebuilt: bool,
}

/// An incomplete end of the newest segment that was cut off: none of its records had been
/// acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CutTail {
    /// Where the segment was cut, and what was wrong there.
    pub damage: Damage,
    /// How many bytes were cut.
    pub bytes: u64,
    /// The file that keeps them; `None` where there were none.
    pub quarantine: Option<PathBuf>,
}

/// A repaired log: where it ends, and the watermark to be stored.
#[derive(Debug)]
pub(crate) struct Repaired {
    pub(crate) end: LogEnd,
    pub(crate) watermark: Watermark,
    /// Closed segments that still lack a checksum file, oldest first.
    pub(crate) unproven: Vec<Unproven>,
}

/// Checks and repairs the log in `dir`, whose lock is held.
pub(crate) fn recover(
    dir: &Path,
    log_id: LogId,
    storage: &dyn Storage,
) -> Result<(Repaired, Recovery), OpenError> {
    if let Some(path) = segment::find_foreign(dir)? {
        return Err(OpenError::ForeignFile { path });
    }
    let watermark_file = WatermarkReader::open(dir, log_id)?;
    let stored = match &watermark_file {
        Some(file) => file.read()?,
        None => None,
    };
    let found = Found::look(dir, log_id, stored.as_ref())?;
    if let Some(file) = &watermark_file {
        // A killed writer may have stored it and not synced: a trim that was killed then would be
        // finished here on a word that a power cut takes back.
        file.sync(storage)?;
    }
    let mut recovery = Recovery {
        rebuilt_indexes: found.indexes_to_rebuild.len() as u64,
        proven_segments: found.proofs.len() as u64,
        unproven_segments: found.unproven.len() as u64,
        kept_records: stored.map_or(0, |stored| found.newest.end.next.since(stored.durable)),
        watermark_rebuilt: stored.is_none(),
        ..Recovery::default()
    };
    recovery.cut = found.repair(dir, stored.as_ref(), storage)?;
    let end = found.newest.end;
    let watermark = Watermark {
        log_id,
        sequence: stored.map_or(0, |stored| stored.sequence),
        first: found.first,
        durable: end.next,
        segment: end.base,
        position: end.position,
    };
    let repaired = Repaired {
        end,
        watermark,
        unproven: found.unproven,
    };
    Ok((repaired, recovery))
}

/// What is there, and nothing in it refuses to be opened.
#[derive(Debug)]
struct Found {
    first: Offset,
    bases: Vec<Offset>,
    /// Closed segments, by their first record and the one after their last.
    indexes_to_rebuild: Vec<(Offset, Offset)>,
    /// The checksum files to be written.
    proofs: Vec<Checksum>,
    unproven: Vec<Unproven>,
    newest: Newest,
}

impl Found {
    fn look(dir: &Path, log_id: LogId, stored: Option<&Watermark>) -> Result<Self, OpenError> {
        let refuse = |damage| OpenError::Damaged {
            dir: dir.to_owned(),
            damage,
        };
        let mut bases = segment::list(dir)?;
        let first = first_offset(dir, &bases, stored)?;
        bases.retain(|base| *base >= first);
        if bases.is_empty() {
            // Deleted by hand; that it held acknowledged records is found below.
            bases.push(first);
        }
        if bases[0] > first {
            return Err(refuse(missing(first, bases[0])));
        }
        let mut indexes_to_rebuild = Vec::new();
        let mut unproven = Vec::new();
        for pair in bases.windows(2) {
            let (base, end) = (pair[0], pair[1]);
            let closed = closed::check(dir, log_id, base, end)?;
            if !closed.has_index {
                indexes_to_rebuild.push((base, end));
            }
            if !closed.is_proven {
                unproven.push((Unproven { base, end }, closed.bytes));
            }
        }
        let last = bases[bases.len() - 1];
        let newest = newest::look(dir, last, stored)?;
        let proofs = prove(dir, log_id, &mut unproven)?;
        Ok(Self {
            first,
            bases,
            indexes_to_rebuild,
            proofs,
            unproven: unproven.into_iter().map(|(segment, _)| segment).collect(),
            newest,
        })
    }

    fn repair(
        &self,
        dir: &Path,
        stored: Option<&Watermark>,
        storage: &dyn Storage,
    ) -> Result<Option<CutTail>, OpenError> {
        let base = self.newest.end.base;
        let cut = match &self.newest.torn {
            Some(torn) => Some(self.cut(dir, torn, storage)?),
            None => None,
        };
        // What is sound above the watermark may be in memory only.
        let unsynced_from = stored.map_or(Offset::ZERO, |stored| stored.segment);
        for &base in self.bases.iter().filter(|base| **base >= unsynced_from) {
            let path = dir.join(segment::file_name(base));
            let file = File::open(&path).map_err(io_failure("open", &path))?;
            storage
                .sync_data(&file)
                .map_err(io_failure("sync", &path))?;
        }
        for &(base, end) in &self.indexes_to_rebuild {
            // Not kept since they were looked at: they would be as many as the log's records.
            let positions = closed::positions(dir, base, end)?;
            index::rebuild(dir, base, &positions, 0, storage)?;
        }
        let positions = &self.newest.positions;
        let spare_from = positions.len() as u64 + 1;
        let capacity = index::CAPACITY.max(spare_from);
        index::rebuild(dir, base, positions, capacity, storage)?;
        retention::remove_below(dir, self.first, storage)?;
        index::remove_orphans(dir, &self.bases, storage)?;
        // The newest segment's is what an interrupted roll left: it may grow again.
        let (_newest, closed) = self
            .bases
            .split_last()
            .expect("a log has a segment, if only the one to be made");
        checksum::remove_orphans(dir, closed, storage)?;
        for proof in &self.proofs {
            checksum::write(dir, proof, storage)?;
        }
        storage.sync_dir(dir).map_err(io_failure("sync", dir))?;
        Ok(cut)
    }

    fn cut(&self, dir: &Path, torn: &Torn, storage: &dyn Storage) -> Result<CutTail, OpenError> {
        let base = self.newest.end.base;
        let path = dir.join(segment::file_name(base));
        let quarantine = match torn.bytes {
            0 => None,
            _ => Some(quarantine::keep(dir, base, torn.from, storage)?),
        };
        if torn.from == Position::default() {
            segment::write_empty(dir, base, storage)?;
        } else {
            let file = File::options()
                .write(true)
                .open(&path)
                .map_err(io_failure("open", &path))?;
            storage
                .cut(&file, torn.from.get())
                .map_err(io_failure("cut", &path))?;
        }
        Ok(CutTail {
            damage: torn.damage.clone(),
            bytes: torn.bytes,
            quarantine,
        })
    }
}

/// Reads as many of the segments as may be read when a log is opened, and takes them out: the newest
/// ones, because there a power cut takes checksum files.
fn prove(
    dir: &Path,
    log_id: LogId,
    unproven: &mut Vec<(Unproven, u64)>,
) -> Result<Vec<Checksum>, OpenError> {
    let mut left_bytes = proof::AT_OPEN_MAX_BYTES;
    let mut proofs = Vec::new();
    while let Some(&(segment, bytes)) = unproven.last() {
        let left = left_bytes.checked_sub(bytes);
        let Some(left) = left.filter(|_| proofs.len() < proof::AT_OPEN_MAX_SEGMENTS) else {
            break;
        };
        left_bytes = left;
        let proof = proof::prove(dir, log_id, segment);
        let refuse = |error| closed::refusal(dir, segment.base, segment.end, error);
        proofs.push(proof.map_err(refuse)?);
        unproven.pop();
    }
    Ok(proofs)
}

/// The log's first offset: the watermark knows it, else the oldest segment tells.
fn first_offset(
    dir: &Path,
    bases: &[Offset],
    stored: Option<&Watermark>,
) -> Result<Offset, OpenError> {
    match (stored, bases.first()) {
        (Some(stored), _) => Ok(stored.first),
        (None, Some(oldest)) => Ok(*oldest),
        (None, None) => Err(OpenError::WatermarkLost {
            dir: dir.to_owned(),
            damage: missing(Offset::ZERO, Offset::ZERO),
        }),
    }
}

/// The records of a segment that is not there.
fn missing(from: Offset, until: Offset) -> Damage {
    Damage {
        segment: segment::file_name(from),
        position: Position::default(),
        offset: from,
        until,
        kind: DamageKind::MissingRecords,
    }
}
