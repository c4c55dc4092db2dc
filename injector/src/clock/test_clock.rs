//! A clock that jumps to the end of every wait, so that hours pass in no time.

use std::sync::Mutex;
use std::time::Duration;

use ghev_event::Timestamp;

use super::{Clock, Wait, later};

/// Starts at a fixed instant; a wait moves it.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<Timestamp>);

impl TestClock {
    pub(crate) fn at(seconds: i64) -> Self {
        Self(Mutex::new(Timestamp::from_seconds(seconds)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = later(*now, by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn wait(&self, duration: Duration) -> Wait<'_> {
        Box::pin(async move {
            // Others get their turn, as they would in a real wait.
            tokio::task::yield_now().await;
            self.advance(duration);
        })
    }
}
