//! Which questions may not walk a whole table: those that every answer asks, and those of one
//! identity. Plans come from an empty model, as a new one has no statistics either.

use ghev_event::{EventKind, Timestamp};
use rusqlite::StatementStatus;
use rusqlite::types::Null;

use super::world::World;
use crate::listed_scope::ListedScope;
use crate::opening_gaps::{self, GapsLine};
use crate::reader::event_query::{Along, Slice};
use crate::reader::lists::{self, Walk};
use crate::reader::{
    activity, contributor_lists, contributor_totals, contributors, counts, coverage, event_hours,
    event_query, matrix, openings, polls, repo_counts, series, series_ends, sums, trending,
};
use crate::reader::{thread_lines, thread_rows, thread_spans, threads, timelines};
use crate::threads::ThreadKind;
use crate::writer::pull_requests::{after_sql, before_sql};
use crate::{
    ActorKey, EventCursor, EventFilter, ListOrder, OrgKey, PullRequestAction, RepoKey, ScopeKeys,
    Snapshot, TimeAxis, Window,
};

/// What SQLite says it will do, a step a line.
fn plan(snapshot: &Snapshot<'_>, sql: &str) -> Vec<String> {
    let mut statement = snapshot
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let parameters = statement.parameter_count();
    let nulls = rusqlite::params_from_iter(std::iter::repeat_n(Null, parameters));
    let steps = statement.query_map(nulls, |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

/// No step walks a whole table or index, or gathers all rows to sort them.
fn assert_seeks(snapshot: &Snapshot<'_>, sql: &str) {
    let steps = plan(snapshot, sql);
    assert!(!steps.is_empty(), "{sql}");
    for step in &steps {
        let of_found_rows = ["SCAN seen", "SCAN CONSTANT ROW"].contains(&step.as_str());
        let walks = step.starts_with("SCAN ") && !of_found_rows;
        assert!(
            !walks && step != "USE TEMP B-TREE FOR ORDER BY",
            "{sql}\n{steps:#?}"
        );
    }
}

/// Asks with one set of values, then with another: SQLite plans a statement anew, for longer than
/// it runs, where a plan might depend on a value
/// (<https://www.sqlite.org/c3ref/prepare.html>, the third difference).
fn assert_planned_once(snapshot: &Snapshot<'_>, sql: &str) {
    let mut statement = snapshot.prepare(sql).unwrap();
    let parameters = statement.parameter_count();
    for value in [1_i64, 2, 3] {
        let values = rusqlite::params_from_iter(std::iter::repeat_n(value, parameters));
        let mut rows = statement.query(values).unwrap();
        while rows.next().unwrap().is_some() {}
    }
    assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
}

const ACTIONS: [PullRequestAction; 2] = [PullRequestAction::Opened, PullRequestAction::Any];

#[test]
fn what_every_answer_asks_seeks() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for sql in counts::HOT.iter().chain(polls::HOT) {
        assert_seeks(&snapshot, sql);
    }
    for sql in counts::HOT {
        assert_planned_once(&snapshot, sql);
    }
    assert_seeks(
        &snapshot,
        &format!("SELECT e.place {}", event_query::ARRIVALS),
    );
    for column in ["repo", "actor", "org"] {
        assert_seeks(&snapshot, &counts::scope_seconds(column));
        assert_seeks(&snapshot, &counts::scope_envelopes(column));
        assert_planned_once(&snapshot, &counts::scope_seconds(column));
        assert_seeks(
            &snapshot,
            &coverage::own_sources_sql(&format!("{column}_names")),
        );
    }
    for action in ACTIONS {
        assert_seeks(&snapshot, openings::repo_sql(action));
        assert_planned_once(&snapshot, openings::repo_sql(action));
        for column in ["actor", "org"] {
            let sql = openings::events_sql(column, action);
            assert_seeks(&snapshot, &sql);
            assert_seeks(&snapshot, &format!("{sql}{}", openings::NOT_SEEN_BEFORE));
            let by_thread = "SEARCH e USING COVERING INDEX events_by_thread";
            let steps = plan(&snapshot, &sql);
            assert!(
                steps.iter().any(|step| step.starts_with(by_thread)),
                "{steps:#?}"
            );
        }
    }
}

#[test]
fn pull_requests_around_another_are_found_along_their_index() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for (line, index) in [
        (GapsLine::Opened, "pull_requests_by_opening"),
        (GapsLine::First, "pull_requests_by_first"),
    ] {
        for sql in [before_sql(line), after_sql(line)] {
            assert_seeks(&snapshot, &sql);
            assert_planned_once(&snapshot, &sql);
            let steps = plan(&snapshot, &sql);
            assert!(steps[0].contains(index), "{steps:#?}");
        }
    }
}

/// Its projection had two indexes more.
#[test]
fn an_older_generation_finds_all_pull_requests_by_their_time() {
    let world = World::new();
    let indexes = "CREATE INDEX openings_by_time ON pull_requests (opened_at) WHERE opened_at IS NOT NULL;
                   CREATE INDEX firsts_by_time ON pull_requests (first_at) WHERE first_at IS NOT NULL";
    world.execute(indexes);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for action in ACTIONS {
        assert_seeks(&snapshot, openings::all_sql(action));
        assert_planned_once(&snapshot, openings::all_sql(action));
    }
}

#[test]
fn what_is_asked_over_time_seeks() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    assert_seeks(&snapshot, &activity::all_sql());
    let hot = [series::HOT, series_ends::HOT, matrix::HOT, activity::HOT].concat();
    for sql in hot {
        assert_seeks(&snapshot, sql);
        assert_planned_once(&snapshot, sql);
    }
    for table in [
        "sums_of_all",
        "sums_of_repos",
        "sums_of_actors",
        "sums_of_orgs",
    ] {
        for sql in [
            sums::any_sql(table),
            sums::busy_sql(table),
            sums::rows_sql(table),
            event_hours::days_sql(table, 1),
            event_hours::days_sql(table, 2),
        ] {
            assert_seeks(&snapshot, &sql);
            assert_planned_once(&snapshot, &sql);
        }
    }
    for column in ["repo", "actor", "org"] {
        let of_scope = [
            series::scope_seconds(column),
            series_ends::scope_ends(column),
            series::scope_arrivals(column, "v.observed_at, e.kind, 1"),
            matrix::scope_sql(column),
        ];
        assert_seeks(&snapshot, &activity::scope_sql(column));
        for sql in of_scope {
            assert_seeks(&snapshot, &sql);
            let steps = plan(&snapshot, &sql);
            let index = format!("COVERING INDEX events_by_{column} ");
            assert!(steps.iter().any(|step| step.contains(&index)), "{steps:#?}");
        }
    }
}

#[test]
fn what_stands_out_is_found_along_indexes() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for kinds in [0, 2] {
        let (window, past) = (trending::window_sql(kinds), trending::past_sql(kinds));
        assert_seeks(&snapshot, &window);
        assert_seeks(&snapshot, &past);
        let steps = plan(&snapshot, &window);
        assert!(steps[0].contains("INDEX events_by_time "), "{steps:#?}");
        let steps = plan(&snapshot, &past);
        assert!(
            steps[0].contains("COVERING INDEX events_by_repo "),
            "{steps:#?}"
        );
    }
    assert_seeks(&snapshot, repo_counts::ROWS);
}

#[test]
fn a_list_walks_one_index_in_its_order() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let cursor: EventCursor = "1.2.n3.n4".parse().unwrap();
    let repo = Some(ScopeKeys {
        numbered: None,
        named: Some(RepoKey::of_name("o/r")),
    });
    let org = Some(ScopeKeys {
        numbered: None,
        named: Some(OrgKey::of_name("o")),
    });
    let actor = Some(ScopeKeys {
        numbered: None,
        named: Some(ActorKey::of_name("a")),
    });
    let window = Window {
        from: Some(Timestamp::from_seconds(1)),
        ..Window::default()
    };
    let by = TimeAxis::ObservedAt;
    let kinds = vec![EventKind::from_name("PullRequestEvent")];
    let actions = vec!["opened".to_owned()];
    let all = EventFilter {
        kinds,
        actions,
        window,
        ..EventFilter::default()
    };
    let lists = [
        (EventFilter::default(), "events_by_time"),
        (all.clone(), "events_by_time"),
        (
            EventFilter {
                repo,
                org,
                actor,
                ..all.clone()
            },
            "events_by_repo",
        ),
        (
            EventFilter {
                org,
                actor,
                ..all.clone()
            },
            "events_by_actor",
        ),
        (EventFilter { org, ..all.clone() }, "events_by_org"),
        (
            EventFilter {
                window: Window { by, ..window },
                ..all.clone()
            },
            "events_by_time",
        ),
        (
            EventFilter {
                repo,
                window: Window { by, ..window },
                ..all
            },
            "events_by_repo",
        ),
    ];
    for (filter, index) in lists {
        for cursor in [None, Some(&cursor)] {
            let along = match event_query::narrowest(&filter) {
                Some(scope) => Along::Identity(scope.column, scope.keys[0]),
                None => Along::Time,
            };
            let slice = Slice { from: 1, to: 9 };
            let query = event_query::query(&filter, along, slice, (cursor, 100));
            assert_seeks(&snapshot, &query.sql);
            let steps = plan(&snapshot, &query.sql);
            assert!(
                steps[0].contains(&format!("INDEX {index} ")),
                "{}\n{steps:#?}",
                query.sql
            );
            let bounded = cursor.is_none()
                || steps[0].contains(" (created_at,id,kind)<(?,?,?)")
                || index != "events_by_time";
            assert!(bounded, "{steps:#?}");
        }
    }
}

#[test]
fn a_list_of_who_there_is_walks_one_index() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for listed in [lists::REPOS, lists::ORGS] {
        let (totals, names) = (listed.totals, listed.names);
        let counted = plan(&snapshot, &lists::names_sql(listed));
        let along_names = format!("SEARCH {names} USING COVERING INDEX {names}_by_name ");
        assert!(
            counted.iter().any(|step| step.starts_with(&along_names)),
            "{counted:#?}"
        );
        for (order, of_totals) in [
            (ListOrder::Events, "events"),
            (ListOrder::LastEvent, "last"),
        ] {
            for walk in [Walk::All, Walk::InOrder] {
                let sql = lists::list_sql(listed, order, walk);
                assert_seeks(&snapshot, &sql);
                let index = format!("INDEX {totals}_by_{of_totals} ");
                let steps = plan(&snapshot, &sql);
                assert!(steps[0].contains(&index), "{steps:#?}");
            }
            let steps = plan(&snapshot, &lists::list_sql(listed, order, Walk::Sorted));
            assert!(
                steps[0].contains(&format!("INDEX {names}_by_name ")),
                "{steps:#?}"
            );
        }
        let sql = lists::list_sql(listed, ListOrder::Name, Walk::Names);
        assert_seeks(&snapshot, &sql);
        let steps = plan(&snapshot, &sql);
        assert!(
            steps[0].contains(&format!("INDEX {names}_by_name ")),
            "{steps:#?}"
        );
    }
}

#[test]
fn threads_and_people_are_found_along_indexes() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    for column in [None, Some("repo"), Some("org")] {
        let index = column.map_or("events_by_time ".to_owned(), |c| format!("events_by_{c} "));
        for kind in [ThreadKind::PullRequest, ThreadKind::Issue] {
            let sql = threads::found_sql(kind, column);
            assert_seeks(&snapshot, &sql);
            assert_planned_once(&snapshot, &sql);
            assert!(plan(&snapshot, &sql)[0].contains(&index), "{sql}");
        }
        let sql = contributors::window_sql(column);
        assert_seeks(&snapshot, &sql);
        assert_planned_once(&snapshot, &sql);
        assert!(plan(&snapshot, &sql)[0].contains(&index), "{sql}");
    }
    let whole = [
        threads::thread_sql(None),
        threads::thread_sql(Some("org")),
        threads::all_sql("repo = ?1 AND"),
    ];
    for sql in whole {
        assert_seeks(&snapshot, &sql);
        assert_planned_once(&snapshot, &sql);
        let steps = plan(&snapshot, &sql);
        assert!(
            steps[0].contains("COVERING INDEX events_by_thread "),
            "{steps:#?}"
        );
    }
    // Everybody's threads of all time are the whole index, in its order.
    let steps = plan(&snapshot, &threads::all_sql(""));
    let whole = "SEARCH events USING COVERING INDEX events_by_thread (repo>?)";
    assert_eq!(steps, [whole]);
    for of in ListedScope::ALL {
        let (rows, minutes) = (of.lists_table(), of.minutes_table());
        for sql in [
            contributor_lists::any_sql(rows),
            contributor_lists::any_within_sql(minutes),
            contributor_lists::rows_sql(rows),
            contributor_lists::minutes_sql(minutes),
        ] {
            assert_seeks(&snapshot, &sql);
            assert_planned_once(&snapshot, &sql);
        }
    }
    for sql in [
        contributor_totals::ANY,
        contributor_totals::HAS_TOTALS,
        contributor_totals::TALLY,
        &timelines::rows_sql("contributor_firsts"),
        &timelines::rows_sql(opening_gaps::TABLE),
    ] {
        assert_seeks(&snapshot, sql);
        assert_planned_once(&snapshot, sql);
    }
    assert_seeks(&snapshot, contributors::EVER);
    assert_seeks(&snapshot, contributors::FIRST_IN);
    for others in 0..4 {
        let sql = contributors::firsts_sql(others);
        assert_seeks(&snapshot, &sql);
        assert_planned_once(&snapshot, &sql);
    }
}

#[test]
fn what_threads_come_to_is_read_along_narrow_indexes() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let along = |sql: &str, step: &str| {
        assert_seeks(&snapshot, sql);
        assert_planned_once(&snapshot, sql);
        let steps = plan(&snapshot, sql);
        assert!(
            steps.iter().any(|found| found.starts_with(step)),
            "{sql}\n{steps:#?}"
        );
        assert!(
            steps.iter().all(|step| !step.contains("TEMP B-TREE")),
            "{steps:#?}"
        );
    };
    for kind in [ThreadKind::PullRequest, ThreadKind::Issue] {
        for sql in [thread_rows::scope_sql, thread_rows::touching_sql] {
            along(
                &sql(kind, "repo"),
                "SEARCH threads USING PRIMARY KEY (repo=?)",
            );
            along(
                &sql(kind, "org"),
                "SEARCH threads USING INDEX threads_by_org (org=?)",
            );
        }
    }
    for column in ["repo", "org"] {
        let steps = plan(&snapshot, &thread_rows::rows_sql(column));
        let seeks = |step: &String| step.starts_with("SEARCH threads USING ");
        assert!(steps.iter().any(seeks), "{steps:#?}");
    }
    for scope in ListedScope::ALL {
        let table = scope.lines_table();
        along(
            &timelines::rows_sql(table),
            &format!("SEARCH {table} USING PRIMARY KEY (key=? AND line=? AND start>? AND start<?)"),
        );
        assert_seeks(&snapshot, &thread_lines::any_sql(scope));
    }
    for column in [None, Some("repo"), Some("org")] {
        let by_thread = "SEARCH events USING COVERING INDEX events_by_thread (repo=? AND number=? AND created_at>? AND created_at<?)";
        for sql in [
            thread_spans::active_sql(column),
            thread_spans::closed_sql(column),
        ] {
            assert_planned_once(&snapshot, &sql);
            let steps = plan(&snapshot, &sql);
            assert!(steps.iter().any(|step| step == by_thread), "{steps:#?}");
        }
        let index = format!(
            "SEARCH events USING COVERING INDEX events_by_{} ",
            column.unwrap_or("time")
        );
        let steps = plan(&snapshot, &threads::count_sql(column));
        assert!(
            steps.iter().any(|step| step.starts_with(&index)),
            "{steps:#?}"
        );
    }
    for column in [None, Some("repo"), Some("org")] {
        assert_seeks(&snapshot, &thread_spans::walked_sql(column));
    }
}
