//! Pull requests, issues and people: the model and the list agree, over small worlds of every era
//! and over real hours.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::PathBuf;

use ghev_event::{
    Actor, ActorId, BodyDigest, Event, EventId, EventKind, KnownKind, Org, OrgId, PayloadFacts,
    Repo, RepoId, ThreadNumber, Timestamp, read_event, split_array,
};
use proptest::prelude::*;
use proptest::{option, sample};

use super::naive::{self, Stored};
use super::naive_threads;
use super::world::{Record, ScopeName, World, import};
use crate::reader::thread_spans::Walk;
use crate::{Bots, OrgKey, RepoKey, Scope, ScopeKeys, Snapshot, TimeAxis, Window};

/// Where each era begins, and where merges become an action of their own.
const TIMES: [&str; 4] = [
    "2012-06-14T15:00:00Z",
    "2016-01-01T01:00:00Z",
    "2025-10-07T00:00:00Z",
    "2025-12-01T00:00:00Z",
];

pub(super) fn near(time: usize, seconds: i64) -> Timestamp {
    let at = Timestamp::parse_rfc3339(TIMES[time]).unwrap();
    Timestamp::from_seconds(at.as_seconds() + seconds)
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    // Few enough that events share a second, and some lie on either side of a border.
    (0..TIMES.len(), -4_i64..5).prop_map(|(time, seconds)| near(time, seconds))
}

fn any_account() -> impl Strategy<Value = (Option<u64>, Option<&'static str>)> {
    let logins = vec!["ann", "Ann", "abbott", "ci-bot", "x[bot]", "coveralls"];
    (
        option::weighted(0.8, 1_u64..4),
        option::weighted(0.9, sample::select(logins)),
    )
        .prop_filter("somebody", |(id, login)| id.is_some() || login.is_some())
}

fn any_facts() -> impl Strategy<Value = PayloadFacts<'static>> {
    let actions = vec![
        "opened", "opened", "closed", "closed", "reopened", "merged", "created", "edited",
    ];
    let parts = (
        option::weighted(0.95, sample::select(actions)),
        option::weighted(0.95, 1_u64..4),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    );
    parts.prop_map(|(action, number, merged, on_pull_request)| PayloadFacts {
        action: action.map(Cow::Borrowed),
        number: number.map(ThreadNumber::new),
        merged,
        on_pull_request,
        push_size: None,
    })
}

prop_compose! {
    pub(super) fn any_thread_event()(
        kind in sample::select(vec![
            "PullRequestEvent", "PullRequestEvent", "PullRequestEvent", "IssuesEvent",
            "IssuesEvent", "IssueCommentEvent", "IssueCommentEvent", "PullRequestReviewEvent",
            "PullRequestReviewCommentEvent", "CommitCommentEvent", "PushEvent", "WatchEvent",
        ]),
        id in prop_oneof![
            (0_u64..60).prop_map(EventId::Number),
            sample::select(vec!["007", "a", "~"]).prop_map(|text| EventId::Text(Cow::Borrowed(text))),
            (0_u8..6).prop_map(|byte| EventId::Digest([byte; 16])),
        ],
        created_at in option::weighted(0.95, any_time()),
        actor in option::weighted(0.95, any_account()),
        repo in option::weighted(0.95, (option::weighted(0.8, 1_u64..3),
            sample::select(vec!["o/a", "O/A", "o/b"]))),
        org in option::weighted(0.6, (option::weighted(0.8, 1_u64..3), sample::select(vec!["o", "p"]))),
        facts in any_facts(),
    ) -> Event<'static> {
        Event {
            kind: EventKind::from_name(kind),
            id,
            created_at,
            actor: actor.map(|(id, login)| Actor {
                id: id.map(ActorId::new),
                login: login.map(Cow::Borrowed),
            }),
            repo: repo.map(|(id, name)| Repo { id: id.map(RepoId::new), name: Some(Cow::Borrowed(name)) }),
            org: org.map(|(id, login)| Org { id: id.map(OrgId::new), login: Some(Cow::Borrowed(login)) }),
            facts,
            body_digest: BodyDigest::from_bits(1),
        }
    }
}

pub(super) fn any_span() -> impl Strategy<Value = Window> {
    let bound = || option::weighted(0.7, any_time());
    (bound(), bound()).prop_map(|(from, to)| window(from, to))
}

fn window(from: Option<Timestamp>, to: Option<Timestamp>) -> Window {
    let by = TimeAxis::CreatedAt;
    Window { from, to, by }
}

fn assert_same(
    snapshot: &Snapshot<'_>,
    (scope, name): (&Scope, ScopeName),
    events: &[Stored],
    window: &Window,
    bots: Bots,
) {
    assert_same_threads(snapshot, scope, events, window, bots);
    assert_same_people(snapshot, (scope, name), events, window, bots);
}

/// Whatever rows were dropped of the scope's events.
pub(super) fn assert_same_people(
    snapshot: &Snapshot<'_>,
    (scope, name): (&Scope, ScopeName),
    events: &[Stored],
    window: &Window,
    bots: Bots,
) {
    let since = snapshot.events_since();
    assert_eq!(
        snapshot.contributors(scope, window, bots).unwrap(),
        naive_threads::contributors(events, name, window, bots, since),
        "{scope:?} {window:?} {bots:?} {since:?}"
    );
}

/// Each way of answering.
pub(super) fn assert_same_threads(
    snapshot: &Snapshot<'_>,
    scope: &Scope,
    events: &[Stored],
    window: &Window,
    bots: Bots,
) {
    let what = format!("{scope:?} {window:?} {bots:?}");
    let sources = snapshot.thread_sources(scope).unwrap();
    let expected = naive_threads::pull_requests(events, window, bots);
    let answers = [
        snapshot.pull_requests(scope, window, bots),
        snapshot.pull_requests_by_rows(&sources, window, bots),
        snapshot.pull_requests_by_events(scope, window, bots),
    ];
    for answer in answers {
        assert_eq!(answer.unwrap(), expected, "{what}");
    }
    let expected = naive_threads::issues(events, window, bots);
    let answers = [
        snapshot.issues(scope, window, bots),
        snapshot.issues_by_rows(&sources, window, bots, Walk::WHERE_FEWER),
        snapshot.issues_by_rows(&sources, window, bots, Walk::NEVER),
        snapshot.issues_by_events(scope, window, bots),
    ];
    for answer in answers {
        assert_eq!(answer.unwrap(), expected, "{what}");
    }
}

pub(super) fn record(events: Vec<Event<'static>>) -> Record {
    let provenance = import(0);
    Record { provenance, events }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn threads_and_people_are_those_that_the_list_of_events_gives(
        records in prop::collection::vec(prop::collection::vec(any_thread_event(), 0..16), 0..6),
        questions in prop::collection::vec(
            (
                sample::select(vec![
                    ScopeName::All,
                    ScopeName::Repo("o/a"),
                    ScopeName::Repo("o/b"),
                    ScopeName::Org("o"),
                    ScopeName::Org("p"),
                ]),
                any_span(),
                sample::select(vec![Bots::Exclude, Bots::Include]),
            ),
            1..16,
        ),
    ) {
        let records: Vec<Record> = records.into_iter().map(record).collect();
        let mut world = World::new();
        records.iter().for_each(|record| world.append(std::slice::from_ref(record)));
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let all = naive::distinct(&records);
        for (name, window, bots) in questions {
            let Some(scope) = name.resolve(&snapshot) else {
                continue;
            };
            let (events, _) = naive::in_scope(&all, name);
            assert_same(&snapshot, (&scope, name), &events, &window, bots);
        }
    }
}

pub(super) fn on(
    kind: &str,
    id: u64,
    at: Timestamp,
    actor: &'static str,
    action: &'static str,
) -> Event<'static> {
    Event {
        kind: EventKind::from_name(kind),
        id: EventId::Number(id),
        created_at: Some(at),
        actor: Some(Actor {
            id: None,
            login: Some(Cow::Borrowed(actor)),
        }),
        repo: Some(Repo {
            id: Some(RepoId::new(1)),
            name: Some(Cow::Borrowed("o/a")),
        }),
        org: None,
        facts: PayloadFacts {
            action: Some(Cow::Borrowed(action)),
            number: Some(ThreadNumber::new(7)),
            ..PayloadFacts::default()
        },
        body_digest: BodyDigest::from_bits(id),
    }
}

fn of_one(events: Vec<Event<'static>>) -> crate::PullRequests {
    let records = [record(events)];
    let answers = [World::of(&records), World::loaded(&records, None)].map(|world| {
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let (scope, everything) = (Scope::All, Window::EVERYTHING);
        let found = snapshot.pull_requests(&scope, &everything, Bots::Exclude);
        found.unwrap()
    });
    assert_eq!(answers[0], answers[1], "batch or load");
    answers[0]
}

/// The trimmed payloads of October and November 2025 say neither `merged` nor have the action:
/// such a close is not known to be a merge, nor not to be one.
#[test]
fn a_close_is_only_judged_where_its_payload_can_tell() {
    let pull_request = |id, at, action| on("PullRequestEvent", id, at, "ann", action);
    let opened = pull_request(1, near(2, 0), "opened");
    let closed = |at| pull_request(2, at, "closed");
    let counts = |close: Event<'static>| {
        let found = of_one(vec![opened.clone(), close]);
        (found.accepted, found.declined, found.outcome_unknown)
    };
    assert_eq!(counts(closed(near(2, 60))), (0, 0, 1));
    assert_eq!(counts(closed(near(3, -1))), (0, 0, 1));
    assert_eq!(counts(closed(near(3, 0))), (0, 1, 0));
    let mut told = closed(near(2, 60));
    told.facts.merged = Some(false);
    assert_eq!(counts(told.clone()), (0, 1, 0));
    told.facts.merged = Some(true);
    assert_eq!(counts(told), (1, 0, 0));
    assert_eq!(counts(pull_request(2, near(3, 1), "merged")), (1, 0, 0));
}

/// Of a close and a reopening in one second the one with the higher id was later, whichever came
/// first to us.
#[test]
fn within_a_second_the_ids_tell_the_order() {
    let at = near(1, 100);
    let event = |id, at, action| on("PullRequestEvent", id, at, "ann", action);
    let opened = event(1, near(1, 0), "opened");
    let mut closed = event(10, at, "closed");
    closed.facts.merged = Some(false);
    for (reopened_id, declined) in [(9, 1), (11, 0)] {
        let reopened = event(reopened_id, at, "reopened");
        let orders = [
            vec![opened.clone(), closed.clone(), reopened.clone()],
            vec![reopened.clone(), closed.clone(), opened.clone()],
        ];
        for events in orders {
            assert_eq!(of_one(events).declined, declined, "{reopened_id}");
        }
    }
}

/// A running mean once subtracted in the order of arrival, and took what came late for negative.
/// What is negative by the events' own clocks is counted apart.
#[test]
fn a_merge_before_its_opening_is_an_anomaly_and_no_duration() {
    let opened = on("PullRequestEvent", 1, near(3, 50), "ann", "opened");
    let merged = on("PullRequestEvent", 2, near(3, 20), "ann", "merged");
    let found = of_one(vec![opened, merged]);
    assert_eq!((found.opened, found.accepted, found.anomalies), (1, 1, 1));
    assert_eq!(found.time_to_merge.sample_size, 0);
    assert_eq!(found.time_to_merge.p50_seconds, None);
}

#[test]
fn neither_the_author_nor_a_bot_is_the_first_to_respond() {
    let opened = on("PullRequestEvent", 1, near(3, 0), "ann", "opened");
    let comment = |id, seconds, actor| {
        let mut comment = on("IssueCommentEvent", id, near(3, seconds), actor, "created");
        comment.facts.on_pull_request = Some(true);
        comment
    };
    let events = vec![
        opened,
        comment(2, 5, "Ann"),
        comment(3, 10, "ci-bot"),
        comment(4, 15, "Coveralls"),
        on(
            "PullRequestReviewEvent",
            5,
            near(3, 40),
            "talbot",
            "created",
        ),
        comment(6, 60, "eve"),
    ];
    let response = of_one(events).time_to_first_response;
    assert_eq!(
        (response.sample_size, response.p50_seconds),
        (1, Some(40.0))
    );
}

fn shared_data() -> Option<PathBuf> {
    let root = std::env::var_os("GHEV_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    root.is_dir().then_some(root)
}

/// A step of a generator of numbers that is the same in every run (Marsaglia's xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// The distinct events of some files, every era among them.
fn real_events(root: &std::path::Path) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    for name in [
        "2012-06-14-15",
        "2015-01-01-15",
        "2016-01-01-1",
        "2016-01-01-2",
    ] {
        let path = root.join("gharchive").join(format!("{name}.json.gz"));
        let (compressed, mut lines) = (std::fs::read(path).unwrap(), Vec::new());
        let mut decoder = flate2::read::MultiGzDecoder::new(&compressed[..]);
        decoder.read_to_end(&mut lines).unwrap();
        let lines = lines.split(|&byte| byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        events.extend(lines.map(|line| read_event(line).unwrap().into_owned()));
    }
    let mut pages: Vec<PathBuf> = std::fs::read_dir(root.join("events-api"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    for page in pages {
        let page = std::fs::read(page).unwrap();
        let raw = split_array(&page).unwrap();
        events.extend(raw.iter().map(|raw| {
            let raw = ghev_event::canonical_raw(raw);
            read_event(&raw).unwrap().into_owned()
        }));
    }
    events
}

/// Scopes that occur, the busier ones more often: those of random events.
fn scopes_of(events: &[Stored], state: &mut u64, scopes: usize) -> Vec<(Scope, Vec<Stored>)> {
    let mut found = vec![(Scope::All, events.to_vec())];
    while found.len() < scopes {
        let at = usize::try_from(next(state) % events.len() as u64).unwrap();
        let event = &events[at].event;
        let by_org = next(state).is_multiple_of(4);
        let repo = event
            .repo
            .as_ref()
            .and_then(|repo| RepoKey::of(repo.id, repo.name.as_deref()));
        let org = event
            .org
            .as_ref()
            .and_then(|org| OrgKey::of(org.id, org.login.as_deref()));
        let of_repo = |other: &Event<'_>| {
            let other = other.repo.as_ref();
            other.and_then(|other| RepoKey::of(other.id, other.name.as_deref())) == repo
        };
        let of_org = |other: &Event<'_>| {
            let other = other.org.as_ref();
            other.and_then(|other| OrgKey::of(other.id, other.login.as_deref())) == org
        };
        let (scope, belongs): (Scope, &dyn Fn(&Event<'_>) -> bool) = match (repo, org) {
            (_, Some(org)) if by_org => (Scope::Org(one(org)), &of_org),
            (Some(repo), _) => (Scope::Repo(one(repo)), &of_repo),
            _ => continue,
        };
        let own = events.iter().filter(|stored| belongs(&stored.event));
        found.push((scope, own.cloned().collect()));
    }
    found
}

fn one<K>(key: K) -> ScopeKeys<K> {
    ScopeKeys {
        numbered: Some(key),
        named: None,
    }
}

#[test]
fn real_hours_of_every_era_give_what_the_list_of_their_events_gives() {
    let Some(root) = shared_data() else {
        return;
    };
    let mut state = 0x2545_f491_4f6c_dd1d;
    let events = real_events(&root);
    let records: Vec<Record> = events
        .chunks(500)
        .map(|chunk| record(chunk.to_vec()))
        .collect();
    let world = World::of(&records);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let all = naive::distinct(&records);
    let times: Vec<Timestamp> = all
        .iter()
        .filter_map(|stored| stored.event.created_at)
        .collect();
    let mut seen = crate::PullRequests::default();
    for (scope, events) in scopes_of(&all, &mut state, 300) {
        for round in 0..3 {
            let mut time =
                || times[usize::try_from(next(&mut state) % times.len() as u64).unwrap()];
            let (a, b) = (time(), time());
            let span = if round == 0 {
                Window::EVERYTHING
            } else {
                window(Some(a.min(b)), Some(a.max(b)))
            };
            let bots = [Bots::Exclude, Bots::Include][round % 2];
            // Each scope is of one key.
            assert_same(&snapshot, (&scope, ScopeName::All), &events, &span, bots);
            if scope == Scope::All && round == 0 {
                seen = snapshot.pull_requests(&scope, &span, bots).unwrap();
            }
        }
    }
    // What the hours are known to have: a test over nothing would agree as well.
    assert!(
        seen.opened > 900 && seen.accepted > 600 && seen.declined > 100,
        "{seen:?}"
    );
    assert!(
        seen.outcome_unknown > 0 && seen.time_to_first_response.sample_size > 50,
        "{seen:?}"
    );
}

/// The kinds of the index stand in its text by their numbers.
#[test]
fn the_numbers_that_stand_in_the_schema_are_those_of_threads() {
    use KnownKind::{
        IssueComment, Issues, PullRequest, PullRequestReview, PullRequestReviewComment,
    };
    let kinds = [
        IssueComment,
        Issues,
        PullRequest,
        PullRequestReview,
        PullRequestReviewComment,
    ];
    assert_eq!(kinds.map(KnownKind::code), [6, 7, 10, 11, 12]);
}
