//! Who contributes. Knows nothing about what a contribution is worth.
//!
//! Who is active is counted from the events of the window; who is new or gone, from the first
//! contribution that each has ever made in the scope. A contribution without an actor is
//! nobody's, and one under a bot's login that bot's, whatever else the account is called.

use rusqlite::{params, params_from_iter};
use rustc_hash::FxHashMap;

use super::{Bots, Scope, ScopeKeys, Snapshot, Window};
use crate::changes::{CONTRIBUTION_KINDS, ContributedTo};
use crate::error::ReadError;
use crate::schema;
use crate::stored::{Flags, UNDATED};

/// Who contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contributors {
    /// Actors with a contribution in the window.
    pub active: u64,
    /// Of those, whose first ever in this scope lies in the window.
    pub new: u64,
    /// Actors with a contribution before the window, and none in it.
    pub inactive: u64,
    /// The fewest actors who made half of the window's contributions; `None` where there are none.
    pub absence_factor: Option<u64>,
    /// Contributions in the window.
    pub contributions: u64,
}

/// What is known of somebody in a scope, whatever the window.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Seconds, or [`UNDATED`] where no contribution has a time.
    first_at: i64,
    contributions: u64,
}

type ByActor<T> = FxHashMap<i64, T>;

impl Snapshot<'_> {
    /// Who contributes to a scope, in a window, which is always one of `created_at`. What an actor
    /// contributes is not of the scope of another actor, so that [`Scope::Actor`] has none.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn contributors(
        &self,
        scope: &Scope,
        window: &Window,
        bots: Bots,
    ) -> Result<Contributors, ReadError> {
        self.requires(schema::THREADS)?;
        if matches!(scope, Scope::Actor(_)) {
            return Ok(Contributors::default());
        }
        let ever = self.contributors_ever(scope, bots)?;
        let (from, to) = window.seconds();
        let active = if window.is_everything() {
            let all = ever
                .iter()
                .map(|(&actor, seen)| (actor, seen.contributions));
            all.collect()
        } else {
            self.contributions_in(scope, from, to, bots)?
        };
        let began_before = |seen: &Seen| seen.first_at != UNDATED && seen.first_at < from;
        let known_before = ever.values().filter(|seen| began_before(seen)).count();
        let still_here = active
            .keys()
            .filter(|actor| ever.get(actor).is_some_and(began_before));
        let old = still_here.count();
        Ok(Contributors {
            active: active.len() as u64,
            new: (active.len() - old) as u64,
            inactive: known_before.saturating_sub(old) as u64,
            absence_factor: absence_factor(active.values().copied().collect()),
            contributions: active.values().sum(),
        })
    }

    /// Everybody who has ever contributed to a scope.
    fn contributors_ever(&self, scope: &Scope, bots: Bots) -> Result<ByActor<Seen>, ReadError> {
        let mut ever: ByActor<Seen> = FxHashMap::default();
        let mut statement = self.prepare(EVER)?;
        for to in contributed_to(scope) {
            let (to, key) = to.to_sql();
            let mut rows = statement.query(params![to, key, bots == Bots::Include])?;
            while let Some(row) = rows.next()? {
                let first_at: Option<i64> = row.get(1)?;
                let seen = Seen {
                    first_at: first_at.unwrap_or(UNDATED),
                    contributions: row.get::<_, i64>(2)?.unsigned_abs(),
                };
                let known = ever.entry(row.get(0)?).or_insert(Seen {
                    contributions: 0,
                    ..seen
                });
                known.first_at = earlier(known.first_at, seen.first_at);
                known.contributions += seen.contributions;
            }
        }
        Ok(ever)
    }

    /// How often each has contributed in `[from, to)` seconds.
    fn contributions_in(
        &self,
        scope: &Scope,
        from: i64,
        to: i64,
        bots: Bots,
    ) -> Result<ByActor<u64>, ReadError> {
        let mut active: ByActor<u64> = FxHashMap::default();
        let mut add = |sql: &str, of: &[i64]| -> Result<(), ReadError> {
            let mut statement = self.prepare(sql)?;
            let mut rows = statement.query(params_from_iter(of))?;
            while let Some(row) = rows.next()? {
                let flags = Flags::from_sql(row.get(1)?);
                if bots == Bots::Include || !flags.by_bot {
                    *active.entry(row.get(0)?).or_default() += 1;
                }
            }
            Ok(())
        };
        match scope.sql() {
            None => add(&window_sql(None), &[from, to])?,
            Some(scope) => {
                let sql = window_sql(Some(scope.column));
                for &key in &scope.keys {
                    add(&sql, &[from, to, key])?;
                }
            }
        }
        Ok(active)
    }
}

pub(super) const EVER: &str = "SELECT actor, first_at, events FROM contributors
    WHERE \"to\" = ?1 AND key = ?2 AND by_bot <= ?3";

/// The kinds are only compared: the index tells which rows need not be read.
pub(super) fn window_sql(column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND {column} = ?3"));
    let kinds = CONTRIBUTION_KINDS
        .map(|kind| kind.code().to_string())
        .join(", ");
    format!(
        "SELECT actor, flags FROM events
         WHERE created_at >= ?1 AND created_at < ?2 {of_scope} AND +kind IN ({kinds})
           AND +actor IS NOT NULL"
    )
}

fn contributed_to(scope: &Scope) -> Vec<ContributedTo> {
    fn each<K: Copy>(keys: &ScopeKeys<K>, to: fn(K) -> ContributedTo) -> Vec<ContributedTo> {
        keys.iter().map(to).collect()
    }
    match scope {
        Scope::All => vec![ContributedTo::All],
        Scope::Repo(keys) => each(keys, ContributedTo::Repo),
        Scope::Org(keys) => each(keys, ContributedTo::Org),
        Scope::Actor(_) => Vec::new(),
    }
}

fn earlier(a: i64, b: i64) -> i64 {
    match (a, b) {
        (UNDATED, known) | (known, UNDATED) => known,
        (a, b) => a.min(b),
    }
}

/// The fewest whose contributions reach half of all.
fn absence_factor(mut contributions: Vec<u64>) -> Option<u64> {
    let total: u64 = contributions.iter().sum();
    contributions.sort_unstable_by(|a, b| b.cmp(a));
    let mut made = 0;
    for (actors, contributed) in (1..).zip(contributions) {
        made += contributed;
        if 2 * made >= total {
            return Some(actors);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_contributions_is_enough() {
        assert_eq!(absence_factor(vec![]), None);
        assert_eq!(absence_factor(vec![7]), Some(1));
        assert_eq!(absence_factor(vec![1, 2, 1]), Some(1));
        assert_eq!(absence_factor(vec![1, 1, 1]), Some(2));
        assert_eq!(absence_factor(vec![2, 2, 2, 2]), Some(2));
    }

    #[test]
    fn the_kinds_stand_in_the_text_by_their_numbers() {
        assert!(window_sql(None).contains("(0, 6, 7, 10, 11, 12, 13)"));
    }
}
