//! One connection and what it may take.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::body;
use super::routes::{self, Policy, State};
use super::wire::Wire;
use crate::options::Limits;
use crate::problem::{Code, Problem};
use crate::service::Service;

/// A client's connection.
pub(super) struct Visit {
    pub(super) server: tide::Server<State>,
    pub(super) policy: Policy,
    pub(super) client: SocketAddr,
    /// Says when to end, once there was a first request.
    pub(super) watcher: Watcher,
    /// Says when to end before that.
    pub(super) stopped: watch::Receiver<bool>,
}

impl Visit {
    /// Answers the requests of the connection until it ends or the watcher says to.
    pub(super) async fn serve(mut self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        at_once(&stream);
        let server = self.server.clone();
        let _connected = server.state().metrics().connected();
        if !self.is_spoken_to(&stream).await {
            return;
        }
        // On the heap, and apart: whoever stays silent takes the room of neither, and whoever speaks
        // plainly not that of TLS.
        match tls {
            None => Box::pin(self.speak(stream)).await,
            Some(acceptor) => Box::pin(self.speak_tls(stream, acceptor)).await,
        }
    }

    /// Waits for the first byte. Until there is one, a connection needs none of the buffers, 16 KiB,
    /// that requests and answers do: thousands may be silent.
    async fn is_spoken_to(&mut self, stream: &TcpStream) -> bool {
        let (patience, mut first) = (self.policy.limits.header_timeout, [0]);
        tokio::select! {
            biased;
            peeked = timeout(patience, stream.peek(&mut first)) => matches!(peeked, Ok(Ok(1))),
            _ = self.stopped.wait_for(|stopped| *stopped) => false,
        }
    }

    async fn speak_tls(self, stream: TcpStream, acceptor: TlsAcceptor) {
        let patience = self.policy.limits.header_timeout;
        match timeout(patience, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream).await,
            Ok(Err(error)) => tracing::debug!("no TLS connection came about: {error}"),
            Err(_) => tracing::debug!("no TLS connection came about in time"),
        }
    }

    /// No request's body is read: nothing here takes one, and whoever sends one is answered and left.
    pub(super) async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let Self {
            server,
            policy,
            client,
            watcher,
            stopped: _,
        } = self;
        let service = service_fn(|request: Request<Incoming>| async {
            let (parts, _) = request.into_parts();
            // On the heap, which it leaves with the request: the connection stays.
            let response = Box::pin(routes::respond(&server, parts, client, &policy)).await;
            Ok::<_, Infallible>(body::of(response))
        });
        let wire = Wire::new(stream, &policy.limits);
        let connection = protocol(&policy.limits).serve_connection(wire, service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!("a connection ended: {error}");
        }
    }
}

/// Answers one request with `overloaded`, whatever it is.
pub(super) async fn refuse(stream: TcpStream, limits: Limits) {
    let service = service_fn(|_: Request<Incoming>| async { Ok::<_, Infallible>(refusal()) });
    at_once(&stream);
    let wire = Wire::new(stream, &limits);
    let connection = protocol(&limits)
        .keep_alive(false)
        .serve_connection(wire, service);
    if let Err(error) = connection.await {
        tracing::debug!("a connection over the limit ended: {error}");
    }
}

fn refusal() -> Response<Full<Bytes>> {
    let detail = "too many connections are open; try again in a second";
    let response = Service::problem(&Problem::new(Code::Overloaded, detail));
    routes::last(response).map(Full::new)
}

/// An answer is written at once, and must not wait for the client to acknowledge the one before.
fn at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
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
