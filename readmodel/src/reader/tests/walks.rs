//! Pages, while more arrives.

use proptest::prelude::*;

use super::naive;
use super::world::{LOG, Record, World, any_records, event, import};
use crate::{Changes, DeadLetter, EventFilter, Offset, Place, Reader, Writer};

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
