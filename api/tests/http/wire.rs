//! The wire: methods, limits, slow and broken clients, and the end of the service.

use std::time::Duration;

use ghev_api::Limits;

use crate::client::Client;
use crate::model::Model;
use crate::server::{Server, options};

#[test]
fn methods_are_get_head_and_options() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let get = client.get("/v1/event-counts");
    let head = client.request("HEAD", "/v1/event-counts", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for header in ["content-length", "content-type", "etag"] {
        assert_eq!(head.header(header), get.header(header), "{header}");
    }
    let options = client.request("OPTIONS", "/v1/event-counts", &["Origin: http://x.example"]);
    assert_eq!(options.status, 204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(
        options.header("access-control-allow-methods"),
        Some("GET, HEAD, OPTIONS")
    );
    for method in [
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "TRACE",
        "PROPFIND",
        "SUBSCRIBE",
    ] {
        let answer = client.request(method, "/v1/event-counts", &["Content-Length: 0"]);
        answer.problem(405, "method_not_allowed");
        assert_eq!(
            answer.header("allow"),
            Some("GET, HEAD, OPTIONS"),
            "{method}"
        );
    }
    for path in ["/", "/v1/status", "/nowhere", "/v1/events?limit=0"] {
        let answer = client.get(path);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
}

#[test]
fn what_is_not_there_is_a_problem() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in [
        "/nowhere",
        "/v1",
        "/v1/",
        "/v2/events",
        "/v1/event-counts/x",
        "/v1/repos/only-owner",
        "/v1/repos/a/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../Cargo.toml",
        "/v1\\repos",
    ] {
        client.get(path).problem(404, "not_found");
    }
    client
        .request("POST", "/nowhere", &["Content-Length: 0"])
        .problem(404, "not_found");
    client
        .request("OPTIONS", "*", &[])
        .problem(404, "not_found");
    let absolute = client.get("http://evil.example/v1/event-counts?offset=10");
    assert_eq!(
        absolute.status, 200,
        "an absolute target is allowed and its host ignored"
    );
}

fn limits(change: impl FnOnce(&mut Limits)) -> (Model, Server) {
    let model = Model::small();
    let mut options = options(model.path());
    change(&mut options.limits);
    let server = Server::with(options);
    (model, server)
}

/// A client that sends its headers byte by byte held a connection for ever under async-h1.
#[test]
fn slow_headers_end_the_connection() {
    let (_model, server) = limits(|limits| limits.header_timeout = Duration::from_millis(100));
    let mut client = server.client();
    client.send(b"GET /v1/event-counts HTTP/1.1\r\nHost: loc");
    let rest = client.rest();
    assert!(
        !String::from_utf8_lossy(&rest).contains("200"),
        "no answer to half a request"
    );
    let mut idle = server.client();
    assert_eq!(idle.get("/healthz").status, 200);
    assert_eq!(idle.rest(), b"", "an idle connection is closed too");
}

/// Headers without an end took 557 MB for one connection under async-h1.
#[test]
fn endless_headers_are_refused() {
    let (_model, server) = limits(|limits| limits.header_max_bytes = 8 * 1024);
    for head in [
        format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(64 * 1024)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100)),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(64 * 1024)),
    ] {
        let mut client = server.client();
        // The service may end the connection before it has read all of this.
        let _ = client.try_send(head.as_bytes());
        // Where much was left unread the system may reset the connection, and the answer with it.
        if let Some(answer) = client.try_receive() {
            answer.problem(431, "headers_too_large");
        }
        assert_eq!(client.rest(), b"");
    }
    let mut client = server.client();
    client.send(format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65)).as_bytes());
    client.receive(true).problem(431, "headers_too_large");
    assert_eq!(server.get("/healthz").status, 200);
}

/// One that sends headers for ever, never ending them, is cut off by their bytes, not by its patience.
#[test]
fn a_client_that_never_ends_its_headers_is_cut_off() {
    let (_model, server) = limits(|_| {});
    let mut client = server.client();
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n");
    let line = format!("X: {}\r\n", "y".repeat(1000));
    // The system's own buffers take some megabytes before a closed connection is noticed.
    let sent = (0..100_000).take_while(|_| client.try_send(line.as_bytes()).is_ok());
    assert!(sent.count() < 100_000, "100 MB of headers were taken");
}

#[test]
fn a_long_address_is_refused_by_its_length() {
    let (_model, server) = limits(|limits| limits.target_max_bytes = 1000);
    let fits = format!("/{}", "a".repeat(999));
    server.get(&fits).problem(404, "not_found");
    let refused = server.get(&format!("{fits}a"));
    refused.problem(414, "target_too_long");
    assert_eq!(refused.header("connection"), Some("close"));
}

#[test]
fn a_body_is_not_waited_for() {
    let model = Model::small();
    let server = Server::start(model.path());
    for (body, status) in [
        (
            "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
            405,
        ),
        (
            "GET /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
            413,
        ),
        (
            "GET /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
            413,
        ),
        (
            "GET /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
            413,
        ),
    ] {
        let mut client = server.client();
        client.send(body.as_bytes());
        assert_eq!(client.receive(true).status, status, "{body:?}");
        assert_eq!(
            client.rest(),
            b"",
            "the connection is of no more use: {body:?}"
        );
    }
}

#[test]
fn ambiguous_and_broken_requests_are_refused() {
    let model = Model::small();
    let server = Server::start(model.path());
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"[..],
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut client = server.client();
        client.send(bytes);
        let shown = String::from_utf8_lossy(bytes);
        let answer = client.receive(true);
        assert_eq!(answer.status, 400, "{shown:?}");
        answer.problem(400, "malformed_request");
        assert_eq!(answer.header("connection"), Some("close"), "{shown:?}");
        assert_eq!(client.rest(), b"", "nothing more is read: {shown:?}");
    }
    let mut tls = server.client();
    tls.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    tls.end();
    assert!(!tls.rest().starts_with(b"HTTP/1.1 2"));
    assert_eq!(server.get("/healthz").status, 200, "the service goes on");
}

/// What one side takes for a body the other takes for a request: whoever sends a body gets one answer
/// and is left, so there is no second request to disagree about.
#[test]
fn no_request_can_be_hidden_in_a_body() {
    const HIDDEN: &str = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";
    let model = Model::small();
    let server = Server::start(model.path());
    for (method, framing) in [
        ("GET", "Content-Length: 43\r\n\r\n"),
        ("GET", "Content-Length: 0, 43\r\n\r\n"),
        ("POST", "Content-Length: 43\r\n\r\n"),
        (
            "GET",
            "Content-Length: 43\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "GET",
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ),
        (
            "POST",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        ),
        ("GET", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        ("GET", "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
        ("OPTIONS", "Content-Length: 43\r\n\r\n"),
    ] {
        let mut client = server.client();
        client.send(format!("{method} / HTTP/1.1\r\nHost: x\r\n{framing}{HIDDEN}").as_bytes());
        let answer = client.receive(true);
        assert!(
            matches!(answer.status, 204 | 400 | 405 | 413),
            "{} to {framing:?}",
            answer.status
        );
        assert_eq!(client.rest(), b"", "one answer and no more: {framing:?}");
    }
}

#[test]
fn nothing_here_can_be_framed_sniffed_or_made_to_load_anything() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in ["/", "/docs", "/v1/status", "/v1/events?format=csv", "/no"] {
        let answer = client.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("server"), None, "{path}");
    }
}

/// What a client or a proxy claims about names and addresses is neither believed nor repeated.
#[test]
fn hostile_hosts_and_forwarded_headers_change_nothing() {
    let model = Model::small();
    let server = Server::start(model.path());
    for path in [
        "/v1/events?limit=1",
        "/docs",
        "/openapi.json",
        "/v1/repos/a/b",
    ] {
        let plain = server.client().request("GET", path, &[]);
        let mut client = server.client();
        client.send(
            format!(
                "GET {path} HTTP/1.1\r\nHost: evil.example\"><script>\r\n\
                 Forwarded: for=\"_x\";host=evil.example;proto=gopher\r\n\
                 X-Forwarded-Host: evil.example\r\nX-Forwarded-For: 127.0.0.1\r\n\
                 X-Forwarded-Proto: https\r\nX-Original-URL: /v1/status\r\n\
                 X-HTTP-Method-Override: DELETE\r\nX-Forwarded-Prefix: //evil.example\r\n\r\n"
            )
            .as_bytes(),
        );
        let answer = client.receive(true);
        assert_eq!(answer.status, plain.status, "{path}");
        assert_eq!(answer.body, plain.body, "{path}");
        for header in ["link", "location", "etag", "access-control-allow-origin"] {
            assert_eq!(answer.header(header), plain.header(header), "{path}");
        }
    }
}

#[test]
fn requests_in_one_packet_are_answered_in_order() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    client.send(
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n\
          GET /v1/events?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    let statuses = [(); 3].map(|()| client.receive(true).status);
    assert_eq!(statuses, [200, 404, 200]);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let (_model, server) = limits(|limits| limits.connections_max = 2);
    let mut first = server.client();
    let mut second = server.client();
    assert_eq!(first.get("/healthz").status, 200);
    assert_eq!(second.get("/healthz").status, 200);
    let mut third = server.client();
    let refused = third.get("/healthz");
    refused.problem(503, "overloaded");
    assert_eq!(refused.header("connection"), Some("close"));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(third.rest(), b"");
    drop(first);
    // The place is free once the service has seen the other connection end.
    let freed = (0..10_000).any(|_| server.get("/healthz").status == 200);
    assert!(freed, "an ended connection makes room");
    assert_eq!(
        second.get("/healthz").status,
        200,
        "those within the limit are left alone"
    );
}

#[test]
fn one_peer_does_not_take_every_place() {
    let (_model, server) = limits(|limits| limits.connections_per_peer_max = 1);
    let mut first = server.client();
    assert_eq!(first.get("/healthz").status, 200);
    let mut second = server.client();
    second.get("/healthz").problem(503, "overloaded");
    let mut other = Client::from_address("127.0.0.2".parse().unwrap(), server.address);
    assert_eq!(
        other.get("/healthz").status,
        200,
        "another peer has its own"
    );
}

/// Kept connections cost buffers: with many open, each is left after its answer, and the room is free
/// for those who still want to ask.
#[test]
fn with_many_connections_open_each_is_left_after_its_answer() {
    let (_model, server) = limits(|limits| limits.kept_connections_max = 2);
    let mut clients = [server.client(), server.client(), server.client()];
    let mut kept = server.client();
    // Which of them the service has seen by now is for it to say.
    let many = (0..10_000).any(|_| kept.get("/healthz").header("connection") == Some("close"));
    assert!(many, "the fourth connection is one too many to keep");
    let last = clients[0].get("/healthz");
    assert_eq!(
        (last.status, last.header("connection")),
        (200, Some("close"))
    );
    assert_eq!(clients[0].rest(), b"");
}

/// Whoever connects and says nothing costs a socket and little more, and everybody else goes on.
#[test]
fn many_idle_connections_are_carried() {
    let model = Model::small();
    let server = Server::start(model.path());
    let idle: Vec<Client> = (0..400).map(|_| server.client()).collect();
    let mut kept: Vec<Client> = (0..100).map(|_| server.client()).collect();
    for client in &mut kept {
        assert_eq!(client.get("/healthz").status, 200);
    }
    assert_eq!(server.get("/v1/event-counts").status, 200);
    drop(idle);
    for client in &mut kept {
        assert_eq!(client.get("/healthz").status, 200);
    }
}

/// A client that asks for much and reads nothing must not keep its connection.
#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let (_model, mut server) = limits(|limits| {
        limits.write_timeout = Duration::from_millis(100);
        limits.drain_timeout = Duration::from_secs(3600);
    });
    let mut client = server.client();
    let ask = b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000);
    // The service may end the connection before it has read all of this.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| client.send(&ask)));
    // With an hour to drain, this returns only because the connection was cut.
    server.stop().unwrap();
}

/// Sixty-four clients that asked for the longest answer there is and did not read it took 230 MB.
#[test]
fn long_answers_that_nobody_reads_do_not_pile_up() {
    const LONG: &str = "/v1/event-series?interval=minute&from=2026-11-20&to=2026-11-26";
    let (_model, server) = limits(|limits| limits.answers_max_bytes = 1024 * 1024);
    let mut reader = server.client();
    let whole = reader.get(LONG);
    assert_eq!(whole.status, 200, "the longest of all finds room");
    assert!(whole.body.len() > 2 * 1024 * 1024, "{}", whole.body.len());
    let mut lazy = server.client();
    let ask = format!("GET {LONG} HTTP/1.1\r\nHost: x\r\n\r\n");
    // More than the system's own buffers take, so that some stays here.
    lazy.send(ask.repeat(10).as_bytes());
    let refused = (0..1000)
        .map(|_| reader.get(LONG))
        .find(|answer| answer.status != 200);
    let refused = refused.expect("the other client's answers take the room");
    refused.problem(503, "overloaded");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        reader.get("/v1/event-counts").status,
        200,
        "short answers go on"
    );
    drop(lazy);
    let again = (0..1000).any(|_| reader.get(LONG).status == 200);
    assert!(again, "who has gone takes no room");
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let model = Model::small();
    let mut options = options(model.path());
    options.limits.drain_timeout = Duration::from_secs(3600);
    let mut server = Server::with(options);
    let mut kept = server.client();
    assert_eq!(kept.get("/healthz").status, 200);
    let mut silent = server.client();
    server.stop().unwrap();
    assert_eq!(kept.rest(), b"");
    assert_eq!(silent.rest(), b"");
    assert!(
        std::net::TcpStream::connect(server.address).is_err(),
        "nobody listens any more"
    );
}
