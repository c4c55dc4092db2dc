//! Doors for the fuzz targets in `fuzz/`, which are another crate. Compiled only for them, under
//! `cfg(fuzzing)`, which cargo-fuzz sets, and for a small share of what they do among the tests.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::timeout;

use super::connection::Visit;
use super::routes::{self, Policy, State};
use crate::options::ApiOptions;
use crate::service::Service;
use crate::table;

/// No connection of a client that says nothing more lasts longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the service has its turn before its client says no more: enough for all that is looked up.
const TURNS: usize = 64;

/// Bytes that are on their way at once.
const PIPE_BYTES: usize = 64 * 1024;

/// A service without a socket.
#[derive(Debug)]
pub struct Api {
    runtime: Runtime,
    server: tide::Server<State>,
    policy: Policy,
    stopped: watch::Sender<bool>,
}

impl Api {
    /// Over the read model in a directory.
    ///
    /// # Panics
    /// Where the system has no thread left.
    #[must_use]
    pub fn over(model_dir: &Path) -> Self {
        let options = ApiOptions::new(model_dir);
        let service = Service::start(&options, table::endpoints()).expect("threads can be started");
        // A stream goes on for as long as its client reads.
        service.end_streams();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be started");
        Self {
            runtime,
            server: routes::server(&Arc::new(service)),
            policy: Policy::of(&options),
            stopped: watch::Sender::new(false),
        }
    }

    /// What comes back on a connection whose client sends these bytes and then no more.
    ///
    /// # Panics
    /// Where the connection does not end by itself then.
    #[must_use]
    pub fn answers(&self, bytes: &[u8]) -> Vec<u8> {
        let graceful = GracefulShutdown::new();
        let visit = Visit {
            server: self.server.clone(),
            policy: self.policy.clone(),
            client: SocketAddr::from(([192, 0, 2, 1], 4711)),
            watcher: graceful.watcher(),
            stopped: self.stopped.subscribe(),
        };
        let (client, server) = tokio::io::duplex(PIPE_BYTES);
        let (mut reading, mut writing) = tokio::io::split(client);
        let sending = async {
            // It may be left before it has said everything.
            let _ = writing.write_all(bytes).await;
            // hyper leaves whoever says no more without the answers that are still to come.
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            let _ = writing.shutdown().await;
        };
        let receiving = async {
            let mut answers = Vec::new();
            let _ = reading.read_to_end(&mut answers).await;
            answers
        };
        self.runtime.block_on(async {
            let visit = async { tokio::join!(visit.speak(server), sending, receiving) };
            let (_, _, answers) = timeout(PATIENCE, visit).await.expect("the connection ends");
            answers
        })
    }
}

#[cfg(test)]
mod tests {
    use ghev_readmodel::{LogId, ModelDir, Writer};
    use proptest::prelude::*;

    use super::*;

    /// Pieces of requests, whole and broken.
    const PIECES: [&[u8]; 18] = [
        b"GET /v1/event-counts?offset=10 HTTP/1.1\r\n",
        b"GET /v1/events?limit=2&type=PushEvent HTTP/1.1\r\n",
        b"GET /v1/events/stream HTTP/1.1\r\n",
        b"GET /v1/trending.svg HTTP/1.1\r\n",
        b"GET /docs HTTP/1.1\r\n",
        b"GET http://x/ HTTP/1.0\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"POST /v1/events HTTP/1.1\r\n",
        b"Host: x\r\n",
        b"Host: x\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Accept: text/csv;q=0.5, */*;q=0\r\n",
        b"If-None-Match: *\r\n",
        b"0\r\n\r\n",
        b"\r\n",
        b"\n",
    ];

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ];
        prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
    }

    /// Whatever a client sends, its connection ends, and nothing in it is a fault of the service.
    #[test]
    fn whatever_comes_is_answered_and_the_connection_ends() {
        let dir = tempfile::tempdir().unwrap();
        let log = LogId::new([1; 16]);
        drop(Writer::open(&ModelDir::new(dir.path()), log).unwrap());
        let api = Api::over(dir.path());
        let whole = [PIECES[0], PIECES[9]].concat();
        let answer = String::from_utf8(api.answers(&whole)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        proptest!(ProptestConfig::with_cases(500), |(sent in bytes())| {
            let answers = api.answers(&sent);
            prop_assert!(answers.is_empty() || answers.starts_with(b"HTTP/1."));
            let fault = b"HTTP/1.1 500";
            prop_assert!(!answers.windows(fault.len()).any(|part| part == fault));
        });
    }
}
