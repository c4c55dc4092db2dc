//! The row keys of repositories, actors and organisations. Knows nothing about tables.
//!
//! Who has a number of GitHub's is kept by it. Who has none (the Timeline era names, it does not
//! number) is kept by its lower-cased name: as a negative number, 63 bits of the name's BLAKE3
//! digest. Both are the same whatever the order of events, so that two models of the same events
//! have the same rows.

use std::fmt;
use std::str::FromStr;

use ghev_event::{ActorId, OrgId, RepoId};

/// The negative key of an identity that is only a name.
fn key_of_name(name: &str) -> i64 {
    let digest = blake3::hash(lower_cased(name).as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest.as_bytes()[..8]);
    i64::from_le_bytes(bytes) | i64::MIN
}

/// How names are compared: case-insensitively, whatever the script.
pub(crate) fn lower_cased(name: &str) -> String {
    name.to_lowercase()
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $id:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The key of a numbered identity.
            pub fn of_id(id: $id) -> Self {
                // GitHub's numbers are far below 2^63; the reader of JSON drops larger ones.
                Self(i64::try_from(id.get()).unwrap_or(i64::MAX))
            }

            /// The key of an identity that is only a name.
            pub fn of_name(name: &str) -> Self {
                Self(key_of_name(name))
            }

            /// The key of an identity by its number if it has one, else by its name if it has one.
            pub fn of(id: Option<$id>, name: Option<&str>) -> Option<Self> {
                id.map(Self::of_id).or_else(|| name.map(Self::of_name))
            }

            /// GitHub's number, if this identity has one.
            pub fn id(self) -> Option<$id> {
                u64::try_from(self.0).ok().map($id::new)
            }

            pub(crate) const fn to_sql(self) -> i64 {
                self.0
            }

            pub(crate) const fn from_sql(key: i64) -> Self {
                Self(key)
            }
        }

        /// For programs only: in decimal, what has no number of GitHub's below 0.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

key! {
    /// A repository's key.
    RepoKey, RepoId
}
key! {
    /// An actor's key.
    ActorKey, ActorId
}
key! {
    /// An organisation's key.
    OrgKey, OrgId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_never_meet_and_case_does_not_matter() {
        let numbered = RepoKey::of(Some(RepoId::new(7)), Some("o/r")).unwrap();
        let named = RepoKey::of(None, Some("O/R")).unwrap();
        assert_eq!(numbered.id(), Some(RepoId::new(7)));
        assert_eq!(named.id(), None);
        assert_eq!(named, RepoKey::of_name("o/r"));
        assert_eq!(RepoKey::of_name("É/Ü"), RepoKey::of_name("é/ü"));
        assert_eq!(RepoKey::of(None, None), None);
    }
}
