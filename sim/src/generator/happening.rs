//! Which type of event comes next, and what happens in it: facts, not yet JSON.

use super::threads::{Step, Thread, Threads};
use super::world::World;
use crate::rng::Rng;
use crate::time::SimTime;

/// One commit of a push.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) message: &'static str,
}

/// What happens in an event.
#[derive(Debug, Clone)]
pub(super) enum What {
    Push {
        branch: String,
        before: String,
        commits: Vec<Commit>,
    },
    /// A branch or tag; without a name the repository itself.
    Create {
        name: Option<String>,
        is_tag: bool,
    },
    Delete {
        name: String,
    },
    PullRequest(Step, Thread),
    Review {
        thread: Thread,
        verdict: &'static str,
    },
    ReviewComment(Thread),
    Issues(Step, Thread),
    IssueComment(Thread),
    CommitComment {
        sha: String,
    },
    Discussion {
        number: u64,
    },
    Fork {
        id: u64,
    },
    Gollum {
        page: &'static str,
    },
    Member {
        member: usize,
    },
    Public,
    Release {
        tag: String,
    },
    Watch,
}

/// What happens, where and by whom.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) what: What,
    pub(super) repo: usize,
    pub(super) actor: usize,
}

/// Everything that goes on, from which happenings are drawn.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) world: World,
    pull_requests: Threads,
    issues: Threads,
}

/// How often each type occurs, of a thousand.
const MIX: [(Kind, u64); 16] = [
    (Kind::Push, 440),
    (Kind::PullRequest, 110),
    (Kind::IssueComment, 90),
    (Kind::Watch, 80),
    (Kind::Create, 70),
    (Kind::Review, 50),
    (Kind::Issues, 45),
    (Kind::ReviewComment, 35),
    (Kind::Delete, 30),
    (Kind::Fork, 18),
    (Kind::Release, 12),
    (Kind::CommitComment, 5),
    (Kind::Member, 5),
    (Kind::Gollum, 4),
    (Kind::Discussion, 4),
    (Kind::Public, 2),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Push,
    PullRequest,
    IssueComment,
    Watch,
    Create,
    Review,
    Issues,
    ReviewComment,
    Delete,
    Fork,
    Release,
    CommitComment,
    Member,
    Gollum,
    Discussion,
    Public,
}

const MESSAGES: [&str; 5] = [
    "Update README.md",
    "Fix the build\n\nIt broke when the cache was \"warm\".",
    "wip",
    "Merge branch 'main' into topic",
    "Добавить тесты",
];

impl What {
    /// Its `type`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Push { .. } => "PushEvent",
            Self::Create { .. } => "CreateEvent",
            Self::Delete { .. } => "DeleteEvent",
            Self::PullRequest(..) => "PullRequestEvent",
            Self::Review { .. } => "PullRequestReviewEvent",
            Self::ReviewComment(_) => "PullRequestReviewCommentEvent",
            Self::Issues(..) => "IssuesEvent",
            Self::IssueComment(_) => "IssueCommentEvent",
            Self::CommitComment { .. } => "CommitCommentEvent",
            Self::Discussion { .. } => "DiscussionEvent",
            Self::Fork { .. } => "ForkEvent",
            Self::Gollum { .. } => "GollumEvent",
            Self::Member { .. } => "MemberEvent",
            Self::Public => "PublicEvent",
            Self::Release { .. } => "ReleaseEvent",
            Self::Watch => "WatchEvent",
        }
    }

    /// The pull request or issue in whose life this is a moment.
    pub(super) fn thread(&self) -> Option<&Thread> {
        match self {
            Self::PullRequest(_, thread)
            | Self::Review { thread, .. }
            | Self::ReviewComment(thread)
            | Self::Issues(_, thread)
            | Self::IssueComment(thread) => Some(thread),
            _ => None,
        }
    }

    /// Whether events of before 2015 could be of this type.
    pub(super) fn is_in_timeline(&self) -> bool {
        !matches!(
            self,
            Self::Review { .. } | Self::Discussion { .. } | Self::Release { .. }
        )
    }
}

impl Life {
    pub(super) fn new(world: World, rng: &mut Rng) -> Self {
        Self {
            world,
            pull_requests: Threads::new(true, rng),
            issues: Threads::new(false, rng),
        }
    }

    /// What happens next, at `at`.
    pub(super) fn next(&mut self, rng: &mut Rng, at: SimTime) -> Happening {
        loop {
            // Talk about nothing that is open yet is drawn again.
            if let Some(what) = self.draw(rng, at) {
                let repo = what.thread().map(|thread| thread.repo);
                let repo = repo.unwrap_or_else(|| self.world.any_repo(rng));
                let actor = self.actor(rng, &what);
                let what = self.placed(rng, what, repo);
                return Happening { what, repo, actor };
            }
        }
    }

    fn draw(&mut self, rng: &mut Rng, at: SimTime) -> Option<What> {
        Some(match kind(rng) {
            Kind::Push => What::Push {
                branch: String::new(),
                before: String::new(),
                commits: Vec::new(),
            },
            Kind::PullRequest => {
                let (step, thread) = self.pull_requests.step(rng, &mut self.world, at);
                What::PullRequest(step, thread)
            }
            Kind::Issues => {
                let (step, thread) = self.issues.step(rng, &mut self.world, at);
                What::Issues(step, thread)
            }
            Kind::Review => What::Review {
                thread: self.pull_requests.talk(rng, true)?,
                verdict: rng.pick(&["approved", "commented", "changes_requested"]),
            },
            Kind::ReviewComment => What::ReviewComment(self.pull_requests.talk(rng, true)?),
            Kind::IssueComment if rng.chance(450) => {
                What::IssueComment(self.pull_requests.talk(rng, false)?)
            }
            Kind::IssueComment => What::IssueComment(self.issues.talk(rng, false)?),
            Kind::Watch => What::Watch,
            Kind::Create => {
                let is_tag = rng.chance(200);
                let prefix = if is_tag { "v0" } else { "topic/x" };
                let named = !rng.chance(150);
                What::Create {
                    name: named.then(|| format!("{prefix}.{}", rng.below(500))),
                    is_tag,
                }
            }
            Kind::Delete => What::Delete {
                name: format!("topic/x.{}", rng.below(500)),
            },
            Kind::Fork => What::Fork {
                id: rng.between(1_100_000_000, 1_200_000_000),
            },
            Kind::Release => What::Release {
                tag: format!("v{}.{}.0", rng.below(4), rng.below(30)),
            },
            Kind::CommitComment => What::CommitComment { sha: rng.sha() },
            Kind::Member => What::Member {
                member: self.world.any_person(rng),
            },
            Kind::Gollum => What::Gollum {
                page: rng.pick(&["Home", "FAQ", "Erste Schritte"]),
            },
            Kind::Discussion => What::Discussion {
                number: rng.between(1, 900),
            },
            Kind::Public => What::Public,
        })
    }

    /// Who does it: openings are their author's, talk is mostly others', stars are people's.
    fn actor(&self, rng: &mut Rng, what: &What) -> usize {
        match what {
            What::PullRequest(Step::Opened, thread) | What::Issues(Step::Opened, thread) => {
                thread.author
            }
            What::Watch | What::Fork { .. } => self.world.any_person(rng),
            _ => match what.thread() {
                Some(thread) if rng.chance(200) => thread.author,
                _ => self.world.anyone(rng),
            },
        }
    }

    /// A push with the commits that follow the repository's last one.
    fn placed(&mut self, rng: &mut Rng, what: What, repo: usize) -> What {
        let What::Push { .. } = what else {
            return what;
        };
        let commits: Vec<Commit> = (0..rng.between(1, 4))
            .map(|_| Commit {
                sha: rng.sha(),
                message: rng.pick(&MESSAGES),
            })
            .collect();
        let head = commits.last().map(|c| c.sha.clone()).unwrap_or_default();
        let before = std::mem::replace(&mut self.world.repos[repo].last_sha, head);
        let branch = if rng.chance(700) {
            "main"
        } else {
            "topic/ünïcode"
        };
        What::Push {
            branch: branch.into(),
            before,
            commits,
        }
    }
}

fn kind(rng: &mut Rng) -> Kind {
    let mut left = rng.below(1000);
    for (kind, share) in MIX {
        if left < share {
            return kind;
        }
        left -= share;
    }
    Kind::Push
}
