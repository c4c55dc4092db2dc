//! What a copy of a model takes from the one it is made of: all its pages, and then tables that are made
//! otherwise now. Knows nothing about projections.

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::schema::Blueprint;

/// Pages that are copied between two looks at whether to go on: 16 MiB.
const COPIED_PAGES: i32 = 4096;

/// Copies every page, as the source's open transaction sees it: what is written meanwhile goes into
/// the source's WAL (<https://www.sqlite.org/c3ref/backup_finish.html>). Whether it came to the end.
pub(super) fn copy_pages(
    from: &Connection,
    to: &mut Connection,
    goes_on: &mut dyn FnMut() -> bool,
) -> rusqlite::Result<bool> {
    let backup = Backup::new(from, to)?;
    while goes_on() {
        if backup.step(COPIED_PAGES)? == StepResult::Done {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes a table as it is made now, in its order and without the indexes that there were, of the rows it has. A
/// column that there was not is NULL.
pub(super) fn take_over(
    table: &str,
    blueprint: &Blueprint,
    connection: &Connection,
) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("ALTER TABLE {table} RENAME TO taken_over"))?;
    blueprint.create(table, connection)?;
    let names = |sql: &str| -> rusqlite::Result<String> {
        connection.query_row(sql, [table], |row| row.get(0))
    };
    let columns = names(
        "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info(?1)
         WHERE name IN (SELECT name FROM pragma_table_info('taken_over'))",
    )?;
    let key = names(
        "SELECT group_concat('\"' || name || '\"' ORDER BY pk) FROM pragma_table_info(?1) WHERE pk > 0",
    )?;
    connection.execute_batch(&format!(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM taken_over ORDER BY {key};
         DROP TABLE taken_over"
    ))
}
