//! Series, activity and the week's matrix: events over time.

use serde_json::json;

use crate::model::{CARGO, Model, RUST, event};
use crate::server::Server;

const SCOPES: [(&str, u64); 5] = [
    ("", 8),
    ("/repos/rust-lang/RUST", 6),
    ("/repositories/1390248", 2),
    ("/orgs/rust-lang", 8),
    ("/actors/ann", 8),
];

#[test]
fn a_series_has_every_bucket_of_its_window_cut_by_it() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let answer = client
        .get("/v1/event-series?interval=hour&from=2026-11-24T08:00:01Z&to=2026-11-24T11:50:00Z")
        .ok();
    assert_eq!(answer["interval"], "hour");
    assert_eq!(answer["from"], "2026-11-24T08:00:01Z");
    let series = answer["series"].as_array().unwrap();
    let totals: Vec<_> = series
        .iter()
        .map(|bucket| {
            (
                bucket["start"].as_str().unwrap(),
                bucket["total"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        totals,
        [
            ("2026-11-24T08:00:00Z", 0),
            ("2026-11-24T09:00:00Z", 1),
            ("2026-11-24T10:00:00Z", 1),
            ("2026-11-24T11:00:00Z", 2),
        ]
    );
    assert_eq!(
        series[3]["counts"]["PushEvent"], 1,
        "11:49:59 is in, 11:50:00 is not"
    );
    assert_eq!(series[0]["counts"].as_object().unwrap().len(), 16);
    assert_eq!(answer["sample_size"], 4);
    assert_eq!(answer["as_of"]["next_offset"], 1);
    assert_eq!(answer["coverage"]["state"], "degraded");

    let days = client.get("/v1/event-series?interval=day").ok();
    assert!(days["from"].is_null() && days["to"].is_null());
    let starts: Vec<_> = days["series"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["start"])
        .collect();
    assert_eq!(
        starts,
        [
            &json!("2026-11-23T00:00:00Z"),
            &json!("2026-11-24T00:00:00Z")
        ]
    );
    let weeks = client.get("/v1/event-series?interval=week&offset=60").ok();
    assert_eq!(weeks["series"][0]["start"], "2026-11-23T00:00:00Z");
    assert_eq!(weeks["sample_size"], 4);
    let arrived = client
        .get("/v1/event-series?interval=minute&by=observed_at")
        .ok();
    assert_eq!(arrived["series"].as_array().unwrap().len(), 1);
    assert_eq!(arrived["series"][0]["start"], "2026-11-24T11:59:00Z");
    let hours = client.get("/v1/event-series").ok();
    assert_eq!(hours["interval"], "hour");
    assert_eq!(hours["series"].as_array().unwrap().len(), 24);
}

#[test]
fn every_scope_has_its_own_series() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (scope, events) in SCOPES {
        let answer = client
            .get(&format!("/v1{scope}/event-series?interval=month"))
            .ok();
        assert_eq!(answer["sample_size"], events, "{scope}");
        let series = answer["series"].as_array().unwrap();
        assert_eq!(
            (series.len(), &series[0]["total"]),
            (1, &json!(events)),
            "{scope}"
        );
    }
    client
        .get("/v1/orgs/nobody/event-series")
        .problem(404, "unknown_org");
}

#[test]
fn more_buckets_than_are_answered_are_refused() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (query, status) in [
        ("interval=minute&offset=9999", 200),
        ("interval=minute&offset=10001", 400),
        ("interval=hour&from=1900-01-01&to=2026-01-01", 400),
        ("interval=month&from=1900-01-01&to=2026-01-01", 200),
    ] {
        let answer = client.get(&format!("/v1/event-series?{query}"));
        assert_eq!(answer.status, status, "{query}: {:.300}", answer.text());
        if status == 400 {
            assert_eq!(
                answer.problem(400, "too_many_buckets"),
                ["interval"],
                "{query}"
            );
        }
    }
    let wrong = client.get("/v1/event-series?interval=year");
    assert_eq!(wrong.problem(400, "invalid_parameter"), ["interval"]);
}

#[test]
fn a_series_comes_as_lines_too() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let csv = client.get("/v1/event-series?interval=day&format=csv");
    let lines: Vec<&str> = csv.text().lines().collect();
    assert!(
        lines[0].starts_with("start,total,counts.CommitCommentEvent,"),
        "{}",
        lines[0]
    );
    assert_eq!(
        lines[1],
        "2026-11-23T00:00:00Z,1,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0"
    );
    assert_eq!(
        lines[2],
        "2026-11-24T00:00:00Z,7,0,0,0,0,0,0,0,0,0,0,3,0,0,2,0,1"
    );
    let ndjson = client.get("/v1/event-series?interval=day&format=ndjson");
    let last: serde_json::Value =
        serde_json::from_str(ndjson.text().lines().last().unwrap()).unwrap();
    assert_eq!(last["counts"]["NewThingEvent"], 1);
}

#[test]
fn activity_says_what_it_cannot_know() {
    let mut model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let answer = client.get("/v1/activity").ok();
    assert_eq!((&answer["stars"], &answer["forks"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&answer["releases"], &answer["pushes"]),
        (&json!(0), &json!(2))
    );
    assert!(
        answer["commits"].is_null(),
        "no push says how many it has: {answer}"
    );
    assert_eq!(answer["pushes_with_size"], 0);
    assert_eq!(answer["sample_size"], 8);
    assert_eq!(answer["by"], "created_at");
    let none = client.get("/v1/repos/rust-lang/cargo/activity").ok();
    assert_eq!((&none["pushes"], &none["commits"]), (&json!(0), &json!(0)));

    let release = r#"{"action":"published","release":{"id":1}}"#;
    model.add(
        "2026-11-24T12:00:00Z",
        &[
            event(
                "PushEvent",
                20,
                "2026-11-24T11:59:00Z",
                RUST,
                r#"{"size":3}"#,
            ),
            event("ReleaseEvent", 21, "2026-11-24T11:59:00Z", CARGO, release),
        ],
    );
    let answer = client.get("/v1/activity?offset=10").ok();
    assert_eq!(
        (&answer["pushes"], &answer["pushes_with_size"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&answer["commits"], &answer["releases"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(answer["from"], "2026-11-24T11:50:00Z");
    client
        .get("/v1/activity?by=observed_at")
        .problem(400, "invalid_parameter");
}

#[test]
fn every_scope_has_its_activity_and_its_week() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (scope, events) in SCOPES {
        let activity = client.get(&format!("/v1{scope}/activity")).ok();
        assert_eq!(activity["sample_size"], events, "{scope}");
        let week = client.get(&format!("/v1{scope}/activity-matrix")).ok();
        assert_eq!(week["sample_size"], events, "{scope}");
        let rows = week["matrix"].as_array().unwrap();
        assert!(
            rows.iter().all(|row| row.as_array().unwrap().len() == 24),
            "{scope}"
        );
        let cells = rows.iter().flat_map(|row| row.as_array().unwrap());
        let sum: u64 = cells.map(|cell| cell.as_u64().unwrap()).sum();
        assert_eq!((rows.len(), sum), (7, events), "{scope}");
    }
}

#[test]
fn the_week_begins_on_monday_and_the_window_cuts_hours() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    // The 23rd was a Monday.
    let week = client.get("/v1/activity-matrix").ok();
    assert_eq!(week["matrix"][0][12], 1);
    assert_eq!(week["matrix"][1][11], 4);
    let cut = client.get("/v1/activity-matrix?offset=10").ok();
    assert_eq!(
        (&cut["matrix"][1][11], &cut["sample_size"]),
        (&json!(2), &json!(2))
    );
    let csv = client.get("/v1/activity-matrix?format=csv");
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines.len(), 1 + 7 * 24);
    assert_eq!(lines[..2], ["weekday,hour,count", "monday,0,0"]);
    assert_eq!(lines[1 + 24 + 11], "tuesday,11,4");
}

/// A week or a window that begins before the year 0 was answered as `-000001-12-27T00:00:00Z`, which is
/// no RFC 3339.
#[test]
fn times_are_of_four_digits_from_the_first_to_the_last() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for earlier in [
        "0000-01-01",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00%2B00:01",
    ] {
        for path in [
            "/v1/event-series?interval=week&to=0001-02-01&from",
            "/v1/trending?to",
        ] {
            client
                .get(&format!("{path}={earlier}"))
                .problem(400, "invalid_parameter");
        }
    }
    let first = client.get("/v1/trending?window=30d&to=0001-01-01").ok();
    assert_eq!(first["from"], "0000-12-02T00:00:00Z");
    let weeks = "/v1/event-series?interval=week&from=0001-01-01&to=0001-01-09";
    let weeks = client.get(weeks).ok();
    assert_eq!(weeks["series"][0]["start"], "0001-01-01T00:00:00Z");
    let last = "/v1/event-series?interval=week&from=9999-12-27&to=9999-12-29T23:59:59Z";
    let last = client.get(last).ok();
    assert_eq!(last["series"][0]["start"], "9999-12-27T00:00:00Z");
}
