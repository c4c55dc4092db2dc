//! What became of pull requests and issues, and who contributed, from a plain list of events.
//! Written from the definitions of the metrics, and sharing nothing with the tables or the SQL.

use std::collections::{BTreeMap, BTreeSet};

use ghev_event::{Event, EventId, KnownKind, Timestamp};

use super::naive::Stored;
use super::world::ScopeName;
use crate::statistics::Durations;
use crate::{Bots, Contributors, Distribution, Issues, PullRequests, Window};

/// A number, or where there is none a lower-cased name.
type Who = Result<u64, String>;

/// A repository and a number.
type ThreadName = (Who, u64);

/// Since when merges have an action of their own.
const MERGES_ARE_ACTIONS: &str = "2025-12-01T00:00:00Z";

fn repo(event: &Event<'_>) -> Option<Who> {
    let repo = event.repo.as_ref()?;
    let name = repo.name.as_deref().map(str::to_lowercase);
    repo.id
        .map_or_else(|| name.map(Err), |id| Some(Ok(id.get())))
}

fn actor(event: &Event<'_>) -> Option<Who> {
    let actor = event.actor.as_ref()?;
    let login = actor.login.as_deref().map(str::to_lowercase);
    actor
        .id
        .map_or_else(|| login.map(Err), |id| Some(Ok(id.get())))
}

/// The bots of these worlds and of the real hours, told in another way than the code tells them.
fn is_bot(event: &Event<'_>) -> bool {
    let login = event.actor.as_ref().and_then(|actor| actor.login.clone());
    let login = login.unwrap_or_default().to_lowercase();
    let words: Vec<&str> = login.split(['-', '_']).collect();
    let listed = [
        "coveralls",
        "dependabot",
        "codecov-io",
        "gitter-badger",
        "googlebot",
        "houndci",
        "k8s-merge-robot",
        "openstack-gerrit",
        "rust-highfive",
        "bors",
        "homu",
        "travis",
        "waffle-iron",
        "renovate",
        "codacy-badger",
        "copilot",
        "msftclas",
        "greenkeeper",
    ];
    words.last() == Some(&"bot") || login.ends_with("[bot]") || listed.contains(&login.as_str())
}

/// Numbers by value, before other text.
fn by_id(event: &Event<'_>) -> (bool, u64, String) {
    match &event.id {
        EventId::Number(number) => (false, *number, String::new()),
        other => (true, 0, other.to_string()),
    }
}

fn lies_in(window: &Window, at: Option<Timestamp>) -> bool {
    match at {
        None => window.from.is_none() && window.to.is_none(),
        Some(at) => window.from.is_none_or(|from| at >= from) && window.to.is_none_or(|to| at < to),
    }
}

fn is(event: &Event<'_>, kind: KnownKind, action: &str) -> bool {
    event.kind.is(kind) && event.facts.action.as_deref() == Some(action)
}

/// The first of some events; one without a time only where there is no other.
fn first<'e>(events: impl Iterator<Item = &'e Event<'static>>) -> Option<&'e Event<'static>> {
    events.min_by_key(|event| (event.created_at.is_none(), event.created_at, by_id(event)))
}

fn last<'e>(events: impl Iterator<Item = &'e Event<'static>>) -> Option<&'e Event<'static>> {
    events.max_by_key(|event| (event.created_at, by_id(event)))
}

fn threads(
    events: &[Stored],
    belongs: impl Fn(&Event<'_>) -> bool,
) -> BTreeMap<ThreadName, Vec<&Event<'static>>> {
    let mut threads: BTreeMap<ThreadName, Vec<&Event<'static>>> = BTreeMap::new();
    for Stored { event, .. } in events {
        if let (true, Some(repo), Some(number)) = (belongs(event), repo(event), event.facts.number)
        {
            threads.entry((repo, number.get())).or_default().push(event);
        }
    }
    threads
}

/// Seconds, the negative ones counted instead.
fn durations(pairs: Vec<(Option<Timestamp>, Option<Timestamp>)>) -> (Distribution, u64) {
    let seconds: Vec<i64> = pairs
        .into_iter()
        .filter_map(|(from, to)| Some(to?.as_seconds() - from?.as_seconds()))
        .collect();
    let negative = seconds.iter().filter(|&&seconds| seconds < 0).count();
    let others = seconds.into_iter().filter(|&seconds| seconds >= 0);
    (
        others.collect::<Durations>().distribution(),
        negative as u64,
    )
}

fn response<'e>(
    thread: &[&'e Event<'static>],
    opening: &Event<'_>,
    bots: Bots,
    kinds: &[KnownKind],
) -> Option<&'e Event<'static>> {
    let author = actor(opening)?;
    let opened_at = opening.created_at?;
    let answers = thread.iter().copied().filter(|event| {
        kinds.iter().any(|&kind| event.kind.is(kind))
            && event.created_at.is_some_and(|at| at >= opened_at)
            && actor(event).is_some_and(|actor| actor != author)
            && (bots == Bots::Include || !is_bot(event))
    });
    first(answers)
}

pub(super) fn pull_requests(events: &[Stored], window: &Window, bots: Bots) -> PullRequests {
    use KnownKind::{IssueComment, PullRequest, PullRequestReview, PullRequestReviewComment};
    let answers = [IssueComment, PullRequestReview, PullRequestReviewComment];
    let threads = threads(events, |event| {
        let on_pull_request =
            !event.kind.is(IssueComment) || event.facts.on_pull_request == Some(true);
        let of_one = event.kind.is(PullRequest) || answers.iter().any(|&kind| event.kind.is(kind));
        of_one && on_pull_request
    });
    let mut counted = PullRequests::default();
    let (mut merged, mut declined, mut answered) = (Vec::new(), Vec::new(), Vec::new());
    let since: Timestamp = Timestamp::parse_rfc3339(MERGES_ARE_ACTIONS).unwrap();
    for thread in threads.values() {
        let each = || thread.iter().copied();
        let accepting = each().filter(|event| {
            is(event, PullRequest, "merged")
                || (is(event, PullRequest, "closed") && event.facts.merged == Some(true))
        });
        let ends = each()
            .filter(|event| is(event, PullRequest, "closed") || is(event, PullRequest, "reopened"));
        let accepted = first(accepting).map(|event| event.created_at);
        let close = last(ends).filter(|event| is(event, PullRequest, "closed"));
        let close = close.filter(|_| accepted.is_none());
        let tells = |event: &Event<'_>| {
            event.facts.merged == Some(false) || event.created_at.is_some_and(|at| at >= since)
        };
        counted.accepted += u64::from(accepted.is_some_and(|at| lies_in(window, at)));
        if let Some(close) = close.filter(|close| lies_in(window, close.created_at)) {
            counted.declined += u64::from(tells(close));
            counted.outcome_unknown += u64::from(!tells(close));
        }
        let Some(opening) = first(each().filter(|event| is(event, PullRequest, "opened"))) else {
            continue;
        };
        if !lies_in(window, opening.created_at) {
            continue;
        }
        counted.opened += 1;
        merged.push((opening.created_at, accepted.flatten()));
        let declining = close.filter(|close| tells(close));
        declined.push((
            opening.created_at,
            declining.and_then(|close| close.created_at),
        ));
        let answer = response(thread, opening, bots, &answers);
        answered.push((
            opening.created_at,
            answer.and_then(|event| event.created_at),
        ));
    }
    let (time_to_merge, early_merges) = durations(merged);
    let (time_to_decline, early_closes) = durations(declined);
    PullRequests {
        time_to_merge,
        time_to_decline,
        time_to_first_response: durations(answered).0,
        anomalies: early_merges + early_closes,
        ..counted
    }
}

pub(super) fn issues(events: &[Stored], window: &Window, bots: Bots) -> Issues {
    use KnownKind::{IssueComment, Issues as Issue};
    let threads = threads(events, |event| {
        let comment = event.kind.is(IssueComment) && event.facts.on_pull_request != Some(true);
        event.kind.is(Issue) || comment
    });
    let mut counted = Issues::default();
    let (mut resolved, mut answered) = (Vec::new(), Vec::new());
    for thread in threads.values() {
        let each = || thread.iter().copied();
        let now = |event: &&Event<'_>| lies_in(window, event.created_at);
        counted.active += u64::from(each().any(|event| now(&event)));
        let closes = each().filter(|event| is(event, Issue, "closed"));
        counted.closed += u64::from(closes.clone().any(|event| now(&event)));
        let Some(opening) = first(each().filter(|event| is(event, Issue, "opened"))) else {
            continue;
        };
        if !now(&opening) {
            continue;
        }
        counted.opened += 1;
        let ends =
            each().filter(|event| is(event, Issue, "closed") || is(event, Issue, "reopened"));
        let close = last(ends).filter(|event| is(event, Issue, "closed"));
        resolved.push((opening.created_at, close.and_then(|close| close.created_at)));
        let answer = response(thread, opening, bots, &[IssueComment]);
        answered.push((
            opening.created_at,
            answer.and_then(|event| event.created_at),
        ));
    }
    let (resolution, anomalies) = durations(resolved);
    Issues {
        resolution,
        response: durations(answered).0,
        anomalies,
        ..counted
    }
}

/// What somebody contributed, and whose it is: what was contributed under a bot's login, and what to the
/// identity that is only a name, each has an earliest time of its own.
type Part = (Who, bool, bool);

fn part(event: &Event<'_>, scope: ScopeName) -> Option<Part> {
    let is_named = match scope {
        ScopeName::All | ScopeName::Actor(_) => false,
        ScopeName::Repo(_) => event.repo.as_ref()?.id.is_none(),
        ScopeName::Org(_) => event.org.as_ref()?.id.is_none(),
    };
    Some((actor(event)?, is_bot(event), is_named))
}

/// Where the rows of events before `since` were dropped, first contributions are known still.
pub(super) fn contributors(
    events: &[Stored],
    scope: ScopeName,
    window: &Window,
    bots: Bots,
    since: Option<Timestamp>,
) -> Contributors {
    let kinds = [
        "PushEvent",
        "PullRequestEvent",
        "IssuesEvent",
        "PullRequestReviewEvent",
        "PullRequestReviewCommentEvent",
        "IssueCommentEvent",
        "CommitCommentEvent",
    ];
    let contributions: Vec<(Part, Option<Timestamp>)> = events
        .iter()
        .map(|stored| &stored.event)
        .filter(|event| kinds.contains(&event.kind.name()))
        .filter(|event| bots == Bots::Include || !is_bot(event))
        .filter_map(|event| Some((part(event, scope)?, event.created_at)))
        .collect();
    let is_everything = window.from.is_none() && window.to.is_none();
    let mut counts: BTreeMap<&Who, u64> = BTreeMap::new();
    for ((who, ..), at) in contributions.iter().filter(|(_, at)| lies_in(window, *at)) {
        if is_everything || since.is_none() || *at >= since {
            *counts.entry(who).or_default() += 1;
        }
    }
    let mut firsts: BTreeMap<&Part, Timestamp> = BTreeMap::new();
    for (of, at) in &contributions {
        if let Some(at) = *at {
            let first = firsts.entry(of).or_insert(at);
            *first = at.min(*first);
        }
    }
    for (part, &first) in &firsts {
        if !is_everything && Some(first) < since && lies_in(window, Some(first)) {
            counts.entry(&part.0).or_default();
        }
    }
    let before: BTreeSet<&Who> = firsts
        .iter()
        .filter(|(_, at)| window.from.is_some_and(|from| **at < from))
        .map(|(part, _)| &part.0)
        .collect();
    let all: u64 = counts.values().sum();
    let mut most_first: Vec<u64> = counts.values().copied().filter(|&of| of > 0).collect();
    most_first.sort_unstable();
    most_first.reverse();
    let enough =
        (1..=most_first.len()).find(|&few| most_first[..few].iter().sum::<u64>() * 2 >= all);
    Contributors {
        active: counts.len() as u64,
        new: counts.keys().filter(|who| !before.contains(*who)).count() as u64,
        inactive: before
            .iter()
            .filter(|who| !counts.contains_key(*who))
            .count() as u64,
        absence_factor: enough.map(|few| few as u64),
        contributions: all,
    }
}
