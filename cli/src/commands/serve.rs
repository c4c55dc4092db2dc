//! `ghev serve`: the api alone.

use std::path::Path;

use ghev_api::ApiOptions;
use ghev_readmodel::Reader;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{DataDir, descriptors, runtime};
use crate::args::ServeArgs;
use crate::error::CommandError;
use crate::exit::Exit;

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
    let options = ApiOptions {
        model_file: file.map(Path::to_path_buf),
        ..options(dirs)
    };
    runtime::block_on(async |stop| {
        let listener = bind(args).await?;
        service(options, listener, stop).await?;
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

/// What the api needs of a data directory.
pub(crate) fn options(dirs: &DataDir) -> ApiOptions {
    ApiOptions::new(&dirs.model)
}

/// Serves until `stop`.
pub(crate) async fn service(
    options: ApiOptions,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    if let Ok(address) = listener.local_addr() {
        tracing::info!("answering at http://{address}, documentation at http://{address}/docs");
    }
    descriptors::raise_limit();
    Ok(ghev_api::serve(listener, options, stop.cancelled_owned()).await?)
}
