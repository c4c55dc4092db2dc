//! When which checkpoint is due, and who waits for it. Knows nothing about how one is made.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::super::file;
use super::worker::{Failure, Mode, WalPages, Worker, connect};

/// How many pages the WAL may have before something is done.
#[derive(Debug, Clone, Copy)]
pub(in crate::writer) struct Limits {
    /// New ones since the last checkpoint, for another beside commits.
    pub(super) step: u32,
    /// In all, for one that batches wait for.
    pub(super) restart: u32,
}

impl Limits {
    /// A page that many commits change is moved once in 16 MiB. The WAL has 64 MiB before a batch waits.
    pub(in crate::writer) const USUAL: Self = Self {
        step: 4_096,
        restart: 16_384,
    };
}

/// Why checkpoints are no longer made beside commits: commits make them, and take longer.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot move the write-ahead log into {} beside commits: {source}; \
     commits do it from now on, which takes longer", path.display()
)]
pub struct CheckpointingError {
    /// The file.
    path: PathBuf,
    /// What SQLite or the system said.
    source: Failure,
}

/// What a writer has to do with checkpoints.
#[derive(Debug)]
pub(in crate::writer) struct Checkpointer {
    path: PathBuf,
    pub(super) limits: Limits,
    pub(super) state: State,
    /// How many pages the WAL had at the last order.
    pub(super) ordered_at: u32,
    /// Whether something of the WAL that was there at the last order could not be moved: it is read.
    held: bool,
    failure: Option<CheckpointingError>,
}

#[derive(Debug)]
pub(super) enum State {
    NotStarted,
    Works(Worker),
    /// The writer's connection makes its own checkpoints.
    Failed,
}

impl Checkpointer {
    /// For the writer of the file at `path`, whose connection must make none of its own.
    pub(in crate::writer) fn new(path: &Path, limits: Limits) -> Self {
        Self {
            path: path.to_path_buf(),
            limits,
            state: State::NotStarted,
            ordered_at: 0,
            held: false,
            failure: None,
        }
    }

    /// Why it has failed, once.
    pub(in crate::writer) const fn take_failure(&mut self) -> Option<CheckpointingError> {
        self.failure.take()
    }

    /// Called after each commit of `writer`: orders a checkpoint where one is due and none is being made.
    pub(in crate::writer) fn committed(&mut self, writer: &Connection) {
        if let Err(error) = self.order_due(writer) {
            self.fail(writer, error);
        }
    }

    /// Called before each batch of `writer`: waits for a restart that is being made.
    pub(in crate::writer) fn before_batch(&mut self, writer: &Connection) {
        if let State::Works(worker) = &self.state
            && worker.ordered == Some(Mode::Restart)
        {
            self.wait(writer);
        }
    }

    /// Waits for the checkpoint that is being made, if there is one.
    pub(in crate::writer) fn wait(&mut self, writer: &Connection) {
        if let State::Works(worker) = &mut self.state
            && worker.ordered.is_some()
        {
            match worker.finished() {
                Ok(pages) => self.note(pages),
                Err(error) => self.fail(writer, error),
            }
        }
    }

    fn order_due(&mut self, writer: &Connection) -> Result<(), Failure> {
        if let State::Works(worker) = &mut self.state
            && worker.ordered.is_some()
        {
            match worker.finished_already()? {
                Some(pages) => self.note(pages),
                None => return Ok(()),
            }
        }
        if matches!(self.state, State::Failed) {
            return Ok(());
        }
        let written = WalPages::of(writer)?.written;
        let Some(mode) = self.due(written) else {
            return Ok(());
        };
        if matches!(self.state, State::NotStarted) {
            self.state = State::Works(Worker::start(connect(&self.path)?)?);
        }
        if let State::Works(worker) = &mut self.state {
            worker.order(mode)?;
            self.ordered_at = written;
        }
        Ok(())
    }

    /// What is to be done with a WAL of so many pages.
    fn due(&mut self, written: u32) -> Option<Mode> {
        if written < self.ordered_at {
            // It has begun anew, which no reader keeps it from.
            self.ordered_at = 0;
            self.held = false;
        }
        let Limits { step, restart } = self.limits;
        let is_long = written >= restart && !self.held;
        if is_long && self.ordered_at >= restart {
            Some(Mode::Restart)
        } else if is_long || written - self.ordered_at >= step {
            Some(Mode::Passive)
        } else {
            None
        }
    }

    const fn note(&mut self, pages: WalPages) {
        self.held = pages.busy || pages.moved < self.ordered_at;
    }

    fn fail(&mut self, writer: &Connection, source: Failure) {
        self.state = State::Failed;
        self.failure = Some(CheckpointingError {
            path: self.path.clone(),
            source,
        });
        // Setting it touches no file.
        let _ = file::checkpoint_in_commits(writer);
    }
}
