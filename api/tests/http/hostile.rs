//! Whatever the query: never a panic, never a fault of the service.

use std::cell::RefCell;

use proptest::prelude::*;

use crate::model::Model;
use crate::server::Server;

const PATHS: [&str; 9] = [
    "/v1/event-counts",
    "/v1/repos/rust-lang/rust/event-counts",
    "/v1/repos/rust-lang/rust/pull-request-interval",
    "/v1/pull-request-interval",
    "/v1/events",
    "/v1/events/PushEvent/1",
    "/v1/gaps",
    "/v1/dead-letters",
    "/v1/status",
];

/// Characters that hyper lets through in a target.
const TARGET: &str = "[!$%&'()*+,./0-9:;=?@A-Z\\[\\]^_`a-z{|}~-]{0,80}";

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "offset",
        "from",
        "to",
        "by",
        "type",
        "repo",
        "org",
        "actor",
        "action",
        "limit",
        "page_token",
        "format",
        "x",
    ])
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        TARGET.prop_map(|text| text.replace('&', "")),
        any::<i64>().prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "10",
            "1",
            "2026-11-24",
            "0000-01-01",
            "9999-12-31",
            "9999-12-31T23:59:59.999Z",
            "2026-11-24T11:00:00Z",
            "created_at",
            "observed_at",
            "json",
            "csv",
            "ndjson",
            "rust-lang/rust",
            "rust-lang",
            "ann",
            "any",
            "opened",
            "PushEvent",
            "1-0000000000000000-0-1..n3.n4",
            "%00",
            "%F0%9F%A6%80",
            "1000",
        ])
        .prop_map(str::to_owned),
    ]
}

fn queries() -> impl Strategy<Value = String> {
    let pairs = prop::collection::vec((names(), values()), 0..5).prop_map(|pairs| {
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    });
    prop_oneof![3 => pairs, 1 => TARGET]
}

#[test]
fn no_query_is_a_fault_of_the_service() {
    let model = Model::small();
    let server = Server::start(model.path());
    let client = RefCell::new(server.client());
    let strategy = (prop::sample::select(PATHS.to_vec()), queries());
    proptest!(ProptestConfig::with_cases(2000), |((path, query) in strategy)| {
        let answer = client.borrow_mut().get(&format!("{path}?{query}"));
        prop_assert!(
            matches!(answer.status, 200 | 400 | 404 | 406),
            "{} to {path}?{query}: {}", answer.status, answer.text()
        );
        if answer.status != 200 {
            let problem = answer.json();
            prop_assert!(problem["code"].is_string() && problem["detail"].is_string());
        }
    });
}

#[test]
fn no_path_is_a_fault_of_the_service() {
    let model = Model::small();
    let server = Server::start(model.path());
    let client = RefCell::new(server.client());
    let segment = "[!$%&'()*+,.0-9:;=@A-Z_a-z~-]{0,12}|%[0-9a-f]{2}|rust|v1|repos|events|orgs";
    let strategy = prop::collection::vec(segment, 0..6);
    proptest!(ProptestConfig::with_cases(1000), |(segments in strategy)| {
        let answer = client.borrow_mut().get(&format!("/{}", segments.join("/")));
        prop_assert!(
            matches!(answer.status, 200 | 400 | 404),
            "{} to {segments:?}: {}", answer.status, answer.text()
        );
    });
}
