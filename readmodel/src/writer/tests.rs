//! What holds of every batch, whatever is in it.

use std::path::Path;
use std::time::Duration;

use ghev_event::{Event, ImportFacts, Origin, Provenance, Source, Timestamp, read_event};

use proptest::strategy::Strategy as _;

use super::*;
use crate::error::{OpenError, ReadError, WriteError};
use crate::{
    ActorKey, Changes, EnvelopeFacts, KeptRows, KindCounts, LogId, ModelDir, Offset, OrgKey, Place,
    Projection, Reader, RepeatFinder, RepoKey, TableHashes,
};

const LOG: LogId = LogId::new([7; 16]);

fn offset(number: u64) -> Offset {
    Offset::new(number).unwrap()
}

fn json(id: u64, body: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"WatchEvent","actor":{{"id":1,"login":"a"}},"repo":{{"id":2,"name":"o/r"}},"payload":{{"action":"started","x":"{body}"}},"created_at":"2015-01-01T15:00:00Z"}}"#
    )
}

fn admit(batch: &mut Batch<'_>, place: (u64, u16), raw: &str) -> Admission {
    let event: Event<'_> = read_event(raw.as_bytes()).unwrap();
    batch
        .admit(Place::new(offset(place.0), place.1), &event)
        .unwrap()
}

fn envelope(number: u64, observed_ms: i64) -> EnvelopeFacts {
    EnvelopeFacts {
        offset: offset(number),
        provenance: Provenance {
            source: Source::Archive,
            observed_at: Timestamp::from_millis(observed_ms),
            origin: Origin::Import(ImportFacts::default()),
            gaps: Vec::new(),
        },
        new_events: KindCounts::default(),
    }
}

fn totals(path: &Path) -> (i64, i64, i64, i64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT next_offset, events, duplicates, conflicts FROM checkpoint";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.query_row(sql, [], read).unwrap()
}

#[test]
fn the_first_of_a_key_stands_and_repeats_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let model = ModelDir::new(dir.path());
    let mut writer = Writer::open(&model, LOG).unwrap();
    let mut batch = writer.begin().unwrap();
    assert_eq!(admit(&mut batch, (0, 0), &json(1, "first")), Admission::New);
    assert_eq!(
        admit(&mut batch, (0, 1), &json(1, "first")),
        Admission::Duplicate
    );
    batch.commit(&Changes::default(), offset(1)).unwrap();
    let mut batch = writer.begin().unwrap();
    assert_eq!(
        admit(&mut batch, (1, 0), &json(1, "another")),
        Admission::Conflict
    );
    assert_eq!(
        admit(&mut batch, (1, 1), &json(1, "first")),
        Admission::Duplicate
    );
    assert_eq!(
        admit(&mut batch, (1, 2), &json(2, "another")),
        Admission::New
    );
    batch.commit(&Changes::default(), offset(2)).unwrap();
    assert_eq!(totals(writer.path()), (2, 2, 2, 1));
}

#[test]
fn a_batch_that_is_not_committed_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(&ModelDir::new(dir.path()), LOG).unwrap();
    let before = TableHashes::of(writer.path()).unwrap();
    let mut batch = writer.begin().unwrap();
    assert_eq!(admit(&mut batch, (0, 0), &json(1, "x")), Admission::New);
    drop(batch);
    assert_eq!(TableHashes::of(writer.path()).unwrap(), before);
    assert_eq!(
        admit(&mut writer.begin().unwrap(), (0, 0), &json(1, "x")),
        Admission::New
    );
}

/// The second used to be told of a row in its way (`UNIQUE constraint failed: events.place`)
/// before its commit came to the fence.
#[test]
fn of_two_writers_only_the_one_at_the_checkpoint_writes() {
    let dir = tempfile::tempdir().unwrap();
    let model = ModelDir::new(dir.path());
    let mut first = Writer::open(&model, LOG).unwrap();
    let mut second = Writer::open(&model, LOG).unwrap();
    let mut batch = first.begin().unwrap();
    admit(&mut batch, (0, 0), &json(1, "x"));
    batch.commit(&Changes::default(), offset(1)).unwrap();

    let before = TableHashes::of(first.path()).unwrap();
    let refused = second.begin().map(drop);
    assert!(matches!(refused, Err(WriteError::Fenced { expected }) if expected == Offset::ZERO));
    assert_eq!(TableHashes::of(first.path()).unwrap(), before);
}

/// Locks of this process on a file, by the kernel's list of them
/// (<https://man7.org/linux/man-pages/man5/proc_locks.5.html>).
#[cfg(target_os = "linux")]
fn locks_on(path: &Path) -> usize {
    use std::os::unix::fs::MetadataExt as _;

    let inode = format!(":{}", std::fs::metadata(path).unwrap().ino());
    let process = std::process::id().to_string();
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_ours = |lock: &&str| {
        let fields: Vec<&str> = lock.split_whitespace().collect();
        fields.contains(&process.as_str()) && fields.iter().any(|field| field.ends_with(&inode))
    };
    locks.lines().filter(is_ours).count()
}

/// A writer that was closed opened its file once more, to sync it: closing that, the process lost the locks that
/// its readers had, and another process could have taken the WAL from under them.
#[cfg(target_os = "linux")]
#[test]
fn readers_keep_their_locks_where_a_writer_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.db");
    let mut writer = Writer::create(&path, LOG).unwrap();
    let mut batch = writer.begin().unwrap();
    admit(&mut batch, (0, 0), &json(1, "a"));
    batch.commit(&Changes::default(), offset(1)).unwrap();
    let mut reader = Reader::of_file(path.clone());
    let snapshot = reader.snapshot().unwrap();
    assert!(locks_on(&path) > 0, "nothing is locked");
    writer.close().unwrap();
    assert!(locks_on(&path) > 0, "a closed writer took the locks along");
    assert_eq!(snapshot.as_of().checkpoint.next_offset, offset(1));
}

#[test]
fn the_model_of_another_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let model = ModelDir::new(dir.path());
    drop(Writer::open(&model, LOG).unwrap());
    let other = LogId::new([8; 16]);
    let refused = Writer::open(&model, other).unwrap_err();
    assert!(
        matches!(refused, OpenError::ForeignLog { found, expected, .. } if found == LOG && expected == other)
    );
}

#[test]
fn another_schema_is_refused_and_a_file_that_is_there_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.db");
    drop(Writer::create(&path, LOG).unwrap());
    let again = Writer::create(&path, LOG);
    assert!(matches!(again, Err(OpenError::Occupied { .. })));
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let refused = Writer::open_file(&path, LOG).unwrap_err();
    assert!(
        matches!(refused, OpenError::Schema { found: 99, .. }),
        "{refused}"
    );
}

#[test]
fn a_bulk_load_is_a_new_generation_that_nobody_sees_before_it_is_published() {
    let dir = tempfile::tempdir().unwrap();
    let model = ModelDir::new(dir.path());
    let live = Writer::open(&model, LOG).unwrap();
    let number = model.reserve_next().unwrap();
    assert!(Some(number) > live.generation());
    load_nothing(&model.generation_path(number));
    assert_eq!(model.current().unwrap(), live.generation());
    model.publish(number).unwrap();
    let reopened = Writer::open(&model, LOG).unwrap();
    assert_eq!(reopened.generation(), Some(number));
}

#[test]
fn what_a_reader_covers_is_told_without_a_snapshot_too() {
    let dir = tempfile::tempdir().unwrap();
    let model = ModelDir::new(dir.path());
    let mut reader = Reader::new(model.clone());
    assert!(matches!(reader.as_of(), Err(ReadError::NotReady { .. })));
    let mut writer = Writer::open(&model, LOG).unwrap();
    let told = |reader: &mut Reader| {
        let told = reader.as_of().unwrap();
        let snapshot = reader.snapshot().unwrap();
        assert_eq!(told, (snapshot.edition(), *snapshot.as_of()));
        told
    };
    let empty = told(&mut reader);
    let batch = writer.begin().unwrap();
    batch.commit(&Changes::default(), offset(3)).unwrap();
    let later = told(&mut reader);
    assert_eq!(later.1.checkpoint.next_offset, offset(3));
    let number = model.reserve_next().unwrap();
    load_nothing(&model.generation_path(number));
    model.publish(number).unwrap();
    let replayed = told(&mut reader);
    assert_eq!(replayed.1, empty.1);
    assert_eq!(reader.snapshot().unwrap().generation(), number);
    model.publish(number).unwrap();
    let again = told(&mut reader);
    assert_eq!(again.1, replayed.1);
    assert_ne!(again.0, replayed.0, "its number has come again");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    /// Many at a time or one by one: the same rows, the same answers.
    #[test]
    fn a_record_is_admitted_as_its_events_are(
        events in proptest::collection::vec((0_u64..150, 0_u8..3), 0..120),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let raw: Vec<String> = events.iter().map(|(id, body)| json(*id, &body.to_string())).collect();
        let heads: Vec<Event<'_>> = raw.iter().map(|raw| read_event(raw.as_bytes()).unwrap()).collect();
        let (single, whole) = (dir.path().join("single"), dir.path().join("whole"));

        let mut writer = Writer::create(&single, LOG).unwrap();
        let mut batch = writer.begin().unwrap();
        let one_by_one: Vec<Admission> =
            (0..).zip(&raw).map(|(index, raw)| admit(&mut batch, (0, index), raw)).collect();
        batch.commit(&Changes::default(), offset(1)).unwrap();

        let mut writer = Writer::create(&whole, LOG).unwrap();
        let mut batch = writer.begin().unwrap();
        let mut admissions = vec![Admission::Conflict];
        batch.admit_record(Offset::ZERO, &heads, &mut admissions).unwrap();
        batch.commit(&Changes::default(), offset(1)).unwrap();

        proptest::prop_assert_eq!(admissions, one_by_one);
        let (single, whole) = (TableHashes::of(&single).unwrap(), TableHashes::of(&whole).unwrap());
        proptest::prop_assert_eq!(single, whole);
    }
}

/// An event of one repository among five: its number in the log, its id and whether it opens.
type Made = (u64, u64, bool);

fn made(events: &[(u64, bool)]) -> Vec<Made> {
    let numbered = (0_u64..).zip(events);
    numbered
        .map(|(number, &(id, opened))| (number, id, opened))
        .collect()
}

fn second_of(id: u64) -> i64 {
    3_000 * i64::try_from(id).unwrap()
}

fn raw((_, id, opened): Made) -> String {
    let time = Timestamp::from_seconds(second_of(id));
    let raw = json(id, &opened.to_string());
    raw.replace("2015-01-01T15:00:00Z", &time.to_string())
}

fn fold((number, id, opened): Made, admission: Admission, changes: &mut Changes) {
    if admission == Admission::New {
        let time = Some(Timestamp::from_seconds(second_of(id)));
        let key = RepoKey::of_name(&format!("r/{}", id % 5));
        let name = if opened { "A" } else { "b" };
        changes.repo_names.see(key, name, time);
        let actor = ActorKey::of_name(&format!("a{}", id % 3));
        changes.actor_names.see(actor, name, time);
        // Some are known without a time only.
        let org = OrgKey::of_name(&format!("o{}", id % 4));
        let dated = time.filter(|_| id % 4 > 0);
        changes.org_names.see(org, name, dated);
        let pull_request = (key, ghev_event::ThreadNumber::new(id % 3));
        let seen = changes.pull_requests.entry(pull_request);
        seen.or_default().see(time, opened);
    }
    changes
        .envelopes
        .push(envelope(number, 1_000 * second_of(id)));
}

/// The events, each a record, in batches of the given lengths.
fn in_batches(
    path: &Path,
    kept: Option<Duration>,
    events: &[Made],
    batches: &[usize],
) -> TableHashes {
    let mut writer = Writer::create(path, LOG).unwrap();
    writer.keep_events(kept);
    let mut rest = events;
    for length in batches.iter().copied().chain([events.len()]) {
        let (these, others) = rest.split_at(length.min(rest.len()));
        let mut batch = writer.begin().unwrap();
        let mut changes = Changes::default();
        for &event in these {
            let admission = admit(&mut batch, (event.0, 0), &raw(event));
            fold(event, admission, &mut changes);
        }
        let next_offset = offset((events.len() - others.len()) as u64);
        batch.commit(&changes, next_offset).unwrap();
        rest = others;
    }
    writer.close().unwrap();
    TableHashes::of(path).unwrap()
}

/// A load of an empty log.
fn load_nothing(path: &Path) {
    let finder = RepeatFinder::create(path, LOG).unwrap();
    let load = finder.finish(KeptRows::All).unwrap();
    drop(load.finish(Offset::ZERO).unwrap());
}

/// The events, each a record, in a load whose changes come in parts of the given lengths.
fn in_bulk(path: &Path, kept: Option<Duration>, events: &[Made], parts: &[usize]) -> TableHashes {
    let raws: Vec<String> = events.iter().copied().map(raw).collect();
    let mut finder = RepeatFinder::create(path, LOG).unwrap();
    let mut key_parts = [finder.part(2), finder.part(2)];
    for (&(number, id, _), raw) in events.iter().zip(&raws) {
        let part = &mut key_parts[usize::from(number % 2 == 0)];
        let event = read_event(raw.as_bytes()).unwrap();
        let observed_at = Timestamp::from_seconds(second_of(id));
        part.see_record(offset(number), observed_at, &[event])
            .unwrap();
    }
    key_parts
        .into_iter()
        .for_each(|part| finder.add(part).unwrap());
    let kept = kept.map_or(KeptRows::All, KeptRows::For);
    let mut load = finder.finish(kept).unwrap();
    let mut admissions = Vec::new();
    let mut rest = events;
    for length in parts.iter().copied().chain([events.len()]) {
        let (these, others) = rest.split_at(length.min(rest.len()));
        let mut part = load.part(1);
        let mut changes = Changes::default();
        for &event in these {
            let raw = &raws[usize::try_from(event.0).unwrap()];
            part.expect(load.repeats_of(offset(event.0)).unwrap());
            let read = read_event(raw.as_bytes()).unwrap();
            part.admit_record(offset(event.0), &[read], &mut admissions)
                .unwrap();
            load.append(&part.take_rows()).unwrap();
            fold(event, admissions[0], &mut changes);
        }
        part.add_many(&mut changes).unwrap();
        load.add_few(&changes).unwrap();
        load.add(part).unwrap();
        rest = others;
    }
    let writer = load.finish(offset(events.len() as u64)).unwrap();
    writer.close().unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    let check = "PRAGMA integrity_check";
    let check: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    drop(connection);
    TableHashes::of(path).unwrap()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn rows_depend_neither_on_batches_nor_on_the_way_of_writing(
        events in proptest::collection::vec((0_u64..12, proptest::bool::ANY), 0..40),
        batches in proptest::collection::vec(0_usize..20, 0..6),
        kept in proptest::option::of((0_u64..20_000).prop_map(Duration::from_secs)),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let events = made(&events);
        let whole = in_batches(&dir.path().join("whole"), kept, &events, &[]);
        let split = in_batches(&dir.path().join("split"), kept, &events, &batches);
        let bulk = in_bulk(&dir.path().join("bulk"), kept, &events, &batches);
        proptest::prop_assert_eq!(whole.differing(&split), Vec::<String>::new());
        proptest::prop_assert_eq!(whole.differing(&bulk), Vec::<String>::new());
        proptest::prop_assert_eq!(whole, bulk);
    }
}

/// A load that is told less in its second pass than in its first has an index of what is not there.
#[test]
fn passes_that_differ_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let raw = json(1, "x");
    let event = || read_event(raw.as_bytes()).unwrap();
    let mut finder = RepeatFinder::create(&dir.path().join("model"), LOG).unwrap();
    let mut part = finder.part(1);
    part.see_record(offset(0), Timestamp::from_seconds(0), &[event()])
        .unwrap();
    finder.add(part).unwrap();
    let load = finder.finish(KeptRows::All).unwrap();
    let refused = load.seal(offset(1)).unwrap_err();
    assert!(refused.to_string().contains("passes"), "{refused}");
}

/// An event that arrives again after its row was dropped used to be a new one, and was counted twice.
#[test]
fn a_dropped_event_is_known_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    let mut writer = Writer::create(&path, LOG).unwrap();
    writer.keep_events(Some(Duration::from_secs(3600)));
    let mut add = |number: u64, observed_s: i64, raw: &str| {
        let mut batch = writer.begin().unwrap();
        let admission = admit(&mut batch, (number, 0), raw);
        let mut changes = Changes::default();
        changes.envelopes.push(envelope(number, observed_s * 1000));
        batch.commit(&changes, offset(number + 1)).unwrap();
        admission
    };
    // Of 15:00, observed at once, then two and a half hours later.
    let at = 1_420_124_400;
    assert_eq!(add(0, at, &json(1, "first")), Admission::New);
    assert_eq!(add(1, at, &json(1, "first")), Admission::Duplicate);
    assert_eq!(add(2, at + 9_000, &json(2, "late")), Admission::New);
    assert_eq!(add(3, at + 9_000, &json(1, "first")), Admission::Duplicate);
    assert_eq!(add(4, at + 9_000, &json(2, "other")), Admission::Conflict);
    assert_eq!(totals(&path), (5, 2, 2, 1));
    let connection = rusqlite::Connection::open(&path).unwrap();
    let rows = |table: &str| -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((rows("events"), rows("dropped_events")), (0, 2));
}

/// What an older program, which does not know a projection, or one whose projections went wrong, leaves.
const MEDDLE: &str = "
    DROP TABLE hourly_activity; DROP TABLE minute_activity; DROP TABLE threads;
    DELETE FROM projections WHERE name IN ('activity', 'threads');
    UPDATE pull_requests SET opened_at = 1;
    DELETE FROM repo_names WHERE name = 'b'; DELETE FROM repos;
    DROP INDEX repos_by_last; DROP INDEX repo_names_by_name;
    CREATE INDEX repo_names_by_name ON repo_names (lowered, last_at, key)";

#[test]
fn tables_that_are_missing_or_wrong_are_made_anew_in_a_copy_and_the_others_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("model.db"), dir.path().join("copy.db"));
    let all: Vec<_> = (0..60).map(|id| (id % 40, id % 3 == 0)).collect();
    let events = made(&all);
    let right = in_batches(&path, None, &events, &[7, 20]);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(MEDDLE).unwrap();
    let refused = Writer::open_file(&path, LOG).unwrap_err();
    assert!(
        matches!(refused, OpenError::Projections { .. }),
        "{refused}"
    );

    let source = RebuildSource::open(&path, LOG).unwrap();
    assert_eq!(source.stale(), [Projection::Activity, Projection::Threads]);
    assert_eq!(source.obstacle(&[]), None);
    // It is copied as it was when it was opened.
    let meanwhile = "DELETE FROM envelopes; DELETE FROM events";
    connection.execute_batch(meanwhile).unwrap();
    let wanted = [Projection::PullRequests, Projection::Names];
    let rebuild = source.copy(&copy, &wanted, &mut || true);
    let mut rebuild = rebuild.unwrap().unwrap();
    let mut admissions = Vec::new();
    for &event in &events {
        let raw = raw(event);
        let read = read_event(raw.as_bytes()).unwrap();
        rebuild
            .admit_record(offset(event.0), &[read], &mut admissions)
            .unwrap();
        let mut changes = Changes::default();
        fold(event, admissions[0], &mut changes);
        rebuild.add(&changes).unwrap();
    }
    rebuild.finish().unwrap().close().unwrap();
    assert_eq!(TableHashes::of(&copy).unwrap(), right);
    let index = "SELECT count(*) FROM sqlite_schema WHERE name = 'repos_by_last'";
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let indexes: i64 = connection.query_row(index, [], |row| row.get(0)).unwrap();
    assert_eq!(indexes, 1);
}

#[test]
fn a_copy_ends_where_it_is_told_to_and_what_a_newer_ghev_wrote_is_an_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.db");
    Writer::create(&path, LOG).unwrap().close().unwrap();
    let source = RebuildSource::open(&path, LOG).unwrap();
    let stopped = source.copy(&dir.path().join("copy.db"), &[], &mut || false);
    assert!(stopped.unwrap().is_none());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let newer = "INSERT INTO projections VALUES ('moods', 1)";
    connection.execute_batch(newer).unwrap();
    let source = RebuildSource::open(&path, LOG).unwrap();
    let names = vec!["moods".to_owned()];
    assert_eq!(source.obstacle(&[]), Some(Obstacle::Unknown { names }));
    let foreign = RebuildSource::open(&path, LogId::new([8; 16])).unwrap_err();
    assert!(matches!(foreign, OpenError::ForeignLog { .. }), "{foreign}");
}
