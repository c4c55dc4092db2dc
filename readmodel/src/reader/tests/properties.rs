//! The model and the list agree.

use std::collections::BTreeMap;

use ghev_event::EventKind;
use proptest::prelude::*;

use super::naive::{self, in_scope};
use super::world::{ScopeName, World, any_records, any_scope, any_window};
use crate::{EventFilter, Offset, Place, PullRequestAction, Scope};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_answer_is_the_one_that_the_list_of_events_gives(
        records in any_records(10),
        questions in proptest::collection::vec((any_scope(), any_window()), 1..12),
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let all = naive::distinct(&records);
        for (name, window) in questions {
            let (events, id) = in_scope(&all, name);
            let Some(scope) = name.resolve(&snapshot) else {
                prop_assert!(events.is_empty(), "{name:?} is known");
                continue;
            };
            prop_assert!(name == ScopeName::All || !events.is_empty(), "{name:?} is not known");
            let counted = snapshot.event_counts(&scope, &window).unwrap();
            let counted: BTreeMap<_, _> = counted.iter().collect();
            prop_assert_eq!(counted, naive::counts(&events, &window), "{:?} {:?}", name, window);
            for action in [PullRequestAction::Opened, PullRequestAction::Any] {
                let answer = snapshot.pull_request_interval(&scope, &window, action).unwrap();
                let expected = naive::interval(&events, name, &window, action);
                prop_assert_eq!(answer, expected, "{:?} {:?} {:?}", name, window, action);
            }
            let coverage = snapshot.coverage(&scope, &window).unwrap();
            let expected = naive::coverage(&records, &events, name, &window);
            prop_assert_eq!(coverage, expected, "{:?} {:?}", name, window);
            let identity = match &scope {
                Scope::All => continue,
                Scope::Repo(keys) => snapshot.repo_identity(keys).unwrap(),
                Scope::Actor(keys) => snapshot.actor_identity(keys).unwrap(),
                Scope::Org(keys) => snapshot.org_identity(keys).unwrap(),
            };
            prop_assert_eq!(identity, Some(naive::identity(&events, name, id)), "{:?}", name);
        }
    }

    #[test]
    fn each_event_is_found_by_its_key_with_the_names_it_gave(records in any_records(10)) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        for row in naive::listed(naive::distinct(&records)) {
            let found = snapshot.event(&row.kind, &row.id).unwrap();
            prop_assert_eq!(found, Some(row));
        }
        let absent = EventKind::from_name("GollumEvent");
        prop_assert_eq!(snapshot.event(&absent, &ghev_event::EventId::Number(1)).unwrap(), None);
    }

    #[test]
    fn a_list_has_what_meets_every_condition(
        records in any_records(10),
        window in any_window(),
        (repo, org, actor) in any::<(Option<bool>, bool, bool)>(),
        kinds in proptest::sample::subsequence(vec!["PullRequestEvent", "FollowEvent", "PushEvent"], 0..=2),
        actions in proptest::sample::subsequence(vec!["opened", "zapped"], 0..=2),
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let mut expected = naive::distinct(&records);
        let all = expected.clone();
        let mut filter = EventFilter { window, ..EventFilter::default() };
        let named = [
            repo.map(|first| ScopeName::Repo(if first { "o/a" } else { "o/b" })),
            org.then_some(ScopeName::Org("o")),
            actor.then_some(ScopeName::Actor("x")),
        ];
        for name in named.into_iter().flatten() {
            match name.resolve(&snapshot) {
                None => return Ok(()),
                Some(Scope::Repo(keys)) => filter.repo = Some(keys),
                Some(Scope::Org(keys)) => filter.org = Some(keys),
                Some(Scope::Actor(keys)) => filter.actor = Some(keys),
                Some(Scope::All) => unreachable!("every name here is of something"),
            }
            let of_name = in_scope(&all, name).0;
            let same = |a: &naive::Stored, b: &naive::Stored| {
                (&a.event.kind, &a.event.id) == (&b.event.kind, &b.event.id)
            };
            expected.retain(|stored| of_name.iter().any(|other| same(stored, other)));
        }
        filter.kinds = kinds.iter().map(|name| EventKind::from_name(name)).collect();
        filter.actions = actions.iter().map(|&action| action.to_owned()).collect();
        expected.retain(|stored| {
            let action = stored.event.facts.action.as_deref();
            naive::in_window(stored, &window)
                && (kinds.is_empty() || kinds.contains(&stored.event.kind.name()))
                && (actions.is_empty() || action.is_some_and(|action| actions.contains(&action)))
        });
        let page = snapshot.events(&filter, None, 1000).unwrap();
        // What arrives is told apart by the same conditions, one event at a time.
        let mut arrived = snapshot.arrivals(Place::new(Offset::ZERO, 0), 1000).unwrap();
        arrived.retain(|arrival| filter.matches(&arrival.event));
        let listed: Vec<_> = page.events.iter().collect();
        prop_assert_eq!(listed.len(), arrived.len());
        prop_assert!(arrived.iter().all(|arrival| listed.contains(&&arrival.event)));
        prop_assert_eq!(page.events, naive::listed(expected));
        prop_assert_eq!(page.next, None);
    }
}
