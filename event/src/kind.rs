//! The kinds of events GitHub documents, and room for those it does not. Knows nothing about
//! payloads.

use std::fmt;

macro_rules! known_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// A documented event type
        /// (<https://docs.github.com/en/rest/using-the-rest-api/github-event-types>).
        ///
        /// The discriminants are stored: append new kinds at the end, never reorder.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum KnownKind {
            $($(#[$doc])* $variant),+
        }

        /// Every documented event type, in the order of their stored numbers (which is
        /// alphabetical by name for those of version 1).
        pub const KNOWN_KINDS: &[KnownKind] = &[$(KnownKind::$variant),+];

        impl KnownKind {
            /// GitHub's name, such as `PullRequestEvent`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The kind that GitHub calls by this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

known_kinds! {
    /// A comment on a commit.
    CommitComment = "CommitCommentEvent",
    /// A branch, tag or repository was created.
    Create = "CreateEvent",
    /// A branch or tag was deleted.
    Delete = "DeleteEvent",
    /// A discussion was created.
    Discussion = "DiscussionEvent",
    /// A repository was forked.
    Fork = "ForkEvent",
    /// A wiki page was created or changed.
    Gollum = "GollumEvent",
    /// A comment on an issue or a pull request.
    IssueComment = "IssueCommentEvent",
    /// An issue was opened, closed, labelled, ...
    Issues = "IssuesEvent",
    /// A collaborator was added.
    Member = "MemberEvent",
    /// A repository was made public.
    Public = "PublicEvent",
    /// A pull request was opened, closed, merged, ...
    PullRequest = "PullRequestEvent",
    /// A review of a pull request.
    PullRequestReview = "PullRequestReviewEvent",
    /// A comment on a pull request's diff.
    PullRequestReviewComment = "PullRequestReviewCommentEvent",
    /// Commits were pushed.
    Push = "PushEvent",
    /// A release was published.
    Release = "ReleaseEvent",
    /// A star was given.
    Watch = "WatchEvent",
}

impl KnownKind {
    /// The number this kind is stored as.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind stored as this number.
    pub fn from_code(code: u8) -> Option<Self> {
        KNOWN_KINDS.get(usize::from(code)).copied()
    }
}

/// What happened: a documented type, or any other by the name GitHub gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// One of the documented types.
    Known(KnownKind),
    /// A type this version does not know (a new one, or one of the Timeline era such as
    /// `FollowEvent`), kept by name.
    Other(Box<str>),
}

impl EventKind {
    /// The kind that GitHub calls by this name.
    pub fn from_name(name: &str) -> Self {
        KnownKind::from_name(name).map_or_else(|| Self::Other(name.into()), Self::Known)
    }

    /// GitHub's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Known(kind) => kind.name(),
            Self::Other(name) => name,
        }
    }

    /// Whether this is the given documented type.
    pub fn is(&self, kind: KnownKind) -> bool {
        *self == Self::Known(kind)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        assert_eq!(KNOWN_KINDS.len(), 16);
        for (code, &kind) in (0u8..).zip(KNOWN_KINDS) {
            assert_eq!(kind.code(), code);
            assert_eq!(KnownKind::from_code(code), Some(kind));
            assert_eq!(EventKind::from_name(kind.name()), EventKind::Known(kind));
        }
        assert_eq!(KnownKind::from_code(16), None);
    }

    #[test]
    fn an_unknown_type_keeps_its_name() {
        let kind = EventKind::from_name("FollowEvent");
        assert_eq!(kind, EventKind::Other("FollowEvent".into()));
        assert_eq!(kind.name(), "FollowEvent");
    }
}
