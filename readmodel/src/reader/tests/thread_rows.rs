//! What threads come to: the same rows however they were written, of the events that are left, and the
//! same answers with them and without.

use std::time::Duration;

use ghev_event::{Event, Org, OrgId, Timestamp};
use proptest::prelude::*;
use proptest::{option, sample};

use super::naive::{self, Stored};
use super::threads::{
    any_span, any_thread_event, assert_same_people, assert_same_threads, near, on, record,
};
use super::world::{LOG, Record, SUMMED_FROM_EVENTS, ScopeName, World, import};
use crate::reader::thread_spans::Walk;
use crate::{Bots, Projection, RebuildSource, Scope, Snapshot, TableHashes, Window};

/// Rows of events are kept for this long.
const KEPT: Duration = Duration::from_secs(3600);

/// Records observed an hour or a little more after one of the times that events are near to, so that all
/// events of before it are dropped, and none.
fn any_observed_records() -> impl Strategy<Value = Vec<Record>> {
    let events = prop::collection::vec(any_thread_event(), 0..12);
    let observed = (0_usize..4, 0_i64..2);
    let record = (observed, events).prop_map(|((time, hours), events)| Record {
        provenance: import(near(time, 3600 * (1 + hours)).as_millis()),
        events,
    });
    prop::collection::vec(record, 0..7)
}

fn in_batches(records: &[Record], kept: Option<Duration>) -> World {
    let mut world = World::new();
    world.keep_events(kept);
    for record in records {
        world.append(std::slice::from_ref(record));
    }
    world
}

/// A copy of a model whose rows that are made of events were made anew.
fn rebuilt(world: &World) -> TableHashes {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.db");
    let source = RebuildSource::open(world.path(), LOG).unwrap();
    let wanted = [
        Projection::ContributorLists,
        Projection::RepoCounts,
        Projection::Threads,
    ];
    assert_eq!(source.obstacle(&wanted), None, "no record is needed");
    let mut rebuild = source.copy(&copy, &wanted, &mut || true).unwrap().unwrap();
    rebuild.sum_from(SUMMED_FROM_EVENTS);
    assert!(!rebuild.needs_records());
    rebuild.finish().unwrap().close().unwrap();
    TableHashes::of(&copy).unwrap()
}

/// The events whose rows a model still has.
fn left(events: Vec<Stored>, since: Option<Timestamp>) -> Vec<Stored> {
    let is_left = |stored: &Stored| stored.event.created_at.is_none_or(|at| Some(at) >= since);
    events.into_iter().filter(is_left).collect()
}

fn assert_integrity(world: &World) {
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    let check = "PRAGMA integrity_check";
    let check: String = connection.query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Batch by batch, in one load, and made anew of the rows of events, whatever was dropped.
    #[test]
    fn rows_are_of_the_events_that_are_left_however_they_were_written(
        records in any_observed_records(),
        kept in option::weighted(0.8, Just(KEPT)),
        questions in prop::collection::vec(
            (
                sample::select(vec![
                    ScopeName::All,
                    ScopeName::Repo("o/a"),
                    ScopeName::Org("o"),
                    ScopeName::Org("p"),
                ]),
                any_span(),
                sample::select(vec![Bots::Exclude, Bots::Include]),
            ),
            1..8,
        ),
    ) {
        let live = in_batches(&records, kept);
        let loaded = World::loaded(&records, kept);
        let hashes = TableHashes::of(live.path()).unwrap();
        prop_assert_eq!(hashes.differing(&TableHashes::of(loaded.path()).unwrap()), Vec::<String>::new());
        prop_assert_eq!(hashes.differing(&rebuilt(&live)), Vec::<String>::new());
        assert_integrity(&live);
        assert_integrity(&loaded);
        let mut reader = live.reader();
        let snapshot = reader.snapshot().unwrap();
        let all = naive::distinct(&records);
        for (name, window, bots) in questions {
            let Some(scope) = name.resolve(&snapshot) else {
                continue;
            };
            let events = naive::in_scope(&all, name).0;
            assert_same_people(&snapshot, (&scope, name), &events, &window, bots);
            let events = left(events, snapshot.events_since());
            assert_same_threads(&snapshot, &scope, &events, &window, bots);
        }
    }
}

/// A generation of before there were rows of threads is answered from events until it has them.
#[test]
fn a_model_without_the_rows_gives_the_same_answers() {
    let answers = |snapshot: &Snapshot<'_>| {
        let of = |window| {
            let (scope, bots) = (Scope::All, Bots::Exclude);
            let pull_requests = snapshot.pull_requests(&scope, &window, bots).unwrap();
            (
                pull_requests,
                snapshot.issues(&scope, &window, bots).unwrap(),
            )
        };
        let from = Window {
            from: Some(near(3, 0)),
            ..Window::EVERYTHING
        };
        [of(Window::EVERYTHING), of(from)]
    };
    let world = World::of(&[record(vec![
        on("PullRequestEvent", 1, near(2, 0), "ann", "opened"),
        on("PullRequestEvent", 2, near(3, 9), "ann", "merged"),
        on("IssuesEvent", 3, near(3, 1), "eve", "opened"),
    ])]);
    let with_rows = answers(&world.reader().snapshot().unwrap());
    assert_eq!((with_rows[1].0.accepted, with_rows[1].1.opened), (1, 1));
    world.execute(
        "DROP TABLE threads; DROP TABLE thread_lines_of_all; DROP TABLE thread_lines_of_repos;
         DROP TABLE thread_lines_of_orgs; DELETE FROM projections WHERE name = 'threads'",
    );
    let mut reader = world.reader();
    assert_eq!(answers(&reader.snapshot().unwrap()), with_rows);
    drop(reader);

    let source = RebuildSource::open(world.path(), LOG).unwrap();
    assert_eq!(source.stale(), [Projection::Threads]);
    assert!(!source.needs_records(&[]) && source.needs_records(&[Projection::Names]));
}

/// An issue that was open all the while was once taken for active in any window between its first event
/// and its last.
#[test]
fn an_issue_is_not_active_while_nothing_happens_to_it() {
    let event = |id, seconds, action| on("IssuesEvent", id, near(1, seconds), "ann", action);
    let mut world = World::of(&[record(vec![event(1, 0, "opened"), event(4, 30, "closed")])]);
    // Late.
    let between = vec![event(2, 10, "closed"), event(3, 20, "reopened")];
    world.append(&[record(between)]);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let counts = |from, to| {
        let window = Window {
            from: Some(near(1, from)),
            to: Some(near(1, to)),
            ..Window::default()
        };
        let (scope, bots) = (Scope::All, Bots::Exclude);
        let issues = snapshot.issues(&scope, &window, bots).unwrap();
        let sources = snapshot.thread_sources(&scope).unwrap();
        let by_rows = snapshot.issues_by_rows(&sources, &window, bots, Walk::NEVER);
        assert_eq!(by_rows.unwrap(), issues);
        (issues.active, issues.closed)
    };
    assert_eq!(counts(1, 10), (0, 0));
    assert_eq!(counts(11, 30), (1, 0));
    assert_eq!(counts(10, 11), (1, 1));
    assert_eq!(counts(31, 90), (0, 0));
}

/// A repository that goes over to another organisation takes its open pull requests along: each of the two
/// has what happened while it was theirs, and everything has it all.
#[test]
fn a_pull_request_of_two_organisations_is_what_each_has_seen_of_it() {
    let of = |org: u64, event: Event<'static>| Event {
        org: Some(Org {
            id: Some(OrgId::new(org)),
            login: Some(["o", "p"][usize::from(org == 2)].into()),
        }),
        ..event
    };
    let event = |id, seconds, action| on("PullRequestEvent", id, near(3, seconds), "ann", action);
    let mut world = World::of(&[record(vec![of(1, event(1, 0, "opened"))])]);
    let counts = |world: &World, name: ScopeName| {
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let scope = name.resolve(&snapshot).unwrap();
        let everything = Window::EVERYTHING;
        let found = snapshot.pull_requests(&scope, &everything, Bots::Exclude);
        let found = found.unwrap();
        (
            found.opened,
            found.accepted,
            found.time_to_merge.sample_size,
        )
    };
    assert_eq!(counts(&world, ScopeName::Org("o")), (1, 0, 0));
    world.append(&[record(vec![of(2, event(2, 50, "merged"))])]);
    assert_eq!(counts(&world, ScopeName::Org("o")), (1, 0, 0));
    assert_eq!(counts(&world, ScopeName::Org("p")), (0, 1, 0));
    assert_eq!(counts(&world, ScopeName::All), (1, 1, 1));
}
