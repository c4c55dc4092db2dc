//! Log lines on standard error. Standard output is for results alone.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;
use crate::commands::progress::AboveBar;

/// Starts logging for the whole process. `GHEV_LOG` overrides the level with the directives of
/// <https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>.
pub(crate) fn start(format: LogFormat, verbose: u8) {
    let level = match verbose {
        0 => "warn,ghev=info",
        1 => "info,ghev=debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("GHEV_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Where nobody reads standard error any more it would complain there, which is a panic.
        .log_internal_errors(false)
        .with_writer(|| AboveBar)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
}
