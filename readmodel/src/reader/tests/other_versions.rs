//! A model that an older version of ghev has written comes to what this one would have written, by itself; of one
//! that a newer version has written nothing is read that may be something else by now.

use std::path::Path;
use std::time::Duration;

use ghev_event::{PollFacts, Unrecorded};
use proptest::prelude::*;
use proptest::{option, sample};

use super::threads::{any_thread_event, near};
use super::world::{LOG, Record, SUMMED_FROM_EVENTS, World, import, poll};
use crate::error::ReadError;
use crate::{
    Bots, Projection, PullRequestAction, RebuildSource, Scope, SeriesInterval, TableHashes,
    TrendingQuery, Window,
};

const KEPT: Duration = Duration::from_secs(3600);

/// Contributors 1, pull-requests 1, sums 1 and threads 1: what is folded from records is what it is now, in
/// another order, and what is made of it was made otherwise, or not at all.
const FOLDED_ALIKE: [Projection; 3] = [
    Projection::Contributors,
    Projection::PullRequests,
    Projection::Sums,
];

const TO_VERSION_1: &str = "
    ALTER TABLE contributors RENAME TO newer;
    CREATE TABLE contributors (
      \"to\" INTEGER NOT NULL, key INTEGER NOT NULL, by_bot INTEGER NOT NULL, actor INTEGER NOT NULL,
      first_at INTEGER, events INTEGER NOT NULL, PRIMARY KEY (\"to\", key, by_bot, actor)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO contributors SELECT \"to\", key, by_bot, actor, first_at, events FROM newer;
    DROP TABLE newer;
    DROP TABLE contributor_firsts; DROP TABLE contributor_tallies;
    DROP TABLE opening_gaps;
    CREATE INDEX openings_by_time ON pull_requests (opened_at) WHERE opened_at IS NOT NULL;
    DELETE FROM sums_of_repos;
    DROP TABLE thread_lines_of_all; DROP TABLE thread_lines_of_repos; DROP TABLE thread_lines_of_orgs;
    DROP INDEX repo_names_by_name;
    CREATE INDEX repo_names_by_name ON repo_names (lowered, last_at, key);
    UPDATE projections SET version = 1
    WHERE name IN ('contributors', 'pull-requests', 'sums', 'threads')";

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let events = prop::collection::vec(any_thread_event(), 0..12);
    let record = (0_usize..4, events).prop_map(|(time, events)| Record {
        provenance: import(near(time, 3600).as_millis()),
        events,
    });
    prop::collection::vec(record, 0..7)
}

fn rebuilt(model: &Path, copy: &Path) -> TableHashes {
    let source = RebuildSource::open(model, LOG).unwrap();
    assert!(!source.needs_records(&[]), "the log may not have them");
    assert_eq!(source.obstacle(&[]), None);
    let mut rebuild = source.copy(copy, &[], &mut || true).unwrap().unwrap();
    rebuild.sum_from(SUMMED_FROM_EVENTS);
    assert!(!rebuild.needs_records());
    rebuild.finish().unwrap().close().unwrap();
    TableHashes::of(copy).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Another version of a projection used to be folded from the log whatever it had changed: where records or
    /// rows of events were gone, all was replayed, and what had been folded of them was lost. An index that had
    /// been of something else stayed as it was.
    #[test]
    fn what_an_older_version_folded_alike_is_taken_over_without_the_log(
        records in any_records(),
        kept in option::weighted(0.5, Just(KEPT)),
    ) {
        let mut world = World::new();
        world.keep_events(kept);
        records.chunks(2).for_each(|batch| world.append(batch));
        let right = TableHashes::of(world.path()).unwrap();
        world.execute(TO_VERSION_1);
        let dir = tempfile::tempdir().unwrap();
        let rebuilt = rebuilt(world.path(), &dir.path().join("copy.db"));
        prop_assert_eq!(rebuilt.differing(&right), Vec::<String>::new());
        prop_assert_eq!(rebuilt.indexes, right.indexes);
    }
}

/// Where somebody asks for one of these, it is folded all the same: its rows may be wrong.
#[test]
fn what_is_asked_for_is_folded_from_records() {
    let world = World::new();
    world.execute(TO_VERSION_1);
    let source = RebuildSource::open(world.path(), LOG).unwrap();
    for asked in FOLDED_ALIKE {
        assert!(source.needs_records(&[asked]), "{asked}");
    }
}

/// What is made to answer faster, and without which the rows of other tables answer.
const SHORTCUTS: [(Projection, &[&str]); 7] = [
    (
        Projection::Activity,
        &["hourly_activity", "minute_activity"],
    ),
    (
        Projection::ContributorLists,
        &["contributor_lists_of_all", "contributor_lists_of_repos"],
    ),
    (
        Projection::Contributors,
        &["contributor_firsts", "contributor_tallies"],
    ),
    (Projection::PullRequests, &["opening_gaps"]),
    (Projection::RepoCounts, &["repo_counts"]),
    (
        Projection::Sums,
        &["sums_of_all", "sums_of_repos", "sums_of_orgs"],
    ),
    (
        Projection::Threads,
        &["threads", "thread_lines_of_all", "thread_lines_of_repos"],
    ),
];

fn answers(world: &World) -> Vec<String> {
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let mut scopes = vec![Scope::All];
    scopes.extend(snapshot.resolve_repo("o/a").unwrap().map(Scope::Repo));
    let from = Window {
        from: Some(near(1, 0)),
        ..Window::EVERYTHING
    };
    let mut answers = Vec::new();
    let mut tell = |answer: &dyn std::fmt::Debug| answers.push(format!("{answer:?}"));
    for (scope, window) in scopes
        .iter()
        .flat_map(|scope| [(scope, Window::EVERYTHING), (scope, from)])
    {
        tell(&snapshot.event_counts(scope, &window).unwrap());
        let interval = SeriesInterval::Month;
        tell(&snapshot.event_series(scope, &window, interval).unwrap());
        tell(&snapshot.activity(scope, &window).unwrap());
        for action in [PullRequestAction::Opened, PullRequestAction::Any] {
            let interval = snapshot.pull_request_interval(scope, &window, action);
            tell(&interval.unwrap());
        }
        for bots in [Bots::Exclude, Bots::Include] {
            tell(&snapshot.pull_requests(scope, &window, bots).unwrap());
            tell(&snapshot.issues(scope, &window, bots).unwrap());
            tell(&snapshot.contributors(scope, &window, bots).unwrap());
        }
    }
    let trending = TrendingQuery {
        kinds: Vec::new(),
        to: near(3, 0),
        window_seconds: 3600,
    };
    tell(&snapshot.trending(&trending, 10).unwrap());
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// After a downgrade, rows of a later version were read as if they were of this one: the time between pull
    /// requests came from timelines that no longer told the repositories apart, 3 days instead of 12.
    #[test]
    fn a_later_version_of_what_answers_faster_is_left_alone(
        records in any_records(),
        (later, tables) in sample::select(SHORTCUTS.to_vec()),
    ) {
        let world = World::of(&records);
        let right = answers(&world);
        for table in tables {
            world.execute(&format!("DELETE FROM {table}"));
        }
        world.execute(&format!("UPDATE projections SET version = 99 WHERE name = '{later}'"));
        prop_assert_eq!(answers(&world), right, "{}", later);
    }
}

/// A table that a newer version has dropped was taken for a failure of the service.
#[test]
fn what_a_newer_version_has_dropped_is_told_as_that() {
    let world = World::new();
    world.execute(
        "DROP TABLE contributors; UPDATE projections SET version = 99 WHERE name = 'contributors'",
    );
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let asked = snapshot.contributors(&Scope::All, &Window::EVERYTHING, Bots::Exclude);
    let refused = asked.unwrap_err();
    assert!(
        matches!(refused, ReadError::NewerProjections { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("contributors"), "{refused}");
}

const ENVELOPES_TO_VERSION_1: &str = "
    DROP INDEX polls_by_time; DROP INDEX polls_by_source; DROP INDEX complete_polls_by_source;
    ALTER TABLE envelopes DROP COLUMN polls;
    UPDATE projections SET version = 1 WHERE name = 'envelopes'";

/// How many polls records and sources count.
fn polls(path: &Path) -> (Vec<Option<i64>>, i64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let of_records = "SELECT polls FROM envelopes ORDER BY \"offset\"";
    let mut of_records = connection.prepare(of_records).unwrap();
    let of_records = of_records.query_map([], |row| row.get(0)).unwrap();
    let of_records = of_records.map(Result::unwrap).collect();
    let of_sources = "SELECT sum(polls) FROM sources";
    let of_sources = connection.query_row(of_sources, [], |row| row.get(0));
    (of_records, of_sources.unwrap())
}

/// A log that was trimmed does not tell any more how many polls left no record, which version 1 did not keep: the
/// model would have had to be given up for that.
#[test]
fn what_an_older_version_knew_of_polls_is_kept_where_the_log_has_lost_them() {
    let page = |observed_ms, page, polls| {
        let facts = PollFacts {
            page,
            unrecorded: Unrecorded { polls, received: 0 },
            ..PollFacts::default()
        };
        poll("public", observed_ms, facts)
    };
    // The second poll's first page is two records.
    let records = [
        page(1_000, 1, 0),
        import(1),
        page(2_000, 1, 4),
        page(2_000, 1, 0),
        page(2_100, 2, 0),
    ];
    let mut world = World::new();
    world.append(&records.map(|provenance| Record {
        provenance,
        events: Vec::new(),
    }));
    let folded = [Some(1), None, Some(5), Some(0), Some(0)];
    assert_eq!(polls(world.path()), (folded.to_vec(), 6));
    world.execute(ENVELOPES_TO_VERSION_1);
    let mut source = RebuildSource::open(world.path(), LOG).unwrap();
    assert!(source.needs_records(&[]), "the log has them");
    source.without_records();
    assert!(source.needs_records(&[Projection::Envelopes]));
    assert!(!source.needs_records(&[]));
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.db");
    let rebuild = source.copy(&copy, &[], &mut || true).unwrap().unwrap();
    assert!(!rebuild.needs_records());
    rebuild.finish().unwrap().close().unwrap();
    let known = [Some(1), None, Some(1), Some(0), Some(0)];
    assert_eq!(polls(&copy), (known.to_vec(), 6));
}
