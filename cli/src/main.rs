//! The one binary. Reads the command line, starts logging, runs one command and turns its end into
//! an exit code. Knows nothing about what any command does.

mod args;
mod commands;
mod config;
mod error;
mod exit;
mod moment;
mod quantity;
mod signals;
mod span;
mod telemetry;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, CommandFactory as _, FromArgMatches as _};

use args::Cli;
use config::{ConfigError, Defaults};
use error::CommandError;
use exit::Exit;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let cli = match read_arguments(&args) {
        Ok(Ok(cli)) => cli,
        Ok(Err(error)) => error.exit(),
        Err(error) => return end(&CommandError::Config(error)),
    };
    telemetry::start(cli.common.log_format, cli.common.verbose);
    match commands::run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => end(&error),
    }
}

/// The command line over the environment over the config file, as clap checks it.
fn read_arguments(args: &[OsString]) -> Result<Result<Cli, clap::Error>, ConfigError> {
    let command = without_empty_variables(Cli::command());
    let command = match config::named_file(&command, args) {
        Some(path) => Defaults::read(&path, &command)?.apply(command),
        None => command,
    };
    let command = with_lenient_switches(command);
    let matches = command.clone().try_get_matches_from(args);
    Ok(matches.and_then(|matches| {
        args::refuse_what_has_no_effect(command, &matches)?;
        Cli::from_arg_matches(&matches)
    }))
}

/// An empty variable is as good as none: `GHEV_LISTEN: ${LISTEN:-}` of a compose file sets one.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let set = |arg: clap::Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        match value {
            Some(value) if value.is_empty() => arg.env(None::<&str>),
            _ => arg,
        }
    };
    command
        .mut_args(set)
        .mut_subcommands(without_empty_variables)
}

/// Switches in the environment are `1` and `0` as often as they are `true` and `false`.
fn with_lenient_switches(command: clap::Command) -> clap::Command {
    let lenient = |arg: clap::Arg| match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    command
        .mut_args(lenient)
        .mut_subcommands(with_lenient_switches)
}

/// Says why the command failed and with which code.
fn end(error: &CommandError) -> ExitCode {
    use std::io::Write as _;
    let exit = error.exit();
    if exit != Exit::Done {
        // Where standard error is gone as well, the exit code still says it.
        let _ = writeln!(std::io::stderr(), "ghev: {error}{}", error.advice());
    }
    exit.into()
}
