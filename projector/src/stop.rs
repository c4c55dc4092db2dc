//! How a projector is told to end. Knows nothing about signals.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A switch that is turned once. All its clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl StopFlag {
    /// A switch that is not turned.
    pub fn new() -> Self {
        Self::default()
    }

    /// Turns it: whoever waits goes on at once.
    pub fn stop(&self) {
        *self
            .inner
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.changed.notify_all();
    }

    /// Whether it is turned.
    pub fn is_stopped(&self) -> bool {
        *self
            .inner
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is turned, at most for `timeout`; whether it is.
    pub fn wait(&self, timeout: Duration) -> bool {
        let stopped = self
            .inner
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .inner
            .changed
            .wait_timeout_while(stopped, timeout, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_goes_on_when_a_clone_is_turned() {
        let stop = StopFlag::new();
        assert!(!stop.wait(Duration::ZERO));
        let waiter = std::thread::spawn({
            let stop = stop.clone();
            move || stop.wait(Duration::from_secs(60))
        });
        stop.stop();
        assert!(waiter.join().unwrap());
        assert!(stop.is_stopped());
    }
}
