//! A server that gives one reply after another, whatever it is asked, and remembers what it heard.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ghev_event::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Clock;
use crate::clock::test_clock::TestClock;

/// One answer, `{url}` in its headers standing for the server's own address.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// How many bytes of the body are missing.
    cut: usize,
    manner: Manner,
}

/// What comes after the bytes of a reply.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// The end of the connection.
    End,
    /// Nothing, while the connection stays.
    Silence,
    /// A byte of the body now and then, without end.
    Drip(Duration),
}

impl Reply {
    pub(super) fn new(status: u16, body: &str) -> Self {
        Self {
            status: Some(status),
            headers: Vec::new(),
            body: body.into(),
            cut: 0,
            manner: Manner::End,
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn gzip(mut self) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&self.body).unwrap();
        self.body = encoder.finish().unwrap();
        self.header("content-encoding", "gzip")
    }

    /// Less of the body than promised.
    pub(super) fn cut(mut self, bytes: usize) -> Self {
        self.cut = bytes;
        self
    }

    /// Nothing at all: the connection just ends.
    pub(super) fn cut_all(mut self) -> Self {
        self.status = None;
        self
    }

    /// Then nothing more, on a connection that stays.
    pub(super) fn silent(mut self) -> Self {
        self.manner = Manner::Silence;
        self
    }

    /// Then a byte of the body this often, for ever.
    pub(super) fn dripping(mut self, every: Duration) -> Self {
        self.manner = Manner::Drip(every);
        self
    }

    fn bytes(&self, url: &str) -> Vec<u8> {
        let Some(status) = self.status else {
            return Vec::new();
        };
        let mut head = format!("HTTP/1.1 {status} Whatever\r\nconnection: close\r\n");
        if status != 304 {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {}\r\n", value.replace("{url}", url)));
        }
        head.push_str("\r\n");
        let sent = self.body.len().saturating_sub(self.cut);
        [head.as_bytes(), &self.body[..sent]].concat()
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) path: String,
    headers: Vec<(String, String)>,
    /// Since the request before it, by the test's clock.
    pub(super) after_seconds: i64,
    pub(super) at: Timestamp,
}

impl Heard {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(super) struct Scripted {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Scripted {
    /// Serves the replies in order; the request behind the last one cancels `stop` instead.
    pub(super) async fn start(
        replies: Vec<Reply>,
        clock: Arc<TestClock>,
        stop: CancellationToken,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::<Heard>::new()));
        let (own_url, noted) = (url.clone(), Arc::clone(&heard));
        let task = tokio::spawn(async move {
            let (mut kept, mut dripping) = (Vec::new(), JoinSet::new());
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (path, headers) = request(&mut stream).await;
                let at = clock.now();
                {
                    let mut noted = noted.lock().unwrap();
                    let before = noted.last().map_or(at, |heard| heard.at);
                    let after_seconds = at.as_seconds() - before.as_seconds();
                    noted.push(Heard {
                        path,
                        headers,
                        after_seconds,
                        at,
                    });
                }
                stream.write_all(&reply.bytes(&own_url)).await.unwrap();
                match reply.manner {
                    Manner::End => {
                        stream.shutdown().await.ok();
                    }
                    Manner::Silence => kept.push(stream),
                    Manner::Drip(every) => {
                        dripping.spawn(drip(stream, every));
                    }
                }
            }
            let _held = listener.accept().await;
            stop.cancel();
            std::future::pending::<()>().await;
        });
        Self { url, heard, task }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn drip(mut stream: TcpStream, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        // Until the other end has had enough.
        if stream.write_all(b" ").await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream) -> (String, Vec<(String, String)>) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request ends within its head");
        head.extend_from_slice(&buffer[..read]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    (path, headers)
}
