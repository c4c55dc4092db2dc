//! Deadlines: a statement that runs is ended in its middle, and none begins too late.

use std::time::{Duration, Instant};

use super::world::World;
use crate::ReadError;

const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
                       SELECT MAX(x) FROM n";

/// The deadline was once set on an open connection, and the next one knew nothing of it.
#[test]
fn a_statement_is_ended_in_its_middle_on_a_connection_opened_later() {
    let world = World::new();
    let mut reader = world.reader();
    reader.set_deadline(Some(Instant::now() + Duration::from_millis(300)));
    let snapshot = reader.snapshot().unwrap();
    let mut statement = snapshot.prepare(ENDLESS).unwrap();
    let ended = statement.query_row([], |row| row.get::<_, i64>(0));
    assert!(matches!(
        ReadError::from(ended.unwrap_err()),
        ReadError::Interrupted
    ));
}

#[test]
fn no_statement_begins_after_the_deadline_and_every_one_does_without() {
    let world = World::new();
    let mut reader = world.reader();
    reader.set_deadline(Some(Instant::now()));
    let late = reader.snapshot().unwrap().status();
    assert!(matches!(late, Err(ReadError::Interrupted)));
    reader.set_deadline(None);
    reader.snapshot().unwrap().status().unwrap();
}
