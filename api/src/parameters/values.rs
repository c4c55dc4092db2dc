//! What single values of parameters can be.

use std::fmt;

use ghev_event::{EventKind, KNOWN_KINDS};
use ghev_readmodel::{Bots, ListOrder, PullRequestAction, SeriesInterval, TimeAxis};
use serde_json::{Value as Json, json};

use super::Value;
use super::input::one_of;

/// Declares a value that is one of a few words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            const WORDS: &[&str] = &[$($word),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word),+
                })
            }
        }

        impl Value for $name {
            fn schema() -> Json {
                json!({ "type": "string", "enum": Self::WORDS })
            }

            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(one_of(Self::WORDS)),
                }
            }
        }
    };
}

words! {
    /// A format that an answer can be written in.
    Format {
        /// `application/json`.
        Json = "json",
        /// `application/x-ndjson`: a JSON object a line.
        Ndjson = "ndjson",
        /// `text/csv`, with a header line.
        Csv = "csv",
        /// `image/svg+xml`: a picture, at paths that end in `.svg`.
        Svg = "svg",
    }
}

words! {
    /// Which time of an event counts.
    TimeWord {
        /// When it happened, by GitHub's clock.
        CreatedAt = "created_at",
        /// When it arrived here.
        ObservedAt = "observed_at",
    }
}

impl From<TimeWord> for TimeAxis {
    fn from(word: TimeWord) -> Self {
        match word {
            TimeWord::CreatedAt => Self::CreatedAt,
            TimeWord::ObservedAt => Self::ObservedAt,
        }
    }
}

words! {
    /// The only time that dates a pull request.
    CreatedOnly {
        /// When it happened, by GitHub's clock.
        CreatedAt = "created_at",
    }
}

impl From<CreatedOnly> for TimeAxis {
    fn from(word: CreatedOnly) -> Self {
        match word {
            CreatedOnly::CreatedAt => Self::CreatedAt,
        }
    }
}

words! {
    /// Which event of a pull request dates it.
    IntervalAction {
        /// Its earliest `opened`.
        Opened = "opened",
        /// Its earliest event.
        Any = "any",
    }
}

impl From<IntervalAction> for PullRequestAction {
    fn from(action: IntervalAction) -> Self {
        match action {
            IntervalAction::Opened => Self::Opened,
            IntervalAction::Any => Self::Any,
        }
    }
}

words! {
    /// Whether what bots do counts.
    BotsWord {
        /// It does not.
        Exclude = "exclude",
        /// It does.
        Include = "include",
    }
}

impl From<BotsWord> for Bots {
    fn from(word: BotsWord) -> Self {
        match word {
            BotsWord::Exclude => Self::Exclude,
            BotsWord::Include => Self::Include,
        }
    }
}

words! {
    /// How long a bucket of a series is.
    IntervalWord {
        /// A whole minute.
        Minute = "minute",
        /// A whole hour.
        Hour = "hour",
        /// From midnight to midnight.
        Day = "day",
        /// From Monday to Monday.
        Week = "week",
        /// A calendar month.
        Month = "month",
    }
}

impl From<IntervalWord> for SeriesInterval {
    fn from(word: IntervalWord) -> Self {
        match word {
            IntervalWord::Minute => Self::Minute,
            IntervalWord::Hour => Self::Hour,
            IntervalWord::Day => Self::Day,
            IntervalWord::Week => Self::Week,
            IntervalWord::Month => Self::Month,
        }
    }
}

words! {
    /// What a list of repositories or organisations is sorted by.
    SortWord {
        /// The most events first.
        Events = "events",
        /// By name, from A to Z, whatever its case.
        Name = "name",
        /// The latest event first.
        LastEvent = "last_event",
    }
}

impl From<SortWord> for ListOrder {
    fn from(word: SortWord) -> Self {
        match word {
            SortWord::Events => Self::Events,
            SortWord::Name => Self::Name,
            SortWord::LastEvent => Self::LastEvent,
        }
    }
}

/// Declares a value that is any text but none.
macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident, $example:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) String);

        impl Value for $name {
            const EXAMPLE: Option<&'static str> = Some($example);

            fn schema() -> Json {
                json!({ "type": "string", "minLength": 1 })
            }

            fn parse(text: &str) -> Result<Self, String> {
                if text.is_empty() {
                    return Err("must not be empty".to_owned());
                }
                Ok(Self(text.to_owned()))
            }
        }
    )+};
}

texts! {
    /// The login of an owner or an organisation.
    OwnerName, "rust-lang";
    /// A repository's name, without its owner.
    RepoName, "rust";
    /// The login of a user or a bot.
    Login, "dtolnay";
    /// An event's id.
    EventIdText, "2489651045";
    /// The id of an event of a stream, not yet looked into.
    PlaceIdText, "1f0c9a2b-1234.0";
    /// What a name begins with.
    Prefix, "rust-lang/";
}

/// `owner/name`, in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FullName(pub(crate) String);

impl Value for FullName {
    const EXAMPLE: Option<&'static str> = Some("rust-lang/rust");

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^[^/]+/[^/]+$" })
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self(text.to_owned()))
            }
            _ => Err("must be OWNER/NAME, such as rust-lang/rust".to_owned()),
        }
    }
}

/// GitHub's number of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RepoNumber(pub(crate) u64);

impl Value for RepoNumber {
    const EXAMPLE: Option<&'static str> = Some("724712");

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 0, "maximum": i64::MAX })
    }

    fn parse(text: &str) -> Result<Self, String> {
        whole_number(text)
            .filter(|&number| i64::try_from(number).is_ok())
            .map(Self)
            .ok_or_else(|| "must be GitHub's number of a repository, such as 724712".to_owned())
    }
}

/// The name of an event type, known or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KindName(pub(crate) EventKind);

impl Value for KindName {
    const EXAMPLE: Option<&'static str> = Some("PullRequestEvent");

    fn schema() -> Json {
        let known: Vec<&str> = KNOWN_KINDS.iter().map(|kind| kind.name()).collect();
        json!({ "type": "string", "minLength": 1, "maxLength": 100, "examples": known })
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 100 {
            return Err("must be the name of an event type, such as PullRequestEvent".to_owned());
        }
        // GitHub has no two types that differ in their letters' case only.
        let known = KNOWN_KINDS
            .iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text));
        Ok(Self(known.map_or_else(
            || EventKind::from_name(text),
            |&kind| EventKind::Known(kind),
        )))
    }
}

/// The action that an event's payload names, an open set of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ActionWord(pub(crate) String);

impl Value for ActionWord {
    const EXAMPLE: Option<&'static str> = Some("opened");

    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1, "maxLength": 100 })
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 100 {
            return Err("must be a word such as opened".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// How many entries a page has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) usize);

impl Limit {
    const MAX: usize = 1000;

    /// The limit where none is given.
    pub(crate) const DEFAULT: Self = Self(100);
}

impl Value for Limit {
    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": Self::MAX, "default": Self::DEFAULT.0 })
    }

    fn parse(text: &str) -> Result<Self, String> {
        whole_number(text)
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| (1..=Self::MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("must be a whole number from 1 to {}", Self::MAX))
    }
}

/// A page token, not yet looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageTokenText(pub(crate) String);

impl Value for PageTokenText {
    fn schema() -> Json {
        json!({ "type": "string", "minLength": 1 })
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("must be the next_page_token of the page before".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A whole number in plain decimal digits: no sign, no space, no exponent.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
