//! Three services, each alone: any may be down while the others go on, and all end in order.

use ghev_sim::{EventGenerator, SimOptions};

use crate::support::{Made, StandIn, Workspace, event, get, ndjson};

/// A GitHub that allows a poll every second and brings an event every 50 ms.
fn lively() -> StandIn {
    let options = SimOptions::new()
        .seed(3)
        .initial_events(50)
        .rate_per_second(20.0)
        .latency_floor_seconds(0)
        .poll_interval_seconds(1)
        .anonymous_limit_per_hour(1_000_000);
    StandIn::start(options, EventGenerator::new(3))
}

fn events_answered(address: &str) -> Option<u64> {
    let answer = get(address, "/v1/status")?;
    if answer.status != 200 {
        return None;
    }
    answer.json()["events"].as_u64()
}

fn events_in_log(at: &Workspace) -> Option<u64> {
    let stat = at.run(&["log", "stat", "--format", "json"]);
    if stat.code != Some(0) {
        return None;
    }
    stat.json()["events"].as_u64()
}

#[test]
fn each_service_starts_in_any_order_and_may_be_down_while_the_others_go_on() {
    let (at, github) = (Workspace::new(), lively());
    // The api and the projector first: neither log nor read model is there yet.
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    let ready = get(&address, "/readyz").unwrap();
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(get(&address, "/healthz").unwrap().status, 200);
    let projector = at.start(&["project"]);
    let mut injector = at.start(&["inject", "--github-url", github.url()]);
    let seen = api.until("the first events", || {
        events_answered(&address).filter(|&n| n >= 50)
    });

    // No projector: the api answers what it has, the log grows.
    assert!(projector.signal("TERM").success());
    let stalled = events_answered(&address).unwrap();
    assert!(stalled >= seen);
    let in_log = injector.until("the log to grow", || {
        events_in_log(&at).filter(|&n| n > stalled + 20)
    });
    assert_eq!(events_answered(&address), Some(stalled));

    // No api: the projector catches up and the injector goes on.
    assert!(api.signal("TERM").success());
    let mut projector = at.start(&["project"]);
    projector.until("catching up", || {
        let status = at.run(&["status", "--format", "json"]).json();
        status["read_model"]["events"]
            .as_u64()
            .filter(|&n| n >= in_log)
    });

    // No injector: the others go on with what there is.
    assert!(injector.signal("INT").success());
    let last = events_in_log(&at).unwrap();
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    api.until("all of the log", || {
        events_answered(&address).filter(|&n| n == last)
    });
    assert!(api.signal("TERM").success());
    assert!(projector.signal("TERM").success());
}

#[test]
fn polling_once_ends_by_itself() {
    let (at, github) = (Workspace::new(), lively());
    at.run(&["inject", "--once", "--github-url", github.url()])
        .with_code(0);
    let count = events_in_log(&at).unwrap();
    assert!((50..=300).contains(&count), "{count}");
    at.run(&["project", "--once"]).with_code(0);
    let status = at.run(&["status", "--format", "json"]).json();
    assert_eq!(status["read_model"]["events"], count, "{status}");
    assert_eq!(status["sources"][0]["source"], "public", "{status}");
    assert_eq!(status["sources"][0]["status"], 200, "{status}");
}

#[test]
fn a_second_writer_is_told_who_is_in_its_way() {
    let (at, github) = (Workspace::new(), lively());
    let mut first = at.start(&[
        "up",
        "--listen",
        "127.0.0.1:0",
        "--github-url",
        github.url(),
    ]);
    let address = first.address();
    first.until("the first events", || {
        events_answered(&address).filter(|&n| n > 0)
    });
    let second = at.run(&[
        "up",
        "--listen",
        "127.0.0.1:0",
        "--github-url",
        github.url(),
    ]);
    let second = second.with_code(3);
    assert!(second.stderr.contains("another"), "{}", second.stderr);
    at.file("one.json", &ndjson(&[event(Made::default())]));
    // An import is no second writer: the first appends for it.
    at.run(&["import", "one.json"]).with_code(0);
    // The first is none the worse for it.
    assert_eq!(get(&address, "/healthz").unwrap().status, 200);
    assert!(first.signal("TERM").success());
}

#[test]
fn projecting_once_beside_a_running_projector_waits_for_it() {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    let mut first = at.start(&["project"]);
    first.line_with("projecting");
    let once = at.run(&["project", "--once"]).with_code(0);
    assert!(once.stderr.contains("standing by"), "{}", once.stderr);
    assert!(once.stderr.contains("caught up"), "{}", once.stderr);
    let status = at.run(&["status", "--format", "json"]).json();
    assert_eq!(status["read_model"]["lag"], 0, "{status}");
    assert!(first.signal("TERM").success());
}

#[test]
fn a_standby_projector_takes_over_when_the_first_is_killed() {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    let events = |at: &Workspace| {
        let status = at.run(&["status", "--format", "json"]).json();
        status["read_model"]["events"].as_u64()
    };
    let mut first = at.start(&["project"]);
    first.until("the read model", || events(&at).filter(|&n| n == 1));
    let mut second = at.start(&["project"]);
    second.line_with("standing by");
    first.kill();
    second.line_with("taking over");
    at.file(
        "two.json",
        &ndjson(&[event(Made {
            id: 2,
            ..Made::default()
        })]),
    );
    at.run(&["import", "two.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    assert_eq!(events(&at), Some(2), "it has waited for the one at work");
    assert!(second.signal("TERM").success());
    at.run(&["replay", "--check"]).with_code(0);
}

#[test]
fn healthchecks_tell_a_working_service_from_an_absent_one() {
    let at = Workspace::new();
    for service in ["injector", "projector"] {
        at.run(&["healthcheck", service]).with_code(1);
    }
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    at.run(&["healthcheck", "injector"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    at.run(&["healthcheck", "projector"]).with_code(0);
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    at.run(&["healthcheck", "--listen", &address]).with_code(0);
    assert!(api.signal("TERM").success());
    at.run(&["healthcheck", "--listen", &address]).with_code(1);
}

#[test]
fn hangup_reads_the_config_files_sources_again() {
    let (at, github) = (Workspace::new(), lively());
    at.file("ghev.toml", b"source = \"public\"");
    let args = ["inject", "--config", "ghev.toml", "--github-url"];
    let mut injector = at.start(&[&args[..], &[github.url()]].concat());
    injector.line_with("SIGHUP reads the sources");
    // A list that changes before that is the one it starts with.
    injector.line_with("opened the log");
    let mut hangup_says = |config: &str, said: &str| {
        at.file("ghev.toml", config.as_bytes());
        injector.send("HUP");
        injector.line_with(said)
    };
    hangup_says("source = [\"org:acme\", \"public\"]", "polling one more");
    let line = hangup_says("source = [\"nonsense\"]", "stay as they are");
    assert!(line.contains("SIGHUP"), "{line}");
    hangup_says("sauce = 1", "\"sauce\"");
    let line = hangup_says("source = [\"org:acme\"]", "not polled any more");
    assert!(line.contains("public"), "{line}");
    let source = || at.run(&["status", "--format", "json"]).json()["sources"].clone();
    injector.until("the added source was polled", || {
        at.run(&["project", "--once"]).with_code(0);
        source().to_string().contains("org:acme").then_some(())
    });
    assert!(injector.signal("TERM").success());
}

#[test]
fn hangup_ends_a_service_that_has_no_config_file() {
    let (at, github) = (Workspace::new(), lively());
    let mut injector = at.start(&["inject", "--github-url", github.url()]);
    injector.line_with("opened the log");
    assert!(!injector.signal("HUP").success());
}
