//! What is promised to clients by name is there, and every answer keeps its fields.

use std::collections::BTreeSet;
use std::path::Path;

use crate::client::Answer;
use crate::model::Model;
use crate::server::Server;

/// The paths that clients may rely on; `{scope}` stands for each of [`SCOPES`].
const PROMISED: &[&str] = &[
    "/",
    "/docs",
    "/openapi.json",
    "/schemas",
    "/schemas/{name}.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/status",
    "/v1/events",
    "/v1/events/{type}/{id}",
    "/v1/events/stream",
    "{scope}/event-counts",
    "{scope}/event-series",
    "{scope}/activity",
    "{scope}/activity-matrix",
    "{scope}/pull-request-interval",
    "{scope}/pull-requests",
    "{scope}/issues",
    "{scope}/contributors",
    "/v1/trending",
    "/v1/repos",
    "/v1/orgs",
    "/v1/repos/{owner}/{repo}",
    "/v1/repositories/{id}",
    "/v1/orgs/{org}",
    "/v1/actors/{login}",
    "/v1/gaps",
    "/v1/dead-letters",
];

const SCOPES: &[&str] = &[
    "/v1",
    "/v1/orgs/{org}",
    "/v1/repos/{owner}/{repo}",
    "/v1/repositories/{id}",
];

/// What an actor has of a scope.
const OF_ACTORS: &[&str] = &[
    "event-counts",
    "event-series",
    "activity",
    "activity-matrix",
];

/// What can be had as a picture.
const PICTURED: &[&str] = &[
    "event-counts",
    "event-series",
    "activity-matrix",
    "pull-request-interval",
    "trending",
];

/// What pages are made of, which nobody else need rely on.
const OF_PAGES: &[&str] = &["/assets/"];

fn promised() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for path in PROMISED {
        match path.strip_prefix("{scope}/") {
            None => paths.extend([(*path).to_owned()]),
            Some(question) => {
                paths.extend(SCOPES.iter().map(|scope| format!("{scope}/{question}")));
                if OF_ACTORS.contains(&question) {
                    paths.insert(format!("/v1/actors/{{login}}/{question}"));
                }
            }
        }
    }
    let pictured = |path: &&String| PICTURED.contains(&path.rsplit('/').next().unwrap());
    let pictures: Vec<String> = paths
        .iter()
        .filter(pictured)
        .map(|path| format!("{path}.svg"))
        .collect();
    paths.extend(pictures);
    paths
}

#[test]
fn every_promised_path_is_there_and_every_path_is_promised() {
    let document = ghev_api::openapi_document();
    let paths = document["paths"].as_object().unwrap();
    let of_pages = |path: &&String| OF_PAGES.iter().any(|start| path.starts_with(start));
    let served: BTreeSet<String> = paths
        .keys()
        .filter(|path| !of_pages(path))
        .cloned()
        .collect();
    assert_eq!(served, promised());
    for (path, item) in paths {
        let operation = &item["get"];
        assert!(operation["responses"]["200"].is_object(), "{path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let in_path = parameter["in"] == "path";
            assert!(
                !in_path || !parameter["example"].is_null(),
                "{path} {parameter}"
            );
        }
    }
}

/// How an answer of these media types is kept: pages, documents and figures are told of elsewhere.
fn kept(answer: &Answer) -> Option<String> {
    match answer.header("content-type")? {
        "image/svg+xml" => {
            let digest = xxhash_rust::xxh3::xxh3_64(&answer.body);
            let (_, title) = answer.text().split_once("<title")?;
            let (_, title) = title.split_once('>')?;
            let title = title.split('<').next()?;
            Some(format!("{title}\nxxh3 {digest:016x}\n"))
        }
        "application/json" | "application/x-ndjson" | "text/csv; charset=utf-8" => {
            let text = answer.text().replace(env!("CARGO_PKG_VERSION"), "VERSION");
            // A change of the tables need not be one of the answers.
            let schema = "\"schema_version\":";
            let text = match text.split_once(schema) {
                Some((before, after)) => {
                    let after = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
                    format!("{before}{schema}0{after}")
                }
                None => text,
            };
            Some(format!("{}\n", text.trim_end().replace("\r\n", "\n")))
        }
        _ => None,
    }
}

/// What everything answers over the small model, beside the last answers that were looked at.
/// `GHEV_WRITE_GOLDEN=1` writes them anew.
#[test]
fn answers_stay_what_they_are() {
    let mut model = Model::small();
    model.add_dead_letters(1);
    let server = Server::start(model.path());
    let mut client = server.client();
    let mut lines = String::new();
    for path in promised() {
        if path.ends_with("/stream") || path.ends_with(".json") || path == "/schemas" {
            continue;
        }
        let target = crate::schemas::filled(&path);
        let series = if path.contains("event-series") {
            "?interval=day"
        } else {
            ""
        };
        let plain = client.get(&format!("{target}{series}"));
        assert_eq!(plain.status, 200, "{path}");
        let Some(kept_plain) = kept(&plain) else {
            continue;
        };
        lines.push_str(&format!("GET {target}{series}\n{kept_plain}\n"));
        let and = if series.is_empty() { '?' } else { '&' };
        // Lines are made alike, whoever is asked about.
        let formats = if path.contains('{') {
            [].as_slice()
        } else {
            &["ndjson", "csv"]
        };
        for format in formats {
            let listed = client.get(&format!("{target}{series}{and}format={format}"));
            if let (200, Some(kept)) = (listed.status, kept(&listed)) {
                lines.push_str(&format!(
                    "GET {target}{series}{and}format={format}\n{kept}\n"
                ));
            }
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/golden/answers.txt");
    if std::env::var_os("GHEV_WRITE_GOLDEN").is_some() {
        std::fs::write(&golden, &lines).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    let mut asked = "";
    for (line, expected) in lines.lines().zip(expected.lines()) {
        if line.starts_with("GET ") {
            asked = line;
        }
        assert_eq!(line, expected, "{asked}, in {}", golden.display());
    }
    assert_eq!(lines.lines().count(), expected.lines().count());
}
