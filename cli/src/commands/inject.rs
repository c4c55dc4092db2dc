//! `ghev inject`: the injector alone.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::CommandFactory as _;
use ghev_event::Source;
use ghev_injector::{InjectOptions, Retention, SystemClock, Token};
use ghev_log::LogOptions;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{DataDir, runtime};
use crate::args::{Cli, Command, InjectArgs, LogArgs};
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
    let (sources, following) = watch::channel(options.sources.clone());
    let clock = Arc::new(SystemClock);
    tokio::select! {
        ended = ghev_injector::run_following(&dirs.log, options, following, clock, stop) => Ok(ended?),
        never = on_hangup(sources) => match never {},
    }
}

/// SIGHUP: the config file's list of sources is read again. Without a config file the signal keeps
/// its meaning, which is that the terminal has gone.
async fn on_hangup(sources: watch::Sender<Vec<Source>>) -> Infallible {
    let args: Vec<OsString> = std::env::args_os().collect();
    if crate::config::named_file(&Cli::command(), &args).is_none() {
        return std::future::pending().await;
    }
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => {
            tracing::warn!(%error, "SIGHUP is not heard: sources change with a restart only");
            return std::future::pending().await;
        }
    };
    tracing::info!("SIGHUP reads the sources of the config file again");
    loop {
        hangup.recv().await;
        match sources_of(&args) {
            Ok(again) => {
                tracing::info!("SIGHUP: read the sources again");
                sources.send_replace(again);
            }
            Err(reason) => tracing::error!("SIGHUP: the sources stay as they are: {reason}"),
        }
    }
}

/// The sources of this command line, with the environment and the config file as they are now.
fn sources_of(args: &[OsString]) -> Result<Vec<Source>, String> {
    let cli = crate::read_arguments(args).map_err(|error| error.to_string())?;
    match cli.map_err(|error| error.to_string())?.command {
        Command::Up { inject, .. } | Command::Inject { inject, .. } => Ok(inject.source),
        _ => Err("this command has none".to_owned()),
    }
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
        adaptive: args.adaptive,
        poll_interval: args
            .poll_interval
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
        log: LogOptions {
            sync: args.sync,
            ..log_options(&args.log)
        },
        retention: Retention {
            age: args.retain_age.map(|age| age.0),
            bytes: args.retain_bytes.map(|size| size.bytes),
        },
        ..InjectOptions::default()
    })
}

/// How to write the log.
pub(crate) fn log_options(args: &LogArgs) -> LogOptions {
    LogOptions {
        free_space_floor_bytes: args.free_space_floor.bytes,
        ..LogOptions::default()
    }
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
