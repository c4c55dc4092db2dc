//! How much of the log stays by itself. Knows nothing about when that is looked at.

use std::time::{Duration, SystemTime};

use ghev_event::Timestamp;
use ghev_log::TrimLimit;

use crate::clock::earlier;

/// What of the log is kept. Old segments go whole, and the newest one never does, so that somewhat
/// more is kept. Everything is by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was appended so long ago goes.
    pub age: Option<Duration>,
    /// The oldest records go where the segments have more bytes than this.
    pub bytes: Option<u64>,
}

impl Retention {
    /// What may go at this time.
    pub(crate) fn limits(self, now: Timestamp) -> impl Iterator<Item = TrimLimit> {
        let by_age = self
            .age
            .map(|age| TrimLimit::BeforeTime(system_time(earlier(now, age))));
        by_age.into_iter().chain(self.bytes.map(TrimLimit::ToBytes))
    }
}

fn system_time(at: Timestamp) -> SystemTime {
    let millis = at.as_millis();
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    // Nothing is older than that.
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_counts_from_now() {
        let now = Timestamp::from_seconds(1_000_000);
        assert_eq!(Retention::default().limits(now).count(), 0);
        let retention = Retention {
            age: Some(Duration::from_secs(400_000)),
            bytes: Some(7),
        };
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(600_000);
        let limits: Vec<_> = retention.limits(now).collect();
        assert_eq!(limits, [TrimLimit::BeforeTime(at), TrimLimit::ToBytes(7)]);
        // An age beyond all time keeps everything.
        let for_ever = Retention {
            age: Some(Duration::MAX),
            bytes: None,
        };
        let [TrimLimit::BeforeTime(at)] = for_ever.limits(now).collect::<Vec<_>>()[..] else {
            panic!("one limit");
        };
        assert!(at < SystemTime::UNIX_EPOCH);
    }
}
