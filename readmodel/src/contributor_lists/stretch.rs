//! The rows of one scope, of all its contributions in the order of their times. Knows nothing about whose they
//! are.

use super::{List, Who};
use crate::stored::{DAY_HOURS, HOUR_MINUTES, MINUTE_SECONDS};

/// The rows while they are made: those of the minute, the hour and the day that the contributions have come
/// to are open.
#[derive(Debug)]
pub(crate) struct Stretch {
    busy_from: u64,
    /// Minutes since 1970.
    minute: i64,
    in_minute: Vec<Who>,
    /// The minutes of the hour.
    in_hour: Vec<(i64, List)>,
    in_day: u64,
    /// The hours of the day, while it may be one that has a row.
    waiting: Vec<(i64, List)>,
    rows: ListRows,
}

/// Rows of one scope, in the order of their starts.
#[derive(Debug, Default)]
pub(crate) struct ListRows {
    /// Of days, and of the hours of those with many contributions.
    pub(crate) rows: Vec<ListRow>,
    /// When a minute of an hour with many contributions begins, in minutes since 1970, and its list.
    pub(crate) minutes: Vec<(i64, Vec<u8>)>,
}

/// A row of a day or an hour.
#[derive(Debug)]
pub(crate) struct ListRow {
    /// When it begins, in hours since 1970.
    pub(crate) start: i64,
    /// How many it is of: 1 or 24.
    pub(crate) hours: i64,
    pub(crate) list: Vec<u8>,
}

impl ListRow {
    pub(crate) fn of_hour(hour: i64, list: &List) -> Self {
        Self {
            start: hour,
            hours: 1,
            list: list.to_bytes(),
        }
    }

    pub(crate) fn of_day(day: i64, list: &List) -> Self {
        Self {
            start: day * DAY_HOURS,
            hours: DAY_HOURS,
            list: list.to_bytes(),
        }
    }
}

impl Stretch {
    /// Where a day or an hour with so many contributions has rows of its parts.
    pub(crate) fn new(busy_from: u64) -> Self {
        Self {
            busy_from,
            minute: i64::MIN,
            in_minute: Vec::new(),
            in_hour: Vec::new(),
            in_day: 0,
            waiting: Vec::new(),
            rows: ListRows::default(),
        }
    }

    /// Adds a contribution of a second that is not before the last one's.
    #[inline]
    pub(crate) fn see(&mut self, second: i64, who: Who) {
        let minute = second.div_euclid(MINUTE_SECONDS);
        if minute != self.minute {
            self.go_to(minute);
        }
        self.in_minute.push(who);
    }

    /// The rows that are closed since the last call.
    pub(crate) fn take_rows(&mut self) -> Option<ListRows> {
        let ListRows { rows, minutes } = &self.rows;
        let has_any = !rows.is_empty() || !minutes.is_empty();
        has_any.then(|| std::mem::take(&mut self.rows))
    }

    /// Closes the minute, and what else ends with it.
    fn go_to(&mut self, minute: i64) {
        let before = std::mem::replace(&mut self.minute, minute);
        if !self.in_minute.is_empty() {
            let list = List::of(std::mem::take(&mut self.in_minute));
            self.in_hour.push((before, list));
        }
        let hour = before.div_euclid(HOUR_MINUTES);
        if minute.div_euclid(HOUR_MINUTES) != hour {
            self.close_hour(hour);
            let day = hour.div_euclid(DAY_HOURS);
            if minute.div_euclid(HOUR_MINUTES * DAY_HOURS) != day {
                self.close_day(day);
            }
        }
    }

    fn close_hour(&mut self, hour: i64) {
        let minutes = std::mem::take(&mut self.in_hour);
        if minutes.is_empty() {
            return;
        }
        let list = List::sum(minutes.iter().map(|(_, list)| list));
        let total = list.total();
        if total >= self.busy_from {
            let minutes = minutes.into_iter();
            let minutes = minutes.map(|(minute, list)| (minute, list.to_bytes()));
            self.rows.minutes.extend(minutes);
        }
        self.in_day += total;
        self.waiting.push((hour, list));
        if self.in_day >= self.busy_from {
            let hours = self.waiting.drain(..);
            let hours = hours.map(|(hour, list)| ListRow::of_hour(hour, &list));
            self.rows.rows.extend(hours);
        }
    }

    fn close_day(&mut self, day: i64) {
        self.in_day = 0;
        if !self.waiting.is_empty() {
            let list = List::sum(self.waiting.iter().map(|(_, list)| list));
            self.waiting.clear();
            self.rows.rows.push(ListRow::of_day(day, &list));
        }
    }

    /// Ends with the last contribution: the rows that were still open.
    pub(crate) fn finish(mut self) -> ListRows {
        self.go_to(i64::MAX);
        self.rows
    }
}
