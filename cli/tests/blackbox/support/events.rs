//! Small events made by hand, in the words of the Events API.

use std::io::Write as _;
use std::ops::RangeInclusive;

use serde_json::json;

/// What varies between made events.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) kind: &'static str,
    pub(crate) id: u64,
    pub(crate) created_at: &'static str,
    pub(crate) repo: (u64, &'static str),
    /// Of a pull request: its action and number.
    pub(crate) pull_request: Option<(&'static str, u64)>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            kind: "WatchEvent",
            id: 1,
            created_at: "2026-03-01T12:00:00Z",
            repo: (7, "octo/cat"),
            pull_request: None,
        }
    }
}

/// An event as one line of JSON, without the line feed.
pub(crate) fn event(made: Made) -> String {
    let payload = match made.pull_request {
        Some((action, number)) => {
            json!({"action": action, "number": number, "pull_request": {"number": number}})
        }
        None => json!({"action": "started"}),
    };
    json!({
        "id": made.id.to_string(),
        "type": made.kind,
        "actor": {"id": 1, "login": "mona"},
        "repo": {"id": made.repo.0, "name": made.repo.1},
        "payload": payload,
        "public": true,
        "created_at": made.created_at,
    })
    .to_string()
}

/// An event of each id, and nothing else that differs, as lines of JSON.
pub(crate) fn events(ids: RangeInclusive<u64>) -> Vec<String> {
    ids.map(|id| {
        event(Made {
            id,
            ..Made::default()
        })
    })
    .collect()
}

/// Lines, each ended.
pub(crate) fn ndjson(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

/// One gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
