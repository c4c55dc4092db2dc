//! What those who run the service rely on: figures, readiness, tokens, traces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::model::Model;
use crate::server::{Server, options};

/// The samples of an exposition by their families; whatever its format forbids fails.
#[track_caller]
fn families(text: &str) -> BTreeMap<String, Vec<(String, f64)>> {
    let mut families: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    let (mut current, mut kind, mut series) = (String::new(), String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(!words.is_empty() && !families.contains_key(name), "{line}");
            current = name.to_owned();
            families.insert(current.clone(), Vec::new());
            continue;
        }
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, of) = typed.split_once(' ').unwrap();
            assert_eq!(name, current, "{line}");
            assert!(matches!(of, "counter" | "gauge" | "histogram"), "{line}");
            assert_eq!(of == "counter", name.ends_with("_total"), "{line}");
            kind = of.to_owned();
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        let suffix = name.strip_prefix(current.as_str()).unwrap_or_else(|| {
            panic!("{line} stands under {current}");
        });
        let suffixes: &[&str] = match kind.as_str() {
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        assert!(suffixes.contains(&suffix), "{line}");
        assert!(series.insert(sample.to_owned()), "twice: {line}");
        let samples = families.get_mut(&current).unwrap();
        samples.push((sample.to_owned(), value.parse().unwrap()));
    }
    families
}

#[test]
fn figures_follow_the_format_and_tell_of_requests_model_and_sources() {
    let mut model = Model::small();
    model.add_dead_letters(3);
    let mut options = options(model.path());
    options.log_end = Some(Arc::new(|| Some(7)));
    let server = Server::with(options);
    let mut client = server.client();
    client.get("/v1/event-counts");
    client.get("/nowhere");
    let families = families(client.get("/metrics").text());
    let value = |name: &str, labels: &str| {
        let sample = format!("{name}{labels}");
        let samples = &families[name];
        let found = samples.iter().find(|(known, _)| *known == sample);
        found.unwrap_or_else(|| panic!("{sample} in {samples:?}")).1
    };
    for (name, labels, expected) in [
        ("ghev_readmodel_readable", "", 1.0),
        ("ghev_readmodel_generation", "", 1.0),
        ("ghev_readmodel_events", "", 8.0),
        ("ghev_readmodel_next_offset", "", 2.0),
        ("ghev_log_durable_offset", "", 7.0),
        ("ghev_projection_lag_records", "", 5.0),
        ("ghev_projection_lag_seconds", "", 30.0),
        ("ghev_dead_letters_total", "", 3.0),
        ("ghev_suspected_gaps_total", "", 1.0),
        ("ghev_source_polls_total", "{source=\"public\"}", 1.0),
        (
            "ghev_source_budget_remaining_requests",
            "{source=\"public\"}",
            59.0,
        ),
        (
            "ghev_http_requests_total",
            "{path=\"unknown\",status=\"404\"}",
            1.0,
        ),
        ("ghev_http_connections", "", 1.0),
    ] {
        let found = value(name, labels);
        assert!((found - expected).abs() < 1e-9, "{name}{labels} {found}");
    }
    assert!(value("ghev_readmodel_size_bytes", "") > 4096.0);
    let latencies = &families["ghev_http_request_duration_seconds"];
    assert!(
        latencies
            .iter()
            .any(|(name, _)| name.contains("le=\"+Inf\""))
    );
}

#[test]
fn figures_of_the_service_need_no_model() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let families = families(server.get("/metrics").text());
    assert_eq!(families["ghev_readmodel_readable"][0].1, 0.0);
    assert!(!families.contains_key("ghev_readmodel_events"));
}

#[test]
fn a_stale_model_is_not_ready_and_says_why() {
    let model = Model::small();
    let with = |stale_after: u64, log_end: u64| {
        let mut options = options(model.path());
        options.stale_after = Some(Duration::from_secs(stale_after));
        options.log_end = Some(Arc::new(move || Some(log_end)));
        Server::with(options)
    };
    // The newest record was observed 30 seconds before the time that it is.
    assert_eq!(with(30, 9).get("/readyz").status, 200);
    let projector = with(29, 9).get("/readyz");
    projector.problem(503, "not_ready");
    assert!(
        projector.text().contains("8 records"),
        "{}",
        projector.text()
    );
    let server = with(29, 1);
    let injector = server.get("/readyz");
    injector.problem(503, "not_ready");
    assert!(
        injector.text().contains("ghev inject"),
        "{}",
        injector.text()
    );
    assert_eq!(
        server.get("/v1/event-counts").status,
        200,
        "what is there is answered"
    );
    assert_eq!(server.get("/v1/status").ok()["lag_records"], 0);
}

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn where_a_token_is_needed_only_health_is_open() {
    let model = Model::small();
    let file = model.dir.path().join("tokens");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let mut options = options(model.path());
    options.token_file = Some(file.clone());
    let server = Server::with(options);
    let mut client = server.client();
    let right = format!("Authorization: Bearer {TOKEN}");
    for path in [
        "/",
        "/docs",
        "/metrics",
        "/readyz",
        "/v1/events",
        "/v1/events?x=1",
    ] {
        let refused = client.get(path);
        refused.problem(401, "unauthorized");
        let challenge = refused.header("www-authenticate").unwrap();
        assert_eq!(challenge, "Bearer realm=\"ghev\"", "{path}");
        let wrong = format!("{right}0");
        client
            .request("GET", path, &[&wrong])
            .problem(401, "unauthorized");
        assert_ne!(client.request("GET", path, &[&right]).status, 401, "{path}");
    }
    assert_eq!(client.get("/healthz").status, 200);
    let preflight = client.request("OPTIONS", "/v1/events", &["Origin: http://x.example"]);
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("Authorization"));
    std::fs::write(&file, "another-token-that-is-long\n").unwrap();
    client
        .request("GET", "/v1/events", &[&right])
        .problem(401, "unauthorized");
}

#[test]
fn a_trace_that_the_client_names_is_given_back() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let given = format!("traceparent: 00-{id}-00f067aa0ba902b7-01");
    for path in ["/v1/events", "/nowhere", "/healthz"] {
        let answer = client.request("GET", path, &[&given]);
        let response = answer.header("traceresponse").unwrap();
        assert!(response.starts_with(&format!("00-{id}-")), "{response}");
        assert!(response.ends_with("-01") && response.len() == 55);
        assert!(!response.contains("00f067aa0ba902b7"), "a part of its own");
    }
    for none in ["traceparent: nonsense", "X: y"] {
        let answer = client.request("GET", "/healthz", &[none]);
        assert_eq!(answer.header("traceresponse"), None);
    }
}
