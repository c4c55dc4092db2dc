//! `ghev serve`: the api alone.

use ghev_api::ApiOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{DataDir, descriptors, runtime};
use crate::args::ServeArgs;
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs until SIGTERM or Ctrl-C.
pub(crate) fn run(dirs: &DataDir, args: &ServeArgs) -> Result<Exit, CommandError> {
    runtime::block_on(async |stop| {
        let listener = bind(args).await?;
        service(dirs.clone(), listener, stop).await?;
        Ok(Exit::Done)
    })
}

/// Takes the port.
pub(crate) async fn bind(args: &ServeArgs) -> Result<TcpListener, CommandError> {
    TcpListener::bind(args.listen)
        .await
        .map_err(|source| CommandError::Bind {
            address: args.listen,
            source,
        })
}

/// Serves until `stop`.
pub(crate) async fn service(
    dirs: DataDir,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("answering at http://{address}, documentation at http://{address}/docs");
    }
    descriptors::raise_limit();
    let options = ApiOptions::new(dirs.model);
    Ok(ghev_api::serve(listener, options, stop.cancelled_owned()).await?)
}
