//! What happened, and when in the week.

use ghev_readmodel::{Activity, ActivityMatrix, Window};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::pictures::span;
use super::{Records, StateView, View, WindowView};
use crate::picture::{Drawing, Picture, grouped};

/// What happened. All of it was seen, and more may have happened unseen: lower bounds.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Activity")]
pub(crate) struct ActivityView {
    #[serde(flatten)]
    window: WindowView,
    /// Stars gained; GitHub does not tell of those that are taken back.
    stars: u64,
    /// Forks made.
    forks: u64,
    /// Releases published.
    releases: u64,
    /// Pushes.
    pushes: u64,
    /// Commits of those pushes that say how many they have; null where there are pushes and none
    /// says it.
    commits: Option<u64>,
    /// Pushes that say how many commits they have.
    pushes_with_size: u64,
    /// All events in the window, of these and other types.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

impl ActivityView {
    pub(crate) fn new(window: &Window, activity: &Activity, state: StateView) -> Self {
        Self {
            window: window.into(),
            stars: activity.stars,
            forks: activity.forks,
            releases: activity.releases,
            pushes: activity.pushes,
            commits: activity.commits,
            pushes_with_size: activity.pushes_with_size,
            sample_size: activity.events,
            state,
        }
    }
}

impl View for ActivityView {
    const COLUMNS: &'static [&'static str] = &[
        "from",
        "to",
        "stars",
        "forks",
        "releases",
        "pushes",
        "commits",
        "pushes_with_size",
        "sample_size",
    ];
}

/// Events by weekday and hour, in UTC.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ActivityMatrix")]
pub(crate) struct ActivityMatrixView {
    #[serde(flatten)]
    window: WindowView,
    /// A row for each weekday, Monday first, of the events in each of its 24 hours.
    matrix: [[u64; 24]; 7],
    /// All events in it together.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

impl ActivityMatrixView {
    pub(crate) fn new(window: &Window, matrix: ActivityMatrix, state: StateView) -> Self {
        Self {
            window: window.into(),
            sample_size: matrix.total(),
            matrix: matrix.rows,
            state,
        }
    }
}

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl View for ActivityMatrixView {
    const COLUMNS: &'static [&'static str] = &["weekday", "hour", "count"];
    const PICTURED: bool = true;

    fn picture(&self, whose: &str) -> Option<Picture> {
        let (span, total) = (span(&self.window), grouped(self.sample_size));
        Some(Picture {
            title: format!("Events by weekday and hour: {whose}"),
            summary: format!("{total} events of {whose} {span}, by weekday and hour in UTC"),
            drawing: Drawing::Week(Box::new(self.matrix)),
        })
    }

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        for (weekday, hours) in WEEKDAYS.iter().zip(&self.matrix) {
            for (hour, count) in hours.iter().enumerate() {
                into.take(&json!({ "weekday": weekday, "hour": hour, "count": count }))?;
            }
        }
        Ok(())
    }
}
