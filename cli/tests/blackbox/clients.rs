//! The examples of docs/clients.md do what they say, wherever there is something to run them with.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Made, Service, Workspace, event, ndjson};

/// Two pull requests an hour apart, and a star.
fn served() -> (Workspace, Service, String) {
    let at = Workspace::new();
    let opened = |id, created_at, number| {
        event(Made {
            kind: "PullRequestEvent",
            id,
            created_at,
            pull_request: Some(("opened", number)),
            ..Made::default()
        })
    };
    let events = [
        opened(1, "2026-03-01T12:00:00Z", 7),
        opened(2, "2026-03-01T13:00:00Z", 8),
        event(Made {
            id: 3,
            ..Made::default()
        }),
    ];
    at.file("events.json", &ndjson(&events));
    at.run(&["import", "events.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    (at, api, address)
}

fn document() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join("docs/clients.md")).unwrap()
}

/// The only block of a language.
fn block(language: &str) -> String {
    let (document, begins) = (document(), format!("```{language}\n"));
    let mut blocks = document.split(begins.as_str()).skip(1);
    let block = blocks.next().unwrap().split("```").next().unwrap();
    assert!(blocks.next().is_none(), "one block of {language}");
    block.to_owned()
}

/// What the block prints against a service, if there is a program to run it.
#[expect(
    clippy::print_stderr,
    reason = "whoever reads the tests' output must see what was not tested"
)]
fn run(language: &str, program: &str, arguments: &[&str], file: &str) -> Option<String> {
    let works = Command::new(program).arg("--version").output();
    if !works.is_ok_and(|works| works.status.success()) {
        eprintln!("skipped: there is no {program}");
        return None;
    }
    let (at, api, address) = served();
    let code = block(language).replace("localhost:5000", &address);
    // So that there is more than one page to walk.
    let code = code.replace("limit=1000&format=ndjson", "limit=1&format=ndjson");
    let file = at.file(file, code.as_bytes());
    let ran = Command::new(program)
        .args(arguments)
        .arg(file)
        .current_dir(at.path(""))
        .output()
        .unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert!(
        ran.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(api.signal("TERM").success());
    Some(printed)
}

#[track_caller]
fn assert_tells(printed: &str, expected: &[&str]) {
    for line in expected {
        assert!(printed.contains(line), "{line} in {printed}");
    }
}

#[test]
fn curl_counts_lists_and_asks_again() {
    if let Some(printed) = run("sh", "bash", &["-e"], "example.sh") {
        assert_tells(
            &printed,
            &["\"PushEvent\":0", "octo/cat", "3 events.ndjson", "\n304\n"],
        );
    }
}

#[test]
fn python_walks_the_pages() {
    if let Some(printed) = run("python", "python3", &[], "example.py") {
        let said = ["pull requests: 3600.0", "3 events", "unknown_repository: "];
        assert_tells(&printed, &said);
    }
}

#[test]
fn javascript_walks_the_pages() {
    if let Some(printed) = run("javascript", "node", &[], "example.mjs") {
        assert_tells(
            &printed,
            &["pull requests: 3600", "3 events", "unknown_repository: "],
        );
    }
}

#[test]
fn rust_is_the_example_and_walks_the_pages() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ask.rs");
    assert_eq!(block("rust"), std::fs::read_to_string(source).unwrap());
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_ghev"));
    let example = binary.with_file_name("examples").join("ask");
    if !example.is_file() {
        eprintln!("skipped: the examples were not built with the tests");
        return;
    }
    let (_at, api, address) = served();
    let base = format!("http://{address}");
    let ran = Command::new(&example)
        .args([&base, "octo/cat"])
        .output()
        .unwrap();
    let printed = String::from_utf8(ran.stdout).unwrap();
    assert_tells(&printed, &["every 3600 seconds", "3 events"]);
    let unknown = Command::new(&example)
        .args([&base, "no/body"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(said.contains("unknown_repository"), "{said}");
    assert!(api.signal("TERM").success());
}
