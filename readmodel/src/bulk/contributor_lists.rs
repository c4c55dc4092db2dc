//! The rows of who contributed when, made while an index is written: its entries come in the order of their times,
//! or scope by scope so. Knows nothing about which index that is.

use std::io;

use super::ordered::{put_integer, put_optional, take};
use super::record::Record;
use super::scope_sums::SumLimits;
use super::tree::IndexTree;
use crate::changes::CONTRIBUTION_KINDS;
use crate::contributor_lists::{ListRow, ListRows, Stretch, Who};
use crate::stored::{Flags, Value};
use crate::writer::EventRow;

/// What stands beside an entry, after `detail`: whose contribution it is, if it is somebody's.
pub(super) fn put_contributor(row: &EventRow<'_>, detail: Option<i64>, to: &mut Vec<u8>) {
    let Some(actor) = row.actor.filter(|_| is_contribution(&row.kind)) else {
        if let Some(detail) = detail {
            put_integer(to, detail);
        }
        return;
    };
    put_optional(to, detail);
    put_integer(to, actor);
    if Flags::from_sql(row.flags).by_bot {
        put_integer(to, 1);
    }
}

fn is_contribution(kind: &Value<'_>) -> bool {
    let Value::Integer(code) = kind else {
        return false;
    };
    let mut kinds = CONTRIBUTION_KINDS.iter();
    kinds.any(|kind| i64::from(kind.code()) == *code)
}

/// Takes what [`put_contributor`] has put: the detail, and whose contribution it is.
pub(super) fn take_contributor(entry: &mut &[u8]) -> (Option<i64>, Option<Who>) {
    let mut next = || match take(entry) {
        Some(Value::Integer(number)) => Some(number),
        _ => None,
    };
    let detail = next();
    let who = next().map(|actor| Who::new(actor, next().is_some()));
    (detail, who)
}

/// Writes the two tables of a scope beside an index.
pub(super) struct ContributorLists {
    limits: SumLimits,
    /// From how many events on a key has rows.
    listed_from: u64,
    rows: Rows,
    key: Option<i64>,
    events: u64,
    /// The contributions to a key that may come to have many events.
    waiting: Vec<(i64, Who)>,
    stretch: Stretch,
}

/// The trees: that of days and hours, and that of minutes.
struct Rows {
    trees: [IndexTree; 2],
    record: Record,
}

impl ContributorLists {
    /// Of those who have many events.
    pub(super) fn of_scopes(limits: SumLimits, trees: [IndexTree; 2]) -> Self {
        Self {
            limits,
            listed_from: limits.summed_from,
            rows: Rows {
                trees,
                record: Record::default(),
            },
            key: None,
            events: 0,
            waiting: Vec::new(),
            stretch: Stretch::new(limits.summed_from),
        }
    }

    /// Of everybody.
    pub(super) fn of_all(limits: SumLimits, trees: [IndexTree; 2]) -> Self {
        Self {
            listed_from: 0,
            ..Self::of_scopes(limits, trees)
        }
    }

    /// Adds the entry that comes next.
    pub(super) fn see(&mut self, key: i64, second: i64, who: Option<Who>) -> io::Result<()> {
        if self.key != Some(key) {
            self.end_key()?;
            self.key = Some(key);
        }
        self.events += 1;
        if self.events == self.listed_from {
            for (second, who) in self.waiting.drain(..) {
                self.stretch.see(second, who);
            }
        }
        let Some(who) = who.filter(|_| self.limits.counts(second)) else {
            return Ok(());
        };
        if self.events < self.listed_from {
            self.waiting.push((second, who));
            return Ok(());
        }
        self.stretch.see(second, who);
        match self.stretch.take_rows() {
            Some(rows) => self.rows.push(key, rows),
            None => Ok(()),
        }
    }

    fn end_key(&mut self) -> io::Result<()> {
        self.events = 0;
        self.waiting.clear();
        let next = Stretch::new(self.limits.summed_from);
        let stretch = std::mem::replace(&mut self.stretch, next);
        match self.key {
            Some(key) => self.rows.push(key, stretch.finish()),
            None => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.end_key()?;
        let mut trees = self.rows.trees.into_iter();
        trees.try_for_each(IndexTree::finish)
    }
}

impl Rows {
    fn push(&mut self, key: i64, ListRows { rows, minutes }: ListRows) -> io::Result<()> {
        let Self {
            trees: [lists, of_minutes],
            record,
        } = self;
        for ListRow { start, hours, list } in rows {
            record.clear();
            [key, start, hours]
                .into_iter()
                .for_each(|of| record.integer(of));
            record.blob(&list);
            lists.push(record)?;
        }
        for (start, list) in minutes {
            record.clear();
            [key, start].into_iter().for_each(|of| record.integer(of));
            record.blob(&list);
            of_minutes.push(record)?;
        }
        Ok(())
    }
}
