//! `ghev log`: looking into the log, sound and damaged.

use std::fs;

use ghev_log::{LogOptions, LogWriter};

use crate::support::{Made, Workspace, event, ndjson};

fn filled() -> (Workspace, Vec<String>) {
    let at = Workspace::new();
    let lines = vec![
        event(Made {
            id: 1,
            ..Made::default()
        }),
        event(Made {
            id: 2,
            kind: "PushEvent",
            repo: (8, "Octo/Dog"),
            ..Made::default()
        }),
        event(Made {
            id: 3,
            kind: "ForkEvent",
            ..Made::default()
        }),
    ];
    // Three imports, three records.
    for (number, line) in lines.iter().enumerate() {
        let name = format!("{number}.json");
        at.file(&name, line.as_bytes());
        at.run(&["import", &name]).with_code(0);
    }
    (at, lines)
}

#[test]
fn cat_selects_by_offset_type_and_repository() {
    let (at, lines) = filled();
    let cat = |args: &[&str]| {
        let args = [&["log", "cat"], args].concat();
        at.run(&args).with_code(0).stdout
    };
    assert_eq!(cat(&[]), ndjson(&lines));
    assert_eq!(cat(&["--from", "1", "--to", "2"]), ndjson(&lines[1..2]));
    assert_eq!(cat(&["--type", "PushEvent"]), ndjson(&lines[1..2]));
    let two = cat(&["--type", "PushEvent", "--type", "ForkEvent"]);
    assert_eq!(two, ndjson(&lines[1..3]));
    assert_eq!(cat(&["--repo", "octo/DOG"]), ndjson(&lines[1..2]));
}

#[test]
fn envelopes_say_where_each_record_came_from() {
    let (at, _) = filled();
    let text = at.run(&["log", "cat", "--envelopes"]).with_code(0).text();
    let envelopes: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(envelopes.len(), 3);
    for (number, envelope) in envelopes.iter().enumerate() {
        assert_eq!(envelope["offset"], number);
        assert_eq!(envelope["source"], "archive");
        assert_eq!(envelope["events"], 1);
        let file = envelope["origin"]["file"].as_str().unwrap();
        assert!(file.ends_with(&format!("{number}.json")), "{envelope}");
    }
}

#[test]
fn stat_counts_records_and_events() {
    let (at, _) = filled();
    let stat = at
        .run(&["log", "stat", "--format", "json"])
        .with_code(0)
        .json();
    for (field, count) in [
        ("first_offset", 0),
        ("next_offset", 3),
        ("durable_offset", 3),
        ("segments", 1),
        ("events", 3),
    ] {
        assert_eq!(stat[field], count, "{field}: {stat}");
    }
    assert_eq!(stat["log_id"].as_str().map(str::len), Some(32), "{stat}");
    assert!(
        stat["bytes"].as_u64().is_some_and(|bytes| bytes > 300),
        "{stat}"
    );
}

#[test]
fn a_sound_log_verifies_and_a_damaged_one_names_the_place_and_refuses_writers() {
    let (at, lines) = filled();
    at.run(&["log", "verify"]).with_code(0);
    let deep = at.run(&["log", "verify", "--deep"]).with_code(0).text();
    assert!(deep.contains("3 records with 3 events"), "{deep}");
    let segment = at.log_dir().join("00000000000000000000.log");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&segment, &bytes).unwrap();

    for verify in [&["log", "verify"][..], &["log", "verify", "--deep"]] {
        let said = at.run(verify).with_code(4).text();
        assert!(
            said.contains("00000000000000000000.log") && said.contains("record 1"),
            "{said}"
        );
    }
    // The write side refuses, says why, and changes nothing.
    at.file("more.json", lines[0].as_bytes());
    let refused = at.run(&["import", "more.json"]).with_code(4);
    assert!(
        refused.stderr.contains("00000000000000000000.log"),
        "{}",
        refused.stderr
    );
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    // What lies before the damage is still read.
    let cat = at.run(&["log", "cat"]).with_code(4);
    assert_eq!(cat.stdout, ndjson(&lines[..1]));
}

/// A log of nine records in three segments, as a writer with small segments leaves it.
fn segmented() -> Workspace {
    let at = Workspace::new();
    let options = LogOptions {
        segment_max_bytes: 302,
        ..LogOptions::default()
    };
    let mut writer = LogWriter::open(at.log_dir(), options).unwrap();
    writer.append(&vec![[7; 80]; 9]).unwrap();
    writer.close().unwrap();
    at
}

#[test]
fn trim_says_what_goes_and_removes_whole_segments() {
    let at = segmented();
    let first = || {
        let stat = at.run(&["log", "stat", "--format", "json"]).with_code(0);
        stat.json()["first_offset"].clone()
    };
    // Nobody to ask.
    let ended = at.run(&["log", "trim", "--before", "7"]).with_code(2);
    assert!(ended.stderr.contains("--yes"), "{}", ended.stderr);
    assert!(ended.stderr.contains("records 0 to 6"), "{}", ended.stderr);
    assert_eq!(first(), 0);

    let trim = |before: &str| {
        let ended = at.run(&["log", "trim", "--before", before, "--yes"]);
        ended.with_code(0).text()
    };
    assert!(trim("2001-01-01").contains("nothing to remove"));
    assert!(trim("2").contains("nothing to remove"));
    let said = trim("4");
    assert!(said.contains("1 segments"), "{said}");
    assert_eq!(first(), 3);
    trim("2200-01-01T00:00:00Z");
    assert_eq!(first(), 6, "the newest segment stays");
}

#[test]
fn every_damaged_place_is_named_and_only_a_deep_look_decodes() {
    let at = segmented();
    at.run(&["log", "verify"]).with_code(0);
    // The records are sound, but they are no envelopes.
    let deep = at.run(&["log", "verify", "--deep"]).with_code(4).text();
    assert_eq!(
        deep.lines()
            .filter(|line| line.starts_with("record "))
            .count(),
        9
    );
    for segment in ["00000000000000000000.log", "00000000000000000003.log"] {
        let path = at.log_dir().join(segment);
        let mut bytes = fs::read(&path).unwrap();
        bytes[150] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    let said = at.run(&["log", "verify"]).with_code(4).text();
    assert!(
        said.contains("record 1") && said.contains("record 4"),
        "{said}"
    );
}

#[test]
fn what_is_sound_of_a_damaged_log_is_salvaged_into_a_new_one() {
    let (at, lines) = filled();
    let segment = at.log_dir().join("00000000000000000000.log");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&segment, &bytes).unwrap();
    let said = at
        .run(&["log", "salvage", "--into", "saved"])
        .with_code(4)
        .text();
    assert!(
        said.contains("record 1:") && said.contains("2 records"),
        "{said}"
    );
    let cat = at.run(&["--data", "saved", "log", "cat"]).with_code(0);
    assert_eq!(cat.stdout, ndjson(&[lines[0].clone(), lines[2].clone()]));
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    // Never over a log that is there.
    at.run(&["log", "salvage", "--into", "saved"]).with_code(1);
    at.run(&["--data", "saved", "log", "verify", "--deep"])
        .with_code(0);
}

#[test]
fn trim_takes_turns_with_other_writers_and_makes_no_log() {
    let at = segmented();
    let writer = LogWriter::open(at.log_dir(), LogOptions::default()).unwrap();
    let ended = at
        .run(&["log", "trim", "--before", "4", "--yes"])
        .with_code(3);
    assert!(ended.stderr.contains("another writer"), "{}", ended.stderr);
    drop(writer);
    let empty = Workspace::new();
    empty
        .run(&["log", "trim", "--before", "4", "--yes"])
        .with_code(1);
    assert!(!empty.log_dir().exists());
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (at, _) = filled();
    let mut child = at
        .command(&["log", "cat"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}
