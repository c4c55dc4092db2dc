//! The simulator's instants. Knows nothing about the current time: whoever calls says what it is.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

/// An instant in milliseconds since 1970-01-01T00:00:00Z, kept within the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(i64);

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: {text:?}; expected RFC 3339, such as 2026-11-24T11:35:21Z")]
pub struct ParseSimTimeError {
    text: String,
}

/// 0000-01-01T00:00:00Z, and the last instant that is in 9999 in every time zone: jiff's latest.
const MIN_MS: i64 = -62_167_219_200_000;
const MAX_MS: i64 = 253_402_207_200_000;

impl SimTime {
    /// From milliseconds since the epoch, cut to the years 0 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < MIN_MS {
            Self(MIN_MS)
        } else if millis > MAX_MS {
            Self(MAX_MS)
        } else {
            Self(millis)
        }
    }

    /// From whole seconds since the epoch, cut likewise.
    pub const fn from_seconds(seconds: i64) -> Self {
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

    /// This instant and `seconds` more (or fewer, if negative).
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// This instant and `millis` more (or fewer, if negative).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant; 0 if that lies after it.
    pub fn millis_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// RFC 3339 with whole seconds and `Z`, as in events.
    pub(crate) fn rfc3339(self) -> String {
        self.instant().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The time as the Timeline archives wrote it, seven hours behind UTC.
    pub(crate) fn timeline(self) -> String {
        let local = self.plus_seconds(-7 * 3600).instant();
        local.strftime("%Y-%m-%dT%H:%M:%S-07:00").to_string()
    }

    /// IMF-fixdate, as in the `date` header
    /// (<https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>).
    pub(crate) fn http_date(self) -> String {
        let format = "%a, %d %b %Y %H:%M:%S GMT";
        self.instant().strftime(format).to_string()
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0)
            .expect("every constructor keeps the instant within the years 0 to 9999")
    }
}

impl From<SystemTime> for SimTime {
    fn from(time: SystemTime) -> Self {
        let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => millis(after),
            Err(before) => -millis(before.duration()),
        })
    }
}

impl FromStr for SimTime {
    type Err = ParseSimTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self::from_millis(instant.as_millisecond()))
            .map_err(|_| ParseSimTimeError {
                text: text.chars().take(64).collect(),
            })
    }
}

/// RFC 3339 in UTC, whole seconds.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_github_writes_it() {
        let time = SimTime::from_millis(1_785_412_345_678);
        assert_eq!(time.to_string(), "2026-07-30T11:52:25Z");
        assert_eq!(time.http_date(), "Thu, 30 Jul 2026 11:52:25 GMT");
        assert_eq!(time.timeline(), "2026-07-30T04:52:25-07:00");
        assert_eq!("2026-07-30T11:52:25.678Z".parse(), Ok(time));
    }

    #[test]
    fn extreme_instants_stay_writable() {
        for millis in [i64::MIN, -1, 0, i64::MAX] {
            let time = SimTime::from_millis(millis);
            assert_eq!(time.rfc3339().len(), 20, "{millis}");
            assert_eq!(time.http_date().len(), 29, "{millis}");
            assert_eq!(time.timeline().len(), 25, "{millis}");
        }
    }
}
