//! One thread's part of a load: what its records add to every table. Parts know nothing of each
//! other.

use std::io;

use ghev_event::Event;

use super::index::INDEXES;
use super::record::Record;
use super::repeats::RecordRepeats;
use super::sorter::Sorter;
use super::spill::{Run, Spill};
use super::totals;
use crate::error::WriteError;
use crate::writer::{Admit, EventRow, Totals};
use crate::{ActorKey, Admission, Changes, Offset, OrgKey, Place, RepoKey};

/// Takes some of the log's records, in any order.
#[derive(Debug)]
pub struct LoadPart {
    held_bytes_max: usize,
    repeats: RecordRepeats,
    rows: RecordRows,
    record: Record,
    pub(super) totals: Totals,
    pub(super) indexes: [Sorter; INDEXES.len()],
    pub(super) repo_names: Sorter,
    pub(super) actor_names: Sorter,
    pub(super) org_names: Sorter,
    pub(super) contributors: Sorter,
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
    pub(super) fn new(spill: &Spill, held_bytes_max: usize) -> Self {
        let sorter = || Sorter::new(spill);
        Self {
            held_bytes_max,
            repeats: RecordRepeats::default(),
            rows: RecordRows::default(),
            record: Record::default(),
            totals: Totals::default(),
            indexes: std::array::from_fn(|_| sorter()),
            repo_names: sorter(),
            actor_names: sorter(),
            org_names: sorter(),
            contributors: sorter(),
        }
    }

    /// Says which events of the record that comes next are repeats.
    pub fn expect(&mut self, repeats: RecordRepeats) {
        self.repeats = repeats;
    }

    /// The rows of the records since the last call.
    pub fn take_rows(&mut self) -> RecordRows {
        std::mem::take(&mut self.rows)
    }

    /// Adds what projections have folded into tables with many rows. Those with few are added by
    /// [`BulkLoad::add_few`](super::BulkLoad::add_few).
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn add_many(&mut self, changes: &Changes) -> Result<(), WriteError> {
        totals::add_names(&changes.repo_names, RepoKey::to_sql, &mut self.repo_names)?;
        totals::add_names(
            &changes.actor_names,
            ActorKey::to_sql,
            &mut self.actor_names,
        )?;
        totals::add_names(&changes.org_names, OrgKey::to_sql, &mut self.org_names)?;
        totals::add_contributors(&changes.contributions, &mut self.contributors)?;
        Ok(self.spill()?)
    }

    fn sorters(&mut self) -> impl Iterator<Item = &mut Sorter> {
        let of_names = [
            &mut self.repo_names,
            &mut self.actor_names,
            &mut self.org_names,
            &mut self.contributors,
        ];
        self.indexes.iter_mut().chain(of_names)
    }

    /// Sees to it that no more is in memory than may be: the largest runs are the fewest.
    fn spill(&mut self) -> io::Result<()> {
        let held =
            |part: &mut Self| -> usize { part.sorters().map(|sorter| sorter.held_bytes()).sum() };
        while held(self) > self.held_bytes_max {
            let largest = self.sorters().max_by_key(|sorter| sorter.held_bytes());
            match largest {
                Some(largest) => largest.spill()?,
                None => return Ok(()),
            }
        }
        Ok(())
    }

    fn insert(&mut self, event: &EventRow<'_>) -> io::Result<()> {
        for (index, sorter) in INDEXES.iter().zip(&mut self.indexes) {
            index.add(event, sorter)?;
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
        Ok(self.spill()?)
    }
}

/// All that parts have gathered for one tree.
#[derive(Debug, Default)]
pub(super) struct Runs(pub(super) Vec<Run>);

impl Runs {
    pub(super) fn add(&mut self, sorter: Sorter) -> io::Result<()> {
        self.0.extend(sorter.finish()?);
        Ok(())
    }
}
