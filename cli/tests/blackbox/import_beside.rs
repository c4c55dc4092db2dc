//! `ghev import` beside an injector or another import, and killed in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ghev_log::{LogOptions, LogWriter};
use ghev_sim::{EventGenerator, SimOptions};
use serde_json::Value;

use crate::support::{Made, StandIn, Workspace, event, get, gzip, ndjson};

/// How long an import may take until something of it is durable.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often each line is in the log.
fn lines_in_log(at: &Workspace) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in at.run(&["log", "cat"]).with_code(0).text().lines() {
        *times.entry(line.to_owned()).or_default() += 1;
    }
    times
}

#[track_caller]
fn each_once(at: &Workspace, lines: &[String]) {
    let times = lines_in_log(at);
    for line in lines {
        assert_eq!(times.get(line), Some(&1), "{line}");
    }
    let more: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    assert!(more.is_empty(), "{more:?}");
}

fn many(ids: std::ops::RangeInclusive<u64>) -> Vec<String> {
    let made = |id| Made {
        id,
        ..Made::default()
    };
    ids.map(|id| event(made(id))).collect()
}

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

/// `ghev up` that polls it.
fn up(github: &StandIn) -> [&str; 5] {
    let url = github.url();
    ["up", "--listen", "127.0.0.1:0", "--github-url", url]
}

#[test]
fn an_import_goes_through_a_running_injector_and_nothing_gets_in_twice() {
    let (at, github) = (Workspace::new(), lively());
    let mut up = at.start(&up(&github));
    up.until("the first poll", || {
        Some(lines_in_log_if_any(&at)?.len()).filter(|&lines| lines >= 50)
    });
    let lines = many(1..=20_000);
    at.file("a.json.gz", &gzip(&ndjson(&lines)));
    let first = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    assert_eq!(first["appended"], 20_000, "{first}");
    let again = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    assert_eq!(
        (&again["appended"], &again["duplicates"]),
        (&0.into(), &20_000.into()),
        "{again}"
    );
    // What was polled can be imported, too, and is there already.
    let polled = at.run(&["log", "cat"]).with_code(0).stdout;
    let known = at.run_with_input(&["import", "--format", "json", "-"], &polled);
    assert_eq!(known.with_code(0).last_json()["appended"], 0);
    assert!(up.signal("TERM").success());
    each_once(&at, &lines);
    at.run(&["log", "verify"]).with_code(0);
}

fn lines_in_log_if_any(at: &Workspace) -> Option<BTreeMap<String, usize>> {
    let there = at.run(&["log", "stat"]).code == Some(0);
    there.then(|| lines_in_log(at))
}

/// An import that reads what the test writes, bit by bit.
struct Fed {
    import: std::process::Child,
}

impl Fed {
    fn start(at: &Workspace, files: &[&str]) -> Self {
        let mut command = at.command(&[&["import", "--format", "json"], files, &["-"]].concat());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let import = command.spawn().expect("the binary starts");
        Self { import }
    }

    fn feed(&mut self, lines: &[String]) {
        let input = self.import.stdin.as_mut().expect("it is piped");
        input.write_all(&ndjson(lines)).expect("it reads on");
    }

    /// Lets it come to its end, and returns what it said last.
    #[track_caller]
    fn end(self) -> Value {
        let ended = self.import.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(0));
        serde_json::from_slice(&ended.stdout).unwrap()
    }

    fn kill(mut self) {
        self.import.kill().unwrap();
        self.import.wait().unwrap();
    }
}

#[track_caller]
fn until_in_log(at: &Workspace, lines: usize) {
    let deadline = Instant::now() + PATIENCE;
    while lines_in_log_if_any(at).is_none_or(|there| there.len() < lines) {
        assert!(Instant::now() < deadline, "nothing became durable");
    }
}

/// Lines that hardly compress: a few of them are an envelope, a few envelopes are appended together.
fn bulky(ids: std::ops::RangeInclusive<u64>) -> Vec<String> {
    let mut state = 1u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        format!("{:016x}", state ^ (state >> 29))
    };
    ids.map(|id| {
        let noise: String = (0..40_000).map(|_| noise()).collect();
        format!(r#"{{"id":"{id}","type":"WatchEvent","noise":"{noise}"}}"#)
    })
    .collect()
}

#[test]
fn an_injector_killed_in_the_middle_of_an_import_costs_nothing() {
    let (at, github) = (Workspace::new(), lively());
    let inject = ["inject", "--github-url", github.url()];
    let mut first = at.start(&inject);
    first.until("the first poll", || lines_in_log_if_any(&at));
    let lines = bulky(1..=48);
    let mut fed = Fed::start(&at, &[]);
    fed.feed(&lines[..36]);
    first.until("the first batch", || {
        lines_in_log(&at).contains_key(&lines[0]).then_some(())
    });
    first.kill();
    let second = at.start(&inject);
    fed.feed(&lines[36..]);
    let summary = fed.end();
    assert_eq!(
        (&summary["events"], &summary["appended"]),
        (&48.into(), &48.into()),
        "{summary}"
    );
    drop(second);
    each_once(&at, &lines);
    at.run(&["log", "verify"]).with_code(0);
}

#[test]
fn an_import_killed_in_the_middle_goes_on_when_it_is_started_again() {
    let (at, github) = (Workspace::new(), lively());
    let mut injector = at.start(&["inject", "--github-url", github.url()]);
    injector.until("the first poll", || lines_in_log_if_any(&at));
    let lines = bulky(1..=48);
    let mut fed = Fed::start(&at, &[]);
    fed.feed(&lines[..36]);
    injector.until("the first batch", || {
        lines_in_log(&at).contains_key(&lines[0]).then_some(())
    });
    fed.kill();
    let again = at.run_with_input(&["import", "--format", "json", "-"], &ndjson(&lines));
    let again = again.with_code(0).last_json();
    let [appended, duplicates] = ["appended", "duplicates"].map(|name| again[name].as_u64());
    let (appended, duplicates) = (appended.unwrap(), duplicates.unwrap());
    assert_eq!(appended + duplicates, 48, "{again}");
    // A batch that was whole when the import was killed may have got in, or not.
    assert!(appended >= 12 && duplicates >= 1, "{again}");
    assert!(injector.signal("TERM").success());
    each_once(&at, &lines);
}

/// What was read to its end before is not read again: it may even have gone unreadable.
#[test]
fn an_import_of_several_files_that_is_killed_goes_on_with_the_file_in_which_it_was() {
    let at = Workspace::new();
    let lines = bulky(1..=36);
    at.file("1.json", &ndjson(&lines[..2]));
    at.file("2.json", &ndjson(&lines[2..4]));
    let mut fed = Fed::start(&at, &["1.json", "2.json"]);
    fed.feed(&lines[4..]);
    until_in_log(&at, 4);
    fed.kill();
    let args = ["import", "--format", "json", "1.json", "2.json", "-"];
    let again = at.run_with_input(&args, &ndjson(&lines[4..]));
    let again = again.with_code(0).last_json();
    assert_eq!(
        (&again["files"], &again["known_files"]),
        (&3.into(), &2.into())
    );
    assert_eq!(again["events"], 36, "{again}");
    each_once(&at, &lines);
}

/// What `tail -f file | ghev import -` had brought was durable from a few megabytes on, and an import
/// that waited for more did not hear that it was to stop.
#[test]
fn what_comes_slowly_is_durable_soon_and_a_stop_is_heard() {
    let at = Workspace::new();
    let lines = many(1..=3);
    let mut fed = Fed::start(&at, &[]);
    fed.feed(&lines[..2]);
    until_in_log(&at, 2);
    fed.feed(&lines[2..]);
    // Half an event keeps nothing waiting.
    let input = fed.import.stdin.as_mut().unwrap();
    input.write_all(br#"{"type":"WatchEvent","#).unwrap();
    until_in_log(&at, 3);
    let pid = fed.import.id().to_string();
    let told = std::process::Command::new("kill")
        .args(["-s", "TERM", &pid])
        .status();
    assert!(told.unwrap().success());
    // Its input is still open.
    let mut said = String::new();
    let mut output = fed.import.stdout.take().unwrap();
    std::io::Read::read_to_string(&mut output, &mut said).unwrap();
    assert_eq!(fed.import.wait().unwrap().code(), Some(1));
    let summary: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(summary["appended"], 3, "{summary}");
    each_once(&at, &lines);
}

/// The second waited ten seconds for the first and gave up with exit 3.
#[test]
fn a_second_import_goes_through_the_first() {
    let at = Workspace::new();
    let lines = bulky(1..=60);
    let mut first = Fed::start(&at, &[]);
    first.feed(&lines[..36]);
    until_in_log(&at, 1);
    at.file("second.json", &ndjson(&lines[24..48]));
    let second = at.run(&["import", "--format", "json", "second.json"]);
    let second = second.with_code(0).last_json();
    let count = |summary: &Value, name: &str| summary[name].as_u64().unwrap();
    assert_eq!(
        count(&second, "appended") + count(&second, "duplicates"),
        24,
        "{second}"
    );
    first.feed(&lines[36..]);
    let first = first.end();
    assert_eq!(
        count(&first, "appended") + count(&second, "appended"),
        60,
        "{first} {second}"
    );
    each_once(&at, &lines);
    at.run(&["log", "verify"]).with_code(0);
}

#[test]
fn an_import_that_holds_the_log_and_is_killed_costs_the_other_nothing() {
    let at = Workspace::new();
    let lines = bulky(1..=78);
    let mut first = Fed::start(&at, &[]);
    first.feed(&lines[..36]);
    until_in_log(&at, 1);
    let mut second = Fed::start(&at, &[]);
    second.feed(&lines[36..72]);
    let deadline = Instant::now() + PATIENCE;
    while !lines_in_log(&at).contains_key(&lines[36]) {
        assert!(Instant::now() < deadline, "the first took nothing in");
    }
    first.kill();
    second.feed(&lines[72..]);
    let second = second.end();
    assert_eq!(second["appended"], 42, "{second}");
    each_once(&at, &lines[36..]);
    at.run(&["log", "verify"]).with_code(0);
}

/// Both ended with exit 3 while an import held the log, and missed what passed meanwhile.
#[test]
fn polling_goes_through_an_import_and_takes_the_log_over_when_that_ends() {
    let (at, github) = (Workspace::new(), lively());
    let lines = bulky(1..=40);
    let mut import = Fed::start(&at, &[]);
    import.feed(&lines[..36]);
    until_in_log(&at, 1);
    let mut up = at.start(&up(&github));
    up.line_with("an import holds the log");
    let address = up.address();
    assert_eq!(get(&address, "/healthz").unwrap().status, 200);
    let polled = || -> usize {
        let imported = |line: &&String| line.contains("noise");
        let lines = lines_in_log(&at);
        lines.len() - lines.keys().filter(imported).count()
    };
    let first = up.until("a poll", || Some(polled()).filter(|&n| n > 0));
    up.until("a further poll", || Some(polled()).filter(|&n| n > first));
    import.feed(&lines[36..]);
    assert_eq!(import.end()["appended"], 40);
    up.line_with("polling writes it now");
    // From now on it is the other way round.
    let more = many(1_001..=1_010);
    at.file("more.json", &ndjson(&more));
    let more_said = at.run(&["import", "--format", "json", "more.json"]);
    assert_eq!(more_said.with_code(0).last_json()["appended"], 10);
    let second = at.run(&["inject", "--github-url", github.url()]);
    second.with_code(3);
    assert!(up.signal("TERM").success());
    each_once(&at, &lines);
    each_once(&at, &more);
    at.run(&["log", "verify"]).with_code(0);
}

#[test]
fn an_import_that_is_killed_costs_polling_through_it_nothing() {
    let (at, github) = (Workspace::new(), lively());
    let lines = bulky(1..=36);
    let mut import = Fed::start(&at, &[]);
    import.feed(&lines);
    until_in_log(&at, 1);
    let mut injector = at.start(&["inject", "--github-url", github.url()]);
    injector.line_with("an import holds the log");
    let here = lines_in_log(&at).len();
    injector.until("a poll", || (lines_in_log(&at).len() > here).then_some(()));
    import.kill();
    injector.line_with("polling writes it now");
    assert!(injector.signal("TERM").success());
    // The page in hand at the stop is appended or not at all; the next poll brings it again.
    let again = at.run(&["inject", "--once", "--github-url", github.url()]);
    again.with_code(0);
    each_once(&at, &[]);
    let kept: BTreeSet<(String, String)> = lines_in_log(&at)
        .keys()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            (text("type"), text("id"))
        })
        .collect();
    let missed: Vec<_> = github.delivered().difference(&kept).cloned().collect();
    assert!(missed.is_empty(), "{missed:?}");
    at.run(&["log", "verify"]).with_code(0);
}

#[test]
fn polling_that_waits_for_the_log_stops_when_it_is_told_to() {
    let (at, github) = (Workspace::new(), lively());
    // It takes in nothing, and does not say that it never will.
    let _holder = LogWriter::open(at.log_dir(), LogOptions::default()).unwrap();
    for (command, signal) in [("inject", "TERM"), ("up", "INT")] {
        let args = match command {
            "up" => up(&github).to_vec(),
            _ => vec![command, "--github-url", github.url()],
        };
        let mut waiting = at.start(&args);
        waiting.line_with("waiting for a moment");
        assert!(waiting.signal(signal).success(), "{command}");
    }
}
