//! The wire and the query threads, with handlers that a real table does not have: one that panics,
//! ones that wait for the test.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ghev_readmodel::{LogId, ModelDir, ReadError, Writer};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::ServeError;
use super::serve::serve_table;
use crate::handlers::Ask;
use crate::options::ApiOptions;
use crate::parameters::parameters;
use crate::problem::Problem;
use crate::table::{Cost, Endpoint, Tag};
use crate::views::HealthView;

parameters! {
    struct None {}
}

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
    runtime: Runtime,
    _model: TempDir,
}

impl Server {
    fn start(endpoints: Vec<Endpoint>, change: impl FnOnce(&mut ApiOptions)) -> Self {
        let model = tempfile::tempdir().unwrap();
        let log_id = LogId::new([1; 16]);
        Writer::open(&ModelDir::new(model.path()), log_id).unwrap();
        let mut options = ApiOptions::new(model.path());
        change(&mut options);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = runtime.spawn(serve_table(listener, options, endpoints, async {
            let _ = stopped.await;
        }));
        let (stop, serving) = (Some(stop), Some(serving));
        Self {
            address,
            stop,
            serving,
            runtime,
            _model: model,
        }
    }

    /// A connection on which `GET path` was sent.
    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        answer(self.ask(path))
    }

    fn wait(&mut self) {
        let serving = self.serving.take().unwrap();
        self.runtime.block_on(serving).unwrap().unwrap();
    }
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn entry(
    path: &'static str,
    cost: fn(&None) -> Cost,
    handler: fn(&Ask<'_>, &None) -> Result<HealthView, Problem>,
) -> Endpoint {
    Endpoint::question((path, "test"), Tag::Operations, "test", cost, handler)
}

/// A handler that says that it was reached and waits to be let go. Handlers are plain functions, so
/// each test has a gate of its own.
struct Gate {
    entered: (Sender<()>, Mutex<Receiver<()>>),
    leave: (Sender<()>, Mutex<Receiver<()>>),
}

impl Gate {
    fn new() -> Self {
        let ((entered, entry), (leave, leaving)) = (channel(), channel());
        Self {
            entered: (entered, Mutex::new(entry)),
            leave: (leave, Mutex::new(leaving)),
        }
    }

    fn pass(&self) -> Result<HealthView, Problem> {
        self.entered.0.send(()).unwrap();
        self.leave
            .1
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .unwrap();
        Ok(HealthView { status: "ok" })
    }

    fn wait_for_entry(&self) {
        let entry = self
            .entered
            .1
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        entry.recv_timeout(Duration::from_secs(30)).unwrap();
    }

    fn let_go(&self) {
        self.leave.0.send(()).unwrap();
    }
}

#[test]
fn a_panic_is_an_answer_and_the_service_goes_on() {
    fn panics(_: &Ask<'_>, _: &None) -> Result<HealthView, Problem> {
        panic!("a bug of the test's own")
    }
    let endpoints = vec![
        entry("/worker", |_| Cost::Lookup, panics),
        entry("/thread", |_| Cost::Scan, panics),
        entry(
            "/fine",
            |_| Cost::Scan,
            |_, _| Ok(HealthView { status: "ok" }),
        ),
    ];
    let server = Server::start(endpoints, |options| options.query_threads = 1);
    for path in ["/worker", "/thread", "/worker", "/thread"] {
        let text = server.get(path);
        assert!(text.starts_with("HTTP/1.1 500 "), "{text}");
        assert!(text.contains("\"code\":\"internal\""), "{text}");
        assert!(
            !text.contains("a bug of"),
            "what is internal stays inside: {text}"
        );
    }
    assert!(
        server.get("/fine").starts_with("HTTP/1.1 200 "),
        "the only query thread lives"
    );
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let gate = GATE.get_or_init(Gate::new);
    let slow = entry("/slow", |_| Cost::Scan, |_, _| GATE.wait().pass());
    let mut server = Server::start(vec![slow], |options| {
        options.limits.drain_timeout = Duration::from_secs(3600);
    });
    let asked = server.ask("/slow");
    gate.wait_for_entry();
    server.stop.take().unwrap().send(()).unwrap();
    // Once it listens no more, it is stopping; the request still waits.
    while TcpStream::connect(server.address).is_ok() {
        std::thread::yield_now();
    }
    gate.let_go();
    let text = answer(asked);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    server.wait();
}

#[test]
fn a_request_that_does_not_end_is_cut_off_in_time() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let gate = GATE.get_or_init(Gate::new);
    let slow = entry("/slow", |_| Cost::Scan, |_, _| GATE.wait().pass());
    let mut server = Server::start(vec![slow], |options| {
        options.limits.drain_timeout = Duration::from_millis(50);
    });
    let asked = server.ask("/slow");
    gate.wait_for_entry();
    server.stop.take().unwrap().send(()).unwrap();
    server.wait();
    assert_eq!(answer(asked), "", "no half an answer");
    gate.let_go();
}

#[test]
fn more_questions_than_may_wait_are_refused() {
    static GATE: OnceLock<Gate> = OnceLock::new();
    let gate = GATE.get_or_init(Gate::new);
    let endpoints = vec![
        entry("/slow", |_| Cost::Scan, |_, _| GATE.wait().pass()),
        entry(
            "/lookup",
            |_| Cost::Lookup,
            |_, _| Ok(HealthView { status: "ok" }),
        ),
    ];
    let server = Server::start(endpoints, |options| {
        options.query_threads = 1;
        options.query_queue_max = 1;
    });
    let first = server.ask("/slow");
    gate.wait_for_entry();
    // Of two more one takes the only place in the queue; whichever comes second is refused.
    let others = [server.ask("/slow"), server.ask("/slow")];
    let texts: Vec<_> = others
        .into_iter()
        .map(|asked| std::thread::spawn(|| answer(asked)))
        .collect();
    while !texts.iter().any(std::thread::JoinHandle::is_finished) {
        std::thread::yield_now();
    }
    assert!(
        server.get("/lookup").starts_with("HTTP/1.1 200 "),
        "lookups do not wait for scans"
    );
    gate.let_go();
    gate.let_go();
    let mut statuses: Vec<String> = texts
        .into_iter()
        .map(|text| text.join().unwrap()[9..12].to_owned())
        .collect();
    statuses.push(answer(first)[9..12].to_owned());
    statuses.sort();
    assert_eq!(statuses, ["200", "200", "503"]);
}

#[test]
fn a_question_past_its_deadline_is_ended() {
    let endpoints = vec![
        entry(
            "/late",
            |_| Cost::Scan,
            |_, _| Ok(HealthView { status: "ok" }),
        ),
        entry(
            "/long",
            |_| Cost::Lookup,
            |_, _| Ok(HealthView { status: "ok" }),
        ),
    ];
    let server = Server::start(endpoints, |options| options.query_deadline = Duration::ZERO);
    let text = server.get("/late");
    assert!(text.starts_with("HTTP/1.1 503 "), "{text}");
    assert!(
        text.contains("query_deadline") && text.contains("retry-after: "),
        "{text}"
    );
    assert!(
        server.get("/long").starts_with("HTTP/1.1 200 "),
        "lookups have a deadline of their own"
    );
}

/// A lookup that turns out to be long would hold up every other request of its worker.
#[test]
fn a_lookup_past_its_deadline_is_asked_again_on_a_query_thread() {
    fn thread(_: &Ask<'_>, _: &None) -> Result<HealthView, Problem> {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        if name.starts_with("ghev-query-") {
            Ok(HealthView { status: "ok" })
        } else {
            Err(ReadError::Interrupted.into())
        }
    }
    let server = Server::start(vec![entry("/long", |_| Cost::Lookup, thread)], |_| {});
    assert!(server.get("/long").starts_with("HTTP/1.1 200 "));
}

/// Deadlines end what SQLite is doing, not only what has yet to begin.
#[test]
fn every_statement_of_a_question_stands_under_the_deadline() {
    fn endless(ask: &Ask<'_>, _: &None) -> Result<HealthView, Problem> {
        loop {
            ask.snapshot.status()?;
        }
    }
    let endpoints = vec![
        entry("/scan", |_| Cost::Scan, endless),
        entry("/lookup", |_| Cost::Lookup, endless),
    ];
    let server = Server::start(endpoints, |options| {
        options.query_deadline = Duration::from_millis(100);
    });
    for path in ["/scan", "/lookup"] {
        let text = server.get(path);
        assert!(text.contains("query_deadline"), "{path}: {text}");
    }
}
