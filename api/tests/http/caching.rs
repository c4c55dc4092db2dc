//! Entity tags, and answers that must not be kept.

use ghev_api::ApiOptions;

use crate::client::Client;
use crate::model::{Model, RUST, event};
use crate::server::{Server, options};

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

/// How many answers a service has given as it had kept them.
fn given_again(client: &mut Client) -> u64 {
    let metrics = client.get("/metrics");
    let name = "ghev_http_kept_answers_total ";
    let mut lines = metrics.text().lines();
    let line = lines.find_map(|line| line.strip_prefix(name));
    line.unwrap().parse().unwrap()
}

#[test]
fn what_is_asked_again_of_the_same_state_is_answered_as_before() {
    let mut model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let paths = KEPT
        .iter()
        .chain(&["/v1/event-counts.svg", "/v1/events?limit=1&format=csv"]);
    for path in paths.clone() {
        for encoding in ["identity", "gzip"] {
            let accept = format!("Accept-Encoding: {encoding}");
            let before = given_again(&mut client);
            let first = client.request("GET", path, &[&accept]);
            assert_eq!(given_again(&mut client), before, "{path} is new");
            let again = client.request("GET", path, &[&accept]);
            assert_eq!(given_again(&mut client), before + 1, "{path}");
            assert_eq!(again.status, 200);
            assert_eq!(again.body, first.body, "{path}");
            for header in ["etag", "content-type", "content-encoding", "link", "vary"] {
                assert_eq!(
                    again.header(header),
                    first.header(header),
                    "{path}: {header}"
                );
            }
            let tag = format!("If-None-Match: {}", first.header("etag").unwrap());
            let known = client.request("HEAD", path, &[&accept, &tag]);
            assert_eq!(known.status, 304);
            let head = client.request("HEAD", path, &[&accept]);
            assert_eq!((head.status, head.body.len()), (200, 0));
            assert_eq!(given_again(&mut client), before + 3, "{path}");
        }
    }
    let other_method = client.request("DELETE", KEPT[0], &[]);
    assert_eq!(other_method.status, 405);
    model.add(
        "2026-11-24T12:00:00Z",
        &[event("PushEvent", 99, "2026-11-24T12:00:00Z", RUST, "{}")],
    );
    let before = given_again(&mut client);
    let counts = client.get("/v1/event-counts").ok();
    assert_eq!(counts["as_of"]["next_offset"], 2, "{counts}");
    for path in paths {
        client.get(path);
    }
    assert_eq!(given_again(&mut client), before + 1, "each is asked anew");
}

/// A kept answer is found before anything is routed, which is also before a token used to be looked at.
#[test]
fn an_answer_that_was_given_to_somebody_is_not_given_to_anybody() {
    let model = Model::small();
    let secret = model.path().join("token");
    std::fs::write(&secret, "a-secret-of-enough-characters-for-a-token").unwrap();
    let server = Server::with(ApiOptions {
        token_file: Some(secret),
        ..options(model.path())
    });
    let mut client = server.client();
    let token = "Authorization: Bearer a-secret-of-enough-characters-for-a-token";
    for _ in 0..2 {
        let answer = client.request("GET", "/v1/event-counts", &[token]);
        assert_eq!(answer.status, 200);
    }
    for shown in [&[][..], &["Authorization: Bearer another"]] {
        let refused = client.request("GET", "/v1/event-counts", shown);
        assert_eq!(refused.status, 401, "{shown:?}");
    }
}

/// A replay after a rollback has the number of the generation that was taken back, and used to bear its tags:
/// whoever had an answer of that one was told that it still holds.
#[test]
fn a_number_that_comes_again_is_another_generation() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let first = client.get("/v1/event-counts");
    let tag = first.header("etag").unwrap().to_owned();
    model.publish_again();
    let known = format!("If-None-Match: {tag}");
    let again = client.request("GET", "/v1/event-counts", &[&known]);
    assert_eq!(again.status, 200);
    assert_ne!(again.header("etag"), Some(tag.as_str()));
}

/// `*` used to be answered with 304 before it was known whether there is an answer at all.
#[test]
fn a_client_has_no_answer_where_there_is_none() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let any = ["If-None-Match: *"];
    let status = |client: &mut Client, path: &str| client.request("GET", path, &any).status;
    assert_eq!(status(&mut client, "/v1/repos/no/such"), 404);
    assert_eq!(status(&mut client, "/v1/events?page_token=zz"), 400);
    for _ in 0..2 {
        assert_eq!(status(&mut client, "/v1/event-counts"), 304);
    }
}
