//! Where an import's records go: into the log by its own hand, or through whoever holds it. Knows
//! nothing about what is in them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ghev_log::{LogWriter, Offset, OpenError};

use super::ImportOptions;
use super::held::Held;
use crate::ImportError;
use crate::inbox::{Answer, Delivery};
use crate::log_tail::Extent;

/// Between two looks whether the log is free or its holder listens.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A holder may end or be restarted in the middle of an import a few times, not without end.
const UNANSWERED_MAX: u32 = 10;

/// A log that can be appended to, in whichever way.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    options: ImportOptions,
    way: Way,
    /// Offers in a row of which nobody knows what became.
    unanswered: u32,
}

#[derive(Debug)]
enum Way {
    Held(Held),
    Holder(Delivery),
}

/// What became of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Appended {
    /// They are durable; the log ends here.
    To(Offset),
    /// They are not, or nobody knows: the log ends here, and what came since is to be read first.
    Unknown(Offset),
}

impl Store {
    /// Opens the log in `dir`, which is created where there is none, or reaches its holder.
    pub(super) fn open(dir: &Path, options: &ImportOptions) -> Result<Self, ImportError> {
        Ok(Self {
            dir: dir.to_path_buf(),
            options: options.clone(),
            way: Way::open(dir, options)?,
            unanswered: 0,
        })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Which log it is, and where it begins and ends.
    pub(super) fn extent(&self) -> Result<Extent, ImportError> {
        if let Way::Held(log) = &self.way {
            return Ok(log.extent());
        }
        Ok(Extent::of_another(&self.dir)?)
    }

    /// Appends the records durably if the log ends at `at`, up to where the caller has read it.
    pub(super) fn append<R: AsRef<[u8]>>(
        &mut self,
        at: Offset,
        records: &[R],
    ) -> Result<Appended, ImportError> {
        let delivery = match &mut self.way {
            Way::Held(log) => return Ok(log.append(at, records)?),
            Way::Holder(delivery) => delivery,
        };
        let answer = delivery.offer(at, records);
        self.unanswered = if answer.is_ok() {
            0
        } else {
            self.unanswered + 1
        };
        match answer {
            Ok(Answer::Appended(next)) => Ok(Appended::To(next)),
            Ok(Answer::Moved(next)) => Ok(Appended::Unknown(next)),
            Ok(Answer::Refused(reason)) => Err(self.refused(reason)),
            Err(error) if self.unanswered >= UNANSWERED_MAX => {
                Err(self.refused(format!("it ended the connection again and again: {error}")))
            }
            Err(error) => {
                tracing::info!(%error, "the log's holder went away; going on with the log as it is");
                self.way = Way::open(&self.dir, &self.options)?;
                Ok(Appended::Unknown(self.extent()?.next))
            }
        }
    }

    fn refused(&self, reason: String) -> ImportError {
        let dir = self.dir.clone();
        ImportError::Refused { dir, reason }
    }

    pub(super) fn close(self) -> Result<(), ImportError> {
        match self.way {
            Way::Held(log) => Ok(log.close()?),
            Way::Holder(_) => Ok(()),
        }
    }
}

impl Way {
    /// The holder may be about to listen, or to let go.
    fn open(dir: &Path, options: &ImportOptions) -> Result<Self, ImportError> {
        let (until, mut said) = (Instant::now() + options.patience, false);
        loop {
            match LogWriter::open(dir, options.log) {
                Ok(writer) => {
                    let clock = Arc::clone(&options.clock);
                    return Ok(Self::Held(Held::new(dir, writer, clock)));
                }
                Err(OpenError::Locked { .. }) => {}
                Err(error) => return Err(ImportError::Open(error)),
            }
            match Delivery::connect(dir) {
                Ok(delivery) => {
                    tracing::info!("another process holds the log: it appends what is imported");
                    return Ok(Self::Holder(delivery));
                }
                Err(reason) if Instant::now() >= until || !may_pass(&reason) => {
                    let dir = dir.to_path_buf();
                    return Err(ImportError::Locked { dir, reason });
                }
                Err(_) => {
                    if !std::mem::replace(&mut said, true) {
                        tracing::info!(log = %dir.display(), seconds = options.patience.as_secs(),
                            "another process holds the log and takes in no imports yet; waiting for it");
                    }
                    std::thread::park_timeout(LOOK_INTERVAL);
                }
            }
        }
    }
}

fn may_pass(reason: &io::Error) -> bool {
    !matches!(
        reason.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidData
    )
}
