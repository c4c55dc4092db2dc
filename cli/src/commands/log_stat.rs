//! `ghev log stat`: how large the log is, and how many events it holds.

use ghev_event::Decoder;
use serde_json::json;

use super::{DataDir, log_cat, output};
use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;

/// Counts events by their heads; a record that is no envelope has none and is named on standard
/// error.
pub(crate) fn run(dirs: &DataDir, format: OutputFormat) -> Result<Exit, CommandError> {
    let stat = ghev_log::stat(&dirs.log)?;
    let events = count_events(dirs)?;
    let (first, next) = (stat.first_offset.get(), stat.next_offset.get());
    let durable = stat.durable_offset.get();
    match format {
        OutputFormat::Json => {
            let mut document = output::json_log(&stat);
            document["events"] = json!(events);
            output::json_document(&document)
        }
        OutputFormat::Text => output::to_stdout(|output| {
            output.line(format_args!("log      {}", stat.log_id))?;
            output.line(format_args!(
                "records  {first} to {next} (not including), durable to {durable}"
            ))?;
            output.line(format_args!("events   {events}"))?;
            output.line(format_args!(
                "size     {} bytes in {} segments",
                stat.bytes, stat.segments
            ))
        }),
    }
}

fn count_events(dirs: &DataDir) -> Result<u64, CommandError> {
    let mut cursor = log_cat::from_the_first(dirs)?;
    let mut decoder = Decoder::new();
    let mut events = 0;
    while let Some(record) = cursor.read()? {
        match decoder.heads(record.payload) {
            Ok(heads) => events += heads.events.len() as u64,
            Err(error) => tracing::error!("record {} is no envelope: {error}", record.offset),
        }
    }
    Ok(events)
}
