//! SIGTERM and Ctrl-C: the first asks everything to end in order, a second ends it at once.

use std::process;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// A token that is cancelled by the first signal. Must be called within a tokio runtime.
///
/// # Errors
/// Where the system does not let signals be caught.
pub(crate) fn stop_token() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        loop {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if cancelled.is_cancelled() {
                tracing::warn!("{name} again: ending at once; what was acknowledged is safe");
                process::exit(i32::from(Exit::Failure.code()));
            }
            tracing::info!("{name}: ending in order; once more to end at once");
            cancelled.cancel();
        }
    });
    Ok(stop)
}
