//! One thread's part of a load: what its records add to every table. Parts know nothing of each
//! other.

use std::io;

use ghev_event::Event;

use super::contributors;
use super::index::INDEXES;
use super::pull_requests;
use super::record::Record;
use super::repeats::{RecordRepeats, put_dropped};
use super::scope_sums::has_row;
use super::sorter::Sorter;
use super::spill::{Run, Spill};
use super::totals;
use crate::error::WriteError;
use crate::writer::{Admit, EventRow, Totals};
use crate::{ActorKey, Admission, Changes, Offset, OrgKey, Place, RepoKey};

/// The trees that are sorted for: those of the indexes over events, then these.
const INDEX_TREES: u8 = 5;
const REPO_NAMES: u8 = INDEX_TREES;
const ACTOR_NAMES: u8 = INDEX_TREES + 1;
const ORG_NAMES: u8 = INDEX_TREES + 2;
const CONTRIBUTORS: u8 = INDEX_TREES + 3;
const PULL_REQUESTS: u8 = INDEX_TREES + 4;
const DROPPED: u8 = INDEX_TREES + 5;

/// How many.
pub(super) const TREES: u8 = INDEX_TREES + 6;

const _: () = assert!(INDEXES.len() == INDEX_TREES as usize);

/// Takes some of the log's records, in any order.
#[derive(Debug)]
pub struct LoadPart {
    repeats: RecordRepeats,
    rows: RecordRows,
    record: Record,
    sorter: Sorter,
    totals: Totals,
    since: Option<i64>,
}

/// The rows of `events` that one record has become. They are written in the order of the log.
#[derive(Debug, Default)]
pub struct RecordRows {
    bytes: Vec<u8>,
    /// The number of each row, and where it ends.
    rows: Vec<(i64, usize)>,
}

impl RecordRows {
    /// Each row's number and bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let mut from = 0;
        self.rows.iter().map(move |&(number, to)| {
            let row = &self.bytes[from..to];
            from = to;
            (number, row)
        })
    }
}

impl LoadPart {
    pub(super) fn new(spill: &Spill, held_bytes_max: usize, since: Option<i64>) -> Self {
        Self {
            repeats: RecordRepeats::default(),
            rows: RecordRows::default(),
            record: Record::default(),
            sorter: Sorter::new(spill, TREES, held_bytes_max),
            totals: Totals::default(),
            since,
        }
    }

    /// What it has counted, and the runs of each tree.
    pub(super) fn finish(self) -> io::Result<(Totals, Vec<Vec<Run>>)> {
        Ok((self.totals, self.sorter.finish()?))
    }

    /// Says which events of the record that comes next are repeats.
    pub fn expect(&mut self, repeats: RecordRepeats) {
        self.repeats = repeats;
    }

    /// The rows of the records since the last call.
    pub fn take_rows(&mut self) -> RecordRows {
        std::mem::take(&mut self.rows)
    }

    /// Adds what projections have folded into tables with many rows, and forgets it. Those with few are added by
    /// [`BulkLoad::add_few`](super::BulkLoad::add_few).
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn add_many(&mut self, changes: &mut Changes) -> Result<(), WriteError> {
        let Self { sorter, .. } = self;
        let Changes {
            repo_names,
            actor_names,
            org_names,
            contributions,
            ..
        } = &*changes;
        totals::add_names(repo_names, RepoKey::to_sql, REPO_NAMES, sorter)?;
        totals::add_names(actor_names, ActorKey::to_sql, ACTOR_NAMES, sorter)?;
        totals::add_names(org_names, OrgKey::to_sql, ORG_NAMES, sorter)?;
        contributors::add(contributions, CONTRIBUTORS, sorter)?;
        pull_requests::add(changes, PULL_REQUESTS, sorter)?;
        changes.clear_many();
        Ok(())
    }

    fn insert(&mut self, event: &EventRow<'_>) -> io::Result<()> {
        let has_row = has_row(event.created_at, self.since);
        for (tree, index) in (0..).zip(&INDEXES) {
            // Who has many events is asked of those without a row too.
            if has_row || index.sums.is_some() {
                index.add(event, tree, &mut self.sorter)?;
            }
        }
        if !has_row {
            let put = |entry: &mut Vec<u8>| put_dropped(event, entry);
            return self.sorter.push(DROPPED, put);
        }
        let record = &mut self.record;
        record.clear();
        // The row's number is its place.
        record.null();
        record.push(&event.kind);
        record.push(&event.id);
        record.integer(event.created_at);
        record.optional(event.repo);
        record.optional(event.actor);
        record.optional(event.org);
        record.push(&event.action);
        record.optional(event.number);
        record.integer(event.flags);
        record.integer(event.name_tags);
        record.optional(event.push_size);
        record.integer(event.body_digest);
        let RecordRows { bytes, rows } = &mut self.rows;
        record.write(bytes);
        rows.push((event.place, bytes.len()));
        Ok(())
    }
}

impl Admit for LoadPart {
    fn admit_record(
        &mut self,
        offset: Offset,
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), WriteError> {
        admissions.clear();
        let repeats = std::mem::take(&mut self.repeats);
        let mut repeats = repeats.iter().peekable();
        for (index, event) in (0..=u16::MAX).zip(events) {
            let place = Place::new(offset, index);
            let repeat = repeats.next_if(|(at, _)| *at == place);
            let admission = repeat.map_or(Admission::New, |&(_, admission)| admission);
            self.totals.count(admission);
            admissions.push(admission);
            if admission == Admission::New {
                self.insert(&EventRow::of(place, event))?;
            }
        }
        Ok(())
    }
}
