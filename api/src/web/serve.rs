//! The way in: an accepting socket, options and a reason to stop.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::listener::HyperListener;
use super::routes::{self, Policy};
use super::tls::Tls;
use crate::options::ApiOptions;
use crate::service::Service;
use crate::table::{self, Endpoint};

/// Why the service could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The threads for questions that scan could not be started.
    #[error("cannot start the query threads: {0}; the limit of threads or memory may be too low")]
    Threads(#[source] std::io::Error),
    /// The file of tokens cannot be used.
    #[error("cannot take tokens: {0}")]
    Tokens(String),
    /// Certificate or key cannot be used.
    #[error("cannot serve TLS: {0}")]
    Tls(String),
    /// The socket failed.
    #[error("cannot go on accepting connections: {0}")]
    Socket(#[source] std::io::Error),
}

/// Answers requests that come in at `listener` until `shutdown` is ready; then lets those under way
/// end, for at most the drain timeout.
///
/// Must be called within a tokio runtime with its timer and I/O enabled.
///
/// # Errors
/// Where tokens or certificate cannot be used, the query threads cannot be started, or the socket fails for good.
pub async fn serve(
    listener: TcpListener,
    options: ApiOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_table(listener, options, table::endpoints(), shutdown).await
}

/// The same with another table.
pub(super) async fn serve_table(
    listener: TcpListener,
    options: ApiOptions,
    endpoints: Vec<Endpoint>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let tls = options.tls.as_ref().map(Tls::load);
    let tls = tls.transpose().map_err(ServeError::Tls)?;
    let service = Service::start(&options, endpoints)?;
    let service = Arc::new(service);
    let server = routes::server(&service);
    let (stop, stopped) = watch::channel(false);
    let listener = HyperListener::new(listener, tls, Policy::of(&options), stopped);
    let mut serving = pin!(server.listen(listener));
    let served = tokio::select! {
        served = &mut serving => served,
        () = shutdown => {
            // The listener holds the other end for as long as it serves.
            let _ = stop.send(true);
            service.end_streams();
            serving.await
        }
    };
    served.map_err(ServeError::Socket)
}
