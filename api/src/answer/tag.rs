//! Strong entity tags: two answers bear the same one only where they are the same bytes
//! (<https://www.rfc-editor.org/rfc/rfc9110#name-etag>).

use std::hash::Hash as _;

use http::HeaderValue;
use xxhash_rust::xxh3::Xxh3;

use super::Encoding;
use crate::parameters::Format;
use crate::service::State;

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
        state: &State,
    ) -> Self {
        let mut hash = Xxh3::new();
        (version, request, format, encoding, state).hash(&mut hash);
        Self(hash.digest())
    }

    /// Of bytes that never change while the process runs.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(bytes))
    }

    /// Whether `If-None-Match` names it, or `*`, which stands for any answer there is.
    pub(crate) fn is_in(self, if_none_match: &str) -> bool {
        if_none_match.trim() == "*" || self.is_named_in(if_none_match)
    }

    /// Whether `If-None-Match` names it: an answer with this tag has been given.
    pub(crate) fn is_named_in(self, if_none_match: &str) -> bool {
        let own = self.text();
        if_none_match
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag.as_bytes() == own)
    }

    /// As a header has it.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_bytes(&self.text()).expect("quotes and digits are a header's value")
    }

    /// Its digits between quotes.
    fn text(self) -> [u8; 18] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'"'; 18];
        for (pair, byte) in text[1..17].chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others() {
        let tag = EntityTag::of_bytes(b"x");
        let header = tag.header();
        let text = header.to_str().unwrap();
        assert_eq!(text, format!("\"{:016x}\"", tag.0));
        assert!(tag.is_in(text));
        assert!(tag.is_in(&format!("\"a\", W/{text}")));
        assert!(tag.is_in("*") && !tag.is_named_in("*"));
        assert!(!tag.is_in("\"a\", \"b\""));
        assert_ne!(tag, EntityTag::of_bytes(b"y"));
    }
}
