//! The questions: asked of the read model as the api asks them, on a connection of each thread's own,
//! and written as the api writes them, without a look at anything that a request may get wrong. The
//! token of a next page is left out; so is everything about the clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;

use ghev_event::{EventId, EventKind, Timestamp};
use ghev_readmodel::{
    AsOf, Coverage, EventFilter, EventRow, ModelDir, Named, PullRequestAction, Reader, Scope,
    Snapshot, TimeAxis, Window,
};
use serde::Serialize;

type Failure = Box<dyn Error + Send + Sync>;

thread_local! {
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

/// What is asked, and of which read model.
#[derive(Clone)]
pub(crate) struct Questions {
    model_dir: PathBuf,
}

/// An answer; without a body where the client has it.
pub(crate) struct Answer {
    pub(crate) tag: String,
    pub(crate) body: Option<Vec<u8>>,
}

impl Questions {
    pub(crate) const fn of(model_dir: PathBuf) -> Self {
        Self { model_dir }
    }

    /// Answers a path and its query.
    pub(crate) fn answer(
        &self,
        path: &str,
        query: Option<&str>,
        known: Option<&str>,
    ) -> Result<Answer, Failure> {
        READER.with_borrow_mut(|reader| {
            let reader = reader.get_or_insert_with(|| Reader::new(ModelDir::new(&self.model_dir)));
            let snapshot = reader.snapshot()?;
            let (generation, as_of) = (snapshot.generation(), snapshot.as_of());
            let tag = format!("\"{generation}-{}\"", as_of.checkpoint.next_offset);
            let body = if known == Some(tag.as_str()) {
                None
            } else {
                Some(body(&snapshot, path, query.unwrap_or_default())?)
            };
            Ok(Answer { tag, body })
        })
    }
}

fn body(snapshot: &Snapshot<'_>, path: &str, query: &str) -> Result<Vec<u8>, Failure> {
    let segments: Vec<&str> = path.split('/').skip(2).collect();
    let written = match segments[..] {
        ["event-counts"] => serde_json::to_vec(&counts(snapshot, query)?),
        ["events"] => serde_json::to_vec(&events(snapshot)?),
        ["events", kind, id] => serde_json::to_vec(&event(snapshot, kind, id)?),
        ["repos", owner, repo, "pull-request-interval"] => {
            serde_json::to_vec(&interval(snapshot, &format!("{owner}/{repo}"))?)
        }
        _ => return Err("no such question".into()),
    };
    Ok(written?)
}

#[derive(Serialize)]
struct Counts {
    from: Option<String>,
    to: Option<String>,
    by: &'static str,
    counts: BTreeMap<String, u64>,
    sample_size: u64,
    as_of: State,
    coverage: Completeness,
}

fn counts(snapshot: &Snapshot<'_>, query: &str) -> Result<Counts, Failure> {
    let instant = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found
            .map(|(_, text)| Timestamp::parse_bound(text))
            .transpose()
    };
    let window = Window {
        from: instant("from")?,
        to: instant("to")?,
        by: TimeAxis::CreatedAt,
    };
    let counts = snapshot.event_counts(&Scope::All, &window)?;
    let named = counts.iter();
    Ok(Counts {
        from: text(window.from),
        to: text(window.to),
        by: "created_at",
        counts: named
            .map(|(kind, events)| (kind.name().to_owned(), events))
            .collect(),
        sample_size: counts.total(),
        as_of: snapshot.as_of().into(),
        coverage: snapshot.coverage(&Scope::All, &window)?.into(),
    })
}

#[derive(Serialize)]
struct Interval {
    repo: Who,
    from: Option<String>,
    to: Option<String>,
    by: &'static str,
    action: &'static str,
    sample_size: u64,
    mean_seconds: Option<f64>,
    p50_seconds: Option<f64>,
    p90_seconds: Option<f64>,
    min_seconds: Option<f64>,
    max_seconds: Option<f64>,
    first_at: Option<String>,
    last_at: Option<String>,
    as_of: State,
    coverage: Completeness,
}

fn interval(snapshot: &Snapshot<'_>, repo: &str) -> Result<Interval, Failure> {
    let keys = snapshot.resolve_repo(repo)?.ok_or("nobody knows it")?;
    let identity = snapshot.repo_identity(&keys)?.ok_or("nobody knows it")?;
    let (scope, window) = (Scope::Repo(keys), Window::EVERYTHING);
    let found = snapshot.pull_request_interval(&scope, &window, PullRequestAction::Opened)?;
    Ok(Interval {
        repo: Who {
            id: identity.id,
            name: identity.name,
        },
        from: None,
        to: None,
        by: "created_at",
        action: "opened",
        sample_size: found.sample_size,
        mean_seconds: found.gaps.mean_seconds,
        p50_seconds: found.gaps.p50_seconds,
        p90_seconds: found.gaps.p90_seconds,
        min_seconds: found.gaps.min_seconds,
        max_seconds: found.gaps.max_seconds,
        first_at: text(found.first_at),
        last_at: text(found.last_at),
        as_of: snapshot.as_of().into(),
        coverage: snapshot.coverage(&scope, &window)?.into(),
    })
}

#[derive(Serialize)]
struct OneEvent {
    #[serde(flatten)]
    event: Event,
    as_of: State,
    coverage: Completeness,
}

fn event(snapshot: &Snapshot<'_>, kind: &str, id: &str) -> Result<OneEvent, Failure> {
    let (kind, id) = (EventKind::from_name(kind), EventId::from_text(id.into()));
    let row = snapshot.event(&kind, &id)?.ok_or("nobody knows it")?;
    Ok(OneEvent {
        event: row.into(),
        as_of: snapshot.as_of().into(),
        coverage: snapshot.coverage(&Scope::All, &Window::EVERYTHING)?.into(),
    })
}

#[derive(Serialize)]
struct Events {
    from: Option<String>,
    to: Option<String>,
    by: &'static str,
    events: Vec<Event>,
    sample_size: usize,
    next_page_token: Option<String>,
    as_of: State,
    coverage: Completeness,
}

/// The newest hundred.
fn events(snapshot: &Snapshot<'_>) -> Result<Events, Failure> {
    let page = snapshot.events(&EventFilter::default(), None, 100)?;
    let events: Vec<Event> = page.events.into_iter().map(Event::from).collect();
    Ok(Events {
        from: None,
        to: None,
        by: "created_at",
        sample_size: events.len(),
        events,
        next_page_token: None,
        as_of: snapshot.as_of().into(),
        coverage: snapshot.coverage(&Scope::All, &Window::EVERYTHING)?.into(),
    })
}

#[derive(Serialize)]
struct Event {
    r#type: String,
    id: String,
    created_at: Option<String>,
    observed_at: Option<String>,
    offset: u64,
    actor: Option<Account>,
    repo: Option<Who>,
    org: Option<Account>,
    action: Option<String>,
    number: Option<u64>,
    merged: Option<bool>,
}

#[derive(Serialize)]
struct Account {
    id: Option<u64>,
    login: Option<String>,
}

#[derive(Serialize)]
struct Who {
    id: Option<u64>,
    name: Option<String>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            r#type: row.kind.name().to_owned(),
            id: row.id.to_string(),
            created_at: text(row.created_at),
            observed_at: text(row.observed_at),
            offset: row.offset.get(),
            actor: row.actor.map(|Named { id, name }| Account {
                id: id.map(ghev_event::ActorId::get),
                login: name,
            }),
            repo: row.repo.map(|Named { id, name }| Who {
                id: id.map(ghev_event::RepoId::get),
                name,
            }),
            org: row.org.map(|Named { id, name }| Account {
                id: id.map(ghev_event::OrgId::get),
                login: name,
            }),
            action: row.action,
            number: row.number.map(ghev_event::ThreadNumber::get),
            merged: row.merged,
        }
    }
}

#[derive(Serialize)]
struct State {
    log_id: String,
    next_offset: u64,
    observed_at: Option<String>,
}

impl From<&AsOf> for State {
    fn from(as_of: &AsOf) -> Self {
        Self {
            log_id: as_of.checkpoint.log_id.to_string(),
            next_offset: as_of.checkpoint.next_offset.get(),
            observed_at: text(as_of.observed_at),
        }
    }
}

#[derive(Serialize)]
struct Completeness {
    state: String,
    polls: u64,
    suspected_gaps: u64,
    est_capture: Option<f64>,
    events_since: Option<String>,
}

impl From<Coverage> for Completeness {
    fn from(coverage: Coverage) -> Self {
        Self {
            state: format!("{:?}", coverage.state).to_lowercase(),
            polls: coverage.polls,
            suspected_gaps: coverage.suspected_gaps,
            est_capture: None,
            events_since: text(coverage.events_since),
        }
    }
}

fn text(time: Option<Timestamp>) -> Option<String> {
    time.map(|time| time.to_string())
}
