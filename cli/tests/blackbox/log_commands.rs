//! `ghev log`: looking into the log, sound and damaged.

use std::fs;

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
    let segment = at.log_dir().join("00000000000000000000.log");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&segment, &bytes).unwrap();

    let verified = at.run(&["log", "verify"]).with_code(4);
    let said = verified.text();
    assert!(
        said.contains("00000000000000000000.log") && said.contains("record 1"),
        "{said}"
    );
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

#[test]
fn what_this_version_does_not_do_fails_clearly() {
    let (at, _) = filled();
    let ended = at
        .run(&["log", "trim", "--before", "1", "--yes"])
        .with_code(1);
    assert!(
        ended.stderr.contains("not in this version"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        at.run(&["log", "cat"]).with_code(0).text().lines().count(),
        3
    );
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
