//! The rows of `contributors`, and what is made of them: first contributions and tallies. Knows nothing about what
//! a contribution is.

use ghev_event::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, params};

use super::many::Many;
use super::rows::count;
use super::timelines::{Change, LineRows};
use crate::Changes;
use crate::changes::{ContributionSighting, Contributor, earliest};
use crate::contributor_totals::{
    ByLogin, Contributed, Counted, FirstsLine, Tally, counts_of, firsts_of,
};
use crate::error::of_blob;
use crate::sums::SummedScope;
use crate::timelines::{Entry, VALUES_MAX, split_from};

/// Adds to `contributors` alone.
pub(super) fn add(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let mut upsert = Upsert::new(connection)?;
    let sorted = changes.contributions.sorted();
    sorted.iter().try_for_each(|row| upsert.add(row))
}

/// Adds to `contributors`, and to what is made of it for whoever has so many contributors: `many` have as many
/// events.
pub(super) fn add_with_totals(
    connection: &Connection,
    changes: &Changes,
    many: &Many,
    totalled_from: u64,
) -> rusqlite::Result<()> {
    let mut upsert = Upsert::new(connection)?;
    let sorted = changes.contributions.sorted();
    for of_key in sorted.chunk_by(|(a, _), (b, _)| a.to == b.to) {
        let (to, key) = of_key[0].0.to.to_sql();
        let totals = Totals {
            connection,
            to,
            key,
            totalled_from,
        };
        let may_have_totals = totals.may_exist(many);
        if !may_have_totals || !totals.exist()? {
            of_key.iter().try_for_each(|row| upsert.add(row))?;
            if may_have_totals && totals.has_many_contributors()? {
                totals.make()?;
            }
            continue;
        }
        let mut changed = TotalChanges::default();
        for of_actor in of_key.chunk_by(|(a, _), (b, _)| a.actor == b.actor) {
            let before = upsert.stored(&of_actor[0].0)?;
            let mut after = before;
            for (contributor, sighting) in of_actor {
                let of = &mut after[usize::from(contributor.by_bot)];
                *of = Some(added(*of, *sighting));
            }
            of_actor.iter().try_for_each(|row| upsert.add(row))?;
            changed.note(before, after);
        }
        totals.change(changed)?;
    }
    Ok(())
}

/// Makes what is made of `contributors`, where there is none of it.
pub(crate) fn make_all(connection: &Connection, totalled_from: u64) -> rusqlite::Result<()> {
    let sql = "SELECT \"to\", key FROM contributors GROUP BY \"to\", key
               HAVING count(*) >= ?1 OR \"to\" = 0";
    let mut many = connection.prepare(sql)?;
    let keys = many.query_map([count(totalled_from)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let keys: Vec<(i64, i64)> = keys.collect::<Result<_, _>>()?;
    for (to, key) in keys {
        let totals = Totals {
            connection,
            to,
            key,
            totalled_from,
        };
        totals.make()?;
    }
    Ok(())
}

/// What has been contributed, and more.
fn added(before: Option<Contributed>, more: ContributionSighting) -> Contributed {
    let first_at = more.first_at.map(Timestamp::as_seconds);
    let Some(before) = before else {
        return Contributed {
            first_at,
            events: more.events,
        };
    };
    Contributed {
        first_at: earliest(before.first_at, first_at),
        events: before.events + more.events,
    }
}

/// The statements over `contributors`.
struct Upsert<'c> {
    stored: CachedStatement<'c>,
    upsert: CachedStatement<'c>,
}

impl<'c> Upsert<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            stored: connection.prepare_cached(
                "SELECT by_bot, first_at, events FROM contributors
                 WHERE \"to\" = ?1 AND key = ?2 AND actor = ?3",
            )?,
            upsert: connection.prepare_cached(
                "INSERT INTO contributors VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (\"to\", key, actor, by_bot) DO UPDATE SET
                   first_at = min(ifnull(first_at, excluded.first_at), ifnull(excluded.first_at, first_at)),
                   events = events + excluded.events",
            )?,
        })
    }

    fn stored(&mut self, of: &Contributor) -> rusqlite::Result<ByLogin> {
        let (to, key) = of.to.to_sql();
        let mut rows = self.stored.query([to, key, of.actor.to_sql()])?;
        let mut stored = ByLogin::default();
        while let Some(row) = rows.next()? {
            let by_bot: bool = row.get(0)?;
            let events: i64 = row.get(2)?;
            stored[usize::from(by_bot)] = Some(Contributed {
                first_at: row.get(1)?,
                events: events.unsigned_abs(),
            });
        }
        Ok(stored)
    }

    fn add(
        &mut self,
        (contributor, sighting): &(Contributor, ContributionSighting),
    ) -> rusqlite::Result<()> {
        let Contributor { to, by_bot, actor } = contributor;
        let ContributionSighting { first_at, events } = sighting;
        let (to, key) = to.to_sql();
        self.upsert.execute(params![
            to,
            key,
            actor.to_sql(),
            by_bot,
            first_at.map(Timestamp::as_seconds),
            count(*events),
        ])?;
        Ok(())
    }
}

/// What a batch changes of one key.
#[derive(Debug, Default)]
struct TotalChanges {
    firsts: [Vec<Change>; 3],
    removed: [Vec<u64>; 2],
    added: [Vec<u64>; 2],
}

impl TotalChanges {
    fn note(&mut self, before: ByLogin, after: ByLogin) {
        let firsts = firsts_of(before).into_iter().zip(firsts_of(after));
        for (changes, (before, after)) in self.firsts.iter_mut().zip(firsts) {
            if before != after {
                changes.extend(before.map(entry_at).map(Change::Remove));
                changes.extend(after.map(entry_at).map(Change::Add));
            }
        }
        let counts = counts_of(before).into_iter().zip(counts_of(after));
        let noted = self.removed.iter_mut().zip(&mut self.added);
        for ((removed, added), (before, after)) in noted.zip(counts) {
            if before != after {
                removed.extend(before);
                added.extend(after);
            }
        }
    }
}

const fn entry_at(at: i64) -> Entry {
    let values = [0; VALUES_MAX];
    Entry { at, values }
}

/// What is made of the contributors to one thing.
struct Totals<'c> {
    connection: &'c Connection,
    to: i64,
    key: i64,
    totalled_from: u64,
}

impl<'c> Totals<'c> {
    /// Whether there are as many events as there must be contributors.
    fn may_exist(&self, many: &Many) -> bool {
        let of = match self.to {
            0 => return true,
            1 => (SummedScope::Repo, self.key),
            _ => (SummedScope::Org, self.key),
        };
        many.before.contains(&of) || many.new.contains(&of)
    }

    /// Those of everybody always do.
    fn exist(&self) -> rusqlite::Result<bool> {
        if self.to == 0 {
            return Ok(true);
        }
        let sql = "SELECT EXISTS (SELECT 1 FROM contributor_tallies WHERE key = ?1 AND line = ?2)";
        let line = Counted::Everybody.code(self.to);
        let mut any = self.connection.prepare_cached(sql)?;
        any.query_row([self.key, line], |row| row.get(0))
    }

    fn has_many_contributors(&self) -> rusqlite::Result<bool> {
        let many = count(self.totalled_from);
        // SQLite prepares a statement anew whenever its limit is bound.
        let sql = format!(
            "SELECT count(*) FROM
             (SELECT 1 FROM contributors WHERE \"to\" = ?1 AND key = ?2 LIMIT {many})"
        );
        let mut rows = self.connection.prepare_cached(&sql)?;
        let found: i64 = rows.query_row([self.to, self.key], |row| row.get(0))?;
        Ok(found >= many)
    }

    fn line(&self, line: FirstsLine) -> LineRows<'c> {
        let line = line.of(self.to, self.key);
        LineRows::new(self.connection, line, split_from(self.totalled_from))
    }

    fn change(&self, changed: TotalChanges) -> rusqlite::Result<()> {
        for (line, changes) in FirstsLine::ALL.into_iter().zip(changed.firsts) {
            self.line(line).change(changes)?;
        }
        let noted = changed.removed.into_iter().zip(changed.added);
        for (counted, (removed, added)) in Counted::ALL.into_iter().zip(noted) {
            if removed.is_empty() && added.is_empty() {
                continue;
            }
            let mut tally = self.tally(counted)?;
            added.into_iter().for_each(|events| tally.add(events, 1));
            let mut removed = removed.into_iter();
            removed
                .try_for_each(|events| tally.remove(events))
                .map_err(of_blob)?;
            self.put_tally(counted, &tally)?;
        }
        Ok(())
    }

    fn tally(&self, counted: Counted) -> rusqlite::Result<Tally> {
        let sql = "SELECT tally FROM contributor_tallies WHERE key = ?1 AND line = ?2";
        let line = counted.code(self.to);
        let mut tally = self.connection.prepare_cached(sql)?;
        let bytes: Option<Vec<u8>> = tally
            .query_row([self.key, line], |row| row.get(0))
            .optional()?;
        let bytes = bytes.unwrap_or_default();
        Tally::from_bytes(&bytes).map_err(of_blob)
    }

    fn put_tally(&self, counted: Counted, tally: &Tally) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO contributor_tallies VALUES (?1, ?2, ?3)";
        let line = counted.code(self.to);
        let mut put = self.connection.prepare_cached(sql)?;
        put.execute(params![self.key, line, tally.to_bytes()])?;
        Ok(())
    }

    /// Makes all of it of the rows of `contributors`.
    fn make(&self) -> rusqlite::Result<()> {
        self.make_line(FirstsLine::People, PEOPLE_FIRST)?;
        self.make_line(FirstsLine::Bots, BOTS_FIRST)?;
        self.make_line(FirstsLine::Later, PEOPLE_LATER)?;
        self.make_tally(Counted::People, PEOPLE_COUNTS)?;
        self.make_tally(Counted::Everybody, ALL_COUNTS)
    }

    fn make_line(&self, line: FirstsLine, sql: &str) -> rusqlite::Result<()> {
        let mut firsts = self.connection.prepare_cached(sql)?;
        let entries = firsts.query_map([self.to, self.key], |row| row.get(0).map(entry_at))?;
        self.line(line).make(entries)
    }

    fn make_tally(&self, counted: Counted, sql: &str) -> rusqlite::Result<()> {
        let mut tally = Tally::default();
        let mut counts = self.connection.prepare_cached(sql)?;
        let mut counts = counts.query([self.to, self.key])?;
        while let Some(row) = counts.next()? {
            let (events, actors): (i64, i64) = (row.get(0)?, row.get(1)?);
            tally.add(events.unsigned_abs(), actors.unsigned_abs());
        }
        if tally.is_empty() {
            return Ok(());
        }
        self.put_tally(counted, &tally)
    }
}

/// SQLite sorts what does not fit into memory.
const PEOPLE_FIRST: &str = "SELECT first_at FROM contributors
    WHERE \"to\" = ?1 AND key = ?2 AND by_bot = 0 AND first_at IS NOT NULL ORDER BY first_at";

const BOTS_FIRST: &str = "SELECT b.first_at FROM contributors AS b
    LEFT JOIN contributors AS p
      ON p.\"to\" = ?1 AND p.key = ?2 AND p.actor = b.actor AND p.by_bot = 0
    WHERE b.\"to\" = ?1 AND b.key = ?2 AND b.by_bot = 1
      AND b.first_at < ifnull(p.first_at, b.first_at + 1) ORDER BY b.first_at";

const PEOPLE_LATER: &str = "SELECT p.first_at FROM contributors AS b
    CROSS JOIN contributors AS p
      ON p.\"to\" = ?1 AND p.key = ?2 AND p.actor = b.actor AND p.by_bot = 0
    WHERE b.\"to\" = ?1 AND b.key = ?2 AND b.by_bot = 1 AND b.first_at < p.first_at
    ORDER BY p.first_at";

const PEOPLE_COUNTS: &str = "SELECT events, count(*) FROM contributors
    WHERE \"to\" = ?1 AND key = ?2 AND by_bot = 0 GROUP BY events";

const ALL_COUNTS: &str = "SELECT events, count(*) FROM
    (SELECT sum(events) AS events FROM contributors WHERE \"to\" = ?1 AND key = ?2 GROUP BY actor)
    GROUP BY events";
