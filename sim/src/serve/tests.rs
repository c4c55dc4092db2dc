//! The skin over real sockets: what a client sees of each transport, and that the books agree.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{EventGenerator, SimOptions, SimTime, Simulator, serve};

const NOW: SimTime = SimTime::from_seconds(1_780_000_000);

struct Server {
    address: SocketAddr,
    simulator: Arc<Mutex<Simulator>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    async fn start(faults: &str) -> Self {
        let options = SimOptions::new().faults(faults.parse().unwrap());
        let mut simulator = Simulator::new(options, EventGenerator::new(3));
        simulator.release(NOW, 300);
        let simulator = Arc::new(Mutex::new(simulator));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(listener, Arc::clone(&simulator), || NOW, shutdown));
        Self {
            address,
            simulator,
            stop,
            task,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// One request on a connection of its own: all the bytes that come, and how they end.
    async fn exchange(&self, more: &str) -> (Vec<u8>, io::Result<()>) {
        let mut stream = self.connect().await;
        let request = format!(
            "GET /events?per_page=100 HTTP/1.1\r\nhost: sim.test:80\r\nuser-agent: t\r\n\
             connection: close\r\n{more}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes).await.map(|_| ());
        (bytes, end)
    }

    fn delivered(&self) -> usize {
        self.simulator.lock().unwrap().delivered().len()
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// The head as text, and the body.
fn parts(bytes: &[u8]) -> (String, &[u8]) {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head.to_lowercase(), &bytes[end + 4..])
}

fn promised(head: &str) -> usize {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_page_arrives_whole_with_links_to_this_host() {
    let server = Server::start("").await;
    let (bytes, end) = server.exchange("").await;
    end.unwrap();
    let (head, body) = parts(&bytes);
    assert!(head.starts_with("http/1.1 200 ok"), "{head}");
    assert!(
        head.contains("link: <http://sim.test:80/events?per_page=100&page=2>"),
        "{head}"
    );
    assert_eq!(head.matches("\r\ndate: ").count(), 1, "{head}");
    assert_eq!(body.len(), promised(&head));
    let events: Vec<serde_json::Value> = serde_json::from_slice(body).unwrap();
    assert_eq!((events.len(), server.delivered()), (100, 100));
    server.stop().await;
}

#[tokio::test]
async fn one_connection_serves_one_request_after_another() {
    let server = Server::start("").await;
    let mut stream = server.connect().await;
    let head = "HEAD /events HTTP/1.1\r\nhost: h\r\nuser-agent: t\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(stream.read_u8().await.unwrap());
        }
        assert!(bytes.starts_with(b"HTTP/1.1 200"), "{bytes:?}");
    }
    {
        let simulator = server.simulator.lock().unwrap();
        let requests = simulator.requests();
        assert_eq!(requests.len(), 3);
        assert!(
            requests
                .iter()
                .all(|r| r.in_flight == 0 && r.finished_at.is_some())
        );
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_truncated_answer_ends_in_order_but_short() {
    let server = Server::start("truncated:40=@1").await;
    let (bytes, end) = server.exchange("").await;
    end.unwrap();
    let (head, body) = parts(&bytes);
    assert_eq!(body.len(), promised(&head) * 40 / 100);
    assert_eq!(server.delivered(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    for percent in [0, 50] {
        let server = Server::start(&format!("reset:{percent}=@1")).await;
        let (_, end) = server.exchange("").await;
        assert_eq!(
            end.unwrap_err().kind(),
            ErrorKind::ConnectionReset,
            "{percent}"
        );
        assert_eq!(server.delivered(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_dripped_answer_arrives_whole() {
    let server = Server::start("drip:1=@1").await;
    let (bytes, end) = server.exchange("accept-encoding: gzip\r\n").await;
    end.unwrap();
    let (head, body) = parts(&bytes);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert_eq!(body.len(), promised(&head));
    assert_eq!(server.delivered(), 100);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_was_not_delivered_to() {
    let server = Server::start("drip:60000=@1").await;
    let mut stream = server.connect().await;
    let request = "GET /events HTTP/1.1\r\nhost: h\r\nuser-agent: t\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_u8().await.unwrap();
    drop(stream);
    let simulator = Arc::clone(&server.simulator);
    server.stop().await;
    let simulator = simulator.lock().unwrap();
    assert!(simulator.delivered().is_empty());
    assert_eq!(simulator.requests()[0].finished_at, Some(NOW));
}

#[tokio::test]
async fn the_end_does_not_wait_for_an_answer_that_never_comes() {
    let server = Server::start("hang=@1").await;
    let mut stream = server.connect().await;
    let request = "GET /events HTTP/1.1\r\nhost: h\r\nuser-agent: t\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    // A second client is answered meanwhile, so the first request has been taken.
    let (bytes, _) = loop {
        let taken = !server.simulator.lock().unwrap().requests().is_empty();
        if taken {
            break server.exchange("").await;
        }
        tokio::task::yield_now().await;
    };
    assert!(bytes.starts_with(b"HTTP/1.1 200"));
    server.stop().await;
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty(), "{end:?}");
}
