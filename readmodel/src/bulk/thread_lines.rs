//! The entries of the timelines of threads, gathered while their rows come by. Knows nothing about what a thread
//! comes to.

use std::io;

use super::table_indexes::TableIndexes;
use super::timelines::{LineLimits, ROW};
use crate::listed_scope::ListedScope;
use crate::threads::{ThreadKey, ThreadLine, ThreadRow, entries_of};
use crate::timelines::split_from;

/// Adds a row of `threads` to the timelines of a scope, whose entries have this number.
pub(super) fn put_row(
    to: &mut TableIndexes,
    number: u8,
    scope: ListedScope,
    (key, row): (ThreadKey, &ThreadRow),
) -> io::Result<()> {
    let Some(whose) = scope.key_of(key, row) else {
        return Ok(());
    };
    if scope != ListedScope::All {
        to.push_numbers(number, [whose, ROW].map(Some))?;
    }
    for (line, entry) in entries_of(scope, key, row).into_iter().flatten() {
        let values = &entry.values[..line.values()];
        let values = values.iter().map(|value| value.cast_signed());
        let numbers = [whose, line.code(), entry.at].into_iter().chain(values);
        to.push_numbers(number, numbers.map(Some))?;
    }
    Ok(())
}

/// What decides which rows a scope has.
pub(super) fn limits(scope: ListedScope, lined_from: u64) -> LineLimits {
    LineLimits {
        rows_from: if scope == ListedScope::All {
            0
        } else {
            lined_from
        },
        split_from: split_from(lined_from),
        values_of: |code| ThreadLine::from_code(code).map(ThreadLine::values),
    }
}
