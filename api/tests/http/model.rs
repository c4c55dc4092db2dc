//! A read model to ask. What the projector folds is folded here in small: the tests of this crate
//! must not depend on it.

use std::path::Path;

use ghev_event::{
    Actor, Event, GapReason, KnownKind, Origin, PollFacts, Provenance, RateBudget, Source,
    SuspectedGap, Timestamp, read_event,
};
use ghev_readmodel::{
    ActorKey, Admission, Changes, DeadLetter, EnvelopeFacts, KindCounts, LogId, ModelDir, Offset,
    OrgKey, Place, RepoKey, Writer,
};
use tempfile::TempDir;

pub(crate) const LOG: LogId = LogId::new([0xab; 16]);

/// A read model that grows envelope by envelope.
pub(crate) struct Model {
    pub(crate) dir: TempDir,
    writer: Writer,
}

/// An event in short: type, id, `created_at`, `owner/name` with the repository's number, payload.
pub(crate) fn event(
    kind: &str,
    id: u64,
    created_at: &str,
    (repo_id, repo): (u64, &str),
    payload: &str,
) -> String {
    let owner = repo.split('/').next().unwrap();
    format!(
        r#"{{"type":"{kind}","id":"{id}","created_at":"{created_at}",
            "actor":{{"id":7,"login":"Ann"}},"repo":{{"id":{repo_id},"name":"{repo}"}},
            "org":{{"id":9,"login":"{owner}"}},"payload":{payload}}}"#
    )
}

pub(crate) const RUST: (u64, &str) = (724_712, "rust-lang/rust");
pub(crate) const CARGO: (u64, &str) = (1_390_248, "rust-lang/cargo");

/// A payload that opens a pull request.
pub(crate) fn opens(number: u64) -> String {
    format!(r#"{{"action":"opened","number":{number},"pull_request":{{"number":{number}}}}}"#)
}

impl Model {
    /// A model without any event.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let writer = Self::open(dir.path());
        Self { dir, writer }
    }

    fn open(dir: &Path) -> Writer {
        Writer::open(&ModelDir::new(dir), LOG).unwrap()
    }

    /// The model most tests ask: eight events on the last day before [`crate::server::NOW`].
    pub(crate) fn small() -> Self {
        let mut model = Self::empty();
        model.add_small();
        model
    }

    /// Adds the events of the small model.
    pub(crate) fn add_small(&mut self) {
        self.add(
            "2026-11-24T11:59:30Z",
            &[
                event("PushEvent", 1, "2026-11-24T11:50:00Z", RUST, "{}"),
                event("PushEvent", 2, "2026-11-24T11:49:59Z", RUST, "{}"),
                event(
                    "WatchEvent",
                    3,
                    "2026-11-24T11:59:59Z",
                    CARGO,
                    r#"{"action":"started"}"#,
                ),
                event(
                    "PullRequestEvent",
                    4,
                    "2026-11-24T09:00:00Z",
                    RUST,
                    &opens(41),
                ),
                event(
                    "PullRequestEvent",
                    5,
                    "2026-11-24T10:00:00Z",
                    RUST,
                    &opens(42),
                ),
                event(
                    "PullRequestEvent",
                    6,
                    "2026-11-24T11:30:00Z",
                    RUST,
                    &opens(43),
                ),
                event("NewThingEvent", 7, "2026-11-24T08:00:00Z", RUST, "{}"),
                event(
                    "ForkEvent",
                    8,
                    "2026-11-23T12:00:00Z",
                    CARGO,
                    r#"{"action":"forked"}"#,
                ),
            ],
        );
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Adds an envelope with these events, observed at this time.
    pub(crate) fn add(&mut self, observed_at: &str, raw: &[String]) {
        let offset = self.writer.checkpoint().next_offset;
        let mut changes = Changes::default();
        let mut counts = KindCounts::default();
        let mut batch = self.writer.begin().unwrap();
        for (index, raw) in (0..).zip(raw) {
            let event = read_event(raw.as_bytes()).unwrap();
            if batch.admit(Place::new(offset, index), &event).unwrap() == Admission::New {
                fold(&event, &mut changes);
                counts.add(&event.kind, 1);
            }
        }
        changes
            .envelopes
            .push(envelope(offset, observed_at, counts, raw.len()));
        let next = Offset::new(offset.get() + 1).unwrap();
        batch.commit(&changes, next).unwrap();
    }

    /// Adds `count` dead letters.
    pub(crate) fn add_dead_letters(&mut self, count: u32) {
        let offset = self.writer.checkpoint().next_offset;
        let dead_letters = (0..count).map(|number| DeadLetter {
            offset,
            number,
            source: "archive".into(),
            place: format!("file.json:{number}"),
            reason: "no JSON".into(),
            digest: "00".repeat(16),
            bytes: 3,
        });
        let changes = Changes {
            dead_letters: dead_letters.collect(),
            ..Changes::default()
        };
        let batch = self.writer.begin().unwrap();
        batch
            .commit(&changes, Offset::new(offset.get() + 1).unwrap())
            .unwrap();
    }

    /// The same directory, written to from where its current generation stands.
    pub(crate) fn reopened(self) -> Self {
        let Self { dir, writer } = self;
        drop(writer);
        let writer = Self::open(dir.path());
        Self { dir, writer }
    }

    /// The same directory with an empty model of another log.
    pub(crate) fn of_another_log(self) -> Self {
        let Self { dir, .. } = self;
        let (models, log) = (ModelDir::new(dir.path()), LogId::new([0xcd; 16]));
        publish_empty(&models, log);
        let writer = Writer::open(&models, log).unwrap();
        Self { dir, writer }
    }

    /// Builds an empty generation beside the current one and makes it current.
    pub(crate) fn switch_generation(&self) {
        publish_empty(&ModelDir::new(self.path()), LOG);
    }

    /// Makes the current generation's number current once more, as if another one had got it.
    pub(crate) fn publish_again(&self) {
        let dir = ModelDir::new(self.path());
        dir.publish(dir.current().unwrap().unwrap()).unwrap();
    }
}

fn publish_empty(dir: &ModelDir, log: LogId) {
    let number = dir.reserve_next().unwrap();
    let writer = Writer::create(&dir.generation_path(number), log).unwrap();
    writer.close().unwrap();
    dir.publish(number).unwrap();
}

fn fold(event: &Event<'_>, changes: &mut Changes) {
    changes.activity.see(event);
    changes.contributions.see(event);
    changes.sums.see(event);
    let at = event.created_at;
    changes.count(&event.kind, at);
    if let Some(repo) = &event.repo {
        let name = repo.name.as_deref();
        let key = RepoKey::of(repo.id, name).unwrap();
        changes.repo_names.see(key, name.unwrap_or_default(), at);
        if let (true, Some(number)) = (event.kind.is(KnownKind::PullRequest), event.facts.number) {
            let opened = event.facts.action.as_deref() == Some("opened");
            changes
                .pull_requests
                .entry((key, number))
                .or_default()
                .see(at, opened);
        }
    }
    if let Some(Actor { id, login }) = &event.actor {
        let key = ActorKey::of(*id, login.as_deref()).unwrap();
        changes
            .actor_names
            .see(key, login.as_deref().unwrap_or_default(), at);
    }
    if let Some(org) = &event.org {
        let key = OrgKey::of(org.id, org.login.as_deref()).unwrap();
        changes
            .org_names
            .see(key, org.login.as_deref().unwrap_or_default(), at);
    }
}

/// The facts of a poll of the public feed that found nothing it knew: a gap is suspected.
fn envelope(
    offset: Offset,
    observed_at: &str,
    new_events: KindCounts,
    len: usize,
) -> EnvelopeFacts {
    let observed_at = Timestamp::parse_rfc3339(observed_at).unwrap();
    let len = u32::try_from(len).unwrap();
    let poll = PollFacts {
        path: "/events".into(),
        page: 1,
        status: Some(200),
        received: len,
        new: len,
        last_page: true,
        overlap: Some(0),
        latency_ms: 20,
        next_poll_at: Some(observed_at),
        budget: Some(RateBudget {
            limit: 60,
            remaining: 59,
            reset_at: observed_at,
        }),
        ..PollFacts::default()
    };
    let gap = SuspectedGap {
        from: None,
        to: observed_at,
        reason: GapReason::NoOverlap,
    };
    let provenance = Provenance {
        source: Source::Public,
        observed_at,
        origin: Origin::Poll(poll),
        gaps: vec![gap],
    };
    EnvelopeFacts {
        offset,
        provenance,
        new_events,
    }
}
