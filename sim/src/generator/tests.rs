//! The generator: valid in every era, coherent, reproducible.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Era, EventGenerator};
use crate::event::SimEvent;
use crate::time::SimTime;

const ERAS: [Era; 4] = [Era::Timeline, Era::Full, Era::Trimmed, Era::Merged];
const NOW: SimTime = SimTime::from_seconds(1_780_000_000);

fn made(generator: &mut EventGenerator, count: usize) -> Vec<(SimEvent, Value)> {
    let to = NOW.plus_seconds(86_400);
    let events = generator.events(count, NOW, to).into_iter();
    events
        .map(|event| {
            let json = serde_json::from_slice(event.raw()).unwrap();
            (event, json)
        })
        .collect()
}

#[test]
fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
    for era in ERAS {
        let bytes = |seed| -> Vec<Vec<u8>> {
            let mut generator = EventGenerator::new(seed).era(era).rename_every(50);
            let events = generator.events(500, NOW, NOW.plus_seconds(60));
            events.iter().map(|e| e.raw().to_vec()).collect()
        };
        assert_eq!(bytes(1), bytes(1), "{era:?}");
        assert_ne!(bytes(1), bytes(2), "{era:?}");
    }
}

#[test]
fn every_era_has_its_schema_and_its_types() {
    for era in ERAS {
        let events = made(
            &mut EventGenerator::new(3).era(era).missing_per_mille(0),
            6000,
        );
        let kinds: BTreeSet<&str> = events.iter().map(|(e, _)| e.kind()).collect();
        let kinds_expected = if era == Era::Timeline { 13 } else { 16 };
        assert_eq!(kinds.len(), kinds_expected, "{era:?}: {kinds:?}");
        for (event, json) in &events {
            assert!(event.repo_name().unwrap().contains('/'));
            assert!(event.created_at().is_some(), "{json}");
            assert_eq!(event.id().is_none(), era == Era::Timeline, "{json}");
            if era == Era::Timeline {
                assert!(json["actor"].is_string() && json["repository"]["name"].is_string());
                assert!(json["created_at"].as_str().unwrap().ends_with("-07:00"));
            } else {
                assert!(json["actor"]["id"].is_u64() && json["repo"]["id"].is_u64());
                assert_eq!(json["public"], true);
            }
        }
    }
}

#[test]
fn what_the_generator_knows_of_an_event_is_what_its_bytes_say() {
    for era in ERAS {
        let mut generator = EventGenerator::new(11)
            .era(era)
            .missing_per_mille(300)
            .rename_every(40);
        for event in generator.events(1000, NOW, NOW.plus_millis(12_345)) {
            let read = SimEvent::from_json(event.raw().to_vec().into()).unwrap();
            assert_eq!(read.facts(), event.facts());
        }
    }
}

#[test]
fn payloads_are_as_reduced_as_their_era() {
    for era in [Era::Full, Era::Trimmed, Era::Merged] {
        let mut actions = BTreeSet::new();
        let (mut merged_true, mut closed) = (0, 0);
        for (event, json) in made(&mut EventGenerator::new(4).era(era), 4000) {
            let payload = &json["payload"];
            if event.kind() == "PushEvent" {
                assert_eq!(payload["size"].is_u64(), era == Era::Full, "{json}");
                assert_eq!(payload["commits"].is_array(), era == Era::Full, "{json}");
            }
            if event.kind() == "PullRequestEvent" {
                actions.insert(payload["action"].as_str().unwrap().to_owned());
                let members = payload["pull_request"].as_object().unwrap().len();
                assert_eq!(members == 5, era != Era::Full, "{json}");
                closed += usize::from(payload["action"] == "closed");
                merged_true += usize::from(payload["pull_request"]["merged"] == true);
            }
        }
        assert_eq!(
            actions.contains("merged"),
            era == Era::Merged,
            "{actions:?}"
        );
        assert!(
            closed > 10 && (merged_true > 10) == (era == Era::Full),
            "{era:?}"
        );
    }
}

/// Events of each pull request and issue, by `created_at` and then id.
fn lives(events: &[(SimEvent, Value)]) -> BTreeMap<(u64, u64), Vec<(String, String)>> {
    let mut lives: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (event, json) in events {
        let payload = &json["payload"];
        let thread = [&payload["pull_request"], &payload["issue"]];
        let Some(number) = thread.iter().find_map(|t| t["number"].as_u64()) else {
            continue;
        };
        let id: u64 = event.id().unwrap().parse().unwrap();
        let what = (
            event.kind().to_owned(),
            payload["action"].as_str().unwrap().to_owned(),
        );
        let repo = json["repo"]["id"].as_u64().unwrap();
        let life = lives.entry((repo, number)).or_default();
        life.push((event.created_at(), id, what));
    }
    let ordered = lives.into_iter().map(|(key, mut life)| {
        life.sort();
        (key, life.into_iter().map(|(_, _, what)| what).collect())
    });
    ordered.collect()
}

#[test]
fn threads_live_coherent_lives_by_created_at_even_when_events_are_late() {
    let mut generator = EventGenerator::new(5).late_per_mille(300);
    let events = made(&mut generator, 10_000);
    let lives = lives(&events);
    assert!(lives.len() > 500, "{}", lives.len());
    let (mut merged, mut cut) = (0, 0);
    for (key, life) in &lives {
        // What was held back when the generator stopped is absent; at most a few lives.
        if life[0].1 != "opened" {
            cut += 1;
            continue;
        }
        let is = |n: usize, action: &str| {
            life[n].0.starts_with("PullRequestEvent") && life[n].1 == action
        };
        let ends: Vec<usize> = (0..life.len()).filter(|&n| is(n, "merged")).collect();
        assert!(ends.len() <= 1, "{key:?} {life:?}");
        merged += ends.len();
        if let Some(&end) = ends.first() {
            let after = &life[end + 1..];
            assert!(
                after.iter().all(|(kind, _)| kind == "IssueCommentEvent"),
                "{key:?} {life:?}"
            );
        }
        let opened = life.iter().filter(|(_, action)| action == "opened").count();
        assert_eq!(opened, 1, "{key:?} {life:?}");
        let mut open = true;
        for (kind, action) in life {
            if kind.ends_with("RequestEvent") || kind == "IssuesEvent" {
                match action.as_str() {
                    "closed" | "merged" => assert!(std::mem::replace(&mut open, false), "{life:?}"),
                    "reopened" => assert!(!std::mem::replace(&mut open, true), "{life:?}"),
                    _ => {}
                }
            }
        }
    }
    assert!(merged > 100, "{merged}");
    assert!(cut <= 10, "{cut}");
}

#[test]
fn pushes_and_the_rest_count_in_two_ranges_and_no_id_comes_twice() {
    let events = made(&mut EventGenerator::new(6), 5000);
    let (mut pushes, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (event, _) in &events {
        let id: u64 = event.id().unwrap().parse().unwrap();
        let range = if event.kind() == "PushEvent" {
            &mut pushes
        } else {
            &mut others
        };
        assert!(range.insert(id), "{id} twice");
    }
    assert!(others.last() < pushes.first());
    assert!((2000..2500).contains(&pushes.len()), "{}", pushes.len());
}

#[test]
fn lateness_and_missing_parts_occur_as_often_as_asked() {
    let mut generator = EventGenerator::new(7)
        .late_per_mille(0)
        .missing_per_mille(0);
    for n in 0..500 {
        let at = NOW.plus_seconds(n);
        assert_eq!(generator.next_event(at).created_at(), Some(at));
    }
    let mut generator = EventGenerator::new(7).missing_per_mille(500);
    let events = made(&mut generator, 2000);
    let late = events
        .iter()
        .filter(|(e, _)| e.created_at() < Some(NOW))
        .count();
    assert!((100..400).contains(&late), "{late}");
    let lacks = |path: &str, part: &str| {
        let without = |json: &Value| json.pointer(path).is_some() && json.pointer(part).is_none();
        events.iter().filter(|(_, json)| without(json)).count()
    };
    for count in [
        lacks("/actor", "/actor/id"),
        lacks("/org", "/org/id"),
        lacks("/repo", "/repo/id"),
    ] {
        assert!(count > 50, "{count}");
    }
    assert!(lacks("", "/repo") > 50);
}

#[test]
fn a_renamed_repository_keeps_its_id() {
    let events = made(&mut EventGenerator::new(8).rename_every(100), 3000);
    let mut names: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (event, json) in &events {
        if let Some(id) = json["repo"]["id"].as_u64() {
            names
                .entry(id)
                .or_default()
                .insert(event.repo_name().unwrap());
        }
    }
    assert!(names.values().any(|names| names.len() > 1));
}
