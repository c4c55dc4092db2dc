//! The sums of those with many events, made while an index over theirs is written: its entries come scope by
//! scope, in the order of their times. Knows nothing about which index that is.

use std::io;

use ghev_event::{EventKind, KnownKind};

use super::record::Record;
use super::tree::IndexTree;
use crate::changes::ActivitySum;
use crate::stored::{UNDATED, Value, action_value};
use crate::sums::{Stretch, SumRows, UNIT_DAY, UNIT_HOUR};
use crate::writer::EventRow;

/// In place of a push's size, where a release was published.
const PUBLISHED: i64 = -1;

/// From how many events on there are sums, and since when events have rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct SumLimits {
    pub(super) summed_from: u64,
    pub(super) since: Option<i64>,
}

impl SumLimits {
    /// Whether what is made of rows by their times is made of an event of a second.
    pub(super) fn counts(self, second: i64) -> bool {
        second != UNDATED && has_row(second, self.since)
    }
}

/// Whether an event of a second has a row, where those before one have none. Those without a time do.
pub(super) fn has_row(second: i64, since: Option<i64>) -> bool {
    second == UNDATED || since.is_none_or(|since| second >= since)
}

/// What stands beside an entry: a push's size, or that a release was published.
pub(super) fn detail(row: &EventRow<'_>) -> Option<i64> {
    let action = match &row.action {
        Value::Null => None,
        published if *published == action_value("published") => Some("published"),
        _ => Some(""),
    };
    let at = (row.created_at != UNDATED).then_some(row.created_at);
    let size = row.push_size.map(i64::cast_unsigned);
    let sum = ActivitySum::of_facts(&kind_of(&row.kind)?, at, action, size)?;
    Some(if sum.releases > 0 {
        PUBLISHED
    } else {
        sum.commits.cast_signed()
    })
}

fn activity_of(detail: i64) -> ActivitySum {
    if detail == PUBLISHED {
        ActivitySum::RELEASE
    } else {
        ActivitySum::of_push(detail.cast_unsigned())
    }
}

fn kind_of(value: &Value<'_>) -> Option<EventKind> {
    match value {
        Value::Integer(code) => {
            let kind = u8::try_from(*code).ok().and_then(KnownKind::from_code);
            kind.map(EventKind::Known)
        }
        Value::Text(name) => Some(EventKind::Other(name.as_ref().into())),
        Value::Null => None,
    }
}

/// An event of a scope that has not many yet.
type Waiting = (i64, EventKind, Option<ActivitySum>);

/// Writes the table of sums beside an index.
pub(super) struct ScopeSums {
    limits: SumLimits,
    tree: IndexTree,
    record: Record,
    key: Option<i64>,
    events: u64,
    /// Those of a scope that may come to have many.
    waiting: Vec<Waiting>,
    stretch: Stretch,
}

impl ScopeSums {
    pub(super) fn new(limits: SumLimits, tree: IndexTree) -> Self {
        Self {
            limits,
            tree,
            record: Record::default(),
            key: None,
            events: 0,
            waiting: Vec::new(),
            stretch: Stretch::new(limits.summed_from),
        }
    }

    /// Adds the entry that comes next.
    pub(super) fn see(
        &mut self,
        key: i64,
        second: i64,
        kind: &Value<'_>,
        detail: Option<i64>,
    ) -> io::Result<()> {
        if self.key != Some(key) {
            self.end_key()?;
            self.key = Some(key);
        }
        self.events += 1;
        if !self.limits.counts(second) {
            return Ok(());
        }
        let kind = kind_of(kind).ok_or(io::ErrorKind::InvalidData)?;
        let activity = detail.map(activity_of);
        if self.events < self.limits.summed_from {
            self.waiting.push((second, kind, activity));
        } else {
            self.sum_waiting();
            self.stretch.see(second, &kind, activity);
        }
        Ok(())
    }

    fn sum_waiting(&mut self) {
        for (second, kind, activity) in self.waiting.drain(..) {
            self.stretch.see(second, &kind, activity);
        }
    }

    fn end_key(&mut self) -> io::Result<()> {
        let events = std::mem::take(&mut self.events);
        let Some(key) = self.key.filter(|_| events >= self.limits.summed_from) else {
            self.waiting.clear();
            return Ok(());
        };
        self.sum_waiting();
        let next = Stretch::new(self.limits.summed_from);
        let SumRows { days, hours } = std::mem::replace(&mut self.stretch, next).finish();
        for (unit, rows) in [(UNIT_DAY, days), (UNIT_HOUR, hours)] {
            for (start, slots) in rows {
                self.record.clear();
                self.record.integer(key);
                self.record.integer(unit);
                self.record.integer(start);
                self.record.blob(&slots);
                self.tree.push(&self.record)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.end_key()?;
        self.tree.finish()
    }
}
