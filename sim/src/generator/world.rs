//! Who and what recurs: organisations, people, bots and repositories, all made up from the seed.

use crate::rng::Rng;

/// Someone or something with an account.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) is_bot: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Org {
    pub(super) id: u64,
    pub(super) login: String,
}

#[derive(Debug, Clone)]
pub(super) struct Repo {
    pub(super) id: u64,
    /// Without its owner.
    pub(super) name: String,
    pub(super) owner: String,
    /// Its place among the organisations, if one owns it.
    pub(super) org: Option<usize>,
    pub(super) description: &'static str,
    pub(super) language: &'static str,
    /// The number its next issue or pull request gets.
    pub(super) next_number: u64,
    pub(super) last_sha: String,
}

impl Repo {
    pub(super) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// Everyone and everything.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) orgs: Vec<Org>,
    pub(super) actors: Vec<Actor>,
    pub(super) repos: Vec<Repo>,
}

const ORGS: [&str; 8] = [
    "northwind-labs",
    "tidepool",
    "copper-lantern",
    "openmeadow",
    "Quartzworks",
    "riverbend-io",
    "the-long-now-club",
    "saltmarsh",
];
const BOTS: [&str; 5] = [
    "dependabot[bot]",
    "github-actions[bot]",
    "renovate[bot]",
    "copper-ci-bot",
    "saltmarsh_bot",
];
const FIRST: [&str; 16] = [
    "ada",
    "linus",
    "grace",
    "barbara",
    "edsger",
    "alan",
    "katherine",
    "dennis",
    "margaret",
    "ken",
    "radia",
    "niklaus",
    "frances",
    "tony",
    "shafi",
    "donald",
];
const LAST: [&str; 12] = [
    "abbott",
    "robot-fan",
    "Moss",
    "kestrel",
    "zhang",
    "okafor",
    "silva",
    "novak",
    "tanaka",
    "berg",
    "dubois",
    "42",
];
const ADJECTIVES: [&str; 10] = [
    "tiny", "async", "open", "fast", "quiet", "solar", "paper", "rusty", "lazy", "deep",
];
const NOUNS: [&str; 12] = [
    "parser", "queue", "ledger", "compass", "lantern", "cache", "garden", "router", "atlas",
    "engine", "notes", "kit.js",
];
const LANGUAGES: [&str; 6] = ["Rust", "Go", "TypeScript", "Python", "C++", "Ruby"];
const DESCRIPTIONS: [&str; 5] = [
    "A small thing that does one job",
    "Fast & simple <tools> for \"everyday\" use",
    "Werkzeuge für Daten — schnell und klein",
    "実験的なライブラリ 🚀",
    "Yet another attempt",
];

const PEOPLE: usize = 60;
const REPOS: usize = 40;

impl World {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let orgs: Vec<Org> = ORGS
            .iter()
            .map(|login| Org {
                id: rng.between(1_000_000, 90_000_000),
                login: (*login).into(),
            })
            .collect();
        let people = (0..PEOPLE).map(|n| {
            let (first, last) = (FIRST[n % FIRST.len()], rng.pick(&LAST));
            (format!("{first}-{last}-{n}"), false)
        });
        let bots = BOTS.iter().map(|login| ((*login).to_owned(), true));
        let logins: Vec<_> = people.chain(bots).collect();
        let actors: Vec<Actor> = logins
            .into_iter()
            .map(|(login, is_bot)| Actor {
                id: rng.between(1_000, 250_000_000),
                login,
                is_bot,
            })
            .collect();
        let repos = (0..REPOS).map(|n| repo(rng, n, &orgs, &actors)).collect();
        Self {
            orgs,
            actors,
            repos,
        }
    }

    /// A repository; a few have most of the traffic.
    pub(super) fn any_repo(&self, rng: &mut Rng) -> usize {
        let (a, b) = (rng.place(self.repos.len()), rng.place(self.repos.len()));
        a.min(b)
    }

    pub(super) fn any_person(&self, rng: &mut Rng) -> usize {
        let (a, b) = (rng.place(PEOPLE), rng.place(PEOPLE));
        a.min(b)
    }

    /// A person, or in one case of eight a bot.
    pub(super) fn anyone(&self, rng: &mut Rng) -> usize {
        if rng.chance(125) {
            PEOPLE + rng.place(BOTS.len())
        } else {
            self.any_person(rng)
        }
    }
}

fn repo(rng: &mut Rng, n: usize, orgs: &[Org], actors: &[Actor]) -> Repo {
    // Three of five belong to organisations, the others to people.
    let org = (n % 5 < 3).then(|| rng.place(orgs.len()));
    let owner = match org {
        Some(org) => orgs[org].login.clone(),
        None => actors[rng.place(PEOPLE)].login.clone(),
    };
    Repo {
        id: rng.between(1_000_000, 1_100_000_000),
        name: format!("{}-{}-{n}", rng.pick(&ADJECTIVES), rng.pick(&NOUNS)),
        owner,
        org,
        description: rng.pick(&DESCRIPTIONS),
        language: rng.pick(&LANGUAGES),
        next_number: rng.between(1, 400),
        last_sha: rng.sha(),
    }
}
