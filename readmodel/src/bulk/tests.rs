//! Whether SQLite finds in the trees what was put there: `PRAGMA integrity_check` reads every page,
//! cell and index entry (<https://www.sqlite.org/pragma.html#pragma_integrity_check>).

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rusqlite::Connection;

use super::pages::{PageFile, PageNumber};
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::spill::Spill;
use super::tree::{IndexTree, TableTree};

const TABLES: &str = "CREATE TABLE numbered (text TEXT NOT NULL);
     CREATE TABLE keyed (text TEXT PRIMARY KEY) WITHOUT ROWID;";

/// A file with both tables, and where their trees begin.
fn empty(path: &Path) -> (Arc<PageFile>, [PageNumber; 2]) {
    let connection = Connection::open(path).unwrap();
    // Nothing here outlives the test.
    connection
        .pragma_update(None, "synchronous", "OFF")
        .unwrap();
    connection.execute_batch(TABLES).unwrap();
    let root = |table: &str| {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let root = connection.query_row(sql, [table], |row| row.get(0));
        PageNumber::new(root.unwrap())
    };
    let roots = [root("numbered"), root("keyed")];
    connection.close().unwrap();
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path);
    (Arc::new(PageFile::new(file.unwrap()).unwrap()), roots)
}

fn record_of(text: &str) -> Record {
    let mut record = Record::default();
    record.text(text);
    record
}

fn row_of(text: &str) -> Vec<u8> {
    let mut row = Vec::new();
    record_of(text).write(&mut row);
    row
}

/// What SQLite says of a file, and the texts of both tables.
fn read(path: &Path) -> (String, Vec<String>, Vec<String>) {
    let connection = Connection::open(path).unwrap();
    let check = "PRAGMA integrity_check";
    let check = connection.query_row(check, [], |row| row.get(0)).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let texts = statement.query_map([], |row| row.get(0)).unwrap();
        texts.collect::<Result<_, _>>().unwrap()
    };
    let numbered = texts("SELECT text FROM numbered ORDER BY rowid");
    (
        check,
        numbered,
        texts("SELECT text FROM keyed ORDER BY text"),
    )
}

/// Writes texts into both trees at a time, and compares.
fn written_and_read(texts: &[String]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trees.db");
    let (file, [numbered_root, keyed_root]) = empty(&path);
    let mut numbered = TableTree::new(&file, numbered_root);
    let mut keyed = IndexTree::new(&file, keyed_root);
    for (number, text) in (0..).zip(texts) {
        numbered.push(number * 3, &row_of(text)).unwrap();
        keyed.push(&record_of(text)).unwrap();
    }
    numbered.finish().unwrap();
    keyed.finish().unwrap();
    file.finish().unwrap();
    let (check, numbered, keyed) = read(&path);
    assert_eq!(check, "ok", "{} rows", texts.len());
    assert_eq!(numbered, texts);
    assert_eq!(keyed, texts);
}

/// A few of these fill a page, so that every few rows more give the trees another shape.
fn wide(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{number:0>900}")).collect()
}

#[test]
fn trees_of_every_size_are_whole() {
    (0..120)
        .chain([500, 1_111, 2_345])
        .for_each(|count| written_and_read(&wide(count)));
}

#[test]
fn many_small_rows_are_whole() {
    let texts: Vec<String> = (0..200_000).map(|number| format!("{number:08}")).collect();
    written_and_read(&texts);
}

/// Past the page of SQLite's locks.
#[test]
#[ignore = "writes 1.1 GB: by hand, where the writing of pages has changed"]
fn a_file_of_more_than_a_gibibyte_is_whole() {
    const ROWS: i64 = 270_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trees.db");
    let (file, [root, _]) = empty(&path);
    let mut tree = TableTree::new(&file, root);
    let row = row_of(&"x".repeat(4_000));
    for number in 0..ROWS {
        tree.push(number, &row).unwrap();
    }
    tree.finish().unwrap();
    file.finish().unwrap();
    let connection = Connection::open(&path).unwrap();
    let ask = |sql: &str| -> String { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    assert_eq!(
        ask("SELECT CAST(COUNT(*) AS TEXT) FROM numbered"),
        ROWS.to_string()
    );
    assert!(std::fs::metadata(&path).unwrap().len() > 1 << 30);
}

/// SQLite goes on where the load has ended.
#[test]
fn a_tree_can_be_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trees.db");
    let (file, [_, root]) = empty(&path);
    let mut tree = IndexTree::new(&file, root);
    for text in wide(300).iter().step_by(2) {
        tree.push(&record_of(text)).unwrap();
    }
    tree.finish().unwrap();
    file.finish().unwrap();
    let connection = Connection::open(&path).unwrap();
    for text in wide(300).iter().skip(1).step_by(2) {
        connection
            .execute("INSERT INTO keyed VALUES (?1)", [text])
            .unwrap();
    }
    connection
        .execute("DELETE FROM keyed WHERE text LIKE '%7'", [])
        .unwrap();
    connection.close().unwrap();
    let (check, _, keyed) = read(&path);
    assert_eq!(check, "ok");
    assert!(
        keyed
            .into_iter()
            .eq(wide(300).into_iter().filter(|text| !text.ends_with('7')))
    );
}

/// Sorts with so little memory that there are many runs; each entry is of the tree that its length
/// says.
fn sorted(entries: &[Vec<u8>], held_bytes_max: usize) -> [Vec<Vec<u8>>; 2] {
    let dir = tempfile::tempdir().unwrap();
    let spill = Spill::beside(&dir.path().join("model.db")).unwrap();
    let mut sorter = Sorter::new(&spill, 2, held_bytes_max);
    for entry in entries {
        let tree = u8::from(entry.len() % 2 == 1);
        sorter.push(tree, |to| to.extend_from_slice(entry)).unwrap();
    }
    let runs = sorter.finish().unwrap();
    let of_tree = |tree: usize| {
        let mut sorted = Sorted::merge(&runs[tree], &spill).unwrap();
        let mut all = Vec::new();
        while let Some(entry) = sorted.next().unwrap() {
            all.push(entry.to_vec());
        }
        all
    };
    [of_tree(0), of_tree(1)]
}

fn expected(entries: &[Vec<u8>]) -> [Vec<Vec<u8>>; 2] {
    let of_tree = |odd: usize| {
        let of_tree = entries.iter().filter(|entry| entry.len() % 2 == odd);
        let mut all: Vec<_> = of_tree.cloned().collect();
        all.sort_unstable();
        all
    };
    [of_tree(0), of_tree(1)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_of_any_length_are_whole(mut lengths in prop::collection::vec(1_usize..14_000, 0..60)) {
        lengths.sort_unstable();
        lengths.dedup();
        let texts: Vec<String> = lengths.iter().map(|&length| "x".repeat(length)).collect();
        written_and_read(&texts);
    }

    #[test]
    fn entries_are_sorted_however_much_fits_into_memory(
        entries in prop::collection::vec(prop::collection::vec(0_u8..3, 0..24), 0..300),
        held_bytes_max in 1_usize..8_000,
    ) {
        prop_assert_eq!(sorted(&entries, held_bytes_max), expected(&entries));
    }
}

/// Longer than what is read at once.
#[test]
fn long_entries_are_sorted() {
    let lengths = (0_u8..).zip([200_000, 70_001, 300_000, 65_536, 200_000, 70_001]);
    let entries: Vec<Vec<u8>> = lengths
        .map(|(byte, length)| vec![9 - byte; length])
        .collect();
    assert_eq!(sorted(&entries, 300_000), expected(&entries));
}
