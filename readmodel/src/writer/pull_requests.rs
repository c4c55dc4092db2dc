//! The rows of `pull_requests`, and the timelines of the time between them. Knows nothing about what a pull request
//! comes to.

use ghev_event::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::timelines::{Change, LineRows};
use crate::Changes;
use crate::changes::earliest;
use crate::opening_gaps::{GapsLine, entry};
use crate::timelines::split_from;

/// A pull request: the key of its repository, and its number.
type Key = (i64, i64);

/// Seconds by [`GapsLine::ALL`].
type Dates = [Option<i64>; 2];

/// Adds to `pull_requests` alone.
pub(super) fn add(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let mut table = Table::new(connection)?;
    sorted(changes).into_iter().try_for_each(|(key, dates)| {
        let before = table.dates(key)?;
        table.put(key, earlier(before, dates))
    })
}

/// Adds to `pull_requests`, and to the timelines, of which a row of more than a second has fewer entries than a
/// quarter of `summed_from`.
pub(super) fn add_with_gaps(
    connection: &Connection,
    changes: &Changes,
    summed_from: u64,
) -> rusqlite::Result<()> {
    let mut table = Table::new(connection)?;
    let mut gaps = GapsLine::ALL.map(|line| Gaps {
        line,
        changes: Vec::new(),
    });
    for (key, dates) in sorted(changes) {
        let before = table.dates(key)?;
        let after = earlier(before, dates);
        if before == Some(after) {
            continue;
        }
        let moves = before.unwrap_or_default().into_iter().zip(after);
        for (gaps, (from, to)) in gaps.iter_mut().zip(moves) {
            gaps.move_one(connection, key, from, to)?;
        }
        table.put(key, after)?;
    }
    gaps.into_iter().try_for_each(|gaps| {
        let rows = LineRows::new(connection, gaps.line.line(), split_from(summed_from));
        rows.change(gaps.changes)
    })
}

/// Makes the timelines, where there are none.
pub(crate) fn make_gaps(connection: &Connection, summed_from: u64) -> rusqlite::Result<()> {
    GapsLine::ALL.into_iter().try_for_each(|line| {
        let mut all = connection.prepare(&all_sql(line))?;
        let entries = all.query_map([], |row| Ok(entry(row.get(0)?, row.get(1)?)))?;
        LineRows::new(connection, line.line(), split_from(summed_from)).make(entries)
    })
}

/// What was seen, in the order of the table.
fn sorted(changes: &Changes) -> Vec<(Key, Dates)> {
    let seen = changes.pull_requests.iter();
    let mut seen: Vec<_> = seen
        .map(|((repo, number), sighting)| {
            let dates = [sighting.opened_at, sighting.first_at];
            let key = (repo.to_sql(), number.get().cast_signed());
            (key, dates.map(|at| at.map(Timestamp::as_seconds)))
        })
        .collect();
    seen.sort_unstable();
    seen
}

fn earlier(before: Option<Dates>, more: Dates) -> Dates {
    let [opened_at, first_at] = before.unwrap_or_default();
    [earliest(opened_at, more[0]), earliest(first_at, more[1])]
}

/// The statements over `pull_requests`.
struct Table<'c> {
    dates: CachedStatement<'c>,
    put: CachedStatement<'c>,
}

impl<'c> Table<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            dates: connection.prepare_cached(
                "SELECT opened_at, first_at FROM pull_requests WHERE repo = ?1 AND number = ?2",
            )?,
            // Most events come after these two: nothing is written for them, nor into two indexes.
            put: connection.prepare_cached(
                "INSERT INTO pull_requests (repo, number, opened_at, first_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (repo, number) DO UPDATE
                 SET opened_at = excluded.opened_at, first_at = excluded.first_at
                 WHERE excluded.opened_at IS NOT opened_at OR excluded.first_at IS NOT first_at",
            )?,
        })
    }

    fn dates(&mut self, (repo, number): Key) -> rusqlite::Result<Option<Dates>> {
        let dates = self
            .dates
            .query_row([repo, number], |row| Ok([row.get(0)?, row.get(1)?]));
        dates.optional()
    }

    fn put(&mut self, (repo, number): Key, [opened_at, first_at]: Dates) -> rusqlite::Result<()> {
        let row = params![repo, number, opened_at, first_at];
        self.put.execute(row).map(drop)
    }
}

/// What a batch changes of one timeline.
struct Gaps {
    line: GapsLine,
    changes: Vec<Change>,
}

impl Gaps {
    /// Takes a pull request from one time to another, before the table knows it. With those of its own second it comes
    /// last, so that only what is later has another before it.
    fn move_one(
        &mut self,
        connection: &Connection,
        key: Key,
        from: Option<i64>,
        to: Option<i64>,
    ) -> rusqlite::Result<()> {
        if from == to {
            return Ok(());
        }
        if let Some(at) = from {
            let (before, after) = self.neighbours(connection, key, at)?;
            self.changes.push(Change::Remove(entry(at, before)));
            self.follow(after, Some(at), before);
        }
        if let Some(at) = to {
            let (before, after) = self.neighbours(connection, key, at)?;
            self.changes.push(Change::Add(entry(at, before)));
            self.follow(after, before, Some(at));
        }
        Ok(())
    }

    /// What comes after has another one before it now.
    fn follow(&mut self, after: Option<i64>, old: Option<i64>, new: Option<i64>) {
        if let Some(after) = after.filter(|_| old != new) {
            self.changes.push(Change::Remove(entry(after, old)));
            self.changes.push(Change::Add(entry(after, new)));
        }
    }

    /// The last of the repository's others at a time or before it, and the first after it.
    fn neighbours(
        &self,
        connection: &Connection,
        (repo, number): Key,
        at: i64,
    ) -> rusqlite::Result<(Option<i64>, Option<i64>)> {
        let find = |sql: &str| {
            let mut found = connection.prepare_cached(sql)?;
            let found = found.query_row([repo, at, number], |row| row.get(0));
            found.optional()
        };
        Ok((find(&before_sql(self.line))?, find(&after_sql(self.line))?))
    }
}

pub(crate) fn before_sql(line: GapsLine) -> String {
    let at = line.column();
    format!(
        "SELECT {at} FROM pull_requests WHERE repo = ?1 AND {at} <= ?2 AND +number <> ?3
         ORDER BY {at} DESC LIMIT 1"
    )
}

pub(crate) fn after_sql(line: GapsLine) -> String {
    let at = line.column();
    format!(
        "SELECT {at} FROM pull_requests WHERE repo = ?1 AND {at} > ?2 AND +number <> ?3
         ORDER BY {at} LIMIT 1"
    )
}

fn all_sql(line: GapsLine) -> String {
    let at = line.column();
    format!(
        "SELECT {at}, lag({at}) OVER (PARTITION BY repo ORDER BY {at}) FROM pull_requests
         WHERE {at} IS NOT NULL ORDER BY {at}"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ghev_event::ThreadNumber;
    use proptest::prelude::*;

    use super::*;
    use crate::opening_gaps::{TABLE, VALUES, gap_of};
    use crate::timelines::{Entry, Span, read};
    use crate::{RepoKey, schema};

    /// A repository, a number, seconds and whether it was opened then.
    type Seen = (i64, u64, i64, bool);

    /// So that rows of gaps have fewer than two entries.
    const SUMMED_FROM: u64 = 8;

    fn model() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        schema::create_indexes(&connection).unwrap();
        connection
    }

    fn changes(seen: &[Seen]) -> Changes {
        let mut changes = Changes::default();
        for &(repo, number, at, opened) in seen {
            let repo = RepoKey::of_name(&format!("r/{repo}"));
            let sighting = changes
                .pull_requests
                .entry((repo, ThreadNumber::new(number)));
            sighting
                .or_default()
                .see(Some(Timestamp::from_seconds(at)), opened);
        }
        changes
    }

    type Row = (i64, i64, i64, i64, Vec<u8>);

    fn rows(connection: &Connection) -> Vec<Row> {
        let sql = format!("SELECT line, start, level, count, entries FROM {TABLE} ORDER BY 1, 2");
        let mut rows = connection.prepare(&sql).unwrap();
        let rows = rows.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn gaps(connection: &Connection) -> Vec<(i64, i64, Option<i64>)> {
        let mut found = Vec::new();
        for (line, start, level, count, bytes) in rows(connection) {
            let span = Span::from_row(start, level).unwrap();
            let before = found.len();
            let tell = |entry: Entry| found.push((line, entry.at, gap_of(&entry)));
            read(span, VALUES, &bytes, tell).unwrap();
            assert_eq!(found.len() - before, usize::try_from(count).unwrap());
        }
        found.sort_unstable();
        found
    }

    /// Straight from the definition.
    fn expected(seen: &[Seen]) -> Vec<(i64, i64, Option<i64>)> {
        let mut expected = Vec::new();
        for line in GapsLine::ALL {
            let mut dates: BTreeMap<(i64, u64), i64> = BTreeMap::new();
            for &(repo, number, at, opened) in seen {
                if opened || line == GapsLine::First {
                    let date = dates.entry((repo, number)).or_insert(at);
                    *date = at.min(*date);
                }
            }
            let mut of_repos: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for ((repo, _), at) in dates {
                of_repos.entry(repo).or_default().push(at);
            }
            for mut of_repo in of_repos.into_values() {
                of_repo.sort_unstable();
                expected.push((line.code(), of_repo[0], None));
                let pairs = of_repo.windows(2);
                expected.extend(pairs.map(|of| (line.code(), of[1], Some(of[1] - of[0]))));
            }
        }
        expected.sort_unstable();
        expected
    }

    proptest! {
        /// An opening that comes late is between two that are known, takes another one's place, or is of their
        /// second.
        #[test]
        fn gaps_are_those_between_neighbours_whatever_came_when(
            seen in prop::collection::vec((0..3_i64, 1..7_u64, 0..12_i64, any::<bool>()), 0..40),
            batch in 1..9_usize,
        ) {
            let live = model();
            for batch in seen.chunks(batch) {
                add_with_gaps(&live, &changes(batch), SUMMED_FROM).unwrap();
            }
            prop_assert_eq!(gaps(&live), expected(&seen));
            let made = model();
            add(&made, &changes(&seen)).unwrap();
            make_gaps(&made, SUMMED_FROM).unwrap();
            prop_assert_eq!(rows(&live), rows(&made));
        }
    }
}
