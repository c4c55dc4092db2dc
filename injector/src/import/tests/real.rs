//! Real events of every era, where they are there.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Bench;
use crate::import::Input;

fn shared_data() -> Option<PathBuf> {
    let root = std::env::var_os("GHEV_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let there = root.is_dir();
    if !there {
        eprintln!(
            "skipped: no real events at {} (set GHEV_SHARED_DATA)",
            root.display()
        );
    }
    there.then_some(root)
}

fn decompressed(path: &Path) -> Vec<u8> {
    let stored = fs::read(path).unwrap();
    let mut content = Vec::new();
    flate2::read::MultiGzDecoder::new(&stored[..])
        .read_to_end(&mut content)
        .unwrap();
    content
}

#[test]
fn real_hours_of_every_era_come_back_byte_for_byte() {
    let Some(root) = shared_data() else { return };
    for name in [
        "2012-06-14-15.json.gz",
        "2015-01-01-15.json.gz",
        "2016-01-01-5.json.gz",
    ] {
        let mut bench = Bench::new();
        let path = root.join("gharchive").join(name);
        let input = [Input::File(path.clone())];
        let summary = bench.import(&input).unwrap();
        let lines = decompressed(&path);
        assert_eq!(summary.rejected, 0, "{name}: {:?}", bench.heard.rejected);
        assert_eq!(
            summary.events,
            lines
                .split(|&byte| byte == b'\n')
                .filter(|l| !l.is_empty())
                .count() as u64
        );
        assert_eq!(summary.duplicates, 0, "{name}");
        assert!(
            bench.kept().lines == lines,
            "some line of {name} did not come back as it was"
        );
        assert_eq!(bench.import(&input).unwrap().appended, 0);
    }
}

#[test]
fn real_pages_of_the_events_api_come_back_on_one_line_each() {
    let Some(root) = shared_data() else { return };
    let mut bench = Bench::new();
    let input = [Input::Dir(root.join("events-api"))];
    let summary = bench.import(&input).unwrap();
    assert_eq!(
        (summary.files, summary.events, summary.rejected),
        (51, 1_319, 0)
    );
    let kept = bench.kept().lines;
    assert_eq!(
        kept.split(|&byte| byte == b'\n').count() as u64 - 1,
        summary.appended
    );
    assert_eq!(bench.import(&input).unwrap().appended, 0);
}
