//! Sums, and single events at the edges: whoever has many events is answered from the former, and exactly so.

use ghev_event::{Event, EventKind, KnownKind, PayloadFacts, Repo, RepoId, Timestamp};

use super::world::{BASE_SECONDS, Record, ScopeName, World, event, import};
use crate::{Activity, ActivityMatrix, EventCounts, EventSeries, Scope, SeriesInterval, Window};

const HOUR: i64 = 3600;

/// A push of a repository, of as many commits as its number says.
fn push(id: u64, at: i64, repo: &'static str) -> Event<'static> {
    let number = RepoId::new(repo.len() as u64);
    Event {
        repo: Some(Repo {
            id: Some(number),
            name: Some(repo.into()),
        }),
        facts: PayloadFacts {
            push_size: Some(id),
            ..PayloadFacts::default()
        },
        ..event("PushEvent", id, Some(at))
    }
}

/// Three days of a repository with many events, and one with few.
fn world() -> World {
    let many = (0..430).map(|id| {
        push(
            id,
            BASE_SECONDS + 601 * i64::try_from(id).unwrap(),
            "o/many",
        )
    });
    let few = (1_000..1_003).map(|id| {
        let nth = i64::try_from(id).unwrap() - 1_000;
        push(id, BASE_SECONDS + 60_000 * (nth + 1), "o/few")
    });
    let events: Vec<_> = many.chain(few).collect();
    let records = events.chunks(7).map(|events| Record {
        provenance: import(0),
        events: events.to_vec(),
    });
    World::of(&records.collect::<Vec<_>>())
}

fn between(from: i64, to: i64) -> Window {
    Window {
        from: Some(Timestamp::from_seconds(from)),
        to: Some(Timestamp::from_seconds(to)),
        ..Window::default()
    }
}

type Answers = (EventCounts, EventSeries, Activity, ActivityMatrix);

fn ask(world: &World, name: ScopeName, window: &Window) -> Answers {
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let scope: Scope = name.resolve(&snapshot).unwrap();
    (
        snapshot.event_counts(&scope, window).unwrap(),
        snapshot
            .event_series(&scope, window, SeriesInterval::Day)
            .unwrap(),
        snapshot.activity(&scope, window).unwrap(),
        snapshot.activity_matrix(&scope, window).unwrap(),
    )
}

/// The rows of events that no answer needs are taken away, and it stays: what had many is not walked
/// through, what had few is.
#[test]
fn who_has_many_is_answered_from_sums_and_who_has_few_from_events() {
    let world = world();
    let window = between(BASE_SECONDS + 1_234, BASE_SECONDS + 50 * HOUR + 2_345);
    let many = ask(&world, ScopeName::Repo("o/many"), &window);
    let pushes = (3..=303).count() as u64;
    assert_eq!(many.0.of(&EventKind::Known(KnownKind::Push)), pushes);
    assert_eq!(many.2.commits, Some((3..=303).sum()));
    assert_eq!((many.1.total(), many.3.total()), (pushes, pushes));
    let all = ask(&world, ScopeName::All, &window);
    assert_eq!(all.0.total(), pushes + 3);
    assert_eq!(ask(&world, ScopeName::Repo("o/few"), &window).0.total(), 3);

    // Busy hours have sums of their minutes: what is left is less than a minute at each end.
    let kept = [BASE_SECONDS + 1_260, BASE_SECONDS + 50 * HOUR + 2_340];
    world.execute(&format!(
        "DELETE FROM events WHERE created_at >= {} AND created_at < {}",
        kept[0], kept[1]
    ));
    assert_eq!(ask(&world, ScopeName::Repo("o/many"), &window), many);
    assert_eq!(ask(&world, ScopeName::All, &window), all);
    assert_eq!(ask(&world, ScopeName::Repo("o/few"), &window).0.total(), 0);
}

/// A generation that was written before there were sums answers from single events.
#[test]
fn an_older_generation_answers_the_same() {
    let world = world();
    let windows = [
        Window::EVERYTHING,
        between(BASE_SECONDS + 1_234, BASE_SECONDS + 50 * HOUR + 2_345),
        between(BASE_SECONDS + 3_599, BASE_SECONDS + 7_201),
        between(BASE_SECONDS + 9 * HOUR - 1, BASE_SECONDS + 33 * HOUR + 1),
    ];
    let names = [
        ScopeName::All,
        ScopeName::Repo("o/many"),
        ScopeName::Repo("o/few"),
    ];
    let ask_all = || -> Vec<Answers> {
        let asked = names.iter().flat_map(|&name| {
            let world = &world;
            windows.iter().map(move |window| ask(world, name, window))
        });
        asked.collect()
    };
    let with_sums = ask_all();
    world.execute(
        "DROP TABLE sums_of_all; DROP TABLE sums_of_repos; DROP TABLE sums_of_actors;
         DROP TABLE sums_of_orgs; DELETE FROM projections WHERE name = 'sums'",
    );
    assert_eq!(ask_all(), with_sums);
}

/// An event without a time is in no stretch of it, and in the answer about everything.
#[test]
fn events_without_a_time_are_counted_once_beside_sums() {
    let dated = (0..9).map(|id| {
        push(
            id,
            BASE_SECONDS + 1_000 * i64::try_from(id).unwrap(),
            "o/many",
        )
    });
    let undated = (9..12).map(|id| Event {
        created_at: None,
        ..push(id, 0, "o/many")
    });
    let world = World::of(&[Record {
        provenance: import(0),
        events: dated.chain(undated).collect(),
    }]);
    for name in [ScopeName::All, ScopeName::Repo("o/many")] {
        let (counts, series, activity, matrix) = ask(&world, name, &Window::EVERYTHING);
        assert_eq!((counts.total(), activity.events), (12, 12), "{name:?}");
        assert_eq!(activity.commits, Some((0..12).sum()), "{name:?}");
        assert_eq!((series.total(), matrix.total()), (9, 9), "{name:?}");
        let window = Window {
            to: Some(Timestamp::from_seconds(BASE_SECONDS + 2_001)),
            ..Window::default()
        };
        let (counts, series, activity, _) = ask(&world, name, &window);
        assert_eq!((counts.total(), series.total()), (3, 3), "{name:?}");
        assert_eq!(activity.commits, Some(3), "{name:?}");
    }
}
