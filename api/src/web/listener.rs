//! Takes connections and hands each to a task of its own, until told to stop.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tide::listener::{ListenInfo, Listener, ToListener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::{self, Visit};
use super::peers::Peers;
use super::routes::{Policy, State};
use super::tls::Tls;

/// How many connections over the limit are told so at the same time; others are closed unheard.
const REFUSALS_MAX: usize = 64;

/// How long to wait where there are no file descriptors left for a connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// A listener for tide that speaks through hyper.
#[derive(Debug)]
pub(super) struct HyperListener {
    socket: Option<TcpListener>,
    tls: Option<Tls>,
    policy: Policy,
    stopped: watch::Receiver<bool>,
    server: Option<tide::Server<State>>,
}

impl HyperListener {
    /// Takes the connections of `socket` until `stopped` turns true.
    pub(super) const fn new(
        socket: TcpListener,
        tls: Option<Tls>,
        policy: Policy,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self {
            socket: Some(socket),
            tls,
            policy,
            stopped,
            server: None,
        }
    }
}

impl fmt::Display for HyperListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket.as_ref().map(TcpListener::local_addr) {
            Some(Ok(address)) if self.tls.is_some() => write!(f, "https://{address}"),
            Some(Ok(address)) => write!(f, "http://{address}"),
            Some(Err(_)) | None => f.write_str("http"),
        }
    }
}

impl ToListener<State> for HyperListener {
    type Listener = Self;

    fn to_listener(self) -> io::Result<Self> {
        Ok(self)
    }
}

#[async_trait::async_trait]
impl Listener<State> for HyperListener {
    async fn bind(&mut self, server: tide::Server<State>) -> io::Result<()> {
        self.server = Some(server);
        Ok(())
    }

    async fn accept(&mut self) -> io::Result<()> {
        let (Some(server), Some(socket)) = (self.server.take(), self.socket.take()) else {
            return Err(io::Error::other(
                "this listener is not bound, or has stopped",
            ));
        };
        let mut connections = Connections::new(
            server,
            self.tls.take(),
            self.policy.clone(),
            self.stopped.clone(),
        );
        loop {
            tokio::select! {
                () = stop(&mut self.stopped) => break,
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => connections.open(stream, peer),
                    Err(error) => pause_after(&error).await,
                },
            }
        }
        // Whoever comes now is refused at once, instead of waiting for somebody who will not answer.
        drop(socket);
        connections.drain().await;
        Ok(())
    }

    fn info(&self) -> Vec<ListenInfo> {
        vec![ListenInfo::new(self.to_string(), "tcp".to_owned(), false)]
    }
}

/// Waits until told to stop, or until nobody is left who could tell.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// A client that has gone before it was accepted is nothing to wait for.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::warn!("cannot accept a connection: {error}; waiting for others to end");
        tokio::time::sleep(EXHAUSTED_PAUSE).await;
    }
}

/// The connections that are open.
struct Connections {
    server: tide::Server<State>,
    tls: Option<Tls>,
    policy: Policy,
    free: Arc<Semaphore>,
    peers: Peers,
    refusals: Arc<Semaphore>,
    graceful: GracefulShutdown,
    stopped: watch::Receiver<bool>,
    tasks: JoinSet<()>,
}

impl Connections {
    fn new(
        server: tide::Server<State>,
        tls: Option<Tls>,
        policy: Policy,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let limits = &policy.limits;
        Self {
            server,
            tls,
            free: Arc::new(Semaphore::new(
                limits.connections_max.min(Semaphore::MAX_PERMITS),
            )),
            peers: Peers::new(limits.connections_per_peer_max),
            policy,
            refusals: Arc::new(Semaphore::new(REFUSALS_MAX)),
            graceful: GracefulShutdown::new(),
            stopped,
            tasks: JoinSet::new(),
        }
    }

    fn open(&mut self, stream: TcpStream, client: SocketAddr) {
        while self.tasks.try_join_next().is_some() {}
        let free = Arc::clone(&self.free).try_acquire_owned().ok();
        if let Some(places) = free.zip(self.peers.place(client.ip())) {
            let acceptor = self.tls.as_ref().map(Tls::acceptor);
            let visit = Visit {
                server: self.server.clone(),
                policy: self.policy.clone(),
                client,
                watcher: self.graceful.watcher(),
                stopped: self.stopped.clone(),
            };
            self.tasks.spawn(async move {
                visit.serve(stream, acceptor).await;
                drop(places);
            });
            return;
        }
        self.server.state().metrics().refused();
        // Over TLS it would take a handshake to say so.
        if self.tls.is_some() {
            return;
        }
        if let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() {
            let limits = self.policy.limits.clone();
            self.tasks.spawn(async move {
                connection::refuse(stream, limits).await;
                drop(permit);
            });
        }
    }

    /// Lets requests under way end, then closes what is left.
    async fn drain(mut self) {
        let open = self.graceful.count();
        if timeout(self.policy.limits.drain_timeout, self.graceful.shutdown())
            .await
            .is_err()
        {
            let seconds = self.policy.limits.drain_timeout.as_secs_f32();
            tracing::warn!("of {open} connections some did not end within {seconds} s; cut off");
        }
        self.tasks.shutdown().await;
    }
}
