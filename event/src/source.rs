//! Where events come from, as users name it (`public`, `repo:O/N`, ...). Knows nothing about URLs.

use std::fmt;
use std::str::FromStr;

/// A feed of GitHub's, or the archives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The global public feed.
    Public,
    /// One repository's feed.
    Repo {
        /// The owner's login.
        owner: String,
        /// The repository's name, without its owner.
        name: String,
    },
    /// One organisation's feed.
    Org(String),
    /// One user's public feed.
    User(String),
    /// Files handed to `ghev import`.
    Archive,
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no source: {text:?}; expected public, repo:OWNER/NAME, org:ORG or user:LOGIN")]
pub struct ParseSourceError {
    text: String,
}

impl FromStr for Source {
    type Err = ParseSourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseSourceError {
            text: text.chars().take(128).collect(),
        };
        let named = |name: &str| is_name(name).then(|| name.to_owned()).ok_or_else(wrong);
        match text.split_once(':') {
            None if text == "public" => Ok(Self::Public),
            None if text == "archive" => Ok(Self::Archive),
            Some(("repo", path)) => {
                let (owner, name) = path.split_once('/').ok_or_else(wrong)?;
                Ok(Self::Repo {
                    owner: named(owner)?,
                    name: named(name)?,
                })
            }
            Some(("org", name)) => named(name).map(Self::Org),
            Some(("user", name)) => named(name).map(Self::User),
            _ => Err(wrong()),
        }
    }
}

/// The characters of GitHub's own names; a bot's login ends in `[bot]`. Nothing that could
/// change the meaning of a URL passes.
fn is_name(name: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'[' | b']');
    !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(allowed)
        && !matches!(name, "." | "..")
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Repo { owner, name } => write!(f, "repo:{owner}/{name}"),
            Self::Org(org) => write!(f, "org:{org}"),
            Self::User(login) => write!(f, "user:{login}"),
            Self::Archive => f.write_str("archive"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_print_as_they_parse() {
        for text in [
            "public",
            "repo:rust-lang/rust",
            "org:rust-lang",
            "user:dependabot[bot]",
            "archive",
        ] {
            assert_eq!(
                text.parse::<Source>().map(|s| s.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn nothing_that_bends_a_url_is_a_source() {
        for text in [
            "",
            "Public",
            "repo:",
            "repo:a",
            "repo:a/b/c",
            "repo:a/..",
            "org:a?b",
            "user:a b",
            "org:",
            "repo:a/b#c",
            "user:%2e",
            "feed:x",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
