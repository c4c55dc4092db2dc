//! The hours in which events of some kinds happened, newest first, from the sums that the writer keeps. Knows
//! nothing about what is done with an hour.

use std::ops::ControlFlow;

use ghev_event::EventKind;
use rusqlite::params_from_iter;

use super::Snapshot;
use crate::error::ReadError;
use crate::stored::{DAY_HOURS, HOUR_SECONDS, UNDATED};
use crate::sums::{Part, UNIT_DAY, read};

/// An hour that has events, in the seconds `[from, to)`, as far as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) from: i64,
    pub(super) to: i64,
    /// Events of the kinds that are asked for, in all of the hour.
    pub(super) matching: u64,
    /// All its events.
    pub(super) total: u64,
}

/// Whose hours, each of them with sums, and events of which kinds; of every kind where none are named.
#[derive(Debug, Clone, Copy)]
pub(super) struct HoursOf<'a> {
    pub(super) table: &'a str,
    pub(super) keys: &'a [i64],
    pub(super) kinds: &'a [EventKind],
}

/// The hours of a day.
struct Day {
    /// Days since 1970; [`UNDATED`] for events without a time.
    number: i64,
    /// How many events are of the kinds, and how many there are.
    hours: [(u64, u64); 24],
}

impl Day {
    fn add(&mut self, slots: &[u8], kinds: &[EventKind]) -> Result<(), ReadError> {
        let told = read(slots, |slot, part| {
            let hour = self.hours.get_mut(usize::from(slot));
            if let (Some((matching, total)), Part::Events(kind, events)) = (hour, part) {
                *total += events;
                if kinds.is_empty() || kinds.contains(&kind) {
                    *matching += events;
                }
            }
        });
        told.map_err(ReadError::of_blob)
    }

    /// Those with events that touch `[from, to)` seconds, newest first.
    fn newest_first(&self, (from, to): (i64, i64)) -> impl Iterator<Item = Hour> {
        let numbered = (self.number.saturating_mul(DAY_HOURS)..).zip(self.hours);
        let mut hours: Vec<Hour> = numbered
            .map(|(hour, (matching, total))| {
                let begin = hour.saturating_mul(HOUR_SECONDS);
                let end = match begin {
                    UNDATED => UNDATED + 1,
                    dated => dated + HOUR_SECONDS,
                };
                Hour {
                    from: begin.max(from),
                    to: end.min(to),
                    matching,
                    total,
                }
            })
            .filter(|hour| hour.total > 0 && hour.from < hour.to)
            .collect();
        hours.reverse();
        hours.into_iter()
    }
}

impl Snapshot<'_> {
    /// Tells the hours of all the keys together that touch `[from, to)` seconds, newest first, until it is told
    /// to stop. Events without a time are the last hour, as far as there are sums of them: only everybody's
    /// have any.
    pub(super) fn tell_hours(
        &self,
        of: HoursOf<'_>,
        bounds: (i64, i64),
        mut tell: impl FnMut(Hour) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<(), ReadError> {
        let day = |second: i64| match second {
            UNDATED => UNDATED,
            dated => dated.div_euclid(HOUR_SECONDS * DAY_HOURS),
        };
        let (first, last) = (day(bounds.0), day(bounds.1.saturating_sub(1)));
        let mut statement = self.prepare(&days_sql(of.table, of.keys.len()))?;
        let values = of.keys.iter().flat_map(|&key| [key, first, last]);
        let mut rows = statement.query(params_from_iter(values))?;
        let mut open: Option<Day> = None;
        loop {
            let row = rows.next()?;
            let number: Option<i64> = row.map(|row| row.get(0)).transpose()?;
            if let Some(ended) = open.take_if(|day| Some(day.number) != number) {
                for hour in ended.newest_first(bounds) {
                    if tell(hour)?.is_break() {
                        return Ok(());
                    }
                }
            }
            let (Some(row), Some(number)) = (row, number) else {
                return Ok(());
            };
            let hours = Default::default();
            let day = open.get_or_insert(Day { number, hours });
            day.add(
                row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?,
                of.kinds,
            )?;
        }
    }
}

/// The days of so many keys, newest first, read no further than they are asked for.
pub(super) fn days_sql(table: &str, keys: usize) -> String {
    let of_key = format!(
        "SELECT start, slots FROM {table}
         WHERE key = ? AND unit = {UNIT_DAY} AND start >= ? AND start <= ?"
    );
    let all = vec![of_key; keys].join(" UNION ALL ");
    format!("{all} ORDER BY start DESC")
}
