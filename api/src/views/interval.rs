//! The time between pull requests.

use ghev_readmodel::{PullRequestInterval, Window};
use schemars::JsonSchema;
use serde::Serialize;

use super::pictures::span;
use super::{NamedView, StateView, Time, View, WindowView};
use crate::picture::{Bar, Drawing, Picture, duration, grouped};

/// The time between consecutive pull requests of a repository. Where the scope is wider the gaps
/// are within each repository, pooled.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PullRequestInterval")]
pub(crate) struct PullRequestIntervalView {
    /// The repository, where the scope is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<NamedView>,
    #[serde(flatten)]
    window: WindowView,
    /// Which event dates a pull request: its earliest `opened`, or its earliest of `any` action.
    action: String,
    /// Pull requests in the window.
    sample_size: u64,
    /// Mean gap in seconds; null for fewer than two pull requests.
    mean_seconds: Option<f64>,
    /// Median gap in seconds.
    p50_seconds: Option<f64>,
    /// 90th percentile of the gaps in seconds.
    p90_seconds: Option<f64>,
    /// The shortest gap in seconds.
    min_seconds: Option<f64>,
    /// The longest gap in seconds.
    max_seconds: Option<f64>,
    /// When the first pull request in the window was opened.
    first_at: Option<Time>,
    /// When the last one was.
    last_at: Option<Time>,
    #[serde(flatten)]
    state: StateView,
}

impl PullRequestIntervalView {
    pub(crate) fn new(
        repo: Option<NamedView>,
        window: &Window,
        action: String,
        interval: &PullRequestInterval,
        state: StateView,
    ) -> Self {
        let gaps = &interval.gaps;
        Self {
            repo,
            window: window.into(),
            action,
            sample_size: interval.sample_size,
            mean_seconds: gaps.mean_seconds,
            p50_seconds: gaps.p50_seconds,
            p90_seconds: gaps.p90_seconds,
            min_seconds: gaps.min_seconds,
            max_seconds: gaps.max_seconds,
            first_at: interval.first_at.map(Time),
            last_at: interval.last_at.map(Time),
            state,
        }
    }
}

impl View for PullRequestIntervalView {
    const COLUMNS: &'static [&'static str] = &[
        "repo.id",
        "repo.name",
        "from",
        "to",
        "action",
        "sample_size",
        "mean_seconds",
        "p50_seconds",
        "p90_seconds",
        "min_seconds",
        "max_seconds",
        "first_at",
        "last_at",
    ];

    const PICTURED: bool = true;

    fn picture(&self, whose: &str) -> Option<Picture> {
        let named = self.repo.as_ref().and_then(|repo| repo.name.as_deref());
        let whose = named.unwrap_or(whose);
        let gaps = [
            ("shortest", self.min_seconds),
            ("median", self.p50_seconds),
            ("mean", self.mean_seconds),
            ("90th percentile", self.p90_seconds),
            ("longest", self.max_seconds),
        ];
        let bars = gaps.iter().filter_map(|(label, seconds)| {
            let seconds = (*seconds)?;
            Some(Bar {
                label: (*label).to_owned(),
                value: seconds / 3600.0,
                shown: duration(seconds),
            })
        });
        let (span, opened) = (span(&self.window), grouped(self.sample_size));
        let mean = self
            .mean_seconds
            .map_or_else(|| "unknown".to_owned(), duration);
        Some(Picture {
            title: format!("Time between pull requests: {whose}"),
            summary: format!("{opened} pull requests of {whose} {span}; mean interval {mean}"),
            drawing: Drawing::Bars {
                unit: format!("hours between pull requests {span}"),
                bars: bars.collect(),
            },
        })
    }
}
