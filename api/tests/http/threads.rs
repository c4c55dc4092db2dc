//! Pull requests, issues and people.

use serde_json::{Value as Json, json};

use crate::model::{CARGO, Model, RUST, event, opens};
use crate::server::Server;

/// An event of thread 41 by somebody.
fn by(kind: &str, id: u64, at: &str, (actor_id, login): (u64, &str), payload: &str) -> String {
    let raw = event(kind, id, at, RUST, payload);
    let own = r#"{"id":7,"login":"Ann"}"#;
    raw.replace(own, &format!(r#"{{"id":{actor_id},"login":"{login}"}}"#))
}

const ANN: (u64, &str) = (7, "Ann");
const BOT: (u64, &str) = (8, "ci-bot");
const EVE: (u64, &str) = (9, "eve");

/// A pull request that is merged, one that is not, and an issue that is closed.
fn model() -> Model {
    let comment = |on: &str| format!(r#"{{"action":"created","issue":{{"number":{on}}}}}"#);
    let on_pull_request = comment(r#"41,"pull_request":{}"#);
    let issue = |action: &str| format!(r#"{{"action":"{action}","issue":{{"number":5}}}}"#);
    let pull_request = |action: &str, number: u64| {
        format!(r#"{{"action":"{action}","number":{number},"pull_request":{{"number":{number}}}}}"#)
    };
    let mut model = Model::empty();
    model.add(
        "2026-11-24T11:59:30Z",
        &[
            by(
                "PullRequestEvent",
                1,
                "2026-11-24T09:00:00Z",
                ANN,
                &opens(41),
            ),
            by(
                "IssueCommentEvent",
                2,
                "2026-11-24T09:00:10Z",
                BOT,
                &on_pull_request,
            ),
            by(
                "IssueCommentEvent",
                3,
                "2026-11-24T09:00:20Z",
                ANN,
                &on_pull_request,
            ),
            by(
                "PullRequestReviewEvent",
                4,
                "2026-11-24T09:01:00Z",
                EVE,
                &pull_request("created", 41),
            ),
            by(
                "PullRequestEvent",
                5,
                "2026-11-24T10:00:00Z",
                EVE,
                &pull_request("merged", 41),
            ),
            by(
                "PullRequestEvent",
                6,
                "2026-11-24T10:00:00Z",
                EVE,
                &opens(42),
            ),
            by(
                "PullRequestEvent",
                7,
                "2026-11-24T10:10:00Z",
                EVE,
                &pull_request("closed", 42),
            ),
            by(
                "IssuesEvent",
                8,
                "2026-11-24T10:20:00Z",
                ANN,
                &issue("opened"),
            ),
            by(
                "IssueCommentEvent",
                9,
                "2026-11-24T10:20:30Z",
                EVE,
                &comment("5"),
            ),
            by(
                "IssuesEvent",
                10,
                "2026-11-24T10:30:00Z",
                ANN,
                &issue("closed"),
            ),
            event("WatchEvent", 11, "2026-11-24T10:30:00Z", CARGO, "{}"),
        ],
    );
    model
}

const REPO: &str = "/v1/repos/rust-lang/rust";
const SCOPES: [&str; 4] = ["/v1", REPO, "/v1/repositories/724712", "/v1/orgs/Rust-Lang"];

#[test]
fn pull_requests_tell_what_became_of_them() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    for scope in SCOPES {
        let answer = client.get(&format!("{scope}/pull-requests")).ok();
        let expected = json!({
            "from": null, "to": null, "by": "created_at",
            "opened": 2, "accepted": 1, "declined": 1, "outcome_unknown": 0,
            "acceptance_ratio": 1.0, "closure_ratio": 1.0,
            "time_to_close_seconds": {
                "merged": { "p50": 3600.0, "p90": 3600.0, "sample_size": 1 },
                "declined": { "p50": 600.0, "p90": 600.0, "sample_size": 1 },
            },
            "time_to_first_response_seconds": { "p50": 60.0, "p90": 60.0, "sample_size": 1 },
            "anomalies": 0, "sample_size": 2,
            "as_of": answer["as_of"], "coverage": answer["coverage"],
        });
        assert_eq!(answer, expected, "{scope}");
    }
    let bots = client
        .get(&format!("{REPO}/pull-requests?bots=include"))
        .ok();
    assert_eq!(bots["time_to_first_response_seconds"]["p50"], 10.0);
    // Merged and closed in the window, and opened before it.
    let later = "from=2026-11-24T10:00:00Z&to=2026-11-24T10:10:01Z";
    let later = client.get(&format!("{REPO}/pull-requests?{later}")).ok();
    let counts = ["opened", "accepted", "declined"].map(|count| &later[count]);
    assert_eq!(counts, [&json!(1), &json!(1), &json!(1)]);
    assert_eq!(later["time_to_close_seconds"]["merged"]["sample_size"], 0);
}

#[test]
fn nothing_is_null_and_not_zero() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    let none = client.get("/v1/repos/rust-lang/cargo/pull-requests").ok();
    assert_eq!(
        (&none["opened"], &none["sample_size"]),
        (&json!(0), &json!(0))
    );
    assert!(none["acceptance_ratio"].is_null() && none["closure_ratio"].is_null());
    let empty = json!({ "p50": null, "p90": null, "sample_size": 0 });
    assert_eq!(none["time_to_close_seconds"]["declined"], empty);
    let people = client.get("/v1/repos/rust-lang/cargo/contributors").ok();
    assert_eq!(people["active"], 0);
    assert!(people["absence_factor"].is_null());
    for question in ["pull-requests", "issues", "contributors"] {
        client
            .get(&format!("/v1/repos/no/body/{question}"))
            .problem(404, "unknown_repository");
        client
            .get(&format!("/v1/orgs/nobody/{question}"))
            .problem(404, "unknown_org");
        let wrong = client.get(&format!("/v1/{question}?bots=maybe&by=observed_at"));
        assert_eq!(wrong.problem(400, "invalid_parameter"), ["by", "bots"]);
    }
}

#[test]
fn issues_are_answered_without_the_comments_on_pull_requests() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    for scope in SCOPES {
        let answer = client.get(&format!("{scope}/issues")).ok();
        let counts = ["opened", "active", "closed", "sample_size"].map(|count| &answer[count]);
        assert_eq!(counts, [1, 1, 1, 1].map(Json::from).each_ref(), "{scope}");
        assert_eq!(
            answer["resolution_seconds"],
            json!({ "p50": 600.0, "p90": 600.0, "sample_size": 1 })
        );
        assert_eq!(answer["response_seconds"]["p50"], 30.0);
    }
}

#[test]
fn contributors_are_people_unless_bots_are_asked_for() {
    let model = model();
    let server = Server::start(model.path());
    let mut client = server.client();
    let names = ["active", "new", "inactive", "absence_factor", "sample_size"];
    let mut people = |query: &str| -> Vec<u64> {
        SCOPES
            .map(|scope| {
                let answer = client.get(&format!("{scope}/contributors?{query}")).ok();
                names.map(|name| answer[name].as_u64().unwrap()).to_vec()
            })
            .into_iter()
            .reduce(|one, other| {
                assert_eq!(one, other, "{query}");
                one
            })
            .unwrap()
    };
    assert_eq!(people(""), [2, 2, 0, 1, 9]);
    assert_eq!(people("bots=include"), [3, 3, 0, 1, 10]);
    // Ann and Eve were there before 10:05, and after 10:25 only Ann is.
    assert_eq!(people("from=2026-11-24T10:25:00Z"), [1, 0, 1, 1, 1]);
    assert_eq!(people("from=2026-11-24T09:01:00Z"), [2, 1, 0, 1, 7]);
}
