//! One connection and what it may take.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;

use super::routes::{self, State};
use super::wire::Wire;
use crate::options::Limits;
use crate::problem::{Code, Problem};
use crate::service::Service;

/// Answers the requests of a connection until it ends or the watcher says to.
///
/// No request's body is read: nothing here takes one, and whoever sends one is answered and left.
pub(super) async fn serve(
    stream: TcpStream,
    server: tide::Server<State>,
    limits: Limits,
    watcher: Watcher,
) {
    let service = service_fn(|request: Request<Incoming>| async {
        let (parts, _) = request.into_parts();
        let response = routes::respond(&server, parts, &limits).await;
        Ok::<_, Infallible>(response.map(Full::new))
    });
    let connection = protocol(&limits).serve_connection(wire(stream, &limits), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!("a connection ended: {error}");
    }
}

/// Answers one request with `overloaded`, whatever it is.
pub(super) async fn refuse(stream: TcpStream, limits: Limits) {
    let service = service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(refusal()) });
    let connection = protocol(&limits)
        .keep_alive(false)
        .serve_connection(wire(stream, &limits), service);
    if let Err(error) = connection.await {
        tracing::debug!("a connection over the limit ended: {error}");
    }
}

fn refusal() -> Response<Full<Bytes>> {
    let detail = "too many connections are open; try again in a second";
    let response = Service::problem(&Problem::new(Code::Overloaded, detail));
    routes::last(response).map(Full::new)
}

fn wire(stream: TcpStream, limits: &Limits) -> Wire<TcpStream> {
    // An answer is written at once, and must not wait for the client to acknowledge the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    Wire::new(stream, limits.write_timeout)
}

fn protocol(limits: &Limits) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // Below 8 KiB hyper refuses the setting.
        .max_buf_size(limits.header_max_bytes.max(8 * 1024))
        .max_headers(limits.headers_max);
    protocol
}
