//! The rows of `events`: one statement for a single event, one for many. Knows nothing about
//! transactions.

use std::fmt;

use ghev_event::Event;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Statement, ToSql, params};

use super::Admission;
use super::event_row::EventRow;
use crate::stored::{id_value, kind_value};
use crate::{Offset, Place};

const COLUMNS: [&str; 13] = [
    "place",
    "kind",
    "id",
    "created_at",
    "repo",
    "actor",
    "org",
    "action",
    "number",
    "flags",
    "name_tags",
    "push_size",
    "body_digest",
];

/// Rows of the statement for many: its fixed cost is spread over them.
const MANY: usize = 32;

const DIGEST_OF: &str = "SELECT body_digest FROM events WHERE kind = ?1 AND id = ?2";

const DROPPED_DIGEST_OF: &str =
    "SELECT body_digest FROM dropped_events WHERE kind = ?1 AND id = ?2";

const PLACES: &str = "SELECT place FROM events WHERE place BETWEEN ?1 AND ?2";

/// The prepared statements of a batch.
pub(super) struct EventRows<'w> {
    one: CachedStatement<'w>,
    many: CachedStatement<'w>,
    digest_of: CachedStatement<'w>,
    places: CachedStatement<'w>,
    /// Where rows were dropped: tells what a dropped one was.
    dropped: Option<CachedStatement<'w>>,
}

impl fmt::Debug for EventRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRows").finish_non_exhaustive()
    }
}

impl<'w> EventRows<'w> {
    pub(super) fn new(connection: &'w Connection, any_dropped: bool) -> rusqlite::Result<Self> {
        let dropped = any_dropped.then(|| connection.prepare_cached(DROPPED_DIGEST_OF));
        Ok(Self {
            dropped: dropped.transpose()?,
            one: connection.prepare_cached(&insert(1))?,
            many: connection.prepare_cached(&insert(MANY))?,
            digest_of: connection.prepare_cached(DIGEST_OF)?,
            places: connection.prepare_cached(PLACES)?,
        })
    }

    /// Inserts an event, unless there is one of its kind and id.
    pub(super) fn admit(&mut self, place: Place, event: &Event<'_>) -> rusqlite::Result<Admission> {
        if let Some(admission) = self.dropped(event)? {
            return Ok(admission);
        }
        bind(&mut self.one, 0, place, event)?;
        if self.one.raw_execute()? == 1 {
            return Ok(Admission::New);
        }
        self.repeat(event)
    }

    /// Inserts the events of the record at `offset`, each unless there is one of its kind and id;
    /// what became of each is added to `admissions`.
    pub(super) fn admit_record(
        &mut self,
        offset: Offset,
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> rusqlite::Result<()> {
        let places = || (0..=u16::MAX).map(|index| Place::new(offset, index));
        let (chunks, rest) = match self.dropped {
            None => events.as_chunks::<MANY>(),
            // Each is looked for among the dropped ones.
            Some(_) => (&[][..], events),
        };
        let mut at = 0;
        for chunk in chunks {
            let places = places().skip(at).take(MANY).collect::<Vec<_>>();
            self.admit_many(&places, chunk, admissions)?;
            at += MANY;
        }
        for (place, event) in places().skip(at).zip(rest) {
            admissions.push(self.admit(place, event)?);
        }
        Ok(())
    }

    /// Mostly all are new, and the count of inserted rows says so. Where not, their places tell
    /// which are.
    fn admit_many(
        &mut self,
        places: &[Place],
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> rusqlite::Result<()> {
        for (row, (&place, event)) in places.iter().zip(events).enumerate() {
            bind(&mut self.many, row, place, event)?;
        }
        if self.many.raw_execute()? == events.len() {
            admissions.extend(events.iter().map(|_| Admission::New));
            return Ok(());
        }
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return Ok(());
        };
        let inserted: Vec<i64> = self
            .places
            .query_map(params![first.to_sql(), last.to_sql()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for (place, event) in places.iter().zip(events) {
            admissions.push(if inserted.contains(&place.to_sql()) {
                Admission::New
            } else {
                self.repeat(event)?
            });
        }
        Ok(())
    }

    /// What an event is whose key a dropped one had.
    fn dropped(&mut self, event: &Event<'_>) -> rusqlite::Result<Option<Admission>> {
        let Some(dropped) = &mut self.dropped else {
            return Ok(None);
        };
        let key = params![kind_value(&event.kind), id_value(&event.id)];
        let first = dropped.query_row(key, |row| row.get(0)).optional()?;
        Ok(first.map(|first| repeat_of(first, event)))
    }

    /// Of what kind a repeat is.
    fn repeat(&mut self, event: &Event<'_>) -> rusqlite::Result<Admission> {
        let key = params![kind_value(&event.kind), id_value(&event.id)];
        let first: i64 = self.digest_of.query_row(key, |row| row.get(0))?;
        Ok(repeat_of(first, event))
    }
}

/// What an event is whose key another one had first, with this digest.
fn repeat_of(first: i64, event: &Event<'_>) -> Admission {
    if first == event.body_digest.bits().cast_signed() {
        Admission::Duplicate
    } else {
        Admission::Conflict
    }
}

/// The statement that inserts so many rows, leaving out those whose key is taken, by an earlier row
/// of the same statement too.
fn insert(rows: usize) -> String {
    let row = format!("({})", vec!["?"; COLUMNS.len()].join(", "));
    let (columns, rows) = (COLUMNS.join(", "), vec![row.as_str(); rows].join(", "));
    format!("INSERT INTO events ({columns}) VALUES {rows} ON CONFLICT (kind, id) DO NOTHING")
}

/// Binds the parameters of a row, in the order of [`COLUMNS`].
fn bind(
    statement: &mut Statement<'_>,
    row: usize,
    place: Place,
    event: &Event<'_>,
) -> rusqlite::Result<()> {
    let EventRow {
        place,
        kind,
        id,
        created_at,
        repo,
        actor,
        org,
        action,
        number,
        flags,
        name_tags,
        push_size,
        body_digest,
    } = EventRow::of(place, event);
    let values: [&dyn ToSql; COLUMNS.len()] = [
        &place,
        &kind,
        &id,
        &created_at,
        &repo,
        &actor,
        &org,
        &action,
        &number,
        &flags,
        &name_tags,
        &push_size,
        &body_digest,
    ];
    let first = row * COLUMNS.len() + 1;
    for (index, value) in (first..).zip(values) {
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}
