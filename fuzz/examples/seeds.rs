//! Writes a small seed corpus for every target, `corpus/TARGET/`: a few inputs that are what the
//! target expects, made by the very code that writes such bytes. `just fuzz` runs it first.

use std::{error::Error, fs, path::Path};

use ghev_event::{
    EnvelopeBuilder, FileEnd, GapReason, ImportFacts, Origin, PollFacts, Provenance, RateBudget,
    Reject, Source, SuspectedGap, Timestamp, Unrecorded, read_event,
};
use ghev_log::{LogOptions, LogWriter};

/// One event of each era, and one of a kind that nobody knows.
const EVENTS: [&str; 4] = [
    r#"{"id":"2489651045","type":"PullRequestEvent","actor":{"id":665991,"login":"a"},"repo":{"id":28688495,"name":"o/r"},"org":{"id":7,"login":"o"},"payload":{"action":"closed","number":12,"pull_request":{"merged":true}},"created_at":"2015-01-01T15:00:00Z"}"#,
    r#"{"type":"FollowEvent","actor":"somebody","created_at":"2012-06-14T15:01:42-07:00","repository":{"id":3,"name":"r","owner":"o"}}"#,
    r#"{"id":"x-1","type":"PushEvent","payload":{"size":3},"repo":{"name":"É/ü"},"public":true}"#,
    r#"{"id":1,"type":"UnheardOfEvent","payload":{"issue":{"number":4,"pull_request":{}}}}"#,
];

const LINK: &str = r#"<https://api.github.com/events?page=2>; rel="next", <https://api.github.com/events?page=3>; rel="last""#;

const CONFIG: &str = "poll-interval = 90\nsource = [\"public\", \"org:a\"]\n";

const GZIP_OF_NOTHING: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";

/// A few of each kind; `HOST` stands for what every request has.
const REQUESTS: [&str; 8] = [
    "GET /v1/event-counts?offset=10 HOST\r\nGET /healthz HOST\r\n",
    "GET /v1/events?type=PushEvent&repo=o/r&limit=5&format=csv HOSTIf-None-Match: \"1\"\r\n\r\n",
    "GET /v1/repos/o/r/pull-request-interval?from=2026-01-01&to=2026-01-02 HOST\r\n",
    "GET /v1/event-series.svg?interval=hour HOSTAccept: image/svg+xml;q=0.5, */*;q=0.1\r\n\r\n",
    "HEAD /docs HOSTAccept-Encoding: gzip;q=0.5, zstd\r\n\r\n",
    "OPTIONS /v1/events HOSTOrigin: http://x\r\n\r\n",
    "POST /v1/events HOSTTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "GET /v1/events/stream?last_event_id=01010101-0.0 HOSTtraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n",
];

/// Nothing writes such ones any more.
const ENVELOPE_V1: &[u8] = include_bytes!("../../event/testdata/envelope-v1.bin");

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(corpus.join(target))?;
        fs::write(corpus.join(target).join(format!("seed-{name}")), bytes)
    };
    for (number, event) in (0..).zip(EVENTS) {
        seed("event_json", &number.to_string(), event.as_bytes())?;
    }
    seed("envelope", "version-1", ENVELOPE_V1)?;
    seed("envelope_sections", "version-1", &sections(ENVELOPE_V1)?)?;
    for (name, provenance) in [("poll", poll()), ("import", import())] {
        let record = envelope(&provenance)?;
        seed("envelope", name, &record)?;
        seed("envelope_sections", name, &sections(&record)?)?;
    }
    seed("link", "github", LINK.as_bytes())?;
    seed("config", "both", CONFIG.as_bytes())?;
    seed(
        "import_pieces",
        "lines",
        &[&[7][..], EVENTS.join("\n").as_bytes()].concat(),
    )?;
    seed(
        "import_pieces",
        "marked",
        &[
            &[7][..],
            EVENTS
                .map(|event| format!("\u{feff}{event}"))
                .join("\n")
                .as_bytes(),
        ]
        .concat(),
    )?;
    seed(
        "import_pieces",
        "array",
        &[&[7][..], format!("[{}]", EVENTS.join(",")).as_bytes()].concat(),
    )?;
    seed("gzip", "empty", &[&[7][..], GZIP_OF_NOTHING].concat())?;
    for (number, request) in (0..).zip(REQUESTS) {
        let request = request.replace("HOST", "HTTP/1.1\r\nHost: x\r\n");
        seed("request", &number.to_string(), request.as_bytes())?;
    }
    let dir = tempfile::tempdir()?;
    write_log(dir.path())?;
    let file = |name: &str| fs::read(dir.path().join(name));
    let segment = file("00000000000000000000.log")?;
    seed("segment", "closed", &segment[2..])?;
    seed("frame", "first", &segment[2..])?;
    seed("checksum", "closed", &file("00000000000000000000.sum")?)?;
    seed("log_id", "new", &file("log.id")?)?;
    let watermark = file("watermark")?;
    seed("watermark", "even", &watermark[..72])?;
    seed("watermark", "odd", &watermark[4096..])?;
    Ok(())
}

/// A log of two segments.
fn write_log(dir: &Path) -> Result<(), Box<dyn Error>> {
    let options = LogOptions {
        segment_max_bytes: 200,
        ..LogOptions::default()
    };
    let mut writer = LogWriter::open(dir, options)?;
    for record in [&b"a"[..], b"the second record", &[7; 150], b"b"] {
        writer.append(&[record])?;
    }
    Ok(writer.close()?)
}

fn envelope(provenance: &Provenance) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut builder = EnvelopeBuilder::new();
    for event in EVENTS {
        builder.push(&read_event(event.as_bytes())?, event.as_bytes())?;
    }
    builder.push_reject(Reject::new(4, "not a JSON object", b"[]"));
    Ok(builder.finish(provenance)?)
}

/// A record as the target `envelope_sections` takes it apart: a version, a length, the heads, the raw
/// bytes.
fn sections(record: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let number = |at: usize| -> Result<usize, Box<dyn Error>> {
        Ok(usize::try_from(u32::from_le_bytes(
            record[at..at + 4].try_into()?,
        ))?)
    };
    let (stored, heads_bytes, raw_bytes) = (number(1)?, number(5)?, number(9)?);
    let (heads, raw) = record[13..].split_at(stored);
    let heads = zstd::bulk::decompress(heads, heads_bytes)?;
    let raw = zstd::bulk::decompress(raw, raw_bytes)?;
    let length = u16::try_from(heads.len())?.to_le_bytes();
    Ok([&record[..1], &length[..], &heads, &raw].concat())
}

fn poll() -> Provenance {
    Provenance {
        source: Source::Repo {
            owner: "o".into(),
            name: "r".into(),
        },
        observed_at: Timestamp::from_millis(1_795_520_121_042),
        origin: Origin::Poll(PollFacts {
            path: "/repos/o/r/events?per_page=100".into(),
            page: 1,
            status: Some(200),
            error: Some("none".into()),
            etag: Some("W/\"abc\"".into()),
            received: 4,
            new: 3,
            duplicate: 0,
            conflicting: 1,
            last_page: false,
            overlap: Some(1),
            latency_ms: 87,
            poll_interval_seconds: Some(60),
            next_poll_at: Some(Timestamp::from_seconds(1_795_520_181)),
            budget: Some(RateBudget {
                limit: 60,
                remaining: 57,
                reset_at: Timestamp::from_seconds(1_795_523_000),
            }),
            unrecorded: Unrecorded {
                polls: 9,
                received: 270,
            },
            first_shown: vec![*b"0123456789abcdef"],
        }),
        gaps: vec![SuspectedGap {
            from: None,
            to: Timestamp::from_seconds(1_795_520_000),
            reason: GapReason::Frozen,
        }],
    }
}

fn import() -> Provenance {
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_seconds(0),
        origin: Origin::Import(ImportFacts {
            file: "2015-01-01-15.json.gz".into(),
            first_line: 1,
            last_line: 9,
            end: Some(FileEnd {
                log_id: [3; 16],
                from_offset: 7,
                bytes: 1_000,
                modified: Some(Timestamp::from_seconds(1)),
                digest: [7; 16],
                events: 4,
                rejected: 1,
            }),
        }),
        gaps: Vec::new(),
    }
}
