//! Stretches of the calendar, in UTC: which one an instant lies in, and when it begins. Knows
//! nothing about what is counted in them.

use crate::stored::{HOUR_SECONDS, MINUTE_SECONDS};

/// How long a bucket of a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeriesInterval {
    /// From one whole minute to the next.
    Minute,
    /// From one whole hour to the next.
    #[default]
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// A calendar month.
    Month,
}

const DAY_SECONDS: i64 = 86_400;
const WEEK_DAYS: i64 = 7;

/// 1970-01-01 was a Thursday.
pub(super) const MONDAY_TO_EPOCH_DAYS: i64 = 3;

/// From 0000-03-01, the first day of an era of 400 years, to 1970-01-01.
const ERA_TO_EPOCH_DAYS: i64 = 719_468;
const ERA_DAYS: i64 = 146_097;
const ERA_YEARS: i64 = 400;

impl SeriesInterval {
    /// The number of the bucket that `seconds` since 1970 lie in; consecutive buckets have
    /// consecutive numbers.
    pub(super) const fn number(self, seconds: i64) -> i64 {
        let days = seconds.div_euclid(DAY_SECONDS);
        match self {
            Self::Minute => seconds.div_euclid(MINUTE_SECONDS),
            Self::Hour => seconds.div_euclid(HOUR_SECONDS),
            Self::Day => days,
            Self::Week => (days + MONDAY_TO_EPOCH_DAYS).div_euclid(WEEK_DAYS),
            Self::Month => month(days),
        }
    }

    /// The first second of a bucket.
    pub(super) const fn start(self, number: i64) -> i64 {
        match self {
            Self::Minute => number * MINUTE_SECONDS,
            Self::Hour => number * HOUR_SECONDS,
            Self::Day => number * DAY_SECONDS,
            Self::Week => (number * WEEK_DAYS - MONDAY_TO_EPOCH_DAYS) * DAY_SECONDS,
            Self::Month => first_day(number) * DAY_SECONDS,
        }
    }
}

/// The month that a day lies in, counted from March of the year 0, so that a leap day ends a year
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
const fn month(days: i64) -> i64 {
    let days = days + ERA_TO_EPOCH_DAYS;
    let (era, of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    (era * ERA_YEARS + year) * 12 + (5 * of_year + 2) / 153
}

/// The first day of a month that is counted likewise.
const fn first_day(month: i64) -> i64 {
    let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(ERA_YEARS), year.rem_euclid(ERA_YEARS));
    let before = of_era * 365 + of_era / 4 - of_era / 100 + (153 * of_year + 2) / 5;
    era * ERA_DAYS + before - ERA_TO_EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use ghev_event::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const ALL: [SeriesInterval; 5] = [
        SeriesInterval::Minute,
        SeriesInterval::Hour,
        SeriesInterval::Day,
        SeriesInterval::Week,
        SeriesInterval::Month,
    ];

    fn seconds(text: &str) -> i64 {
        Timestamp::parse_rfc3339(text).unwrap().as_seconds()
    }

    #[test]
    fn buckets_begin_where_the_calendar_says() {
        let begins = |interval: SeriesInterval, at: &str| {
            let start = interval.start(interval.number(seconds(at)));
            Timestamp::from_seconds(start).to_string()
        };
        for (interval, at, start) in [
            (
                SeriesInterval::Minute,
                "2026-11-24T11:59:59Z",
                "2026-11-24T11:59:00Z",
            ),
            (
                SeriesInterval::Hour,
                "2026-11-24T11:59:59Z",
                "2026-11-24T11:00:00Z",
            ),
            (
                SeriesInterval::Day,
                "2026-11-24T11:59:59Z",
                "2026-11-24T00:00:00Z",
            ),
            (
                SeriesInterval::Week,
                "2026-11-24T11:59:59Z",
                "2026-11-23T00:00:00Z",
            ),
            (
                SeriesInterval::Week,
                "2026-11-23T00:00:00Z",
                "2026-11-23T00:00:00Z",
            ),
            (
                SeriesInterval::Week,
                "2026-11-22T23:59:59Z",
                "2026-11-16T00:00:00Z",
            ),
            (
                SeriesInterval::Week,
                "1969-12-31T00:00:00Z",
                "1969-12-29T00:00:00Z",
            ),
            (
                SeriesInterval::Month,
                "2024-02-29T23:59:59Z",
                "2024-02-01T00:00:00Z",
            ),
            (
                SeriesInterval::Month,
                "2024-03-01T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (
                SeriesInterval::Month,
                "2100-02-28T12:00:00Z",
                "2100-02-01T00:00:00Z",
            ),
            (
                SeriesInterval::Month,
                "1969-12-31T23:59:59Z",
                "1969-12-01T00:00:00Z",
            ),
        ] {
            assert_eq!(begins(interval, at), start, "{interval:?} {at}");
        }
    }

    proptest! {
        #[test]
        fn buckets_follow_one_another_without_a_hole(at in -62_000_000_000_i64..250_000_000_000) {
            for interval in ALL {
                let number = interval.number(at);
                prop_assert!(interval.start(number) <= at && at < interval.start(number + 1));
                prop_assert_eq!(interval.number(interval.start(number)), number);
                prop_assert_eq!(interval.number(interval.start(number) - 1), number - 1);
            }
            let month = SeriesInterval::Month;
            let text = Timestamp::from_seconds(month.start(month.number(at))).to_string();
            prop_assert!(text.ends_with("-01T00:00:00Z"), "{}", text);
        }
    }
}
