//! Lists of who there is, page by page. Knows nothing about what anybody did.
//!
//! An entry is one key: a repository that is only a name is an entry of its own. Its name is that of
//! its newest event, and a prefix is one of that name. A cursor tells the last entry's place by its
//! value, so that it stays good whatever arrives: who does not change on the way is seen once.
//!
//! Each list walks one index in its order and stops at its limit. Few names with a prefix are found
//! by that prefix and sorted; of many, a walk in order meets enough.

use std::fmt;
use std::str::FromStr;

use ghev_event::Timestamp;
use rusqlite::{Row, ToSql, params_from_iter};

use super::Snapshot;
use super::cursor::Any;
use super::dead_letters::limit_sql;
use crate::error::ReadError;
use crate::keys::lower_cased;
use crate::schema;

/// Up to so many names with a prefix are sorted, in milliseconds.
const SORTED_NAMES_MAX: i64 = 20_000;

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ListOrder {
    /// The most events first; of equals the larger key.
    #[default]
    Events,
    /// By name, whatever its case; without a name first.
    Name,
    /// The latest event first; never dated last.
    LastEvent,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPage {
    /// The entries, in order.
    pub entries: Vec<ListEntry>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<ListCursor>,
}

/// Who there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    /// GitHub's number, where events gave one.
    pub id: Option<u64>,
    /// The name in the newest event that gave one.
    pub name: Option<String>,
    /// The earliest event, where any has a time.
    pub first_event_at: Option<Timestamp>,
    /// The latest event, where any has a time.
    pub last_event_at: Option<Timestamp>,
    /// All events, also those that gave no name.
    pub events: u64,
}

/// Where a list goes on: after an entry with this value, and of those with the same after this key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCursor {
    value: Any,
    key: i64,
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list; take it unchanged from the page before")]
pub struct ParseListCursorError;

impl ListCursor {
    /// Whether it is a place in a list of this order.
    pub const fn fits(&self, order: ListOrder) -> bool {
        matches!(
            (&self.value, order),
            (Any::Text(_), ListOrder::Name)
                | (Any::Number(_), ListOrder::Events | ListOrder::LastEvent)
        )
    }
}

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.value, self.key)
    }
}

impl FromStr for ListCursor {
    type Err = ParseListCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (value, key) = text.split_once('.').ok_or(ParseListCursorError)?;
        let value = Any::parse(value).ok_or(ParseListCursorError)?;
        let key = key.parse().map_err(|_| ParseListCursorError)?;
        Ok(Self { value, key })
    }
}

/// The two tables of those who are listed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    pub(super) totals: &'static str,
    pub(super) names: &'static str,
}

pub(super) const REPOS: Listed = Listed {
    totals: "repos",
    names: "repo_names",
};

pub(super) const ORGS: Listed = Listed {
    totals: "orgs",
    names: "org_names",
};

impl Snapshot<'_> {
    /// The repositories whose name begins with `prefix`, whatever its case, from `after` on. At
    /// most `limit`. A cursor of another order is as none.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn repos(
        &self,
        prefix: &str,
        order: ListOrder,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<ListPage, ReadError> {
        self.list(REPOS, prefix, order, after, limit)
    }

    /// The organisations, likewise.
    ///
    /// # Errors
    /// As [`Snapshot::repos`].
    pub fn orgs(
        &self,
        prefix: &str,
        order: ListOrder,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<ListPage, ReadError> {
        self.list(ORGS, prefix, order, after, limit)
    }

    fn list(
        &self,
        listed: Listed,
        prefix: &str,
        order: ListOrder,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<ListPage, ReadError> {
        self.requires(schema::LISTS)?;
        let (from, to) = names_with(prefix);
        let walk = match (order, prefix) {
            (ListOrder::Name, _) => Walk::Names,
            (_, "") => Walk::All,
            _ if self.has_many_names(listed, &from, &to)? => Walk::InOrder,
            _ => Walk::Sorted,
        };
        self.walked(listed, (order, walk), (from, to), after, limit)
    }

    /// A page along `walk`, of the names within the bounds.
    pub(super) fn walked(
        &self,
        listed: Listed,
        (order, walk): (ListOrder, Walk),
        (from, to): (String, String),
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Result<ListPage, ReadError> {
        let after = after.filter(|after| after.fits(order));
        let (value, key) = match after {
            Some(ListCursor { value, key }) => (value.clone(), *key),
            None if order == ListOrder::Name => (Any::Text(from.clone()), i64::MIN),
            None => (Any::Number(i64::MAX), i64::MAX),
        };
        let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(value), Box::new(key)];
        if walk != Walk::All {
            values.extend([from, to].map(|bound| Box::new(bound) as Box<dyn ToSql>));
        }
        values.push(Box::new(limit_sql(limit.saturating_add(1))));
        let mut statement = self.prepare(&list_sql(listed, order, walk))?;
        let rows = statement.query_map(params_from_iter(values), place)?;
        let mut places: Vec<ListCursor> = rows.collect::<Result<_, _>>()?;
        let more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| more).cloned();
        let entries = places.iter().map(|place| self.entry(listed, place.key));
        Ok(ListPage {
            entries: entries.collect::<Result<_, _>>()?,
            next,
        })
    }

    fn has_many_names(&self, listed: Listed, from: &str, to: &str) -> Result<bool, ReadError> {
        let mut statement = self.prepare(&names_sql(listed))?;
        let names: i64 = statement.query_row((from, to, SORTED_NAMES_MAX + 1), |row| row.get(0))?;
        Ok(names > SORTED_NAMES_MAX)
    }

    fn entry(&self, listed: Listed, key: i64) -> Result<ListEntry, ReadError> {
        let names = self.names_of(listed.names, key)?;
        let named = names.iter().filter(|seen| !seen.name.is_empty());
        let newest = named.max_by(|a, b| (a.last_at, &a.name).cmp(&(b.last_at, &b.name)));
        Ok(ListEntry {
            id: u64::try_from(key).ok(),
            name: newest.map(|newest| newest.name.clone()),
            first_event_at: names.iter().filter_map(|seen| seen.first_at).min(),
            last_event_at: names.iter().filter_map(|seen| seen.last_at).max(),
            events: names.iter().map(|seen| seen.events).sum(),
        })
    }
}

fn place(row: &Row<'_>) -> rusqlite::Result<ListCursor> {
    Ok(ListCursor {
        value: row.get(0)?,
        key: row.get(1)?,
    })
}

/// Between which lower-cased names those with a prefix lie. No character comes after the last.
pub(super) fn names_with(prefix: &str) -> (String, String) {
    let from = lower_cased(prefix);
    let to = format!("{from}{}", char::MAX);
    (from, to)
}

/// Which way a list is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// Along the totals, in order.
    All,
    /// Along the totals, in order, passing by those without the prefix.
    InOrder,
    /// Along the names with the prefix, sorted then.
    Sorted,
    /// Along the names, in order.
    Names,
}

/// How many names there are with a prefix, up to a limit.
pub(super) fn names_sql(listed: Listed) -> String {
    let names = listed.names;
    format!(
        "SELECT COUNT(*) FROM
         (SELECT 1 FROM {names} WHERE lowered >= ?1 AND lowered < ?2 LIMIT ?3)"
    )
}

/// The places of a page's entries: value and key. `?1` and `?2` are the place before, `?3` and `?4`
/// bound the names with the prefix.
pub(super) fn list_sql(listed: Listed, order: ListOrder, walk: Walk) -> String {
    let Listed { totals, names } = listed;
    let value = match order {
        ListOrder::Events => "t.events",
        ListOrder::LastEvent => "t.last_at",
        ListOrder::Name => "n.lowered",
    };
    // Of a key's names the one of its newest event.
    let newest = format!(
        "NOT EXISTS (SELECT 1 FROM {names} AS o WHERE o.key = n.key
           AND (o.name <> '', ifnull(o.last_at, -9223372036854775808), o.name)
             > (n.name <> '', ifnull(n.last_at, -9223372036854775808), n.name))"
    );
    let with_prefix = "n.lowered >= ?3 AND n.lowered < ?4";
    let after = format!("({value}, t.key) < (?1, ?2) ORDER BY {value} DESC, t.key DESC");
    match walk {
        Walk::All => format!("SELECT {value}, t.key FROM {totals} AS t WHERE {after} LIMIT ?3"),
        Walk::InOrder => format!(
            "SELECT {value}, t.key FROM {totals} AS t WHERE EXISTS
               (SELECT 1 FROM {names} AS n WHERE n.key = t.key AND {} AND {newest})
             AND {after} LIMIT ?5",
            // The key is the way to a name here.
            with_prefix.replace("n.lowered", "+n.lowered")
        ),
        Walk::Sorted => format!(
            "SELECT {value}, t.key FROM {names} AS n CROSS JOIN {totals} AS t ON t.key = n.key
             WHERE {with_prefix} AND {newest} AND {} LIMIT ?5",
            after.replacen(value, &format!("+{value}"), 1)
        ),
        Walk::Names => format!(
            "SELECT {value}, n.key FROM {names} AS n
             WHERE n.lowered >= ?1 AND (n.lowered > ?1 OR n.key > ?2)
               AND +n.lowered >= ?3 AND n.lowered < ?4 AND {newest}
             ORDER BY n.lowered, n.key LIMIT ?5"
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_prints_as_it_parses(number in any::<i64>(), text in any::<String>(), key in any::<i64>()) {
            for value in [Any::Number(number), Any::Text(text)] {
                let cursor = ListCursor { value, key };
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "[0-9nt.a-f-]{0,40}|.*") {
            let _: Result<ListCursor, _> = text.parse();
        }
    }
}
