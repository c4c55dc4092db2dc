//! A place in the log as a user names it: by offset or by time. And a system's time as they read it.

use std::str::FromStr;
use std::time::SystemTime;

use ghev_event::Timestamp;

/// Digits are an offset, anything else an RFC 3339 time or a date (its first instant, UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffsetOrTime {
    Offset(u64),
    Time(Timestamp),
}

impl FromStr for OffsetOrTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(offset) = text.parse() {
            return Ok(Self::Offset(offset));
        }
        let as_date = || Timestamp::parse_bound(&format!("{text}T00:00:00Z"));
        Timestamp::parse_bound(text)
            .or_else(|error| as_date().map_err(|_| error))
            .map(Self::Time)
            .map_err(|error| format!("no offset and {error}"))
    }
}

/// A time from 1970 on.
pub(crate) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since.as_millis()).ok()?;
    Some(Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_offsets_and_dates_are_midnights() {
        assert_eq!("17".parse(), Ok(OffsetOrTime::Offset(17)));
        let midnight = Timestamp::from_seconds(1_451_606_400);
        for text in [
            "2016-01-01",
            "2016-01-01T00:00:00Z",
            "2016-01-01T01:00:00+01:00",
        ] {
            assert_eq!(text.parse(), Ok(OffsetOrTime::Time(midnight)), "{text}");
        }
        assert!("tomorrow".parse::<OffsetOrTime>().is_err());
        assert!("-1".parse::<OffsetOrTime>().is_err());
    }
}
