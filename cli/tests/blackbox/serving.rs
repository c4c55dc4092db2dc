//! The api in the hands of those who run it: tokens, TLS, readiness, lines for each answer, and a
//! service killed and started again while everybody asks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Made, Service, Workspace, event, get, ndjson};

/// A read model with one event.
fn modelled() -> Workspace {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    at
}

/// What comes back for these bytes, until the other side closes.
fn raw(address: &str, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    connection.set_read_timeout(patience).unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_token_closes_everything_but_the_health_check() {
    let at = modelled();
    let token = "a-token-of-our-own-0123456789";
    at.file("tokens", token.as_bytes());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--api-token-file"];
    let mut api = at.start(&[&serve[..], &["tokens"]].concat());
    let address = api.address();
    assert_eq!(get(&address, "/v1/status").unwrap().status, 401);
    assert_eq!(get(&address, "/metrics").unwrap().status, 401);
    let head = "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let allowed = raw(
        &address,
        format!("{head}Authorization: Bearer {token}\r\n\r\n").as_bytes(),
    );
    assert!(allowed.starts_with("HTTP/1.1 200 "), "{allowed}");
    at.run(&["healthcheck", "--listen", &address]).with_code(0);
    assert!(api.signal("TERM").success());

    at.file("tokens", b"short");
    let refused = at.run(&[&serve[..], &["tokens"]].concat()).with_code(2);
    assert!(refused.stderr.contains("less than 16"), "{refused:?}");
    let absent = at.run(&[&serve[..], &["absent"]].concat()).with_code(2);
    assert!(absent.stderr.contains("absent"), "{absent:?}");
}

#[test]
fn tls_needs_both_files_and_a_health_check_sees_it_live() {
    let at = modelled();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem"];
    at.run(&serve).with_code(2);
    let both = [&serve[..], &["--tls-key", "key.pem"]].concat();
    let absent = at.run(&both).with_code(2);
    assert!(absent.stderr.contains("cert.pem"), "{absent:?}");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    at.file("cert.pem", made.cert.pem().as_bytes());
    at.file("key.pem", made.signing_key.serialize_pem().as_bytes());
    let mut api = at.start(&both);
    let line = api.line_with("https://127.0.0.1:");
    let address = line.split("https://").nth(1).unwrap();
    let address = address.split(',').next().unwrap().to_owned();
    at.run(&["healthcheck", "--listen", &address]).with_code(0);
    assert!(api.signal("TERM").success());
}

#[test]
fn readiness_turns_red_where_nothing_new_comes() {
    let at = modelled();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--stale-after"];
    let mut api = at.start(&[&serve[..], &["0"]].concat());
    let address = api.address();
    let reason = api.until("the model to be old", || {
        let answer = get(&address, "/readyz")?;
        (answer.status == 503).then_some(answer.body)
    });
    assert!(reason.contains("ghev inject"), "{reason}");
    assert_eq!(
        get(&address, "/v1/status").unwrap().json()["lag_records"],
        0
    );
    let metrics = get(&address, "/metrics").unwrap().body;
    assert!(
        metrics.contains("\nghev_projection_lag_records 0\n"),
        "{metrics}"
    );
    assert!(api.signal("TERM").success());
}

/// Nobody was ever let in: the service answered everybody with 503.
#[test]
fn room_for_no_connections_is_a_usage_error() {
    let at = Workspace::new();
    for option in ["--connections-max", "--connections-per-peer-max"] {
        let ended = at.run(&["serve", option, "0"]).with_code(2);
        assert!(ended.stderr.contains(option), "{}", ended.stderr);
    }
}

/// Whatever a client sends, a line is one line, and a terminal that shows it does nothing else.
#[test]
fn an_answer_is_a_line_and_hostile_bytes_stay_inside() {
    let at = modelled();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = format!(
        "GET /v1/repos/a%1b%5b31m/\"b\"?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         traceparent: 00-{trace}-00f067aa0ba902b7-00\r\nUser-Agent: \u{9b}31m\"}};{{\t\r\n\r\n"
    );
    for format in ["json", "text"] {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--access-log"];
        let mut api = at.start(&[&serve[..], &["--log-format", format]].concat());
        let address = api.address();
        let answer = raw(&address, request.as_bytes());
        assert!(answer.contains("\r\ntraceresponse: 00-4bf92f"), "{answer}");
        let line = api.line_with(trace);
        assert!(
            line.is_ascii() && !line.contains(char::is_control),
            "{line:?}"
        );
        if format == "json" {
            let line: Value = serde_json::from_str(&line).unwrap();
            let fields = &line["fields"];
            assert_eq!(fields["trace"], trace, "{line}");
            assert_eq!(fields["method"], "GET", "{line}");
            assert_eq!(fields["user_agent"], r#"\xc2\x9b31m\"};{"#, "{line}");
            assert!(
                fields["status"].is_number() && fields["taken_ms"].is_number(),
                "{line}"
            );
        }
        assert!(api.signal("TERM").success());
    }
}

/// Whoever read the log lines went away (`ghev serve 2>&1 | head`, a collector that died): the next
/// line was a panic of whatever wrote it. Requests with a line got no answer, and SIGTERM was caught
/// by a task that ended over its own line, so that the service never did.
#[test]
fn a_service_whose_lines_nobody_reads_answers_and_ends() {
    let at = modelled();
    let mut command = at.command(&["serve", "--listen", "127.0.0.1:0", "--access-log"]);
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut service = KillOnDrop(piped.stderr(Stdio::piped()).spawn().unwrap());
    let child = &mut service.0;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().unwrap().contains("answering at"));
    let line = line.unwrap().unwrap();
    drop(lines);
    let address = line.split("http://").nth(1).unwrap();
    let address = address.split(',').next().unwrap();
    for _ in 0..2 {
        assert_eq!(get(address, "/v1/status").unwrap().status, 200);
    }
    let kill = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    // Its end closes standard output.
    let (ended, end) = channel();
    let mut stdout = child.stdout.take().unwrap();
    std::thread::spawn(move || ended.send(stdout.read_to_end(&mut Vec::new())));
    end.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
    assert!(child.wait().unwrap().success());
}

/// Ends a service also where the test fails.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends those who ask also where the test fails.
struct StopOnDrop<'s>(&'s AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Every answer is whole and right, or there is none: not half a one, not an error of the service.
#[test]
fn killed_and_started_again_under_load_it_gives_whole_answers_only() {
    let at = modelled();
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    let expected = get(&address, "/v1/event-counts").unwrap().body;
    let (stop, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let _stopping = StopOnDrop(&stop);
        let ask = || {
            while !stop.load(Ordering::Relaxed) {
                if let Some(answer) = get(&address, "/v1/event-counts") {
                    assert_eq!((answer.status, &answer.body), (200, &expected));
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        for _ in 0..4 {
            scope.spawn(ask);
        }
        for killed in [true, false, true] {
            wait_for_answers(&mut api, &answers);
            if killed {
                api.kill();
            } else {
                assert!(api.signal("TERM").success());
            }
            // The port may take a moment to be free again.
            api = at.start(&["serve", "--listen", &address]);
            api.line_with("answering at");
        }
        wait_for_answers(&mut api, &answers);
        assert!(api.signal("TERM").success());
    });
}

fn wait_for_answers(api: &mut Service, answers: &AtomicUsize) {
    let before = answers.load(Ordering::Relaxed);
    api.until("answers", || {
        (answers.load(Ordering::Relaxed) > before + 200).then_some(())
    });
}
