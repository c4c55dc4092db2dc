//! Who asks: no token, or which one. Knows digests of tokens only, so that a log of requests can
//! be printed without giving one away.

use std::fmt;

/// Whose budget and whose validators a request uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// No `Authorization` header: the budget of the address.
    Anonymous,
    /// A token, by a digest of it.
    Token(u64),
    /// An `Authorization` header that is neither `Bearer …` nor `token …`.
    Malformed,
}

impl Credential {
    /// The credential of requests that bear `token`; to compare with those in a request log.
    pub fn token(token: &str) -> Self {
        let digest = blake3::hash(token.as_bytes());
        let (first, _) = digest
            .as_bytes()
            .split_first_chunk()
            .expect("a BLAKE3 digest has 32 bytes");
        Self::Token(u64::from_be_bytes(*first))
    }

    /// The credential that an `Authorization` header states, if there is one.
    pub(crate) fn of_header(header: Option<&str>) -> Self {
        let Some(header) = header else {
            return Self::Anonymous;
        };
        match header.trim().split_once(' ') {
            Some((scheme, token))
                if ["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str())
                    && !token.trim().is_empty() =>
            {
                Self::token(token.trim())
            }
            _ => Self::Malformed,
        }
    }

    /// Whether this is a token, good or bad.
    pub fn is_token(self) -> bool {
        matches!(self, Self::Token(_))
    }

    /// A number to seed chance and to name the made-up user behind a token.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Anonymous => 0,
            Self::Malformed => 1,
            Self::Token(digest) => digest,
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Malformed => f.write_str("malformed"),
            Self::Token(digest) => write!(f, "token #{:08x}", digest >> 32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_name_the_same_token_and_none_shows_it() {
        let bearer = Credential::of_header(Some("Bearer s3cret"));
        assert_eq!(bearer, Credential::of_header(Some("token s3cret")));
        assert_eq!(bearer, Credential::token("s3cret"));
        assert_ne!(bearer, Credential::token("other"));
        assert!(!format!("{bearer} {bearer:?}").contains("s3cret"));
        assert_eq!(Credential::of_header(None), Credential::Anonymous);
        for bad in ["", "Bearer", "Bearer  ", "Basic YTpi"] {
            assert_eq!(
                Credential::of_header(Some(bad)),
                Credential::Malformed,
                "{bad:?}"
            );
        }
    }
}
