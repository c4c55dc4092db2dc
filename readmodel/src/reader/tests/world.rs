//! Records, and the model that a writer makes of them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ghev_event::{
    Actor, ActorId, BodyDigest, Event, EventId, EventKind, GapReason, ImportFacts, KnownKind, Org,
    OrgId, Origin, PayloadFacts, PollFacts, Provenance, Repo, RepoId, Source, SuspectedGap,
    ThreadNumber, Timestamp, Unrecorded,
};
use proptest::prelude::*;
use proptest::{option, sample};

use crate::{
    ActorKey, Admission, Admit, Changes, EnvelopeFacts, KeptRows, KindCounts, LogId, Offset,
    OrgKey, Place, Reader, RepeatFinder, RepoKey, Scope, TimeAxis, Window, Writer,
};

pub(super) const LOG: LogId = LogId::new([7; 16]);

/// Small worlds have scopes with more events than this, and with fewer, and so have their hours.
pub(super) const SUMMED_FROM_EVENTS: u64 = 4;

/// 2015-01-01T15:00:00Z, a whole hour.
pub(super) const BASE_SECONDS: i64 = 1_420_124_400;

/// One record of the log.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) provenance: Provenance,
    pub(super) events: Vec<Event<'static>>,
}

/// A model on disk, which grows by records.
pub(super) struct World {
    _dir: tempfile::TempDir,
    path: PathBuf,
    writer: Writer,
    next_offset: u64,
}

/// How many instructions SQLite's virtual machine has done.
#[derive(Debug, Default)]
pub(super) struct Steps(Arc<AtomicU64>);

impl Steps {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl World {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        let mut writer = Writer::create(&path, LOG).unwrap();
        writer.sum_from(SUMMED_FROM_EVENTS);
        Self {
            _dir: dir,
            path,
            writer,
            next_offset: 0,
        }
    }

    pub(super) fn of(records: &[Record]) -> Self {
        let mut world = Self::new();
        // Whoever comes to have many events does so in the midst of its history.
        records.chunks(2).for_each(|batch| world.append(batch));
        world
    }

    /// Meddles with the file.
    pub(super) fn execute(&self, sql: &str) {
        let connection = rusqlite::Connection::open(&self.path).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    pub(super) fn reader(&self) -> Reader {
        Reader::of_file(self.path.clone())
    }

    /// A load of all records at once, which keeps the rows of events for so long.
    pub(super) fn loaded(records: &[Record], kept: Option<Duration>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        let mut finder = RepeatFinder::create(&path, LOG).unwrap();
        let mut keys = finder.part(1);
        for (offset, record) in offsets(0).zip(records) {
            keys.see_record(offset, record.provenance.observed_at, &record.events)
                .unwrap();
        }
        finder.add(keys).unwrap();
        let kept = kept.map_or(KeptRows::All, KeptRows::For);
        let mut load = finder.finish(kept).unwrap();
        load.sum_from(SUMMED_FROM_EVENTS);
        let (mut part, mut admissions) = (load.part(1), Vec::new());
        let mut changes = Changes::default();
        for (offset, record) in offsets(0).zip(records) {
            part.expect(load.repeats_of(offset).unwrap());
            part.admit_record(offset, &record.events, &mut admissions)
                .unwrap();
            load.append(&part.take_rows()).unwrap();
            fold_record(&mut changes, offset, record, &admissions);
        }
        part.add_many(&mut changes).unwrap();
        load.add_few(&changes).unwrap();
        load.add(part).unwrap();
        let next_offset = records.len() as u64;
        let writer = load.finish(Offset::new(next_offset).unwrap()).unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let check = "PRAGMA integrity_check";
        let check: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        Self {
            _dir: dir,
            path,
            writer,
            next_offset,
        }
    }

    /// Keeps the rows of events for so long, from the next records on.
    pub(super) fn keep_events(&mut self, kept: Option<Duration>) {
        self.writer.keep_events(kept);
    }

    /// Drops so many rows with a batch from now on.
    pub(super) fn drop_at_once(&mut self, rows: u64) {
        self.writer.drop_at_once(rows);
    }

    /// Drops some of what is too old; whether there was any.
    pub(super) fn drop_some(&mut self) -> bool {
        let is_any = self.writer.too_old().unwrap().is_some();
        if is_any {
            self.writer.drop_some_events().unwrap();
        }
        is_any
    }

    /// Counts what SQLite does from now on, in instructions of its virtual machine.
    pub(super) fn count_steps(&mut self) -> Steps {
        let steps = Steps::default();
        let counted = steps.0.clone();
        self.writer.each_step(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        steps
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Folds `records`, in one batch.
    pub(super) fn append(&mut self, records: &[Record]) {
        let mut changes = Changes::default();
        let mut batch = self.writer.begin().unwrap();
        for (offset, record) in offsets(self.next_offset).zip(records) {
            let events = (0_u16..).zip(&record.events);
            let admissions: Vec<Admission> = events
                .map(|(index, event)| batch.admit(Place::new(offset, index), event).unwrap())
                .collect();
            fold_record(&mut changes, offset, record, &admissions);
        }
        self.next_offset += records.len() as u64;
        batch
            .commit(&changes, Offset::new(self.next_offset).unwrap())
            .unwrap();
    }
}

fn offsets(from: u64) -> impl Iterator<Item = Offset> {
    (from..).map(|offset| Offset::new(offset).unwrap())
}

fn fold_record(changes: &mut Changes, offset: Offset, record: &Record, admissions: &[Admission]) {
    let mut new_events = KindCounts::default();
    for (event, admission) in record.events.iter().zip(admissions) {
        if *admission == Admission::New {
            new_events.add(&event.kind, 1);
            fold(changes, event);
        }
    }
    let provenance = record.provenance.clone();
    changes.envelopes.push(EnvelopeFacts {
        offset,
        provenance,
        new_events,
    });
}

fn fold(changes: &mut Changes, event: &Event<'_>) {
    changes.activity.see(event);
    changes.contributions.see(event);
    changes.sums.see(event);
    let at = event.created_at;
    changes.count(&event.kind, at);
    if let Some((key, name)) = event.repo.as_ref().and_then(|repo| {
        let name = repo.name.as_deref();
        RepoKey::of(repo.id, name).map(|key| (key, name.unwrap_or_default()))
    }) {
        changes.repo_names.see(key, name, at);
        if let (true, Some(number)) = (event.kind.is(KnownKind::PullRequest), event.facts.number) {
            let opened = event.facts.action.as_deref() == Some("opened");
            changes
                .pull_requests
                .entry((key, number))
                .or_default()
                .see(at, opened);
        }
    }
    if let Some(actor) = &event.actor {
        let login = actor.login.as_deref();
        let key = ActorKey::of(actor.id, login).unwrap();
        changes.actor_names.see(key, login.unwrap_or_default(), at);
    }
    if let Some(org) = &event.org {
        let login = org.login.as_deref();
        let key = OrgKey::of(org.id, login).unwrap();
        changes.org_names.see(key, login.unwrap_or_default(), at);
    }
}

/// What one page of a poll brought.
pub(super) fn poll(source: &str, observed_ms: i64, facts: PollFacts) -> Provenance {
    Provenance {
        source: source.parse().unwrap(),
        observed_at: Timestamp::from_millis(observed_ms),
        origin: Origin::Poll(facts),
        gaps: Vec::new(),
    }
}

/// What one chunk of a file brought.
pub(super) fn import(observed_ms: i64) -> Provenance {
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_millis(observed_ms),
        origin: Origin::Import(ImportFacts::default()),
        gaps: Vec::new(),
    }
}

/// An event of a kind that nothing else is known of.
pub(super) fn event(kind: &str, id: u64, at: Option<i64>) -> Event<'static> {
    Event {
        kind: EventKind::from_name(kind),
        id: EventId::Number(id),
        created_at: at.map(Timestamp::from_seconds),
        actor: None,
        repo: None,
        org: None,
        facts: PayloadFacts::default(),
        body_digest: BodyDigest::from_bits(id),
    }
}

/// Seconds around whole hours and equal ones, of two days.
fn any_second() -> impl Strategy<Value = i64> {
    let later = sample::select(vec![0_i64, 0, 27_000]);
    let steps = (0_i64..20, -1_i64..=1, later);
    steps.prop_map(|(steps, near, later)| BASE_SECONDS + steps * 900 + near + later)
}

fn any_millis() -> impl Strategy<Value = i64> {
    (any_second(), sample::select(vec![0_i64, 1, 500])).prop_map(|(s, ms)| s * 1000 + ms)
}

fn any_id() -> impl Strategy<Value = EventId<'static>> {
    prop_oneof![
        8 => (0_u64..40).prop_map(EventId::Number),
        2 => sample::select(vec!["007", "a", "b", "~", "99999999999999999999"])
            .prop_map(|text| EventId::from_text(Cow::Borrowed(text))),
        1 => (0_u8..6).prop_map(|byte| EventId::Digest([byte; 16])),
    ]
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    let names = vec![
        "PullRequestEvent",
        "PullRequestEvent",
        "WatchEvent",
        "PushEvent",
        "PushEvent",
        "ForkEvent",
        "ReleaseEvent",
        "FollowEvent",
    ];
    sample::select(names).prop_map(EventKind::from_name)
}

/// A number, a name, or both.
fn any_identity(
    names: &'static [&'static str],
) -> impl Strategy<Value = (Option<u64>, Option<Cow<'static, str>>)> {
    let name = || sample::select(names).prop_map(Cow::Borrowed);
    prop_oneof![
        6 => (1_u64..4, name()).prop_map(|(id, name)| (Some(id), Some(name))),
        3 => name().prop_map(|name| (None, Some(name))),
        1 => (1_u64..4).prop_map(|id| (Some(id), None)),
    ]
}

fn any_facts() -> impl Strategy<Value = PayloadFacts<'static>> {
    let action = sample::select(vec!["opened", "opened", "closed", "published", "zapped"])
        .prop_map(Cow::Borrowed);
    let number = (1_u64..5).prop_map(ThreadNumber::new);
    let parts = (
        option::weighted(0.9, action),
        option::weighted(0.9, number),
        any::<Option<bool>>(),
        option::of(0_u64..4),
    );
    parts.prop_map(|(action, number, merged, size)| PayloadFacts {
        action,
        number,
        merged,
        push_size: size,
        ..PayloadFacts::default()
    })
}

prop_compose! {
    pub(super) fn any_event()(
        kind in any_kind(),
        id in any_id(),
        created_at in option::weighted(0.9, any_second()),
        actor in option::weighted(0.8, any_identity(&["x", "X", "y"])),
        repo in option::weighted(0.9, any_identity(&["o/a", "O/A", "o/b", "p/c"])),
        org in option::weighted(0.5, any_identity(&["o", "O", "p"])),
        facts in any_facts(),
        body in 0_u64..3,
    ) -> Event<'static> {
        let push_size = facts.push_size.filter(|_| kind.is(KnownKind::Push));
        let facts = PayloadFacts { push_size, ..facts };
        Event {
            kind,
            id,
            created_at: created_at.map(Timestamp::from_seconds),
            actor: actor.map(|(id, login)| Actor { id: id.map(ActorId::new), login }),
            repo: repo.map(|(id, name)| Repo { id: id.map(RepoId::new), name }),
            org: org.map(|(id, login)| Org { id: id.map(OrgId::new), login }),
            facts,
            body_digest: BodyDigest::from_bits(body),
        }
    }
}

fn any_gap() -> impl Strategy<Value = SuspectedGap> {
    (option::weighted(0.8, any_millis()), any_millis()).prop_map(|(from, to)| SuspectedGap {
        from: from.map(|from| Timestamp::from_millis(from.min(to))),
        to: Timestamp::from_millis(to),
        reason: GapReason::NoOverlap,
    })
}

prop_compose! {
    fn any_provenance()(
        source in sample::select(vec!["public", "archive", "repo:o/a", "repo:P/C", "org:O", "user:y"]),
        observed_ms in any_millis(),
        page in 1_u32..3,
        status in sample::select(vec![Some(200_u16), Some(304), Some(502), None]),
        next_poll_ms in option::of(any_millis()),
        unrecorded in 0_u32..4,
        error in option::weighted(0.3, Just("it went wrong".to_owned())),
        gaps in proptest::collection::vec(any_gap(), 0..2),
        few in 0_u8..3,
    ) -> Provenance {
        if source == "archive" {
            return import(observed_ms);
        }
        let next_poll_at = next_poll_ms.map(Timestamp::from_millis);
        let polls = if page == 1 { unrecorded } else { 0 };
        let unrecorded = Unrecorded { polls, received: 0 };
        let facts = PollFacts { page, status, error, next_poll_at, unrecorded, ..PollFacts::default() };
        let gaps = if few == 0 { gaps } else { Vec::new() };
        Provenance { gaps, ..poll(source, observed_ms, facts) }
    }
}

/// A small log.
pub(super) fn any_records(max: usize) -> impl Strategy<Value = Vec<Record>> {
    let events = proptest::collection::vec(any_event(), 0..8);
    let record =
        (any_provenance(), events).prop_map(|(provenance, events)| Record { provenance, events });
    proptest::collection::vec(record, 0..max)
}

/// Any window, empty and reversed ones too.
pub(super) fn any_window() -> impl Strategy<Value = Window> {
    let by = sample::select(vec![
        TimeAxis::CreatedAt,
        TimeAxis::CreatedAt,
        TimeAxis::ObservedAt,
    ]);
    let bound = || option::weighted(0.8, any_millis().prop_map(Timestamp::from_millis));
    (bound(), bound(), by).prop_map(|(from, to, by)| Window { from, to, by })
}

/// A scope as a user names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeName {
    All,
    Repo(&'static str),
    Actor(&'static str),
    Org(&'static str),
}

pub(super) fn any_scope() -> impl Strategy<Value = ScopeName> {
    sample::select(vec![
        ScopeName::All,
        ScopeName::Repo("o/a"),
        ScopeName::Repo("O/B"),
        ScopeName::Repo("p/c"),
        ScopeName::Actor("x"),
        ScopeName::Actor("Y"),
        ScopeName::Org("o"),
        ScopeName::Org("P"),
    ])
}

impl ScopeName {
    /// As the model resolves it.
    pub(super) fn resolve(self, snapshot: &crate::Snapshot<'_>) -> Option<Scope> {
        match self {
            Self::All => Some(Scope::All),
            Self::Repo(name) => snapshot.resolve_repo(name).unwrap().map(Scope::Repo),
            Self::Actor(name) => snapshot.resolve_actor(name).unwrap().map(Scope::Actor),
            Self::Org(name) => snapshot.resolve_org(name).unwrap().map(Scope::Org),
        }
    }
}
