//! `ghev log trim`: removes old segments, after saying which and asking.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, SystemTime};

use ghev_event::Timestamp;
use ghev_log::{LogOptions, LogWriter, Offset, TrimLimit, TrimPlan};

use super::{DataDir, output};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::moment::{OffsetOrTime, timestamp};

/// Holds the log as its one writer meanwhile. Without `yes` it asks, for which there must be a
/// terminal.
pub(crate) fn run(dirs: &DataDir, before: OffsetOrTime, yes: bool) -> Result<Exit, CommandError> {
    let limit = match before {
        OffsetOrTime::Offset(offset) => TrimLimit::BeforeOffset(Offset::new(offset)),
        OffsetOrTime::Time(time) => TrimLimit::BeforeTime(system_time(time)),
    };
    // Opening for writing would make a log where there is none.
    ghev_log::stat(&dirs.log)?;
    let mut writer = LogWriter::open(&dirs.log, LogOptions::default())?;
    let plan = writer.plan_trim(limit).map_err(ghev_log::AppendError::Io)?;
    if plan.segments == 0 {
        writer.close()?;
        return output::to_stdout(|output| {
            output.line("nothing to remove: no whole segment but the newest lies before that")
        });
    }
    if !yes && !confirm(&plan)? {
        writer.close()?;
        return output::to_stdout(|output| output.line("nothing was removed"));
    }
    let gone = writer.trim(limit)?;
    writer.close()?;
    output::to_stdout(|output| {
        output.line(format_args!("removed {}", describe(&gone)))?;
        output.line(format_args!("the log begins at record {}", gone.until))
    })
}

fn describe(plan: &TrimPlan) -> String {
    let TrimPlan {
        first,
        until,
        segments,
        bytes,
        ..
    } = plan;
    let written = plan.last_written_at.and_then(timestamp);
    let written = written.map_or_else(String::new, |at| format!(", last written {at}"));
    format!(
        "records {first} to {until} (not including): {segments} segments, {bytes} bytes{written}"
    )
}

fn confirm(plan: &TrimPlan) -> Result<bool, CommandError> {
    if !io::stdin().is_terminal() {
        return Err(CommandError::Unasked {
            what: describe(plan),
        });
    }
    let mut stderr = io::stderr();
    let mut answer = String::new();
    write!(stderr, "Remove {}, for good? [y/N] ", describe(plan))
        .and_then(|()| stderr.flush())
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(CommandError::Ask)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn system_time(time: Timestamp) -> SystemTime {
    let millis = time.as_millis();
    let distance = Duration::from_millis(millis.unsigned_abs());
    if millis < 0 {
        SystemTime::UNIX_EPOCH - distance
    } else {
        SystemTime::UNIX_EPOCH + distance
    }
}
