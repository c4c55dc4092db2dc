//! The rows of all events in the order of their times. Knows nothing about whose they are.

use super::{DAY_MINUTES, KindCode, RepoCounts, Unit};
use crate::stored::{HOUR_MINUTES, MINUTE_SECONDS};

/// A row of a day, an hour or a minute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RepoRow {
    /// When it begins, in minutes since 1970.
    pub(crate) start: i64,
    /// How many it is of.
    pub(crate) minutes: i64,
    pub(crate) counts: Vec<u8>,
}

impl RepoRow {
    /// Of the minute, hour or day that begins with a minute.
    pub(crate) fn of(unit: Unit, start: i64, counts: &RepoCounts) -> Self {
        Self {
            start,
            minutes: unit.minutes(),
            counts: counts.to_bytes(),
        }
    }
}

/// The rows while they are made: those of the minute, the hour and the day that the events have come to are open.
#[derive(Debug)]
pub(crate) struct Builder {
    busy_from: u64,
    /// Minutes since 1970; none yet at first.
    minute: Option<i64>,
    in_minute: Vec<(i64, KindCode)>,
    /// The minutes of the hour.
    in_hour: Vec<(i64, RepoCounts)>,
    in_day: u64,
    /// The hours of the day, while it may be one that has a row: none of them has many events.
    waiting: Vec<(i64, RepoCounts)>,
    rows: Vec<RepoRow>,
}

impl Builder {
    /// Where a day or an hour with so many events has rows of its parts.
    pub(crate) const fn new(busy_from: u64) -> Self {
        Self {
            busy_from,
            minute: None,
            in_minute: Vec::new(),
            in_hour: Vec::new(),
            in_day: 0,
            waiting: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Adds an event of a second that is not before the last one's.
    #[inline]
    pub(crate) fn see(&mut self, second: i64, repo: i64, kind: KindCode) {
        let minute = second.div_euclid(MINUTE_SECONDS);
        if Some(minute) != self.minute {
            self.go_to(minute);
        }
        self.in_minute.push((repo, kind));
    }

    /// The rows that are closed since the last call.
    pub(crate) fn take_rows(&mut self) -> Vec<RepoRow> {
        std::mem::take(&mut self.rows)
    }

    /// Closes the minute, and what else ends with it.
    fn go_to(&mut self, minute: i64) {
        let Some(before) = self.minute.replace(minute) else {
            return;
        };
        if !self.in_minute.is_empty() {
            let counts = RepoCounts::of(std::mem::take(&mut self.in_minute));
            self.in_hour.push((before, counts));
        }
        let hour = before.div_euclid(HOUR_MINUTES);
        if minute.div_euclid(HOUR_MINUTES) == hour {
            return;
        }
        self.close_hour(hour * HOUR_MINUTES);
        let day = before.div_euclid(DAY_MINUTES);
        if minute.div_euclid(DAY_MINUTES) != day {
            self.close_day(day * DAY_MINUTES);
        }
    }

    fn close_hour(&mut self, start: i64) {
        let minutes = std::mem::take(&mut self.in_hour);
        let total = minutes
            .iter()
            .map(|(_, counts)| counts.total())
            .sum::<u64>();
        if total == 0 {
            return;
        }
        self.in_day += total;
        let whole = || RepoCounts::sum(minutes.iter().map(|(_, counts)| counts));
        if self.in_day < self.busy_from {
            return self.waiting.push((start, whole()));
        }
        let before = self.waiting.drain(..);
        let before = before.map(|(start, counts)| RepoRow::of(Unit::Hour, start, &counts));
        self.rows.extend(before);
        if total < self.busy_from {
            self.rows.push(RepoRow::of(Unit::Hour, start, &whole()));
        } else {
            let minutes = minutes.iter();
            let rows = minutes.map(|(minute, counts)| RepoRow::of(Unit::Minute, *minute, counts));
            self.rows.extend(rows);
        }
    }

    fn close_day(&mut self, start: i64) {
        self.in_day = 0;
        if !self.waiting.is_empty() {
            let counts = RepoCounts::sum(self.waiting.iter().map(|(_, counts)| counts));
            self.waiting.clear();
            self.rows.push(RepoRow::of(Unit::Day, start, &counts));
        }
    }

    /// Ends with the last event: the rows that were still open.
    pub(crate) fn finish(mut self) -> Vec<RepoRow> {
        self.go_to(i64::MAX);
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::EventKind;

    use super::*;

    #[test]
    fn a_day_with_many_events_has_rows_of_its_parts() {
        let kind = KindCode::of(&EventKind::from_name("PushEvent"));
        let mut builder = Builder::new(3);
        let day = |number: i64| number * DAY_MINUTES * MINUTE_SECONDS;
        let few = [day(1), day(1) + 7200];
        let busy_day = [day(2), day(2) + 1, day(3) - 1];
        let busy_hour = [day(4) + 60, day(4) + 119, day(4) + 180, day(4) + 7200];
        for second in few.into_iter().chain(busy_day) {
            builder.see(second, 5, kind);
        }
        assert!(!builder.take_rows().is_empty());
        for second in busy_hour.into_iter().chain([day(5)]) {
            builder.see(second, 5, kind);
        }
        let rows = builder.finish();
        let found: Vec<_> = rows.iter().map(|row| (row.start, row.minutes)).collect();
        let start = |day: i64, minute: i64| day * DAY_MINUTES + minute;
        let expected = [
            (start(2, 0), 60),
            (start(2, 23 * 60), 60),
            (start(4, 1), 1),
            (start(4, 3), 1),
            (start(4, 120), 60),
            (start(5, 0), DAY_MINUTES),
        ];
        assert_eq!(found, expected);
    }
}
