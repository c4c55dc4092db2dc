//! Repositories with more events than they usually have.

use ghev_readmodel::{Trending, TrendingRepo, Window};
use schemars::JsonSchema;
use serde::Serialize;

use super::pictures::span;
use super::{NamedView, Records, StateView, View, WindowView};
use crate::picture::{Bar, Drawing, Picture, grouped};

/// Repositories with more events than they usually have.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Trending")]
pub(crate) struct TrendingView {
    #[serde(flatten)]
    window: WindowView,
    /// How long the window is, and each of the seven before it that it is compared with.
    window_seconds: u32,
    /// Repositories with an event in the window: the highest z-score first, then the highest count,
    /// then the lowest number.
    repos: Vec<TrendingRepoView>,
    /// Events in the window, of all repositories.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
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
        window: &Window,
        window_seconds: u32,
        trending: Trending,
        state: StateView,
    ) -> Self {
        Self {
            window: window.into(),
            window_seconds,
            repos: trending.repos.into_iter().map(Into::into).collect(),
            sample_size: trending.events,
            state,
        }
    }
}

/// How many repositories a picture has room for.
const BARS_MAX: usize = 20;

impl View for TrendingView {
    const PICTURED: bool = true;

    fn picture(&self, _: &str) -> Option<Picture> {
        let span = span(&self.window);
        let first = self.repos.iter().take(BARS_MAX);
        let bars = first.map(|entry| {
            let name = entry.repo.name.as_deref().unwrap_or("without a name");
            let (z_score, events) = (entry.z_score, grouped(entry.count));
            Bar {
                label: name.to_owned(),
                value: z_score,
                shown: format!("{z_score:.1} ({events} events)"),
            }
        });
        let most = self
            .repos
            .first()
            .and_then(|entry| entry.repo.name.as_deref());
        Some(Picture {
            title: "Trending repositories".to_owned(),
            summary: format!(
                "Repositories that stand out from their own past {span}, first {}",
                most.unwrap_or("none")
            ),
            drawing: Drawing::Bars {
                unit: "z-score against the seven windows before".to_owned(),
                bars: bars.collect(),
            },
        })
    }

    const COLUMNS: &'static [&'static str] = &[
        "repo.id",
        "repo.name",
        "count",
        "baseline_mean",
        "baseline_deviation",
        "z_score",
    ];

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.repos)
    }
}
