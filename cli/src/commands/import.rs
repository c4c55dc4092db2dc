//! `ghev import`: files into the log.

use std::path::PathBuf;

use ghev_injector::{ImportObserver, ImportOptions, ImportProgress, ImportSummary, Input};
use serde_json::json;

use super::progress::Progress;
use super::{DataDir, inject, output, runtime};
use crate::args::{LogArgs, OutputFormat};
use crate::error::CommandError;
use crate::exit::Exit;

/// More rejected places than this are counted, not listed: a wrong file would list every line.
const REJECTS_LISTED_MAX: u64 = 20;

/// Exit 6 where any input was rejected.
pub(crate) fn run(
    dirs: &DataDir,
    inputs: &[PathBuf],
    format: OutputFormat,
    log: &LogArgs,
) -> Result<Exit, CommandError> {
    let options = ImportOptions {
        log: inject::log_options(log),
        ..ImportOptions::default()
    };
    let inputs: Vec<Input> = inputs
        .iter()
        .map(|path| Input::from_argument(path))
        .collect();
    let log_dir = dirs.log.clone();
    let summary = runtime::block_on(async move |stop| {
        let asked = stop.clone();
        let work = move || {
            let mut reporter = Reporter::new();
            let is_stopped = || asked.is_cancelled();
            let summary =
                ghev_injector::import(&log_dir, &inputs, &options, &mut reporter, &is_stopped)?;
            reporter.end();
            Ok(summary)
        };
        // The import looks at the token itself: nobody else has to tell it.
        runtime::blocking(&stop, || {}, work).await
    })?;
    print(&summary, format)?;
    if summary.interrupted {
        Err(CommandError::ImportStopped)
    } else if summary.rejected > 0 {
        Ok(Exit::InputRejected)
    } else {
        Ok(Exit::Done)
    }
}

fn print(summary: &ImportSummary, format: OutputFormat) -> Result<Exit, CommandError> {
    output::to_stdout(|output| match format {
        OutputFormat::Json => output.line(json!({
            "files": summary.files,
            "known_files": summary.known_files,
            "events": summary.events,
            "appended": summary.appended,
            "duplicates": summary.duplicates,
            "rejected": summary.rejected,
            "bytes": summary.bytes,
        })),
        OutputFormat::Text => output.line(format_args!(
            "{} events in {} {}{}: {} appended, {} already there; {} rejected",
            summary.events,
            summary.files,
            if summary.files == 1 { "file" } else { "files" },
            match summary.known_files {
                0 => String::new(),
                known => format!(" ({known} not read again)"),
            },
            summary.appended,
            summary.duplicates,
            summary.rejected
        )),
    })
}

/// Shows what the import says of itself on standard error.
struct Reporter {
    progress: Progress,
    rejected: u64,
}

impl Reporter {
    fn new() -> Self {
        Self {
            progress: Progress::start("importing"),
            rejected: 0,
        }
    }

    fn end(&self) {
        self.progress.end();
        let unlisted = self.rejected.saturating_sub(REJECTS_LISTED_MAX);
        if unlisted > 0 {
            self.progress.say(format_args!(
                "{unlisted} more rejected places; all of them are in the dead letters"
            ));
        }
    }
}

impl ImportObserver for Reporter {
    fn progress(&mut self, progress: &ImportProgress) {
        self.progress
            .bytes(progress.bytes_read, progress.bytes_total);
    }

    fn rejected(&mut self, place: &str, reason: &str) {
        self.rejected += 1;
        if self.rejected <= REJECTS_LISTED_MAX {
            self.progress.say(format_args!("{place}: {reason}"));
        }
    }
}
