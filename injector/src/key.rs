//! 16 bytes that stand for an event, so that millions can be remembered. Knows nothing about which
//! are remembered for how long.
//!
//! # Layout of a key, from the most significant bit
//!
//! | Bits | What |
//! |---|---|
//! | 8 | 1 to 127: a documented kind's number plus one; 0: anything else, hashed |
//! | 72 | exact: the event's numeric id |
//! | 48 | exact: the digest of its body |
//! | 120 | hashed: what remains of the XXH3-128 of kind, id and digest |
//!
//! Envelopes hold keys, so this stays as it is: a change is a new version of the envelope.
//!
//! Nearly all events have a documented kind and a numeric id: their keys are exact, not hashes, so
//! no two of them can be confused. The top bit tells the key of an event regardless of its body.

use ghev_event::{BodyDigest, Event, EventId, EventKind, Source};
use xxhash_rust::xxh3::Xxh3;

const WHATEVER_BODY: u128 = 1 << 127;
const HASH_MASK: u128 = (1 << 120) - 1;
const BODY_MASK: u128 = (1 << 48) - 1;

/// What tells an event from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventKey {
    /// (kind, id) with this very body.
    pub(crate) exact: Key,
    /// (kind, id) with whatever body.
    pub(crate) any_body: Key,
}

/// One remembered fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(u128);

impl EventKey {
    pub(crate) fn of(event: &Event<'_>) -> Self {
        Self {
            exact: Key::new(&event.kind, &event.id, event.body_digest),
            any_body: Key::new(&event.kind, &event.id, BodyDigest::from_bits(0)).whatever_body(),
        }
    }

    /// The key whose exact part [`Key::to_bytes`] gave. Where that is a hash, the same event with
    /// another body is not told for one.
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        let exact = Key(u128::from_le_bytes(bytes));
        let any_body = match exact.0 >> 120 {
            0 => exact,
            _ => Key(exact.0 & !BODY_MASK),
        };
        Self {
            exact,
            any_body: any_body.whatever_body(),
        }
    }

    /// The key of an element of a feed's page that is no event; its place shifts with the feed.
    pub(crate) fn of_reject(source: &Source, digest: &[u8; 16]) -> Self {
        let exact = Key::of_reject(&source.to_string(), 0, digest);
        Self {
            exact,
            any_body: exact.whatever_body(),
        }
    }
}

impl Key {
    fn new(kind: &EventKind, id: &EventId<'_>, digest: BodyDigest) -> Self {
        match (kind, id) {
            (EventKind::Known(kind), EventId::Number(number)) if kind.code() < 127 => {
                let tag = u128::from(kind.code()) + 1;
                Self((tag << 120) | (u128::from(*number) << 48) | u128::from(digest.bits()))
            }
            _ => Self(hash(kind, id, digest)),
        }
    }

    const fn whatever_body(self) -> Self {
        Self(self.0 | WHATEVER_BODY)
    }

    /// All there is of it.
    pub(crate) const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The key of a line that is no event.
    pub(crate) fn of_reject(file: &str, place: u64, digest: &[u8; 16]) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(b"reject\0");
        hasher.update(file.as_bytes());
        hasher.update(&place.to_le_bytes());
        hasher.update(digest);
        Self(hasher.digest128() & HASH_MASK)
    }
}

fn hash(kind: &EventKind, id: &EventId<'_>, digest: BodyDigest) -> u128 {
    let mut hasher = Xxh3::new();
    // A zero byte ends each part: neither JSON's names nor its numbers can hold one unescaped.
    hasher.update(kind.name().as_bytes());
    hasher.update(b"\0");
    match id {
        EventId::Number(number) => {
            hasher.update(b"n");
            hasher.update(&number.to_le_bytes());
        }
        EventId::Text(text) => {
            hasher.update(b"t");
            hasher.update(text.as_bytes());
        }
        EventId::Digest(bytes) => {
            hasher.update(b"d");
            hasher.update(bytes);
        }
    }
    hasher.update(b"\0");
    hasher.update(&digest.bits().to_le_bytes());
    hasher.digest128() & HASH_MASK
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ghev_event::{KnownKind, read_event};

    use super::*;

    fn key(json: &str) -> EventKey {
        EventKey::of(&read_event(json.as_bytes()).unwrap())
    }

    #[test]
    fn kind_id_and_body_each_tell_events_apart() {
        let events = [
            r#"{"type":"WatchEvent","id":"1"}"#,
            r#"{"type":"WatchEvent","id":"2"}"#,
            r#"{"type":"PushEvent","id":"1"}"#,
            r#"{"type":"FollowEvent","id":"1"}"#,
            r#"{"type":"WatchEvent","id":"x"}"#,
            r#"{"type":"WatchEvent","id":"9223372036854775807"}"#,
            r#"{"type":"WatchEvent"}"#,
            r#"{"type":"FollowEvent"}"#,
        ];
        let keys: HashSet<Key> = events
            .iter()
            .flat_map(|json| [key(json).exact, key(json).any_body])
            .collect();
        assert_eq!(keys.len(), 2 * events.len());
    }

    #[test]
    fn another_body_shares_the_key_of_whatever_body_only() {
        let (one, other) = (
            key(r#"{"type":"WatchEvent","id":"1"}"#),
            key(r#"{"type":"WatchEvent","id":"1","public":true}"#),
        );
        assert_ne!(one.exact, other.exact);
        assert_eq!(one.any_body, other.any_body);
        assert_eq!(one, key(r#"{"type":"WatchEvent","id":"1"}"#));
    }

    #[test]
    fn a_key_comes_back_from_its_bytes() {
        let numbered = key(r#"{"type":"WatchEvent","id":"1","public":true}"#);
        assert_eq!(EventKey::from_bytes(numbered.exact.to_bytes()), numbered);
        for hashed in [
            r#"{"type":"WatchEvent","id":"x"}"#,
            r#"{"type":"A","id":"1"}"#,
        ] {
            let hashed = key(hashed).exact;
            assert_eq!(EventKey::from_bytes(hashed.to_bytes()).exact, hashed);
        }
        // As envelopes hold it.
        let (kind, id) = (u128::from(KnownKind::Watch.code()) + 1, 1 << 48);
        let any_body = numbered.any_body.0 & !WHATEVER_BODY;
        assert_eq!(any_body, kind << 120 | id);
    }

    #[test]
    fn rejects_are_told_apart_by_file_line_and_bytes() {
        let key = Key::of_reject("a", 1, &[0; 16]);
        assert_ne!(key, Key::of_reject("b", 1, &[0; 16]));
        assert_ne!(key, Key::of_reject("a", 2, &[0; 16]));
        assert_ne!(key, Key::of_reject("a", 1, &[1; 16]));
        assert_eq!(key, Key::of_reject("a", 1, &[0; 16]));
    }
}
