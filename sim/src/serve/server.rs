//! Connections: accepted, served and, at the end, closed.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::body::{Sent, Ticket};
use super::line::{Line, Linger};
use crate::exchange::{Request, Response, Transport};
use crate::simulator::Simulator;
use crate::time::SimTime;

/// How long answers under way may take to end after `shutdown`.
const GRACE: Duration = Duration::from_secs(1);

/// What every connection shares.
pub(super) struct Shared {
    pub(super) simulator: Arc<Mutex<Simulator>>,
    pub(super) clock: Box<dyn Fn() -> SimTime + Send + Sync>,
}

/// Serves HTTP/1.1 on `listener` until `shutdown` is ready, then lets answers under way end for a
/// second. `clock` tells the simulator the time of each request.
///
/// # Errors
/// If the listener can accept no more connections.
pub async fn serve(
    listener: TcpListener,
    simulator: Arc<Mutex<Simulator>>,
    clock: impl Fn() -> SimTime + Send + Sync + 'static,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let shared = Arc::new(Shared {
        simulator,
        clock: Box::new(clock),
    });
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection = connect(stream, Arc::clone(&shared));
                    let connection = graceful.watch(connection);
                    // How a connection ends is its client's affair: every way of it is expected.
                    connections.spawn(async move { drop(connection.await) });
                }
                Err(error) if client_gave_up(&error) => {}
                Err(error) => return Err(error),
            },
            Some(_) = connections.join_next() => {}
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    let ended = tokio::time::timeout(GRACE, graceful.shutdown()).await;
    if ended.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

fn client_gave_up(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind())
}

fn connect(
    stream: TcpStream,
    shared: Arc<Shared>,
) -> impl GracefulConnection<Error = hyper::Error, Output = hyper::Result<()>> {
    // Without it small answers wait for the client's delayed acknowledgement; a socket that cannot
    // be told so still works.
    drop(stream.set_nodelay(true));
    let linger = Linger::default();
    let line = Line::new(stream, linger.clone());
    let service = service_fn(move |request| {
        let (shared, linger) = (Arc::clone(&shared), linger.clone());
        async move { Ok::<_, Infallible>(answer(&shared, linger, &request).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(line), service)
}

async fn answer(
    shared: &Arc<Shared>,
    linger: Linger,
    request: &hyper::Request<Incoming>,
) -> hyper::Response<Sent> {
    let request = plain(request);
    let response = {
        let mut simulator = shared
            .simulator
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        simulator.begin((shared.clock)(), &request)
    };
    let ticket = Ticket::new(Arc::clone(shared), response.number);
    if response.transport == Transport::Hang {
        // Dropped with the connection, and the ticket with it.
        pending::<()>().await;
    }
    http_response(&response, Sent::new(&response, ticket, linger))
}

fn plain(request: &hyper::Request<Incoming>) -> Request {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let target = request.uri().path_and_query();
    Request {
        method: request.method().to_string(),
        path_and_query: target.map_or("/", |target| target.as_str()).to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
    }
}

fn http_response(response: &Response, body: Sent) -> hyper::Response<Sent> {
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = http::StatusCode::from_u16(response.status)
        .expect("every answer has a status of three digits");
    for (name, value) in &response.headers {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        let value = http::HeaderValue::from_str(value);
        answer.headers_mut().append(
            name.expect("header names are ours"),
            value.expect("header values are ours, or cleaned of what a header cannot bear"),
        );
    }
    answer
}
