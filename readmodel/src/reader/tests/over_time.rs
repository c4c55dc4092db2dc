//! What is answered over time and the list agree. The list's calendar is that of printed times.

use std::collections::BTreeMap;

use ghev_event::{EventKind, KNOWN_KINDS, Timestamp};
use proptest::prelude::*;
use proptest::sample;

use super::naive::{self, Stored, in_scope};
use super::world::{BASE_SECONDS, Record};
use super::world::{ScopeName, World, any_records, any_scope, any_window, event, import};
use crate::error::ReadError;
use crate::{Scope, SeriesInterval, TimeAxis, Window};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_series_is_the_one_that_the_list_of_events_gives(
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
                .map(|bucket| (bucket.start, bucket.counts.counts))
                .collect();
            let expected = series(&events, &window, interval);
            prop_assert_eq!(answer, expected, "{:?} {:?} {:?}", name, window, interval);
        }
    }
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
