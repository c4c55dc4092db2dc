//! The rows of all events in the order of their times. Knows nothing about whose they are.

use super::{KindCode, RepoCounts};
use crate::stored::{DAY_HOURS, HOUR_SECONDS};

/// A row of a day or an hour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RepoHours {
    /// When it begins, in hours since 1970.
    pub(crate) start: i64,
    /// How many it is of: 1 or 24.
    pub(crate) hours: i64,
    pub(crate) counts: Vec<u8>,
}

impl RepoHours {
    pub(crate) fn of_hour(hour: i64, counts: &RepoCounts) -> Self {
        Self {
            start: hour,
            hours: 1,
            counts: counts.to_bytes(),
        }
    }

    pub(crate) fn of_day(day: i64, counts: &RepoCounts) -> Self {
        Self {
            start: day * DAY_HOURS,
            hours: DAY_HOURS,
            counts: counts.to_bytes(),
        }
    }
}

/// The rows while they are made: those of the hour and the day that the events have come to are open.
#[derive(Debug)]
pub(crate) struct Hours {
    busy_from: u64,
    /// Hours since 1970.
    hour: i64,
    in_hour: Vec<(i64, KindCode)>,
    in_day: u64,
    /// The hours of the day, while it may be one that has a row.
    waiting: Vec<(i64, RepoCounts)>,
    rows: Vec<RepoHours>,
}

impl Hours {
    /// Where a day with so many events has rows of its hours.
    pub(crate) const fn new(busy_from: u64) -> Self {
        Self {
            busy_from,
            hour: i64::MIN,
            in_hour: Vec::new(),
            in_day: 0,
            waiting: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Adds an event of a second that is not before the last one's.
    #[inline]
    pub(crate) fn see(&mut self, second: i64, repo: i64, kind: KindCode) {
        let hour = second.div_euclid(HOUR_SECONDS);
        if hour != self.hour {
            self.go_to(hour);
        }
        self.in_hour.push((repo, kind));
    }

    /// The rows that are closed since the last call.
    pub(crate) fn take_rows(&mut self) -> Vec<RepoHours> {
        std::mem::take(&mut self.rows)
    }

    /// Closes the hour, and the day if it ends with it.
    fn go_to(&mut self, hour: i64) {
        let before = std::mem::replace(&mut self.hour, hour);
        if !self.in_hour.is_empty() {
            let counts = RepoCounts::of(std::mem::take(&mut self.in_hour));
            self.in_day += counts.total();
            self.waiting.push((before, counts));
            if self.in_day >= self.busy_from {
                let hours = self.waiting.drain(..);
                let hours = hours.map(|(hour, counts)| RepoHours::of_hour(hour, &counts));
                self.rows.extend(hours);
            }
        }
        let day = before.div_euclid(DAY_HOURS);
        if hour.div_euclid(DAY_HOURS) != day {
            self.in_day = 0;
            if !self.waiting.is_empty() {
                let counts = RepoCounts::sum(self.waiting.iter().map(|(_, counts)| counts));
                self.waiting.clear();
                self.rows.push(RepoHours::of_day(day, &counts));
            }
        }
    }

    /// Ends with the last event: the rows that were still open.
    pub(crate) fn finish(mut self) -> Vec<RepoHours> {
        self.go_to(i64::MAX);
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::EventKind;

    use super::*;

    #[test]
    fn a_day_with_many_events_has_rows_of_its_hours() {
        let kind = KindCode::of(&EventKind::from_name("PushEvent"));
        let mut hours = Hours::new(3);
        let day = DAY_HOURS * HOUR_SECONDS;
        let seconds = [day, day + 7200, 2 * day, 2 * day + 1, 3 * day - 1, 4 * day];
        for second in seconds {
            hours.see(second, 5, kind);
        }
        assert!(!hours.take_rows().is_empty());
        for second in seconds.map(|second| second + 10 * day) {
            hours.see(second, 5, kind);
        }
        let rows = hours.finish();
        let found: Vec<_> = rows.iter().map(|row| (row.start, row.hours)).collect();
        assert_eq!(
            found,
            [
                (4 * 24, 24),
                (11 * 24, 24),
                (12 * 24, 1),
                (13 * 24 - 1, 1),
                (14 * 24, 24)
            ]
        );
    }
}
