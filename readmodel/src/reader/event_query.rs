//! The SQL of lists of events. Knows nothing about what becomes of the rows.
//!
//! Each query walks one index newest first and stops at its limit: that of the narrowest identity
//! asked for, or that of all events. Other conditions carry a `+`, which keeps SQLite from walking
//! their index instead (<https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_>)
//! and sorting all that it finds. A window of arrival without an identity walks the records that
//! arrived in it.

use rusqlite::ToSql;

use super::cursor::EventCursor;
use super::dead_letters::limit_sql;
use super::{EventFilter, TimeAxis};
use crate::stored::{Action, Kind};
use crate::{ActorKey, OrgKey, Place, RepoKey};

/// What is read of an event.
pub(super) const EVENT_COLUMNS: &str = "e.place, e.kind, e.id, e.created_at, e.repo, e.actor,
    e.org, e.action, e.number, e.flags, e.name_tags,
    (SELECT v.observed_at FROM envelopes AS v WHERE v.\"offset\" = e.place >> 16)";

/// Events in the order of the log: from a place on, up to a limit.
pub(super) const ARRIVALS: &str = "FROM events AS e WHERE e.place >= ?1 ORDER BY e.place LIMIT ?2";

/// A query with the values of its `?`, in their order.
pub(super) struct EventQuery {
    pub(super) sql: String,
    pub(super) values: Vec<Box<dyn ToSql>>,
}

impl EventQuery {
    fn and(&mut self, condition: &str, values: impl IntoIterator<Item = Box<dyn ToSql>>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    /// `column` is one of `values`, without the use of its index; no condition where there are
    /// none.
    fn and_any_of(&mut self, column: &str, values: Vec<Box<dyn ToSql>>) {
        if !values.is_empty() {
            let places = vec!["?"; values.len()].join(", ");
            self.and(&format!("+e.{column} IN ({places})"), values);
        }
    }
}

/// An identity that is asked for: its column and its keys.
struct Condition {
    column: &'static str,
    keys: Vec<i64>,
}

/// The queries whose rows together, in order and cut to `limit`, are the page.
pub(super) fn queries(
    filter: &EventFilter,
    cursor: Option<&EventCursor>,
    limit: usize,
) -> Vec<EventQuery> {
    let mut conditions = conditions(filter);
    let by_arrival = filter.window.by == TimeAxis::ObservedAt && !filter.window.is_everything();
    let starts = match conditions.pop() {
        Some(walked) => walked
            .keys
            .iter()
            .map(|&key| along(walked.column, key))
            .collect(),
        None if by_arrival => vec![along_arrivals()],
        None => vec![EventQuery {
            sql: select("events AS e"),
            values: Vec::new(),
        }],
    };
    let finish = |mut query: EventQuery| {
        if by_arrival {
            add_arrival(&mut query, filter);
        } else {
            add_seconds(&mut query, filter, cursor);
        }
        for condition in &conditions {
            query.and_any_of(condition.column, boxed(condition.keys.iter().copied()));
        }
        query.and_any_of("kind", boxed(filter.kinds.iter().cloned().map(Kind)));
        query.and_any_of(
            "action",
            filter.actions.iter().map(|action| stored(action)).collect(),
        );
        add_cursor(&mut query, cursor);
        // The limit stands in the text: as a parameter it would have SQLite plan the query anew
        // each time it is bound.
        let order = " ORDER BY e.created_at DESC, e.id DESC, e.kind DESC LIMIT";
        query.sql.push_str(&format!("{order} {}", limit_sql(limit)));
        query
    };
    starts.into_iter().map(finish).collect()
}

/// The identities asked for; the last one, whose index is walked, usually has the fewest events.
fn conditions(filter: &EventFilter) -> Vec<Condition> {
    let org = filter.org.map(|keys| ("org", keys.map(OrgKey::to_sql)));
    let actor = filter
        .actor
        .map(|keys| ("actor", keys.map(ActorKey::to_sql)));
    let repo = filter.repo.map(|keys| ("repo", keys.map(RepoKey::to_sql)));
    let all = org.into_iter().chain(actor).chain(repo);
    all.map(|(column, keys)| Condition {
        column,
        keys: keys.iter().collect(),
    })
    .collect()
}

fn select(from: &str) -> String {
    format!("SELECT {EVENT_COLUMNS} FROM {from} WHERE TRUE")
}

fn along(column: &str, key: i64) -> EventQuery {
    let mut query = EventQuery {
        sql: select("events AS e"),
        values: Vec::new(),
    };
    query.and(&format!("e.{column} = ?"), boxed([key]));
    query
}

fn along_arrivals() -> EventQuery {
    let records = "envelopes AS a CROSS JOIN events AS e
         ON e.place >= a.\"offset\" << 16 AND e.place < (a.\"offset\" + 1) << 16";
    EventQuery {
        sql: select(records),
        values: Vec::new(),
    }
}

fn add_arrival(query: &mut EventQuery, filter: &EventFilter) {
    let (from, to) = filter.window.millis();
    let condition = if query.values.is_empty() {
        "a.observed_at >= ? AND a.observed_at < ?"
    } else {
        "EXISTS (SELECT 1 FROM envelopes AS v WHERE v.\"offset\" = e.place >> 16
           AND v.observed_at >= ? AND v.observed_at < ?)"
    };
    query.and(condition, boxed([from, to]));
}

fn add_seconds(query: &mut EventQuery, filter: &EventFilter, cursor: Option<&EventCursor>) {
    let (from, to) = filter.window.seconds();
    query.and("e.created_at >= ?", boxed([from]));
    // The cursor is the nearer bound: SQLite walks from one upper bound only.
    let upper = if cursor.is_some() {
        "+e.created_at < ?"
    } else {
        "e.created_at < ?"
    };
    query.and(upper, boxed([to]));
}

fn add_cursor(query: &mut EventQuery, cursor: Option<&EventCursor>) {
    let Some(EventCursor { next_offset, after }) = cursor else {
        return;
    };
    query.and(
        "+e.place < ?",
        boxed([Place::first_of(*next_offset).to_sql()]),
    );
    let after: [Box<dyn ToSql>; 3] = [
        Box::new(after.created_at),
        Box::new(after.id.clone()),
        Box::new(after.kind.clone()),
    ];
    query.and("(e.created_at, e.id, e.kind) < (?, ?, ?)", after);
}

fn boxed<T: ToSql + 'static>(values: impl IntoIterator<Item = T>) -> Vec<Box<dyn ToSql>> {
    values
        .into_iter()
        .map(|value| Box::new(value) as Box<dyn ToSql>)
        .collect()
}

/// An action in the form its column has it.
fn stored(action: &str) -> Box<dyn ToSql> {
    match Action(action).number() {
        Some(number) => Box::new(number),
        None => Box::new(action.to_owned()),
    }
}
