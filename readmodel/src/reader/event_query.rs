//! The SQL of lists of events. Knows nothing about what becomes of the rows.
//!
//! Each query walks one index newest first and stops at its limit: that of the narrowest identity
//! asked for, or that of all events. Other conditions carry a `+`, which keeps SQLite from walking
//! their index instead (<https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_>)
//! and sorting all that it finds. Where little arrived in a window of arrival, the records that did are walked.

use rusqlite::ToSql;

use super::cursor::{EventCursor, OrderKey};
use super::dead_letters::limit_sql;
use super::scope::ScopeSql;
use super::{EventFilter, Scope, TimeAxis};
use crate::Place;
use crate::stored::{Action, Kind, UNDATED};

/// What is read of an event.
pub(super) const EVENT_COLUMNS: &str = "e.place, e.kind, e.id, e.created_at, e.repo, e.actor,
    e.org, e.action, e.number, e.flags, e.name_tags,
    (SELECT v.observed_at FROM envelopes AS v WHERE v.\"offset\" = e.place >> 16)";

/// Events in the order of the log: from a place on, up to a limit.
pub(super) const ARRIVALS: &str = "FROM events AS e WHERE e.place >= ?1 ORDER BY e.place LIMIT ?2";

/// How many new events each record brought that arrived in `[from, to)` milliseconds.
pub(super) const ARRIVED: &str =
    "SELECT events FROM envelopes WHERE observed_at >= ?1 AND observed_at < ?2";

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

/// What a query walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Along {
    /// Everybody's events, in their order.
    Time,
    /// The records that arrived in the window; what they brought is sorted.
    Arrivals,
    /// The events with this key in this column, in their order.
    Identity(&'static str, i64),
}

/// The seconds `[from, to)` that a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The query for the newest events of a slice that meet the filter, from the cursor on: so many at most.
pub(super) fn query(
    filter: &EventFilter,
    along: Along,
    slice: Slice,
    (cursor, limit): (Option<&EventCursor>, usize),
) -> EventQuery {
    let mut query = start(along);
    // The nearer bound: SQLite walks from one upper bound only.
    let after = cursor.map(|cursor| &cursor.after);
    let after = after.filter(|after| along == Along::Arrivals || after.created_at < slice.to);
    if along != Along::Arrivals {
        add_seconds(&mut query, slice, after.is_some());
    }
    if is_by_arrival(filter) {
        add_arrival(&mut query, filter, along);
    }
    let mut conditions = conditions(filter);
    conditions.pop();
    for condition in conditions {
        query.and_any_of(condition.column, boxed(condition.keys));
    }
    query.and_any_of("kind", boxed(filter.kinds.iter().cloned().map(Kind)));
    query.and_any_of(
        "action",
        filter.actions.iter().map(|action| stored(action)).collect(),
    );
    if let Some(EventCursor { next_offset, .. }) = cursor {
        let place = Place::first_of(*next_offset).to_sql();
        query.and("+e.place < ?", boxed([place]));
    }
    if let Some(after) = after {
        add_after(&mut query, after);
    }
    // The limit stands in the text: as a parameter it would have SQLite plan the query anew
    // each time it is bound.
    let order = " ORDER BY e.created_at DESC, e.id DESC, e.kind DESC LIMIT";
    query.sql.push_str(&format!("{order} {}", limit_sql(limit)));
    query
}

/// All that a filter and a cursor leave to be walked.
pub(super) fn whole(filter: &EventFilter, cursor: Option<&EventCursor>) -> Slice {
    let (from, to) = match is_by_arrival(filter) {
        true => (UNDATED, i64::MAX),
        false => filter.window.seconds(),
    };
    let to = cursor.map_or(to, |cursor| to.min(cursor.after.end_second()));
    Slice { from, to }
}

/// The identity asked for that usually has the fewest events: whose index is walked.
pub(super) fn narrowest(filter: &EventFilter) -> Option<ScopeSql> {
    conditions(filter).pop()
}

/// Whether the filter may leave out events that the walk comes by.
pub(super) fn picks(filter: &EventFilter) -> bool {
    !filter.kinds.is_empty() || !is_by_index(filter)
}

/// Whether the index that is walked tells all that the filter asks.
pub(super) fn is_by_index(filter: &EventFilter) -> bool {
    filter.actions.is_empty() && conditions(filter).len() < 2 && !is_by_arrival(filter)
}

/// Whether only what arrived in a window is listed.
pub(super) fn is_by_arrival(filter: &EventFilter) -> bool {
    filter.window.by == TimeAxis::ObservedAt && !filter.window.is_everything()
}

/// The identities asked for, the narrowest last.
fn conditions(filter: &EventFilter) -> Vec<ScopeSql> {
    let org = filter.org.map(Scope::Org);
    let actor = filter.actor.map(Scope::Actor);
    let repo = filter.repo.map(Scope::Repo);
    let all = org.into_iter().chain(actor).chain(repo);
    all.filter_map(|scope| scope.sql()).collect()
}

fn select(from: &str) -> String {
    format!("SELECT {EVENT_COLUMNS} FROM {from} WHERE TRUE")
}

fn start(along: Along) -> EventQuery {
    let from = match along {
        Along::Time | Along::Identity(..) => "events AS e",
        Along::Arrivals => {
            "envelopes AS a CROSS JOIN events AS e
             ON e.place >= a.\"offset\" << 16 AND e.place < (a.\"offset\" + 1) << 16"
        }
    };
    let mut query = EventQuery {
        sql: select(from),
        values: Vec::new(),
    };
    if let Along::Identity(column, key) = along {
        query.and(&format!("e.{column} = ?"), boxed([key]));
    }
    query
}

fn add_arrival(query: &mut EventQuery, filter: &EventFilter, along: Along) {
    let (from, to) = filter.window.millis();
    let condition = match along {
        Along::Arrivals => "a.observed_at >= ? AND a.observed_at < ?",
        Along::Time | Along::Identity(..) => {
            "EXISTS (SELECT 1 FROM envelopes AS v WHERE v.\"offset\" = e.place >> 16
               AND v.observed_at >= ? AND v.observed_at < ?)"
        }
    };
    query.and(condition, boxed([from, to]));
}

fn add_seconds(query: &mut EventQuery, Slice { from, to }: Slice, has_nearer_bound: bool) {
    query.and("e.created_at >= ?", boxed([from]));
    let upper = if has_nearer_bound {
        "+e.created_at < ?"
    } else {
        "e.created_at < ?"
    };
    query.and(upper, boxed([to]));
}

fn add_after(query: &mut EventQuery, after: &OrderKey) {
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
