//! How the log is written and kept: sync policies, retention, a disk that fills up; and what a user
//! is told of each.

use std::fs;

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};
use ghev_sim::{EventGenerator, SimOptions};
use serde_json::Value;

use crate::support::{Ended, Made, SmallDisk, StandIn, Workspace, event, ndjson};

/// A GitHub that allows a poll every second and brings an event every 50 ms.
fn lively() -> StandIn {
    let options = SimOptions::new()
        .seed(5)
        .initial_events(50)
        .rate_per_second(20.0)
        .latency_floor_seconds(0)
        .poll_interval_seconds(1)
        .anonymous_limit_per_hour(1_000_000);
    StandIn::start(options, EventGenerator::new(5))
}

fn stat(at: &Workspace) -> Option<Value> {
    let ended = at.run(&["log", "stat", "--format", "json"]);
    (ended.code == Some(0)).then(|| ended.json())
}

fn status(at: &Workspace) -> Value {
    at.run(&["status", "--format", "json"]).with_code(0).json()
}

fn number(of: &Value, field: &str) -> u64 {
    of[field]
        .as_u64()
        .unwrap_or_else(|| panic!("{field}: {of}"))
}

#[track_caller]
fn says(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part:?} in {}", ended.stderr);
    }
}

#[test]
fn by_interval_nothing_is_shown_before_it_is_durable_and_the_end_makes_all_of_it_so() {
    let (at, github) = (Workspace::new(), lively());
    let url = ["--github-url", github.url()];
    let hour = [&["inject", "--sync", "interval=3600000"], &url[..]].concat();
    let mut injector = at.start(&hour);
    let written = injector.until("records that are not durable yet", || {
        let stat = stat(&at)?;
        (number(&stat, "next_offset") > 0).then_some(stat)
    });
    assert_eq!(written["durable_offset"], 0, "{written}");
    assert_eq!(written["events"], 0, "{written}");
    let told = status(&at);
    let writer = &told["writer"];
    assert_eq!(writer["sync"], "interval=3600000", "{told}");
    assert_eq!(writer["waits_for_space"], false, "{told}");
    assert!(writer["since"].as_str().is_some_and(|at| at.ends_with('Z')));
    let pid = number(writer, "pid").to_string();
    let text = at.run(&["status"]).with_code(0).text();
    assert!(text.contains(&format!("process {pid}")), "{text}");
    assert!(text.contains("sync interval=3600000"), "{text}");
    assert!(text.contains("not durable yet"), "{text}");

    // Whoever wants to write too is told who is in the way.
    says(
        &at.run(&[&["inject"], &url[..]].concat()).with_code(3),
        &[&pid],
    );
    let trim = ["log", "trim", "--before", "1", "--yes"];
    says(&at.run(&trim).with_code(3), &[&pid, "stop it first"]);

    // What an import brings is durable when it ends, and all that came before it.
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    let cat = at.run(&["log", "cat", "--type", "WatchEvent"]).with_code(0);
    assert!(cat.text().contains("octo/cat"));

    assert!(injector.signal("TERM").success());
    let after = stat(&at).unwrap();
    assert_eq!(after["durable_offset"], after["next_offset"], "{after}");
    assert_eq!(status(&at)["writer"], Value::Null);
}

#[test]
fn a_short_interval_needs_no_further_append() {
    let (at, github) = (Workspace::new(), lively());
    let url = ["--github-url", github.url(), "--poll-interval", "3600"];
    let mut injector = at.start(&[&["inject", "--sync", "interval=50"], &url[..]].concat());
    // One cycle and then an hour of silence: the timer makes it durable.
    injector.until("all of it durable", || {
        let stat = stat(&at)?;
        let next = number(&stat, "next_offset");
        (next > 0 && number(&stat, "durable_offset") == next).then_some(())
    });
    assert!(injector.signal("TERM").success());
}

#[test]
fn a_policy_size_or_age_that_makes_no_sense_is_a_usage_error_wherever_it_stands() {
    let at = Workspace::new();
    for args in [
        &["inject", "--sync", "sometimes"][..],
        &["up", "--sync", "interval=0"],
        &["inject", "--sync", "interval=3600001"],
        &["inject", "--retain-age", "90"],
        &["inject", "--retain-bytes", "a lot"],
        &["import", "--free-space-floor", "1.5GB", "x"],
    ] {
        let ended = at.run(args).with_code(2);
        says(&ended, &["invalid value", args[1]]);
    }
    at.file("ghev.toml", b"sync = \"never\"\n");
    let ended = at.run(&["inject", "--config", "ghev.toml"]).with_code(2);
    says(&ended, &["never", "always"]);
    let mut by_environment = at.command(&["inject"]);
    by_environment.env("GHEV_RETAIN_AGE", "soon");
    assert_eq!(by_environment.output().unwrap().status.code(), Some(2));
    assert!(!at.data().exists());
}

/// Appends copies of the first record of the log, three to a segment.
fn append_copies(at: &Workspace, copies: usize) {
    let mut cursor = LogCursor::open(at.log_dir(), Offset::ZERO).unwrap();
    let record = cursor.read().unwrap().unwrap().payload.to_vec();
    let options = LogOptions {
        segment_max_bytes: 2 + 3 * (20 + record.len() as u64),
        ..LogOptions::default()
    };
    let mut writer = LogWriter::open(at.log_dir(), options).unwrap();
    writer.append(&vec![record; copies]).unwrap();
    writer.close().unwrap();
}

#[test]
fn retention_removes_old_segments_and_the_projector_says_what_it_missed_and_goes_on() {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    append_copies(&at, 10);
    let before = stat(&at).unwrap();
    assert_eq!(number(&before, "segments"), 4, "{before}");

    let github = lively();
    let keep_all = ["inject", "--once", "--github-url", github.url()];
    let with = |flag: &str, value: &str| {
        let args = [&keep_all[..], &[flag, value]].concat();
        at.run(&args).with_code(0)
    };
    with("--retain-age", "90d");
    with("--retain-bytes", "10GiB");
    assert_eq!(stat(&at).unwrap()["first_offset"], 0);
    let ended = with("--retain-bytes", "1");
    says(&ended, &["old records were removed from the log"]);
    let first = number(&stat(&at).unwrap(), "first_offset");
    assert_eq!(first, 9, "the newest segment stays");

    let ended = at.run(&["project", "--once"]).with_code(0);
    says(&ended, &["trimmed before they were read"]);
    let model = &status(&at)["read_model"];
    assert_eq!(model["dead_letters"], 1, "{model}");
    assert_eq!(model["lag"], 0, "{model}");
    assert!(number(model, "events") > 40, "{model}");
}

#[test]
fn a_disk_that_fills_up_is_waited_for_and_no_event_is_lost() {
    let (at, github) = (Workspace::new(), lively());
    let Some(_disk) = SmallDisk::mount(&at.data(), "16m") else {
        return;
    };
    let ballast = at.data().join("ballast");
    // Less than the floor stays free, whatever little the empty log takes.
    fs::write(&ballast, vec![1; (14 << 20) + (256 << 10)]).unwrap();
    let mut injector = at.start(&[
        "inject",
        "--free-space-floor",
        "2MiB",
        "--github-url",
        github.url(),
    ]);
    injector.line_with("the log takes nothing for now");
    let told = status(&at);
    assert_eq!(told["writer"]["waits_for_space"], true, "{told}");
    let text = at.run(&["status"]).with_code(0).text();
    assert!(text.contains("waits for space"), "{text}");
    assert_eq!(number(&stat(&at).unwrap(), "next_offset"), 0);
    // An import beside it waited for as long, without a word, and did not end by SIGTERM.
    at.file("one.json", event(Made::default()).as_bytes());
    let mut import = at.start(&["import", "one.json"]);
    import.line_with("free some space");
    assert_eq!(import.wait().code(), Some(1));

    fs::remove_file(&ballast).unwrap();
    injector.line_with("there is space again");
    injector.until("the events that were fetched meanwhile", || {
        (number(&stat(&at)?, "events") >= 50).then_some(())
    });
    assert_eq!(status(&at)["writer"]["waits_for_space"], false);
    assert!(injector.signal("TERM").success());
    // The first page fetched is the first record: nothing was fetched in vain.
    let first = at.run(&["log", "cat", "--to", "1"]).with_code(0).text();
    assert!(first.lines().count() >= 50, "{first}");
    at.run(&["log", "verify", "--deep"]).with_code(0);
}
