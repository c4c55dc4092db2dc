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

/// Everyone and everything. The bots are the last of the actors.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) orgs: Vec<Org>,
    pub(super) actors: Vec<Actor>,
    pub(super) repos: Vec<Repo>,
    people: usize,
    spread: Spread,
}

/// Which of many are drawn more often than others.
#[derive(Debug, Clone, Copy)]
enum Spread {
    /// The first of a few dozen.
    Few,
    /// By Zipf's law: the *n*th about 1/*n* as often as the first.
    Zipf,
}

impl Spread {
    /// How many organisations there are beside so many repositories.
    fn orgs(self, repos: usize) -> usize {
        match self {
            Self::Few => ORGS.len(),
            // As in six hours of GitHub's: 3,446 beside 22,874.
            Self::Zipf => (repos / 7).max(ORGS.len()),
        }
    }

    fn draw(self, rng: &mut Rng, len: usize) -> usize {
        match self {
            Self::Few => rng.place(len).min(rng.place(len)),
            // Every doubling of the rank is as likely as every other.
            Self::Zipf => {
                let octaves = (len + 1).ilog2();
                let first = 1_usize << rng.below(u64::from(octaves) + 1);
                (first + rng.place(first.min(len + 1 - first)) - 1).min(len - 1)
            }
        }
    }
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
        Self::sized(rng, REPOS, PEOPLE, Spread::Few)
    }

    /// One of so many repositories and people, of which few have most of the traffic, as on GitHub.
    pub(super) fn of_many(rng: &mut Rng, repos: usize, people: usize) -> Self {
        let mut world = Self::sized(rng, repos.max(1), people.max(1), Spread::Zipf);
        // Drawn at random, some of so many numbers would be the same.
        for (number, repo) in (0..).zip(&mut world.repos) {
            repo.id = 1_000_000 + 200 * number + repo.id % 200;
        }
        for (number, actor) in (0..).zip(&mut world.actors) {
            actor.id = 1_000 + 200 * number + actor.id % 200;
        }
        for (number, org) in (0..).zip(&mut world.orgs) {
            org.id = 1_000_000 + 200 * number + org.id % 200;
        }
        world
    }

    fn sized(rng: &mut Rng, repos: usize, people: usize, spread: Spread) -> Self {
        let logins = (0..spread.orgs(repos)).map(|n| match ORGS.get(n) {
            Some(login) => (*login).to_owned(),
            None => format!("{}-{n}", ORGS[n % ORGS.len()]),
        });
        let orgs: Vec<Org> = logins
            .map(|login| Org {
                id: rng.between(1_000_000, 90_000_000),
                login,
            })
            .collect();
        let persons = (0..people).map(|n| {
            let (first, last) = (FIRST[n % FIRST.len()], rng.pick(&LAST));
            (format!("{first}-{last}-{n}"), false)
        });
        let bots = BOTS.iter().map(|login| ((*login).to_owned(), true));
        let logins: Vec<_> = persons.chain(bots).collect();
        let actors: Vec<Actor> = logins
            .into_iter()
            .map(|(login, is_bot)| Actor {
                id: rng.between(1_000, 250_000_000),
                login,
                is_bot,
            })
            .collect();
        let people_made = &actors[..people];
        let repos = (0..repos).map(|n| repo(rng, n, &orgs, people_made, spread));
        let repos = repos.collect();
        Self {
            orgs,
            actors,
            repos,
            people,
            spread,
        }
    }

    /// A repository; a few have most of the traffic.
    pub(super) fn any_repo(&self, rng: &mut Rng) -> usize {
        self.spread.draw(rng, self.repos.len())
    }

    pub(super) fn any_person(&self, rng: &mut Rng) -> usize {
        self.spread.draw(rng, self.people)
    }

    /// A person, or in one case of eight a bot.
    pub(super) fn anyone(&self, rng: &mut Rng) -> usize {
        if rng.chance(125) {
            self.people + rng.place(BOTS.len())
        } else {
            self.any_person(rng)
        }
    }
}

fn repo(rng: &mut Rng, n: usize, orgs: &[Org], people: &[Actor], spread: Spread) -> Repo {
    let org = match spread {
        // Three of five belong to organisations, the others to people.
        Spread::Few => (n % 5 < 3).then(|| rng.place(orgs.len())),
        // One of three, as of the events in an hour of GitHub's.
        Spread::Zipf => n.is_multiple_of(3).then(|| spread.draw(rng, orgs.len())),
    };
    let owner = match org {
        Some(org) => orgs[org].login.clone(),
        None => people[rng.place(people.len())].login.clone(),
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
