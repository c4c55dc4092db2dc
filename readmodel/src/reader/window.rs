//! The stretch of time an answer is about. Knows nothing about the current time: a window that ends
//! now is made by who has a clock.

use ghev_event::Timestamp;

use crate::stored::{UNDATED, to_seconds_up};

/// A half-open stretch of time `[from, to)`. Without bounds it is everything seen, events without a
/// time included; with any bound these are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// The first instant within, where there is one.
    pub from: Option<Timestamp>,
    /// The first instant after, where there is one.
    pub to: Option<Timestamp>,
    /// Which time of an event counts.
    pub by: TimeAxis,
}

/// Which time of an event a window speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeAxis {
    /// When it happened, by GitHub's clock.
    #[default]
    CreatedAt,
    /// When it arrived here, by our clock.
    ObservedAt,
}

impl Window {
    /// Everything seen.
    pub const EVERYTHING: Self = Self {
        from: None,
        to: None,
        by: TimeAxis::CreatedAt,
    };

    pub(super) const fn is_everything(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether an event with these times lies in it.
    pub(super) fn has(
        &self,
        created_at: Option<Timestamp>,
        observed_at: Option<Timestamp>,
    ) -> bool {
        let at = match self.by {
            TimeAxis::CreatedAt => created_at,
            TimeAxis::ObservedAt => observed_at,
        };
        let within =
            |at| self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to);
        self.is_everything() || at.is_some_and(within)
    }

    /// `[from, to)` in the whole seconds that rows have. Everything includes [`UNDATED`].
    pub(super) fn seconds(&self) -> (i64, i64) {
        let unbounded = if self.is_everything() {
            UNDATED
        } else {
            UNDATED + 1
        };
        let from = self.from.map_or(unbounded, to_seconds_up);
        (from, self.to.map_or(i64::MAX, to_seconds_up))
    }

    /// `[from, to)` likewise, without the events that have no time.
    pub(super) fn dated_seconds(&self) -> (i64, i64) {
        let (from, to) = self.seconds();
        (from.max(UNDATED + 1), to)
    }

    /// What stretches `[a, b)` of whole seconds touch it: those with `b > from` and `a < to`.
    pub(super) fn touching_seconds(&self) -> (i64, i64) {
        (
            self.from.map_or(UNDATED, Timestamp::as_seconds),
            self.seconds().1,
        )
    }

    /// `[from, to)` in the milliseconds that envelopes have.
    pub(super) fn millis(&self) -> (i64, i64) {
        let from = self.from.map_or(i64::MIN, Timestamp::as_millis);
        (from, self.to.map_or(i64::MAX, Timestamp::as_millis))
    }
}
