//! One file for each command; this one only chooses.

mod dead_letters;
mod demo;
mod descriptors;
mod healthcheck;
mod import;
mod inject;
mod log_cat;
mod log_salvage;
mod log_stat;
mod log_trim;
mod log_verify;
mod output;
pub(crate) mod progress;
mod project;
mod replay;
mod runtime;
mod serve;
mod sim;
mod status;
mod up;

use clap::CommandFactory as _;

use crate::args::{Cli, Command, LogCommand};
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs the command to its end.
pub(crate) fn run(cli: Cli) -> Result<Exit, CommandError> {
    let dirs = DataDir::new(cli.common.data);
    match cli.command {
        Command::Up {
            inject,
            serve,
            keep,
        } => up::run(&dirs, &inject, &serve, keep),
        Command::Inject { inject, once } => inject::run(&dirs, &inject, once),
        Command::Project { keep, once } => project::run(&dirs, keep, once),
        Command::Serve { serve, readmodel } => serve::run(&dirs, &serve, readmodel.as_deref()),
        Command::Import {
            inputs,
            format,
            log,
        } => import::run(&dirs, &inputs, format, &log),
        Command::Replay(args) => replay::run(&dirs, &args),
        Command::Status { format } => status::run(&dirs, format),
        Command::DeadLetters { format } => dead_letters::run(&dirs, format),
        Command::Log(command) => log(&dirs, command),
        Command::Demo { serve, rate, seed } => demo::run(&serve, rate, seed),
        Command::Sim(args) => sim::run(&args),
        Command::Openapi => output::json_document(&ghev_api::openapi_document()),
        Command::Completions { shell } => {
            let script = |to: &mut output::Output| {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "ghev", &mut script);
                to.write(&script)
            };
            output::to_stdout(script)
        }
        Command::Healthcheck { service, listen } => healthcheck::run(&dirs, service, listen),
    }
}

fn log(dirs: &DataDir, command: LogCommand) -> Result<Exit, CommandError> {
    match command {
        LogCommand::Cat {
            from,
            to,
            kinds,
            repo,
            envelopes,
        } => log_cat::run(
            dirs,
            &log_cat::Selection::new(from, to, kinds, repo),
            envelopes,
        ),
        LogCommand::Stat { format } => log_stat::run(dirs, format),
        LogCommand::Verify { deep } => log_verify::run(dirs, deep),
        LogCommand::Salvage { into } => log_salvage::run(dirs, &DataDir::new(into)),
        LogCommand::Trim { before, yes } => log_trim::run(dirs, before, yes),
    }
}

/// Where a data directory keeps its two parts.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    /// The log: written by the injector alone.
    pub(crate) log: std::path::PathBuf,
    /// The read model: written by the projector alone.
    pub(crate) model: std::path::PathBuf,
}

impl DataDir {
    fn new(dir: impl AsRef<std::path::Path>) -> Self {
        let dir = dir.as_ref();
        Self {
            log: dir.join("log"),
            model: dir.join("readmodel"),
        }
    }
}
