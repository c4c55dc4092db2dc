//! `ghev inject`: the injector alone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_injector::{InjectOptions, SystemClock, Token};
use tokio_util::sync::CancellationToken;

use super::{DataDir, runtime};
use crate::args::InjectArgs;
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs until SIGTERM or Ctrl-C; with `once`, until every source was polled once.
pub(crate) fn run(dirs: &DataDir, args: &InjectArgs, once: bool) -> Result<Exit, CommandError> {
    let options = options(args)?;
    runtime::block_on(async |stop| {
        if once {
            let clock = Arc::new(SystemClock);
            let cycle = ghev_injector::once(&dirs.log, options, clock, stop).await?;
            tracing::info!(
                "{} requests brought {} events, {} of them new",
                cycle.requests,
                cycle.received,
                cycle.new
            );
            if let Some(failed) = cycle.failed.into_iter().next() {
                return Err(CommandError::SourceFailed(failed));
            }
        } else {
            service(dirs.clone(), options, stop).await?;
        }
        Ok(Exit::Done)
    })
}

/// Polls until `stop`.
pub(crate) async fn service(
    dirs: DataDir,
    options: InjectOptions,
    stop: CancellationToken,
) -> Result<(), CommandError> {
    let clock = Arc::new(SystemClock);
    Ok(ghev_injector::run(&dirs.log, options, clock, stop).await?)
}

/// The arguments, checked together, with the token that goes with them.
pub(crate) fn options(args: &InjectArgs) -> Result<InjectOptions, CommandError> {
    let token = match &args.token_file {
        Some(path) => Some(token_of_file(path)?),
        None => token_of_environment()?,
    };
    Ok(InjectOptions {
        github_url: args.github_url.clone(),
        sources: args.source.clone(),
        token,
        poll_interval: args
            .poll_interval
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
        ..InjectOptions::default()
    })
}

fn token_of_file(path: &Path) -> Result<Token, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|source| CommandError::TokenFile {
        path: path.to_owned(),
        source,
    })?;
    parse_token(&text, &format!("the token file {}", path.display()))
}

/// An empty variable is none: compose files pass unset variables on as empty ones.
fn token_of_environment() -> Result<Option<Token>, CommandError> {
    match std::env::var("GITHUB_TOKEN") {
        Ok(text) if !text.trim().is_empty() => parse_token(&text, "GITHUB_TOKEN").map(Some),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(CommandError::Token {
            place: "GITHUB_TOKEN".to_owned(),
        }),
    }
}

/// The error names the place alone: what is there may be half a secret.
fn parse_token(text: &str, place: &str) -> Result<Token, CommandError> {
    text.trim().parse().map_err(|_| CommandError::Token {
        place: place.to_owned(),
    })
}
