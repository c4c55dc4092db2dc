//! What is answered over time and the list agree. The list's calendar is that of printed times.

use std::collections::BTreeMap;

use ghev_event::{
    Event, EventKind, KNOWN_KINDS, KnownKind, Org, OrgId, PayloadFacts, ThreadNumber, Timestamp,
};
use proptest::prelude::*;
use proptest::sample;

use super::naive::{self, Stored, in_scope};
use super::threads::on;
use super::world::{BASE_SECONDS, Record};
use super::world::{ScopeName, World, any_records, any_scope, any_window, event, import};
use crate::error::ReadError;
use crate::{Activity, PullRequestAction, Scope, SeriesInterval, TimeAxis, Window};

const INTERVALS: [SeriesInterval; 5] = [
    SeriesInterval::Minute,
    SeriesInterval::Hour,
    SeriesInterval::Day,
    SeriesInterval::Week,
    SeriesInterval::Month,
];

type Counts = BTreeMap<EventKind, u64>;

fn parsed(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_seconds(at.as_seconds() + seconds)
}

/// When the bucket that `at` lies in begins.
fn begin(interval: SeriesInterval, at: Timestamp) -> Timestamp {
    let text = at.to_string();
    match interval {
        SeriesInterval::Minute => parsed(&format!("{}:00Z", &text[..16])),
        SeriesInterval::Hour => parsed(&format!("{}:00:00Z", &text[..13])),
        SeriesInterval::Day => parsed(&format!("{}T00:00:00Z", &text[..10])),
        SeriesInterval::Month => parsed(&format!("{}-01T00:00:00Z", &text[..7])),
        SeriesInterval::Week => {
            let monday = parsed("2014-12-29T00:00:00Z");
            let mut start = begin(SeriesInterval::Day, at);
            while (start.as_seconds() - monday.as_seconds()) % (7 * 86_400) != 0 {
                start = later(start, -86_400);
            }
            start
        }
    }
}

fn series(
    events: &[Stored],
    window: &Window,
    interval: SeriesInterval,
) -> Vec<(Timestamp, Counts)> {
    let time = |stored: &Stored| match window.by {
        TimeAxis::CreatedAt => stored.event.created_at,
        TimeAxis::ObservedAt => Some(stored.observed_at),
    };
    let within = |at: &Timestamp| {
        window.from.is_none_or(|from| *at >= from) && window.to.is_none_or(|to| *at < to)
    };
    let timed: Vec<(Timestamp, &EventKind)> = events
        .iter()
        .filter_map(|stored| Some((time(stored).filter(within)?, &stored.event.kind)))
        .collect();
    let times = || timed.iter().map(|&(at, _)| at);
    let last_within = |to: Timestamp| Timestamp::from_millis(to.as_millis() - 1);
    let first = window.from.or_else(|| times().min());
    let last = window.to.map(last_within).or_else(|| times().max());
    let mut buckets = Vec::new();
    let bounded = window.from.is_some() && window.to.is_some();
    let (Some(first), Some(last)) = (first, last) else {
        return buckets;
    };
    if first > last || (!bounded && timed.is_empty()) {
        return buckets;
    }
    let mut start = begin(interval, first);
    while start <= last {
        let mut counts: Counts = KNOWN_KINDS
            .iter()
            .map(|&kind| (EventKind::Known(kind), 0))
            .collect();
        for (_, kind) in timed.iter().filter(|(at, _)| begin(interval, *at) == start) {
            *counts.entry((*kind).clone()).or_default() += 1;
        }
        buckets.push((start, counts));
        // Longer than any bucket but a month, and shorter than two of any but a day.
        let step = match interval {
            SeriesInterval::Minute => 60,
            SeriesInterval::Hour => 3600,
            SeriesInterval::Day => 86_400,
            SeriesInterval::Week => 7 * 86_400,
            SeriesInterval::Month => 31 * 86_400,
        };
        start = begin(interval, later(start, step));
    }
    buckets
}

fn activity(events: &[Stored], window: &Window) -> Activity {
    let by = TimeAxis::CreatedAt;
    let window = Window { by, ..*window };
    let events: Vec<_> = events
        .iter()
        .filter(|stored| naive::in_window(stored, &window))
        .map(|stored| &stored.event)
        .collect();
    let of = |kind| events.iter().filter(move |event| event.kind.is(kind));
    let count = |kind| of(kind).count() as u64;
    let published = |event: &&&Event<'_>| match event.facts.action.as_deref() {
        Some(action) => action == "published",
        None => event
            .created_at
            .is_some_and(|at| at < parsed("2015-01-01T00:00:00Z")),
    };
    let sizes: Vec<u64> = of(KnownKind::Push)
        .filter_map(|event| event.facts.push_size)
        .collect();
    let unknown = sizes.is_empty() && count(KnownKind::Push) > 0;
    Activity {
        stars: count(KnownKind::Watch),
        forks: count(KnownKind::Fork),
        releases: of(KnownKind::Release).filter(published).count() as u64,
        pushes: count(KnownKind::Push),
        commits: (!unknown).then(|| sizes.iter().sum()),
        pushes_with_size: sizes.len() as u64,
        events: events.len() as u64,
    }
}

fn matrix(events: &[Stored], window: &Window) -> [[u64; 24]; 7] {
    let mut rows = [[0; 24]; 7];
    let window = Window {
        by: TimeAxis::CreatedAt,
        ..*window
    };
    for stored in events
        .iter()
        .filter(|stored| naive::in_window(stored, &window))
    {
        let Some(at) = stored.event.created_at else {
            continue;
        };
        let hour: usize = at.to_string()[11..13].parse().unwrap();
        let midnight = |at| begin(SeriesInterval::Day, at).as_seconds();
        let monday = begin(SeriesInterval::Week, at).as_seconds();
        let weekday = usize::try_from((midnight(at) - monday) / 86_400).unwrap();
        rows[weekday][hour] += 1;
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_answer_over_time_is_the_one_that_the_list_of_events_gives(
        records in any_records(10),
        questions in proptest::collection::vec(
            (any_scope(), any_window(), sample::select(INTERVALS.to_vec())), 1..12),
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let all = naive::distinct(&records);
        for (name, window, interval) in questions {
            let Some(scope) = name.resolve(&snapshot) else {
                continue;
            };
            let (events, _) = in_scope(&all, name);
            let answer = snapshot.event_series(&scope, &window, interval).unwrap();
            let answer: Vec<_> = answer
                .buckets
                .into_iter()
                .map(|bucket| (bucket.start, bucket.counts.iter().collect()))
                .collect();
            let expected = series(&events, &window, interval);
            prop_assert_eq!(answer, expected, "{:?} {:?} {:?}", name, window, interval);
            let answer = snapshot.activity(&scope, &window).unwrap();
            prop_assert_eq!(answer, activity(&events, &window), "{:?} {:?}", name, window);
            let answer = snapshot.activity_matrix(&scope, &window).unwrap();
            prop_assert_eq!(answer.rows, matrix(&events, &window), "{:?} {:?}", name, window);
        }
    }
}

/// Where the rows of its first events had been dropped, a pull request of an organisation was taken for one that
/// began with the first event that was left.
#[test]
fn a_pull_request_does_not_begin_with_what_is_left_of_it() {
    let day = 86_400;
    let at = |number: i64, seconds: i64, events: &[(u64, u64, &'static str)]| {
        let at = BASE_SECONDS + number * day + seconds;
        let event = |&(id, number, action): &(u64, u64, &'static str)| {
            let instant = Timestamp::from_seconds(at);
            let mut event = on("PullRequestEvent", id, instant, "ann", action);
            event.facts.number = Some(ThreadNumber::new(number));
            event.org = Some(Org {
                id: Some(OrgId::new(5)),
                login: Some("o".into()),
            });
            event
        };
        let events = events.iter().map(event).collect();
        let provenance = import((at + 1) * 1000);
        Record { provenance, events }
    };
    let mut world = World::new();
    world.keep_events(Some(std::time::Duration::from_secs(3 * day.unsigned_abs())));
    world.append(&[
        at(0, 0, &[(1, 7, "opened")]),
        at(9, 0, &[(2, 7, "closed"), (3, 8, "opened")]),
        at(9, 60, &[(4, 8, "closed")]),
    ]);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let org = Scope::Org(snapshot.resolve_org("o").unwrap().unwrap());
    let window = Window {
        from: snapshot.events_since(),
        ..Window::EVERYTHING
    };
    for action in [PullRequestAction::Any, PullRequestAction::Opened] {
        let found = snapshot.pull_request_interval(&org, &window, action);
        assert_eq!(found.unwrap().sample_size, 1, "{action:?}");
    }
}

/// Where rows of old events had been dropped, a series of everybody's events without a start began with
/// the first row that was left, and was a panic: it is filled from sums, which reach further back.
#[test]
fn a_series_begins_with_the_first_of_its_sums_where_rows_were_dropped() {
    let day = 86_400;
    let records: Vec<Record> = (0..10)
        .map(|number| {
            let at = BASE_SECONDS + number * day + 77;
            let events = vec![event("PushEvent", number.unsigned_abs(), Some(at))];
            let provenance = import((at + 1) * 1000);
            Record { provenance, events }
        })
        .collect();
    let mut world = World::new();
    world.keep_events(Some(std::time::Duration::from_secs(3 * day.unsigned_abs())));
    world.append(&records);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let first_row = BASE_SECONDS + 6 * day;
    assert_eq!(
        snapshot.events_since(),
        Some(Timestamp::from_seconds(first_row))
    );
    let bound = |number| Some(Timestamp::from_seconds(BASE_SECONDS + number * day));
    for (from, to, expected) in [
        (None, None, 10),
        (None, bound(8), 8),
        (None, bound(3), 3),
        (bound(2), None, 8),
        (bound(2), bound(4), 2),
    ] {
        let window = Window {
            from,
            to,
            ..Window::EVERYTHING
        };
        let counted = snapshot.event_counts(&Scope::All, &window).unwrap();
        assert_eq!(counted.total(), expected, "{window:?}");
        for interval in INTERVALS {
            let series = snapshot.event_series(&Scope::All, &window, interval);
            if interval != SeriesInterval::Minute || series.is_ok() {
                assert_eq!(series.unwrap().total(), expected, "{interval:?} {window:?}");
            }
        }
    }
}

/// A generation that was written before there were sums answers from single events.
#[test]
fn activity_is_the_same_without_its_sums() {
    let ages = BASE_SECONDS;
    let size = |size| PayloadFacts {
        push_size: Some(size),
        ..PayloadFacts::default()
    };
    let pushes = (0..200).map(|id| {
        with_facts(
            "PushEvent",
            id,
            ages + 47 * i64::try_from(id).unwrap(),
            size(id),
        )
    });
    let world = World::of(&[Record {
        provenance: import(0),
        events: pushes.collect(),
    }]);
    let windows = [
        (0, 9_400),
        (59, 3_601),
        (3_600, 7_200),
        (61, 62),
        (100, 9_000),
    ];
    let ask = || {
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let of = |window: Window| snapshot.activity(&Scope::All, &window).unwrap();
        let spans = windows.map(|(from, to)| {
            let at = |seconds| Some(Timestamp::from_seconds(ages + seconds));
            of(Window {
                from: at(from),
                to: at(to),
                ..Window::default()
            })
        });
        (spans, of(Window::EVERYTHING))
    };
    let with_sums = ask();
    assert_eq!(with_sums.1.commits, Some(199 * 200 / 2));
    world.execute("DELETE FROM projections WHERE name = 'sums'");
    assert_eq!(ask(), with_sums);
    world.execute(
        "DROP TABLE hourly_activity; DROP TABLE minute_activity;
         DELETE FROM projections WHERE name = 'activity'",
    );
    assert_eq!(ask(), with_sums);
}

/// Months and weeks of years, where the small worlds have hours.
#[test]
fn months_and_weeks_are_those_of_the_calendar() {
    let at = |text: &str| parsed(text).as_seconds();
    let times = [
        "2023-12-31T23:59:59Z",
        "2024-01-01T00:00:00Z",
        "2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00Z",
        "2024-03-04T00:00:00Z",
    ];
    let events = (1..)
        .zip(times)
        .map(|(id, time)| event("PushEvent", id, Some(at(time))));
    let world = World::of(&[Record {
        provenance: import(0),
        events: events.collect(),
    }]);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let totals = |interval| -> Vec<(String, u64)> {
        let series = snapshot
            .event_series(&Scope::All, &Window::EVERYTHING, interval)
            .unwrap();
        assert_eq!(series.total(), 5);
        let buckets = series.buckets.iter();
        buckets
            .map(|bucket| {
                (
                    bucket.start.to_string()[..10].to_owned(),
                    bucket.counts.total(),
                )
            })
            .collect()
    };
    let expected = [
        ("2023-12-01", 1),
        ("2024-01-01", 1),
        ("2024-02-01", 1),
        ("2024-03-01", 2),
    ];
    assert_eq!(
        totals(SeriesInterval::Month),
        expected.map(|(start, events)| (start.to_owned(), events))
    );
    let weeks = totals(SeriesInterval::Week);
    assert_eq!(weeks.len(), 11);
    assert_eq!(weeks[0], ("2023-12-25".to_owned(), 1));
    assert_eq!(weeks[1], ("2024-01-01".to_owned(), 1));
    assert_eq!(weeks[9], ("2024-02-26".to_owned(), 2));
    assert_eq!(weeks[10], ("2024-03-04".to_owned(), 1));
}

/// The limit is told before anything is counted, and is met exactly.
#[test]
fn ten_thousand_buckets_are_answered_and_one_more_is_not() {
    let world = World::new();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let minutes = |minutes: i64| {
        let window = Window {
            from: Some(Timestamp::from_seconds(BASE_SECONDS)),
            to: Some(Timestamp::from_seconds(BASE_SECONDS + minutes * 60)),
            ..Window::default()
        };
        snapshot.event_series(&Scope::All, &window, SeriesInterval::Minute)
    };
    assert_eq!(minutes(10_000).unwrap().buckets.len(), 10_000);
    assert!(matches!(
        minutes(10_001),
        Err(ReadError::TooManyBuckets {
            buckets: 10_001,
            max: 10_000
        })
    ));
    let unknown = ScopeName::Repo("o/a").resolve(&snapshot);
    assert_eq!(unknown, None);
}

fn with_facts(kind: &str, id: u64, at: i64, facts: PayloadFacts<'static>) -> Event<'static> {
    Event {
        facts,
        ..event(kind, id, Some(at))
    }
}

/// The year in which actions began decides what a release without one was; a size that is not
/// stated is not none.
#[test]
fn what_a_payload_does_not_say_is_unknown() {
    let action = |action: &'static str| PayloadFacts {
        action: Some(action.into()),
        ..PayloadFacts::default()
    };
    let size = |size| PayloadFacts {
        push_size: Some(size),
        ..PayloadFacts::default()
    };
    let none = PayloadFacts::default;
    let ages = parsed("2015-01-01T00:00:00Z").as_seconds();
    let releases = vec![
        with_facts("ReleaseEvent", 1, ages - 1, none()),
        with_facts("ReleaseEvent", 2, ages, none()),
        with_facts("ReleaseEvent", 3, ages, action("published")),
        with_facts("ReleaseEvent", 4, ages, action("deleted")),
        Event {
            created_at: None,
            ..with_facts("ReleaseEvent", 5, 0, none())
        },
    ];
    let ask = |events: Vec<Event<'static>>| {
        let world = World::of(&[Record {
            provenance: import(0),
            events,
        }]);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        snapshot.activity(&Scope::All, &Window::EVERYTHING).unwrap()
    };
    let activity = ask(releases);
    assert_eq!((activity.releases, activity.events), (2, 5));
    assert_eq!((activity.pushes, activity.commits), (0, Some(0)));

    let unsized_push = || with_facts("PushEvent", 1, ages, none());
    assert_eq!(ask(vec![unsized_push()]).commits, None);
    let sized = [
        with_facts("PushEvent", 2, ages, size(0)),
        with_facts("PushEvent", 3, ages, size(7)),
    ];
    let activity = ask([vec![unsized_push()], sized.to_vec()].concat());
    assert_eq!((activity.pushes, activity.pushes_with_size), (3, 2));
    assert_eq!(activity.commits, Some(7));
    let huge = |id| with_facts("PushEvent", id, ages, size(u64::MAX));
    let most = i64::MAX.cast_unsigned();
    assert_eq!(ask(vec![huge(1)]).commits, Some(most));
    assert_eq!(ask(vec![huge(1), huge(2)]).commits, Some(most));
}
