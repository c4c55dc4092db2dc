//! Counts and intervals, and the windows that both take.

use crate::model::{Model, RUST, event, opens};
use crate::server::Server;

#[test]
fn the_last_minutes_are_exact_to_the_second() {
    let model = Model::small();
    let server = Server::start(model.path());
    let answer = server.get("/v1/event-counts?offset=10").ok();
    assert_eq!(answer["from"], "2026-11-24T11:50:00Z");
    assert_eq!(answer["to"], "2026-11-24T12:00:00Z");
    assert_eq!(answer["by"], "created_at");
    assert_eq!(
        answer["counts"]["PushEvent"], 1,
        "11:50:00 is in, 11:49:59 is not"
    );
    assert_eq!(answer["counts"]["WatchEvent"], 1);
    assert_eq!(answer["counts"]["GollumEvent"], 0);
    assert_eq!(answer["counts"].as_object().unwrap().len(), 16);
    assert_eq!(answer["sample_size"], 2);
    assert_eq!(answer["as_of"]["log_id"], "ab".repeat(16));
    assert_eq!(answer["as_of"]["next_offset"], 1);
    assert_eq!(answer["as_of"]["observed_at"], "2026-11-24T11:59:30Z");
    assert_eq!(answer["coverage"]["suspected_gaps"], 1);
    assert!(answer["coverage"]["est_capture"].is_null());
}

#[test]
fn without_a_window_everything_counts_and_unknown_types_too() {
    let model = Model::small();
    let answer = Server::start(model.path()).get("/v1/event-counts").ok();
    assert!(answer["from"].is_null() && answer["to"].is_null());
    assert_eq!(answer["sample_size"], 8);
    assert_eq!(answer["counts"]["NewThingEvent"], 1);
}

#[test]
fn windows_are_half_open_and_may_be_dates() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let mut total = |query: &str| {
        client.get(&format!("/v1/event-counts?{query}")).ok()["sample_size"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(total("from=2026-11-24"), 7);
    assert_eq!(total("to=2026-11-24"), 1);
    assert_eq!(
        total("from=2026-11-24T11:50:00Z&to=2026-11-24T11:59:59Z"),
        1
    );
    assert_eq!(
        total("from=2026-11-24T11:50:00Z&to=2026-11-24T11:50:00Z"),
        0
    );
    assert_eq!(total("from=2026-11-24T12%3A50%3A00%2B01%3A00"), 2);
    assert_eq!(total("from=2026-11-24T11:50:00.000001Z"), 1);
    assert_eq!(
        total("from=2026-11-24T12:50:00+01:00"),
        2,
        "a plus that was not encoded"
    );
    assert_eq!(total("by=observed_at&offset=10"), 8);
    assert_eq!(total("by=observed_at&to=2026-11-24"), 0);
}

#[test]
fn every_scope_counts_its_own() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (scope, events) in [
        ("/repos/rust-lang/rust", 6),
        ("/repos/RUST-lang/Rust", 6),
        ("/repos/rust%2Dlang/%72ust", 6),
        ("/repositories/1390248", 2),
        ("/orgs/Rust-Lang", 8),
        ("/actors/ANN", 8),
    ] {
        let answer = client.get(&format!("/v1{scope}/event-counts")).ok();
        assert_eq!(answer["sample_size"], events, "{scope}");
    }
    for (path, code) in [
        (
            "/repos/rust-lang/nothing/event-counts",
            "unknown_repository",
        ),
        ("/repos/rust-lang/nothing", "unknown_repository"),
        (
            "/repos/nobody/rust/pull-request-interval",
            "unknown_repository",
        ),
        ("/repositories/1/event-counts", "unknown_repository"),
        ("/orgs/nobody/event-counts", "unknown_org"),
        ("/actors/nobody/event-counts", "unknown_actor"),
    ] {
        client.get(&format!("/v1{path}")).problem(404, code);
    }
}

#[test]
fn the_interval_is_the_mean_of_the_gaps() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let answer = client
        .get("/v1/repos/rust-lang/rust/pull-request-interval")
        .ok();
    assert_eq!(answer["repo"]["id"], 724_712);
    assert_eq!(answer["repo"]["name"], "rust-lang/rust");
    assert_eq!(answer["action"], "opened");
    assert_eq!(answer["sample_size"], 3);
    assert_eq!(answer["mean_seconds"], 4500.0);
    assert_eq!(answer["p50_seconds"], 4500.0);
    assert_eq!(answer["min_seconds"], 3600.0);
    assert_eq!(answer["max_seconds"], 5400.0);
    assert_eq!(answer["first_at"], "2026-11-24T09:00:00Z");
    assert_eq!(answer["last_at"], "2026-11-24T11:30:00Z");

    let none = client
        .get("/v1/repos/rust-lang/cargo/pull-request-interval")
        .ok();
    assert_eq!(none["sample_size"], 0);
    assert!(none["mean_seconds"].is_null() && none["first_at"].is_null());

    for path in [
        "/v1/pull-request-interval",
        "/v1/orgs/rust-lang/pull-request-interval",
    ] {
        let pooled = client.get(path).ok();
        assert_eq!(pooled["mean_seconds"], 4500.0, "{path}");
        assert!(pooled.get("repo").is_none(), "{path}");
    }
    let any = client
        .get("/v1/repositories/724712/pull-request-interval?action=any&offset=60")
        .ok();
    assert_eq!(
        (&any["action"], &any["sample_size"]),
        (&"any".into(), &1.into())
    );
    client
        .get("/v1/pull-request-interval?by=observed_at")
        .problem(400, "invalid_parameter");
    client
        .get("/v1/actors/ann/pull-request-interval")
        .problem(404, "not_found");
}

#[test]
fn all_that_is_wrong_with_parameters_is_told_at_once() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (query, code, names) in [
        ("offset=0", "invalid_parameter", &["offset"][..]),
        ("offset=-1", "invalid_parameter", &["offset"]),
        ("offset=1.5", "invalid_parameter", &["offset"]),
        ("offset=", "invalid_parameter", &["offset"]),
        ("offset=%D9%A3", "invalid_parameter", &["offset"]),
        (
            "offset=99999999999999999999",
            "invalid_parameter",
            &["offset"],
        ),
        ("offset=1&offset=2", "invalid_parameter", &["offset"]),
        (
            "offset=1&from=2026-01-01",
            "conflicting_parameters",
            &["offset"],
        ),
        (
            "offset=1&to=2026-01-01",
            "conflicting_parameters",
            &["offset"],
        ),
        ("from=yesterday", "invalid_parameter", &["from"]),
        ("from=2026-02-30", "invalid_parameter", &["from"]),
        ("from=2026-11-24T11:00:00", "invalid_parameter", &["from"]),
        (
            "from=2026-01-02&to=2026-01-01",
            "invalid_parameter",
            &["from"],
        ),
        (
            "by=arrival&format=xml&offset=x",
            "invalid_parameter",
            &["offset", "by", "format"],
        ),
        ("ofset=10", "unknown_parameter", &["ofset"]),
        ("Offset=10", "unknown_parameter", &["Offset"]),
        (
            "limit=10&offset=0",
            "unknown_parameter",
            &["offset", "limit"],
        ),
        ("offset=%zz", "invalid_parameter", &["offset"]),
        ("offset=%2", "invalid_parameter", &["offset"]),
        ("offset=%ff", "invalid_parameter", &["offset"]),
        ("=1", "unknown_parameter", &[""]),
    ] {
        let answer = client.get(&format!("/v1/event-counts?{query}"));
        assert_eq!(answer.problem(400, code), names, "{query}");
    }
    assert_eq!(
        client.get("/v1/event-counts?&&").status,
        200,
        "nothing is not wrong"
    );
    assert_eq!(client.get("/v1/event-counts?offset=1000000000").status, 200);
    let wrong = client.get("/v1/repositories/rust/event-counts");
    assert_eq!(wrong.problem(400, "invalid_parameter"), ["id"]);
    let wrong = client.get("/v1/repos/%ff/rust");
    assert_eq!(wrong.problem(400, "invalid_parameter"), ["owner"]);
}

/// What an answer says must be what the model has at that moment, without a restart.
#[test]
fn what_arrives_is_seen_at_once() {
    let mut model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let interval = "/v1/repos/rust-lang/rust/pull-request-interval";
    assert_eq!(client.get(interval).ok()["sample_size"], 3);
    let late = event(
        "PullRequestEvent",
        9,
        "2026-11-24T08:00:00Z",
        RUST,
        &opens(40),
    );
    model.add("2026-11-24T12:00:00Z", &[late]);
    let answer = client.get(interval).ok();
    assert_eq!(answer["sample_size"], 4);
    assert_eq!(
        answer["mean_seconds"], 4200.0,
        "late events give no negative gaps"
    );
    assert_eq!(answer["as_of"]["next_offset"], 2);
}
