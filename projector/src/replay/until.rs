//! Time travel: the model as it was when the log had come to a record, or to a moment.

use std::path::{Path, PathBuf};

use ghev_event::{Decoder, Timestamp};
use ghev_log::LogCursor;
use ghev_readmodel::{KeptRows, ModelDir, Offset, OpenError};

use super::load::{Loaded, Projecting, ended};
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
        Until::Time(time) => first_observed_after(&mut cursor, time, stop)?,
    };
    drop(cursor);
    let parent = into
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    refuse_taken(into, parent)?;
    space::check(options, convert::to_model(end)?, parent)?;
    let with = Projecting {
        options,
        progress,
        stop,
    };
    load_into(into, end, with)
}

/// Refuses a file that has something in it, and one in a directory that is not there.
fn refuse_taken(into: &Path, parent: &Path) -> Result<(), OpenError> {
    if let Err(source) = std::fs::read_dir(parent) {
        return Err(OpenError::Io {
            action: "write into",
            path: parent.to_path_buf(),
            source,
        });
    }
    if std::fs::metadata(into).is_ok_and(|metadata| !metadata.is_file() || metadata.len() > 0) {
        let path = into.to_path_buf();
        return Err(OpenError::Occupied { path });
    }
    Ok(())
}

/// The file has its name only once it is whole: half of one would be taken for a model of an empty log.
fn load_into(
    into: &Path,
    end: ghev_log::Offset,
    mut with: Projecting<'_>,
) -> Result<UntilSummary, ProjectError> {
    let unfinished = unfinished(into);
    // A replay that was killed has left it.
    ModelDir::remove_database(&unfinished)?;
    let Loaded {
        cursor,
        load,
        folded,
    } = with.load(end, &unfinished, KeptRows::All)?;
    let next_offset = convert::to_model(cursor.offset())?;
    let named = ended(load.seal(next_offset), with.stop).and_then(|()| {
        std::fs::rename(&unfinished, into).map_err(|source| {
            let path = into.to_path_buf();
            let action = "write";
            OpenError::Io {
                action,
                path,
                source,
            }
            .into()
        })
    });
    if let Err(error) = named {
        // A part of a model is worth nothing.
        let _ = ModelDir::remove_database(&unfinished);
        return Err(error);
    }
    Ok(UntilSummary {
        next_offset,
        records: folded.records,
        events: folded.events,
    })
}

/// What the file is called until it is whole.
fn unfinished(into: &Path) -> PathBuf {
    let mut name = into.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

/// The first record that was observed later than `time`, or the watermark. Our own clock may have
/// been set back meanwhile, so this is a walk and no search.
fn first_observed_after(
    cursor: &mut LogCursor,
    time: Timestamp,
    stop: &StopFlag,
) -> Result<ghev_log::Offset, ProjectError> {
    let mut decoder = Decoder::new();
    while let Some(record) = cursor.read()? {
        if stop.is_stopped() {
            return Err(ProjectError::Stopped);
        }
        let heads = decoder.heads(record.payload);
        if heads.is_ok_and(|heads| heads.provenance.observed_at > time) {
            return Ok(record.offset);
        }
    }
    Ok(cursor.offset())
}
