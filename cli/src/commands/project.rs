//! `ghev project`: the projector alone.

use ghev_projector::{ProjectorOptions, StopFlag};
use tokio_util::sync::CancellationToken;

use super::{DataDir, runtime};
use crate::args::KeepArgs;
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs until SIGTERM or Ctrl-C; with `once`, until the log's present end is reached.
pub(crate) fn run(dirs: &DataDir, keep: KeepArgs, once: bool) -> Result<Exit, CommandError> {
    let options = options(dirs, keep);
    runtime::block_on(async |stop| {
        if once {
            let caught_up = in_background(&stop, move |flag| {
                Ok(ghev_projector::catch_up(&options, flag)?)
            })
            .await?;
            tracing::info!(
                next_offset = %caught_up.next_offset,
                records = caught_up.records,
                events = caught_up.events,
                "caught up"
            );
        } else {
            service(options, stop).await?;
        }
        Ok(Exit::Done)
    })
}

/// Projects until `stop`.
pub(crate) async fn service(
    options: ProjectorOptions,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    in_background(&stop, move |flag| Ok(ghev_projector::run(&options, flag)?)).await
}

/// Runs a blocking piece of the projector, with a flag that `stop` raises.
pub(crate) async fn in_background<T: Send + 'static>(
    stop: &CancellationToken,
    work: impl FnOnce(&StopFlag) -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let flag = StopFlag::default();
    let raised = flag.clone();
    runtime::blocking(stop, move || raised.stop(), move || work(&flag)).await
}

/// What the projector needs of a data directory.
pub(crate) fn options(dirs: &DataDir, keep: KeepArgs) -> ProjectorOptions {
    ProjectorOptions {
        keep_events: keep.keep_events.map(|span| span.0),
        ..ProjectorOptions::new(&dirs.log, &dirs.model)
    }
}
