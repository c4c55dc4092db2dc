//! Instants in a row: whole seconds, GitHub's own resolution. An event without a time has
//! [`UNDATED`], which lies before every window.

use ghev_event::Timestamp;

/// Where a row has no time: earlier than any instant, so that it sorts last when the newest come
/// first and lies in no window.
pub(crate) const UNDATED: i64 = i64::MIN;

/// The units that events are summed up by.
pub(crate) const MINUTE_SECONDS: i64 = 60;
pub(crate) const HOUR_SECONDS: i64 = 3600;

/// Smaller ones in larger ones.
pub(crate) const HOUR_MINUTES: i64 = 60;
pub(crate) const DAY_HOURS: i64 = 24;

/// As a row has it.
pub(crate) fn seconds_of(time: Option<Timestamp>) -> i64 {
    time.map_or(UNDATED, Timestamp::as_seconds)
}

/// From a row.
pub(crate) fn timestamp_of(seconds: i64) -> Option<Timestamp> {
    (seconds != UNDATED).then(|| Timestamp::from_seconds(seconds))
}

/// The first whole second that is not before `time`: the bound of a window over whole seconds.
pub(crate) fn to_seconds_up(time: Timestamp) -> i64 {
    let seconds = time.as_seconds();
    if seconds * 1000 == time.as_millis() {
        seconds
    } else {
        seconds + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_within_a_second_leaves_that_second_out() {
        assert_eq!(to_seconds_up(Timestamp::from_millis(1_000)), 1);
        assert_eq!(to_seconds_up(Timestamp::from_millis(1_001)), 2);
        assert_eq!(to_seconds_up(Timestamp::from_millis(-1)), 0);
        assert_eq!(timestamp_of(seconds_of(None)), None);
    }
}
