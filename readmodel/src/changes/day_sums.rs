//! What answers about everybody add up of events, by day. Knows nothing about single scopes: theirs is made
//! of the rows of events.

use std::collections::BTreeMap;

use ghev_event::{Event, Timestamp};

use super::ActivitySum;
use crate::stored::{DAY_HOURS, HOUR_SECONDS, UNDATED};
use crate::sums::{Slots, slot_of};

/// Sums of each day's hours.
#[derive(Debug, Clone, Default)]
pub struct DaySums {
    /// By day since 1970, by `created_at`; events without a time under [`UNDATED`], in the first hour.
    pub(crate) days: BTreeMap<i64, Slots>,
}

impl DaySums {
    /// Adds an event.
    pub fn see(&mut self, event: &Event<'_>) {
        let hour = event
            .created_at
            .map(|at| Timestamp::as_seconds(at).div_euclid(HOUR_SECONDS));
        let (day, slot) = hour.map_or((UNDATED, 0), |hour| {
            (hour.div_euclid(DAY_HOURS), slot_of(hour, DAY_HOURS))
        });
        let slots = self.days.entry(day).or_default();
        slots.slot(slot).see(&event.kind, ActivitySum::of(event));
    }
}
