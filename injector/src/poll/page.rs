//! A page's body into what is new of it. Knows nothing about requests or when they are made.

use std::collections::HashSet;

use ghev_event::codec::{EVENT_MAX_BYTES, EncodeError};
use ghev_event::{
    EnvelopeBuilder, NotAnArray, Origin, PollFacts, Provenance, Reject, Source, SuspectedGap,
    Timestamp, Unrecorded, canonical_raw, read_event, split_array,
};

use crate::key::{EventKey, Key};
use crate::seen::{Novelty, SeenWindow};

/// Gathered bytes of one envelope: it stays below the log's limit even if nothing compresses.
const ENVELOPE_BYTES: usize = 900_000;

/// Events of a page that are noted for being shown for the first time, at most: pages have a hundred,
/// and what is noted must fit an envelope beside the largest event.
const FIRST_SHOWN_MAX: usize = 1_000;

/// What is known when a page comes.
pub(super) struct Known<'a> {
    /// Of all feeds.
    seen: &'a mut SeenWindow,
    /// Of the feed's complete cycles.
    recent: &'a SeenWindow,
    /// Of the cycle.
    cycle: HashSet<Key>,
}

/// What an element of a page is.
enum Element<'a> {
    Event {
        raw: std::borrow::Cow<'a, [u8]>,
        novelty: Novelty,
    },
    Reject(Reject<'static>),
}

/// A page, sorted into new and known.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Every event's key, in the page's order.
    pub(super) keys: Vec<EventKey>,
    pub(super) received: u32,
    pub(super) new: u32,
    pub(super) duplicate: u32,
    pub(super) conflicting: u32,
    /// Elements that are no events and were not on an earlier page.
    pub(super) rejected: u32,
    /// Of the duplicates: those that neither complete cycles of the feed nor an earlier page had.
    first_shown: Vec<[u8; 16]>,
    /// What there is to be kept, as much as one envelope holds each.
    parts: Vec<Part>,
}

#[derive(Debug, Default)]
struct Part {
    raw: Vec<Vec<u8>>,
    rejects: Vec<Reject<'static>>,
    bytes: usize,
    new: u32,
    conflicting: u32,
}

impl Sorted {
    /// What a cycle without a page has.
    pub(super) fn nothing() -> Self {
        Self {
            parts: vec![Part::default()],
            ..Self::default()
        }
    }

    /// What pages have of which nothing is to be kept.
    pub(super) fn nothing_new(received: u32, duplicate: u32) -> Self {
        Self {
            received,
            duplicate,
            ..Self::nothing()
        }
    }

    /// Sorts a page; what is new of it is known from now on.
    pub(super) fn page(
        body: &[u8],
        source: &Source,
        mut known: Known<'_>,
    ) -> Result<Self, NotAnArray> {
        let mut sorted = Self::nothing();
        for (place, element) in (1u64..).zip(split_array(body)?) {
            sorted.received += 1;
            if let Some(element) = sorted.element(place, element, source, &mut known) {
                sorted.keep(element);
            }
        }
        Ok(sorted)
    }

    fn element<'a>(
        &mut self,
        place: u64,
        element: &'a [u8],
        source: &Source,
        known: &mut Known<'_>,
    ) -> Option<Element<'a>> {
        let raw = canonical_raw(element);
        let read = if raw.len() > EVENT_MAX_BYTES {
            Err(format!(
                "larger than an event may be ({EVENT_MAX_BYTES} bytes)"
            ))
        } else {
            read_event(&raw).map_err(|reason| reason.to_string())
        };
        match read {
            Ok(event) => {
                let key = EventKey::of(&event);
                let novelty = known.novelty(key);
                if known.is_first_shown(key, novelty) && self.first_shown.len() < FIRST_SHOWN_MAX {
                    self.first_shown.push(key.exact.to_bytes());
                }
                known.insert(key);
                self.keys.push(key);
                drop(event);
                Some(Element::Event { raw, novelty })
            }
            Err(reason) => {
                let reject = Reject::new(place, reason, &raw);
                let key = EventKey::of_reject(source, &reject.digest);
                let repeated = known.seen.novelty(key) == Novelty::Duplicate;
                known.seen.insert(key);
                let body = reject.body.into_owned().into();
                (!repeated).then_some(Element::Reject(Reject {
                    body,
                    place,
                    reason: reject.reason.into_owned().into(),
                    body_bytes: reject.body_bytes,
                    digest: reject.digest,
                }))
            }
        }
    }

    fn keep(&mut self, element: Element<'_>) {
        let bytes = match &element {
            Element::Event {
                novelty: Novelty::Duplicate,
                ..
            } => {
                self.duplicate += 1;
                return;
            }
            Element::Event { raw, .. } => raw.len() + 512,
            Element::Reject(reject) => reject.body.len() + 128,
        };
        let last = self.parts.last().map_or(0, |part| part.bytes);
        if last > 0 && last + bytes > ENVELOPE_BYTES {
            self.parts.push(Part::default());
        }
        let part = self.parts.last_mut().expect("a page has at least one part");
        part.bytes += bytes;
        match element {
            Element::Event { raw, novelty } => {
                part.raw.push(raw.into_owned());
                let conflicting = u32::from(novelty == Novelty::Conflicting);
                part.conflicting += conflicting;
                part.new += 1 - conflicting;
                self.conflicting += conflicting;
                self.new += 1 - conflicting;
            }
            Element::Reject(reject) => {
                self.rejected += 1;
                part.rejects.push(reject);
            }
        }
    }

    /// Whether there is anything to be kept, or to be noted.
    pub(super) const fn brought_something(&self) -> bool {
        self.new + self.conflicting + self.rejected > 0 || !self.first_shown.is_empty()
    }

    /// The records of the page, whose counts sum up to the page's: the last one bears what was not
    /// kept, the gaps and the end of the cycle.
    pub(super) fn records(
        self,
        builder: &mut EnvelopeBuilder,
        source: &Source,
        observed_at: Timestamp,
        facts: &PollFacts,
        gaps: Vec<SuspectedGap>,
    ) -> Result<Vec<Vec<u8>>, EncodeError> {
        let mut left = Counts {
            received: self.received,
            duplicate: self.duplicate,
        };
        let mut gaps = Some(gaps);
        let mut first_shown = Some(self.first_shown);
        let last = self.parts.len().saturating_sub(1);
        let mut records = Vec::with_capacity(self.parts.len());
        for (at, part) in self.parts.into_iter().enumerate() {
            let mut facts = facts.clone();
            (facts.new, facts.conflicting) = (part.new, part.conflicting);
            if at == last {
                (facts.received, facts.duplicate) = (left.received, left.duplicate);
                facts.first_shown = first_shown.take().unwrap_or_default();
            } else {
                let things = part.raw.len() + part.rejects.len();
                facts.received = u32::try_from(things).unwrap_or(u32::MAX);
                left.received = left.received.saturating_sub(facts.received);
                (facts.duplicate, facts.last_page) = (0, false);
            }
            if at > 0 {
                facts.unrecorded = Unrecorded::default();
            }
            let provenance = Provenance {
                source: source.clone(),
                observed_at,
                origin: Origin::Poll(facts),
                gaps: if at == last {
                    gaps.take().unwrap_or_default()
                } else {
                    Vec::new()
                },
            };
            records.push(part.record(builder, &provenance)?);
        }
        Ok(records)
    }
}

impl<'a> Known<'a> {
    /// Before a page of a cycle that has had these keys.
    pub(super) fn new(
        seen: &'a mut SeenWindow,
        recent: &'a SeenWindow,
        cycle: &[EventKey],
    ) -> Self {
        Self {
            seen,
            recent,
            cycle: cycle.iter().map(|key| key.exact).collect(),
        }
    }

    fn novelty(&self, key: EventKey) -> Novelty {
        match (self.seen.novelty(key), self.recent.novelty(key)) {
            (Novelty::Duplicate, _) | (_, Novelty::Duplicate) => Novelty::Duplicate,
            (Novelty::Conflicting, _) | (_, Novelty::Conflicting) => Novelty::Conflicting,
            (Novelty::New, Novelty::New) => Novelty::New,
        }
    }

    /// Whether the log has the event, but nothing there says that the feed showed it.
    fn is_first_shown(&self, key: EventKey, novelty: Novelty) -> bool {
        novelty == Novelty::Duplicate
            && self.recent.novelty(key) == Novelty::New
            && !self.cycle.contains(&key.exact)
    }

    fn insert(&mut self, key: EventKey) {
        self.seen.insert(key);
        self.cycle.insert(key.exact);
    }
}

struct Counts {
    received: u32,
    duplicate: u32,
}

impl Part {
    fn record(
        self,
        builder: &mut EnvelopeBuilder,
        provenance: &Provenance,
    ) -> Result<Vec<u8>, EncodeError> {
        for raw in &self.raw {
            let event = read_event(raw).map_err(|reason| EncodeError::Encoding {
                reason: format!("an event that was read before: {reason}"),
            })?;
            builder.push(&event, raw)?;
        }
        for reject in self.rejects {
            builder.push_reject(reject);
        }
        builder.finish(provenance)
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::Decoder;

    use super::*;

    fn sort(body: &str, seen: &mut SeenWindow) -> Sorted {
        let recent = SeenWindow::new(10);
        let known = Known::new(seen, &recent, &[]);
        Sorted::page(body.as_bytes(), &Source::Public, known).unwrap()
    }

    fn facts_and_events(sorted: Sorted) -> Vec<(PollFacts, usize, usize)> {
        let facts = PollFacts {
            last_page: true,
            ..PollFacts::default()
        };
        let gap = SuspectedGap {
            from: None,
            to: Timestamp::from_seconds(1),
            reason: ghev_event::GapReason::NoOverlap,
        };
        let records = sorted.records(
            &mut EnvelopeBuilder::new(),
            &Source::Public,
            Timestamp::from_seconds(1),
            &facts,
            vec![gap],
        );
        let records = records.unwrap();
        let gaps_at = records.len() - 1;
        let mut decoder = Decoder::new();
        records
            .iter()
            .enumerate()
            .map(|(at, record)| {
                let envelope = decoder.envelope(record).unwrap();
                let heads = envelope.heads;
                assert_eq!(heads.provenance.gaps.len(), usize::from(at == gaps_at));
                let Origin::Poll(facts) = heads.provenance.origin else {
                    panic!()
                };
                (facts, heads.events.len(), heads.rejects.len())
            })
            .collect()
    }

    #[test]
    fn a_page_is_sorted_into_new_known_conflicting_and_no_event() {
        let mut seen = SeenWindow::new(100);
        let first = sort(
            r#"[{"type":"A","id":"1"},{"type":"A","id":"1"},7]"#,
            &mut seen,
        );
        assert_eq!(
            (first.received, first.new, first.duplicate, first.rejected),
            (3, 1, 1, 1)
        );
        let again =
            r#"[{"type":"A","id":"1"},{"type":"A","id":"1","x":1},{"type":"B","id":"1"},7]"#;
        let second = sort(again, &mut seen);
        assert_eq!(
            (second.new, second.duplicate, second.conflicting),
            (1, 1, 1)
        );
        assert_eq!(
            second.rejected, 0,
            "kept once, however often the feed serves it"
        );
        let kept = facts_and_events(second);
        assert_eq!(kept.len(), 1);
        let (facts, events, rejects) = &kept[0];
        assert_eq!(
            (
                facts.received,
                facts.new,
                facts.duplicate,
                facts.conflicting
            ),
            (4, 1, 1, 1)
        );
        assert_eq!((*events, *rejects), (2, 0));
    }

    #[test]
    fn a_page_larger_than_an_envelope_becomes_several_that_sum_up() {
        let large = "x".repeat(600_000);
        let elements: Vec<String> = (0..4)
            .map(|id| {
                format!(
                    r#"{{"type":"A","id":"{}","x":"{large}"}}"#,
                    id / 2 * 2 + id % 3 % 2
                )
            })
            .collect();
        let body = format!("[{}]", elements.join(","));
        let sorted = sort(&body, &mut SeenWindow::new(100));
        let (received, new, duplicate) = (sorted.received, sorted.new, sorted.duplicate);
        let kept = facts_and_events(sorted);
        assert!(kept.len() > 1);
        let sum = |of: fn(&PollFacts) -> u32| kept.iter().map(|(facts, ..)| of(facts)).sum::<u32>();
        assert_eq!(sum(|facts| facts.received), received);
        assert_eq!(sum(|facts| facts.new), new);
        assert_eq!(sum(|facts| facts.duplicate), duplicate);
        let ends: Vec<bool> = kept.iter().map(|(facts, ..)| facts.last_page).collect();
        assert_eq!(ends.iter().filter(|&&end| end).count(), 1);
        assert_eq!(ends.last(), Some(&true));
    }

    #[test]
    fn an_event_too_large_to_keep_is_a_reject_and_the_rest_stays() {
        let huge = "x".repeat(EVENT_MAX_BYTES);
        let body = format!(r#"[{{"type":"A","x":"{huge}"}},{{"type":"A","id":"1"}}]"#);
        let sorted = sort(&body, &mut SeenWindow::new(100));
        assert_eq!((sorted.new, sorted.rejected), (1, 1));
    }

    #[test]
    fn what_is_no_array_is_no_page() {
        let sort = |body: &[u8]| {
            let (mut seen, recent) = (SeenWindow::new(1), SeenWindow::new(1));
            let known = Known::new(&mut seen, &recent, &[]);
            Sorted::page(body, &Source::Public, known).is_ok()
        };
        assert!(!sort(b"<html>"));
        assert!(!sort(br#"{"message":"x"}"#));
        assert!(!sort(br#"[{"type":"A"},"#));
        assert!(sort(b"[]"));
    }
}
