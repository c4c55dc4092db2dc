//! What all who have ever contributed come to, as the writer keeps it of everybody and of those with many
//! contributors. Knows nothing about who contributed in a window.

use super::absence::fewest;
use super::contributors::Firsts;
use super::{Bots, Contributors, Scope, Snapshot};
use crate::Projection;
use crate::changes::ContributedTo;
use crate::contributor_totals::{Counted, FirstsLine, Tally};
use crate::error::ReadError;

/// The version of the projection since which there are totals.
const TOTALS: i64 = 2;

/// Whose totals: what is contributed to, and its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TotalsOf {
    to: i64,
    key: i64,
}

impl Snapshot<'_> {
    /// Whose totals are those of a scope: nobody's where it has few contributors, or where both of its keys have
    /// some, who may be the same.
    pub(super) fn totals_of(&self, scope: &Scope) -> Result<Option<TotalsOf>, ReadError> {
        if !self.has(Projection::Contributors, TOTALS) {
            return Ok(None);
        }
        let to: Vec<ContributedTo> = match scope {
            Scope::All => vec![ContributedTo::All],
            Scope::Repo(keys) => keys.iter().map(ContributedTo::Repo).collect(),
            Scope::Org(keys) => keys.iter().map(ContributedTo::Org).collect(),
            Scope::Actor(_) => return Ok(None),
        };
        let mut found = None;
        for (to, key) in to.into_iter().map(ContributedTo::to_sql) {
            let has_contributors: bool =
                self.prepare(ANY)?.query_row([to, key], |row| row.get(0))?;
            if has_contributors && found.replace(TotalsOf { to, key }).is_some() {
                return Ok(None);
            }
        }
        let Some(of) = found else {
            return Ok(None);
        };
        let has_totals: bool = self
            .prepare(HAS_TOTALS)?
            .query_row([of.key, Counted::Everybody.code(of.to)], |row| row.get(0))?;
        Ok(has_totals.then_some(of))
    }

    /// Everybody who has ever contributed: all are new, and none is gone.
    pub(super) fn contributors_ever(
        &self,
        of: TotalsOf,
        bots: Bots,
    ) -> Result<Contributors, ReadError> {
        let counted = match bots {
            Bots::Exclude => Counted::People,
            Bots::Include => Counted::Everybody,
        };
        let mut statement = self.prepare(TALLY)?;
        let mut rows = statement.query([of.key, counted.code(of.to)])?;
        let Some(row) = rows.next()? else {
            return Ok(Contributors::default());
        };
        let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let tally = Tally::from_bytes(bytes).map_err(ReadError::of_blob)?;
        let active = tally.descending().map(|(_, actors)| actors).sum();
        let made = tally.descending().map(|(made, actors)| made * actors);
        let contributions = made.sum();
        Ok(Contributors {
            active,
            new: active,
            inactive: 0,
            absence_factor: fewest(contributions, tally.descending()),
            contributions,
        })
    }

    /// How many actors contributed first before `[from, to)` seconds, and in it.
    pub(super) fn firsts_by_line(
        &self,
        of: TotalsOf,
        (from, to): (i64, i64),
        bots: Bots,
    ) -> Result<Firsts, ReadError> {
        let came = |span| -> Result<i64, ReadError> {
            let came = |line: FirstsLine| -> Result<i64, ReadError> {
                let entries = self.count_in_line(line.of(of.to, of.key), span)?;
                Ok(entries.cast_signed())
            };
            let people = came(FirstsLine::People)?;
            match bots {
                Bots::Exclude => Ok(people),
                Bots::Include => Ok(people + came(FirstsLine::Bots)? - came(FirstsLine::Later)?),
            }
        };
        // Within a window the lines may take somebody away who was added before it.
        let before = came((i64::MIN, from))?;
        let by_end = before + came((from, to))?;
        Ok(Firsts {
            before: before.unsigned_abs(),
            within: (by_end - before).unsigned_abs(),
        })
    }
}

pub(super) const ANY: &str =
    "SELECT EXISTS (SELECT 1 FROM contributors WHERE \"to\" = ?1 AND key = ?2)";

pub(super) const HAS_TOTALS: &str =
    "SELECT EXISTS (SELECT 1 FROM contributor_tallies WHERE key = ?1 AND line = ?2)";

pub(super) const TALLY: &str = "SELECT tally FROM contributor_tallies WHERE key = ?1 AND line = ?2";
