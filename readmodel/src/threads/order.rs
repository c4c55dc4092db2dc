//! The first and the last of some events: by time and, within a second, by their ids.

use std::cmp::Ordering;

use rusqlite::{Connection, params};

use super::ThreadEvent;
use crate::stored::UNDATED;

/// Tells two events of a second apart. Ids are not in the index over threads, and seldom asked for: two
/// events of a thread that matter seldom share a second.
pub(crate) trait Ids {
    /// Why it cannot be told.
    type Error;

    /// Whether the first of two events of one kind has the lower id: numbers by value, before texts.
    fn has_lower_id(&self, event: &ThreadEvent, than: &ThreadEvent) -> Result<bool, Self::Error>;
}

/// The ids in the rows of `events`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowIds<'c>(pub(crate) &'c Connection);

impl Ids for RowIds<'_> {
    type Error = rusqlite::Error;

    fn has_lower_id(&self, event: &ThreadEvent, than: &ThreadEvent) -> rusqlite::Result<bool> {
        let places = params![event.place, than.place];
        let mut lower = self.0.prepare_cached(LOWER_ID)?;
        let lower: i64 = lower.query_row(places, |row| row.get(0))?;
        Ok(lower == event.place)
    }
}

/// Which of two places has the event with the lower id.
pub(crate) const LOWER_ID: &str =
    "SELECT place FROM events WHERE place IN (?1, ?2) ORDER BY id LIMIT 1";

/// The first of some events of one kind. Those without a time come after all others.
pub(super) fn first_of<'e, I: Ids>(
    ids: &I,
    events: impl Iterator<Item = &'e ThreadEvent>,
) -> Result<Option<&'e ThreadEvent>, I::Error> {
    let undated_last = |event: &ThreadEvent| (event.at == UNDATED, event.at);
    let order = |a: &ThreadEvent, b: &ThreadEvent| undated_last(a).cmp(&undated_last(b));
    extreme(ids, events, order, true)
}

/// The last of some events of one kind. Those without a time come before all others.
pub(super) fn last_of<'e, I: Ids>(
    ids: &I,
    events: impl Iterator<Item = &'e ThreadEvent>,
) -> Result<Option<&'e ThreadEvent>, I::Error> {
    extreme(ids, events, |a, b| b.at.cmp(&a.at), false)
}

fn extreme<'e, I: Ids>(
    ids: &I,
    events: impl Iterator<Item = &'e ThreadEvent>,
    order: impl Fn(&ThreadEvent, &ThreadEvent) -> Ordering,
    first: bool,
) -> Result<Option<&'e ThreadEvent>, I::Error> {
    let mut found: Option<&ThreadEvent> = None;
    for event in events {
        let comes_before = match found {
            None => true,
            Some(found) => match order(event, found) {
                Ordering::Less => true,
                Ordering::Equal => ids.has_lower_id(event, found)? == first,
                Ordering::Greater => false,
            },
        };
        if comes_before {
            found = Some(event);
        }
    }
    Ok(found)
}
