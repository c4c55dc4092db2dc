//! `ghev status`: what a look at a data directory tells, whether or not any service is running.

use ghev_event::Timestamp;
use ghev_log::{Holder, LogStat};
use ghev_readmodel::{AsOf, ModelDir, Reader, SourceStatus, Status};
use serde_json::{Value, json};

use super::{DataDir, output};
use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::moment;

/// What there is. A part that does not exist yet is `null` in JSON and said in text.
pub(crate) fn run(dirs: &DataDir, format: OutputFormat) -> Result<Exit, CommandError> {
    let log = match ghev_log::stat(&dirs.log) {
        Ok(stat) => Some(stat),
        Err(ghev_log::ReadError::NoLog { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let holder = ghev_log::holder(&dirs.log).map_err(ghev_log::ReadError::Io)?;
    let writer = Writing {
        log: log.as_ref(),
        holder,
    };
    let mut reader = Reader::new(ModelDir::new(&dirs.model));
    let model = match reader.snapshot() {
        Ok(snapshot) => Some((*snapshot.as_of(), snapshot.status()?)),
        Err(ghev_readmodel::ReadError::NotReady { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    match format {
        OutputFormat::Json => {
            output::json_document(&json_status(log.as_ref(), writer, model.as_ref()))
        }
        OutputFormat::Text => output::to_stdout(|output| {
            text_log(output, dirs, log.as_ref())?;
            text_writer(output, writer)?;
            text_model(output, dirs, log.as_ref(), model.as_ref())
        }),
    }
}

/// Who writes the log, and whether there is room for it to.
#[derive(Clone, Copy)]
struct Writing<'a> {
    log: Option<&'a LogStat>,
    holder: Holder,
}

impl Writing<'_> {
    /// What is free where the writer waits for more.
    fn waits_with_free_bytes(self) -> Option<u64> {
        let (Holder::Writer(facts), Some(log)) = (self.holder, self.log) else {
            return None;
        };
        facts
            .is_out_of_space(log.free_bytes)
            .then_some(log.free_bytes)
    }
}

fn json_writer(writing: Writing<'_>) -> Value {
    match writing.holder {
        Holder::Nobody => Value::Null,
        // It holds the log, and that is all that is known.
        Holder::Unknown => json!({"pid": null, "since": null, "sync": null,
            "free_space_floor_bytes": null, "waits_for_space": null}),
        Holder::Writer(facts) => json!({
            "pid": facts.pid,
            "since": moment::timestamp(facts.since).map(|at| at.to_string()),
            "sync": facts.sync.to_string(),
            "free_space_floor_bytes": facts.free_space_floor_bytes,
            "waits_for_space": writing.waits_with_free_bytes().is_some(),
        }),
    }
}

fn text_writer(output: &mut output::Output, writing: Writing<'_>) -> std::io::Result<()> {
    match writing.holder {
        Holder::Nobody if writing.log.is_none() => return Ok(()),
        Holder::Nobody => output.line("writer       none")?,
        Holder::Unknown => output.line("writer       one that does not say who it is")?,
        Holder::Writer(facts) => {
            let since = moment::timestamp(facts.since);
            let since = since.map_or_else(String::new, |at| format!(" since {at}"));
            let (pid, sync) = (facts.pid, facts.sync);
            output.line(format_args!(
                "writer       process {pid}{since}, sync {sync}"
            ))?;
            if let Some(free_bytes) = writing.waits_with_free_bytes() {
                output.line(format_args!(
                    "             waits for space: {free_bytes} bytes are free, {} must stay free",
                    facts.free_space_floor_bytes
                ))?;
            }
        }
    }
    Ok(())
}

/// Durable records that the model does not have yet; unknown where it is not of this log.
fn lag(log: Option<&LogStat>, as_of: &AsOf) -> Option<u64> {
    let next = as_of.checkpoint.next_offset.get();
    log.filter(|log| is_of(log, as_of))
        .and_then(|log| log.durable_offset.get().checked_sub(next))
}

fn is_of(log: &LogStat, as_of: &AsOf) -> bool {
    as_of.checkpoint.log_id.to_string() == log.log_id.to_string()
}

/// How the model stands to the log, where that can be said in a word.
fn text_lag(log: &LogStat, as_of: &AsOf) -> String {
    if !is_of(log, as_of) {
        let other = as_of.checkpoint.log_id;
        return format!(", made from another log ({other}): run `ghev replay`");
    }
    match lag(Some(log), as_of) {
        Some(lag) => format!(", {lag} records behind"),
        None => format!(
            ", up to record {}, which is beyond the log's end: it was put back to an earlier state; run `ghev replay`",
            as_of.checkpoint.next_offset
        ),
    }
}

fn json_status(
    log: Option<&LogStat>,
    writer: Writing<'_>,
    model: Option<&(AsOf, Status)>,
) -> Value {
    json!({
        "log": log.map(output::json_log),
        "writer": json_writer(writer),
        "read_model": model.map(|(as_of, status)| json!({
            "generation": status.generation.get(),
            "schema": status.schema_version,
            "log_id": as_of.checkpoint.log_id.to_string(),
            "next_offset": as_of.checkpoint.next_offset.get(),
            "observed_at": as_of.observed_at.map(|at| at.to_string()),
            "lag": lag(log, as_of),
            "events": status.events,
            "duplicates": status.duplicates,
            "conflicts": status.conflicts,
            "dead_letters": status.dead_letters,
        })),
        "sources": model.map_or_else(Vec::new, |(_, status)| {
            status.sources.iter().map(json_source).collect()
        }),
        "gaps": model.map(|(_, status)| status.gaps),
    })
}

fn json_source(source: &SourceStatus) -> Value {
    json!({
        "source": source.source,
        "polls": source.polls,
        "events": source.events,
        "last_poll_at": source.observed_at.to_string(),
        "status": source.status,
        "error": source.error,
        "received": source.received,
        "new": source.new,
        "duplicate": source.duplicate,
        "overlap": source.overlap,
        "latency_ms": source.latency_ms,
        "next_poll_at": source.next_poll_at.map(|at| at.to_string()),
        "budget": source.budget.map(output::json_budget),
    })
}

fn text_log(
    output: &mut output::Output,
    dirs: &DataDir,
    log: Option<&LogStat>,
) -> std::io::Result<()> {
    let Some(log) = log else {
        return output.line(format_args!(
            "log          none in {} yet",
            dirs.log.display()
        ));
    };
    let unsynced = log.next_offset.since(log.durable_offset);
    let unsynced = match unsynced {
        0 => String::new(),
        records => format!(" and {records} not durable yet"),
    };
    output.line(format_args!(
        "log          {} records{unsynced}, {} bytes in {} segments",
        log.durable_offset.since(log.first_offset),
        log.bytes,
        log.segments
    ))
}

fn text_model(
    output: &mut output::Output,
    dirs: &DataDir,
    log: Option<&LogStat>,
    model: Option<&(AsOf, Status)>,
) -> std::io::Result<()> {
    let Some((as_of, status)) = model else {
        return output.line(format_args!(
            "read model   none in {} yet",
            dirs.model.display()
        ));
    };
    let lag = log.map_or_else(String::new, |log| text_lag(log, as_of));
    output.line(format_args!(
        "read model   generation {}, {} events{lag}",
        status.generation, status.events
    ))?;
    output.line(format_args!(
        "             {} repeats, {} conflicts, {} dead letters, {} suspected gaps",
        status.duplicates, status.conflicts, status.dead_letters, status.gaps
    ))?;
    for source in &status.sources {
        output.line(text_source(source))?;
    }
    Ok(())
}

fn text_source(source: &SourceStatus) -> String {
    let at = source.observed_at;
    let mut line = format!(
        "source       {}: {} events, last at {at}",
        source.source, source.events
    );
    if let Some(status) = source.status {
        line.push_str(&format!(", status {status}"));
    }
    if let (Some(new), Some(overlap)) = (source.new, source.overlap) {
        line.push_str(&format!(", {new} new, {overlap} known before"));
    }
    if let Some(error) = &source.error {
        line.push_str(&format!(", failed: {error}"));
    }
    if let Some(next) = source.next_poll_at.map(|at: Timestamp| at.to_string()) {
        line.push_str(&format!(", next at {next}"));
    }
    if let Some(budget) = source.budget {
        line.push_str(&format!(
            ", {} of {} requests left",
            budget.remaining, budget.limit
        ));
    }
    line
}
