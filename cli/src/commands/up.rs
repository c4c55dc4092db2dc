//! `ghev up`: injector, projector and api in one process. They meet in files only, exactly as three
//! processes would.

use std::time::Duration;

use ghev_projector::ProjectorOptions;
use tokio_util::sync::CancellationToken;

use super::runtime::{self, Service};
use super::{DataDir, inject, project, serve};
use crate::args::{InjectArgs, KeepArgs, ServeArgs};
use crate::error::CommandError;
use crate::exit::Exit;

/// Between two attempts to project.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Runs until SIGTERM or Ctrl-C, or until polling or answering fails, or the log is damaged.
pub(crate) fn run(
    dirs: &DataDir,
    inject: &InjectArgs,
    serve: &ServeArgs,
    keep: KeepArgs,
) -> Result<Exit, CommandError> {
    let options = inject::options(inject)?;
    runtime::block_on(async |stop| {
        // The port first: of all that can be wrong, it is the likeliest, and nothing has begun yet.
        let listener = serve::bind(serve)?;
        let answers = serve::options(dirs, serve);
        let services: Vec<Service> = vec![
            Box::pin(inject::service(dirs.clone(), options, stop.clone())),
            Box::pin(projecting(project::options(dirs, keep), stop.clone())),
            Box::pin(serve::service(answers, listener, stop.clone())),
        ];
        runtime::side_by_side(services, &stop).await?;
        Ok(Exit::Done)
    })
}

/// Projects until `stop`. Where something is wrong with the read model, polling and answers go on without: it can
/// be made again at any time, and what GitHub shows meanwhile could not be had again. Projecting is tried again until
/// the model is mended. A damaged log ends everything.
async fn projecting(
    options: ProjectorOptions,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    let mut told = None;
    loop {
        let error = match project::service(options.clone(), stop.clone()).await {
            Err(error) if error.exit() == Exit::Failure => error,
            ended => return ended,
        };
        let reason = format!("{error}{}", error.advice());
        if told.as_ref() != Some(&reason) {
            tracing::error!(
                "{reason}; polling and answering go on, and projecting is tried again every {} s",
                RETRY_AFTER.as_secs()
            );
            told = Some(reason);
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(RETRY_AFTER) => {}
        }
    }
}
