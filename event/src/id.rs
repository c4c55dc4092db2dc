//! Identities, a type for each, so that a repository's number never passes for an actor's.
//! Knows nothing about where they are stored.

use std::borrow::Cow;
use std::fmt;

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Wraps GitHub's number.
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// GitHub's number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id! {
    /// GitHub's number of a repository: stable across renames, unlike `owner/name`.
    RepoId
}
numeric_id! {
    /// GitHub's number of a user or bot.
    ActorId
}
numeric_id! {
    /// GitHub's number of an organisation.
    OrgId
}
numeric_id! {
    /// The number of a pull request or issue within its repository (`#42`); GitHub counts both
    /// in one sequence.
    ThreadNumber
}

/// What identifies an event among those of its kind.
///
/// GitHub sends ids as decimal strings (documented as integers, see
/// <https://docs.github.com/en/rest/using-the-rest-api/github-event-types>); events of the
/// Timeline era (before 2015) have none and are identified by a digest of their JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventId<'a> {
    /// A canonical decimal number: no sign, no leading zero, at most `i64::MAX`.
    Number(u64),
    /// Any other text that GitHub sent.
    Text(Cow<'a, str>),
    /// The event bears no id: the first 16 bytes of the BLAKE3 digest of its JSON bytes.
    Digest([u8; 16]),
}

impl<'a> EventId<'a> {
    /// The identity that a text stands for: a number where it is canonical.
    pub fn from_text(text: Cow<'a, str>) -> Self {
        match canonical_number(&text) {
            Some(number) => Self::Number(number),
            None => Self::Text(text),
        }
    }

    /// The identity of an event without an id, from its JSON bytes as they are kept.
    pub fn from_body(raw: &[u8]) -> Self {
        Self::of_digest(&blake3::hash(raw))
    }

    pub(crate) fn of_digest(digest: &blake3::Hash) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_bytes()[..16]);
        Self::Digest(bytes)
    }

    /// The same identity, borrowing nothing.
    pub fn into_owned(self) -> EventId<'static> {
        match self {
            Self::Number(number) => EventId::Number(number),
            Self::Text(text) => EventId::Text(Cow::Owned(text.into_owned())),
            Self::Digest(bytes) => EventId::Digest(bytes),
        }
    }
}

/// As GitHub would print it; a digest as 32 lower-case hexadecimal digits.
impl fmt::Display for EventId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Digest(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

fn canonical_number(text: &str) -> Option<u64> {
    if text.len() > 1 && text.starts_with('0') || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse()
        .ok()
        .filter(|&number| i64::try_from(number).is_ok())
}

/// The first 48 bits of the BLAKE3 digest of an event's JSON bytes: tells whether a repeated
/// (kind, id) brought the same body. 48 bits, since it is kept for every event for ever and only
/// ever compared with the digest of one other event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyDigest(u64);

impl BodyDigest {
    /// The digest of an event's JSON bytes as they are kept.
    pub fn of(raw: &[u8]) -> Self {
        Self::of_digest(&blake3::hash(raw))
    }

    pub(crate) fn of_digest(digest: &blake3::Hash) -> Self {
        let mut bytes = [0; 8];
        bytes[..6].copy_from_slice(&digest.as_bytes()[..6]);
        Self(u64::from_le_bytes(bytes))
    }

    /// From a stored number; bits above the 48th are dropped.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits & 0xffff_ffff_ffff)
    }

    /// The digest as a number below 2^48.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_decimals_are_numbers_and_nothing_else_is() {
        let id = |text: &'static str| EventId::from_text(Cow::Borrowed(text));
        assert_eq!(id("2489651045"), EventId::Number(2_489_651_045));
        assert_eq!(id("0"), EventId::Number(0));
        assert_eq!(
            id("9223372036854775807"),
            EventId::Number(9_223_372_036_854_775_807)
        );
        for text in [
            "",
            "007",
            "+1",
            "-1",
            "1.0",
            "9223372036854775808",
            "٣",
            "1 ",
        ] {
            assert_eq!(id(text), EventId::Text(Cow::Borrowed(text)), "{text:?}");
        }
    }

    #[test]
    fn an_identity_prints_as_it_came() {
        for text in ["42", "007", "abc", "18446744073709551616"] {
            assert_eq!(EventId::from_text(Cow::Borrowed(text)).to_string(), text);
        }
        assert_eq!(EventId::from_body(b"{}").to_string().len(), 32);
        assert_ne!(EventId::from_body(b"{}"), EventId::from_body(b"{ }"));
    }
}
