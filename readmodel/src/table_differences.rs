//! In which rows two models of the same log prefix differ, by their keys: what a pair of digests only
//! hints at. Knows nothing about what the tables mean.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::Rows;
use rusqlite::types::Value;

use crate::error::ReadError;
use crate::table_hashes::key_columns;
use crate::{Reader, Snapshot};

/// A row that two models do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// The columns of its key with their values, such as `"to" = 1, key = 724712`.
    pub key: String,
    /// What is different.
    pub kind: RowDifferenceKind,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowDifferenceKind {
    /// Only the first model has it.
    OnlyInFirst,
    /// Only the second has it.
    OnlyInSecond,
    /// Both have it, with other values.
    OtherValues,
}

impl RowDifference {
    /// The first rows, at most `limit`, in which a table of two models differs, in the order of its
    /// key; `None` where the models are of different places in the log, and nothing follows from their
    /// rows.
    ///
    /// # Errors
    /// Where one cannot be opened or read.
    pub fn first_of(
        table: &str,
        first: &Path,
        second: &Path,
        limit: usize,
    ) -> Result<Option<Vec<Self>>, ReadError> {
        let mut readers = [first, second].map(|path| Reader::of_file(path.to_path_buf()));
        let [first, second] = &mut readers;
        let (first, second) = (first.snapshot()?, second.snapshot()?);
        if first.as_of().checkpoint != second.as_of().checkpoint {
            return Ok(None);
        }
        compare(table, &first, &second, limit).map(Some)
    }
}

fn compare(
    table: &str,
    first: &Snapshot<'_>,
    second: &Snapshot<'_>,
    limit: usize,
) -> Result<Vec<RowDifference>, ReadError> {
    let columns = key_columns(first, table)?;
    // The key twice: as what rows are matched by, and among all values.
    let keys = columns.join(", ");
    let sql = format!("SELECT {keys}, * FROM \"{table}\" ORDER BY {keys}");
    let (mut of_first, mut of_second) = (first.prepare(&sql)?, second.prepare(&sql)?);
    let (mut of_first, mut of_second) = (of_first.query([])?, of_second.query([])?);
    let (mut a, mut b) = (next(&mut of_first)?, next(&mut of_second)?);
    let mut found = Vec::new();
    while found.len() < limit && (a.is_some() || b.is_some()) {
        let order = match (&a, &b) {
            (Some(a), Some(b)) => by_key(&a[..columns.len()], &b[..columns.len()]),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        let (kind, row) = match order {
            Ordering::Less => (RowDifferenceKind::OnlyInFirst, &a),
            Ordering::Greater => (RowDifferenceKind::OnlyInSecond, &b),
            Ordering::Equal => (RowDifferenceKind::OtherValues, &a),
        };
        if let Some(row) = row.as_ref().filter(|_| a != b) {
            let key = key_text(&columns, row);
            found.push(RowDifference { key, kind });
        }
        if order != Ordering::Greater {
            a = next(&mut of_first)?;
        }
        if order != Ordering::Less {
            b = next(&mut of_second)?;
        }
    }
    Ok(found)
}

fn next(rows: &mut Rows<'_>) -> Result<Option<Vec<Value>>, ReadError> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let columns = row.as_ref().column_count();
    let values = (0..columns).map(|column| row.get(column));
    Ok(Some(values.collect::<Result<_, _>>()?))
}

/// The order of SQLite: numbers, then texts by their bytes
/// (<https://www.sqlite.org/datatype3.html#sort_order>). Keys have no other values.
fn by_key(a: &[Value], b: &[Value]) -> Ordering {
    let each = a.iter().zip(b).map(|(a, b)| match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Integer(_), _) => Ordering::Less,
        (_, Value::Integer(_)) => Ordering::Greater,
        _ => Ordering::Equal,
    });
    each.fold(Ordering::Equal, Ordering::then)
}

fn key_text(columns: &[String], row: &[Value]) -> String {
    let values = row.iter().map(|value| match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
        other => format!("{other:?}"),
    });
    let pairs = columns.iter().zip(values);
    let pairs: Vec<String> = pairs
        .map(|(column, value)| format!("{} = {value}", column.trim_matches('"')))
        .collect();
    pairs.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogId, Writer};

    fn model(path: &Path, rows: &str) {
        let log = LogId::new([7; 16]);
        drop(Writer::create(path, log).unwrap());
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute_batch(rows).unwrap();
    }

    #[test]
    fn rows_are_matched_by_their_keys() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        model(
            &a,
            "INSERT INTO hourly_counts VALUES (1, 3, 5), (1, 'FollowEvent', 1), (2, 3, 7), (4, 0, 1)",
        );
        model(
            &b,
            "INSERT INTO hourly_counts VALUES (1, 3, 6), (1, 'FollowEvent', 1), (2, 4, 7), (4, 0, 1)",
        );
        let compared = |limit| {
            let found = RowDifference::first_of("hourly_counts", &a, &b, limit);
            let found = found.unwrap().unwrap().into_iter();
            let found = found.map(|row| (row.key, row.kind));
            found.collect::<Vec<_>>()
        };
        use RowDifferenceKind::{OnlyInFirst, OnlyInSecond, OtherValues};
        let expected = [
            ("hour = 1, kind = 3", OtherValues),
            ("hour = 2, kind = 3", OnlyInFirst),
            ("hour = 2, kind = 4", OnlyInSecond),
        ];
        let expected = expected.map(|(key, kind)| (key.to_owned(), kind));
        assert_eq!(compared(10), expected);
        assert_eq!(compared(1), expected[..1]);
        let same = RowDifference::first_of("hourly_counts", &a, &a, 10).unwrap();
        assert_eq!(same, Some(Vec::new()));

        let connection = rusqlite::Connection::open(&b).unwrap();
        let moved = "UPDATE checkpoint SET next_offset = 1";
        connection.execute_batch(moved).unwrap();
        let apart = RowDifference::first_of("hourly_counts", &a, &b, 10).unwrap();
        assert_eq!(apart, None);
    }
}
