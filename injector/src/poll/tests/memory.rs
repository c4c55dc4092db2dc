//! How much memory polling takes over hours of virtual time. The server keeps nothing: what it shows
//! follows from the time.

use std::fmt::Write as _;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const SOURCES: u32 = 15;
const HOURS: i64 = 24;

/// Of each feed; three pages go by in five minutes.
const EVENTS_PER_SECOND: i64 = 1;

/// As the process is told of itself, where the system does that.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The events of a feed's page, newest first.
fn shown(feed: i64, page: i64, at: Timestamp) -> String {
    let newest = at.as_seconds() * EVENTS_PER_SECOND - (page - 1) * 100;
    let mut body = String::from("[");
    for number in (newest - 99..=newest).rev() {
        let id = feed * 100_000_000_000 + number;
        write!(
            body,
            r#"{{"id":"{id}","type":"PushEvent","actor":{{"id":{number},"login":"user-{number}"}},"repo":{{"id":{feed},"name":"owner/repository-{feed}"}},"payload":{{"push_id":{id},"size":1,"head":"{id:040x}","commits":[{{"sha":"{id:040x}","message":"a change like any other, number {number}"}}]}}}},"#
        )
        .unwrap();
    }
    body.pop();
    body.push(']');
    body
}

/// Answers one request on a connection of its own; the request's path names feed and page.
async fn answer(mut stream: TcpStream, url: &str, at: Timestamp) {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "it hung up");
        request.extend_from_slice(&chunk[..read]);
    }
    let request = String::from_utf8(request).unwrap();
    let path = request.split(' ').nth(1).unwrap();
    let number = |text: &str| -> i64 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    let feed = number(path.strip_prefix("/repos/o/r").unwrap());
    let page = path
        .split_once("&page=")
        .map_or(1, |(_, page)| number(page));
    let body = shown(feed, page, at);
    let next = match page {
        3.. => String::new(),
        _ => format!(
            "link: <{url}/repos/o/r{feed}/events?per_page=100&page={}>; rel=\"next\"\r\n",
            page + 1
        ),
    };
    let (length, second) = (body.len(), at.as_seconds());
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\netag: \"{second}\"\r\n{next}\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
}

#[tokio::test]
#[ignore = "a minute and more, and only alone in its process: run it by name"]
async fn a_day_of_fifteen_feeds_takes_no_more_memory_than_its_first_hours() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (clock, stop) = (Arc::clone(&bench.clock), CancellationToken::new());
    let by_hour: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (hours, stopping, served_at) = (Arc::clone(&by_hour), stop.clone(), url.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let now = clock.now();
            answer(stream, &served_at, now).await;
            let hour = (now.as_seconds() - START) / 3600;
            let mut hours = hours.lock().unwrap();
            if hours.len() < usize::try_from(hour).unwrap() {
                hours.push(resident_bytes().unwrap_or(0) >> 20);
            }
            if hour >= HOURS {
                stopping.cancel();
            }
        }
    });
    let sources: Vec<String> = (1..=SOURCES)
        .map(|feed| format!("repo:o/r{feed}"))
        .collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let mut options = bench.options(&url, &sources);
    options.token = Some("ghp_token".parse().unwrap());
    let clock: Arc<dyn Clock> = Arc::clone(&bench.clock) as _;
    run(bench.dir.path(), options, clock, stop).await.unwrap();
    let by_hour = by_hour.lock().unwrap().clone();
    println!("MB after each hour: {by_hour:?}");
    // Seen in a debug build: 20 to 31 MB up to the seventh hour, then 31, and 33 after a day.
    let (most, settled) = (by_hour.iter().max().unwrap(), by_hour[7]);
    assert!(*most <= 48, "{by_hour:?} MB");
    assert!(*most <= settled + 4, "it grows: {by_hour:?} MB");
}
