//! `ghev import`: what goes in comes out, once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ghev_sim::{EventGenerator, SimOptions};

use crate::support::{Made, StandIn, Workspace, event, gzip, ndjson};

/// How long an import may take until something of it is durable.
const PATIENCE: Duration = Duration::from_secs(60);

fn three() -> Vec<String> {
    (1..=3)
        .map(|id| {
            event(Made {
                id,
                ..Made::default()
            })
        })
        .collect()
}

#[test]
fn lines_come_back_byte_for_byte_and_a_second_import_appends_nothing() {
    let at = Workspace::new();
    let lines = three();
    at.file("a.json.gz", &gzip(&ndjson(&lines)));
    let first = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    for (field, count) in [
        ("files", 1),
        ("events", 3),
        ("appended", 3),
        ("duplicates", 0),
        ("rejected", 0),
    ] {
        assert_eq!(first[field], count, "{field}: {first}");
    }
    assert!(
        first["bytes"].as_u64().is_some_and(|bytes| bytes > 0),
        "{first}"
    );
    let again = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    assert_eq!(again["appended"], 0, "{again}");
    assert_eq!(again["duplicates"], 3, "{again}");
    assert_eq!(at.run(&["log", "cat"]).with_code(0).stdout, ndjson(&lines));
}

#[test]
fn plain_lines_arrays_and_standard_input_are_told_apart_by_content() {
    let at = Workspace::new();
    let lines = three();
    let pretty = format!(
        "[\n  {},\n  {}\n]\n",
        lines[0],
        lines[1].replace("\":", "\" :\n   ")
    );
    at.file("page.bin", pretty.as_bytes());
    at.run(&["import", "page.bin"]).with_code(0);
    let input = format!("\u{feff}{}\r\n{}", lines[2], lines[0]);
    let read = at.run_with_input(&["import", "--format", "json", "-"], input.as_bytes());
    let read = read.with_code(0).last_json();
    assert_eq!(
        (&read["appended"], &read["duplicates"]),
        (&1.into(), &1.into()),
        "{read}"
    );
    assert_eq!(at.run(&["log", "cat"]).with_code(0).stdout, ndjson(&lines));
}

#[test]
fn rejected_lines_are_listed_with_their_places_and_the_rest_is_kept() {
    let at = Workspace::new();
    let lines = three();
    let mixed = format!(
        "{}\nnot json\n{{\"id\":\"1\"}}\n[1]\n{}\n",
        lines[0], lines[1]
    );
    at.file("mixed.json", mixed.as_bytes());
    let ended = at
        .run(&["import", "--format", "json", "mixed.json"])
        .with_code(6);
    let summary = ended.last_json();
    assert_eq!(
        (&summary["appended"], &summary["rejected"]),
        (&2.into(), &3.into()),
        "{summary}"
    );
    for place in ["mixed.json:2: ", "mixed.json:3: ", "mixed.json:4: "] {
        assert!(ended.stderr.contains(place), "{place} in {}", ended.stderr);
    }
    assert_eq!(
        at.run(&["log", "cat"]).with_code(0).stdout,
        ndjson(&lines[..2])
    );
}

#[test]
fn a_truncated_archive_keeps_every_whole_event_and_says_where_it_ends() {
    let at = Workspace::new();
    // Enough that the cut falls well inside, with every line different.
    let lines: Vec<String> = (1..=2000)
        .map(|id| {
            event(Made {
                id,
                ..Made::default()
            })
        })
        .collect();
    let whole = gzip(&ndjson(&lines));
    at.file("cut.json.gz", &whole[..whole.len() / 2]);
    let ended = at
        .run(&["import", "--format", "json", "cut.json.gz"])
        .with_code(6);
    let appended = ended.last_json()["appended"].as_u64().unwrap();
    assert!((500..2000).contains(&appended), "{appended} of 2000");
    assert!(ended.stderr.contains("cut.json.gz:"), "{}", ended.stderr);
    let kept = usize::try_from(appended).unwrap();
    assert_eq!(
        at.run(&["log", "cat"]).with_code(0).stdout,
        ndjson(&lines[..kept])
    );
}

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

#[test]
fn an_import_goes_through_a_running_injector_and_nothing_gets_in_twice() {
    let (at, github) = (Workspace::new(), lively());
    let up = [
        "up",
        "--listen",
        "127.0.0.1:0",
        "--github-url",
        github.url(),
    ];
    let mut up = at.start(&up);
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
    let ended = fed.import.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let summary: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
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
    fed.import.kill().unwrap();
    fed.import.wait().unwrap();
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
    let deadline = Instant::now() + PATIENCE;
    while lines_in_log_if_any(&at).is_none_or(|lines| lines.len() < 4) {
        assert!(Instant::now() < deadline, "nothing became durable");
    }
    fed.import.kill().unwrap();
    fed.import.wait().unwrap();
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
