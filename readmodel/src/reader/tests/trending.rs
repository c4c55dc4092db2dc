//! What stands out, beside the definition over the list.

use std::collections::BTreeMap;
use std::time::Duration;

use ghev_event::{Event, EventKind, Repo, RepoId, Timestamp};
use proptest::prelude::*;

use super::naive::{self, Stored};
use super::world::{BASE_SECONDS, Record, World, any_records, event, import};
use crate::{TableHashes, TrendingQuery, TrendingRepo};

/// A repository: its number, or where it has none its name.
type Key = (bool, u64, String);

fn key(event: &Event<'_>) -> Option<Key> {
    let repo = event.repo.as_ref()?;
    let name = repo.name.as_deref().map(str::to_lowercase);
    Some(match repo.id {
        Some(id) => (false, id.get(), String::new()),
        None => (true, 0, name?),
    })
}

/// Every repository with an event in the window: key, count, mean, deviation, z-score.
fn scores(all: &[Stored], query: &TrendingQuery) -> BTreeMap<Key, (u64, f64, f64, f64)> {
    let window = i64::from(query.window_seconds) * 1000;
    let mut counts: BTreeMap<Key, [u64; 8]> = BTreeMap::new();
    for Stored { event, .. } in all {
        let (Some(key), Some(at)) = (key(event), event.created_at) else {
            continue;
        };
        let kind = query.kinds.is_empty() || query.kinds.contains(&event.kind);
        for (back, _) in (0..8).zip([(); 8]).filter(|_| kind) {
            let to = query.to.as_millis() - back * window;
            if to - window <= at.as_millis() && at.as_millis() < to {
                counts.entry(key.clone()).or_default()[usize::try_from(back).unwrap()] += 1;
            }
        }
    }
    counts.retain(|_, counts| counts[0] > 0);
    let score = |counts: [u64; 8]| {
        let past: Vec<f64> = counts[1..].iter().map(|&count| count as f64).collect();
        let mean = past.iter().sum::<f64>() / 7.0;
        let variance = past.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 7.0;
        let deviation = variance.sqrt();
        let z = (counts[0] as f64 - mean) / deviation.max(1.0);
        (counts[0], mean, deviation, z)
    };
    counts
        .into_iter()
        .map(|(key, counts)| (key, score(counts)))
        .collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_stands_out_is_what_the_list_says(
        records in any_records(10),
        to_ms in prop::sample::select(vec![0_i64, 1, 500]),
        steps in prop_oneof![0_i64..24, 60_i64..140],
        window_seconds in prop::sample::select(vec![900_u32, 1800, 3600, 7200, 172_800]),
        kinds in prop::sample::subsequence(vec!["PushEvent", "PullRequestEvent", "FollowEvent"], 0..=2),
        limit in 0_usize..6,
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let query = TrendingQuery {
            kinds: kinds.iter().map(|name| EventKind::from_name(name)).collect(),
            to: Timestamp::from_millis((BASE_SECONDS + steps * 900) * 1000 + to_ms),
            window_seconds,
        };
        let expected = scores(&naive::distinct(&records), &query);
        let answer = snapshot.trending(&query, 1000).unwrap();
        prop_assert_eq!(answer.repos.len(), expected.len());
        prop_assert_eq!(answer.events, expected.values().map(|score| score.0).sum::<u64>());
        for repo in &answer.repos {
            let name = || repo.name.as_deref().unwrap_or_default().to_lowercase();
            let key = repo.id.map_or_else(|| (true, 0, name()), |id| (false, id, String::new()));
            let (count, mean, deviation, z) = expected[&key];
            prop_assert_eq!(repo.count, count);
            prop_assert!(near(repo.baseline_mean, mean), "{:?} {}", repo, mean);
            prop_assert!(near(repo.baseline_deviation, deviation), "{:?} {}", repo, deviation);
            prop_assert!(near(repo.z_score, z), "{:?} {}", repo, z);
        }
        let unordered = |pair: &[TrendingRepo]| {
            let (a, b) = (&pair[0], &pair[1]);
            let equal = near(a.z_score, b.z_score);
            let numbers = a.id.unwrap_or(u64::MAX) > b.id.unwrap_or(u64::MAX);
            (!equal && a.z_score < b.z_score)
                || (equal && a.count < b.count)
                || (equal && a.count == b.count && numbers)
        };
        prop_assert!(!answer.repos.windows(2).any(unordered), "{:#?}", answer.repos);
        let few = snapshot.trending(&query, limit).unwrap();
        prop_assert_eq!(few.events, answer.events);
        prop_assert_eq!(&few.repos[..], &answer.repos[..limit.min(answer.repos.len())]);
    }
}

/// Many events are nothing special where there are always many, and the short cut must not stop
/// at those.
#[test]
fn a_small_repository_that_bursts_comes_before_a_large_one_that_does_not() {
    let mut id = 0;
    let mut events = Vec::new();
    let mut add = |repo: u64, events_of_window: &[u64]| {
        for (back, &count) in (0_i64..).zip(events_of_window) {
            for second in 0..i64::try_from(count).unwrap() {
                id += 1;
                let at = BASE_SECONDS - back * 3600 - 1 - second;
                let repo = Some(Repo {
                    id: Some(RepoId::new(repo)),
                    name: Some(format!("o/{repo}").into()),
                });
                events.push(Event {
                    repo,
                    ..event("PushEvent", id, Some(at))
                });
            }
        }
    };
    add(1, &[50, 50, 50, 50, 50, 50, 50, 50]);
    add(2, &[5, 0, 0, 0, 0, 0, 0, 0]);
    add(3, &[5, 7, 0, 0, 0, 0, 0, 0]);
    add(4, &[1, 0, 0, 0, 0, 0, 0, 0, 9]);
    let world = World::of(&[Record {
        provenance: import(0),
        events,
    }]);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let query = TrendingQuery {
        kinds: Vec::new(),
        to: Timestamp::from_seconds(BASE_SECONDS),
        window_seconds: 3600,
    };
    let ids = |limit| -> Vec<_> {
        let trending = snapshot.trending(&query, limit).unwrap();
        assert_eq!(trending.events, 61);
        trending.repos.iter().map(|repo| repo.id.unwrap()).collect()
    };
    assert_eq!(ids(10), [2, 3, 4, 1]);
    assert_eq!(ids(1), [2]);
    let first = &snapshot.trending(&query, 2).unwrap().repos[1];
    assert_eq!(first.name.as_deref(), Some("o/3"));
    assert_eq!((first.count, first.baseline_mean), (5, 1.0));
    assert!(near(first.baseline_deviation, 6.0_f64.sqrt()));
    assert!(near(first.z_score, 4.0 / 6.0_f64.sqrt()));
}

/// Events of a repository, so many seconds after a whole hour of a day.
fn pushes(ids: std::ops::Range<u64>, seconds: i64, observed_seconds: i64) -> Record {
    let push = |id| Event {
        repo: Some(Repo {
            id: Some(RepoId::new(1 + id % 2)),
            name: Some("o/r".into()),
        }),
        ..event("PushEvent", id, Some(BASE_SECONDS + seconds))
    };
    Record {
        provenance: import((BASE_SECONDS + observed_seconds) * 1000),
        events: ids.map(push).collect(),
    }
}

/// What is left of a day of which rows are dropped is as if there had never been more.
#[test]
fn a_day_of_which_little_is_left_has_one_row_again() {
    let kept = Some(Duration::from_secs(3600));
    let records = [
        pushes(0..9, 60, 70),
        pushes(9..11, 3700, 3800),
        pushes(11..12, 7300, 3600 + 3700),
    ];
    let mut live = World::new();
    live.keep_events(kept);
    for record in &records {
        live.append(std::slice::from_ref(record));
    }
    let since = live.reader().snapshot().unwrap().events_since();
    assert_eq!(since, Some(Timestamp::from_seconds(BASE_SECONDS + 3600)));
    let loaded = World::loaded(&records, kept);
    let hashes = [&live, &loaded].map(|world| TableHashes::of(world.path()).unwrap());
    assert_eq!(hashes[0].differing(&hashes[1]), Vec::<String>::new());
    let mut reader = live.reader();
    let snapshot = reader.snapshot().unwrap();
    let query = TrendingQuery {
        kinds: vec![],
        to: Timestamp::from_seconds(BASE_SECONDS + 10_800),
        window_seconds: 10_800,
    };
    assert_eq!(snapshot.trending(&query, 9).unwrap().events, 3);
}
