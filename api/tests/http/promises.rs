//! What is promised to clients by name is there, and every answer keeps its fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::Model;
use crate::server::Server;

/// The paths that clients may rely on; `{scope}` stands for each of [`SCOPES`].
const PROMISED: &[&str] = &[
    "/",
    "/docs",
    "/openapi.json",
    "/schemas",
    "/schemas/{name}.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/status",
    "/v1/events",
    "/v1/events/{type}/{id}",
    "/v1/events/stream",
    "{scope}/event-counts",
    "{scope}/event-series",
    "{scope}/activity",
    "{scope}/activity-matrix",
    "{scope}/pull-request-interval",
    "{scope}/pull-requests",
    "{scope}/issues",
    "{scope}/contributors",
    "/v1/trending",
    "/v1/repos",
    "/v1/orgs",
    "/v1/repos/{owner}/{repo}",
    "/v1/repositories/{id}",
    "/v1/orgs/{org}",
    "/v1/actors/{login}",
    "/v1/gaps",
    "/v1/dead-letters",
];

const SCOPES: &[&str] = &[
    "/v1",
    "/v1/orgs/{org}",
    "/v1/repos/{owner}/{repo}",
    "/v1/repositories/{id}",
];

/// What an actor has of a scope.
const OF_ACTORS: &[&str] = &[
    "event-counts",
    "event-series",
    "activity",
    "activity-matrix",
];

/// What can be had as a picture.
const PICTURED: &[&str] = &[
    "event-counts",
    "event-series",
    "activity-matrix",
    "pull-request-interval",
    "trending",
];

/// What pages are made of, which nobody else need rely on.
const OF_PAGES: &[&str] = &["/assets/"];

fn promised() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for path in PROMISED {
        match path.strip_prefix("{scope}/") {
            None => paths.extend([(*path).to_owned()]),
            Some(question) => {
                paths.extend(SCOPES.iter().map(|scope| format!("{scope}/{question}")));
                if OF_ACTORS.contains(&question) {
                    paths.insert(format!("/v1/actors/{{login}}/{question}"));
                }
            }
        }
    }
    let pictured = |path: &&String| PICTURED.contains(&path.rsplit('/').next().unwrap());
    let pictures: Vec<String> = paths
        .iter()
        .filter(pictured)
        .map(|path| format!("{path}.svg"))
        .collect();
    paths.extend(pictures);
    paths
}

#[test]
fn every_promised_path_is_there_and_every_path_is_promised() {
    let document = ghev_api::openapi_document();
    let paths = document["paths"].as_object().unwrap();
    let of_pages = |path: &&String| OF_PAGES.iter().any(|start| path.starts_with(start));
    let served: BTreeSet<String> = paths
        .keys()
        .filter(|path| !of_pages(path))
        .cloned()
        .collect();
    assert_eq!(served, promised());
    for (path, item) in paths {
        let operation = &item["get"];
        assert!(operation["responses"]["200"].is_object(), "{path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let in_path = parameter["in"] == "path";
            assert!(
                !in_path || !parameter["example"].is_null(),
                "{path} {parameter}"
            );
        }
    }
}

/// The fields of an answer, and what kind of value each has: `a.b: number`.
fn shape(json: &Json, at: &str, into: &mut BTreeMap<String, &'static str>) {
    let kind = match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(items) => {
            for item in items.iter().take(1) {
                shape(item, &format!("{at}[]"), into);
            }
            "array"
        }
        Json::Object(fields) => {
            for (name, field) in fields {
                shape(field, &format!("{at}.{name}"), into);
            }
            "object"
        }
    };
    into.insert(at.to_owned(), kind);
}

/// The shapes of all answers over the small model, beside the last ones that were looked at.
/// `GHEV_WRITE_GOLDEN=1` writes them anew.
#[test]
fn answers_keep_their_shapes() {
    let mut model = Model::small();
    model.add_dead_letters(1);
    let server = Server::start(model.path());
    let mut client = server.client();
    let mut lines = String::new();
    for path in promised() {
        let target = crate::schemas::filled(&path);
        if path.ends_with("/stream") || path.ends_with(".svg") || !path.starts_with("/v1") {
            continue;
        }
        let answer = client.get(&format!("{target}?to=2026-11-24T12:00:00Z"));
        let answer = if answer.status == 400 {
            client.get(&target)
        } else {
            answer
        };
        let mut fields = BTreeMap::new();
        shape(&answer.ok(), "", &mut fields);
        lines.push_str(&format!("{path}\n"));
        for (field, kind) in fields.iter().filter(|(field, _)| !field.is_empty()) {
            lines.push_str(&format!("  {}: {kind}\n", &field[1..]));
        }
    }
    let golden =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/golden/shapes.txt");
    if std::env::var_os("GHEV_WRITE_GOLDEN").is_some() {
        std::fs::write(&golden, &lines).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    for (number, (line, expected)) in lines.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            line,
            expected,
            "line {} of {}",
            number + 1,
            golden.display()
        );
    }
    assert_eq!(lines.lines().count(), expected.lines().count());
}
