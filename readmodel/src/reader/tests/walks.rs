//! Pages, while more arrives.

use ghev_event::{EventKind, Timestamp};
use proptest::prelude::*;
use proptest::sample;

use super::naive;
use super::world::{
    BASE_SECONDS, LOG, Record, World, any_records, any_scope, any_window, event, import,
};
use crate::{
    Changes, DeadLetter, EventFilter, EventPage, Offset, Place, Reader, Scope, TimeAxis, Window,
    Writer,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_walk_sees_every_event_of_its_beginning_once_whatever_arrives(
        records in any_records(8),
        later in any_records(8),
        limit in 1_usize..5,
        of_repo in any::<bool>(),
    ) {
        let mut world = World::of(&records);
        let mut reader = world.reader();
        let mut filter = EventFilter::default();
        let mut expected = naive::distinct(&records);
        if of_repo {
            let Some(keys) = reader.snapshot().unwrap().resolve_repo("o/a").unwrap() else {
                return Ok(());
            };
            filter.repo = Some(keys);
            expected = naive::in_scope(&expected, super::world::ScopeName::Repo("o/a")).0;
        }
        let mut arriving = later.chunks(1);
        let (mut seen, mut cursor) = (Vec::new(), None);
        for _ in 0..=expected.len() {
            let page = reader.snapshot().unwrap().events(&filter, cursor.as_ref(), limit).unwrap();
            prop_assert!(page.events.len() <= limit);
            seen.extend(page.events);
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse().unwrap());
            world.append(arriving.next().unwrap_or_default());
        }
        prop_assert_eq!(seen, naive::listed(expected));
    }
}

/// Kinds and actions that records of the world have, and some that they never have.
fn any_picks() -> impl Strategy<Value = (Vec<EventKind>, Vec<String>)> {
    let kinds = ["WatchEvent", "IssuesEvent", "PullRequestEvent", "NoEvent"];
    let kinds = sample::subsequence(kinds.to_vec(), 0..3);
    let actions = sample::subsequence(vec!["opened", "closed", "nosuch"], 0..3);
    (kinds, actions).prop_map(|(kinds, actions)| {
        let kinds = kinds.into_iter().map(EventKind::from_name);
        (
            kinds.collect(),
            actions.into_iter().map(str::to_owned).collect(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A list that could meet little or nothing used to walk all of the model, until its deadline.
    #[test]
    fn a_walk_that_stops_early_sees_all_that_meets_its_filter_once(
        records in any_records(8),
        (kinds, actions) in any_picks(),
        scopes in (any_scope(), any_scope()),
        window in any_window(),
        (limit, rows_max) in (1_usize..5, 1_u64..40),
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let mut filter = EventFilter { kinds, actions, window, ..EventFilter::default() };
        for scope in [scopes.0, scopes.1] {
            match scope.resolve(&snapshot) {
                None => return Ok(()),
                Some(Scope::All) => {}
                Some(Scope::Repo(keys)) => filter.repo = Some(keys),
                Some(Scope::Org(keys)) => filter.org = Some(keys),
                Some(Scope::Actor(keys)) => filter.actor = Some(keys),
            }
        }
        let all = snapshot.events(&EventFilter::default(), None, usize::MAX).unwrap();
        let mut expected = all.events;
        expected.retain(|event| filter.matches(event));
        let (mut seen, mut cursor) = (Vec::new(), None);
        for pages in 0.. {
            prop_assert!(pages < 2_000, "the walk does not end");
            let page = snapshot.events_within(&filter, cursor.as_ref(), limit, rows_max).unwrap();
            prop_assert!(page.events.len() <= limit);
            seen.extend(page.events);
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse().unwrap());
        }
        prop_assert_eq!(seen, expected);
    }
}

/// 300 events an hour apart, every tenth of them a star, of one repository.
fn stars_among_pushes() -> World {
    let events = (0..300_u64).map(|id| {
        let kind = if id % 10 == 0 {
            "WatchEvent"
        } else {
            "PushEvent"
        };
        let at = BASE_SECONDS + 3600 * i64::try_from(id).unwrap();
        event(kind, id, Some(at))
    });
    World::of(&[Record {
        provenance: import(0),
        events: events.collect(),
    }])
}

/// `type=NoEvent` walked five million events for nothing, and longer than a question may take.
#[test]
fn a_kind_that_never_was_is_answered_without_a_walk() {
    let world = stars_among_pushes();
    world.execute("ALTER TABLE events RENAME TO not_to_be_walked");
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let by = TimeAxis::ObservedAt;
    let from = Some(Timestamp::from_seconds(0));
    for window in [Window::EVERYTHING, Window { from, to: None, by }] {
        let filter = EventFilter {
            kinds: vec![EventKind::from_name("NoEvent")],
            window,
            ..EventFilter::default()
        };
        let page = snapshot.events_within(&filter, None, 100, 10);
        assert_eq!(
            page.unwrap(),
            EventPage {
                events: Vec::new(),
                next: None
            }
        );
    }
}

/// Nothing tells when an action happened: a page ends, with none, where it has read enough.
#[test]
fn an_action_that_never_was_is_looked_for_a_part_at_a_time() {
    let world = stars_among_pushes();
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let filter = EventFilter {
        actions: vec!["nosuch".to_owned()],
        ..EventFilter::default()
    };
    let (mut pages, mut cursor) = (0, None);
    loop {
        let page = snapshot
            .events_within(&filter, cursor.as_ref(), 1, 100)
            .unwrap();
        assert_eq!(page.events, []);
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, 3);
    assert_eq!(snapshot.events(&filter, None, 1).unwrap().next, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whoever goes on after the last place misses nothing and sees nothing again, also in a model
    /// that was made anew.
    #[test]
    fn arrivals_go_on_in_any_model_of_the_log(
        records in any_records(8),
        later in any_records(8),
        limit in 1_usize..5,
    ) {
        let all: Vec<Record> = records.iter().chain(&later).cloned().collect();
        let mut world = World::of(&records);
        let (mut seen, mut from) = (Vec::new(), Place::new(Offset::ZERO, 0));
        for batch in [later.as_slice(), &[]] {
            loop {
                let arrivals = world.reader().snapshot().unwrap().arrivals(from, limit).unwrap();
                let Some(last) = arrivals.last() else { break };
                from = last.place.next();
                seen.extend(arrivals);
            }
            world.append(batch);
        }
        let anew = World::of(&all);
        let expected = anew.reader().snapshot().unwrap().arrivals(Place::new(Offset::ZERO, 0), 1000);
        prop_assert_eq!(&seen, &expected.unwrap());
        prop_assert_eq!(seen.len(), naive::distinct(&all).len());
    }
}

#[test]
fn dead_letters_are_walked_once_from_the_newest() {
    let letter = |offset, number| DeadLetter {
        offset: Offset::new(offset).unwrap(),
        number,
        source: "archive".to_owned(),
        place: format!("file.json:{number}"),
        reason: "no JSON".to_owned(),
        digest: "0".repeat(32),
        bytes: 7,
    };
    let written = [
        letter(0, 0),
        letter(0, 1),
        letter(0, 2),
        letter(3, 0),
        letter(3, 1),
    ];
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.db");
    let mut writer = Writer::create(&path, LOG).unwrap();
    let changes = Changes {
        dead_letters: written.to_vec(),
        ..Changes::default()
    };
    writer
        .begin()
        .unwrap()
        .commit(&changes, Offset::new(4).unwrap())
        .unwrap();

    let mut reader = Reader::of_file(path);
    let snapshot = reader.snapshot().unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..=written.len() {
        let page = snapshot.dead_letters(2, after).unwrap();
        after = page
            .last()
            .map(|letter| (letter.offset, letter.number))
            .or(after);
        seen.extend(page);
    }
    seen.reverse();
    assert_eq!(seen, written);
    assert_eq!(snapshot.status().unwrap().dead_letters, 5);
}

#[test]
fn a_limit_of_nothing_and_the_largest_are_answered() {
    let events = vec![
        event("WatchEvent", 1, Some(5)),
        event("WatchEvent", 2, None),
    ];
    let world = World::of(&[Record {
        provenance: import(0),
        events,
    }]);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let filter = EventFilter::default();
    assert_eq!(snapshot.events(&filter, None, 0).unwrap().events, []);
    assert_eq!(
        snapshot
            .events(&filter, None, usize::MAX)
            .unwrap()
            .events
            .len(),
        2
    );
}
