//! What the log remembers for a polling that starts: events seen, and where each feed stood. The
//! injector has no other memory. Knows nothing about requests.

use std::path::Path;

use ghev_event::codec::Heads;
use ghev_event::{Origin, PollFacts, Source, Timestamp};
use ghev_log::{Offset, ReadError};

use crate::key::EventKey;
use crate::log_tail::read_heads;
use crate::seen::SeenWindow;

/// Events of all feeds that are known at least; twice as many at most, in about 20 MB. Eight hours
/// and more of the public feed.
pub(super) const SEEN_EVENTS: usize = 100_000;

/// Events of each feed that are known at least, whatever the others bring: three of its windows.
pub(super) const FEED_EVENTS: usize = 1_000;

/// Events of a feed that are looked for in the log: its window has 300 at most.
const FEED_EVENTS_WANTED: usize = 400;

/// Records looked through at the start, newest first. What is older may be appended a second time
/// where a feed still serves it; the read model is unique by the same key.
const RECORDS_MAX: u64 = 20_000;

const RECORDS_AT_ONCE: u64 = 1_000;

/// What is known at the start.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) seen: SeenWindow,
    /// In the order of the sources asked for.
    pub(super) feeds: Vec<FeedMemory>,
}

/// Where a feed stood.
#[derive(Debug)]
pub(super) struct FeedMemory {
    /// Events of its complete cycles.
    pub(super) recent: SeenWindow,
    /// The validator of the first page of its last complete cycle.
    pub(super) etag: Option<Validator>,
    /// When a cycle was last complete.
    pub(super) last_success: Option<Timestamp>,
    /// When a complete cycle last brought its pages, and not only word that nothing had changed.
    pub(super) last_read: Option<Timestamp>,
    /// When it was first asked, however that ended.
    pub(super) first_asked: Option<Timestamp>,
    /// When it last brought something new.
    pub(super) last_new: Option<Timestamp>,
    /// Since the page a cycle began with: not to be trusted before the cycle is complete.
    pending: Pending,
}

/// An `ETag`, and the path it is valid for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validator {
    pub(super) path: String,
    pub(super) etag: String,
}

#[derive(Debug, Default)]
struct Pending {
    etag: Option<Validator>,
    keys: Vec<EventKey>,
}

impl FeedMemory {
    pub(super) fn new() -> Self {
        Self {
            recent: SeenWindow::new(FEED_EVENTS),
            etag: None,
            last_success: None,
            last_read: None,
            first_asked: None,
            last_new: None,
            pending: Pending::default(),
        }
    }

    fn replay(&mut self, note: Note) {
        let Some(facts) = note.facts else { return };
        self.first_asked = self.first_asked.or(Some(note.observed_at));
        if facts.page == 1 {
            self.pending = Pending::default();
            self.pending.etag = facts.etag.map(|etag| Validator {
                path: facts.path,
                etag,
            });
        }
        if !note.keys.is_empty() {
            self.last_new = Some(note.observed_at);
        }
        self.pending.keys.extend(note.keys);
        let complete = facts.last_page && facts.error.is_none();
        if complete {
            let Pending { etag, keys } = std::mem::take(&mut self.pending);
            self.etag = etag.or(self.etag.take());
            keys.into_iter().for_each(|key| self.recent.insert(key));
            self.last_success = Some(note.observed_at);
            if facts.status != Some(304) {
                self.last_read = Some(note.observed_at);
            }
        }
    }
}

/// One record, as far as it matters.
struct Note {
    feed: Option<usize>,
    observed_at: Timestamp,
    facts: Option<PollFacts>,
    keys: Vec<EventKey>,
}

impl Note {
    fn of(heads: &Heads<'_>, sources: &[Source]) -> Self {
        let source = &heads.provenance.source;
        let events = heads.events.iter().map(EventKey::of);
        let rejects = heads
            .rejects
            .iter()
            .map(|reject| EventKey::of_reject(source, &reject.digest));
        Self {
            feed: sources.iter().position(|asked| asked == source),
            observed_at: heads.provenance.observed_at,
            facts: match &heads.provenance.origin {
                Origin::Poll(facts) => Some(facts.clone()),
                Origin::Import(_) => None,
            },
            keys: events.chain(rejects).collect(),
        }
    }
}

impl Memory {
    /// Reads the log's tail, back to where everything worth knowing is known.
    pub(super) fn of_log(
        dir: &Path,
        first: Offset,
        next: Offset,
        sources: &[Source],
    ) -> Result<Self, ReadError> {
        let mut chunks: Vec<Vec<Note>> = Vec::new();
        let mut wanted = Wanted::new(sources.len());
        let mut to = next;
        while to > first && wanted.more() && next.since(to) < RECORDS_MAX {
            let from = Offset::new(to.get().saturating_sub(RECORDS_AT_ONCE)).max(first);
            let mut notes = Vec::new();
            read_heads(dir, from, to, |_, heads| {
                notes.push(Note::of(heads, sources));
            })?;
            notes.iter().for_each(|note| wanted.found(note));
            chunks.push(notes);
            to = from;
        }
        let mut memory = Self {
            seen: SeenWindow::new(SEEN_EVENTS),
            feeds: sources.iter().map(|_| FeedMemory::new()).collect(),
        };
        for note in chunks.into_iter().rev().flatten() {
            note.keys.iter().for_each(|&key| memory.seen.insert(key));
            if let Some(feed) = note.feed {
                memory.feeds[feed].replay(note);
            }
        }
        Ok(memory)
    }
}

/// What the tail must still show.
struct Wanted {
    events: usize,
    of_feeds: Vec<usize>,
}

impl Wanted {
    fn new(feeds: usize) -> Self {
        Self {
            events: SEEN_EVENTS,
            of_feeds: vec![FEED_EVENTS_WANTED; feeds],
        }
    }

    fn found(&mut self, note: &Note) {
        self.events = self.events.saturating_sub(note.keys.len());
        if let Some(feed) = note.feed {
            self.of_feeds[feed] = self.of_feeds[feed].saturating_sub(note.keys.len());
        }
    }

    fn more(&self) -> bool {
        self.events > 0 || self.of_feeds.iter().any(|&events| events > 0)
    }
}
