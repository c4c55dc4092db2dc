//! Entity tags, and answers that must not be kept.

use crate::model::{Model, RUST, event};
use crate::server::Server;

const KEPT: [&str; 10] = [
    "/v1/event-counts",
    "/v1/event-counts?from=2026-11-24",
    "/v1/events?limit=2",
    "/v1/trending?to=2026-11-24T12:00:00Z",
    "/v1/orgs/rust-lang/activity",
    "/v1/activity-matrix?from=2026-11-24",
    "/v1/event-series?interval=day",
    "/v1/repos/rust-lang/rust/pull-request-interval",
    "/v1/repos/rust-lang/rust",
    "/v1/dead-letters",
];

#[test]
fn an_answer_that_the_client_has_is_not_sent_again() {
    let mut model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in KEPT {
        let first = client.get(path);
        let tag = first.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        assert_eq!(
            client.get(path).body,
            first.body,
            "the same tag is the same bytes: {path}"
        );
        for known in [
            format!("If-None-Match: {tag}"),
            format!("If-None-Match: \"x\", W/{tag}"),
        ] {
            let again = client.request("GET", path, &[&known]);
            assert_eq!(again.status, 304, "{path}");
            assert_eq!(again.header("etag"), Some(tag.as_str()));
            assert_eq!(again.header("content-length"), None);
        }
        let head = client.request("HEAD", path, &[&format!("If-None-Match: {tag}")]);
        assert_eq!(head.status, 304);
    }
    let before: Vec<_> = KEPT
        .map(|path| client.get(path).header("etag").map(str::to_owned))
        .into();
    model.add(
        "2026-11-24T12:00:00Z",
        &[event("PushEvent", 99, "2026-11-24T12:00:00Z", RUST, "{}")],
    );
    for (path, tag) in KEPT.iter().zip(before) {
        let known = format!("If-None-Match: {}", tag.unwrap());
        assert_eq!(
            client.request("GET", path, &[&known]).status,
            200,
            "{path} may have changed"
        );
    }
}

#[test]
fn what_depends_on_the_clock_is_not_kept() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in [
        "/v1/event-counts?offset=5",
        "/v1/events?offset=5",
        "/v1/status",
        "/",
        "/readyz",
        "/healthz",
    ] {
        let answer = client.request("GET", path, &["If-None-Match: *"]);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("etag"), None, "{path}");
    }
    let problem = client.get("/v1/repos/no/body");
    assert_eq!(problem.header("cache-control"), Some("no-store"));
}

#[test]
fn documents_are_tagged_in_each_encoding() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in [
        "/docs",
        "/openapi.json",
        "/assets/swagger-ui.css",
        "/schemas",
        "/assets/page.css",
    ] {
        let mut tags = std::collections::BTreeSet::new();
        for encoding in ["identity", "gzip", "zstd"] {
            let accept = format!("Accept-Encoding: {encoding}");
            let answer = client.request("GET", path, &[&accept]);
            let tag = answer.header("etag").unwrap().to_owned();
            let known = format!("If-None-Match: {tag}");
            assert_eq!(
                client.request("GET", path, &[&accept, &known]).status,
                304,
                "{path}"
            );
            tags.insert((tag, answer.header("content-encoding").map(str::to_owned)));
        }
        let distinct: std::collections::BTreeSet<_> = tags.iter().map(|(tag, _)| tag).collect();
        assert_eq!(distinct.len(), tags.len(), "{path}: {tags:?}");
    }
}

/// A generation switched underneath must neither fail a request nor be answered with a tag of the
/// one before.
#[test]
fn another_generation_is_another_answer() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let before = client.get("/v1/event-counts");
    model.switch_generation();
    let after = client.get("/v1/event-counts");
    assert_eq!(after.ok()["sample_size"], 0);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(client.get("/v1/status").ok()["generation"], 2);
}
