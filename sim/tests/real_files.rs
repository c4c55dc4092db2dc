//! Real recordings in every form they come in; skips where they are not at hand.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::io::Read;
use std::path::PathBuf;

use ghev_sim::{Request, SimOptions, SimTime, Simulator, load_events};

const NOW: SimTime = SimTime::from_seconds(1_780_000_000);

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

#[test]
fn archive_hours_keep_every_line_byte_for_byte() {
    let Some(root) = shared_data() else { return };
    for (name, count) in [
        ("2012-06-14-15.json.gz", 5_313),
        ("2015-01-01-15.json.gz", 11_351),
    ] {
        let path = root.join("gharchive").join(name);
        let events = load_events(&path).unwrap();
        assert_eq!(events.len(), count, "{name}");
        let mut lines = Vec::new();
        let compressed = std::fs::read(&path).unwrap();
        flate2::read::MultiGzDecoder::new(&compressed[..])
            .read_to_end(&mut lines)
            .unwrap();
        let lines = lines.split(|&byte| byte == b'\n').filter(|l| !l.is_empty());
        assert!(lines.eq(events.iter().map(|event| event.raw())), "{name}");
        assert!(events.iter().all(|event| event.created_at().is_some()));
    }
}

#[test]
fn pages_of_the_events_api_are_served_as_they_were() {
    let Some(root) = shared_data() else { return };
    let mut total = 0;
    for entry in std::fs::read_dir(root.join("events-api")).unwrap() {
        let path = entry.unwrap().path();
        let events = load_events(&path).unwrap();
        total += events.len();
        assert!(events.iter().all(|event| event.id().is_some()));
    }
    assert_eq!(total, 1_319);
}

#[test]
fn an_archive_hour_walks_through_the_feed_once() {
    let Some(root) = shared_data() else { return };
    let events = load_events(&root.join("gharchive/2015-01-01-15.json.gz")).unwrap();
    let count = events.len();
    let options = SimOptions::new().token_limit_per_hour(1_000_000);
    let mut simulator = Simulator::new(options, events);
    while simulator.release(NOW, 250) > 0 {
        for page in 1..=3 {
            let path = format!("/events?per_page=100&page={page}");
            let request = Request::get(&path).with("authorization", "Bearer t");
            assert_eq!(simulator.respond(NOW, &request).status, 200);
        }
    }
    assert_eq!(simulator.delivered().len(), count);
}
