//! A projector that is killed at any moment loses nothing and doubles nothing.
//!
//! The fault is SIGKILL of the whole process, again and again while it folds. What the operating
//! system was given survives; a power cut is not tried here.

use std::env;
use std::process::{Child, Command, Stdio};

use ghev_projector::{BatchLimits, ProjectorOptions, StopFlag, run};

use super::fixture::{Fixture, event, eventually, import};

const LOG_DIR: &str = "GHEV_TEST_KILL_LOG";
const MODEL_DIR: &str = "GHEV_TEST_KILL_MODEL";

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "run by the other tests of this file only"]
fn child() {
    let dir = |name| env::var_os(name).expect("set by the parent");
    let mut options = ProjectorOptions::new(dir(LOG_DIR), dir(MODEL_DIR));
    options.live = BatchLimits {
        events_max: 1,
        bytes_max: 1 << 20,
    };
    run(&options, &StopFlag::new()).unwrap();
}

fn spawn(fixture: &Fixture) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture"])
        .env(LOG_DIR, &fixture.options.log_dir)
        .env(MODEL_DIR, &fixture.options.model_dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn records(from: u64, count: u64) -> Vec<Vec<u8>> {
    let record = |n: u64| import(&[event(n, n), event(n / 2, n / 2), event(n + 1_000, n)]);
    (from..from + count).map(record).collect()
}

#[test]
fn a_killed_projector_loses_and_doubles_nothing() {
    const ROUNDS: u64 = 6;
    const RECORDS: u64 = 400;
    let fixture = Fixture::new();
    fixture.append(&records(0, 10));
    fixture.catch_up();
    let mut killed_midway = 0;
    for round in 0..ROUNDS {
        let before = fixture.as_of().unwrap().checkpoint.next_offset.get();
        fixture.append(&records(10 + round * RECORDS, RECORDS));
        let mut child = spawn(&fixture);
        // Killed as soon as it has written something, in the midst of what there is to fold.
        eventually("the child folds", || {
            fixture.as_of().unwrap().checkpoint.next_offset.get() > before
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let end = 10 + (round + 1) * RECORDS;
        let reached = fixture.as_of().unwrap().checkpoint.next_offset.get();
        killed_midway += u32::from(reached < end);
    }
    assert!(
        killed_midway > 0,
        "every child was done before it was killed"
    );
    fixture.catch_up();
    let fresh = fixture.same_log();
    fresh.catch_up();
    assert_eq!(fixture.hashes(), fresh.hashes());
    assert_eq!(
        fixture.as_of().unwrap().checkpoint.next_offset.get(),
        10 + ROUNDS * RECORDS
    );
}

/// Two projectors on one model: one is killed in the midst of its work, the other goes on from where
/// it came to, again and again, and nothing is lost or doubled.
#[test]
fn a_standby_takes_over_from_a_killed_projector() {
    const ROUNDS: u64 = 4;
    const RECORDS: u64 = 300;
    let fixture = Fixture::new();
    fixture.append(&records(0, 10));
    fixture.catch_up();
    let mut working = spawn(&fixture);
    for round in 0..ROUNDS {
        let standby = spawn(&fixture);
        let before = fixture.as_of().unwrap().checkpoint.next_offset.get();
        fixture.append(&records(10 + round * RECORDS, RECORDS));
        let reached = || fixture.as_of().unwrap().checkpoint.next_offset.get();
        eventually("the one at work folds", || reached() > before);
        working.kill().unwrap();
        working.wait().unwrap();
        let end = 10 + (round + 1) * RECORDS;
        eventually("the other goes on to the end", || reached() == end);
        working = standby;
    }
    working.kill().unwrap();
    working.wait().unwrap();
    let fresh = fixture.same_log();
    fresh.catch_up();
    assert_eq!(fixture.hashes(), fresh.hashes());
}
