//! A stretch of time, as `offset` or as `from` and `to`.

use ghev_event::Timestamp;
use ghev_readmodel::{TimeAxis, Window};
use serde_json::{Value as Json, json};

use super::values::whole_number;
use super::{Field, Input, Parameter, Value};

/// Whole minutes, 1 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minutes(u32);

impl Minutes {
    /// About 1,900 years: such a window still begins in a year of four digits.
    const MAX: u32 = 1_000_000_000;
}

impl Value for Minutes {
    const EXAMPLE: Option<&'static str> = Some("10");

    fn schema() -> Json {
        json!({ "type": "integer", "minimum": 1, "maximum": Self::MAX })
    }

    fn parse(text: &str) -> Result<Self, String> {
        whole_number(text)
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=Self::MAX).contains(number))
            .map(Self)
            .ok_or_else(|| format!("must be whole minutes, from 1 to {}", Self::MAX))
    }
}

/// The length of a window, in hours or days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowLength(pub(crate) u32);

impl WindowLength {
    const HOUR_SECONDS: u32 = 3600;
    const MAX_SECONDS: u32 = 30 * 24 * Self::HOUR_SECONDS;

    /// From `1h` to `720h`, and from `1d` to `30d`.
    const PATTERN: &str = "^(([1-9][0-9]?|[1-6][0-9]{2}|7[01][0-9]|720)h|([1-9]|[12][0-9]|30)d)$";

    /// The length where none is given.
    pub(crate) const DEFAULT: Self = Self(24 * Self::HOUR_SECONDS);
}

impl Value for WindowLength {
    const EXAMPLE: Option<&'static str> = Some("24h");

    fn schema() -> Json {
        json!({ "type": "string", "pattern": Self::PATTERN, "default": "24h" })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let hours = text.strip_suffix('h').map(|hours| (hours, 1));
        let days = text.strip_suffix('d').map(|days| (days, 24));
        hours
            .or(days)
            .filter(|(number, _)| !number.starts_with('0'))
            .and_then(|(number, hours)| {
                let number = u32::try_from(whole_number(number)?).ok()?;
                number.checked_mul(hours)?.checked_mul(Self::HOUR_SECONDS)
            })
            .filter(|seconds| (Self::HOUR_SECONDS..=Self::MAX_SECONDS).contains(seconds))
            .map(Self)
            .ok_or_else(|| "must be hours or days, from 1h to 30d, such as 24h".to_owned())
    }
}

/// An instant, or the first instant of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl Instant {
    /// 0001-01-01, a Monday. RFC 3339 has no time before the year 0, which is left for what answers
    /// say of the time before an instant: where its week begins, or a window that ends with it.
    const MIN_SECONDS: i64 = -62_135_596_800;
}

impl Value for Instant {
    const EXAMPLE: Option<&'static str> = Some("2026-11-24T11:35:21Z");

    fn schema() -> Json {
        json!({
            "type": "string",
            "anyOf": [{ "format": "date-time" }, { "format": "date" }],
            "examples": ["2026-11-24T11:35:21Z", "2026-11-24"],
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = with_plus(text);
        let day = text.len() == 10 && !text.contains(['T', 't', ' ']);
        let instant = if day {
            format!("{text}T00:00:00Z")
        } else {
            text
        };
        Timestamp::parse_bound(&instant)
            .ok()
            .filter(|instant| instant.as_seconds() >= Self::MIN_SECONDS)
            .map(Self)
            .ok_or_else(|| {
                "must be RFC 3339 or a date, such as 2026-11-24T11:35:21Z or 2026-11-24, \
                 from 0001-01-01 to 9999-12-29"
                    .to_owned()
            })
    }
}

/// The plus of an offset such as `+01:00`, which a query that was not encoded turns into a space.
fn with_plus(text: &str) -> String {
    match text.char_indices().rev().nth(5) {
        Some((at, ' ')) if at > 10 => format!("{}+{}", &text[..at], &text[at + 1..]),
        _ => text.to_owned(),
    }
}

/// The stretch of time that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSpan {
    /// Between two instants, half-open; either may be missing, both where neither is given.
    Between(Option<Timestamp>, Option<Timestamp>),
    /// The last minutes.
    Last(Minutes),
}

/// Where a stretch of time that is relative ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relative {
    /// The current time, or the one at which the first page of a walk was asked for.
    pub(crate) now: Timestamp,
}

impl Relative {
    /// For what is not relative to any time.
    pub(crate) fn never() -> Self {
        Self {
            now: Timestamp::from_seconds(0),
        }
    }
}

impl TimeSpan {
    /// Whether it moves with the clock.
    pub(crate) const fn depends_on_clock(self) -> bool {
        matches!(self, Self::Last(_))
    }

    /// As a window of the read model. The last minutes end with the current whole second.
    pub(crate) fn window(self, relative: Relative, by: TimeAxis) -> Window {
        match self {
            Self::Between(from, to) => Window { from, to, by },
            Self::Last(Minutes(minutes)) => {
                let to = relative.now.as_seconds();
                let from = to.saturating_sub(60 * i64::from(minutes));
                let at = |seconds| Some(Timestamp::from_seconds(seconds));
                Window {
                    from: at(from),
                    to: at(to),
                    by,
                }
            }
        }
    }
}

impl Field for TimeSpan {
    fn describe(_: &'static str, _: &'static str, into: &mut Vec<Parameter>) {
        Option::<Minutes>::describe(
            "offset",
            "Only the last minutes, up to now. Excludes `from` and `to`.",
            into,
        );
        Option::<Instant>::describe(
            "from",
            "Only events at or after this instant or the beginning of this day (UTC).",
            into,
        );
        Option::<Instant>::describe(
            "to",
            "Only events before this instant or the beginning of this day (UTC).",
            into,
        );
    }

    fn read(_: &'static str, input: &mut Input) -> Option<Self> {
        let (from_given, to_given) = (input.is_given("from"), input.is_given("to"));
        let excluded = input.is_given("offset") && (from_given || to_given);
        let offset = Option::<Minutes>::read("offset", input);
        let from = Option::<Instant>::read("from", input);
        let to = Option::<Instant>::read("to", input);
        if excluded {
            let others = if from_given { "from" } else { "to" };
            input.conflict(
                "offset",
                format!("excludes {others}: give one or the other"),
            );
            return None;
        }
        let (from, to) = (from?.map(|from| from.0), to?.map(|to| to.0));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            input.refuse(
                "from",
                format!("must not be later than to: {from} is after {to}"),
            );
            return None;
        }
        Some(offset?.map_or(Self::Between(from, to), Self::Last))
    }
}
