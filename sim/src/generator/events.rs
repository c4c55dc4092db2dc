//! The generator itself: times, ids, lateness, missing parts, and the frame around each payload.

use std::collections::BTreeMap;

use super::happening::{Happening, Life, What};
use super::json::{Json, boolean, number, object, text};
use super::payload;
use super::timeline;
use super::world::World;
use crate::event::{Facts, Named, SimEvent};
use crate::feed::Subject;
use crate::rng::Rng;
use crate::time::SimTime;

/// Which payloads generated events bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Era {
    /// Before 2015: no ids, `actor` a text, `repository`, times seven hours behind UTC.
    Timeline,
    /// 2015 to 2025-10: whole pull requests, pushes with their commits; merges are `closed` with
    /// `merged: true`.
    Full,
    /// From 2025-10-07: pull requests reduced to five members, pushes without commits; nothing
    /// tells a merge from a refusal.
    Trimmed,
    /// From 2025-12: trimmed, and merges have the action `merged`.
    #[default]
    Merged,
}

/// A source of made-up events without end: some dozens of repositories, people, bots and
/// organisations, and everything that goes on between them. Pull requests and issues are opened
/// before anything happens to them and end once; late events break that order of arrival, never the
/// order of `created_at`.
///
/// ```
/// use ghev_sim::{Era, EventGenerator, SimTime};
///
/// let mut generator = EventGenerator::new(7).era(Era::Full).late_per_mille(0);
/// let event = generator.next_event(SimTime::from_seconds(1_700_000_000));
/// assert_eq!(event.created_at(), Some(SimTime::from_seconds(1_700_000_000)));
/// ```
#[derive(Debug, Clone)]
pub struct EventGenerator {
    rng: Rng,
    life: Life,
    era: Era,
    late_per_mille: u32,
    missing_per_mille: u32,
    rename_every: Option<u64>,
    /// Pushes count in a higher range than all other types
    /// (seen by several who poll the feed since late 2025).
    next_push_id: u64,
    next_id: u64,
    next_push: u64,
    latest: SimTime,
    emitted: u64,
    /// Late moments of a life, by the count of events after which they arrive.
    held: BTreeMap<(u64, u64), SimEvent>,
}

impl EventGenerator {
    /// The generator of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let world = World::new(&mut rng);
        Self::of(world, rng)
    }

    /// The generator of `seed` over so many repositories and people, whose shares follow Zipf's law:
    /// for measuring what grows with their number.
    pub fn of_many(seed: u64, repos: usize, people: usize) -> Self {
        let mut rng = Rng::new(seed);
        let world = World::of_many(&mut rng, repos, people);
        Self::of(world, rng)
    }

    fn of(world: World, mut rng: Rng) -> Self {
        Self {
            life: Life::new(world, &mut rng),
            rng,
            era: Era::default(),
            late_per_mille: 180,
            missing_per_mille: 2,
            rename_every: None,
            next_push_id: 59_887_411_479,
            next_id: 13_268_201_074,
            next_push: 29_404_848_383,
            latest: SimTime::from_millis(i64::MIN),
            emitted: 0,
            held: BTreeMap::new(),
        }
    }

    /// The payloads its events bear (default [`Era::Merged`]).
    #[must_use]
    pub fn era(mut self, era: Era) -> Self {
        self.era = era;
        self
    }

    /// Of a thousand events, how many are late (default 180, as was measured of `/events`): those
    /// outside any thread are created ten minutes to days before the time asked for, once in a
    /// while years; moments of a thread arrive up to sixty events later.
    #[must_use]
    pub fn late_per_mille(mut self, events: u32) -> Self {
        self.late_per_mille = events;
        self
    }

    /// Of a thousand events outside any thread, how many lack the actor's or organisation's id, or
    /// have no real repository (default 2).
    #[must_use]
    pub fn missing_per_mille(mut self, events: u32) -> Self {
        self.missing_per_mille = events;
        self
    }

    /// Renames a repository every so many events; its id stays (default: never).
    #[must_use]
    pub fn rename_every(mut self, events: u64) -> Self {
        self.rename_every = Some(events).filter(|&n| n > 0);
        self
    }

    /// The next event, created at `at` or (a late one) before it. A time before the latest one
    /// asked for counts as that.
    pub fn next_event(&mut self, at: SimTime) -> SimEvent {
        self.latest = self.latest.max(at);
        self.emitted += 1;
        if self
            .rename_every
            .is_some_and(|n| self.emitted.is_multiple_of(n))
        {
            self.rename();
        }
        if let Some(entry) = self.held.first_entry()
            && entry.key().0 <= self.emitted
        {
            return entry.remove();
        }
        loop {
            let happening = self.life.next(&mut self.rng, self.latest);
            if self.era == Era::Timeline && !happening.what.is_in_timeline() {
                continue;
            }
            let late = self.rng.chance(self.late_per_mille);
            let in_thread = happening.what.thread().is_some();
            let at = if late && !in_thread {
                self.latest.plus_seconds(-self.tail_seconds())
            } else {
                self.latest
            };
            let event = self.event(&happening, at);
            if !(late && in_thread) {
                return event;
            }
            let due = self.emitted + self.rng.between(1, 60);
            self.held.insert((due, self.next_id), event);
        }
    }

    /// `count` events whose times are spread evenly from `from` to `to`, as for an archive file.
    pub fn events(&mut self, count: usize, from: SimTime, to: SimTime) -> Vec<SimEvent> {
        let span_ms = u128::from(to.millis_since(from));
        let step = |index: usize| {
            let passed = span_ms * (index as u128) / (count.max(1) as u128);
            from.plus_millis(i64::try_from(passed).unwrap_or(i64::MAX))
        };
        (0..count)
            .map(|index| self.next_event(step(index)))
            .collect()
    }

    /// Everything its events may name.
    pub(crate) fn known(&self) -> Vec<(Subject, Named)> {
        let world = &self.life.world;
        let has_ids = self.era != Era::Timeline;
        let named = |id: u64, name: &str| Named {
            id: has_ids.then_some(id),
            name: Some(name.to_owned()),
        };
        let repos = world.repos.iter();
        let repos = repos.map(|r| (Subject::Repo, named(r.id, &r.full_name())));
        let orgs = world.orgs.iter();
        let orgs = orgs.map(|o| (Subject::Org, named(o.id, &o.login)));
        let actors = world.actors.iter();
        let actors = actors.map(|a| (Subject::User, named(a.id, &a.login)));
        repos.chain(orgs).chain(actors).collect()
    }

    fn rename(&mut self) {
        let repo = self.life.world.any_repo(&mut self.rng);
        let name = &mut self.life.world.repos[repo].name;
        let stem = name.split(".was").next().unwrap_or_default();
        *name = format!("{stem}.was{}", self.emitted);
    }

    /// How old a late event is: ten minutes to three days, once in a while years.
    fn tail_seconds(&mut self) -> i64 {
        const YEAR: u64 = 365 * 86_400;
        let seconds = if self.rng.chance(10) {
            self.rng.between(YEAR, 5 * YEAR)
        } else if self.rng.chance(120) {
            self.rng.between(600, 86_400)
        } else {
            self.rng.between(86_400, 3 * 86_400)
        };
        i64::try_from(seconds).unwrap_or(0)
    }

    fn event(&mut self, happening: &Happening, at: SimTime) -> SimEvent {
        let is_push = matches!(happening.what, What::Push { .. });
        let (counter, step) = if is_push {
            (&mut self.next_push_id, 40)
        } else {
            (&mut self.next_id, 25)
        };
        *counter += self.rng.between(1, step);
        let id = *counter;
        self.next_push += 1;
        let world = &self.life.world;
        let mut facts = facts(happening, world, at);
        let json = if self.era == Era::Timeline {
            facts.forget_ids();
            timeline::event(happening, world, at)
        } else {
            let missing =
                happening.what.thread().is_none() && self.rng.chance(self.missing_per_mille);
            let missing = missing.then(|| self.rng.pick(&Missing::ALL));
            let frame = payload::Frame {
                world,
                era: self.era,
                at,
                push_id: self.next_push,
            };
            facts.id = Some(id.to_string());
            facts.lack(missing);
            framed(happening, &frame, id, missing)
        };
        SimEvent::made(json.into_string(), facts)
    }
}

/// A part that an event was seen to lack.
#[derive(Debug, Clone, Copy)]
enum Missing {
    ActorId,
    OrgId,
    Repo,
    /// A repository of the name `/` without an id.
    RepoName,
}

impl Missing {
    const ALL: [Self; 4] = [Self::ActorId, Self::OrgId, Self::Repo, Self::RepoName];
}

/// What feeds must know of an event, but for its id.
fn facts(happening: &Happening, world: &World, at: SimTime) -> Facts {
    let named = |id: u64, name: &str| Named {
        id: Some(id),
        name: Some(name.to_owned()),
    };
    let repo = &world.repos[happening.repo];
    let actor = &world.actors[happening.actor];
    let org = repo.org.map(|index| &world.orgs[index]);
    Facts {
        kind: happening.what.kind().to_owned(),
        id: None,
        created_at: Some(SimTime::from_seconds(at.as_seconds())),
        repo: named(repo.id, &repo.full_name()),
        actor: named(actor.id, &actor.login),
        org: org.map_or_else(Named::default, |org| named(org.id, &org.login)),
    }
}

impl Facts {
    fn forget_ids(&mut self) {
        for named in [&mut self.repo, &mut self.actor, &mut self.org] {
            named.id = None;
        }
    }

    fn lack(&mut self, missing: Option<Missing>) {
        match missing {
            None => {}
            Some(Missing::ActorId) => self.actor.id = None,
            Some(Missing::OrgId) => self.org.id = None,
            Some(Missing::Repo) => self.repo = Named::default(),
            Some(Missing::RepoName) => {
                self.repo = Named {
                    id: None,
                    name: Some("/".into()),
                };
            }
        }
    }
}

/// An event as the Events API gives it.
fn framed(
    happening: &Happening,
    frame: &payload::Frame<'_>,
    id: u64,
    missing: Option<Missing>,
) -> Json {
    let world = frame.world;
    let repo = &world.repos[happening.repo];
    let mut members = vec![
        ("id", text(&id.to_string())),
        ("type", text(happening.what.kind())),
        ("actor", actor(happening, frame, missing)),
    ];
    match missing {
        Some(Missing::Repo) => {}
        Some(Missing::RepoName) => {
            let url = text("https://api.github.com/repos//");
            members.push(("repo", object(&[("name", text("/")), ("url", url)])));
        }
        _ => members.push((
            "repo",
            object(&[
                ("id", number(repo.id)),
                ("name", text(&repo.full_name())),
                ("url", text(&payload::repo_url(repo))),
            ]),
        )),
    }
    members.push(("payload", payload::payload(happening, frame)));
    members.push(("public", boolean(true)));
    members.push(("created_at", text(&frame.at.rfc3339())));
    if let Some(org) = repo.org.map(|index| &world.orgs[index]) {
        let id = (!matches!(missing, Some(Missing::OrgId))).then(|| ("id", number(org.id)));
        let mut parts: Vec<_> = id.into_iter().collect();
        parts.push(("login", text(&org.login)));
        parts.push(("gravatar_id", text("")));
        parts.push((
            "url",
            text(&format!("https://api.github.com/orgs/{}", org.login)),
        ));
        let avatar = format!("https://avatars.githubusercontent.com/u/{}?", org.id);
        parts.push(("avatar_url", text(&avatar)));
        members.push(("org", object(&parts)));
    }
    object(&members)
}

fn actor(happening: &Happening, frame: &payload::Frame<'_>, missing: Option<Missing>) -> Json {
    let actor = &frame.world.actors[happening.actor];
    let display = actor.login.trim_end_matches("[bot]");
    let avatar = format!("https://avatars.githubusercontent.com/u/{}?", actor.id);
    let id = (!matches!(missing, Some(Missing::ActorId))).then(|| ("id", number(actor.id)));
    let mut members: Vec<_> = id.into_iter().collect();
    members.push(("login", text(&actor.login)));
    members.push(("display_login", text(display)));
    members.push(("gravatar_id", text("")));
    members.push(("url", text(&payload::user_url(&actor.login))));
    members.push(("avatar_url", text(&avatar)));
    object(&members)
}
