//! Strong entity tags: two answers bear the same one only where they are the same bytes
//! (<https://www.rfc-editor.org/rfc/rfc9110#name-etag>).

use std::fmt;
use std::hash::Hash as _;

use ghev_readmodel::{AsOf, GenerationNumber};
use xxhash_rust::xxh3::Xxh3;

use super::Encoding;
use crate::parameters::Format;

/// A strong entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag(u64);

impl EntityTag {
    /// Of an answer that the version of ghev, the state of the read model, the request and its
    /// representation determine.
    pub(crate) fn of_answer(
        version: &str,
        request: &str,
        (format, encoding): (Format, Encoding),
        (generation, as_of): (GenerationNumber, &AsOf),
    ) -> Self {
        let mut hash = Xxh3::new();
        let checkpoint = &as_of.checkpoint;
        let state = (generation, checkpoint.log_id, checkpoint.next_offset);
        (version, request, format, encoding, state).hash(&mut hash);
        Self(hash.digest())
    }

    /// Of bytes that never change while the process runs.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(bytes))
    }

    /// Whether `If-None-Match` names it.
    pub(crate) fn is_in(self, if_none_match: &str) -> bool {
        let own = self.to_string();
        if_none_match
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == own)
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{:016x}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others() {
        let tag = EntityTag::of_bytes(b"x");
        assert!(tag.is_in(&tag.to_string()));
        assert!(tag.is_in(&format!("\"a\", W/{tag}")));
        assert!(tag.is_in("*"));
        assert!(!tag.is_in("\"a\", \"b\""));
        assert_ne!(tag, EntityTag::of_bytes(b"y"));
    }
}
