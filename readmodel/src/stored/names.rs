//! Which of its names an identity bore in an event: 16 bits of each name's hash, so that a row need
//! not repeat the name.
//!
//! An identity has few names; those it has are in the tables of names, and the bits tell them
//! apart. Where two names of one identity share them, their times decide.

use ghev_event::Event;

/// The bits of the names of an event's repository, actor and organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NameTags {
    pub(crate) repo: u16,
    pub(crate) actor: u16,
    pub(crate) org: u16,
}

impl NameTags {
    /// Of the names that the event gives; where it gives a number only, of the empty name.
    pub(crate) fn of(event: &Event<'_>) -> Self {
        let tag = |name: Option<&str>| name_tag(name.unwrap_or_default());
        Self {
            repo: event
                .repo
                .as_ref()
                .map_or(0, |repo| tag(repo.name.as_deref())),
            actor: event
                .actor
                .as_ref()
                .map_or(0, |actor| tag(actor.login.as_deref())),
            org: event
                .org
                .as_ref()
                .map_or(0, |org| tag(org.login.as_deref())),
        }
    }

    /// As one number of 48 bits with a sign, for which SQLite needs six bytes.
    pub(crate) fn to_sql(self) -> i64 {
        let bits = i64::from(self.repo) | i64::from(self.actor) << 16 | i64::from(self.org) << 32;
        bits << 16 >> 16
    }

    pub(crate) fn from_sql(number: i64) -> Self {
        let [r0, r1, a0, a1, o0, o1, _, _] = number.to_le_bytes();
        Self {
            repo: u16::from_le_bytes([r0, r1]),
            actor: u16::from_le_bytes([a0, a1]),
            org: u16::from_le_bytes([o0, o1]),
        }
    }
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>) of the name's bytes, folded to 16 bits.
pub(crate) fn name_tag(name: &str) -> u16 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let [a0, a1, b0, b1, c0, c1, d0, d1] = hash.to_le_bytes();
    u16::from_le_bytes([a0 ^ b0 ^ c0 ^ d0, a1 ^ b1 ^ c1 ^ d1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_back_whatever_their_sign() {
        let each = [0, 1, 0x7fff, 0x8000, u16::MAX];
        for repo in each {
            for actor in each {
                for org in each {
                    let tags = NameTags { repo, actor, org };
                    assert_eq!(NameTags::from_sql(tags.to_sql()), tags);
                    assert!(tags.to_sql().unsigned_abs() <= 1 << 47);
                }
            }
        }
    }

    #[test]
    fn the_hash_is_fnv_1a_and_stays_so() {
        // The published vector of "foobar" is 0x85944171f73967e8.
        assert_eq!(name_tag("foobar"), 0x8594 ^ 0x4171 ^ 0xf739 ^ 0x67e8);
        assert_ne!(name_tag("rust-lang/rust"), name_tag("Rust-Lang/rust"));
    }
}
