//! Lists of events, and walks through them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::client::{Answer, Client};
use crate::model::{CARGO, Model, RUST, event};
use crate::server::{Server, options};

fn ids(answer: &Json) -> Vec<String> {
    let events = answer["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The target of the link to the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let target = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    Some(target.to_owned())
}

#[test]
fn the_newest_come_first_in_full() {
    let model = Model::small();
    let answer = Server::start(model.path()).get("/v1/events?limit=2").ok();
    assert_eq!(ids(&answer), ["3", "1"]);
    let expected = serde_json::json!({
        "type": "WatchEvent", "id": "3",
        "created_at": "2026-11-24T11:59:59Z", "observed_at": "2026-11-24T11:59:30Z", "offset": 0,
        "actor": { "id": 7, "login": "Ann" },
        "repo": { "id": CARGO.0, "name": CARGO.1 },
        "org": { "id": 9, "login": "rust-lang" },
        "action": "started", "number": null, "merged": null,
    });
    assert_eq!(answer["events"][0], expected);
    assert_eq!(answer["sample_size"], 2);
}

#[test]
fn filters_narrow_the_list() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (query, expected) in [
        ("type=PushEvent", &["1", "2"][..]),
        ("type=PushEvent&type=ForkEvent", &["1", "2", "8"]),
        ("type=pushevent", &["1", "2"]),
        ("type=NewThingEvent", &["7"]),
        ("type=NoSuchEvent", &[]),
        ("repo=Rust-Lang/CARGO", &["3", "8"]),
        ("repo=rust-lang%2Fcargo&action=forked", &["8"]),
        ("actor=ann&type=WatchEvent", &["3"]),
        ("org=rust-lang&offset=10", &["3", "1"]),
        (
            "from=2026-11-24T11:30:00Z&to=2026-11-24T11:50:00Z",
            &["2", "6"],
        ),
        ("by=observed_at&from=2026-11-25", &[]),
    ] {
        let answer = client.get(&format!("/v1/events?{query}")).ok();
        assert_eq!(ids(&answer), expected, "{query}");
    }
    client
        .get("/v1/events?repo=a/b")
        .problem(404, "unknown_repository");
    client.get("/v1/events?org=b").problem(404, "unknown_org");
    client
        .get("/v1/events?actor=b")
        .problem(404, "unknown_actor");
    for wrong in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "repo=rust",
        "repo=a/b/c",
        "type=",
        "page_token=x",
    ] {
        let names = client
            .get(&format!("/v1/events?{wrong}"))
            .problem(400, "invalid_parameter");
        assert_eq!(names, [wrong.split('=').next().unwrap()]);
    }
}

fn walk(client: &mut Client, first: &str, mut between: impl FnMut(usize)) -> Vec<String> {
    let (mut seen, mut target, mut pages) = (Vec::new(), Some(first.to_owned()), 0);
    while let Some(page) = target {
        let answer = client.get(&page);
        let json = answer.ok();
        seen.extend(ids(&json));
        target = next(&answer);
        let token = json["next_page_token"].as_str();
        let linked = target
            .as_deref()
            .and_then(|target| target.split("page_token=").nth(1));
        assert_eq!(token, linked, "body and header agree");
        between(pages);
        pages += 1;
    }
    seen
}

/// A walk through pages must see every event that was there when it began once, even where others
/// arrive between two pages: later ones, and late ones that sort into pages still to come.
#[test]
fn a_walk_sees_every_event_of_its_first_moment_once() {
    let mut model = Model::small();
    let more: Vec<String> = (100..150)
        .map(|id| event("PushEvent", id, "2026-11-24T07:00:00Z", RUST, "{}"))
        .collect();
    model.add("2026-11-24T11:59:40Z", &more);
    let server = Server::start(model.path());
    let mut client = server.client();
    let mut fresh = 1000;
    let seen = walk(&mut client, "/v1/events?limit=7", |_| {
        let new = [
            "2026-11-24T06:00:00Z",
            "2026-11-24T07:00:00Z",
            "2026-11-24T11:59:59Z",
        ];
        let new: Vec<String> = new
            .map(|at| {
                fresh += 1;
                event("PushEvent", fresh, at, RUST, "{}")
            })
            .into();
        model.add("2026-11-24T11:59:50Z", &new);
    });
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "none twice");
    assert_eq!(
        seen.len(),
        58,
        "every one of the first moment, and no other: {seen:?}"
    );
    let all = walk(&mut client, "/v1/events?limit=1000", |_| {});
    assert!(all.len() > 58);
}

/// A repository and a login were given up and taken by others between two pages: the walk went on
/// with those, who had no events when it began, and lost the rest of its own.
#[test]
fn a_walk_stays_with_those_whom_its_names_meant() {
    for query in [
        "repo=rust-lang/rust",
        "actor=ann",
        "type=PushEvent&org=rust-lang",
    ] {
        let mut model = Model::small();
        let server = Server::start(model.path());
        let mut client = server.client();
        let first = format!("/v1/events?limit=1&{query}");
        let before = walk(&mut client, &first, |_| {});
        assert!(before.len() > 1);
        // Another repository, owner and actor with the same names.
        let anew = event("PushEvent", 30, "2026-11-24T11:59:59Z", (30, RUST.1), "{}");
        let anew = anew
            .replace("\"id\":7,", "\"id\":70,")
            .replace("\"id\":9,", "\"id\":90,");
        let seen = walk(&mut client, &first, |page| {
            if page == 0 {
                model.add("2026-11-24T12:00:00Z", std::slice::from_ref(&anew));
            }
        });
        assert_eq!(seen, before, "{query}");
        assert_eq!(walk(&mut client, &first, |_| {}), ["30"], "{query}");
    }
}

/// The last minutes move on between two pages; the walk must stay with those of its first page.
#[test]
fn a_walk_through_the_last_minutes_keeps_its_window() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    let model = Model::small();
    let start = ghev_event::Timestamp::parse_rfc3339(crate::server::NOW)
        .unwrap()
        .as_seconds();
    let clock = Arc::new(AtomicI64::new(start));
    let turned = Arc::clone(&clock);
    let mut options = options(model.path());
    options.now =
        Arc::new(move || ghev_event::Timestamp::from_seconds(clock.load(Ordering::Relaxed)));
    let server = Server::with(options);
    let seen = walk(&mut server.client(), "/v1/events?offset=60&limit=1", |_| {
        turned.fetch_add(1800, Ordering::Relaxed);
    });
    assert_eq!(seen, ["3", "1", "2", "6"]);
}

#[test]
fn a_token_is_of_its_list_only() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let first = client.get("/v1/events?type=PushEvent&limit=1");
    let token = first.ok()["next_page_token"].as_str().unwrap().to_owned();
    let other = client.get(&format!("/v1/events?type=ForkEvent&page_token={token}"));
    assert_eq!(other.problem(400, "invalid_parameter"), ["page_token"]);
    let same = client.get(&format!(
        "/v1/events?type=PushEvent&limit=5&page_token={token}"
    ));
    assert_eq!(ids(&same.ok()), ["2"]);
    assert!(same.ok()["next_page_token"].is_null());
    assert_eq!(same.header("link"), None);
}

/// The model may be made anew from its log in the middle of a walk.
#[test]
fn a_token_outlives_its_generation() {
    let mut model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let first = client.get("/v1/events?limit=3").ok();
    let rest = client.get("/v1/events").ok();
    model.switch_generation();
    model = model.reopened();
    model.add_small();
    let token = first["next_page_token"].as_str().unwrap();
    let next = client.get(&format!("/v1/events?page_token={token}")).ok();
    assert_eq!(client.get("/v1/status").ok()["generation"], 2);
    assert_eq!(ids(&next), ids(&rest)[3..]);
}

#[test]
fn a_changed_token_is_refused() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let first = client.get("/v1/events?limit=3").ok();
    let token = first["next_page_token"].as_str().unwrap();
    for changed in [
        &token[..token.len() - 1],
        &token.replacen('2', "3", 1),
        &format!("{token}0"),
    ] {
        let answer = client.get(&format!("/v1/events?page_token={changed}"));
        assert_eq!(answer.problem(400, "invalid_parameter"), ["page_token"]);
    }
}

#[test]
fn a_single_event_is_found_by_type_and_id() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let answer = client.get("/v1/events/PullRequestEvent/5").ok();
    assert_eq!(
        (&answer["id"], &answer["number"]),
        (&"5".into(), &42.into())
    );
    assert_eq!(answer["as_of"]["next_offset"], 1);
    for absent in [
        "PushEvent/5",
        "PullRequestEvent/05",
        "PullRequestEvent/x%2Fy",
    ] {
        client
            .get(&format!("/v1/events/{absent}"))
            .problem(404, "not_found");
    }
}

#[test]
fn gaps_and_dead_letters_come_page_by_page() {
    let mut model = Model::small();
    model.add_dead_letters(5);
    let server = Server::start(model.path());
    let mut client = server.client();
    let gaps = client.get("/v1/gaps").ok();
    assert_eq!(gaps["gaps"][0]["reason"], "no_overlap");
    assert_eq!(gaps["gaps"][0]["from"], Json::Null);
    assert!(gaps["next_page_token"].is_null());
    let (mut places, mut target) = (Vec::new(), Some("/v1/dead-letters?limit=2".to_owned()));
    while let Some(page) = target {
        let answer = client.get(&page);
        for letter in answer.ok()["dead_letters"].as_array().unwrap() {
            places.push(letter["place"].as_str().unwrap().to_owned());
        }
        target = next(&answer);
    }
    let expected: Vec<String> = (0..5)
        .rev()
        .map(|line| format!("file.json:{line}"))
        .collect();
    assert_eq!(places, expected);
}
