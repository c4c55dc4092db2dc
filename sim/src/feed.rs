//! Feeds: the newest 300 events of everything, of each repository, organisation and user. Knows
//! which event belongs where and in what order it stands; nothing of pages, budgets or HTTP.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::event::{Named, SimEvent};

/// Events a feed shows
/// (<https://docs.github.com/en/rest/activity/events>: "up to 300 events").
pub(crate) const WINDOW: usize = 300;

/// Events of one page at most; a larger `per_page` means this.
pub(crate) const PAGE_SIZE_MAX: usize = 100;

/// Pushes on the first page of a partitioned feed; seen of GitHub: 95 to 97 %.
const PUSHES_FIRST: usize = 95;

/// An event as feeds share it.
pub(crate) type Shared = Arc<SimEvent>;

/// What kind of thing a feed is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Repo,
    Org,
    User,
}

/// One feed: that of everything, or of one entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FeedKey {
    Public,
    Of(Subject, usize),
}

/// Every feed, and the names and numbers by which they are found.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    public: Feed,
    repos: Directory,
    orgs: Directory,
    users: Directory,
}

/// The newest events, newest first.
type Feed = VecDeque<Shared>;

/// The things of one subject. Its maps are only ever looked up in, never walked.
#[derive(Debug, Default)]
struct Directory {
    entries: Vec<Entry>,
    by_id: HashMap<u64, usize>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Entry {
    id: Option<u64>,
    /// As it was last spelt.
    name: Option<String>,
    feed: Feed,
}

impl Feeds {
    /// Takes note that the things an event names exist, though it is not in any feed yet.
    pub(crate) fn announce(&mut self, event: &SimEvent) {
        let facts = event.facts();
        self.repos.learn(&facts.repo);
        self.orgs.learn(&facts.org);
        self.users.learn(&facts.actor);
    }

    /// Takes note of one thing that exists.
    pub(crate) fn announce_one(&mut self, subject: Subject, named: &Named) {
        self.directory_mut(subject).learn(named);
    }

    /// Puts an event at the top of every feed it belongs to.
    pub(crate) fn push(&mut self, event: &Shared) {
        let facts = event.facts();
        add(&mut self.public, event);
        let places = [
            (&mut self.repos, &facts.repo),
            (&mut self.orgs, &facts.org),
            (&mut self.users, &facts.actor),
        ];
        for (directory, named) in places {
            if let Some(index) = directory.learn(named) {
                add(&mut directory.entries[index].feed, event);
            }
        }
    }

    /// The feed of a name, whatever its case, and whether the thing still bears that name.
    pub(crate) fn by_name(&self, subject: Subject, name: &str) -> Option<(FeedKey, bool)> {
        let directory = self.directory(subject);
        let &index = directory.by_name.get(&name.to_lowercase())?;
        let current = directory.entries[index].name.as_deref();
        let bears = current.is_some_and(|current| current.eq_ignore_ascii_case(name));
        Some((FeedKey::Of(subject, index), bears))
    }

    /// The feed of a number.
    pub(crate) fn by_id(&self, subject: Subject, id: u64) -> Option<FeedKey> {
        let index = self.directory(subject).by_id.get(&id);
        index.map(|&index| FeedKey::Of(subject, index))
    }

    /// The number of the thing a feed is about.
    pub(crate) fn id(&self, key: FeedKey) -> Option<u64> {
        match key {
            FeedKey::Public => None,
            FeedKey::Of(subject, index) => self.directory(subject).entries[index].id,
        }
    }

    /// What a feed shows, newest first; with pushes first if it is `partitioned`.
    pub(crate) fn window(&self, key: FeedKey, partitioned: bool) -> Vec<Shared> {
        let feed = match key {
            FeedKey::Public => &self.public,
            FeedKey::Of(subject, index) => &self.directory(subject).entries[index].feed,
        };
        if partitioned && key == FeedKey::Public {
            pushes_first(feed)
        } else {
            feed.iter().cloned().collect()
        }
    }

    fn directory(&self, subject: Subject) -> &Directory {
        match subject {
            Subject::Repo => &self.repos,
            Subject::Org => &self.orgs,
            Subject::User => &self.users,
        }
    }

    fn directory_mut(&mut self, subject: Subject) -> &mut Directory {
        match subject {
            Subject::Repo => &mut self.repos,
            Subject::Org => &mut self.orgs,
            Subject::User => &mut self.users,
        }
    }
}

impl Directory {
    /// The entry of a thing, made if it is new; `None` if it has neither name nor number.
    fn learn(&mut self, named: &Named) -> Option<usize> {
        let key = named.name.as_deref().map(str::to_lowercase);
        let known = match (named.id, &key) {
            (Some(id), _) => self.by_id.get(&id),
            (None, Some(key)) => self.by_name.get(key),
            (None, None) => return None,
        };
        let index = known.copied().unwrap_or(self.entries.len());
        if index == self.entries.len() {
            self.entries.push(Entry::default());
        }
        let entry = &mut self.entries[index];
        if let Some(id) = named.id {
            entry.id = Some(id);
            self.by_id.insert(id, index);
        }
        if let Some(key) = key {
            entry.name.clone_from(&named.name);
            self.by_name.insert(key, index);
        }
        Some(index)
    }
}

fn add(feed: &mut Feed, event: &Shared) {
    feed.push_front(Arc::clone(event));
    feed.truncate(WINDOW);
}

/// The same events with as many pushes on the first page as GitHub puts there.
fn pushes_first(feed: &Feed) -> Vec<Shared> {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let (mut pushes, mut others) = (0, 0);
    for event in feed {
        let (taken, room) = if event.kind() == "PushEvent" {
            (&mut pushes, PUSHES_FIRST)
        } else {
            (&mut others, PAGE_SIZE_MAX - PUSHES_FIRST)
        };
        if *taken < room {
            *taken += 1;
            first.push(Arc::clone(event));
        } else {
            rest.push(Arc::clone(event));
        }
    }
    first.append(&mut rest);
    first
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(kind: &str, id: usize, repo: (u64, &str)) -> Shared {
        let json = format!(
            r#"{{"type":"{kind}","id":"{id}","repo":{{"id":{},"name":"{}"}},"actor":{{"login":"Ada"}}}}"#,
            repo.0, repo.1
        );
        Arc::new(SimEvent::from_json(Bytes::from(json)).unwrap())
    }

    fn ids(window: &[Shared]) -> Vec<&str> {
        window.iter().filter_map(|e| e.id()).collect()
    }

    #[test]
    fn a_feed_shows_its_newest_300() {
        let mut feeds = Feeds::default();
        for id in 0..310 {
            feeds.push(&event("PushEvent", id, (1, "o/r")));
        }
        let window = feeds.window(FeedKey::Public, false);
        assert_eq!(
            (window.len(), ids(&window)[0], ids(&window)[299]),
            (300, "309", "10")
        );
    }

    #[test]
    fn a_renamed_repository_is_found_by_both_names_and_its_number() {
        let mut feeds = Feeds::default();
        feeds.push(&event("PushEvent", 1, (9, "o/Old")));
        feeds.push(&event("PushEvent", 2, (9, "o/New")));
        let key = feeds.by_id(Subject::Repo, 9).unwrap();
        assert_eq!(feeds.by_name(Subject::Repo, "O/OLD"), Some((key, false)));
        assert_eq!(feeds.by_name(Subject::Repo, "o/new"), Some((key, true)));
        assert_eq!(ids(&feeds.window(key, false)), ["2", "1"]);
        assert_eq!(feeds.by_name(Subject::Org, "o"), None);
        assert!(
            feeds.by_name(Subject::User, "ada").is_some(),
            "found by name without a number"
        );
    }

    #[test]
    fn a_partitioned_feed_shows_the_same_events_with_pushes_first() {
        let mut feeds = Feeds::default();
        for id in 0..300 {
            let kind = if id % 2 == 0 {
                "PushEvent"
            } else {
                "WatchEvent"
            };
            feeds.push(&event(kind, id, (1, "o/r")));
        }
        let window = feeds.window(FeedKey::Public, true);
        let pushes = |part: &[Shared]| part.iter().filter(|e| e.kind() == "PushEvent").count();
        assert_eq!((pushes(&window[..100]), pushes(&window[100..])), (95, 55));
        let mut shown = ids(&window);
        shown.sort_unstable();
        shown.dedup();
        assert_eq!(shown.len(), 300);
    }
}
