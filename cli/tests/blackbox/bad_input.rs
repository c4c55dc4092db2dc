//! What can be wrong from outside: each a clear message (what, where, what to do), the documented
//! exit code, and never a panic.

use std::net::TcpListener;

use crate::support::{Ended, Made, Workspace, event};

#[track_caller]
fn says(ended: &Ended, parts: &[&str]) {
    for part in parts {
        assert!(ended.stderr.contains(part), "{part:?} in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn nonsense_on_the_command_line_is_a_usage_error() {
    let at = Workspace::new();
    for args in [
        &["nonsense"][..],
        &["up", "--source", "repo:only-an-owner"],
        &["inject", "--source", "archive"],
        &["inject", "--github-url", "ftp://example.org"],
        &["serve", "--listen", "5000"],
        &["import"],
        &["replay", "--until", "5"],
        &["log", "cat", "--from", "x"],
    ] {
        let ended = at.run(args).with_code(2);
        assert!(!ended.stderr.is_empty(), "{args:?}");
    }
    assert!(
        !at.data().exists(),
        "nothing is made before the arguments are sound"
    );
}

#[test]
fn a_port_in_use_names_the_address() {
    let at = Workspace::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "up", "demo", "sim"] {
        let ended = at.run(&[command, "--listen", &address]).with_code(1);
        says(&ended, &[&address, "--listen"]);
    }
}

#[test]
fn a_data_directory_that_cannot_be_one_is_named() {
    let at = Workspace::new();
    at.file("data", b"a file, not a directory");
    at.file("one.json", event(Made::default()).as_bytes());
    for args in [
        &["import", "one.json"][..],
        &["inject", "--once"],
        &["project", "--once"],
    ] {
        let ended = at.run(args);
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        says(&ended, &["data", "name "]);
    }
}

#[test]
fn a_foreign_directory_is_not_taken_for_a_log() {
    let at = Workspace::new();
    std::fs::create_dir_all(at.log_dir()).unwrap();
    std::fs::write(at.log_dir().join("holiday.jpg"), b"...").unwrap();
    at.file("one.json", event(Made::default()).as_bytes());
    let ended = at.run(&["import", "one.json"]).with_code(1);
    says(&ended, &["holiday.jpg", "nothing was written"]);
}

#[test]
fn a_missing_input_file_is_named() {
    let at = Workspace::new();
    let ended = at.run(&["import", "nowhere.json.gz"]).with_code(1);
    says(&ended, &["nowhere.json.gz"]);
}

#[test]
fn reading_a_log_that_is_not_there_says_so() {
    let at = Workspace::new();
    for command in ["cat", "stat", "verify"] {
        let ended = at.run(&["log", command]).with_code(1);
        says(&ended, &["no log", "data"]);
    }
}

#[test]
fn a_token_never_shows() {
    let at = Workspace::new();
    let secret = "ghp_0123456789secret";
    let token = at.file("token", format!("{secret}\nsecond line\n").as_bytes());
    let token = token.to_str().unwrap();
    let args = ["inject", "--once", "-v", "--token-file", token];
    let ended = at.run(&args).with_code(2);
    says(&ended, &["token"]);
    assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    at.file("token", secret.as_bytes());
    // Port 9 (discard) answers nobody: the request fails, the token stays hidden.
    let args = [
        "inject",
        "--once",
        "-vv",
        "--token-file",
        token,
        "--github-url",
        "http://127.0.0.1:9",
    ];
    let ended = at.run(&args);
    assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
}
