//! What is asked of the read model. Knows nothing about how it is shown.

use std::collections::BTreeMap;

use ghev_event::{EventKind, KnownKind, Timestamp};
use ghev_readmodel::{
    ActivityMatrix, Coverage, EventCounts, EventFilter, EventRow, EventSeries, GapRow,
    PullRequestAction, PullRequestInterval, Scope, SeriesInterval, Status, TimeAxis, Trending,
    TrendingQuery, Window,
};

use super::spread::Spread;
use crate::freshness::Lag;
use crate::handlers::Ask;
use crate::parameters::{FullName, parameters};
use crate::problem::{Code, Problem};

const LATEST_EVENTS: usize = 20;
const TRENDING_REPOS: usize = 10;
const LATEST_GAPS: usize = 5;

/// Pull requests that the spread is made of at most, the newest.
const SPREAD_PULL_REQUESTS: usize = 1000;

const HOUR_SECONDS: i64 = 3600;
const DAY_SECONDS: u32 = 86_400;
const MATRIX_DAYS: i64 = 28;

parameters! {
    /// What the page shows beside everybody's events.
    pub(crate) struct DashboardParameters {
        /// The repository whose pull requests are shown, `OWNER/NAME` in any case.
        repo = "repo": Option<FullName>,
    }
}

/// Everything that the page shows, of one state of the read model.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(super) now: Timestamp,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) lag: Lag,
    pub(super) stale: Option<String>,
    pub(super) status: Status,
    pub(super) coverage: Coverage,
    pub(super) ten_minutes: u64,
    pub(super) hour: EventCounts,
    pub(super) all: EventCounts,
    pub(super) day: EventSeries,
    pub(super) latest: Vec<EventRow>,
    pub(super) trending: Trending,
    pub(super) matrix: ActivityMatrix,
    pub(super) gaps: Vec<GapRow>,
    pub(super) repo: Option<RepoFigures>,
}

/// What the page shows of one repository.
#[derive(Debug)]
pub(super) struct RepoFigures {
    /// As it was asked for, or as it is called now.
    pub(super) name: String,
    /// Nothing where it was never seen.
    pub(super) seen: Option<(PullRequestInterval, Spread)>,
}

impl Figures {
    /// Asks for all of it.
    ///
    /// # Errors
    /// As any question: the deadline, or a read model that fails.
    pub(crate) fn of(ask: &Ask<'_>, parameters: &DashboardParameters) -> Result<Self, Problem> {
        let (snapshot, all) = (ask.snapshot, Scope::All);
        let as_of = snapshot.as_of();
        let lag = ask.freshness.lag(as_of, ask.now);
        let last = |seconds: i64| last(ask.now, seconds);
        let trending = TrendingQuery {
            kinds: Vec::new(),
            to: Timestamp::from_seconds(ask.now.as_seconds()),
            window_seconds: DAY_SECONDS,
        };
        let day_seconds = i64::from(DAY_SECONDS);
        let day = snapshot.event_series(&all, &last(day_seconds), SeriesInterval::Hour)?;
        Ok(Self {
            now: ask.now,
            observed_at: as_of.observed_at,
            stale: ask.freshness.stale(&lag),
            lag,
            status: snapshot.status()?,
            coverage: snapshot.coverage(&all, &last(day_seconds))?,
            ten_minutes: snapshot.event_counts(&all, &last(600))?.total(),
            hour: snapshot.event_counts(&all, &last(HOUR_SECONDS))?,
            all: snapshot.event_counts(&all, &Window::EVERYTHING)?,
            day,
            latest: snapshot
                .events(&EventFilter::default(), None, LATEST_EVENTS)?
                .events,
            trending: snapshot.trending(&trending, TRENDING_REPOS)?,
            matrix: snapshot.activity_matrix(&all, &last(MATRIX_DAYS * day_seconds))?,
            gaps: snapshot.gaps(LATEST_GAPS, None)?,
            repo: match &parameters.repo {
                Some(FullName(name)) => Some(repo(ask, name)?),
                None => None,
            },
        })
    }
}

/// The window of the last seconds, ending with the current whole second.
fn last(now: Timestamp, seconds: i64) -> Window {
    let to = now.as_seconds();
    Window {
        from: Some(Timestamp::from_seconds(to - seconds)),
        to: Some(Timestamp::from_seconds(to)),
        by: TimeAxis::CreatedAt,
    }
}

fn repo(ask: &Ask<'_>, name: &str) -> Result<RepoFigures, Problem> {
    let snapshot = ask.snapshot;
    let keys = match crate::parameters::known_repo(snapshot, name) {
        Ok(keys) => keys,
        Err(problem) if problem.code == Code::UnknownRepository => {
            let (name, seen) = (name.to_owned(), None);
            return Ok(RepoFigures { name, seen });
        }
        Err(problem) => return Err(problem),
    };
    let identity = snapshot.repo_identity(&keys)?;
    let scope = Scope::Repo(keys);
    let action = PullRequestAction::Opened;
    let interval = snapshot.pull_request_interval(&scope, &Window::EVERYTHING, action)?;
    let opened = EventFilter {
        kinds: vec![EventKind::from_name(KnownKind::PullRequest.name())],
        actions: vec!["opened".to_owned()],
        repo: Some(keys),
        ..EventFilter::default()
    };
    let page = snapshot.events(&opened, None, SPREAD_PULL_REQUESTS)?;
    // The earliest of each counts, however often it was opened.
    let mut by_number = BTreeMap::new();
    for event in &page.events {
        if let (Some(number), Some(at)) = (event.number, event.created_at) {
            let earliest = by_number.entry(number).or_insert(at);
            *earliest = at.min(*earliest);
        }
    }
    let name = identity.and_then(|identity| identity.name);
    Ok(RepoFigures {
        name: name.unwrap_or_else(|| "(a repository without a name)".to_owned()),
        seen: Some((interval, Spread::of(by_number.into_values().collect()))),
    })
}
