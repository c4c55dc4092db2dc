//! Repositories with more events than they usually have. Knows nothing about what the events are.
//!
//! Events in the window are counted by rows of the stretches within it, and one by one at its ends.
//! A repository's count in the window is compared with its counts in the windows of the same length
//! before it. Few repositories' pasts are read: no z-score exceeds its count, so that those with
//! fewer events than the last place's z-score cannot come in any more.

use std::cmp::{Ordering, Reverse};

use ghev_event::{EventKind, Timestamp};
use rusqlite::{ToSql, params_from_iter};

use super::by_key::ByKey;
use super::{Identity, Scope, ScopeKeys, Snapshot, Window};
use crate::RepoKey;
use crate::error::ReadError;
use crate::repo_counts::KindCode;
use crate::stored::{Kind, to_seconds_up};
use crate::sums::SummedScope;

/// How many windows before the window a repository's past is.
const BASELINE_WINDOWS: usize = 7;

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendingQuery {
    /// Any of these kinds; every kind where there are none.
    pub kinds: Vec<EventKind>,
    /// Where the window ends; the instant itself is not in it.
    pub to: Timestamp,
    /// How long the window and each of those before it are.
    pub window_seconds: u32,
}

impl TrendingQuery {
    /// From the first of the windows that are compared to the end of the last.
    pub fn span(&self) -> Window {
        let windows = i64::try_from(BASELINE_WINDOWS + 1).unwrap_or(i64::MAX);
        let millis = (i64::from(self.window_seconds) * 1000).saturating_mul(windows);
        Window {
            from: Some(Timestamp::from_millis(
                self.to.as_millis().saturating_sub(millis),
            )),
            to: Some(self.to),
            ..Window::default()
        }
    }
}

/// Repositories with more events than they usually have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trending {
    /// The repositories with an event in the window: by z-score, then by count, both descending,
    /// then by number, those without one last.
    pub repos: Vec<TrendingRepo>,
    /// All events in the window, of whatever repository.
    pub events: u64,
}

/// A repository beside its own past.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendingRepo {
    /// GitHub's number, where events gave one.
    pub id: Option<u64>,
    /// The name in the newest event.
    pub name: Option<String>,
    /// Events in the window.
    pub count: u64,
    /// Mean count of the windows before.
    pub baseline_mean: f64,
    /// Population standard deviation of those counts.
    pub baseline_deviation: f64,
    /// (count - mean) / max(deviation, 1).
    pub z_score: f64,
}

/// A place in the order.
#[derive(Debug, Clone, Copy)]
struct Ranked {
    key: i64,
    count: u64,
    past: Past,
}

/// What a repository's past comes to.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    sum: u64,
    sum_of_squares: u64,
}

impl Past {
    fn of(counts: [u64; BASELINE_WINDOWS]) -> Self {
        Self {
            sum: counts.iter().sum(),
            sum_of_squares: counts.iter().map(|count| count * count).sum(),
        }
    }

    fn mean(self) -> f64 {
        float(self.sum) / WINDOWS
    }

    /// The root of 49 times the variance, which is a whole number, is 7 times the deviation.
    fn deviation(self) -> f64 {
        let windows = BASELINE_WINDOWS as u64;
        float(windows * self.sum_of_squares - self.sum * self.sum).sqrt() / WINDOWS
    }
}

const WINDOWS: f64 = 7.0;

impl Ranked {
    fn z_score(&self) -> f64 {
        // One division of whole numbers, so that equal scores are equal.
        let distance = (WINDOWS * float(self.count) - float(self.past.sum)) / WINDOWS;
        distance / self.past.deviation().max(1.0)
    }

    /// The one that comes first is less.
    fn order(&self, other: &Self) -> Ordering {
        let scores = other.z_score().total_cmp(&self.z_score());
        let counts = other.count.cmp(&self.count);
        let numbers = (self.key < 0, self.key).cmp(&(other.key < 0, other.key));
        scores.then(counts).then(numbers)
    }
}

impl Snapshot<'_> {
    /// The repositories that stand out most in a window. At most `limit`. Events without a
    /// repository are of none.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn trending(&self, query: &TrendingQuery, limit: usize) -> Result<Trending, ReadError> {
        let to = to_seconds_up(query.to);
        let from = to.saturating_sub(i64::from(query.window_seconds));
        let mut counted = self.counts_by_repo(&query.kinds, from, to)?;
        let events = counted.iter().map(|(_, count)| count).sum();
        counted.sort_unstable_by_key(|&(_, count)| Reverse(count));
        let mut ranked: Vec<Ranked> = Vec::new();
        for (key, count) in counted {
            let full = limit > 0 && ranked.len() == limit;
            let last = ranked.last().filter(|_| full);
            if limit == 0 || last.is_some_and(|last| float(count) < last.z_score()) {
                break;
            }
            let past = self.past(key, query, from)?;
            let found = Ranked { key, count, past };
            let at = ranked.partition_point(|other| other.order(&found) == Ordering::Less);
            ranked.insert(at, found);
            ranked.truncate(limit);
        }
        let repos = ranked.iter().map(|ranked| self.trending_repo(ranked));
        Ok(Trending {
            repos: repos.collect::<Result<_, _>>()?,
            events,
        })
    }

    fn counts_by_repo(
        &self,
        kinds: &[EventKind],
        from: i64,
        to: i64,
    ) -> Result<Vec<(i64, u64)>, ReadError> {
        let codes: Vec<KindCode> = kinds.iter().map(KindCode::of).collect();
        let mut counts = ByKey::default();
        // Rows do not tell kinds from another that are not known.
        let rest = if self.has_repo_counts() && !codes.iter().any(|code| code.is_other()) {
            self.tell_repos((from, to), |repo, kind, events| {
                if codes.is_empty() || codes.contains(&kind) {
                    counts.add(repo, events);
                }
            })?
        } else {
            vec![[from, to]]
        };
        let mut statement = self.prepare(&window_sql(kinds.len()))?;
        for span in rest {
            let mut rows = statement.query(params_from_iter(values(span, kinds)))?;
            while let Some(row) = rows.next()? {
                counts.add(row.get(0)?, 1);
            }
        }
        Ok(counts.sums())
    }

    /// A repository's counts in the windows that end at `to`, one before the other.
    fn past(&self, key: i64, query: &TrendingQuery, to: i64) -> Result<Past, ReadError> {
        let window = i64::from(query.window_seconds).max(1);
        let length = i64::try_from(BASELINE_WINDOWS).map_or(0, |windows| windows * window);
        let from = to.saturating_sub(length);
        let mut counts = [0; BASELINE_WINDOWS];
        if self.has_sums_of(SummedScope::Repo.table(), key)? {
            for (from, count) in (0..).map(|at| from + at * window).zip(&mut counts) {
                *count = self.count_of_repo(key, &query.kinds, [from, from + window])?;
            }
            return Ok(Past::of(counts));
        }
        let mut statement = self.prepare(&past_sql(query.kinds.len()))?;
        let mut rows = statement.query(params_from_iter(values([key, from, to], &query.kinds)))?;
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(0)?;
            let place = usize::try_from((at - from) / window);
            let count = place.ok().and_then(|place| counts.get_mut(place));
            *count.expect("the windows cover what is read") += 1;
        }
        Ok(Past::of(counts))
    }

    /// A repository's events of some kinds in a stretch of seconds.
    fn count_of_repo(
        &self,
        key: i64,
        kinds: &[EventKind],
        span: [i64; 2],
    ) -> Result<u64, ReadError> {
        let [from, to] = span.map(|second| Some(Timestamp::from_seconds(second)));
        let window = Window {
            from,
            to,
            ..Window::EVERYTHING
        };
        let scope = Scope::Repo(keys_of(key));
        let counts = self.event_counts(&scope, &window)?;
        if kinds.is_empty() {
            return Ok(counts.total());
        }
        let of_kinds = counts.iter().filter(|(kind, _)| kinds.contains(kind));
        Ok(of_kinds.map(|(_, events)| events).sum())
    }

    fn trending_repo(&self, ranked: &Ranked) -> Result<TrendingRepo, ReadError> {
        let keys = keys_of(ranked.key);
        let identity: Option<Identity> = self.repo_identity(&keys)?;
        Ok(TrendingRepo {
            id: RepoKey::from_sql(ranked.key)
                .id()
                .map(ghev_event::RepoId::get),
            name: identity.and_then(|identity| identity.name),
            count: ranked.count,
            baseline_mean: ranked.past.mean(),
            baseline_deviation: ranked.past.deviation(),
            z_score: ranked.z_score(),
        })
    }
}

fn keys_of(key: i64) -> ScopeKeys<RepoKey> {
    ScopeKeys {
        numbered: Some(RepoKey::from_sql(key)),
        named: None,
    }
}

fn values<const N: usize>(numbers: [i64; N], kinds: &[EventKind]) -> Vec<Box<dyn ToSql>> {
    let numbers = numbers.map(|number| Box::new(number) as Box<dyn ToSql>);
    let kinds = kinds.iter().cloned().map(Kind);
    let kinds = kinds.map(|kind| Box::new(kind) as Box<dyn ToSql>);
    numbers.into_iter().chain(kinds).collect()
}

/// The kind is only compared: its index would lead through all time.
fn of_kinds(kinds: usize) -> String {
    if kinds == 0 {
        return String::new();
    }
    format!("AND +kind IN ({})", vec!["?"; kinds].join(", "))
}

pub(super) fn window_sql(kinds: usize) -> String {
    format!(
        "SELECT repo FROM events
         WHERE created_at >= ? AND created_at < ? {} AND +repo IS NOT NULL",
        of_kinds(kinds)
    )
}

pub(super) fn past_sql(kinds: usize) -> String {
    format!(
        "SELECT created_at FROM events
         WHERE repo = ? AND created_at >= ? AND created_at < ? {}",
        of_kinds(kinds)
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of events, and their squares, are far below 2^53"
)]
const fn float(number: u64) -> f64 {
    number as f64
}
