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

/// Records read at once: so many at first, and at most.
const RECORDS_FIRST: u64 = 16;
const RECORDS_AT_ONCE: u64 = 1_000;

/// Events that records read at once should have: an archive's have a hundred times as many as those
/// of a feed.
const EVENTS_AT_ONCE: usize = 20_000;

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
    /// When the first page of a complete cycle last brought something new.
    pub(super) last_read: Option<Timestamp>,
    /// When it was first asked, however that ended.
    pub(super) first_asked: Option<Timestamp>,
    /// When it last brought something new.
    pub(super) last_new: Option<Timestamp>,
    /// When its first page was last answered, and the `X-Poll-Interval` of that answer.
    pub(super) answered: Option<(Timestamp, Option<u32>)>,
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
    /// When its first page came, which may be several records.
    began: Option<Timestamp>,
    etag: Option<Validator>,
    keys: Vec<EventKey>,
    new_at_first: bool,
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
            answered: None,
            pending: Pending::default(),
        }
    }

    fn replay(&mut self, note: Note) {
        let Some(facts) = note.facts else { return };
        self.first_asked = self.first_asked.or(Some(note.observed_at));
        // A broken answer says when to come again, too.
        let answered = facts.error.is_none() || facts.poll_interval_seconds.is_some();
        if facts.page == 1 && answered {
            self.answered = Some((note.observed_at, facts.poll_interval_seconds));
        }
        if facts.page == 1 {
            let began = Some(note.observed_at);
            if self.pending.began != began {
                self.pending = Pending::default();
            }
            self.pending.began = began;
            self.pending.new_at_first |= facts.new > 0;
            self.pending.etag = facts.etag.map(|etag| Validator {
                path: facts.path,
                etag,
            });
        }
        if !note.keys.is_empty() {
            self.last_new = Some(note.observed_at);
        }
        self.pending.keys.extend(note.keys);
        let first_shown = facts.first_shown.into_iter().map(EventKey::from_bytes);
        self.pending.keys.extend(first_shown);
        let complete = facts.last_page && facts.error.is_none();
        if complete {
            let Pending {
                etag,
                keys,
                new_at_first,
                ..
            } = std::mem::take(&mut self.pending);
            self.etag = etag.or(self.etag.take());
            keys.into_iter().for_each(|key| self.recent.insert(key));
            self.last_success = Some(note.observed_at);
            if new_at_first {
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
    /// Without its events where they are not wanted.
    fn of(heads: &Heads<'_>, sources: &[Source], wanted: &Wanted) -> Self {
        let source = &heads.provenance.source;
        let feed = sources.iter().position(|asked| asked == source);
        let events = heads.events.iter().map(EventKey::of);
        let rejects = heads
            .rejects
            .iter()
            .map(|reject| EventKey::of_reject(source, &reject.digest));
        let wants = wanted.wants(feed);
        let mut facts = match &heads.provenance.origin {
            Origin::Poll(facts) => Some(facts.clone()),
            Origin::Import(_) => None,
        };
        if let Some(facts) = facts.as_mut().filter(|_| feed.is_none() || !wants) {
            facts.first_shown = Vec::new();
        }
        let keys = if wants {
            events.chain(rejects).collect()
        } else {
            Vec::new()
        };
        Self {
            feed,
            observed_at: heads.provenance.observed_at,
            facts,
            keys,
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
        let mut memory = Self {
            seen: SeenWindow::new(SEEN_EVENTS),
            feeds: sources.iter().map(|_| FeedMemory::new()).collect(),
        };
        let chunks = tail(dir, first, next, sources)?;
        for note in chunks.into_iter().rev().flatten() {
            note.keys.iter().for_each(|&key| memory.seen.insert(key));
            if let Some(feed) = note.feed {
                memory.feeds[feed].replay(note);
            }
        }
        Ok(memory)
    }
}

/// What the log's records say that is wanted, the newest chunk of them first.
fn tail(
    dir: &Path,
    first: Offset,
    next: Offset,
    sources: &[Source],
) -> Result<Vec<Vec<Note>>, ReadError> {
    let mut wanted = Wanted::new(sources.len());
    let (mut chunks, mut to, mut records) = (Vec::new(), next, RECORDS_FIRST);
    while to > first && wanted.more() && next.since(to) < RECORDS_MAX {
        let from = Offset::new(to.get().saturating_sub(records)).max(first);
        let (mut notes, mut events) = (Vec::new(), 0);
        read_heads(dir, from, to, |_, heads| {
            events += heads.events.len();
            notes.push(Note::of(heads, sources, &wanted));
        })?;
        notes.iter().for_each(|note| wanted.found(note));
        notes.retain(|note| note.feed.is_some() || !note.keys.is_empty());
        chunks.push(notes);
        to = from;
        records = match events {
            EVENTS_AT_ONCE.. => (records / 2).max(1),
            _ => (records * 2).min(RECORDS_AT_ONCE),
        };
    }
    Ok(chunks)
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
            let first_shown = note
                .facts
                .as_ref()
                .map_or(0, |facts| facts.first_shown.len());
            let shown = note.keys.len() + first_shown;
            self.of_feeds[feed] = self.of_feeds[feed].saturating_sub(shown);
        }
    }

    /// Whether the events of a record are among it; with the feed it is of, where that is asked for.
    fn wants(&self, feed: Option<usize>) -> bool {
        self.events > 0 || feed.is_some_and(|feed| self.of_feeds[feed] > 0)
    }

    fn more(&self) -> bool {
        self.events > 0 || self.of_feeds.iter().any(|&events| events > 0)
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::{EnvelopeBuilder, ImportFacts, PollFacts, Provenance, read_event};
    use ghev_log::{LogOptions, LogWriter};

    use super::*;

    fn record(source: Source, origin: Origin, ids: std::ops::Range<usize>) -> Vec<u8> {
        let mut builder = EnvelopeBuilder::new();
        for id in ids {
            let json = format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#);
            let event = read_event(json.as_bytes()).unwrap();
            builder.push(&event, json.as_bytes()).unwrap();
        }
        let provenance = Provenance {
            source,
            observed_at: Timestamp::from_seconds(1),
            origin,
            gaps: Vec::new(),
        };
        builder.finish(&provenance).unwrap()
    }

    /// A feed never polled before was looked for through 20,000 records, and the keys of all their
    /// events were held meanwhile: behind the import of a few days, 100 MB that never went back to
    /// the system.
    #[test]
    fn what_is_held_of_a_large_import_is_bounded_and_polls_before_it_are_found() {
        const IMPORTED: usize = 3 * SEEN_EVENTS;
        const RECORD_EVENTS: usize = 5_000;
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
        let polled = Origin::Poll(PollFacts::default());
        let page = record(Source::Public, polled, IMPORTED..IMPORTED + 50);
        writer.append(&[page]).unwrap();
        for from in (0..IMPORTED).step_by(RECORD_EVENTS) {
            let facts = Origin::Import(ImportFacts::default());
            let chunk = record(Source::Archive, facts, from..from + RECORD_EVENTS);
            writer.append(&[chunk]).unwrap();
        }
        let (next, never_polled) = (writer.next_offset(), "repo:a/b".parse().unwrap());
        let sources = [Source::Public, never_polled];
        let chunks = tail(dir.path(), Offset::ZERO, next, &sources).unwrap();
        let held: usize = chunks.iter().flatten().map(|note| note.keys.len()).sum();
        let at_once = 16 * RECORD_EVENTS;
        assert!(
            (SEEN_EVENTS..SEEN_EVENTS + at_once).contains(&held),
            "{held}"
        );
        let oldest = chunks.last().unwrap().first().unwrap();
        assert_eq!((oldest.feed, oldest.keys.len()), (Some(0), 50));
    }

    /// Of a page that had to become two envelopes, only the second was taken for what the feed had
    /// shown.
    #[test]
    fn a_first_page_of_several_records_is_known_whole() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
        let facts = |last_page| PollFacts {
            page: 1,
            last_page,
            new: 50,
            ..PollFacts::default()
        };
        for (ids, last_page) in [(0..50, false), (50..100, true)] {
            let page = record(Source::Public, Origin::Poll(facts(last_page)), ids);
            writer.append(&[page]).unwrap();
        }
        let next = writer.next_offset();
        let memory = Memory::of_log(dir.path(), Offset::ZERO, next, &[Source::Public]).unwrap();
        let recent = &memory.feeds[0].recent;
        for id in [0, 99] {
            let json = format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#);
            let key = EventKey::of(&read_event(json.as_bytes()).unwrap());
            assert_eq!(recent.novelty(key), crate::seen::Novelty::Duplicate, "{id}");
        }
    }
}
