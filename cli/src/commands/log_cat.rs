//! `ghev log cat`: what the log holds, as it came.

use std::io;

use ghev_event::codec::Heads;
use ghev_event::{Decoder, Envelope, Event, Origin};
use ghev_log::{LogCursor, Offset};
use serde_json::{Value, json};

use super::{DataDir, output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Which records and events are printed.
#[derive(Debug)]
pub(crate) struct Selection {
    from: Option<Offset>,
    to: Option<Offset>,
    kinds: Vec<String>,
    repo: Option<String>,
}

impl Selection {
    /// Records `from <= offset < to`; of these, events of any of the `kinds` (all where there are
    /// none) and of `repo`, whose case does not matter.
    pub(crate) fn new(
        from: Option<u64>,
        to: Option<u64>,
        kinds: Vec<String>,
        repo: Option<String>,
    ) -> Self {
        Self {
            from: from.map(Offset::new),
            to: to.map(Offset::new),
            kinds,
            repo: repo.map(|name| name.to_lowercase()),
        }
    }

    fn takes(&self, event: &Event<'_>) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.kind.name());
        let repo = self.repo.as_ref().is_none_or(|wanted| {
            let name = event.repo.as_ref().and_then(|repo| repo.name.as_deref());
            name.is_some_and(|name| name.to_lowercase() == *wanted)
        });
        kind && repo
    }
}

/// Prints events, or with `envelopes` where each record came from. A record that does not decode is
/// named on standard error, the others are printed all the same, and the exit code tells.
pub(crate) fn run(
    dirs: &DataDir,
    selection: &Selection,
    envelopes: bool,
) -> Result<Exit, CommandError> {
    let mut cursor = match selection.from {
        Some(from) => LogCursor::open(&dirs.log, from)?,
        None => from_the_first(dirs)?,
    };
    let mut decoder = Decoder::new();
    let mut output = output::stdout();
    let mut exit = Exit::Done;
    while let Some(record) = cursor.read()? {
        if selection.to.is_some_and(|to| record.offset >= to) {
            break;
        }
        match decoder.envelope(record.payload) {
            Ok(envelope) if envelopes => output.line(provenance(record.offset, &envelope.heads)),
            Ok(envelope) => print_events(&mut output, selection, &envelope),
            Err(error) => {
                tracing::error!("record {} is no envelope: {error}", record.offset);
                exit = Exit::DamagedLog;
                Ok(())
            }
        }
        .map_err(CommandError::Output)?;
    }
    output.flush().map_err(CommandError::Output)?;
    Ok(exit)
}

/// A cursor at the log's first record, wherever trimming has left that.
pub(crate) fn from_the_first(dirs: &DataDir) -> Result<LogCursor, CommandError> {
    let first = ghev_log::stat(&dirs.log)?.first_offset;
    Ok(LogCursor::open(&dirs.log, first)?)
}

fn print_events(
    output: &mut output::Output,
    selection: &Selection,
    envelope: &Envelope<'_>,
) -> io::Result<()> {
    for (event, raw) in envelope.heads.events.iter().zip(&envelope.raw) {
        if selection.takes(event) {
            output.write(raw)?;
            output.write(b"\n")?;
        }
    }
    Ok(())
}

fn provenance(offset: Offset, heads: &Heads<'_>) -> Value {
    let provenance = &heads.provenance;
    let gaps: Vec<Value> = provenance
        .gaps
        .iter()
        .map(|gap| {
            json!({
                "from": gap.from.map(|from| from.to_string()),
                "to": gap.to.to_string(),
                "reason": gap.reason.name(),
            })
        })
        .collect();
    json!({
        "offset": offset.get(),
        "source": provenance.source.to_string(),
        "observed_at": provenance.observed_at.to_string(),
        "events": heads.events.len(),
        "rejected": heads.rejects.len(),
        "gaps": gaps,
        "origin": origin(&provenance.origin),
    })
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Import(import) => json!({
            "file": import.file,
            "first_line": import.first_line,
            "last_line": import.last_line,
            "end": import.end.map(|end| json!({
                "bytes": end.bytes,
                "modified": end.modified.map(|at| at.to_string()),
                "digest": hex(&end.digest),
                "events": end.events,
                "rejected": end.rejected,
                "from_offset": end.from_offset,
            })),
        }),
        Origin::Poll(poll) => json!({
            "path": poll.path,
            "page": poll.page,
            "last_page": poll.last_page,
            "status": poll.status,
            "error": poll.error,
            "etag": poll.etag,
            "received": poll.received,
            "new": poll.new,
            "duplicate": poll.duplicate,
            "conflicting": poll.conflicting,
            "overlap": poll.overlap,
            "first_shown": poll.first_shown.len(),
            "latency_ms": poll.latency_ms,
            "poll_interval_seconds": poll.poll_interval_seconds,
            "next_poll_at": poll.next_poll_at.map(|at| at.to_string()),
            "budget": poll.budget.map(output::json_budget),
            "unrecorded_polls": poll.unrecorded.polls,
            "unrecorded_received": poll.unrecorded.received,
        }),
    }
}

fn hex(digest: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*digest))
}
