//! Is the current generation what the log makes of it? A replay into a scratch file tells.

use std::path::{Path, PathBuf};

use ghev_readmodel::{
    IndexFault, KeptRows, ModelDir, Offset, OpenError, ReadError, RowDifference, TableHashes,
};

use super::load::{Projecting, ended};
use super::progress::ReplayProgress;
use super::space;
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert, history};

/// The file that is compared; a name that no generation has.
const SCRATCH: &str = "check.db";

/// Where that is.
pub(super) fn scratch(dir: &ModelDir) -> PathBuf {
    dir.path().join(SCRATCH)
}

/// What the comparison found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Both were compared as of this: the first record that neither has.
    pub next_offset: Offset,
    /// The first record that the log still has: what was trimmed before it cannot be compared.
    pub first_offset: Offset,
    /// The tables that differ, by name.
    pub differing: Vec<String>,
    /// The first rows of each in which the current generation (the first) and the replay (the second)
    /// differ. None where the projector has gone on meanwhile.
    pub rows: Vec<(String, RowDifference)>,
    /// The indexes that the current generation does not have as it should, by name.
    pub indexes: Vec<(String, IndexFault)>,
}

impl CheckReport {
    /// Whether the current generation is what the log makes of it.
    pub fn is_good(&self) -> bool {
        self.differing.is_empty() && self.indexes.is_empty()
    }
}

/// How many rows of a table are named.
const ROWS_MAX: usize = 5;

/// Replays the log into a scratch file up to where the current generation stands, and compares
/// every table, and which indexes there are. The projector may go on meanwhile. Blocks the calling thread.
///
/// # Errors
/// Where there is no read model, it is of another log or has more of it than there is, and as [`replay`](super::replay()).
pub fn check(
    options: &ProjectorOptions,
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<CheckReport, ProjectError> {
    let dir = options.model();
    let _lock = dir.lock_replay()?;
    let (_, live_path) = dir.current_file()?.ok_or_else(|| ReadError::NotReady {
        dir: options.model_dir.clone(),
    })?;
    let live = TableHashes::of(&live_path)?;
    space::check(options, live.checkpoint.next_offset, dir.path())?;
    let scratch = scratch(&dir);
    ModelDir::remove_database(&scratch)?;
    let compared = compare(
        &scratch,
        (&live_path, &live),
        Projecting {
            options,
            progress,
            stop,
        },
    );
    let removed = ModelDir::remove_database(&scratch);
    let report = compared?;
    removed?;
    Ok(report)
}

fn compare(
    scratch: &Path,
    (live_path, live): (&Path, &TableHashes),
    mut with: Projecting<'_>,
) -> Result<CheckReport, ProjectError> {
    let mut cursor = open_log(with.options)?;
    let first_offset = convert::to_model(cursor.first_offset()?)?;
    let next_offset = live.checkpoint.next_offset;
    let until = convert::to_log(next_offset);
    let expected = convert::log_id(cursor.log_id());
    if live.checkpoint.log_id != expected {
        return Err(OpenError::ForeignLog {
            path: live_path.to_path_buf(),
            found: live.checkpoint.log_id,
            expected,
        }
        .into());
    }
    // In which records the two differ is what is to be found out.
    history::check(&mut cursor, next_offset, None, live_path)?;
    drop(cursor);
    let kept = live.events_since.map_or(KeptRows::All, KeptRows::Since);
    let load = with.load(until, scratch, kept)?.load;
    ended(load.seal(next_offset), with.stop)?;
    let right = TableHashes::of(scratch)?;
    let (differing, indexes) = (live.differing(&right), live.index_faults(&right));
    let mut rows = Vec::new();
    for table in &differing {
        let of_table = RowDifference::first_of(table, live_path, scratch, ROWS_MAX)?;
        let of_table = of_table.into_iter().flatten();
        rows.extend(of_table.map(|row| (table.clone(), row)));
    }
    Ok(CheckReport {
        next_offset,
        first_offset,
        differing,
        rows,
        indexes,
    })
}
