//! The walk that a page of a list of events is found by. Knows nothing about SQL and about names.
//!
//! A list that meets every row is one walk along an index to its limit. One that picks its events could walk
//! all of the model and meet none: so it goes by slices, which are hours with events of its kinds, by the sums
//! of whomever it is about; and it ends where it has cost as much as a question may, with what it has found
//! and the place to go on from. How much that is, is counted in rows and not in time: the same question has
//! the same answer.

use std::ops::ControlFlow;

use ghev_event::Timestamp;
use rusqlite::{ToSql, params_from_iter};

use super::cursor::EventCursor;
use super::event_hours::{Hour, HoursOf};
use super::event_query::{self, Along, Slice};
use super::events::Found;
use super::scope::ScopeSql;
use super::sums::SumsOf;
use super::{EventFilter, Snapshot};
use crate::error::ReadError;
use crate::stored::UNDATED;

/// A walk ends where it has read so many rows: half a second of work, a tenth of a question's deadline.
pub(super) const ROWS_MAX: u64 = 500_000;

/// So many entries of an index are read as fast as one row that it leads to.
const ENTRIES_PER_ROW: u64 = 8;

/// Sorting takes less than a page may cost where a window of arrival has this part of its rows, events and
/// records together.
const SORTED_PART: u64 = 5;

/// A slice has at most about so many events of its kinds.
const SLICE_MAX: u64 = 65_536;

/// What a walk has met.
pub(super) struct Met {
    /// Events, in no order; among them the newest, one more than a page has where there are as many.
    pub(super) found: Vec<Found>,
    /// Where the walk ended early: it has seen all events from this second on.
    pub(super) seen_from: Option<i64>,
}

/// The walks along all keys of a scope, or along everybody's events.
fn along(scope: Option<&ScopeSql>) -> Vec<Along> {
    let Some(ScopeSql { column, keys, .. }) = scope else {
        return vec![Along::Time];
    };
    let identities = keys.iter().map(|&key| Along::Identity(column, key));
    identities.collect()
}

struct Walk<'w, 's> {
    snapshot: &'w Snapshot<'s>,
    filter: &'w EventFilter,
    cursor: Option<&'w EventCursor>,
    one_more: usize,
    /// What is walked along slice by slice.
    sliced: Vec<Along>,
    slice: Option<Slice>,
    /// How many events of its kinds the slice has.
    in_slice: u64,
    /// How many events of its kinds a slice has before it is asked for.
    target: u64,
    /// How many rows were read, or as good as.
    rows: u64,
    rows_max: u64,
    met: Met,
}

impl Snapshot<'_> {
    /// The newest events that meet `filter`, from `cursor` on, at most `one_more` than a page has; fewer where it
    /// would read many more rows than `rows_max`.
    pub(super) fn walk_events(
        &self,
        filter: &EventFilter,
        cursor: Option<&EventCursor>,
        (one_more, rows_max): (usize, u64),
    ) -> Result<Met, ReadError> {
        let mut walk = Walk::new(self, filter, cursor, (one_more, rows_max));
        let whole = event_query::whole(filter, cursor);
        let narrowest = event_query::narrowest(filter);
        let by_arrival = narrowest.is_none() && event_query::is_by_arrival(filter);
        if by_arrival && self.few_arrived(filter, rows_max / SORTED_PART)? {
            walk.ask(&[Along::Arrivals], whole)?;
            return Ok(walk.met);
        }
        match narrowest {
            _ if !event_query::picks(filter) || !self.has_sums() => {
                walk.ask(&along(narrowest.as_ref()), whole)?;
            }
            None => {
                walk.sliced = vec![Along::Time];
                walk.ask_slices(SumsOf::ALL.table, &[SumsOf::ALL.key], whole)?;
            }
            Some(mut scope) => {
                let (mut with_sums, mut others) = (Vec::new(), Vec::new());
                for key in std::mem::take(&mut scope.keys) {
                    let has_sums = self.has_sums_of(scope.sums, key)?;
                    if has_sums {
                        &mut with_sums
                    } else {
                        &mut others
                    }
                    .push(key);
                }
                // Whoever has no sums has few events.
                scope.keys = others;
                walk.ask(&along(Some(&scope)), whole)?;
                scope.keys = with_sums;
                walk.sliced = along(Some(&scope));
                walk.ask_slices(scope.sums, &scope.keys, whole)?;
                walk.ask_undated(whole)?;
            }
        }
        Ok(walk.met)
    }

    /// Whether what arrived in the window is little enough to be sorted.
    fn few_arrived(&self, filter: &EventFilter, max: u64) -> Result<bool, ReadError> {
        let (from, to) = filter.window.millis();
        let mut statement = self.prepare(event_query::ARRIVED)?;
        let mut records = statement.query([from, to])?;
        let mut cost: u64 = 0;
        while let Some(record) = records.next()? {
            cost += 1 + u64::try_from(record.get::<_, i64>(0)?).unwrap_or(0);
            if cost > max {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<'w, 's> Walk<'w, 's> {
    fn new(
        snapshot: &'w Snapshot<'s>,
        filter: &'w EventFilter,
        cursor: Option<&'w EventCursor>,
        (one_more, rows_max): (usize, u64),
    ) -> Self {
        Self {
            snapshot,
            filter,
            cursor,
            one_more,
            sliced: Vec::new(),
            slice: None,
            in_slice: 0,
            target: u64::try_from(one_more).unwrap_or(u64::MAX).min(SLICE_MAX),
            rows: 0,
            rows_max,
            met: Met {
                found: Vec::new(),
                seen_from: None,
            },
        }
    }

    /// Asks for the hours that the sums of all the keys tell, slice by slice, as far as is needed and may be.
    fn ask_slices(&mut self, table: &str, keys: &[i64], whole: Slice) -> Result<(), ReadError> {
        if keys.is_empty() {
            return Ok(());
        }
        let (snapshot, kinds) = (self.snapshot, &self.filter.kinds);
        let hours = HoursOf { table, keys, kinds };
        snapshot.tell_hours(hours, (whole.from, whole.to), |hour| self.see(hour))?;
        self.ask_slice()?;
        Ok(())
    }

    /// Makes the hour a part of the slice, which follows it without a gap, or ends the slice.
    fn see(&mut self, hour: Hour) -> Result<ControlFlow<()>, ReadError> {
        if hour.matching == 0 || self.is_dropped(hour) {
            return self.close();
        }
        if self.slice.is_none() && self.rows >= self.rows_max {
            self.met.seen_from = Some(hour.to);
            self.met
                .found
                .retain(|found| found.order.created_at >= hour.to);
            return Ok(ControlFlow::Break(()));
        }
        let (from, to) = (hour.from, hour.to);
        self.slice.get_or_insert(Slice { from, to }).from = from;
        self.in_slice += hour.matching;
        let rows = match event_query::is_by_index(self.filter) {
            true => 0,
            false => hour.matching,
        };
        self.rows += rows + hour.total / ENTRIES_PER_ROW;
        if self.in_slice < self.target {
            return Ok(ControlFlow::Continue(()));
        }
        self.close()
    }

    /// Ends the slice; breaks where no more is needed.
    fn close(&mut self) -> Result<ControlFlow<()>, ReadError> {
        let Some(from) = self.ask_slice()? else {
            return Ok(ControlFlow::Continue(()));
        };
        let found = self.met.found.iter();
        let seen = found.filter(|found| found.order.created_at >= from);
        Ok(match seen.count() >= self.one_more {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
    }

    /// Asks for the slice, if there is one; where it began.
    fn ask_slice(&mut self) -> Result<Option<i64>, ReadError> {
        let Some(slice) = self.slice.take() else {
            return Ok(None);
        };
        self.in_slice = 0;
        self.target = (2 * self.target).min(SLICE_MAX);
        let along = std::mem::take(&mut self.sliced);
        self.ask(&along, slice)?;
        self.sliced = along;
        Ok(Some(slice.from))
    }

    /// Asks for the events without a time, of which only everybody's sums tell, where the walk comes to them.
    fn ask_undated(&mut self, whole: Slice) -> Result<(), ReadError> {
        if whole.from != UNDATED || self.met.seen_from.is_some() {
            return Ok(());
        }
        let (from, to) = (UNDATED, UNDATED + 1);
        let along = std::mem::take(&mut self.sliced);
        self.ask(&along, Slice { from, to })
    }

    fn ask(&mut self, along: &[Along], slice: Slice) -> Result<(), ReadError> {
        for &along in along {
            let page = (self.cursor, self.one_more);
            let query = event_query::query(self.filter, along, slice, page);
            let mut statement = self.snapshot.prepare(&query.sql)?;
            let values = query.values.iter().map(|value| &**value as &dyn ToSql);
            for found in statement.query_map(params_from_iter(values), Found::read)? {
                self.met.found.push(found?);
            }
        }
        Ok(())
    }

    /// Whether the rows of the hour were dropped, which everybody's sums do not tell.
    fn is_dropped(&self, hour: Hour) -> bool {
        let since = self.snapshot.events_since().map(Timestamp::as_seconds);
        since.is_some_and(|since| hour.to <= since && hour.from != UNDATED)
    }
}
