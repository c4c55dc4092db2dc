//! The answers from a plain list of events. As short as can be, and sharing nothing with the SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ghev_event::{
    Event, EventId, EventKind, KNOWN_KINDS, KnownKind, Origin, SuspectedGap, Timestamp,
};

use super::world::{Record, ScopeName};
use crate::statistics::Durations;
use crate::{
    Coverage, CoverageState, EventRow, Identity, NameSeen, Named, Offset, PullRequestAction,
    PullRequestInterval, TimeAxis, Window,
};

/// A distinct event, and how it came.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) event: Event<'static>,
    offset: u64,
    pub(super) observed_at: Timestamp,
}

/// A number and a name, of whatever an event names.
type Identified<'a> = (Option<u64>, Option<&'a str>);

/// A repository: its number, or where it has none its name.
type RepoName = (Option<u64>, Option<String>);

/// The distinct events of records: the first of each kind and id.
pub(super) fn distinct(records: &[Record]) -> Vec<Stored> {
    let mut seen = HashSet::new();
    let mut stored = Vec::new();
    for (offset, record) in (0..).zip(records) {
        for event in &record.events {
            if seen.insert((event.kind.clone(), event.id.to_string())) {
                let observed_at = record.provenance.observed_at;
                stored.push(Stored {
                    event: event.clone(),
                    offset,
                    observed_at,
                });
            }
        }
    }
    stored
}

fn part<'e>(event: &'e Event<'static>, scope: ScopeName) -> Option<Identified<'e>> {
    match scope {
        ScopeName::All => None,
        ScopeName::Repo(_) => event
            .repo
            .as_ref()
            .map(|r| (r.id.map(|i| i.get()), r.name.as_deref())),
        ScopeName::Actor(_) => event
            .actor
            .as_ref()
            .map(|a| (a.id.map(|i| i.get()), a.login.as_deref())),
        ScopeName::Org(_) => event
            .org
            .as_ref()
            .map(|o| (o.id.map(|i| i.get()), o.login.as_deref())),
    }
}

fn name_of(scope: ScopeName) -> Option<String> {
    match scope {
        ScopeName::All => None,
        ScopeName::Repo(name) | ScopeName::Actor(name) | ScopeName::Org(name) => {
            Some(name.to_lowercase())
        }
    }
}

/// The events of a scope, and the number of the identity that bears its name.
pub(super) fn in_scope(all: &[Stored], scope: ScopeName) -> (Vec<Stored>, Option<u64>) {
    let Some(wanted) = name_of(scope) else {
        return (all.to_vec(), None);
    };
    let bears = |name: Option<&str>| name.is_some_and(|name| name.to_lowercase() == wanted);
    let holders = all
        .iter()
        .filter_map(|stored| match part(&stored.event, scope)? {
            (Some(id), name) if bears(name) => Some((stored.event.created_at, id)),
            _ => None,
        });
    let holder = holders.max().map(|(_, id)| id);
    let belongs = |stored: &&Stored| match part(&stored.event, scope) {
        Some((Some(id), _)) => Some(id) == holder,
        Some((None, name)) => bears(name),
        None => false,
    };
    (all.iter().filter(belongs).cloned().collect(), holder)
}

pub(super) fn in_window(stored: &Stored, window: &Window) -> bool {
    if window.from.is_none() && window.to.is_none() {
        return true;
    }
    let at = match window.by {
        TimeAxis::CreatedAt => stored.event.created_at,
        TimeAxis::ObservedAt => Some(stored.observed_at),
    };
    at.is_some_and(|at| {
        window.from.is_none_or(|from| at >= from) && window.to.is_none_or(|to| at < to)
    })
}

pub(super) fn counts(events: &[Stored], window: &Window) -> BTreeMap<EventKind, u64> {
    let mut counts: BTreeMap<_, _> = KNOWN_KINDS
        .iter()
        .map(|&kind| (EventKind::Known(kind), 0))
        .collect();
    for stored in events.iter().filter(|stored| in_window(stored, window)) {
        *counts.entry(stored.event.kind.clone()).or_default() += 1;
    }
    counts
}

pub(super) fn interval(
    events: &[Stored],
    scope: ScopeName,
    window: &Window,
    action: PullRequestAction,
) -> PullRequestInterval {
    let mut opened: BTreeMap<(RepoName, u64), Timestamp> = BTreeMap::new();
    for Stored { event, .. } in events {
        let dates =
            action == PullRequestAction::Any || event.facts.action.as_deref() == Some("opened");
        let repo = event.repo.as_ref().map(|repo| match repo.id {
            Some(id) => (Some(id.get()), None),
            None => (None, repo.name.as_deref().map(str::to_lowercase)),
        });
        let pull_request = event.kind.is(KnownKind::PullRequest) && dates;
        if let (true, Some(repo), Some(number), Some(at)) =
            (pull_request, repo, event.facts.number, event.created_at)
        {
            let first = opened.entry((repo, number.get())).or_insert(at);
            *first = at.min(*first);
        }
    }
    let by_created_at = Window {
        by: TimeAxis::CreatedAt,
        ..*window
    };
    let within = |at: Timestamp| {
        by_created_at.from.is_none_or(|from| at >= from)
            && by_created_at.to.is_none_or(|to| at < to)
    };
    let mut sequences: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for ((repo, _), at) in opened.into_iter().filter(|&(_, at)| within(at)) {
        let sequence = if matches!(scope, ScopeName::Repo(_)) {
            (None, None)
        } else {
            repo
        };
        sequences.entry(sequence).or_default().push(at.as_seconds());
    }
    let mut gaps = Vec::new();
    for sequence in sequences.values_mut() {
        sequence.sort_unstable();
        gaps.extend(sequence.windows(2).map(|pair| pair[1] - pair[0]));
    }
    let times = || sequences.values().flatten().copied();
    PullRequestInterval {
        sample_size: times().count() as u64,
        gaps: gaps.into_iter().collect::<Durations>().distribution(),
        first_at: times().min().map(Timestamp::from_seconds),
        last_at: times().max().map(Timestamp::from_seconds),
    }
}

/// Newest first: time, then id (numbers by value, before other text), then kind.
pub(super) fn listed(mut events: Vec<Stored>) -> Vec<EventRow> {
    events.sort_by_cached_key(|stored| {
        let id = match &stored.event.id {
            EventId::Number(number) => (0, *number, String::new()),
            other => (1, 0, other.to_string()),
        };
        std::cmp::Reverse((stored.event.created_at, id, stored.event.kind.clone()))
    });
    events.into_iter().map(row).collect()
}

fn row(
    Stored {
        event,
        offset,
        observed_at,
    }: Stored,
) -> EventRow {
    let own = |name: Option<std::borrow::Cow<'_, str>>| name.map(std::borrow::Cow::into_owned);
    let id = std::borrow::Cow::Owned(event.id.to_string());
    EventRow {
        kind: event.kind,
        id: EventId::from_text(id),
        created_at: event.created_at,
        observed_at: Some(observed_at),
        offset: Offset::new(offset).unwrap(),
        actor: event.actor.map(|actor| Named {
            id: actor.id,
            name: own(actor.login),
        }),
        repo: event.repo.map(|repo| Named {
            id: repo.id,
            name: own(repo.name),
        }),
        org: event.org.map(|org| Named {
            id: org.id,
            name: own(org.login),
        }),
        action: own(event.facts.action),
        number: event.facts.number,
        merged: event.facts.merged,
    }
}

pub(super) fn identity(events: &[Stored], scope: ScopeName, id: Option<u64>) -> Identity {
    let mut names: BTreeMap<&str, NameSeen> = BTreeMap::new();
    for stored in events {
        let at = stored.event.created_at;
        if let Some((_, Some(name))) = part(&stored.event, scope) {
            let unseen = NameSeen {
                name: name.to_owned(),
                first_at: None,
                last_at: None,
                events: 0,
            };
            let seen = names.entry(name).or_insert(unseen);
            seen.first_at = seen.first_at.into_iter().chain(at).min();
            seen.last_at = seen.last_at.max(at);
            seen.events += 1;
        }
    }
    let mut names: Vec<_> = names.into_values().collect();
    names.sort_by_key(|name| std::cmp::Reverse((name.last_at, name.name.clone())));
    Identity {
        id,
        name: names.first().map(|name| name.name.clone()),
        names,
        first_event_at: events
            .iter()
            .filter_map(|stored| stored.event.created_at)
            .min(),
        last_event_at: events
            .iter()
            .filter_map(|stored| stored.event.created_at)
            .max(),
        events: events.len() as u64,
    }
}

pub(super) fn coverage(
    records: &[Record],
    events: &[Stored],
    scope: ScopeName,
    window: &Window,
) -> Coverage {
    let names: BTreeSet<String> = events
        .iter()
        .filter_map(|stored| part(&stored.event, scope)?.1.map(str::to_lowercase))
        .collect();
    let prefix = match scope {
        ScopeName::All => "",
        ScopeName::Repo(_) => "repo:",
        ScopeName::Actor(_) => "user:",
        ScopeName::Org(_) => "org:",
    };
    let source_of = |record: &Record| record.provenance.source.to_string();
    let is_own = |source: &str| {
        let source = source.to_lowercase();
        names.iter().any(|name| format!("{prefix}{name}") == source)
    };
    let own: BTreeSet<String> = records
        .iter()
        .map(source_of)
        .filter(|s| is_own(s))
        .collect();
    let tally = |of: &dyn Fn(&str) -> bool| {
        let records = || records.iter().filter(|record| of(&source_of(record)));
        let has =
            |at| window.from.is_none_or(|from| at >= from) && window.to.is_none_or(|to| at < to);
        // A first page of several records is one poll.
        let mut polls: HashMap<(String, Timestamp), u64> = HashMap::new();
        for record in records().filter(|record| has(record.provenance.observed_at)) {
            if let Origin::Poll(poll) = &record.provenance.origin
                && poll.page == 1
            {
                let of = (source_of(record), record.provenance.observed_at);
                *polls.entry(of).or_insert(1) += u64::from(poll.unrecorded.polls);
            }
        }
        // Of whole seconds, none of which is left out that it has a part of.
        let until = |gap: &SuspectedGap| (gap.to.as_millis() + 999).div_euclid(1000) * 1000;
        let since = |gap: &SuspectedGap| Some(gap.from?.as_seconds() * 1000);
        let gaps = records()
            .flat_map(|record| &record.provenance.gaps)
            .filter(|gap| {
                window.from.is_none_or(|from| until(gap) > from.as_millis())
                    && window
                        .to
                        .is_none_or(|to| since(gap).is_none_or(|since| since < to.as_millis()))
            });
        (polls.values().sum::<u64>(), gaps.count() as u64)
    };
    let complete = |source: &str| {
        let polls = records.iter().filter(|record| source_of(record) == source);
        let mut complete: Vec<(Timestamp, Timestamp)> = polls
            .filter_map(|record| match &record.provenance.origin {
                Origin::Poll(poll) if poll.error.is_none() => {
                    Some((record.provenance.observed_at, poll.next_poll_at?))
                }
                _ => None,
            })
            .collect();
        complete.sort_unstable();
        complete
    };
    let all = distinct(records);
    let bearing = |stored: &Stored, name: &str| {
        let (number, borne) = part(&stored.event, scope)?;
        (borne?.to_lowercase() == name).then_some(number)
    };
    let last_borne = |by: Option<u64>, name: &str| {
        let events = all.iter().filter(|s| bearing(s, name) == Some(by));
        events.filter_map(|s| s.event.created_at).max()
    };
    // Whether a feed by this name was somebody else's, whichever of the scope's keys is asked about.
    let is_taken = |name: &str, from: Timestamp| {
        let is_another = |key: Option<u64>, other: Option<u64>| {
            let since = last_borne(key, name).map_or(from, |last| last.min(from));
            let last = last_borne(other, name);
            let last = last.filter(|last| last.as_seconds() >= since.as_seconds());
            other.is_some() && other != key && last.is_some()
        };
        events.iter().filter_map(|s| bearing(s, name)).all(|key| {
            let mut others = all.iter().filter_map(|s| bearing(s, name));
            others.any(|other| is_another(key, other))
        })
    };
    let proves = |source: &String| {
        let name = source.strip_prefix(prefix).unwrap().to_lowercase();
        if window.from.is_none_or(|from| is_taken(&name, from)) {
            return false;
        }
        let complete = complete(source);
        let (Some(first), Some(last)) = (complete.first(), complete.last()) else {
            return false;
        };
        let (Some(from), Some(to)) = (window.from, window.to) else {
            return false;
        };
        first.0 <= from && to <= last.0.max(last.1) && tally(&|s| s == source).1 == 0
    };
    if scope != ScopeName::All
        && let Some(proof) = own.iter().find(|source| proves(source))
    {
        let polls = tally(&|s| s == proof).0;
        return Coverage {
            state: CoverageState::Ok,
            polls,
            suspected_gaps: 0,
            events_since: None,
        };
    }
    let could_have_seen =
        |source: &str| scope == ScopeName::All || source == "public" || own.contains(source);
    let (polls, suspected_gaps) = tally(&could_have_seen);
    let state = if suspected_gaps > 0 {
        CoverageState::Degraded
    } else {
        CoverageState::Unknown
    };
    Coverage {
        state,
        polls,
        suspected_gaps,
        events_since: None,
    }
}
