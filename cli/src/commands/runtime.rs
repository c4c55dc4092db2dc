//! Runs services side by side until a signal or the first failure ends them all.

use std::future::Future;
use std::pin::Pin;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::signals;

/// A service: runs until the token it was made with is cancelled, or fails.
pub(crate) type Service = Pin<Box<dyn Future<Output = Result<(), CommandError>> + Send>>;

/// Runs a command that ends by itself, or earlier by the token of SIGTERM and Ctrl-C.
pub(crate) fn block_on<T, F>(
    command: impl FnOnce(CancellationToken) -> F,
) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("ghev")
        .build()
        .map_err(CommandError::Runtime)?;
    runtime.block_on(async {
        let stop = signals::stop_token().map_err(CommandError::Runtime)?;
        command(stop).await
    })
}

/// Runs services until all have ended. The first that fails ends the others in order. Of several
/// failures the one with an exit code of its own is reported: where two processes run on one
/// directory it is chance which lock is met first, and the log's says more. The others are logged.
pub(crate) async fn side_by_side(
    services: Vec<Service>,
    stop: &CancellationToken,
) -> Result<(), CommandError> {
    let mut running: JoinSet<_> = services.into_iter().collect();
    let mut reported: Option<CommandError> = None;
    while let Some(ended) = running.join_next().await {
        let ended = ended.unwrap_or_else(|panic| Err(CommandError::Panicked(panic.to_string())));
        let Err(error) = ended else { continue };
        stop.cancel();
        let says_more =
            |known: &CommandError| known.exit() == Exit::Failure && error.exit() != Exit::Failure;
        let other = match &reported {
            Some(known) if !says_more(known) => Some(error),
            _ => reported.replace(error),
        };
        if let Some(other) = other {
            tracing::error!("{other}");
        }
    }
    reported.map_or(Ok(()), Err)
}

/// Runs blocking work beside the services. `ask_to_stop` is called once `stop` is cancelled.
pub(crate) async fn blocking<T: Send + 'static>(
    stop: &CancellationToken,
    ask_to_stop: impl FnOnce() + Send,
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let mut work = tokio::task::spawn_blocking(work);
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = stop.cancelled() => {
            ask_to_stop();
            work.await
        }
    };
    ended.unwrap_or_else(|panic| Err(CommandError::Panicked(panic.to_string())))
}
