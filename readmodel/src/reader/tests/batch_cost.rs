//! What a batch costs is up to what is in it, not to what the model has already. Counted in SQLite's own
//! instructions, so that it is the same on every machine.

use std::borrow::Cow;
use std::time::Duration;

use ghev_event::{
    Actor, ActorId, Event, EventId, KNOWN_KINDS, KnownKind, Org, OrgId, PayloadFacts, Repo, RepoId,
    ThreadNumber,
};

use super::world::{BASE_SECONDS, Record, World, event, import};
use crate::TableHashes;

const DAY_SECONDS: i64 = 86_400;
const DAY_EVENTS: i64 = 50;

/// The events of a day, within an hour of it.
fn day(day: i64) -> Record {
    record(day, BASE_SECONDS + day * DAY_SECONDS)
}

/// Events from a time on, of every known kind: of three repositories and ten people, each event of an issue
/// or pull request of its own. Records with different numbers have different ones.
fn record(number: i64, from_second: i64) -> Record {
    let made = |(of_record, kind): (i64, &KnownKind)| -> Event<'static> {
        let number = number * DAY_EVENTS + of_record;
        let id = number.unsigned_abs();
        let at = from_second + of_record * 60;
        let of = event(kind.name(), id, Some(at));
        let name = |prefix: &str, number: u64| Some(Cow::Owned(format!("{prefix}{number}")));
        Event {
            id: EventId::Number(id),
            actor: Some(Actor {
                id: Some(ActorId::new(1 + id % 10)),
                login: name("a", id % 10),
            }),
            repo: Some(Repo {
                id: Some(RepoId::new(1 + id % 3)),
                name: name("o/r", id % 3),
            }),
            org: Some(Org {
                id: Some(OrgId::new(1)),
                login: name("o", 1),
            }),
            facts: PayloadFacts {
                action: Some(Cow::Borrowed("opened")),
                number: Some(ThreadNumber::new(id)),
                ..PayloadFacts::default()
            },
            ..of
        }
    };
    Record {
        provenance: import(from_second * 1000),
        events: (0..DAY_EVENTS)
            .zip(KNOWN_KINDS.iter().cycle())
            .map(made)
            .collect(),
    }
}

/// Instructions for a batch of one day, into a model of the days before it.
fn steps_after(days: i64, kept: Option<Duration>) -> u64 {
    let mut world = World::new();
    world.keep_events(kept);
    let before: Vec<Record> = (0..days).map(day).collect();
    world.append(&before);
    // What is dropped is dropped before: the batch that is counted drops a day's events.
    world.append(&[day(days)]);
    let steps = world.count_steps();
    world.append(&[day(days + 1)]);
    steps.get()
}

/// Lists of contributors were added to along the index of kinds, where SQLite takes it for the shortest way:
/// through all contributions that there are, with every batch. Of 500,000 events it was half of the projector's
/// time; of 50 million it would have been seconds.
#[test]
fn a_batch_costs_no_more_where_the_model_has_more() {
    for kept_days in [None, Some(20)] {
        let kept = kept_days.map(|days| Duration::from_secs(days * DAY_SECONDS.unsigned_abs()));
        let (few, many) = (steps_after(30, kept), steps_after(300, kept));
        assert!(few > 10_000, "{few} steps were counted");
        assert!(
            many < few + few / 20,
            "keeping {kept_days:?} days: {few} steps after 30 days, {many} after 300"
        );
    }
}

/// Instructions for the batch with which an hour's rows are dropped, where the next hour of that day has so many
/// records.
fn steps_of_dropping_beside(records: i64) -> u64 {
    let mut world = World::new();
    world.keep_events(Some(Duration::from_secs(DAY_SECONDS.unsigned_abs())));
    world.append(&[record(0, BASE_SECONDS)]);
    let next_hour = BASE_SECONDS + 3600;
    let beside: Vec<Record> = (1..=records).map(|of| record(of, next_hour)).collect();
    world.append(&beside);
    let steps = world.count_steps();
    world.append(&[record(records + 1, next_hour + DAY_SECONDS)]);
    steps.get()
}

/// The sums of a day were made anew of all that was left of it, with each hour of it that was dropped. Of a day
/// of 3.5 million events, an hour of 144,000 was a batch of minutes, while nothing else came into the model.
#[test]
fn an_hour_that_is_dropped_costs_no_more_where_its_day_has_more() {
    let (few, many) = (steps_of_dropping_beside(2), steps_of_dropping_beside(40));
    assert!(few > 10_000, "{few} steps were counted");
    assert!(
        many < few + few / 20,
        "{few} steps beside 2 records, {many} beside 40"
    );
}

/// How many rows of events a model has.
fn rows(world: &World) -> u64 {
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    let count = "SELECT count(*) FROM events";
    let count: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
    count.unsigned_abs()
}

/// A limit on a model that had grown large was one batch of minutes: nothing came in meanwhile, and a projector that
/// was to stop did so after it, or was killed and began anew.
#[test]
fn what_is_too_old_is_dropped_a_little_at_a_time() {
    let hours = (0..24_i64).chain([7; 3]);
    let mut records: Vec<Record> = (0..)
        .zip(hours)
        .map(|(of, hour)| record(of, BASE_SECONDS + hour * 3600))
        .collect();
    let mut world = World::new();
    world.append(&records);
    let kept = Some(Duration::from_secs(4 * 3600));
    world.keep_events(kept);
    world.drop_at_once(120);
    let (mut before, mut dropped) = (rows(&world), Vec::new());
    // A batch drops some beside its own events.
    records.push(record(100, BASE_SECONDS + 24 * 3600));
    world.append(&records[records.len() - 1..]);
    dropped.push(before + DAY_EVENTS.unsigned_abs() - rows(&world));
    before = rows(&world);
    while world.drop_some() {
        dropped.push(before - rows(&world));
        before = rows(&world);
    }
    // Two hours fit, and of the eighth more events are in one.
    assert_eq!(
        dropped,
        [100, 100, 100, 50, 200, 100, 100, 100, 100, 100, 100]
    );
    assert_eq!(
        TableHashes::of(world.path()).unwrap(),
        TableHashes::of(World::loaded(&records, kept).path()).unwrap()
    );
}
