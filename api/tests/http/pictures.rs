//! Answers as SVG.

use crate::model::{Model, event};
use crate::server::Server;

#[test]
fn every_chartable_answer_is_a_picture_in_every_scope() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let scopes = [
        ("/v1", "everybody"),
        ("/v1/repos/rust-lang/rust", "rust-lang/rust"),
        ("/v1/repositories/724712", "724712"),
        ("/v1/orgs/rust-lang", "rust-lang"),
        ("/v1/actors/ann", "ann"),
    ];
    for (scope, whose) in scopes {
        let questions = [
            "event-counts",
            "event-series",
            "activity-matrix",
            "pull-request-interval",
        ];
        let of_scope = questions.len() - usize::from(scope.starts_with("/v1/actors"));
        for question in &questions[..of_scope] {
            let answer = client.get(&format!("{scope}/{question}.svg?from=2026-11-20"));
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("sandbox") && policy.starts_with("default-src 'none'"));
            assert!(policy.contains("style-src"), "it has colours: {policy}");
            let text = answer.text();
            assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
            let title = text.split("</title>").next().unwrap();
            assert!(
                title.contains(whose) || title.contains("rust-lang/rust"),
                "{title}"
            );
            let tag = format!("If-None-Match: {}", answer.header("etag").unwrap());
            let target = format!("{scope}/{question}.svg?from=2026-11-20");
            assert_eq!(client.request("GET", &target, &[&tag]).status, 304);
        }
    }
    let trending = client.get("/v1/trending.svg?to=2026-11-25");
    assert!(
        trending.text().contains("rust-lang/cargo"),
        "{}",
        trending.text()
    );
}

#[test]
fn a_picture_is_refused_as_its_answer_would_be() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    client
        .get("/v1/repos/a/b/event-counts.svg")
        .problem(404, "unknown_repository");
    client
        .get("/v1/event-counts.svg?offset=0")
        .problem(400, "invalid_parameter");
    client
        .get("/v1/event-counts.svg?format=csv")
        .problem(406, "not_acceptable");
    let elsewhere = client.get("/v1/event-counts?format=svg");
    elsewhere.problem(406, "not_acceptable");
    let problem = elsewhere.json();
    assert!(problem["detail"].as_str().unwrap().ends_with(".svg"));
    client.get("/v1/status.svg").problem(404, "not_found");
    let browser = "Accept: image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8";
    assert_eq!(
        client
            .request("GET", "/v1/event-counts.svg", &[browser])
            .status,
        200
    );
    let json = client.request("GET", "/v1/event-counts.svg", &["Accept: application/json"]);
    json.problem(406, "not_acceptable");
    let relative = client.get("/v1/event-counts.svg?offset=10");
    assert_eq!(relative.header("cache-control"), Some("no-store"));
}

#[test]
fn a_hostile_name_is_text_in_a_picture() {
    let mut model = Model::empty();
    let repo = (9, "x/<script>alert(1)</script>&\u{202e}");
    let push = event("PushEvent", 1, "2026-11-24T11:00:00Z", repo, "{}");
    model.add("2026-11-24T11:00:00Z", &[push]);
    let server = Server::start(model.path());
    let svg = server.get("/v1/trending.svg?to=2026-11-25");
    assert!(svg.text().contains("&lt;script&gt;"), "{}", svg.text());
    assert!(!svg.text().contains("<script") && !svg.text().contains('\u{202e}'));
}
