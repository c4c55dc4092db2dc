//! What activity adds up of single events: releases published, and the commits of pushes that say how
//! many they have. Knows nothing about windows.

use std::collections::BTreeMap;

use ghev_event::{Event, EventKind, KnownKind, Timestamp};

use crate::stored::{HOUR_SECONDS, MINUTE_SECONDS};

/// Since 2015-01-01 releases name their action; before, in the Timeline schema, they do not.
const ACTIONS_SINCE_SECONDS: i64 = 1_420_070_400;

/// No history has more commits. A payload may claim what it likes, and the sum must not overflow a
/// column: there it ends, in whatever order it is added up.
const COMMITS_MAX: u64 = i64::MAX.cast_unsigned();

/// Sums by hour and minute.
#[derive(Debug, Clone, Default)]
pub struct ActivitySums {
    /// By hour since 1970, by `created_at`; events without a time under `None`.
    pub(crate) hours: BTreeMap<Option<i64>, ActivitySum>,
    /// By minute since 1970, likewise; events without a time are in none.
    pub(crate) minutes: BTreeMap<i64, ActivitySum>,
}

/// What some events add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ActivitySum {
    /// Releases published.
    pub(crate) releases: u64,
    /// Commits of the pushes that say how many they have.
    pub(crate) commits: u64,
    /// These pushes.
    pub(crate) pushes_with_size: u64,
}

impl ActivitySums {
    /// Adds an event, if it is a push with a size or a release that was published.
    pub fn see(&mut self, event: &Event<'_>) {
        let Some(sum) = ActivitySum::of(event) else {
            return;
        };
        let seconds = event.created_at.map(Timestamp::as_seconds);
        let hour = seconds.map(|seconds| seconds.div_euclid(HOUR_SECONDS));
        self.hours.entry(hour).or_default().add(sum);
        if let Some(seconds) = seconds {
            let minute = seconds.div_euclid(MINUTE_SECONDS);
            self.minutes.entry(minute).or_default().add(sum);
        }
    }
}

impl ActivitySum {
    pub(crate) fn of(event: &Event<'_>) -> Option<Self> {
        let at = event.created_at.map(Timestamp::as_seconds);
        let facts = &event.facts;
        Self::of_facts(&event.kind, at, facts.action.as_deref(), facts.push_size)
    }

    /// What an event of this kind, second, action and push size adds.
    pub(crate) fn of_facts(
        kind: &EventKind,
        at: Option<i64>,
        action: Option<&str>,
        push_size: Option<u64>,
    ) -> Option<Self> {
        if kind.is(KnownKind::Push) {
            return push_size.map(Self::of_push);
        }
        let published = kind.is(KnownKind::Release) && is_published(at, action);
        published.then_some(Self::RELEASE)
    }

    /// One that was published.
    pub(crate) const RELEASE: Self = Self {
        releases: 1,
        commits: 0,
        pushes_with_size: 0,
    };

    /// A push that says how many commits it has.
    pub(crate) fn of_push(commits: u64) -> Self {
        Self {
            releases: 0,
            commits: commits.min(COMMITS_MAX),
            pushes_with_size: 1,
        }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.releases += more.releases;
        self.commits = self.commits.saturating_add(more.commits).min(COMMITS_MAX);
        self.pushes_with_size += more.pushes_with_size;
    }
}

/// Whether a release at this second, of this action, was published by it.
pub(crate) fn is_published(at: Option<i64>, action: Option<&str>) -> bool {
    match action {
        Some(action) => action == "published",
        None => at.is_some_and(|at| at < ACTIONS_SINCE_SECONDS),
    }
}
