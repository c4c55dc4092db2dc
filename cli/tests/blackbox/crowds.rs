//! Very many clients at once: what they cost, and that nobody else notices.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Made, Service, Workspace, event, get, ndjson};

const MIB: u64 = 1024 * 1024;

/// A service over one event, and its address.
fn served() -> (Workspace, Service, String) {
    let at = Workspace::new();
    at.file("one.json", &ndjson(&[event(Made::default())]));
    at.run(&["import", "one.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    (at, api, address)
}

/// Connections that have said nothing: as many as the system grants this process, and at most `wanted`.
#[expect(
    clippy::print_stderr,
    reason = "whoever reads the tests' output must see what was not tested"
)]
fn crowd(address: &str, wanted: usize) -> Vec<TcpStream> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let granted = maximum.map_or(wanted, |files| usize::try_from(files).unwrap());
    // The service has as many, and the other tests need some.
    let number = wanted.min(granted.saturating_sub(1000));
    if number < wanted {
        eprintln!("only {number} connections instead of {wanted}: the limit of open files");
    }
    let connect = |_| TcpStream::connect(address).unwrap();
    (0..number).map(connect).collect()
}

fn open_connections(address: &str) -> Option<usize> {
    let metrics = get(address, "/metrics")?.body;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("ghev_http_connections "))?;
    line.parse().ok()
}

/// Each of ten thousand silent connections had buffers of 16 KiB.
#[test]
fn ten_thousand_idle_connections_take_little_room() {
    let (_at, mut api, address) = served();
    let idle = crowd(&address, 10_000);
    api.until("all are connected", || {
        (open_connections(&address)? > idle.len()).then_some(())
    });
    assert_eq!(get(&address, "/v1/event-counts").unwrap().status, 200);
    if let Some(bytes) = api.resident_bytes() {
        assert!(bytes < 128 * MIB, "{} MiB resident", bytes / MIB);
    }
    drop(idle);
    api.until("all have gone", || {
        (open_connections(&address)? < 100).then_some(())
    });
    assert!(api.signal("TERM").success());
}

#[test]
fn two_thousand_streams_take_little_room_and_all_hear_what_arrives() {
    let (at, mut api, address) = served();
    let mut streams = crowd(&address, 2000);
    for stream in &mut streams {
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
            .write_all(b"GET /v1/events/stream HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
    }
    for stream in &mut streams {
        read_until(stream, "retry: ");
    }
    let arriving = event(Made {
        id: 4711,
        ..Made::default()
    });
    at.file("two.json", &ndjson(&[arriving]));
    at.run(&["import", "two.json"]).with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    for stream in &mut streams {
        read_until(stream, "\"id\":\"4711\"");
    }
    if let Some(bytes) = api.resident_bytes() {
        assert!(bytes < 64 * MIB, "{} MiB resident", bytes / MIB);
    }
    api.send("TERM");
    for stream in &mut streams {
        read_until(stream, "event: end");
    }
    assert!(api.wait().success());
}

#[track_caller]
fn read_until(stream: &mut TcpStream, expected: &str) {
    let (mut text, mut buffer) = (String::new(), [0; 1024]);
    while !text.contains(expected) {
        let read = stream.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "the stream ended before {expected:?}: {text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}
