//! What stands out.

use serde_json::json;

use crate::model::{CARGO, Model, RUST, event};
use crate::server::Server;

#[test]
fn what_has_more_events_than_before_comes_first() {
    let mut model = Model::small();
    let before: Vec<String> = (0..7)
        .map(|day| {
            event(
                "PushEvent",
                100 + day,
                &format!("2026-11-{}T13:00:00Z", 17 + day),
                RUST,
                "{}",
            )
        })
        .collect();
    model.add("2026-11-24T11:59:40Z", &before);
    let server = Server::start(model.path());
    let mut client = server.client();
    let answer = client.get("/v1/trending").ok();
    assert_eq!(answer["window_seconds"], 86_400);
    assert_eq!(answer["from"], "2026-11-23T12:00:00Z");
    assert_eq!(answer["to"], "2026-11-24T12:00:00Z");
    assert_eq!(answer["sample_size"], 9);
    let repos = answer["repos"].as_array().unwrap();
    assert_eq!(repos[0]["repo"], json!({ "id": RUST.0, "name": RUST.1 }));
    assert_eq!(repos[0]["count"], 7);
    let mean = 6.0 / 7.0;
    assert_eq!(repos[0]["baseline_mean"], mean);
    assert!((repos[0]["z_score"].as_f64().unwrap() - (7.0 - mean)).abs() < 1e-12);
    assert_eq!(repos[1]["repo"]["id"], CARGO.0);
    assert_eq!(
        (&repos[1]["count"], &repos[1]["z_score"]),
        (&json!(2), &json!(2.0))
    );
    assert_eq!(repos.len(), 2);

    let one = client.get("/v1/trending?limit=1").ok();
    assert_eq!(one["repos"], json!([repos[0]]));
    let stars = client
        .get("/v1/trending?type=WatchEvent&type=ForkEvent&window=2d")
        .ok();
    assert_eq!(stars["repos"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&stars["sample_size"], &stars["window_seconds"]),
        (&json!(2), &json!(172_800))
    );
    let earlier = client
        .get("/v1/trending?window=1h&to=2026-11-24T11:30:00Z")
        .ok();
    assert_eq!(
        earlier["sample_size"], 0,
        "11:30:00 is not in, 10:00:00 neither"
    );
    assert_eq!(earlier["repos"], json!([]));
    let csv = client.get("/v1/trending?format=csv&type=ForkEvent");
    assert_eq!(
        csv.text(),
        "repo.id,repo.name,count,baseline_mean,baseline_deviation,z_score\r\n\
         1390248,rust-lang/cargo,1,0.0,0.0,1.0\r\n"
    );
}

/// Whatever was missed, or dropped, in the past of a repository makes its present stand out: the answer said nothing
/// of it where the window itself was seen.
#[test]
fn coverage_speaks_of_the_past_that_is_compared_with() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    // A gap is suspected until 11:59:30 on the 24th.
    for (to, gaps, state) in [
        ("2026-11-26", 1, "degraded"),
        ("2026-12-02", 1, "degraded"),
        ("2026-12-03", 0, "unknown"),
    ] {
        let answer = client.get(&format!("/v1/trending?window=24h&to={to}")).ok();
        let coverage = &answer["coverage"];
        assert_eq!(coverage["suspected_gaps"], gaps, "{to}");
        assert_eq!(coverage["state"], state, "{to}");
    }
}

#[test]
fn windows_are_hours_or_days_within_bounds() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for window in ["1h", "720h", "30d", "1d"] {
        assert_eq!(
            client.get(&format!("/v1/trending?window={window}")).status,
            200,
            "{window}"
        );
    }
    for window in [
        "0h",
        "721h",
        "31d",
        "24",
        "h",
        "60m",
        "-1h",
        "1.5h",
        "%D9%A3h",
        "99999999999999999999d",
        "24H",
        "",
    ] {
        let answer = client.get(&format!("/v1/trending?window={window}"));
        assert_eq!(
            answer.problem(400, "invalid_parameter"),
            ["window"],
            "{window}"
        );
    }
    client
        .get("/v1/trending?offset=5")
        .problem(400, "unknown_parameter");
}

#[test]
fn what_ends_now_is_not_kept() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let moving = client.get("/v1/trending");
    assert_eq!(
        (moving.header("etag"), moving.header("cache-control")),
        (None, Some("no-store"))
    );
    assert!(
        client
            .get("/v1/trending?to=2026-11-24")
            .header("etag")
            .is_some()
    );
}
