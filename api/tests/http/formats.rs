//! Formats and encodings.

use std::io::Read as _;

use serde_json::Value as Json;

use crate::model::{Model, RUST, event};
use crate::server::Server;

#[test]
fn lists_come_as_ndjson_and_csv() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let lines = client.get("/v1/events?format=ndjson&limit=3");
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    let types: Vec<String> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].to_string())
        .collect();
    assert_eq!(types, ["\"WatchEvent\"", "\"PushEvent\"", "\"PushEvent\""]);
    assert!(
        lines.header("link").is_some(),
        "the next page is named in the header"
    );

    let csv = client.request("GET", "/v1/event-counts", &["Accept: text/csv"]);
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        csv.text()
            .starts_with("type,count\r\nCommitCommentEvent,0\r\n"),
        "{}",
        csv.text()
    );
    assert!(csv.text().ends_with("NewThingEvent,1\r\n"));

    let empty = client.get("/v1/events?format=csv&type=Nothing");
    assert_eq!(empty.text().lines().count(), 1, "a header line only");
}

/// A script that asked for a repository's interval as CSV got a 406: the answer was no list.
#[test]
fn an_answer_that_is_no_list_is_one_record() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in [
        "/v1/activity",
        "/v1/contributors",
        "/v1/issues",
        "/v1/pull-requests",
        "/v1/repos/rust-lang/rust/pull-request-interval",
        "/v1/events/PushEvent/1",
    ] {
        let json = client.get(path).json();
        let line = client.get(&format!("{path}?format=ndjson")).json();
        let record = line.as_object().unwrap();
        assert!(!record.is_empty(), "{path}");
        for (name, value) in record {
            assert_eq!(&json[name], value, "{name} of {path}");
        }
        let csv = client.get(&format!("{path}?format=csv"));
        let lines: Vec<&str> = csv.text().trim_end().split("\r\n").collect();
        let &[names, cells] = lines.as_slice() else {
            panic!("{path}: {lines:?}");
        };
        let (names, cells) = (names.split(','), cells.split(','));
        assert_eq!(names.clone().count(), cells.clone().count(), "{path}");
        for (name, cell) in names.zip(cells) {
            let value = name.split('.').try_fold(&json, |value, key| {
                value.get(key).or(value.as_null().map(|()| value))
            });
            let expected = match value.unwrap_or_else(|| panic!("{path} has no {name}")) {
                Json::Null => String::new(),
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{name} of {path}");
        }
    }
    let names = client.get("/v1/repos/rust-lang/rust?format=csv");
    assert!(
        names
            .text()
            .starts_with("name,first_at,last_at,events\r\nrust-lang/rust,"),
        "{}",
        names.text()
    );
}

#[test]
fn a_name_that_is_a_formula_is_defused_in_csv() {
    let mut model = Model::empty();
    let payload = r#"{"action":"=HYPERLINK(\"http://x\")"}"#;
    model.add(
        "2026-11-24T11:00:00Z",
        &[event("PushEvent", 1, "2026-11-24T11:00:00Z", RUST, payload)],
    );
    let csv = Server::start(model.path()).get("/v1/events?format=csv");
    assert!(
        csv.text().contains("\"'=HYPERLINK(\"\"http://x\"\")\""),
        "{}",
        csv.text()
    );
}

#[test]
fn what_cannot_be_had_is_not_acceptable() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    client
        .get("/v1/status?format=csv")
        .problem(406, "not_acceptable");
    client
        .request("GET", "/v1/event-counts", &["Accept: image/png"])
        .problem(406, "not_acceptable");
    let browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    assert_eq!(
        client.request("GET", "/v1/event-counts", &[browser]).status,
        200
    );
}

/// `svg` was named on paths that have no picture, and `csv` on those that have nothing else.
#[test]
fn the_formats_that_are_named_instead_of_an_unknown_one_are_those_that_can_be_had() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for (path, formats) in [
        ("/v1/events", "must be one of json, ndjson, csv"),
        ("/v1/status", "must be json"),
        ("/v1/event-counts.svg", "must be svg"),
    ] {
        let refused = client.get(&format!("{path}?format=xml"));
        assert_eq!(refused.problem(400, "invalid_parameter"), ["format"]);
        let reason = &refused.json()["errors"][0]["reason"];
        assert_eq!(reason, formats, "{path}");
    }
}

#[test]
fn long_answers_are_compressed_as_the_client_likes() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let plain = client.get("/v1/events");
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("vary"), Some("Accept, Accept-Encoding"));

    let gzip = client.request("GET", "/v1/events", &["Accept-Encoding: gzip"]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*gzip.body)
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);

    let zstd = client.request(
        "GET",
        "/v1/events",
        &["Accept-Encoding: gzip, deflate, br, zstd"],
    );
    assert_eq!(zstd.header("content-encoding"), Some("zstd"));
    assert_eq!(
        zstd::bulk::decompress(&zstd.body, 1 << 20).unwrap(),
        plain.body
    );

    let short = client.request(
        "GET",
        "/v1/repos/rust-lang/rust",
        &["Accept-Encoding: gzip"],
    );
    assert_eq!(
        short.header("content-encoding"),
        None,
        "{} bytes",
        short.body.len()
    );
    let tags: std::collections::BTreeSet<_> = [&plain, &gzip, &zstd]
        .iter()
        .map(|answer| answer.header("etag"))
        .collect();
    assert_eq!(tags.len(), 3, "each representation has a tag of its own");
}

/// The longest list there is: as many lines as JSON has entries, and the same figures.
#[test]
fn the_longest_list_has_a_line_for_each_entry() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let series = "/v1/event-series?interval=minute&from=2026-11-18&to=2026-11-24T22:00:00Z";
    let json = client.get(series).ok();
    let entries = json["series"].as_array().unwrap();
    assert_eq!(entries.len(), 9960);
    let ndjson = client.get(&format!("{series}&format=ndjson"));
    let lines: Vec<serde_json::Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, *entries);
    let csv = client.get(&format!("{series}&format=csv"));
    let rows: Vec<&str> = csv.text().split_terminator("\r\n").collect();
    assert_eq!(rows.len(), entries.len() + 1);
    for (row, entry) in rows[1..].iter().zip(entries) {
        let start = entry["start"].as_str().unwrap();
        assert!(
            row.starts_with(&format!("{start},{},", entry["total"])),
            "{row}"
        );
        assert_eq!(row.split(',').count(), 18, "{row}");
    }
}
