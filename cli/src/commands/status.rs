//! `ghev status`: what a look at a data directory tells, whether or not any service is running.

use ghev_event::Timestamp;
use ghev_log::LogStat;
use ghev_readmodel::{AsOf, ModelDir, Reader, SourceStatus, Status};
use serde_json::{Value, json};

use super::{DataDir, output};
use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;

/// What there is. A part that does not exist yet is `null` in JSON and said in text.
pub(crate) fn run(dirs: &DataDir, format: OutputFormat) -> Result<Exit, CommandError> {
    let log = match ghev_log::stat(&dirs.log) {
        Ok(stat) => Some(stat),
        Err(ghev_log::ReadError::NoLog { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let mut reader = Reader::new(ModelDir::new(&dirs.model));
    let model = match reader.snapshot() {
        Ok(snapshot) => Some((*snapshot.as_of(), snapshot.status()?)),
        Err(ghev_readmodel::ReadError::NotReady { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    match format {
        OutputFormat::Json => output::json_document(&json_status(log.as_ref(), model.as_ref())),
        OutputFormat::Text => output::to_stdout(|output| {
            text_log(output, dirs, log.as_ref())?;
            text_model(output, dirs, log.as_ref(), model.as_ref())
        }),
    }
}

/// Durable records that the model does not have yet.
fn lag(log: Option<&LogStat>, as_of: &AsOf) -> Option<u64> {
    let behind = |log: &LogStat| {
        let next = as_of.checkpoint.next_offset.get();
        log.durable_offset.get().saturating_sub(next)
    };
    log.map(behind)
}

fn json_status(log: Option<&LogStat>, model: Option<&(AsOf, Status)>) -> Value {
    json!({
        "log": log.map(output::json_log),
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
    output.line(format_args!(
        "log          {} records, {} bytes in {} segments",
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
    let lag = lag(log, as_of).map_or_else(String::new, |lag| format!(", {lag} records behind"));
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
