//! `ghev project`, `ghev replay`, `ghev status`: the read model from the log alone.

use std::fs;

use crate::support::{Made, SmallDisk, Workspace, event, events, get, ndjson};

fn imported() -> Workspace {
    imported_events(1..=50)
}

fn imported_events(ids: std::ops::RangeInclusive<u64>) -> Workspace {
    let at = Workspace::new();
    at.file("a.json", &ndjson(&events(ids)));
    at.run(&["import", "a.json"]).with_code(0);
    at
}

#[test]
fn the_read_model_is_deletable_and_comes_back() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let status = at.run(&["status", "--format", "json"]).with_code(0).json();
    assert_eq!(status["read_model"]["events"], 50, "{status}");
    assert_eq!(status["read_model"]["lag"], 0, "{status}");
    fs::remove_dir_all(at.data().join("readmodel")).unwrap();
    let status = at.run(&["status", "--format", "json"]).with_code(0).json();
    assert!(status["read_model"].is_null(), "{status}");
    at.run(&["project", "--once"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
}

/// `ghev status` failed then, and advised to let files be read that were not there.
#[test]
fn a_generation_that_is_gone_is_no_model_yet() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    fs::remove_file(at.data().join("readmodel/gen-00000001.db")).unwrap();
    let status = at.run(&["status", "--format", "json"]).with_code(0).json();
    assert!(status["read_model"].is_null(), "{status}");
    for args in [&["dead-letters"][..], &["replay", "--check"]] {
        let ended = at.run(args).with_code(1);
        assert!(ended.stderr.contains("`ghev project`"), "{ended:?}");
    }
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let ready = |address: &str| get(address, "/readyz").unwrap().status;
    let address = api.address();
    assert_eq!(ready(&address), 503);
    at.run(&["project", "--once"]).with_code(0);
    assert_eq!(ready(&address), 200);
    assert!(api.signal("TERM").success());
}

/// A log that is put back from a backup: the model of what it has lost was said to be up to date, and a rollback
/// to it ended the projector.
#[test]
fn a_model_beyond_the_logs_end_is_told_by_status_and_not_gone_back_to() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let backup = at.path("backup");
    let copied = std::process::Command::new("cp")
        .arg("-R")
        .args([at.log_dir(), backup.clone()])
        .status();
    assert!(copied.unwrap().success());
    at.file("more.json", &ndjson(&events(51..=60)));
    at.run(&["import", "more.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    fs::remove_dir_all(at.log_dir()).unwrap();
    fs::rename(&backup, at.log_dir()).unwrap();

    let text = at.run(&["status"]).with_code(0).text();
    assert!(text.contains("beyond the log's end"), "{text}");
    let status = at.run(&["status", "--format", "json"]).json();
    assert!(status["read_model"]["lag"].is_null(), "{status}");
    at.run(&["replay"]).with_code(0);
    let refused = at.run(&["replay", "--rollback"]).with_code(1);
    assert!(refused.stderr.contains("put back"), "{}", refused.stderr);
    let status = at.run(&["status", "--format", "json"]).json();
    assert_eq!(status["read_model"]["lag"], 0, "{status}");
}

/// What was wrong was told, and not what to do.
#[test]
fn damage_within_a_read_model_says_what_mends_it() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let database = at.data().join("readmodel/gen-00000001.db");
    let mut bytes = fs::read(&database).unwrap();
    let part = bytes.len() / 2;
    bytes[part..].fill(0x5a);
    fs::write(&database, bytes).unwrap();
    for args in [&["replay", "--check"][..], &["replay", "--only", "names"]] {
        let ended = at.run(args).with_code(1);
        let told = ["malformed", "run `ghev replay`"];
        assert!(
            told.iter().all(|told| ended.stderr.contains(told)),
            "{ended:?}"
        );
    }
    at.run(&["replay"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
}

#[test]
fn replay_switches_to_a_new_generation_with_the_same_answers() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let before = at.run(&["status", "--format", "json"]).json();
    at.run(&["replay"]).with_code(0);
    let after = at.run(&["status", "--format", "json"]).json();
    let generation = |status: &serde_json::Value| status["read_model"]["generation"].as_u64();
    assert!(generation(&after) > generation(&before), "{before} {after}");
    assert_eq!(after["read_model"]["events"], 50, "{after}");
    at.run(&["replay", "--check"]).with_code(0);
}

#[test]
fn a_replay_can_be_taken_back() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let refused = at.run(&["replay", "--rollback"]).with_code(1);
    assert!(
        refused.stderr.contains("no earlier generation"),
        "{}",
        refused.stderr
    );
    at.run(&["replay"]).with_code(0);
    at.run(&["replay", "--rollback"]).with_code(0);
    let status = at.run(&["status", "--format", "json"]).json();
    assert_eq!(status["read_model"]["generation"], 1, "{status}");
    at.run(&["replay", "--check"]).with_code(0);
}

#[test]
fn a_moment_of_the_past_goes_into_a_file_of_its_own() {
    let at = imported();
    at.file(
        "b.json",
        event(Made {
            id: 51,
            ..Made::default()
        })
        .as_bytes(),
    );
    at.run(&["import", "b.json"]).with_code(0);
    let said = at
        .run(&["replay", "--until", "1", "--into", "past.db"])
        .with_code(0)
        .text();
    assert!(said.contains("50 events"), "{said}");
    assert!(at.path("past.db").exists());
    assert!(
        !at.data().join("readmodel/CURRENT").exists(),
        "the live one is left alone"
    );
    let again = at
        .run(&["replay", "--until", "2", "--into", "past.db"])
        .with_code(1);
    assert!(again.stderr.contains("past.db"), "{}", again.stderr);
}

/// The past is served beside the live model, from a directory in which nothing can be written.
#[test]
fn a_file_of_the_past_is_served() {
    use std::os::unix::fs::PermissionsExt as _;
    let at = imported();
    at.run(&["replay", "--until", "1", "--into", "past.db"])
        .with_code(0);
    at.file(
        "b.json",
        event(Made {
            id: 51,
            ..Made::default()
        })
        .as_bytes(),
    );
    at.run(&["import", "b.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    let shelf = at.path("shelf");
    fs::create_dir(&shelf).unwrap();
    let past = shelf.join("past.db");
    fs::rename(at.path("past.db"), &past).unwrap();
    fs::set_permissions(&shelf, fs::Permissions::from_mode(0o555)).unwrap();
    let past = past.to_str().unwrap();
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0", "--readmodel", past]);
    let address = api.address();
    let status = get(&address, "/v1/status").unwrap();
    assert_eq!(status.status, 200, "{status:?}");
    assert_eq!(status.json()["events"], 50);
    assert_eq!(status.json()["as_of"]["next_offset"], 1);
    let counts = get(&address, "/v1/event-counts").unwrap().json();
    assert_eq!(counts["sample_size"], 50);
    assert!(api.signal("TERM").success());
    fs::set_permissions(&shelf, fs::Permissions::from_mode(0o755)).unwrap();

    let missing = ["serve", "--listen", "127.0.0.1:0", "--readmodel", "no.db"];
    let missing = at.run(&missing).with_code(1);
    assert!(missing.stderr.contains("no.db"), "{}", missing.stderr);
}

/// A model that was copied with its WAL while it was written was not served where nothing can be written: 503,
/// and no word of what to do.
#[test]
fn a_copy_of_a_model_and_its_wal_is_served_where_nothing_can_be_written() {
    let copy = Workspace::new();
    let Some(disk) = SmallDisk::mount(&copy.data(), "64m") else {
        return;
    };
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let mut projector = at.start(&["project"]);
    let more = event(Made {
        id: 51,
        ..Made::default()
    });
    at.file("more.json", more.as_bytes());
    at.run(&["import", "more.json"]).with_code(0);
    projector.until("the new event", || {
        let status = at.run(&["status", "--format", "json"]).json();
        (status["read_model"]["events"] == 51).then_some(())
    });
    projector.kill();

    let (from, to) = (at.data().join("readmodel"), copy.data().join("readmodel"));
    fs::create_dir(&to).unwrap();
    for file in ["CURRENT", "gen-00000001.db", "gen-00000001.db-wal"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    assert!(fs::metadata(to.join("gen-00000001.db-wal")).unwrap().len() > 0);
    if !disk.seal() {
        eprintln!("skipped: it cannot be made read-only");
        return;
    }
    let mut api = copy.start(&["serve", "--listen", "127.0.0.1:0"]);
    let status = get(&api.address(), "/v1/status").unwrap();
    assert_eq!(status.status, 200, "{status:?}");
    assert_eq!(status.json()["events"], 51);
    assert!(api.signal("TERM").success());
}

#[test]
fn single_events_are_kept_for_a_while_only_where_that_is_asked_for() {
    let at = imported();
    at.run(&["project", "--once", "--keep-events", "1h"])
        .with_code(0);
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    let answer = |path: &str| get(&address, path).unwrap().json();
    // The events are of years ago: what is left of them is their sums.
    let counts = answer("/v1/event-counts");
    assert_eq!(counts["sample_size"], 50);
    assert_eq!(counts["coverage"]["state"], "degraded");
    assert!(counts["coverage"]["events_since"].is_string(), "{counts}");
    assert_eq!(answer("/v1/events")["events"], serde_json::json!([]));
    at.run(&["replay", "--check"]).with_code(0);
    at.run(&["replay"]).with_code(0);
    let counts = answer("/v1/event-counts");
    assert!(counts["coverage"]["events_since"].is_null(), "{counts}");
    assert_eq!(answer("/v1/events")["events"].as_array().unwrap().len(), 50);
    // Nothing new has come: the limit used to wait for that, and the api would have answered as before.
    at.run(&["project", "--once", "--keep-events", "1h"])
        .with_code(0);
    assert_eq!(answer("/v1/events")["events"], serde_json::json!([]));
    assert!(api.signal("TERM").success());
    at.run(&["project", "--keep-events", "soon"]).with_code(2);
}

/// `--keep-events` was taken and forgotten.
#[test]
fn a_limit_that_would_mean_nothing_is_refused_where_it_is_typed() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let until = ["--until", "1", "--into", "past.db"];
    for others in [&["--check"][..], &["--rollback"], &until] {
        let typed = [&["replay", "--keep-events", "1h"][..], others].concat();
        let refused = at.run(&typed).with_code(2);
        let told = format!("--keep-events has no effect with {}", others[0]);
        assert!(refused.stderr.contains(&told), "{}", refused.stderr);
    }
    at.file("ghev.toml", b"keep-events = \"1h\"\n");
    at.run(&["--config", "ghev.toml", "replay", "--check"])
        .with_code(0);
}

#[test]
fn dead_letters_are_listed_the_newest_first() {
    let at = Workspace::new();
    at.file("a.json", b"{\"no\":1}\n{\"type\":\"PushEvent\"}\nnothing\n");
    at.run(&["import", "a.json"]).with_code(6);
    let before = at.run(&["dead-letters"]).with_code(1);
    assert!(before.stderr.contains("ghev project"), "{}", before.stderr);
    at.run(&["project", "--once"]).with_code(0);
    let text = at.run(&["dead-letters"]).with_code(0).text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("a.json:3: not valid JSON"), "{text}");
    assert!(lines[1].contains("a.json:1: no string \"type\""), "{text}");
    let json = at.run(&["dead-letters", "--format", "json"]).with_code(0);
    let last = json.last_json();
    assert_eq!((&last["offset"], &last["bytes"]), (&0.into(), &8.into()));
    assert_eq!(last["digest"].as_str().unwrap().len(), 32);
    // A replay tries them again: the same bytes are no events still.
    at.run(&["replay"]).with_code(0);
    assert_eq!(at.run(&["dead-letters"]).text(), text);
}

#[test]
fn a_read_model_that_was_meddled_with_is_found_out() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let other = imported_events(101..=150);
    other.run(&["project", "--once"]).with_code(0);
    // The tables of another history under the checkpoint of this one: same count, other rows.
    let database = at.data().join("readmodel/gen-00000001.db");
    let foreign = fs::read(other.data().join("readmodel/gen-00000001.db")).unwrap();
    let own = fs::read(&database).unwrap();
    assert_ne!(own, foreign);
    let log_id = |at: &Workspace| {
        let stat = at.run(&["log", "stat", "--format", "json"]).json();
        stat["log_id"].as_str().unwrap().to_owned()
    };
    let patched = replace(&foreign, log_id(&other).as_bytes(), log_id(&at).as_bytes());
    fs::write(&database, patched).unwrap();
    let ended = at.run(&["replay", "--check"]).with_code(5);
    assert!(ended.text().contains("events differs"), "{ended:?}");
    assert!(
        ended.text().contains("  place = 0: other values"),
        "{ended:?}"
    );
    at.run(&["replay"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
}

/// Without an index questions that name it fail, while the comparison said that all was well.
#[test]
fn an_index_that_is_missing_or_is_of_something_else_is_found_out() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let database = at.data().join("readmodel/gen-00000001.db");
    let meddle = |right: &str, wrong: &str| {
        let (right, wrong) = (right.as_bytes(), wrong.as_bytes());
        let mut bytes = fs::read(&database).unwrap();
        while bytes.windows(right.len()).any(|window| window == right) {
            bytes = replace(&bytes, right, wrong);
        }
        fs::write(&database, bytes).unwrap();
    };
    meddle("events_by_org", "events_by_pet");
    let missing = at.run(&["replay", "--check"]).with_code(5).text();
    assert!(
        missing.contains("the index events_by_org is missing"),
        "{missing}"
    );
    assert!(
        missing.contains("1 index differs") && missing.contains("`ghev replay`"),
        "{missing}"
    );
    // Who writes the model makes it; the one that nobody knows harms nobody.
    at.run(&["project", "--once"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
    meddle("ON gaps (to_at, from_at)", "ON gaps (from_at, to_at)");
    let otherwise = at.run(&["replay", "--check"]).with_code(5).text();
    assert!(
        otherwise.contains("the index gaps_by_time is of something else"),
        "{otherwise}"
    );
    at.run(&["replay"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
}

#[test]
fn one_projection_is_rebuilt_alone_on_demand_or_for_another_version_of_it() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let said = at.run(&["replay", "--only", "names,counts"]).with_code(0);
    let said = said.text();
    assert!(
        said.starts_with("generation 00000002 has counts, names anew, of 50 events"),
        "{said}"
    );
    at.run(&["replay", "--check"]).with_code(0);
    let refused = at.run(&["replay", "--only", "moods"]).with_code(2);
    let known = "contributor-lists, contributors, counts, dead-letters, envelopes, names, pull-requests, repo-counts, sums, threads";
    assert!(refused.stderr.contains(known), "{}", refused.stderr);
    at.run(&["replay", "--only", "names", "--check"])
        .with_code(2);

    // The row of a version that never was: SQLite's constant 0 in place of its constant 1.
    let database = at.data().join("readmodel/gen-00000002.db");
    let row = |version: u8| [&[3, 13 + 2 * 5, version], &b"names"[..]].concat();
    let meddled = replace(&fs::read(&database).unwrap(), &row(9), &row(8));
    fs::write(&database, meddled).unwrap();
    let differs = at.run(&["replay", "--check"]).with_code(5);
    assert!(
        differs.text().contains("projections differs"),
        "{differs:?}"
    );
    let rebuilt = at.run(&["project", "--once"]).with_code(0);
    let told = "other projections: rebuilding these";
    assert!(rebuilt.stderr.contains(told), "{}", rebuilt.stderr);
    assert!(at.data().join("readmodel/gen-00000003.db").exists());
    at.run(&["replay", "--check"]).with_code(0);

    // Without a model there is nothing to leave as it is.
    fs::remove_dir_all(at.data().join("readmodel")).unwrap();
    let said = at.run(&["replay", "--only", "names"]).with_code(0).text();
    assert!(said.contains("all was rebuilt"), "{said}");
}

/// SQLite's `ATTACH` takes a text, which a path need not be.
#[test]
fn a_data_directory_whose_name_is_no_text_is_replayed_too() {
    use std::os::unix::ffi::OsStrExt as _;
    let at = imported();
    let odd = at
        .data()
        .parent()
        .unwrap()
        .join(std::ffi::OsStr::from_bytes(b"file:\xff?#%41"));
    fs::rename(at.data(), &odd).unwrap();
    let run = |args: &[&str]| {
        let mut command = at.command(args);
        command.arg("--data").arg(&odd).output().unwrap()
    };
    for args in [["replay"].as_slice(), &["replay", "--check"]] {
        let ended = run(args);
        assert!(ended.status.success(), "{args:?}: {ended:?}");
    }
    assert!(odd.join("readmodel/gen-00000001.db").exists());
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes
        .windows(from.len())
        .position(|window| window == from)
        .unwrap();
    [&bytes[..at], to, &bytes[at + to.len()..]].concat()
}

/// `--into` by itself was a replay like any other: the live model, which was to be left alone, was
/// replaced, and no file was written.
#[test]
fn a_file_without_a_moment_is_a_usage_error() {
    let at = imported();
    at.run(&["project", "--once"]).with_code(0);
    let before = fs::read(at.data().join("readmodel/CURRENT")).unwrap();
    let refused = at.run(&["replay", "--into", "past.db"]).with_code(2);
    assert!(refused.stderr.contains("--until"), "{}", refused.stderr);
    assert!(!at.path("past.db").exists());
    assert_eq!(
        fs::read(at.data().join("readmodel/CURRENT")).unwrap(),
        before
    );
}
