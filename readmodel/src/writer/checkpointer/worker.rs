//! The thread that makes checkpoints, with a connection of its own. Knows nothing about when one is due.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::super::file;

/// How long a restart waits for readers that are still in the WAL, while a batch waits for it: they are
/// there for microseconds, or for so long that it is not worth it.
const PATIENCE: Duration = Duration::from_millis(10);

/// Why the thread cannot go on.
pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Moves what can be moved, beside commits and readers.
    Passive,
    /// Moves everything while nobody writes: the next commit begins the WAL anew.
    Restart,
}

impl Mode {
    pub(super) const fn pragma(self) -> &'static str {
        match self {
            Self::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Self::Restart => "PRAGMA wal_checkpoint(RESTART)",
        }
    }
}

/// What is in the WAL, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WalPages {
    /// Whether readers or another checkpoint were in the way.
    pub(super) busy: bool,
    /// All.
    pub(super) written: u32,
    /// Those that were moved into the file.
    pub(super) moved: u32,
}

impl WalPages {
    /// Of this moment; nothing is moved.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        Self::after("PRAGMA wal_checkpoint(NOOP)", connection)
    }

    pub(super) fn after(pragma: &str, connection: &Connection) -> rusqlite::Result<Self> {
        // What is not known is -1.
        let pages = |number: i64| u32::try_from(number).unwrap_or(0);
        connection.prepare_cached(pragma)?.query_row([], |row| {
            Ok(Self {
                busy: row.get(0)?,
                written: pages(row.get(1)?),
                moved: pages(row.get(2)?),
            })
        })
    }
}

/// A connection that makes checkpoints, and nothing else.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = file::open_existing(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", file::WAL_KEPT_BYTES)?;
    Ok(connection)
}

/// The thread. It ends when it is dropped, after what it is at.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) orders: Option<SyncSender<Mode>>,
    pub(super) reports: Receiver<rusqlite::Result<WalPages>>,
    pub(super) ordered: Option<Mode>,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (orders, to_do) = mpsc::sync_channel::<Mode>(1);
        let (done, reports) = mpsc::sync_channel(1);
        let work = move || {
            for mode in to_do {
                let pages = WalPages::after(mode.pragma(), &connection);
                if done.send(pages).is_err() {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("checkpointer".to_owned())
            .spawn(work)?;
        Ok(Self {
            orders: Some(orders),
            reports,
            ordered: None,
            thread: Some(thread),
        })
    }

    pub(super) fn order(&mut self, mode: Mode) -> Result<(), Failure> {
        let orders = self.orders.as_ref().expect("there until it is dropped");
        orders.send(mode).map_err(|_| DEAD)?;
        self.ordered = Some(mode);
        Ok(())
    }

    pub(super) fn finished(&mut self) -> Result<WalPages, Failure> {
        let report = self.reports.recv().map_err(|_| DEAD)?;
        self.ordered = None;
        Ok(report?)
    }

    pub(super) fn finished_already(&mut self) -> Result<Option<WalPages>, Failure> {
        match self.reports.try_recv() {
            Ok(report) => {
                self.ordered = None;
                Ok(Some(report?))
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(DEAD.into()),
        }
    }
}

pub(super) const DEAD: &str = "its thread has ended";

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A panic was told where it happened, and its end noticed.
            let _ = thread.join();
        }
    }
}
