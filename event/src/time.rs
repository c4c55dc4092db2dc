//! Instants, in one unit. Knows nothing about the current time: a clock belongs to those who wait.

use std::fmt;

/// An instant in milliseconds since 1970-01-01T00:00:00Z. GitHub's own times are whole seconds;
/// the milliseconds serve our observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: {text:?}; expected RFC 3339, such as 2026-11-24T11:35:21Z")]
pub struct ParseTimestampError {
    text: String,
}

impl Timestamp {
    /// From milliseconds since the epoch; those outside the years -9999 to 9999 are cut to them.
    pub fn from_millis(millis: i64) -> Self {
        let min_ms = jiff::Timestamp::MIN.as_second() * 1000;
        let max_ms = jiff::Timestamp::MAX.as_second() * 1000;
        Self(millis.clamp(min_ms, max_ms))
    }

    /// From whole seconds since the epoch, cut likewise.
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, towards the past.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// An RFC 3339 text (<https://www.rfc-editor.org/rfc/rfc3339>) with any offset, cut to milliseconds.
    pub fn parse_rfc3339(text: &str) -> Result<Self, ParseTimestampError> {
        Ok(Self(exact_rfc3339(text)?.as_millisecond()))
    }

    /// The bound of a stretch of time: the first millisecond that is not before what the text says, so that
    /// the same instants are before the bound, whatever its digits.
    pub fn parse_bound(text: &str) -> Result<Self, ParseTimestampError> {
        let exact = exact_rfc3339(text)?;
        // Cut towards 1970: only what is later than that was cut towards the past.
        let later = i64::from(exact.subsec_nanosecond() % 1_000_000 > 0);
        Ok(Self::from_millis(exact.as_millisecond() + later))
    }

    /// A time as GitHub has written it over the years: RFC 3339, or the oldest archives'
    /// `2012/03/10 22:55:30 -0800`.
    pub fn parse_github(text: &str) -> Result<Self, ParseTimestampError> {
        Self::parse_rfc3339(text).or_else(|error| {
            jiff::Timestamp::strptime("%Y/%m/%d %H:%M:%S %z", text)
                .map(|instant| Self(instant.as_millisecond()))
                .map_err(|_| error)
        })
    }
}

fn exact_rfc3339(text: &str) -> Result<jiff::Timestamp, ParseTimestampError> {
    let bytes = text.as_bytes();
    let wrong = || ParseTimestampError {
        text: text.chars().take(64).collect(),
    };
    // jiff takes more than RFC 3339 (weeks, zone names): only this shape is let through.
    let shaped = bytes.len() >= 20
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && matches!(bytes[10], b'T' | b't' | b' ')
        && !text.contains('[');
    if !shaped {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

/// RFC 3339 in UTC with `Z`; a fraction only where there is one.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_millisecond(self.0)
            .expect("every constructor keeps the instant within jiff's range");
        instant.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_era_of_times_is_read_to_the_same_instant() {
        let instant = Timestamp::from_seconds(1_339_711_302);
        for text in [
            "2012-06-14T22:01:42Z",
            "2012-06-14T15:01:42-07:00",
            "2012/06/14 15:01:42 -0700",
        ] {
            assert_eq!(Timestamp::parse_github(text), Ok(instant), "{text}");
        }
        assert_eq!(instant.to_string(), "2012-06-14T22:01:42Z");
    }

    /// A window from a ten-thousandth of a second after an event had the event in it.
    #[test]
    fn a_bound_between_two_milliseconds_is_the_later_one() {
        for (text, millis) in [
            ("1970-01-01T00:00:01Z", 1_000),
            ("1970-01-01T00:00:01.002Z", 1_002),
            ("1970-01-01T00:00:01.000000001Z", 1_001),
            ("1970-01-01T00:00:00.999999+00:00", 1_000),
            ("1969-12-31T23:59:59.9999Z", 0),
            ("1969-12-31T23:59:59.0001Z", -999),
        ] {
            let bound = Timestamp::parse_bound(text);
            assert_eq!(bound.map(Timestamp::as_millis), Ok(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2012-06-14",
            "2012-06-14T15:01:42",
            "2012-13-01T00:00:00Z",
            "2012-06-14T15:01:42-07:00[America/Los_Angeles]",
            "99999-01-01T00:00:00Z",
        ] {
            assert!(Timestamp::parse_rfc3339(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_round_towards_the_past_and_extremes_are_cut() {
        assert_eq!(Timestamp::from_millis(-1).as_seconds(), -1);
        assert_eq!(Timestamp::from_millis(1999).as_seconds(), 1);
        assert!(
            Timestamp::from_seconds(i64::MAX)
                .to_string()
                .starts_with("9999-12-")
        );
        assert!(
            Timestamp::from_seconds(i64::MIN)
                .to_string()
                .starts_with("-009999-01-")
        );
    }
}
