//! `ghev up` and `ghev demo`: everything in one process, killed and started again.

use std::collections::BTreeSet;

use ghev_sim::{EventGenerator, SimOptions};
use serde_json::Value;

use crate::support::{Service, StandIn, Workspace, get};

/// Brings 40 events a second, of which a window always holds the last 7 seconds.
fn github() -> StandIn {
    let options = SimOptions::new()
        .seed(5)
        .initial_events(100)
        .rate_per_second(40.0)
        .latency_floor_seconds(0)
        .poll_interval_seconds(1)
        .anonymous_limit_per_hour(1_000_000);
    StandIn::start(options, EventGenerator::new(5))
}

fn start(at: &Workspace, github: &StandIn) -> (Service, String) {
    let mut up = at.start(&[
        "up",
        "--listen",
        "127.0.0.1:0",
        "--github-url",
        github.url(),
    ]);
    let address = up.address();
    (up, address)
}

fn sample_size(address: &str, path: &str) -> Option<u64> {
    let answer = get(address, path)?;
    if answer.status != 200 {
        return None;
    }
    answer.json()["sample_size"].as_u64()
}

/// (type, id) of each line of `log cat`, in order.
fn logged(at: &Workspace) -> Vec<(String, String)> {
    let text = at.run(&["log", "cat"]).with_code(0).text();
    let identity = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| event[name].as_str().map(str::to_owned);
        Some((field("type")?, field("id")?))
    };
    text.lines().filter_map(identity).collect()
}

#[test]
fn events_appear_and_survive_kills_at_any_moment_once_each() {
    let (at, github) = (Workspace::new(), github());
    let mut known = 0;
    for round in 0..6 {
        let (mut up, address) = start(&at, &github);
        // Each round is killed a little later: before, while and after a page is appended.
        let more = known + 1 + 15 * round;
        known = up.until("more events", || {
            sample_size(&address, "/v1/event-counts").filter(|&n| n >= more)
        });
        up.kill();
    }
    let (mut up, address) = start(&at, &github);
    up.until("the log's lock and more events", || {
        sample_size(&address, "/v1/event-counts").filter(|&n| n > known)
    });
    assert!(up.signal("TERM").success());

    let logged = logged(&at);
    let distinct: BTreeSet<_> = logged.iter().cloned().collect();
    assert_eq!(distinct.len(), logged.len(), "an event is in the log twice");
    // An answer may have been delivered whole and its page not yet appended when the kill came: what
    // is lost then is still in the window of 300 and comes with the next poll.
    let missing: Vec<_> = github.delivered().difference(&distinct).cloned().collect();
    assert!(
        missing.is_empty(),
        "delivered, but not in the log: {missing:?}"
    );
    at.run(&["log", "verify"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    at.run(&["replay", "--check"]).with_code(0);
    let status = at.run(&["status", "--format", "json"]).json();
    assert_eq!(status["read_model"]["events"], logged.len(), "{status}");
}

#[test]
fn recent_counts_agree_with_the_list_of_events() {
    let (at, github) = (Workspace::new(), github());
    let (mut up, address) = start(&at, &github);
    up.until("events", || {
        sample_size(&address, "/v1/event-counts?offset=10").filter(|&n| n > 100)
    });
    // One moment, two questions: counts by type, and the list itself.
    let counts = get(&address, "/v1/event-counts").unwrap().json();
    let to = counts["as_of"]["observed_at"].as_str().unwrap();
    let window = format!("from=2000-01-01&to={to}&by=observed_at");
    let counts = get(&address, &format!("/v1/event-counts?{window}"))
        .unwrap()
        .json();
    let list = get(&address, &format!("/v1/events?{window}&limit=1000"))
        .unwrap()
        .json();
    let events = list["events"].as_array().unwrap();
    assert_eq!(counts["sample_size"], events.len(), "{counts}");
    for (kind, count) in counts["counts"].as_object().unwrap() {
        let listed = events.iter().filter(|event| event["type"] == *kind).count();
        assert_eq!(*count, listed, "{kind}");
    }
    assert!(up.signal("INT").success());
}

/// A damaged read model ended all of `ghev up`: nothing was polled until somebody had made the model anew, and GitHub
/// forgets.
#[test]
fn a_spoilt_read_model_stops_neither_polling_nor_answering() {
    let (at, github) = (Workspace::new(), github());
    let (mut up, address) = start(&at, &github);
    let known = up.until("events", || {
        sample_size(&address, "/v1/event-counts").filter(|&n| n > 0)
    });
    assert!(up.signal("TERM").success());
    let models = at.data().join("readmodel");
    let current = std::fs::read_to_string(models.join("CURRENT")).unwrap();
    let current = models.join(format!("gen-{}.db", current.trim()));
    std::fs::write(&current, "this is no database, and never was one").unwrap();

    let (mut up, address) = start(&at, &github);
    up.until("it polls on", || polled_on(&at, known));
    assert_eq!(get(&address, "/v1/event-counts").unwrap().status, 503);
    at.run(&["replay"]).with_code(0);
    up.until("answers, and of what was polled meanwhile", || {
        sample_size(&address, "/v1/event-counts").filter(|&n| n > known + 40)
    });
    assert!(up.signal("TERM").success());
    at.run(&["replay", "--check"]).with_code(0);
}

/// Once the log has many more events than were known.
fn polled_on(at: &Workspace, known: u64) -> Option<()> {
    let more = logged(at).len() as u64 > known + 40;
    more.then_some(())
}

#[test]
fn the_demo_answers_and_leaves_nothing_behind() {
    let at = Workspace::new();
    let temporary = at.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let mut command = at.command(&["demo", "--listen", "127.0.0.1:0"]);
    command.env("TMPDIR", &temporary);
    let mut demo = Service::start(command);
    let address = demo.address();
    demo.until("events", || {
        sample_size(&address, "/v1/event-counts?offset=10").filter(|&n| n > 0)
    });
    assert_eq!(get(&address, "/docs").unwrap().status, 200);
    assert!(
        !at.data().exists(),
        "the demo keeps away from data directories"
    );
    assert!(std::fs::read_dir(&temporary).unwrap().next().is_some());
    assert!(demo.signal("TERM").success());
    assert!(std::fs::read_dir(&temporary).unwrap().next().is_none());
}
