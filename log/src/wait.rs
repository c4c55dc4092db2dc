//! Waits for the watermark file to change, so that a cursor need not ask for it all the time.
//! Knows nothing about what the file holds: the caller looks after each wait.
//!
//! The operating system's notices wake it. Where there are none (a network filesystem, no inotify
//! instance left) it falls back to looking again after a while.

use std::{
    path::Path,
    sync::mpsc::{self, Receiver, SyncSender},
    time::Duration,
};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

/// How long a missed notice may delay a wait.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The same where notices cannot be had.
const UNNOTIFIED_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A subscription to one file's changes.
#[derive(Debug)]
pub(crate) struct Waiter {
    changes: Receiver<()>,
    // Held so that the channel stays open, watcher or not: a wait then ends by its time.
    _open: SyncSender<()>,
    watcher: Option<RecommendedWatcher>,
}

impl Waiter {
    /// Subscribes to the file's changes from now on: look at the file after this, not only before.
    pub(crate) fn subscribe(path: &Path) -> Self {
        // One notice waiting says it all; more would only be looked at one by one.
        let (sender, changes) = mpsc::sync_channel(1);
        Self {
            changes,
            watcher: watch(path, sender.clone()).ok(),
            _open: sender,
        }
    }

    /// Blocks until the file may have changed since the last wait, at most this long.
    pub(crate) fn wait(&self, at_most: Duration) {
        let interval = match self.watcher {
            Some(_) => POLL_INTERVAL,
            None => UNNOTIFIED_POLL_INTERVAL,
        };
        // Woken or not, the caller looks at the file next.
        let _woken = self.changes.recv_timeout(at_most.min(interval));
    }
}

fn watch(path: &Path, changes: SyncSender<()>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Being opened by a reader is a notice too, but no change.
        if event.map_or(true, |event| !event.kind.is_access()) {
            // A full channel already holds a notice.
            let _full = changes.try_send(());
        }
    })?;
    watcher.watch(path, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
