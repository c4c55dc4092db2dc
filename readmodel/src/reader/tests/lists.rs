//! Who there is, in every order, page by page.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::naive::{self, Stored};
use super::world::{Record, World, any_records, event, import};
use crate::reader::lists::{self, Walk, names_with};
use crate::{ListEntry, ListOrder, OrgKey, RepoKey, Snapshot};

/// A number, a name and the event that gave them.
type Seen<'a> = (Option<u64>, Option<&'a str>, &'a Stored);

/// An entry as the list of events gives it: by its number, or where it has none by its name.
fn entries(all: &[Stored], of_repos: bool) -> Vec<(i64, ListEntry)> {
    let mut by_key: BTreeMap<i64, Vec<Seen<'_>>> = BTreeMap::new();
    for stored in all {
        let event = &stored.event;
        let (key, id, name) = if of_repos {
            let Some(repo) = &event.repo else { continue };
            let key = RepoKey::of(repo.id, repo.name.as_deref()).map(RepoKey::to_sql);
            (
                key,
                repo.id.map(ghev_event::RepoId::get),
                repo.name.as_deref(),
            )
        } else {
            let Some(org) = &event.org else { continue };
            let key = OrgKey::of(org.id, org.login.as_deref()).map(OrgKey::to_sql);
            (
                key,
                org.id.map(ghev_event::OrgId::get),
                org.login.as_deref(),
            )
        };
        if let Some(key) = key {
            by_key.entry(key).or_default().push((id, name, stored));
        }
    }
    let entry = |seen: &[Seen<'_>]| {
        let times = || {
            seen.iter()
                .filter_map(|(_, _, stored)| stored.event.created_at)
        };
        let named = seen.iter().filter_map(|(_, name, stored)| {
            name.filter(|name| !name.is_empty())
                .map(|name| (stored.event.created_at, name))
        });
        ListEntry {
            id: seen[0].0,
            name: named.max().map(|(_, name)| name.to_owned()),
            first_event_at: times().min(),
            last_event_at: times().max(),
            events: seen.len() as u64,
        }
    };
    by_key
        .iter()
        .map(|(key, seen)| (*key, entry(seen)))
        .collect()
}

fn in_order(mut entries: Vec<(i64, ListEntry)>, order: ListOrder, prefix: &str) -> Vec<ListEntry> {
    let lowered = |entry: &ListEntry| entry.name.as_deref().unwrap_or_default().to_lowercase();
    entries.retain(|(_, entry)| lowered(entry).starts_with(&prefix.to_lowercase()));
    match order {
        ListOrder::Events => entries.sort_by_key(|(key, entry)| (entry.events, *key)),
        ListOrder::LastEvent => entries.sort_by_key(|(key, entry)| (entry.last_event_at, *key)),
        ListOrder::Name => entries.sort_by_key(|(key, entry)| (lowered(entry), *key)),
    }
    let mut ordered: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
    if order != ListOrder::Name {
        ordered.reverse();
    }
    ordered
}

fn walked(
    snapshot: &Snapshot<'_>,
    of_repos: bool,
    (prefix, order, limit): (&str, ListOrder, usize),
    pages_max: usize,
) -> Vec<ListEntry> {
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..=pages_max {
        let page = if of_repos {
            snapshot.repos(prefix, order, after.as_ref(), limit)
        } else {
            snapshot.orgs(prefix, order, after.as_ref(), limit)
        };
        let page = page.unwrap();
        assert!(page.entries.len() <= limit);
        seen.extend(page.entries);
        let Some(next) = page.next else { break };
        after = Some(next.to_string().parse().unwrap());
    }
    seen
}

const ORDERS: [ListOrder; 3] = [ListOrder::Events, ListOrder::Name, ListOrder::LastEvent];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_has_everybody_once_in_order(
        records in any_records(10),
        prefix in proptest::sample::select(vec!["", "o", "O/", "o/a", "zz"]),
        limit in 1_usize..4,
        of_repos in any::<bool>(),
    ) {
        let world = World::of(&records);
        let mut reader = world.reader();
        let snapshot = reader.snapshot().unwrap();
        let all = naive::distinct(&records);
        let entries = entries(&all, of_repos);
        let listed = if of_repos { lists::REPOS } else { lists::ORGS };
        for order in ORDERS {
            let expected = in_order(entries.clone(), order, prefix);
            let asked = (prefix, order, limit);
            prop_assert_eq!(walked(&snapshot, of_repos, asked, entries.len()), expected.clone());
            if order != ListOrder::Name {
                let bounds = names_with(prefix);
                let of_many = snapshot
                    .walked(listed, (order, Walk::InOrder), bounds, None, usize::MAX - 1)
                    .unwrap();
                prop_assert_eq!(of_many.entries, expected);
            }
        }
    }
}

#[test]
fn a_cursor_of_another_order_is_as_none() {
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
    let first = snapshot.repos("", ListOrder::Name, None, 1).unwrap();
    for cursor in ["n0.-5", "t00.3"] {
        let cursor = cursor.parse().unwrap();
        for order in ORDERS {
            let page = snapshot.repos("", order, Some(&cursor), 1).unwrap();
            assert!(page.entries.len() <= 1);
        }
    }
    let number = "n0.0".parse().unwrap();
    assert_eq!(
        snapshot
            .repos("", ListOrder::Name, Some(&number), 1)
            .unwrap(),
        first
    );
}
