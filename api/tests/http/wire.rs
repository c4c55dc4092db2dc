//! The wire: methods, limits, slow and broken clients, and the end of the service.

use std::time::Duration;

use ghev_api::Limits;

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
        client.send(head.as_bytes());
        let rest = client.rest();
        let status = String::from_utf8_lossy(&rest)
            .chars()
            .take(12)
            .collect::<String>();
        assert!(
            ["HTTP/1.1 431", "HTTP/1.1 414", ""].contains(&status.as_str()),
            "{status} to {} bytes",
            head.len()
        );
    }
    assert_eq!(server.get("/healthz").status, 200);
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
            200,
        ),
        (
            "GET /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
            200,
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
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff\xfe HTTP/1.1\r\nHost x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut client = server.client();
        client.send(bytes);
        let rest = client.rest();
        assert!(
            !rest.starts_with(b"HTTP/1.1 2"),
            "{}",
            String::from_utf8_lossy(&rest)
        );
    }
    assert_eq!(server.get("/healthz").status, 200, "the service goes on");
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
