//! Repositories and organisations, page by page.

use serde_json::Value as Json;

use crate::client::Client;
use crate::model::{CARGO, Model, event};
use crate::server::Server;

fn names(answer: &Json, list: &str, name: &str) -> Vec<String> {
    let entries = answer[list].as_array().unwrap();
    let names = entries.iter().map(|entry| entry[name].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// The small model, and repositories of two more owners.
fn model() -> Model {
    let mut model = Model::small();
    let push = |id, at, repo| event("PushEvent", id, at, repo, "{}");
    model.add(
        "2026-11-24T12:00:00Z",
        &[
            push(20, "2026-11-24T07:00:00Z", (1, "Alpha/one")),
            push(21, "2026-11-24T12:00:00Z", (2, "alpha/Two")),
            push(22, "2026-11-24T06:00:00Z", (3, "zeta/three")),
            push(
                23,
                "2026-11-24T12:00:00Z",
                (CARGO.0, "rust-lang/Cargo-renamed"),
            ),
        ],
    );
    model
}

fn walk(client: &mut Client, first: &str, list: &str, name: &str) -> Vec<String> {
    let (mut seen, mut target) = (Vec::new(), Some(first.to_owned()));
    while let Some(page) = target {
        let answer = client.get(&page);
        let json = answer.ok();
        seen.extend(names(&json, list, name));
        let link = answer.header("link");
        target = link.map(|link| link[1..link.find('>').unwrap()].to_owned());
        assert_eq!(target.is_some(), json["next_page_token"].is_string());
    }
    seen
}

#[test]
fn repositories_come_in_every_order_page_by_page() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    let (rust, cargo) = ("rust-lang/rust", "rust-lang/Cargo-renamed");
    let (one, two, three) = ("Alpha/one", "alpha/Two", "zeta/three");
    for (query, expected) in [
        ("", &[rust, cargo, three, two, one][..]),
        ("sort=events", &[rust, cargo, three, two, one]),
        ("sort=name", &[one, two, cargo, rust, three]),
        ("sort=last_event", &[cargo, two, rust, one, three]),
        ("prefix=ALPHA/", &[two, one]),
        ("prefix=alpha/&sort=name", &[one, two]),
        ("prefix=Rust-Lang/c&sort=last_event", &[cargo]),
        // A name that is borne no more is nobody's prefix.
        ("prefix=rust-lang/cargo&sort=events", &[cargo]),
        ("prefix=nobody", &[]),
    ] {
        for limit in ["", "&limit=1", "&limit=2"] {
            let path = format!("/v1/repos?{query}{limit}");
            assert_eq!(
                walk(&mut client, &path, "repos", "name"),
                expected,
                "{path}"
            );
        }
    }
    let first = &client.get("/v1/repos?limit=1").ok()["repos"][0];
    let expected = serde_json::json!({
        "id": 724_712, "name": "rust-lang/rust", "events": 6,
        "first_event_at": "2026-11-24T08:00:00Z", "last_event_at": "2026-11-24T11:50:00Z",
    });
    assert_eq!(*first, expected);
}

#[test]
fn organisations_likewise_and_in_every_format() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    let orgs = walk(&mut client, "/v1/orgs?sort=name&limit=1", "orgs", "login");
    // All events of the test model name one organisation by its number, whatever its login.
    assert_eq!(orgs, ["rust-lang"]);
    let csv = client.get("/v1/repos?format=csv&sort=name");
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines[0], "id,name,first_event_at,last_event_at,events");
    assert_eq!(
        lines[1],
        "1,Alpha/one,2026-11-24T07:00:00Z,2026-11-24T07:00:00Z,1"
    );
    assert_eq!(lines.len(), 6);
}

#[test]
fn a_token_is_of_its_order_and_prefix() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    let first = client.get("/v1/repos?sort=name&limit=1").ok();
    let token = first["next_page_token"].as_str().unwrap().to_owned();
    for other in ["sort=events", "sort=name&prefix=a", ""] {
        let answer = client.get(&format!("/v1/repos?{other}&page_token={token}"));
        assert_eq!(answer.problem(400, "invalid_parameter"), ["page_token"]);
    }
    // Of the right list, but with a place that no list in this order has.
    let forged = format!("{}-n7.1", token.rsplit_once('-').unwrap().0);
    let answer = client.get(&format!("/v1/repos?sort=name&page_token={forged}"));
    assert_eq!(answer.problem(400, "invalid_parameter"), ["page_token"]);
    for wrong in ["sort=size", "limit=0", "prefix="] {
        let answer = client.get(&format!("/v1/repos?{wrong}"));
        let name = wrong.split('=').next().unwrap();
        assert_eq!(answer.problem(400, "invalid_parameter"), [name]);
    }
}
