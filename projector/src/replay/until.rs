//! Time travel: the model as it was when the log had come to a record, or to a moment.

use std::path::Path;

use ghev_event::{Decoder, Timestamp};
use ghev_log::LogCursor;
use ghev_readmodel::{ModelDir, Offset};

use super::load::{Loaded, Projecting};
use super::progress::ReplayProgress;
use super::space;
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert};

/// Where to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Before this record.
    Offset(Offset),
    /// Before the first record that was observed later than this.
    Time(Timestamp),
}

/// What was folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntilSummary {
    /// The first record that the file does not have.
    pub next_offset: Offset,
    /// How many records were folded.
    pub records: u64,
    /// How many events they hold, new to the model or not.
    pub events: u64,
}

/// Replays the log up to `until`, at most to its watermark, into the new file `into`. Blocks the
/// calling thread.
///
/// # Errors
/// Where `into` has something in it already, and as [`replay`](super::replay()).
pub fn until(
    options: &ProjectorOptions,
    until: Until,
    into: &Path,
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<UntilSummary, ProjectError> {
    let mut cursor = open_log(options)?;
    let end = match until {
        Until::Offset(offset) => convert::to_log(offset).min(cursor.watermark()?),
        Until::Time(time) => first_observed_after(&mut cursor, time)?,
    };
    drop(cursor);
    let parent = into
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    space::check(options, convert::to_model(end)?, parent)?;
    let with = Projecting {
        options,
        progress,
        stop,
    };
    load_into(into, end, with)
}

fn load_into(
    into: &Path,
    end: ghev_log::Offset,
    mut with: Projecting<'_>,
) -> Result<UntilSummary, ProjectError> {
    let Loaded {
        cursor,
        load,
        folded,
    } = with.load(end, into)?;
    let next_offset = convert::to_model(cursor.offset())?;
    if let Err(error) = load.seal(next_offset) {
        // A part of a model is worth nothing, and would be in the way of the next attempt.
        let _ = ModelDir::remove_database(into);
        return Err(error.into());
    }
    Ok(UntilSummary {
        next_offset,
        records: folded.records,
        events: folded.events,
    })
}

/// The first record that was observed later than `time`, or the watermark. Our own clock may have
/// been set back meanwhile, so this is a walk and no search.
fn first_observed_after(
    cursor: &mut LogCursor,
    time: Timestamp,
) -> Result<ghev_log::Offset, ProjectError> {
    let mut decoder = Decoder::new();
    while let Some(record) = cursor.read()? {
        let heads = decoder.heads(record.payload);
        if heads.is_ok_and(|heads| heads.provenance.observed_at > time) {
            return Ok(record.offset);
        }
    }
    Ok(cursor.offset())
}
