//! Requests that GitHub refuses, and any that it may be sent.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn beyond_the_hourly_limit_is_403_or_429_until_the_reset() {
    for (status, limit_status) in [
        (403, LimitStatus::Forbidden),
        (429, LimitStatus::TooManyRequests),
    ] {
        let options = SimOptions::new()
            .anonymous_limit_per_hour(2)
            .token_limit_per_hour(1);
        let mut simulator = full(options.limit_status(limit_status));
        assert_eq!(get(&mut simulator, PAGE).status, 200);
        assert_eq!(get(&mut simulator, PAGE).status, 200);
        let limited = get(&mut simulator, PAGE);
        assert_eq!(limited.status, status);
        assert_eq!(number(&limited, "x-ratelimit-remaining"), 0);
        assert!(number(&limited, "x-ratelimit-reset") > NOW.as_seconds());
        assert!(message(&limited).starts_with("API rate limit exceeded for 203.0.113.7. (But"));
        let asked = Request::get(PAGE).with("authorization", "Bearer t");
        assert_eq!(simulator.respond(NOW, &asked).status, 200);
        let limited = simulator.respond(NOW, &asked);
        assert!(message(&limited).starts_with("API rate limit exceeded for user ID "));
        let reset = SimTime::from_seconds(number(&limited, "x-ratelimit-reset"));
        assert_eq!(simulator.respond(reset, &asked).status, 200);
    }
}

#[test]
fn several_bad_logins_are_401_and_then_every_login_is_403() {
    let mut simulator = full(SimOptions::new().tokens(["good"]).bad_logins_max(3));
    let bad = Request::get(PAGE).with("authorization", "Bearer bad");
    let good = Request::get(PAGE).with("authorization", "Bearer good");
    assert_eq!(simulator.respond(NOW, &good).status, 200);
    for _ in 0..3 {
        let refused = simulator.respond(NOW, &bad);
        assert_eq!(refused.status, 401);
        assert_eq!(
            refused.body,
            r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#
        );
    }
    assert_eq!(simulator.respond(NOW, &good).status, 403);
    assert_eq!(
        get(&mut simulator, PAGE).status,
        200,
        "without a login nothing is refused"
    );
    assert_eq!(simulator.respond(NOW.plus_seconds(600), &good).status, 200);
}

#[test]
fn a_request_without_user_agent_is_forbidden_in_html() {
    let mut simulator = full(SimOptions::new());
    let mut request = Request::get(PAGE);
    request.headers.clear();
    let response = simulator.respond(NOW, &request);
    assert_eq!(response.status, 403);
    assert_eq!(
        response.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.header("x-ratelimit-limit"), None);
    assert!(
        response
            .body
            .starts_with(b"Request forbidden by administrative rules.")
    );
}

#[test]
fn unknown_paths_methods_and_versions_are_refused() {
    let mut simulator = full(SimOptions::new());
    for path in [
        "/",
        "/events/",
        "/event",
        "/repos/no/body/events",
        "/users/nobody/events",
        "/repositories/x/events",
    ] {
        let response = get(&mut simulator, path);
        assert_eq!(
            (response.status, message(&response).as_str()),
            (404, "Not Found"),
            "{path}"
        );
        assert_eq!(json(&response)["status"], "404");
    }
    let mut post = Request::get(PAGE);
    post.method = "POST".into();
    assert_eq!(simulator.respond(NOW, &post).status, 404);
    for (version, status) in [
        ("2022-11-28", 200),
        ("2026-03-10", 200),
        ("1999-01-01", 400),
    ] {
        let request = Request::get(PAGE).with("X-GitHub-Api-Version", version);
        let response = simulator.respond(NOW, &request);
        assert_eq!(response.status, status);
        if status == 200 {
            assert_eq!(
                response.header("x-github-api-version-selected"),
                Some(version)
            );
        }
    }
    let mut simulator = full(SimOptions::new());
    let mut head = Request::get(PAGE);
    head.method = "HEAD".into();
    let response = simulator.respond(NOW, &head);
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert!(number(&response, "content-length") > 1000);
    assert!(simulator.delivered().is_empty());
}

#[test]
fn the_budget_can_be_asked_for_freely() {
    let mut simulator = full(SimOptions::new());
    get(&mut simulator, PAGE);
    for _ in 0..3 {
        let response = get(&mut simulator, "/rate_limit");
        assert_eq!(json(&response)["resources"]["core"]["used"], 1);
    }
}

fn strange_request() -> impl Strategy<Value = Request> {
    let segment = prop_oneof![
        Just("events".to_owned()),
        Just("repos".to_owned()),
        Just("users".to_owned()),
        Just("networks".to_owned()),
        Just("rate_limit".to_owned()),
        "[a-z%0-9]{0,6}",
        ".{0,8}",
    ];
    let path =
        proptest::collection::vec(segment, 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let query = prop_oneof![
        Just(String::new()),
        "\\?(per_page=[0-9a]{0,22})?&?(page=[0-9]{0,22})?",
        "\\?.{0,20}"
    ];
    let name = prop_oneof![
        Just("if-none-match"),
        Just("accept-encoding"),
        Just("authorization"),
        Just("host"),
        Just("user-agent"),
        Just("x-github-api-version"),
    ];
    let headers = proptest::collection::vec((name, ".{0,20}"), 0..5);
    ("(GET|HEAD|POST|.{0,6})", path, query, headers).prop_map(|(method, path, query, headers)| {
        Request {
            method,
            path_and_query: path + &query,
            headers: headers
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v))
                .collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_request_makes_it_panic_and_every_answer_can_be_sent(
        requests in proptest::collection::vec((strange_request(), any::<i64>()), 1..8),
        fault in 0..crate::faults::ENTRIES.len(),
    ) {
        let spec = format!("{}=50%", crate::faults::ENTRIES[fault].name);
        let options = SimOptions::new().faults(spec.parse().unwrap()).rate_per_second(0.0);
        let mut simulator = Simulator::new(options, EventGenerator::new(1));
        simulator.release(NOW, 10);
        let distinct: BTreeSet<u64> = requests.iter().map(|(request, millis)| {
            let response = simulator.respond(SimTime::from_millis(*millis), request);
            assert!((200..600).contains(&response.status));
            for (name, value) in &response.headers {
                http::HeaderName::from_bytes(name.as_bytes()).unwrap();
                http::HeaderValue::from_str(value).unwrap();
            }
            response.number.get()
        }).collect();
        prop_assert_eq!(distinct.len(), requests.len());
    }
}
