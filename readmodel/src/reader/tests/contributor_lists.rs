//! Lists of contributors, and single events at the edges: whoever has many events is answered from the former, and
//! exactly so.

use ghev_event::{Actor, ActorId, Event, Repo, RepoId, Timestamp};

use super::world::{BASE_SECONDS, Record, ScopeName, World, event, import};
use crate::{Bots, Contributors, Window};

const HOUR: i64 = 3600;

/// A push of a repository, by one of seven actors.
fn push(id: u64, at: i64, repo: &'static str) -> Event<'static> {
    Event {
        actor: Some(Actor {
            id: Some(ActorId::new(id % 7)),
            login: Some("ann".into()),
        }),
        repo: Some(Repo {
            id: Some(RepoId::new(repo.len() as u64)),
            name: Some(repo.into()),
        }),
        ..event("PushEvent", id, Some(at))
    }
}

/// Three days of a repository with many events, and one with few.
fn world() -> World {
    let many = (0..430).map(|id| {
        let nth = i64::try_from(id).unwrap();
        push(id, BASE_SECONDS + 601 * nth, "o/many")
    });
    let few = (1_000..1_003).map(|id| {
        let nth = i64::try_from(id).unwrap() - 999;
        push(id, BASE_SECONDS + 60_000 * nth, "o/few")
    });
    let events: Vec<_> = many.chain(few).collect();
    let records = events.chunks(7).map(|events| Record {
        provenance: import(0),
        events: events.to_vec(),
    });
    World::of(&records.collect::<Vec<_>>())
}

fn ask(world: &World, name: ScopeName, from: i64, to: i64) -> Contributors {
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let scope = name.resolve(&snapshot).unwrap();
    let window = Window {
        from: Some(Timestamp::from_seconds(from)),
        to: Some(Timestamp::from_seconds(to)),
        ..Window::default()
    };
    snapshot
        .contributors(&scope, &window, Bots::Exclude)
        .unwrap()
}

/// The rows of events that no answer needs are taken away, and it stays: what had many is not walked through,
/// what had few is.
#[test]
fn who_has_many_is_answered_from_lists_and_who_has_few_from_events() {
    let world = world();
    let (from, to) = (BASE_SECONDS + 1_234, BASE_SECONDS + 50 * HOUR + 2_345);
    let many = ask(&world, ScopeName::Repo("o/many"), from, to);
    assert_eq!((many.contributions, many.active), (301, 7));
    assert_eq!((many.new, many.inactive), (4, 0));
    let all = ask(&world, ScopeName::All, from, to);
    assert_eq!(all.contributions, 304);
    assert_eq!(
        ask(&world, ScopeName::Repo("o/few"), from, to).contributions,
        3
    );

    // Busy hours have lists of their minutes: what is left is less than a minute at each end.
    let kept = [BASE_SECONDS + 1_260, BASE_SECONDS + 50 * HOUR + 2_340];
    world.execute(&format!(
        "DELETE FROM events WHERE created_at >= {} AND created_at < {}",
        kept[0], kept[1]
    ));
    assert_eq!(ask(&world, ScopeName::Repo("o/many"), from, to), many);
    assert_eq!(ask(&world, ScopeName::All, from, to), all);
    assert_eq!(
        ask(&world, ScopeName::Repo("o/few"), from, to).contributions,
        0
    );
}

/// A generation that was written before there were lists answers from single events.
#[test]
fn an_older_generation_answers_the_same() {
    let world = world();
    let ask_all = || {
        let windows = [
            (BASE_SECONDS + 1_234, BASE_SECONDS + 50 * HOUR + 2_345),
            (BASE_SECONDS + 3_599, BASE_SECONDS + 7_201),
            (BASE_SECONDS + 9 * HOUR - 1, BASE_SECONDS + 33 * HOUR + 1),
        ];
        windows.map(|(from, to)| {
            [
                ScopeName::All,
                ScopeName::Repo("o/many"),
                ScopeName::Repo("o/few"),
            ]
            .map(|name| ask(&world, name, from, to))
        })
    };
    let with_lists = ask_all();
    world.execute(
        "DROP TABLE contributor_lists_of_all; DROP TABLE contributor_lists_of_repos;
         DROP TABLE contributor_lists_of_orgs; DROP TABLE contributor_minutes_of_all;
         DROP TABLE contributor_minutes_of_repos; DROP TABLE contributor_minutes_of_orgs;
         DELETE FROM projections WHERE name = 'contributor-lists'",
    );
    assert_eq!(ask_all(), with_lists);
}
