//! Before there is a read model, and after.

use ghev_readmodel::{ModelDir, Writer};

use crate::client::Answer;
use crate::model::LOG;
use crate::server::Server;

#[test]
fn the_service_waits_for_a_read_model() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("readmodel");
    let server = Server::start(&model);
    let mut client = server.client();
    assert_eq!(client.get("/healthz").ok()["status"], "ok");
    for path in ["/readyz", "/v1/event-counts", "/v1/events", "/v1/status"] {
        let answer = client.get(path);
        answer.problem(503, "not_ready");
        assert!(answer.header("retry-after").is_some());
        assert!(
            !answer.text().contains(dir.path().to_str().unwrap()),
            "paths stay inside"
        );
    }
    assert_eq!(client.get("/docs").status, 200, "documents need no model");
    let writer = Writer::open(&ModelDir::new(&model), LOG).unwrap();
    assert_eq!(client.get("/readyz").ok()["as_of"]["next_offset"], 0);
    let empty = client.get("/v1/event-counts").ok();
    assert_eq!(empty["sample_size"], 0);
    assert!(empty["as_of"]["observed_at"].is_null());
    writer.close().unwrap();
}

#[test]
fn a_model_that_is_none_is_not_ready_either() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("CURRENT"), "../../etc/passwd\n").unwrap();
    let server = Server::start(dir.path());
    let mut client = server.client();
    client.get("/readyz").problem(503, "not_ready");
    std::fs::write(dir.path().join("CURRENT.new"), "00000001\n").unwrap();
    std::fs::rename(dir.path().join("CURRENT.new"), dir.path().join("CURRENT")).unwrap();
    std::fs::write(dir.path().join("gen-00000001.db"), "no database").unwrap();
    for path in ["/readyz", "/v1/events"] {
        is_told_to_be_damaged(&client.get(path));
    }
}

fn is_told_to_be_damaged(answer: &Answer) {
    answer.problem(503, "not_ready");
    assert!(
        answer.text().contains("is damaged: `ghev replay`"),
        "{}",
        answer.text()
    );
}

/// Pages that are not what was written used to be the service's own fault, for a reason that only its log knew.
#[test]
fn a_damaged_model_is_told_from_a_fault_of_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::open(&ModelDir::new(dir.path()), LOG).unwrap();
    writer.close().unwrap();
    let file = dir.path().join("gen-00000001.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4096..].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    let server = Server::start(dir.path());
    is_told_to_be_damaged(&server.get("/readyz"));
}

#[test]
fn the_service_counts_what_it_answers() {
    let model = crate::model::Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    client.get("/v1/event-counts");
    client.get("/v1/event-counts?x=1");
    client.get("/nowhere");
    let answer = client.get("/metrics");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        "ghev_http_requests_total{path=\"/v1/event-counts\",status=\"200\"} 1",
        "ghev_http_requests_total{path=\"/v1/event-counts\",status=\"400\"} 1",
        "ghev_http_requests_total{path=\"unknown\",status=\"404\"} 1",
        "ghev_http_request_duration_seconds_count{path=\"/v1/event-counts\"} 2",
    ] {
        assert!(
            answer.text().lines().any(|found| found == line),
            "{line}\n{}",
            answer.text()
        );
    }
}
