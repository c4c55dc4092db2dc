//! What may stand where a log should be: each a message that says what, where and what to do, the
//! documented exit code, nothing written, and never a panic.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use crate::support::{Ended, Made, Workspace, event, ndjson};

const SEGMENT: &str = "00000000000000000000.log";

/// With one event in its log, and a read model of it.
fn filled() -> Workspace {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    at.file(
        "two.json",
        &ndjson(&[event(Made {
            id: 2,
            ..Made::default()
        })]),
    );
    at
}

/// Every file below a directory with its bytes; directories by name alone. The lock file and the
/// links for the writer are made anew by whoever tries.
fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap().to_owned();
            if path.is_dir() {
                left.push(path);
                files.insert(name, Vec::new());
            } else if !name.ends_with("/lock") {
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

#[track_caller]
fn says(ended: &Ended, parts: &[&str]) {
    let said = format!("{}{}", ended.stderr, ended.text());
    for part in parts {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

/// Everything that writes the log refuses with this code and these words, and writes nothing.
#[track_caller]
fn writers_refuse(at: &Workspace, code: i32, parts: &[&str]) {
    let before = tree(&at.data());
    for args in [
        &["import", "two.json"][..],
        &["inject", "--once", "--github-url", "http://127.0.0.1:9"],
        &[
            "up",
            "--listen",
            "127.0.0.1:0",
            "--github-url",
            "http://127.0.0.1:9",
        ],
    ] {
        let ended = at.run(args);
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        says(&ended, parts);
        // The read model is the projector's, which runs beside.
        if args[0] != "up" {
            assert_eq!(tree(&at.data()), before, "{args:?}");
        }
    }
}

#[test]
fn another_versions_log_is_left_alone() {
    let at = filled();
    let identity = at.log_dir().join("log.id");
    fs::write(&identity, "ghev-log 7 of a time to come\n").unwrap();
    let parts = ["format version 7", "knows version 1", "nothing was written"];
    writers_refuse(&at, 1, &parts);
    for args in [
        &["log", "stat"][..],
        &["log", "verify"],
        &["log", "cat"],
        &["status"],
        &["project", "--once"],
    ] {
        says(&at.run(args).with_code(1), &parts[..2]);
    }
}

#[test]
fn a_damaged_identity_says_how_to_go_on_and_that_works() {
    let at = filled();
    let identity = at.log_dir().join("log.id");
    let mut bytes = fs::read(&identity).unwrap();
    bytes[20] ^= 1;
    fs::write(&identity, bytes).unwrap();
    // It was an unexpected failure, exit 1.
    let parts = ["log.id", "damaged", "ghev log salvage --into DIR"];
    writers_refuse(&at, 4, &parts);
    for args in [&["log", "verify"][..], &["status"], &["replay"]] {
        says(&at.run(args).with_code(4), &parts);
    }
    let saved = at.path("saved");
    let saved = saved.to_str().unwrap();
    at.run(&["log", "salvage", "--into", saved]).with_code(0);
    let cat = at.run(&["--data", saved, "log", "cat"]).with_code(0);
    assert_eq!(cat.text().lines().count(), 1);
}

#[test]
fn a_read_model_of_another_log_is_refused_and_kept() {
    let at = filled();
    let other = filled();
    fs::remove_dir_all(at.log_dir()).unwrap();
    fs::rename(other.log_dir(), at.log_dir()).unwrap();
    let before = tree(&at.data().join("readmodel"));
    for args in [&["project", "--once"][..], &["replay", "--check"]] {
        let ended = at.run(args).with_code(1);
        says(&ended, &["readmodel", "was made from log", "point --data"]);
    }
    // It said "0 records behind".
    let text = at.run(&["status"]).with_code(0).text();
    assert!(text.contains("made from another log"), "{text}");
    let status = at.run(&["status", "--format", "json"]).json();
    assert!(status["read_model"]["lag"].is_null(), "{status}");
    let generations = |tree: &BTreeMap<String, Vec<u8>>| {
        let mut tree = tree.clone();
        tree.retain(|name, _| name.ends_with(".db") || name.ends_with("CURRENT"));
        tree
    };
    let after = tree(&at.data().join("readmodel"));
    assert_eq!(generations(&after), generations(&before));
}

#[test]
fn a_directory_or_a_file_in_the_place_of_a_part_is_named() {
    for (name, code) in [
        ("lock", 1),
        ("log.id", 1),
        ("watermark", 1),
        ("00000000000000000005.log", 1),
        ("00000000000000000005.index", 1),
        (SEGMENT, 1),
    ] {
        let at = filled();
        let path = at.log_dir().join(name);
        if path.exists() {
            fs::remove_file(&path).unwrap();
        }
        fs::create_dir(&path).unwrap();
        writers_refuse(&at, code, &[name]);
        for args in [&["log", "verify"][..], &["log", "stat"], &["status"]] {
            let ended = at.run(args);
            says(&ended, &[]);
            assert!(
                matches!(ended.code, Some(0 | 1 | 4)),
                "{name} {args:?}: {ended:?}"
            );
        }
    }
    // What the writer makes anew may be anything.
    let at = filled();
    let links = at.log_dir().join("active");
    fs::remove_dir_all(&links).unwrap();
    fs::write(&links, "a file").unwrap();
    at.run(&["import", "two.json"]).with_code(0);
    at.run(&["log", "verify"]).with_code(0);
}

#[test]
fn a_missing_or_foreign_segment_is_damage_with_its_place_and_what_to_do() {
    let at = filled();
    fs::remove_file(at.log_dir().join(SEGMENT)).unwrap();
    let advice = [
        SEGMENT,
        "byte 0",
        "record 0",
        "log verify",
        "restore the segment",
        "salvage --into",
    ];
    writers_refuse(&at, 4, &advice);
    says(&at.run(&["log", "verify"]).with_code(4), &advice[..3]);
    says(&at.run(&["log", "cat"]).with_code(4), &advice);
    // A file of somebody else's with a segment's name.
    fs::write(at.log_dir().join(SEGMENT), "dear diary").unwrap();
    writers_refuse(&at, 4, &advice);
    says(&at.run(&["log", "verify"]).with_code(4), &advice[..3]);
}

/// As a user that owns nothing. The tests themselves may run as root, whom no permission stops.
#[test]
fn without_permission_the_place_and_the_remedy_are_named() {
    const NOBODY: u32 = 65534;
    let at = filled();
    let ours = fs::metadata(at.path(".")).unwrap();
    if std::os::unix::fs::MetadataExt::uid(&ours) != 0 {
        eprintln!("skipped: only root may become another user");
        return;
    }
    // Readable and not writable; then not even readable.
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&at.path("."), 0o755);
    let as_nobody = |args: &[&str]| {
        let output = at.command(args).uid(NOBODY).gid(NOBODY).output();
        output.ok().map(Ended::from)
    };
    if as_nobody(&["--version"]).is_none_or(|ended| ended.code != Some(0)) {
        eprintln!("skipped: another user cannot start the binary where it is");
        return;
    }
    let before = tree(&at.data());
    for args in [
        &["import", "two.json"][..],
        &["inject", "--once", "--github-url", "http://127.0.0.1:9"],
        &["log", "trim", "--before", "1", "--yes"],
    ] {
        let ended = as_nobody(args).unwrap();
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        says(
            &ended,
            &["ermission denied", "/log/", "give this user access"],
        );
    }
    for args in [&["log", "cat"][..], &["log", "verify"], &["log", "stat"]] {
        assert_eq!(as_nobody(args).unwrap().code, Some(0), "{args:?}");
    }
    open(&at.log_dir(), 0o700);
    for args in [
        &["log", "stat"][..],
        &["log", "verify"],
        &["status"],
        &["import", "two.json"],
    ] {
        let ended = as_nobody(args).unwrap();
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        says(
            &ended,
            &["ermission denied", "/log", "give this user access"],
        );
    }
    assert_eq!(tree(&at.data()), before);
}
