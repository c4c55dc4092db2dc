//! Repositories with more events than they usually have.

use ghev_readmodel::{Coverage, Snapshot, Trending, TrendingRepo, Window};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::{AsOfView, CoverageView, NamedView, Time, TimeAxisView, View, WindowView, records_of};

/// Repositories with more events than they usually have.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Trending")]
pub(crate) struct TrendingView {
    /// The first instant of the window.
    from: Option<Time>,
    /// The first instant after the window.
    to: Option<Time>,
    /// Which time of an event counts: always `created_at`.
    by: TimeAxisView,
    /// How long the window is, and each of the seven before it that it is compared with.
    window_seconds: u32,
    /// Repositories with an event in the window: the highest z-score first, then the highest count,
    /// then the lowest number.
    repos: Vec<TrendingRepoView>,
    /// Events in the window, of all repositories.
    sample_size: u64,
    /// The state of the read model this is of.
    as_of: AsOfView,
    /// How complete it is.
    coverage: CoverageView,
}

/// A repository beside its own past.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrendingRepo")]
pub(crate) struct TrendingRepoView {
    /// The repository.
    repo: NamedView,
    /// Its events in the window.
    count: u64,
    /// Their mean number in the seven windows before.
    baseline_mean: f64,
    /// The population standard deviation of those numbers.
    baseline_deviation: f64,
    /// (count - mean) / max(deviation, 1).
    z_score: f64,
}

impl From<TrendingRepo> for TrendingRepoView {
    fn from(repo: TrendingRepo) -> Self {
        Self {
            repo: NamedView {
                id: repo.id,
                name: repo.name,
            },
            count: repo.count,
            baseline_mean: repo.baseline_mean,
            baseline_deviation: repo.baseline_deviation,
            z_score: repo.z_score,
        }
    }
}

impl TrendingView {
    pub(crate) fn new(
        snapshot: &Snapshot<'_>,
        window: &Window,
        window_seconds: u32,
        trending: Trending,
        coverage: Coverage,
    ) -> Self {
        let WindowView { from, to, by } = window.into();
        Self {
            from,
            to,
            by,
            window_seconds,
            repos: trending.repos.into_iter().map(Into::into).collect(),
            sample_size: trending.events,
            as_of: snapshot.as_of().into(),
            coverage: coverage.into(),
        }
    }
}

impl View for TrendingView {
    const COLUMNS: &'static [&'static str] = &[
        "repo.id",
        "repo.name",
        "count",
        "baseline_mean",
        "baseline_deviation",
        "z_score",
    ];

    fn records(&self) -> Vec<Json> {
        records_of(&self.repos)
    }
}
