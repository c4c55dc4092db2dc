//! Some projections anew: a copy of a generation in which their tables are emptied and filled again from
//! the log's records, up to where the generation stood. Everything else is the generation's.
//!
//! Which events count is not found out again: those count whose rows are in `events`. So the rows are
//! those of a fold of the whole log, provided that the model has the rows of all its events and the log
//! the records of all of them; [`RebuildSource::obstacle`] says where it has not. Tables that are made of the
//! rows of events alone need neither, nor do those of which another version folds the same. A copy that is not
//! finished is worth nothing. Knows nothing about the log.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use ghev_event::{Event, Timestamp};
use rusqlite::{Connection, params};

use super::copied::{copy_pages, take_over};
use super::file::{CACHE_KIB, checkpoint_of, events_since, open_existing};
use super::{
    Admission, Admit, LastEnvelope, Writer, broken_records, contributor_lists, contributors,
    envelopes, last_envelope, pull_requests, repo_counts, rows, sums, thread_lines, threads,
};
use crate::error::{OpenError, WriteError};
use crate::projection;
use crate::schema::Blueprint;
use crate::{
    Changes, Checkpoint, LogId, Offset, Place, Projection, SUMMED_FROM_EVENTS, VersionDifferences,
    schema,
};

/// A generation that is copied, as it is at one moment: it may be written meanwhile.
#[derive(Debug)]
pub struct RebuildSource {
    path: PathBuf,
    connection: Connection,
    checkpoint: Checkpoint,
    differences: VersionDifferences,
    events_since: Option<Timestamp>,
    records_are_gone: bool,
}

/// Why the tables of one projection cannot be made anew by themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// The model does not tell any more which of the log's events were repeats.
    #[error("the rows of events before {since} were dropped")]
    EventsDropped {
        /// Since when there are rows.
        since: Timestamp,
    },
    /// A newer version of ghev has written tables that this one does not know.
    #[error("this version of ghev does not know the projections {}", names.join(", "))]
    Unknown {
        /// What they are called.
        names: Vec<String>,
    },
}

/// The copy, whose new tables are filled.
pub struct Rebuild {
    path: PathBuf,
    connection: Connection,
    checkpoint: Checkpoint,
    projections: Vec<Projection>,
    /// Those of the projections whose tables are filled from what comes.
    folded: Vec<Projection>,
    summed_from: u64,
}

impl fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Rebuild");
        debug
            .field("path", &self.path)
            .field("projections", &self.projections);
        debug.finish_non_exhaustive()
    }
}

impl RebuildSource {
    /// The model in a file, of this moment.
    ///
    /// # Errors
    /// Where it cannot be opened, is of another schema or made from another log.
    pub fn open(path: &Path, log_id: LogId) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        };
        let connection = open_existing(path).map_err(failed)?;
        let begun = connection.execute_batch("BEGIN");
        begun.map_err(failed)?;
        let checkpoint = checkpoint_of(&connection, path, log_id)?;
        let since = events_since(&connection).map_err(failed)?;
        Ok(Self {
            path: path.to_path_buf(),
            checkpoint,
            differences: VersionDifferences::of(&connection).map_err(failed)?,
            events_since: since.map(Timestamp::from_seconds),
            records_are_gone: false,
            connection,
        })
    }

    /// The log does not have all of its records any more: what another version of ghev has made of them is taken as it
    /// is also where this one would make more of them.
    pub const fn without_records(&mut self) {
        self.records_are_gone = true;
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How far it has come.
    pub const fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// As [`Writer::last_envelope`].
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn last_envelope(&self) -> Result<Option<LastEnvelope>, WriteError> {
        Ok(last_envelope::of(&self.connection)?)
    }

    /// As [`Writer::broken_records`].
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn broken_records(&self) -> Result<Vec<Offset>, WriteError> {
        Ok(broken_records::of(&self.connection)?)
    }

    /// The projections whose tables another version wrote.
    pub fn stale(&self) -> &[Projection] {
        &self.differences.stale
    }

    /// Whether the log's records are needed to make the tables of these projections, and of those that are
    /// stale, anew: some are made of the rows of `events` alone, or of tables that are as they should be.
    pub fn needs_records(&self, wanted: &[Projection]) -> bool {
        !self.folded(wanted).is_empty()
    }

    /// Of these projections, and of those that are stale, the ones that are folded from records.
    fn folded(&self, wanted: &[Projection]) -> Vec<Projection> {
        let alike = if self.records_are_gone {
            &self.differences.folded_nearly_alike
        } else {
            &self.differences.folded_alike
        };
        let stale = self.stale().iter().filter(|of| !alike.contains(of));
        let all = wanted.iter().chain(stale).copied();
        sorted(all.filter(|of| !of.is_of_rows()))
    }

    /// What is in the way of making the tables of some projections, and of those that are stale, anew and
    /// leaving the others, if anything is.
    pub fn obstacle(&self, wanted: &[Projection]) -> Option<Obstacle> {
        if let Some(since) = self.events_since.filter(|_| self.needs_records(wanted)) {
            return Some(Obstacle::EventsDropped { since });
        }
        let names = &self.differences.unknown;
        (!names.is_empty()).then(|| Obstacle::Unknown {
            names: names.clone(),
        })
    }

    /// Copies it into a file that does not exist, or is empty, where the tables of these projections and of those
    /// that are stale are empty then, but for what another version has folded as this one does. `None` where
    /// `goes_on` says no; what is in the file is worth nothing then, and where this fails.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn copy(
        self,
        into: &Path,
        wanted: &[Projection],
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Rebuild>, WriteError> {
        let projections = sorted(wanted.iter().chain(self.stale()).copied());
        let folded = self.folded(wanted);
        let mut connection = Connection::open(into)?;
        if !copy_pages(&self.connection, &mut connection, goes_on)? {
            return Ok(None);
        }
        // Nobody reads the file before it is finished, and one that is cut off is begun anew.
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(32);
        let blueprint = Blueprint::new()?;
        connection.execute_batch("BEGIN")?;
        for of in &projections {
            for table in of.tables() {
                if !folded.contains(of) && of.folded_tables().contains(table) {
                    take_over(table, &blueprint, &connection)?;
                } else {
                    connection.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
                    blueprint.create(table, &connection)?;
                }
            }
        }
        Ok(Some(Rebuild {
            path: into.to_path_buf(),
            connection,
            checkpoint: self.checkpoint,
            projections,
            folded,
            summed_from: SUMMED_FROM_EVENTS,
        }))
    }
}

fn sorted(projections: impl Iterator<Item = Projection>) -> Vec<Projection> {
    let mut projections: Vec<_> = projections.collect();
    projections.sort_unstable();
    projections.dedup();
    projections
}

impl Rebuild {
    /// Up to which record the tables must be filled: those below it, each once, in order, unless
    /// [`Rebuild::needs_records`] says that none is needed.
    pub const fn next_offset(&self) -> Offset {
        self.checkpoint.next_offset
    }

    /// Whose tables are made anew.
    pub fn projections(&self) -> &[Projection] {
        &self.projections
    }

    /// Those of them whose tables are filled: only what these have folded is added.
    pub fn folded(&self) -> &[Projection] {
        &self.folded
    }

    /// As [`Writer::sum_from`].
    pub const fn sum_from(&mut self, events: u64) {
        self.summed_from = events;
    }

    /// Whether there is anything to fold: where not, no record has to be seen.
    pub const fn needs_records(&self) -> bool {
        !self.folded.is_empty()
    }

    /// Adds what was folded.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn add(&mut self, changes: &Changes) -> Result<(), WriteError> {
        self.folded
            .iter()
            .try_for_each(|&of| rows::add_of(of, &self.connection, changes))?;
        Ok(())
    }

    /// Ends it: all records were seen. The file is a model, which can be written on.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn finish(self) -> Result<Writer, WriteError> {
        let Self {
            path,
            connection,
            checkpoint,
            projections,
            folded,
            summed_from,
        } = self;
        if projections.contains(&Projection::Threads) {
            threads::fill(&connection)?;
        }
        schema::mend_indexes(&connection)?;
        if folded.contains(&Projection::Envelopes) {
            envelopes::count_polls(&connection)?;
        } else if projections.contains(&Projection::Envelopes) {
            envelopes::count_known_polls(&connection)?;
        }
        if projections.contains(&Projection::Contributors) {
            contributors::make_all(&connection, summed_from)?;
        }
        if projections.contains(&Projection::PullRequests) {
            pull_requests::make_gaps(&connection, summed_from)?;
        }
        if projections.contains(&Projection::Threads) {
            thread_lines::make_all(&connection, summed_from)?;
        }
        if projections.contains(&Projection::Sums) {
            sums::make_all(&connection, summed_from)?;
        }
        if projections.contains(&Projection::ContributorLists) {
            contributor_lists::make_all(&connection, summed_from)?;
        }
        if projections.contains(&Projection::RepoCounts) {
            repo_counts::make_all(&connection, summed_from)?;
        }
        projection::note(&connection, &projections)?;
        let dead = "UPDATE checkpoint SET dead = (SELECT count(*) FROM dead_letters)";
        connection.execute(dead, [])?;
        connection.execute_batch("COMMIT")?;
        connection.close().map_err(|(_, error)| error)?;
        File::open(&path)?.sync_all()?;
        Ok(Writer::open_file(&path, checkpoint.log_id)?)
    }
}

impl Admit for Rebuild {
    /// An event is new where its place has a row. Of what kind a repeat is nobody asks: they were
    /// counted.
    fn admit_record(
        &mut self,
        offset: Offset,
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), WriteError> {
        admissions.clear();
        admissions.resize(events.len().min(1 << 16), Admission::Duplicate);
        let places = [Place::new(offset, 0), Place::new(offset, u16::MAX)].map(Place::to_sql);
        let rows = "SELECT place FROM events WHERE place BETWEEN ?1 AND ?2";
        let mut rows = self.connection.prepare_cached(rows)?;
        let mut rows = rows.query(params![places[0], places[1]])?;
        while let Some(row) = rows.next()? {
            let index = Place::from_sql(row.get(0)?).index();
            if let Some(admission) = admissions.get_mut(usize::from(index)) {
                *admission = Admission::New;
            }
        }
        Ok(())
    }
}
