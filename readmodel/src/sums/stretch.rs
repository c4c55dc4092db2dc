//! The rows of one scope, of all its events in the order of their times. Knows nothing about whose they are.

use ghev_event::EventKind;

use super::slots::{Slot, Slots};
use crate::changes::ActivitySum;
use crate::stored::{DAY_HOURS, HOUR_MINUTES, MINUTE_SECONDS};

/// The rows while they are made: those of the hour and the day that the events have come to are open.
#[derive(Debug)]
pub(crate) struct Stretch {
    summed_from: u64,
    /// Minutes since 1970.
    minute: i64,
    in_minute: Slot,
    in_hour: Slots,
    in_day: Slots,
    rows: SumRows,
}

/// When a row begins, in its unit since 1970, and its slots.
pub(crate) type SumRow = (i64, Vec<u8>);

/// The rows of one scope, in the order of their starts.
#[derive(Debug, Default)]
pub(crate) struct SumRows {
    pub(crate) days: Vec<SumRow>,
    /// Of the hours with many events.
    pub(crate) hours: Vec<SumRow>,
}

impl Stretch {
    /// Where an hour with so many events has a row of its own.
    pub(crate) fn new(summed_from: u64) -> Self {
        Self {
            summed_from,
            minute: i64::MIN,
            in_minute: Slot::default(),
            in_hour: Slots::default(),
            in_day: Slots::default(),
            rows: SumRows::default(),
        }
    }

    /// Adds an event of a second that is not before the last one's.
    pub(crate) fn see(&mut self, second: i64, kind: &EventKind, activity: Option<ActivitySum>) {
        let minute = second.div_euclid(MINUTE_SECONDS);
        if minute != self.minute {
            self.go_to(minute);
        }
        self.in_minute.see(kind, activity);
    }

    /// Closes the minute, and what else ends with it.
    fn go_to(&mut self, minute: i64) {
        let before = std::mem::replace(&mut self.minute, minute);
        let sums = std::mem::take(&mut self.in_minute);
        if sums.total() > 0 {
            self.in_hour.slot(slot_of(before, HOUR_MINUTES)).add(&sums);
        }
        let hour = before.div_euclid(HOUR_MINUTES);
        if minute.div_euclid(HOUR_MINUTES) != hour {
            self.close_hour(hour);
            let day = hour.div_euclid(DAY_HOURS);
            let is_of_day = minute.div_euclid(HOUR_MINUTES * DAY_HOURS) == day;
            if !is_of_day && !self.in_day.is_empty() {
                let slots = std::mem::take(&mut self.in_day);
                self.rows.days.push((day, slots.to_bytes()));
            }
        }
    }

    fn close_hour(&mut self, hour: i64) {
        let slots = std::mem::take(&mut self.in_hour);
        if slots.is_empty() {
            return;
        }
        let total = self.in_day.slot(slot_of(hour, DAY_HOURS));
        slots.iter().for_each(|sums| total.add(sums));
        if total.total() >= self.summed_from {
            self.rows.hours.push((hour, slots.to_bytes()));
        }
    }

    /// Ends with the last event.
    pub(crate) fn finish(mut self) -> SumRows {
        self.go_to(i64::MAX);
        self.rows
    }
}

/// Which part of a larger unit this is, of so many.
pub(crate) fn slot_of(number: i64, of: i64) -> u8 {
    u8::try_from(number.rem_euclid(of)).unwrap_or(0)
}
