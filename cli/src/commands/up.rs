//! `ghev up`: injector, projector and api in one process. They meet in files only, exactly as three
//! processes would.

use super::runtime::{self, Service};
use super::{DataDir, inject, project, serve};
use crate::args::{InjectArgs, KeepArgs, ServeArgs};
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs until SIGTERM or Ctrl-C, or until one of the three fails.
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
            Box::pin(project::service(project::options(dirs, keep), stop.clone())),
            Box::pin(serve::service(answers, listener, stop.clone())),
        ];
        runtime::side_by_side(services, &stop).await?;
        Ok(Exit::Done)
    })
}
