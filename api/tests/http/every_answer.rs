//! Every endpoint, asked in every way that its entry in the OpenAPI document speaks of: what comes is
//! documented, and what is documented comes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::client::{Answer, Client};
use crate::model::Model;
use crate::schemas::{assert_valid, filled, validator};
use crate::server::{Server, options};

/// Beside the small model: services that refuse for a reason of their own.
struct Services {
    _model: Model,
    plain: Server,
    with_token: Server,
    without_model: Server,
    full: Server,
}

impl Services {
    fn start() -> Self {
        let mut model = Model::small();
        model.add_dead_letters(3);
        let tokens = model.dir.path().join("tokens");
        std::fs::write(&tokens, "0123456789abcdef0123456789abcdef\n").unwrap();
        let mut with_token = options(model.path());
        with_token.token_file = Some(tokens);
        let mut full = options(model.path());
        full.limits.connections_max = 0;
        Self {
            plain: Server::start(model.path()),
            with_token: Server::with(with_token),
            without_model: Server::start(&model.path().join("elsewhere")),
            full: Server::with(full),
            _model: model,
        }
    }

    /// What comes of a path, by what is wrong with the request or the service.
    fn ask(&self, path: &str) -> Vec<(&'static str, Answer)> {
        let target = filled(path);
        let plain = || self.plain.client();
        let tag = "If-None-Match: *";
        let many: Vec<String> = (0..70).map(|number| format!("X-{number}: y")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let with = |query: &str| format!("{target}?{query}");
        let none = "Accept: application/x-nothing";
        vec![
            ("nothing", get(plain(), &target, &[])),
            ("fixed", get(plain(), &with("to=2026-11-24"), &[])),
            ("known", get(plain(), &with("to=2026-11-24"), &[tag])),
            ("known whole", get(plain(), &target, &[tag])),
            ("unknown parameter", get(plain(), &with("no-such=1"), &[])),
            ("unknown name", get(plain(), &unknown(path), &[])),
            ("unknown repo", get(plain(), &with("repo=no/body"), &[])),
            ("accept", get(plain(), &target, &[none])),
            ("body", get(plain(), &target, &["Content-Length: 5"])),
            ("long", get(plain(), &with(&"x".repeat(9000)), &[])),
            ("headers", get(plain(), &target, &many)),
            ("two hosts", get(plain(), &target, &["Host: other"])),
            ("token", get(self.with_token.client(), &target, &[])),
            ("no model", get(self.without_model.client(), &target, &[])),
            ("full", get(self.full.client(), &target, &[])),
        ]
    }
}

fn get(mut client: Client, target: &str, headers: &[&str]) -> Answer {
    client.request("GET", target, headers)
}

/// A path of what was never seen.
fn unknown(path: &str) -> String {
    let values = [
        ("{owner}", "no"),
        ("{repo}", "body"),
        ("{id}", "999999999"),
        ("{org}", "nobody"),
        ("{login}", "nobody"),
        ("{type}", "PushEvent"),
        ("{name}", "Nothing"),
    ];
    values.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    })
}

fn media_type(answer: &Answer) -> &str {
    let media_type = answer.header("content-type").unwrap_or_default();
    media_type.split(';').next().unwrap()
}

/// Only a fault of the service itself gives 500, which no request brings about here:
/// `src/web/tests.rs` has one.
const FAULT: &str = "500";

#[test]
fn what_comes_is_documented_and_what_is_documented_comes() {
    let services = Services::start();
    let document = ghev_api::openapi_document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let responses = item["get"]["responses"].as_object().unwrap();
        let mut missing: BTreeSet<&str> = responses.keys().map(String::as_str).collect();
        assert!(missing.remove(FAULT), "{path}");
        for (how, answer) in services.ask(path) {
            let status = answer.status.to_string();
            let response = responses.get(&status);
            let response = response.unwrap_or_else(|| panic!("{path}, {how}: {status}"));
            missing.remove(status.as_str());
            assert_answers_by(&document, response, &answer, &format!("{path}, {how}"));
        }
        assert!(missing.is_empty(), "{path}: {missing:?} never came");
    }
}

/// Media type, schema and headers of an answer are those of a response of the document.
#[track_caller]
fn assert_answers_by(document: &Json, response: &Json, answer: &Answer, what: &str) {
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty() && answer.status == 304, "{what}");
        return;
    };
    let media_type = media_type(answer);
    let described = content.get(media_type).or_else(|| content.get("*/*"));
    let described = described.unwrap_or_else(|| panic!("{what}: {media_type}"));
    if media_type.ends_with("json") {
        let validator = validator(document, &described["schema"]);
        assert_valid(&validator, &answer.json(), what);
    }
    for header in response["headers"].as_object().into_iter().flatten() {
        let name = header.0.to_lowercase();
        // These say themselves when they are absent.
        let conditional = matches!(name.as_str(), "etag" | "link" | "retry-after");
        assert!(
            conditional || answer.header(&name).is_some(),
            "{what}: {name}"
        );
    }
}

/// A header that only some answers of an endpoint bear is on one of them.
#[test]
fn documented_headers_are_there() {
    let services = Services::start();
    let document = ghev_api::openapi_document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let headers = item["get"]["responses"]["200"]["headers"]
            .as_object()
            .unwrap();
        let mut answers = services.ask(path);
        let first_page = format!("{}?limit=1", filled(path));
        let page = get(services.plain.client(), &first_page, &[]);
        answers.extend([("page", page)]);
        for name in ["ETag", "Link"] {
            let wanted = headers.contains_key(name);
            let name = name.to_lowercase();
            let mut good = answers.iter().filter(|(_, answer)| answer.status == 200);
            // The small model has one gap and one organisation only.
            let one_page = name == "link" && matches!(path.as_str(), "/v1/gaps" | "/v1/orgs");
            let found = good.any(|(_, answer)| answer.header(&name).is_some());
            assert_eq!(found, wanted && !one_page, "{path}: {name}");
        }
    }
}

/// Each format that the document offers is had by `Accept`, and by `format=` where there is one.
#[test]
fn every_documented_format_can_be_had() {
    let services = Services::start();
    let document = ghev_api::openapi_document();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let content = item["get"]["responses"]["200"]["content"]
            .as_object()
            .unwrap();
        for wanted in content.keys() {
            let accept = format!("Accept: {wanted}");
            let answer = get(services.plain.client(), &filled(path), &[&accept]);
            assert_eq!(answer.status, 200, "{path} as {wanted}");
            let given = media_type(&answer);
            assert!(given == wanted || wanted == "*/*", "{path}: {given}");
            *seen.entry(given.to_owned()).or_default() += 1;
            if given == "application/x-ndjson" {
                for line in answer.text().lines() {
                    let record: Json = serde_json::from_str(line).unwrap();
                    assert!(record.is_object(), "{path}: {line}");
                }
            }
        }
        let formats = item["get"]["parameters"].as_array().into_iter().flatten();
        let formats = formats.filter(|parameter| parameter["name"] == "format");
        for format in formats.flat_map(|format| format["schema"]["enum"].as_array().unwrap()) {
            let target = format!("{}?format={}", filled(path), format.as_str().unwrap());
            let answer = get(services.plain.client(), &target, &[]);
            assert!(content.contains_key(media_type(&answer)), "{target}");
        }
    }
    for media_type in [
        "application/json",
        "application/x-ndjson",
        "text/csv",
        "image/svg+xml",
    ] {
        assert!(seen[media_type] > 8, "{media_type}: {seen:?}");
    }
}

/// Every code of a problem that the documentation lists, brought about once.
#[test]
fn every_code_is_given_for_its_reason() {
    let services = Services::start();
    let model = Model::small();
    let mut in_no_time = options(model.path());
    in_no_time.query_deadline = Duration::ZERO;
    let in_no_time = Server::with(in_no_time);
    let mut post = services.plain.client();
    let plain = |target: &str| services.plain.get(target);
    let to = |path: &'static str, how: &str| {
        let answers = services.ask(path).into_iter();
        let mut found = answers.filter(|(known, _)| *known == how);
        found.next().unwrap().1
    };
    let brought = [
        ("invalid_parameter", plain("/v1/events?limit=0")),
        (
            "conflicting_parameters",
            plain("/v1/events?offset=1&to=2026-01-01"),
        ),
        ("unknown_parameter", plain("/v1/events?no-such=1")),
        (
            "too_many_buckets",
            plain("/v1/event-series?interval=minute&from=2020-01-01&to=2026-01-01"),
        ),
        ("unknown_repository", plain("/v1/repos/no/body")),
        ("unknown_org", plain("/v1/orgs/nobody")),
        ("unknown_actor", plain("/v1/actors/nobody")),
        ("not_found", plain("/v1/events/PushEvent/999")),
        (
            "method_not_allowed",
            post.request("POST", "/v1/events", &[]),
        ),
        ("not_acceptable", to("/v1/events", "accept")),
        ("unauthorized", to("/v1/events", "token")),
        ("malformed_request", to("/v1/events", "two hosts")),
        ("content_not_accepted", to("/v1/events", "body")),
        ("target_too_long", to("/v1/events", "long")),
        ("headers_too_large", to("/v1/events", "headers")),
        ("query_deadline", in_no_time.get("/v1/events?action=opened")),
        ("overloaded", to("/v1/events", "full")),
        ("not_ready", to("/v1/events", "no model")),
    ];
    let document = ghev_api::openapi_document();
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let validator = validator(&document, &schema);
    for (code, answer) in &brought {
        let problem = answer.json();
        assert_eq!(problem["code"], *code, "{problem}");
        assert_valid(&validator, &problem, code);
    }
    let docs = plain("/docs");
    let listed = docs.text().split(" id=\"problem-").skip(1);
    let listed: BTreeSet<&str> = listed.map(|rest| rest.split('"').next().unwrap()).collect();
    let mut known: BTreeSet<&str> = brought.iter().map(|(code, _)| *code).collect();
    // A panic of a handler, in `src/web/tests.rs`.
    known.insert("internal");
    assert_eq!(known, listed);
    // The schema can refuse: it is no empty one.
    assert!(!validator.is_valid(&json!({ "code": "internal" })));
}
