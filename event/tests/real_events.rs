//! The reader and the codec over real events of every era; skips where they are not at hand.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a panic is how a test fails"
)]

use std::io::Read;
use std::path::PathBuf;

use ghev_event::{
    Decoder, EnvelopeBuilder, ImportFacts, KnownKind, Origin, Provenance, Source, Timestamp,
    canonical_raw, read_event, split_array,
};

fn shared_data() -> Option<PathBuf> {
    let root = std::env::var_os("GHEV_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    if root.is_dir() {
        Some(root)
    } else {
        eprintln!(
            "skipped: no real events at {} (set GHEV_SHARED_DATA)",
            root.display()
        );
        None
    }
}

fn archive(name: &str) -> Option<Vec<u8>> {
    let compressed = std::fs::read(shared_data()?.join("gharchive").join(name)).unwrap();
    let mut lines = Vec::new();
    flate2::read::MultiGzDecoder::new(&compressed[..])
        .read_to_end(&mut lines)
        .unwrap();
    Some(lines)
}

fn imported() -> Provenance {
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_seconds(0),
        origin: Origin::Import(ImportFacts::default()),
        gaps: Vec::new(),
    }
}

/// Every line is an event, and comes out of envelopes byte for byte.
fn assert_round_trip(lines: &[u8], events_expected: usize) {
    let mut builder = EnvelopeBuilder::new();
    let mut decoder = Decoder::new();
    let (mut out, mut events) = (Vec::new(), 0);
    let mut flush = |builder: &mut EnvelopeBuilder| {
        let record = builder.finish(&imported()).unwrap();
        let envelope = decoder.envelope(&record).unwrap();
        for (raw, head) in envelope.raw.iter().zip(&envelope.heads.events) {
            assert_eq!(read_event(raw).unwrap(), *head);
            out.extend_from_slice(raw);
            out.push(b'\n');
        }
    };
    for line in lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        builder.push(&read_event(line).unwrap(), line).unwrap();
        events += 1;
        if builder.gathered_bytes() > 512 * 1024 {
            flush(&mut builder);
        }
    }
    flush(&mut builder);
    assert_eq!(events, events_expected);
    assert!(out == lines, "some line did not come back as it went in");
}

#[test]
fn an_hour_of_each_archive_era_comes_back_byte_for_byte() {
    for (name, events) in [
        ("2012-06-14-15.json.gz", 5_313),
        ("2015-01-01-15.json.gz", 11_351),
    ] {
        if let Some(lines) = archive(name) {
            assert_round_trip(&lines, events);
        }
    }
}

#[test]
fn the_timeline_hour_has_names_but_no_ids() {
    let Some(lines) = archive("2012-06-14-15.json.gz") else {
        return;
    };
    let (mut repos, mut numbered, mut anonymous) = (0, 0, 0);
    for line in lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let event = read_event(line).unwrap();
        assert!(event.created_at.is_some());
        match event.actor {
            Some(actor) => assert!(actor.id.is_none() && actor.login.is_some()),
            None => anonymous += 1,
        }
        if let Some(repo) = event.repo {
            assert!(repo.id.is_none() && repo.name.is_some_and(|name| name.contains('/')));
            repos += 1;
        }
        numbered += usize::from(event.facts.number.is_some());
    }
    assert_eq!(anonymous, 35, "gists without an account");
    assert_eq!(repos, 4_976, "lines with a `repository`");
    assert_eq!(
        numbered,
        255 + 179,
        "issues and pull requests; comments name no number"
    );
}

#[test]
fn pages_of_the_trimmed_era_keep_every_event_on_one_line() {
    let Some(root) = shared_data() else { return };
    let (mut events, mut merged) = (0, 0);
    for page in std::fs::read_dir(root.join("events-api")).unwrap() {
        let body = std::fs::read(page.unwrap().path()).unwrap();
        for element in split_array(&body).unwrap() {
            let raw = canonical_raw(element);
            assert!(!raw.contains(&b'\n'));
            let original: serde_json::Value = serde_json::from_slice(element).unwrap();
            assert_eq!(
                serde_json::from_slice::<serde_json::Value>(&raw).unwrap(),
                original
            );
            let event = read_event(&raw).unwrap();
            assert_eq!(event.id.to_string(), original["id"].as_str().unwrap());
            events += 1;
            let is_merge = event.facts.action.as_deref() == Some("merged");
            merged += usize::from(event.kind.is(KnownKind::PullRequest) && is_merge);
        }
    }
    assert_eq!((events, merged), (1_319, 11));
}
