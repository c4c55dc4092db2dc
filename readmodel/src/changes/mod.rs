//! What projections have folded from a batch of events, ready to be added to the tables. Plain
//! collections, sorted when they are written: the same events give the same rows. Knows nothing
//! about SQL.
//!
//! Every entry is an addition that does not depend on the order of events: sums, minima and maxima.

mod activity;
mod contributions;
mod day_sums;
mod kind_counts;
mod sightings;

use std::collections::{BTreeMap, HashMap};
use std::mem::take;

use ghev_event::{EventKind, Provenance, ThreadNumber, Timestamp};
use rustc_hash::FxBuildHasher;

pub use activity::ActivitySums;
pub(crate) use activity::{ActivitySum, is_published};
pub use contributions::Contributions;
pub(crate) use contributions::{
    CONTRIBUTION_KINDS, ContributedTo, ContributionSighting, Contributor, contribution_codes,
    is_by_bot,
};
pub use day_sums::DaySums;
pub use kind_counts::KindCounts;
pub use sightings::{NameSighting, Sightings};

use crate::stored::{HOUR_SECONDS, MINUTE_SECONDS};
use crate::{ActorKey, Offset, OrgKey, RepoKey};

/// All that a batch adds beside the rows of `events`.
#[derive(Debug, Default)]
pub struct Changes {
    /// Events by hour since 1970, by `created_at`; those without a time under `None`.
    pub hourly_counts: BTreeMap<Option<i64>, KindCounts>,
    /// Events by minute since 1970, likewise; those without a time are in none.
    pub minute_counts: BTreeMap<i64, KindCounts>,
    /// Releases and commits by hour and minute.
    pub activity: ActivitySums,
    /// What is added up of events by day.
    pub sums: DaySums,
    /// Names seen of repositories.
    pub repo_names: Sightings<RepoKey>,
    /// Names seen of actors.
    pub actor_names: Sightings<ActorKey>,
    /// Names seen of organisations.
    pub org_names: Sightings<OrgKey>,
    /// Pull requests seen.
    pub pull_requests: HashMap<(RepoKey, ThreadNumber), PullRequestSighting, FxBuildHasher>,
    /// Contributions made.
    pub contributions: Contributions,
    /// The envelopes of the batch, in log order.
    pub envelopes: Vec<EnvelopeFacts>,
    /// Input that could not be decoded, in log order.
    pub dead_letters: Vec<DeadLetter>,
}

impl Changes {
    /// Counts an event of this kind at its time.
    pub fn count(&mut self, kind: &EventKind, at: Option<Timestamp>) {
        let seconds = at.map(Timestamp::as_seconds);
        let hour = seconds.map(|seconds| seconds.div_euclid(HOUR_SECONDS));
        self.hourly_counts.entry(hour).or_default().add(kind, 1);
        if let Some(seconds) = seconds {
            let minute = seconds.div_euclid(MINUTE_SECONDS);
            self.minute_counts.entry(minute).or_default().add(kind, 1);
        }
    }

    /// Takes out what goes into tables with few rows. The others stay, and keep their room.
    pub fn take_few(&mut self) -> Self {
        Self {
            hourly_counts: take(&mut self.hourly_counts),
            minute_counts: take(&mut self.minute_counts),
            activity: take(&mut self.activity),
            sums: take(&mut self.sums),
            envelopes: take(&mut self.envelopes),
            dead_letters: take(&mut self.dead_letters),
            ..Self::default()
        }
    }

    /// Forgets what goes into tables with many rows, and keeps the room.
    pub(crate) fn clear_many(&mut self) {
        let Self {
            repo_names,
            actor_names,
            org_names,
            pull_requests,
            contributions,
            ..
        } = self;
        repo_names.clear();
        actor_names.clear();
        org_names.clear();
        pull_requests.clear();
        contributions.clear();
    }
}

/// The earliest events of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PullRequestSighting {
    /// The earliest `opened`.
    pub opened_at: Option<Timestamp>,
    /// The earliest of any action.
    pub first_at: Option<Timestamp>,
}

impl PullRequestSighting {
    /// Adds one event at `at`.
    pub fn see(&mut self, at: Option<Timestamp>, opened: bool) {
        self.first_at = earliest(self.first_at, at);
        if opened {
            self.opened_at = earliest(self.opened_at, at);
        }
    }
}

/// Of two times, where there are any.
pub(crate) fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

/// One record of the log.
#[derive(Debug)]
pub struct EnvelopeFacts {
    /// Its offset.
    pub offset: Offset,
    /// Where its events came from.
    pub provenance: Provenance,
    /// Its events by kind, those new to the model only.
    pub new_events: KindCounts,
}

/// Input that could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The record it came in.
    pub offset: Offset,
    /// Which of the record's dead letters, from 0.
    pub number: u32,
    /// The source it came from, `log` where the record itself is broken.
    pub source: String,
    /// Where in the source: `FILE:LINE` or the place on a page.
    pub place: String,
    /// Why it could not be decoded.
    pub reason: String,
    /// 32 hexadecimal digits of the bytes' BLAKE3 digest.
    pub digest: String,
    /// How many bytes.
    pub bytes: u64,
}
