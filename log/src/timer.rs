//! Waiting until something is due, as something that tests can turn. Knows nothing about what is
//! done then.

use std::{
    fmt::Debug,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Something was left to be done later, since then.
    Pending(Instant),
    /// The time is over: it is due.
    Due,
    /// There is nothing to wait for any more.
    Stop,
}

/// Waits for words, or for the time to pass.
pub(crate) trait Timer: Debug + Send {
    /// Blocks until there is a word, or at most this long where a time is given.
    fn wait(&self, wakes: &Receiver<Wake>, at_most: Option<Duration>) -> Wake;
}

/// The machine's time.
#[derive(Debug)]
pub(crate) struct SystemTimer;

impl Timer for SystemTimer {
    fn wait(&self, wakes: &Receiver<Wake>, at_most: Option<Duration>) -> Wake {
        let Some(at_most) = at_most else {
            return wakes.recv().unwrap_or(Wake::Stop);
        };
        match wakes.recv_timeout(at_most) {
            Ok(wake) => wake,
            Err(RecvTimeoutError::Timeout) => Wake::Due,
            Err(RecvTimeoutError::Disconnected) => Wake::Stop,
        }
    }
}
