//! The second pass over the log: its new events become rows, in every tree that has a part of them.
//! Knows nothing about where events come from.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ghev_event::Timestamp;
use rusqlite::Connection;

use super::file::{self, Roots, Summary};
use super::pages::PageFile;
use super::part::{LoadPart, RecordRows, TREES};
use super::repeats::{self, RecordRepeats, Repeats};
use super::scope_sums::SumLimits;
use super::spill::{Run, Spill};
use super::tree::TableTree;
use super::trees::{Gathered, Trees};
use crate::error::WriteError;
use crate::writer::{Totals, retention, rows};
use crate::{Changes, LogId, Offset, SUMMED_FROM_EVENTS, Writer};

/// Bytes that all parts may hold in memory together.
const HELD_BYTES_MAX: usize = 28 << 20;

const _: () = assert!(HELD_BYTES_MAX > repeats::HELD_BYTES_MAX);

/// Which events get a row. What is folded from the others is there all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptRows {
    /// All.
    All,
    /// Those of so long, counted back from the newest record, to a whole hour.
    For(Duration),
    /// Those since an instant, to its second.
    Since(Timestamp),
}

impl KeptRows {
    /// Since which second, where the newest record was observed then.
    fn since(self, observed_at: Option<Timestamp>) -> Option<i64> {
        match self {
            Self::All => None,
            Self::For(kept) => retention::since(Some(kept), observed_at, None),
            Self::Since(since) => Some(since.as_seconds()),
        }
    }
}

/// What the first pass hands on.
pub(super) struct Found {
    pub(super) roots: Roots,
    pub(super) spill: Spill,
    pub(super) pages: Arc<PageFile>,
    pub(super) repeats: Repeats,
    pub(super) keys: Vec<Run>,
    /// How many events it has seen.
    pub(super) events: u64,
    /// When the newest record was observed.
    pub(super) observed_at: Option<Timestamp>,
}

/// Takes the events of the log again, and what is folded from the new ones. The file is no model
/// before [`BulkLoad::finish`] or [`BulkLoad::seal`].
pub struct BulkLoad {
    path: PathBuf,
    log_id: LogId,
    roots: Roots,
    spill: Spill,
    pages: Arc<PageFile>,
    repeats: Repeats,
    expected: u64,
    keys: Vec<Run>,
    events: TableTree,
    /// The runs of each tree, as parts number them.
    runs: Vec<Vec<Run>>,
    aside: Connection,
    totals: Totals,
    dead: u64,
    observed_at: Option<Timestamp>,
    kept: KeptRows,
    /// Events before this second get no row, where they have a time.
    since: Option<i64>,
    summed_from: u64,
}

impl fmt::Debug for BulkLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("BulkLoad");
        debug.field("path", &self.path);
        debug.finish_non_exhaustive()
    }
}

impl BulkLoad {
    pub(super) fn new(
        path: PathBuf,
        log_id: LogId,
        of: Found,
        kept: KeptRows,
    ) -> Result<Self, WriteError> {
        let Found {
            roots,
            spill,
            pages,
            repeats,
            keys,
            events,
            observed_at,
        } = of;
        Ok(Self {
            path,
            log_id,
            events: TableTree::new(&pages, roots["events"]),
            roots,
            spill,
            pages,
            repeats,
            expected: events,
            keys,
            runs: vec![Vec::new(); usize::from(TREES)],
            aside: file::aside()?,
            totals: Totals::default(),
            dead: 0,
            observed_at: None,
            kept,
            since: kept.since(observed_at),
            summed_from: SUMMED_FROM_EVENTS,
        })
    }

    /// Fails where that comes to be so before it is done, as soon as more room in the file is needed: the tables of a
    /// large log are written for a minute.
    pub fn stop_when(&self, is_stopped: impl Fn() -> bool + Send + 'static) {
        self.pages.stop_when(Box::new(is_stopped));
    }

    /// As [`Writer::sum_from`].
    pub const fn sum_from(&mut self, events: u64) {
        self.summed_from = events;
    }

    /// A part of the load, of so many.
    pub fn part(&self, parts: usize) -> LoadPart {
        LoadPart::new(&self.spill, HELD_BYTES_MAX / parts.max(1), self.since)
    }

    /// Which events of the record at `offset` are repeats: whatever part takes it must be told. Asked
    /// in the order of the log.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn repeats_of(&mut self, offset: Offset) -> Result<RecordRepeats, WriteError> {
        Ok(self.repeats.of_record(offset)?)
    }

    /// Adds the rows of a record, in the order of the log.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn append(&mut self, rows: &RecordRows) -> Result<(), WriteError> {
        rows.iter()
            .try_for_each(|(number, row)| self.events.push(number, row))?;
        Ok(())
    }

    /// Adds what projections have folded into tables with few rows. Those with many are added by
    /// [`LoadPart::add_many`].
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn add_few(&mut self, changes: &Changes) -> Result<(), WriteError> {
        let transaction = self.aside.unchecked_transaction()?;
        rows::add_few(&transaction, changes)?;
        transaction.commit()?;
        self.dead += changes.dead_letters.len() as u64;
        let envelopes = changes.envelopes.iter();
        let observed = envelopes.map(|envelope| envelope.provenance.observed_at);
        self.observed_at = self.observed_at.max(observed.max());
        Ok(())
    }

    /// Takes a part back.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn add(&mut self, part: LoadPart) -> Result<(), WriteError> {
        let (totals, runs) = part.finish()?;
        self.totals.add(totals);
        for (of_tree, runs) in self.runs.iter_mut().zip(runs) {
            of_tree.extend(runs);
        }
        Ok(())
    }

    /// Ends the load: everything below `next_offset` was in it. The file is a model, which can be
    /// written on.
    ///
    /// # Errors
    /// Where SQLite or the disk fails, and where it is stopped.
    pub fn finish(self, next_offset: Offset) -> Result<Writer, WriteError> {
        let (path, log_id, kept) = (self.path.clone(), self.log_id, self.kept);
        let summed_from = self.summed_from;
        self.seal(next_offset)?;
        let mut writer = Writer::open_file(&path, log_id)?;
        if let KeptRows::For(kept) = kept {
            writer.keep_events(Some(kept));
        }
        writer.sum_from(summed_from);
        Ok(writer)
    }

    /// Ends the load for good: the file is a model by itself, without a WAL, which can be read where
    /// nothing can be written.
    ///
    /// # Errors
    /// Where SQLite or the disk fails, and where it is stopped.
    pub fn seal(self, next_offset: Offset) -> Result<(), WriteError> {
        if self.totals.total() != self.expected {
            return Err(
                io::Error::other("the two passes over the log saw different events").into(),
            );
        }
        let limits = SumLimits {
            summed_from: self.summed_from,
            since: self.since,
        };
        let trees = Trees {
            roots: &self.roots,
            pages: &self.pages,
            limits,
        };
        let gathered = Gathered {
            rows: self.events,
            keys: self.keys,
            runs: self.runs,
        };
        trees.write(gathered, &self.spill)?;
        self.pages.finish()?;
        let summary = Summary {
            next_offset,
            observed_at: self.observed_at,
            totals: self.totals,
            dead: self.dead,
            since: self.since,
        };
        file::finish(&self.path, self.aside, summary)
    }
}
