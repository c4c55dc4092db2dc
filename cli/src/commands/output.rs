//! Results on standard output. A reader that has seen enough (`| head`) ends a command quietly.

use std::io::{self, BufWriter, StdoutLock, Write as _};

use ghev_event::RateBudget;
use ghev_log::LogStat;
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::exit::Exit;

/// Standard output, buffered.
pub(crate) struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Writes a text and ends the line.
    pub(crate) fn line(&mut self, text: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.0, "{text}")
    }

    /// Hands over what was written so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Opens standard output.
pub(crate) fn stdout() -> Output {
    Output(BufWriter::with_capacity(64 * 1024, io::stdout().lock()))
}

/// Writes a whole result.
pub(crate) fn to_stdout(
    write: impl FnOnce(&mut Output) -> io::Result<()>,
) -> Result<Exit, CommandError> {
    let mut output = stdout();
    write(&mut output)
        .and_then(|()| output.flush())
        .map_err(CommandError::Output)?;
    Ok(Exit::Done)
}

/// Writes a JSON document for people and machines.
pub(crate) fn json_document(document: &Value) -> Result<Exit, CommandError> {
    to_stdout(|output| output.line(format_args!("{document:#}")))
}

/// What is left of a rate limit, the same wherever it is shown.
pub(crate) fn json_budget(budget: RateBudget) -> Value {
    json!({
        "limit": budget.limit,
        "remaining": budget.remaining,
        "reset_at": budget.reset_at.to_string(),
    })
}

/// How large a log is, the same wherever it is shown.
pub(crate) fn json_log(log: &LogStat) -> Value {
    json!({
        "log_id": log.log_id.to_string(),
        "first_offset": log.first_offset.get(),
        "next_offset": log.next_offset.get(),
        "durable_offset": log.durable_offset.get(),
        "segments": log.segments,
        "bytes": log.bytes,
        "free_bytes": log.free_bytes,
    })
}
