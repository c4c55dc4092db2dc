//! The lives of pull requests and issues: opened, discussed, and at last merged or closed. Knows
//! which step may follow which, and nothing about JSON.

use super::world::World;
use crate::rng::Rng;
use crate::time::SimTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Closed,
    Merged,
}

/// A pull request or an issue.
#[derive(Debug, Clone)]
pub(super) struct Thread {
    pub(super) is_pull_request: bool,
    pub(super) id: u64,
    pub(super) repo: usize,
    pub(super) number: u64,
    pub(super) author: usize,
    pub(super) title: &'static str,
    pub(super) branch: String,
    pub(super) head_sha: String,
    pub(super) base_sha: String,
    pub(super) created_at: SimTime,
    pub(super) ended_at: Option<SimTime>,
    pub(super) state: State,
    pub(super) comments: u64,
}

/// What may happen to a thread besides talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Opened,
    Merged,
    Closed,
    Reopened,
    Labeled,
    Assigned,
}

/// Threads of one sort that may still change, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Threads {
    are_pull_requests: bool,
    live: Vec<Thread>,
    next_id: u64,
}

/// More than these are never open at once: the next step is then an end.
const LIVE_MAX: usize = 60;

const TITLES: [&str; 8] = [
    "Fix the off-by-one in paging",
    "Bump serde from 1.0.1 to 1.0.2",
    "Document \"units\" & errors",
    "Größere Puffer für langsame Leitungen",
    "Add a retry budget",
    "Remove dead code\tand tabs",
    "改善: faster lookups",
    "Tests must not wait",
];

impl Threads {
    pub(super) fn new(are_pull_requests: bool, rng: &mut Rng) -> Self {
        Self {
            are_pull_requests,
            live: Vec::new(),
            next_id: rng.between(2_900_000_000, 3_500_000_000),
        }
    }

    /// A thread to talk about: live, or `None` while there is none.
    pub(super) fn talk(&mut self, rng: &mut Rng, only_open: bool) -> Option<Thread> {
        let open = |thread: &Thread| !only_open || thread.state == State::Open;
        let places: Vec<usize> = (0..self.live.len())
            .filter(|&n| open(&self.live[n]))
            .collect();
        let &place = places.get(rng.place(places.len()))?;
        let thread = &mut self.live[place];
        thread.comments += 1;
        Some(thread.clone())
    }

    /// The next step of some thread, with the thread as it is after it.
    pub(super) fn step(&mut self, rng: &mut Rng, world: &mut World, at: SimTime) -> (Step, Thread) {
        let crowded = self.live.len() >= LIVE_MAX;
        if self.live.is_empty() || (!crowded && rng.chance(480)) {
            return (Step::Opened, self.open(rng, world, at));
        }
        let place = if crowded {
            0
        } else {
            rng.place(self.live.len())
        };
        let step = self.choose(rng, self.live[place].state, crowded);
        let thread = &mut self.live[place];
        match step {
            Step::Merged => (thread.state, thread.ended_at) = (State::Merged, Some(at)),
            Step::Closed => (thread.state, thread.ended_at) = (State::Closed, Some(at)),
            Step::Reopened => (thread.state, thread.ended_at) = (State::Open, None),
            Step::Opened | Step::Labeled | Step::Assigned => {}
        }
        let after = thread.clone();
        // A merged thread has ended; a closed one stays for a while and may be reopened.
        let forgotten = after.state == State::Merged
            || (after.state == State::Closed && (crowded || rng.chance(700)));
        if forgotten {
            self.live.remove(place);
        }
        (step, after)
    }

    fn choose(&self, rng: &mut Rng, state: State, crowded: bool) -> Step {
        match state {
            State::Closed | State::Merged => Step::Reopened,
            State::Open if crowded && !self.are_pull_requests => Step::Closed,
            State::Open if crowded => Step::Merged,
            State::Open => match rng.below(100) {
                0..60 if self.are_pull_requests => Step::Merged,
                0..80 => Step::Closed,
                80..90 => Step::Labeled,
                _ => Step::Assigned,
            },
        }
    }

    fn open(&mut self, rng: &mut Rng, world: &mut World, at: SimTime) -> Thread {
        let repo = world.any_repo(rng);
        self.next_id += rng.between(1, 9_000);
        let number = world.repos[repo].next_number;
        world.repos[repo].next_number += 1;
        let thread = Thread {
            is_pull_request: self.are_pull_requests,
            id: self.next_id,
            repo,
            number,
            author: world.anyone(rng),
            title: rng.pick(&TITLES),
            branch: format!("topic/{number}-{}", rng.below(1000)),
            head_sha: rng.sha(),
            base_sha: world.repos[repo].last_sha.clone(),
            created_at: at,
            ended_at: None,
            state: State::Open,
            comments: 0,
        };
        self.live.push(thread.clone());
        thread
    }
}
