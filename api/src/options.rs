//! What a caller may choose about the service. Knows nothing about where the choices come from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ghev_event::Timestamp;

/// How the service answers.
#[derive(Clone)]
pub struct ApiOptions {
    /// The read model's directory. It need not exist yet.
    pub model_dir: PathBuf,
    /// A file of a read model to answer from instead, such as a replay of the past.
    pub model_file: Option<PathBuf>,
    /// The version that `/v1/status` and the documents name.
    pub version: &'static str,
    /// The current time: where a window such as `offset=10` ends.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Threads for questions that may have to scan.
    pub query_threads: usize,
    /// How many of those may wait for a thread; more are refused as `overloaded`.
    pub query_queue_max: usize,
    /// How long a question may be expected to wait for a thread; where others are slow, more are
    /// refused as `overloaded` long before the queue is full.
    pub query_wait_max: Duration,
    /// How long a lookup may hold a worker; what takes longer is asked again on a query thread.
    pub lookup_deadline: Duration,
    /// How long a question may take from its arrival on; then it is ended as `query_deadline`.
    pub query_deadline: Duration,
    /// What a client may take of the service.
    pub limits: Limits,
    /// How streams of events are kept up.
    pub streams: Streams,
    /// Where the log ends: its first record that is not durable yet, where that can be seen. Asked at
    /// most once for each question about the service itself.
    pub log_end: Option<LogEnd>,
    /// How old the newest record of the read model may be for `/readyz` to be well; `None` for any
    /// age.
    pub stale_after: Option<Duration>,
    /// A file with tokens, one a line, of which a request must show one; `None` for everybody.
    /// `/healthz` is open to all.
    pub token_file: Option<PathBuf>,
    /// The certificate to serve TLS with; `None` for plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether each answer is a line in the log.
    pub access_log: bool,
}

/// Says where the log ends.
pub type LogEnd = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// A certificate and its key, both PEM. They may be replaced while the service runs.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, followed by those it is signed with.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a client may take of the service.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Open connections; one more is answered with 503 and closed.
    pub connections_max: usize,
    /// Of those: connections of one IPv4 address or one IPv6 network of 64 bits.
    pub connections_per_peer_max: usize,
    /// Open connections up to which each is kept for a next request; where there are more, each is
    /// closed after its answer. One that is kept takes about 20 KiB.
    pub kept_connections_max: u64,
    /// Bytes of a request's path and query; more are answered with 414.
    pub target_max_bytes: usize,
    /// Bytes of a request's line and headers together. At least 8,192.
    pub header_max_bytes: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// How long a request's headers may take to arrive, and a connection may stay idle.
    pub header_timeout: Duration,
    /// How long a client may leave an answer unread before it is cut off.
    pub write_timeout: Duration,
    /// How fast a client must read, on the whole, what it is waited for: one that takes a byte now and
    /// then is cut off too. At least 1.
    pub read_min_bytes_per_second: u32,
    /// Bytes of answers, without the short ones, that clients have not read yet, all together; a
    /// question whose answer finds no room is refused as `overloaded`.
    pub answers_max_bytes: usize,
    /// Bytes of answers that are kept for whoever asks the same before the read model changes; 0 for none.
    pub kept_answers_max_bytes: usize,
    /// How long requests under way may take to end once the service is to stop.
    pub drain_timeout: Duration,
}

/// How streams of events are kept up.
#[derive(Debug, Clone)]
pub struct Streams {
    /// How often the read model is asked for what is new while anybody listens, once for all.
    pub tick: Duration,
    /// The longest silence; then the client gets a sign of life.
    pub heartbeat: Duration,
    /// When clients are told to come back after the end of a stream.
    pub retry: Duration,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(250),
            heartbeat: Duration::from_secs(15),
            retry: Duration::from_secs(2),
        }
    }
}

impl ApiOptions {
    /// The defaults, over the read model in `model_dir`.
    pub fn new(model_dir: impl Into<PathBuf>) -> Self {
        Self {
            model_dir: model_dir.into(),
            model_file: None,
            version: env!("CARGO_PKG_VERSION"),
            now: Arc::new(system_time),
            query_threads: 2,
            query_queue_max: 64,
            query_wait_max: Duration::from_secs(1),
            lookup_deadline: Duration::from_millis(50),
            query_deadline: Duration::from_secs(5),
            limits: Limits::default(),
            streams: Streams::default(),
            log_end: None,
            stale_after: None,
            token_file: None,
            tls: None,
            access_log: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            // Behind a proxy everybody is one peer; still nobody takes every place.
            connections_per_peer_max: 12_288,
            kept_connections_max: 4096,
            target_max_bytes: 8 * 1024,
            header_max_bytes: 16 * 1024,
            headers_max: 64,
            header_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            read_min_bytes_per_second: 4 * 1024,
            answers_max_bytes: 32 * 1024 * 1024,
            kept_answers_max_bytes: 4 * 1024 * 1024,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

impl fmt::Debug for ApiOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiOptions")
            .field("model_dir", &self.model_dir)
            .field("model_file", &self.model_file)
            .field("version", &self.version)
            .field("query_threads", &self.query_threads)
            .field("query_queue_max", &self.query_queue_max)
            .field("query_wait_max", &self.query_wait_max)
            .field("lookup_deadline", &self.lookup_deadline)
            .field("query_deadline", &self.query_deadline)
            .field("limits", &self.limits)
            .field("streams", &self.streams)
            .field("stale_after", &self.stale_after)
            .field("token_file", &self.token_file)
            .field("tls", &self.tls)
            .field("access_log", &self.access_log)
            .finish_non_exhaustive()
    }
}

fn system_time() -> Timestamp {
    // A clock set before 1970 reads as 1970.
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}
