//! `ghev serve`: the api alone.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_api::{ApiOptions, TlsFiles};
use ghev_readmodel::Reader;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use super::{DataDir, descriptors, runtime};
use crate::args::ServeArgs;
use crate::error::CommandError;
use crate::exit::Exit;

/// Connections that wait to be accepted. Where there is no room for one its client tries again a second
/// later, so that a crowd that comes at once would wait for many. The system may allow fewer.
const BACKLOG: u32 = 4096;

/// Runs until SIGTERM or Ctrl-C. Answers from the current generation, or from `file` where it is
/// given: that one must be there.
pub(crate) fn run(
    dirs: &DataDir,
    args: &ServeArgs,
    file: Option<&Path>,
) -> Result<Exit, CommandError> {
    if let Some(file) = file {
        Reader::of_file(file.to_owned()).snapshot()?;
    }
    let mut options = options(dirs, args);
    if let Some(file) = file {
        options.model_file = Some(file.to_owned());
        // A model of the past is behind on purpose.
        options.log_end = None;
    }
    runtime::block_on(async |stop| {
        let listener = bind(args)?;
        service(options, listener, stop).await?;
        Ok(Exit::Done)
    })
}

/// Takes the port.
pub(crate) fn bind(args: &ServeArgs) -> Result<TcpListener, CommandError> {
    listener(args.listen).map_err(|source| CommandError::Bind {
        address: args.listen,
        source,
    })
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Or a port would rest for a minute after the process that had it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// How the api answers.
pub(crate) fn options(dirs: &DataDir, args: &ServeArgs) -> ApiOptions {
    let log = dirs.log.clone();
    // Where the log is not on this machine, its end cannot be seen, and nothing is said of it.
    let log_end = move || {
        ghev_log::stat(&log)
            .ok()
            .map(|log| log.durable_offset.get())
    };
    let mut options = ApiOptions::new(&dirs.model);
    options.log_end = Some(Arc::new(log_end));
    options.token_file.clone_from(&args.api_token_file);
    options.tls = args
        .tls_cert
        .clone()
        .zip(args.tls_key.clone())
        .map(|(certificate, key)| TlsFiles { certificate, key });
    options.access_log = args.access_log;
    options.stale_after = args.stale_after.map(Duration::from_secs);
    let limits = &mut options.limits;
    let or = |given: Option<NonZeroUsize>, usual| given.map_or(usual, NonZeroUsize::get);
    limits.connections_max = or(args.connections_max, limits.connections_max);
    limits.connections_per_peer_max = or(
        args.connections_per_peer_max,
        limits.connections_per_peer_max,
    );
    options
}

/// Serves until `stop`.
pub(crate) async fn service(
    options: ApiOptions,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    if let Ok(address) = listener.local_addr() {
        let scheme = scheme(&options);
        tracing::info!(
            "answering at {scheme}://{address}, documentation at {scheme}://{address}/docs"
        );
    }
    descriptors::raise_limit();
    Ok(ghev_api::serve(listener, options, stop.cancelled_owned()).await?)
}

/// How the api is spoken to.
pub(crate) const fn scheme(options: &ApiOptions) -> &'static str {
    if options.tls.is_some() {
        "https"
    } else {
        "http"
    }
}
