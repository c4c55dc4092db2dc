//! Events as they arrive.

use std::collections::VecDeque;
use std::time::Duration;

use ghev_api::{ApiOptions, Streams};
use serde_json::Value as Json;

use crate::client::Client;
use crate::model::{CARGO, Model, RUST, event};
use crate::server::{Server, options};

/// What a stream sends between two empty lines.
#[derive(Debug, Clone, PartialEq)]
struct Message {
    event: Option<String>,
    id: Option<String>,
    data: Option<Json>,
    comment: bool,
}

fn message(text: &str) -> Message {
    let field = |name: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let mut values = lines.map(str::to_owned);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} once in {text}");
        value
    };
    Message {
        event: field("event: "),
        id: field("id: "),
        data: field("data: ").map(|data| serde_json::from_str(&data).unwrap()),
        comment: text.starts_with(':'),
    }
}

struct Listener {
    client: Client,
    text: String,
    messages: VecDeque<Message>,
}

impl Listener {
    /// Listens, from the moment the stream has begun.
    fn new(server: &Server, query: &str, headers: &[&str]) -> Self {
        let mut client = server.client();
        let answer = client.request("GET", &format!("/v1/events/stream{query}"), headers);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let mut listener = Self {
            client,
            text: String::new(),
            messages: VecDeque::new(),
        };
        let greeting = listener.next().unwrap();
        assert!(greeting.id.is_some() && greeting.data.is_none());
        listener
    }

    /// Listens from where somebody was.
    fn resume(server: &Server, id: &str) -> Self {
        Self::new(server, "", &[&format!("Last-Event-ID: {id}")])
    }

    fn next(&mut self) -> Option<Message> {
        while self.messages.is_empty() {
            self.text.push_str(&self.client.chunk()?);
            while let Some((text, rest)) = self.text.split_once("\n\n") {
                self.messages.push_back(message(text));
                self.text = rest.to_owned();
            }
        }
        self.messages.pop_front()
    }

    /// The next event, past signs of life.
    fn event(&mut self) -> Message {
        loop {
            let message = self.next().expect("the stream goes on");
            if !message.comment {
                return message;
            }
        }
    }

    /// The ids of the next events, and the place after them.
    fn events(&mut self, count: usize) -> (Vec<String>, String) {
        let messages: Vec<_> = (0..count).map(|_| self.event()).collect();
        let id = |message: &Message| {
            message.data.as_ref().unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let last = messages.last().unwrap().id.clone().unwrap();
        (messages.iter().map(id).collect(), last)
    }
}

fn quick(model: &Model) -> ApiOptions {
    ApiOptions {
        streams: Streams {
            tick: Duration::from_millis(2),
            ..Streams::default()
        },
        ..options(model.path())
    }
}

fn push(id: u64, repo: (u64, &str)) -> String {
    event("PushEvent", id, "2026-11-24T12:00:00Z", repo, "{}")
}

const LATER: &str = "2026-11-24T12:00:01Z";

#[test]
fn what_arrives_is_sent_as_it_is_listed() {
    let mut model = Model::small();
    let server = Server::with(quick(&model));
    let mut all = Listener::new(&server, "", &[]);
    let mut of_cargo = Listener::new(&server, "?repo=Rust-Lang/CARGO&type=PushEvent", &[]);
    model.add(LATER, &[push(30, RUST), push(31, CARGO)]);
    model.add(LATER, &[push(32, CARGO)]);
    let first = all.event();
    let listed = server.get("/v1/events/PushEvent/30").ok();
    let sent = first.data.unwrap();
    for (key, value) in sent.as_object().unwrap() {
        assert_eq!(listed[key], *value, "{key}");
    }
    assert_eq!(first.id.as_deref(), Some("abababab-1.1"));
    assert_eq!(all.events(2).0, ["31", "32"]);
    assert_eq!(
        of_cargo.events(2),
        (vec!["31".into(), "32".into()], "abababab-2.1".into())
    );
}

/// Whoever comes back must get what came in between: from the same service, from one that was
/// started anew, and from a read model that was made anew from the log.
#[test]
fn nothing_is_lost_or_sent_twice_across_restarts_and_replays() {
    let mut model = Model::small();
    let mut server = Server::with(quick(&model));
    let mut listener = Listener::new(&server, "", &[]);
    model.add(LATER, &[push(30, RUST), push(31, RUST)]);
    let (seen, id) = listener.events(2);
    assert_eq!(seen, ["30", "31"]);
    drop(listener);
    // More than are read at once.
    let many: Vec<String> = (100..260).map(|id| push(id, RUST)).collect();
    model.add(LATER, &many);
    let expected: Vec<String> = (100..260).map(|id| id.to_string()).collect();
    let (seen, middle) = Listener::resume(&server, &id).events(160);
    assert_eq!(seen, expected);
    server.stop().unwrap();

    let server = Server::with(quick(&model));
    let mut again = Listener::resume(&server, &id);
    assert_eq!(again.events(100).0, expected[..100]);
    model.add(LATER, &[push(900, RUST)]);
    let (rest, last) = again.events(61);
    assert_eq!(rest[..60], expected[100..]);
    assert_eq!(rest[60], "900");

    // The same records in another file are the same places.
    let mut anew = Model::small();
    anew.add(LATER, &[push(30, RUST), push(31, RUST)]);
    anew.add(LATER, &many);
    let server = Server::with(quick(&anew));
    let mut behind = Listener::resume(&server, &last);
    let mut between = Listener::resume(&server, &middle);
    // The new model has not come as far yet as the listener.
    anew.add(LATER, &[push(900, RUST)]);
    anew.add(LATER, &[push(901, RUST)]);
    assert_eq!(between.events(2).0, ["900", "901"]);
    assert_eq!(behind.events(1).0, ["901"]);
}

/// A generation that is switched to is followed without a gap, even where it lags behind.
#[test]
fn a_switch_of_generations_is_not_seen() {
    let mut model = Model::small();
    let server = Server::with(quick(&model));
    let mut listener = Listener::new(&server, "", &[]);
    model.add(LATER, &[push(30, RUST)]);
    assert_eq!(listener.events(1).0, ["30"]);
    model.switch_generation();
    let mut model = model.reopened();
    model.add(LATER, &[push(1, RUST), push(2, RUST)]);
    model.add(LATER, &[push(30, RUST)]);
    model.add(LATER, &[push(31, RUST)]);
    assert_eq!(listener.events(1).0, ["31"]);
}

/// A client that named a place far ahead of the log, the first to come, had the task that asks for
/// everybody begin there: no stream was sent anything until the log had come as far.
#[test]
fn a_client_ahead_of_the_log_holds_up_nobody() {
    let mut model = Model::small();
    let mut options = quick(&model);
    options.streams.heartbeat = Duration::from_millis(20);
    let server = Server::with(options);
    let mut ahead = Listener::resume(&server, "abababab-999.0");
    // It gives a sign of life: it listens.
    assert!(ahead.next().unwrap().comment);
    let mut listener = Listener::new(&server, "", &[]);
    model.add(LATER, &[push(30, RUST)]);
    let sent = (0..500).find_map(|_| listener.next().filter(|message| !message.comment));
    let sent = sent.expect("what arrives is sent, between signs of life");
    assert_eq!(sent.id.as_deref(), Some("abababab-1.1"));
}

#[test]
fn a_silent_stream_gives_signs_of_life_that_move_on() {
    let mut model = Model::small();
    let mut options = quick(&model);
    options.streams.heartbeat = Duration::from_millis(20);
    let server = Server::with(options);
    let mut listener = Listener::new(&server, "?type=ForkEvent", &[]);
    let beat = listener.next().unwrap();
    assert!(beat.comment && beat.data.is_none(), "{beat:?}");
    // What does not match moves the place from which to go on all the same.
    model.add(LATER, &[push(30, RUST)]);
    let moved = std::iter::from_fn(|| listener.next())
        .find(|beat| beat.id.as_deref() == Some("abababab-2.0"));
    assert!(moved.is_some_and(|beat| beat.comment));
}

#[test]
fn a_stop_ends_streams_with_a_last_event() {
    let model = Model::small();
    let mut options = quick(&model);
    options.limits.drain_timeout = Duration::from_secs(3600);
    let mut server = Server::with(options);
    let mut listeners = [
        Listener::new(&server, "", &[]),
        Listener::new(&server, "?type=ForkEvent", &[]),
    ];
    server.stop().unwrap();
    for listener in &mut listeners {
        let end = listener.event();
        assert_eq!(end.event.as_deref(), Some("end"));
        assert_eq!(end.data.unwrap()["reason"], "shutdown");
        assert_eq!(end.id.as_deref(), Some("abababab-1.0"));
        assert_eq!(listener.next(), None, "nothing comes after the end");
    }
}

/// Where the data were thrown away and begun anew, whoever listened must learn of it. A browser comes
/// back by itself with the last id it was given: that of the old log was refused, and it gave up.
#[test]
fn a_model_of_another_log_ends_streams_and_begins_others() {
    let model = Model::small();
    let server = Server::with(quick(&model));
    let mut listener = Listener::new(&server, "", &[]);
    let mut other = model.of_another_log();
    let end = listener.event();
    assert_eq!(end.data.unwrap()["reason"], "another_log");
    assert_eq!(end.id.as_deref(), Some(""));
    assert_eq!(listener.next(), None);
    let mut listener = Listener::resume(&server, "");
    other.add(LATER, &[push(30, RUST)]);
    assert_eq!(
        listener.events(1),
        (vec!["30".into()], "cdcdcdcd-0.1".into())
    );
}

#[test]
fn what_no_stream_can_be_of_is_a_problem() {
    let model = Model::small();
    let server = Server::with(quick(&model));
    let mut client = server.client();
    let path = "/v1/events/stream";
    for id in ["x", "abababab-1", "cdcdcdcd-1.0"] {
        let header = format!("Last-Event-ID: {id}");
        let answer = client.request("GET", path, &[&header]);
        assert_eq!(answer.problem(400, "invalid_parameter"), ["Last-Event-ID"]);
        let answer = client.get(&format!("{path}?last_event_id={id}"));
        assert_eq!(answer.problem(400, "invalid_parameter"), ["last_event_id"]);
    }
    client
        .get(&format!("{path}?repo=a/b"))
        .problem(404, "unknown_repository");
    client
        .get(&format!("{path}?limit=1"))
        .problem(400, "unknown_parameter");
    client
        .request("GET", path, &["Accept: application/json"])
        .problem(406, "not_acceptable");
    let head = client.request("HEAD", path, &[]);
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream"))
    );
    assert_eq!(
        client.get("/healthz").status,
        200,
        "the connection goes on after a HEAD"
    );
}

#[test]
fn open_streams_are_told_in_the_metrics() {
    let model = Model::small();
    let server = Server::with(quick(&model));
    let mut client = server.client();
    let mut tells = |open: usize| {
        let line = format!("\nghev_http_streams {open}\n");
        (0..10_000).any(|_| client.get("/metrics").text().contains(&line))
    };
    assert!(tells(0));
    let listeners = [(); 3].map(|()| Listener::new(&server, "", &[]));
    assert!(tells(3));
    drop(listeners);
    assert!(tells(0), "who has gone is not counted");
}
