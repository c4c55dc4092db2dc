//! How long the questions of the api take over a model, each asked of repositories, organisations and actors
//! as they occur among its events, and of everybody, in windows of random length and place: all of it twice, since
//! the first time the file has to come into memory. Prints a line
//! for each: question, scope, its key, window in seconds, microseconds, and a figure of the answer, so that
//! something else can be asked the same (`bench/model`).
//!
//! `GHEV_QUESTIONS_MODEL` names the directory of the model, `GHEV_QUESTIONS_ROUNDS` how often each question
//! is asked, 150 by default.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no use")]

use std::time::Instant;

use ghev_event::Timestamp;
use ghev_readmodel::{
    ActorKey, Bots, EventFilter, EventRow, ModelDir, Offset, OrgKey, Place, PullRequestAction,
    ReadError, Reader, RepoKey, Scope, ScopeKeys, SeriesInterval, Snapshot, Window,
};

type Asked = Result<u64, ReadError>;

/// A question, and a figure of its answer by which it can be told from another.
struct Question {
    name: &'static str,
    of_actors: bool,
    ask: fn(&Snapshot<'_>, &Scope, &Window) -> Asked,
}

const QUESTIONS: &[Question] = &[
    Question {
        name: "event-counts",
        of_actors: true,
        ask: |model, scope, window| Ok(model.event_counts(scope, window)?.total()),
    },
    Question {
        name: "activity",
        of_actors: true,
        ask: |model, scope, window| Ok(model.activity(scope, window)?.pushes),
    },
    Question {
        name: "activity-matrix",
        of_actors: true,
        ask: |model, scope, window| Ok(model.activity_matrix(scope, window)?.total()),
    },
    Question {
        name: "event-series",
        of_actors: true,
        ask: |model, scope, window| {
            let series = model.event_series(scope, window, SeriesInterval::Day)?;
            Ok(series.total())
        },
    },
    Question {
        name: "pull-request-interval",
        of_actors: false,
        ask: |model, scope, window| {
            let action = PullRequestAction::Opened;
            Ok(model
                .pull_request_interval(scope, window, action)?
                .sample_size)
        },
    },
    Question {
        name: "pull-requests",
        of_actors: false,
        ask: |model, scope, window| Ok(model.pull_requests(scope, window, Bots::Exclude)?.opened),
    },
    Question {
        name: "issues",
        of_actors: false,
        ask: |model, scope, window| Ok(model.issues(scope, window, Bots::Exclude)?.opened),
    },
    Question {
        name: "contributors",
        of_actors: false,
        ask: |model, scope, window| Ok(model.contributors(scope, window, Bots::Include)?.active),
    },
];

fn main() {
    let dir = std::env::var_os("GHEV_QUESTIONS_MODEL")
        .expect("GHEV_QUESTIONS_MODEL names the model's directory");
    let rounds =
        std::env::var("GHEV_QUESTIONS_ROUNDS").map_or(150, |rounds| rounds.parse().unwrap());
    let mut reader = Reader::new(ModelDir::new(dir));
    let newest = newest(&reader.snapshot().unwrap());
    // The first time round statements are prepared and pages come into memory.
    for counts in [false, true] {
        ask_all(&mut reader, newest, rounds, counts);
    }
}

fn ask_all(reader: &mut Reader, newest: i64, rounds: usize, counts: bool) {
    let mut chance = Chance(1);
    for _ in 0..rounds {
        let model = reader.snapshot().unwrap();
        let sample = chance.event(&model);
        let scopes = scopes_of(&sample);
        let window = chance.window(newest);
        for question in QUESTIONS {
            for scope in &scopes {
                if question.of_actors || !matches!(scope, Scope::Actor(_)) {
                    let asked = ask(&model, question, scope, &window);
                    if counts {
                        println!("{asked}");
                    }
                }
            }
        }
    }
}

fn ask(model: &Snapshot<'_>, question: &Question, scope: &Scope, window: &Window) -> String {
    let began = Instant::now();
    let answer = (question.ask)(model, scope, window).unwrap();
    let micros = began.elapsed().as_nanos() as f64 / 1000.0;
    let (scope, key) = match scope {
        Scope::All => ("all", None),
        Scope::Repo(keys) => (
            "repo",
            keys.numbered.and_then(RepoKey::id).map(|id| id.get()),
        ),
        Scope::Org(keys) => ("org", keys.numbered.and_then(OrgKey::id).map(|id| id.get())),
        Scope::Actor(keys) => (
            "actor",
            keys.numbered.and_then(ActorKey::id).map(|id| id.get()),
        ),
    };
    let key = key.map_or_else(String::new, |key| key.to_string());
    let [from, to] = [window.from, window.to].map(|at| at.map_or(0, Timestamp::as_seconds));
    format!(
        "{}\t{scope}\t{key}\t{from}\t{to}\t{micros:.1}\t{answer}",
        question.name
    )
}

/// Everybody, and whoever an event is of.
fn scopes_of(event: &EventRow) -> Vec<Scope> {
    fn numbered<K>(key: K) -> ScopeKeys<K> {
        ScopeKeys {
            numbered: Some(key),
            named: None,
        }
    }
    let repo = event.repo.as_ref().and_then(|repo| repo.id);
    let org = event.org.as_ref().and_then(|org| org.id);
    let actor = event.actor.as_ref().and_then(|actor| actor.id);
    let scopes = [
        Some(Scope::All),
        repo.map(|id| Scope::Repo(numbered(RepoKey::of_id(id)))),
        org.map(|id| Scope::Org(numbered(OrgKey::of_id(id)))),
        actor.map(|id| Scope::Actor(numbered(ActorKey::of_id(id)))),
    ];
    scopes.into_iter().flatten().collect()
}

fn newest(model: &Snapshot<'_>) -> i64 {
    let page = model.events(&EventFilter::default(), None, 1).unwrap();
    let at = page.events.first().and_then(|event| event.created_at);
    at.expect("a model with events").as_seconds()
}

/// `SplitMix64` (<https://prng.di.unimi.it/splitmix64.c>): the same questions each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// Any event, so that who has many is asked for often.
    fn event(&mut self, model: &Snapshot<'_>) -> EventRow {
        let records = model.as_of().checkpoint.next_offset.get();
        loop {
            let record = Offset::new(self.below(records)).expect("below one that there is");
            let index = u16::try_from(self.below(4_000)).unwrap();
            let found = model.arrivals(Place::new(record, index), 1).unwrap();
            if let Some(arrival) = found.into_iter().next() {
                return arrival.event;
            }
        }
    }

    /// Everything, once in eight times; or from minutes to months, each length as likely as twice of it.
    fn window(&mut self, newest: i64) -> Window {
        const MINUTE: u64 = 60;
        if self.below(8) == 0 {
            return Window::EVERYTHING;
        }
        let doublings = self.below(18);
        let length = MINUTE + self.below(MINUTE << doublings);
        let back = self.below(length * 4);
        let to = newest - i64::try_from(back).unwrap();
        let from = to - i64::try_from(length).unwrap();
        Window {
            from: Some(Timestamp::from_seconds(from)),
            to: Some(Timestamp::from_seconds(to)),
            ..Window::EVERYTHING
        }
    }
}
