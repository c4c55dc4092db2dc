//! A projector that is killed at any moment loses nothing and doubles nothing.
//!
//! The fault is SIGKILL of the whole process, again and again while it folds. What the operating
//! system was given survives; a power cut is not tried here.

use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ghev_projector::{BatchLimits, ProjectorOptions, StopFlag, replay, run};

use ghev_readmodel::Projection;

use super::fixture::{Fixture, SUMMED_FROM_EVENTS, event, eventually, import};

const LOG_DIR: &str = "GHEV_TEST_KILL_LOG";
const MODEL_DIR: &str = "GHEV_TEST_KILL_MODEL";

/// Set where the child replays the log first: `all` of it, or `only` some projections.
const REPLAYS: &str = "GHEV_TEST_KILL_REPLAYS";

/// Not a test of its own: the process that is killed.
#[test]
#[ignore = "run by the other tests of this file only"]
fn child() {
    let dir = |name| env::var_os(name).expect("set by the parent");
    let mut options = ProjectorOptions::new(dir(LOG_DIR), dir(MODEL_DIR));
    options.summed_from_events = SUMMED_FROM_EVENTS;
    options.live = BatchLimits {
        events_max: 1,
        bytes_max: 1 << 20,
    };
    match env::var(REPLAYS).as_deref() {
        Ok("only") => {
            let some = [Projection::Names, Projection::Counts, Projection::Sums];
            replay::only(&options, &some, &mut |_| {}, &StopFlag::new()).unwrap();
        }
        Ok(_) => {
            replay::replay(&options, &mut |_| {}, &StopFlag::new()).unwrap();
        }
        Err(_) => {}
    }
    run(&options, &StopFlag::new()).unwrap();
}

fn spawn(fixture: &Fixture) -> Child {
    command(fixture).spawn().unwrap()
}

fn command(fixture: &Fixture) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "kill::child", "--ignored", "--nocapture"])
        .env(LOG_DIR, &fixture.options.log_dir)
        .env(MODEL_DIR, &fixture.options.model_dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
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

/// Projectors and replays killed at any instant, so many rounds: after each, the model is a fold of the
/// log's records before its checkpoint, or there is none yet. Each is killed within the time that one takes
/// from its start to the log's end on this machine: where that was a fixed time, on a busy one all were
/// killed before they had begun.
#[test]
#[ignore = "as long as one likes: `just soak-projector`"]
fn soak() {
    const ROUNDS_OF_A_LOG: u64 = 40;
    const RECORDS_MAX: u64 = 170;
    let rounds = env::var("GHEV_PROJECTOR_SOAK_ROUNDS").map_or(1000, |n| n.parse().unwrap());
    let (mut killed_midway, mut replays_killed) = (0, 0);
    let mut fixture = Fixture::new();
    let (mut end, mut whole) = (0, Duration::ZERO);
    for round in 0..rounds {
        if round % ROUNDS_OF_A_LOG == 0 {
            fixture = Fixture::new();
            end = 0;
            whole = time_to_the_end(RECORDS_MAX);
        }
        let count = 20 + round * 37 % (RECORDS_MAX - 20);
        fixture.append(&records(end, count));
        end += count;
        let mut command = command(&fixture);
        let replays = round % 3 == 1;
        if replays {
            command.env(REPLAYS, if round % 2 == 0 { "only" } else { "all" });
        }
        let generation = fixture.model().current().unwrap();
        let mut child = command.spawn().unwrap();
        let part = u32::try_from(round * 7_919 % 1_000).unwrap();
        pass(whole * part / 1_000);
        child.kill().unwrap();
        child.wait().unwrap();
        let Some(as_of) = fixture.as_of() else {
            continue;
        };
        killed_midway += u64::from(as_of.checkpoint.next_offset.get() < end);
        replays_killed += u64::from(replays && fixture.model().current().unwrap() == generation);
        let report = replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
        assert_eq!(report.differing, Vec::<String>::new(), "round {round}");
    }
    println!(
        "{rounds} killed, {killed_midway} of them before the log's end, {replays_killed} in a replay: \
         every model was a fold of its prefix"
    );
    assert!(rounds < 100 || (killed_midway > 0 && replays_killed > 0));
}

/// How long a child takes that is left alone until it has folded so many records.
fn time_to_the_end(end: u64) -> Duration {
    let fixture = Fixture::new();
    fixture.append(&records(0, end));
    let started = Instant::now();
    let mut child = spawn(&fixture);
    eventually("the child folds all", || {
        let as_of = fixture.as_of();
        as_of.is_some_and(|as_of| as_of.checkpoint.next_offset.get() == end)
    });
    let took = started.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    took
}

/// Lets time pass: what is killed is at another place each time.
fn pass(time: Duration) {
    let (_kept, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}
