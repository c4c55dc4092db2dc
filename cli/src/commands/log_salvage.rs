//! `ghev log salvage`: saves what is sound of a damaged log into a new one.

use super::{DataDir, output, progress::Progress};
use crate::error::CommandError;
use crate::exit::Exit;

/// Exit 4 where records are missing from the new log; each such place is listed.
pub(crate) fn run(from: &DataDir, into: &DataDir) -> Result<Exit, CommandError> {
    let mut progress = Progress::start("salvaging");
    let salvaged = ghev_log::salvage(&from.log, &into.log, &mut |read| {
        progress.bytes(read.bytes, Some(read.total_bytes));
    });
    progress.end();
    let report = salvaged?;
    output::to_stdout(|output| {
        for damage in &report.damages {
            output.line(damage)?;
        }
        output.line(format_args!(
            "{} records copied to {}; {} places are missing{}",
            report.records,
            into.log.display(),
            report.damages.len(),
            if report.damages.is_empty() {
                ""
            } else {
                ", listed above"
            },
        ))
    })?;
    Ok(if report.damages.is_empty() {
        Exit::Done
    } else {
        Exit::DamagedLog
    })
}
