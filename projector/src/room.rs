//! A disk that is full: what is folded then waits until there is room again. Knows nothing about what takes it.

use std::time::Duration;

use crate::{ProjectError, StopFlag};

/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether there is room, as far as was seen.
#[derive(Debug, Default)]
pub(crate) struct Room {
    is_awaited: bool,
}

impl Room {
    /// Waits a while for room; `false` where that was stopped.
    pub(crate) fn wait(&mut self, error: &ProjectError, stop: &StopFlag) -> bool {
        if !self.is_awaited {
            tracing::warn!(reason = %error, "the read model takes nothing for now: projecting waits until there is space");
            self.is_awaited = true;
        }
        !stop.wait(PAUSE)
    }

    /// Whether nothing has been written since the last wait.
    pub(crate) const fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Something was written.
    pub(crate) fn found(&mut self) {
        if std::mem::take(&mut self.is_awaited) {
            tracing::info!("there is space again: projecting goes on");
        }
    }
}
