//! Whether what is answered is fresh enough to be answered. Knows nothing about HTTP, nor about the
//! log beyond a function that says where it ends.

use std::fmt;
use std::time::Duration;

use ghev_event::Timestamp;
use ghev_readmodel::AsOf;

use crate::options::{ApiOptions, LogEnd};

/// What freshness is judged by.
#[derive(Clone)]
pub(crate) struct Freshness {
    stale_after: Option<Duration>,
    log_end: Option<LogEnd>,
}

/// How far the read model is behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lag {
    /// The first record of the log that is not durable yet, where that can be seen.
    pub(crate) log_end: Option<u64>,
    /// Durable records that are not covered, where the log's end can be seen.
    pub(crate) records: Option<u64>,
    /// The age of what is covered, 0 where that is the whole log; `None` where the log's end cannot be
    /// seen, and before the first record.
    pub(crate) seconds: Option<f64>,
    /// The age of what is covered, whatever the log has; `None` before the first record.
    age_seconds: Option<f64>,
}

impl fmt::Debug for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Freshness")
            .field("stale_after", &self.stale_after)
            .finish_non_exhaustive()
    }
}

impl Freshness {
    pub(crate) fn new(options: &ApiOptions) -> Self {
        Self {
            stale_after: options.stale_after,
            log_end: options.log_end.clone(),
        }
    }

    /// How far a state of the read model is behind at `now`.
    pub(crate) fn lag(&self, as_of: &AsOf, now: Timestamp) -> Lag {
        let log_end = self.log_end.as_ref().and_then(|log_end| log_end());
        let next = as_of.checkpoint.next_offset.get();
        let records = log_end.map(|end| end.saturating_sub(next));
        let age_seconds = as_of.observed_at.map(|at| {
            let age_ms = now.as_millis().saturating_sub(at.as_millis()).max(0);
            Duration::from_millis(age_ms.unsigned_abs()).as_secs_f64()
        });
        let seconds = match records {
            Some(0) => Some(0.0),
            Some(_) => age_seconds,
            None => None,
        };
        Lag {
            log_end,
            records,
            seconds,
            age_seconds,
        }
    }

    /// Why a state is too old to be answered from, if it is.
    pub(crate) fn stale(&self, lag: &Lag) -> Option<String> {
        let stale_after = self.stale_after?;
        let age = lag.age_seconds.map(Duration::from_secs_f64);
        if age.is_some_and(|age| age <= stale_after) {
            return None;
        }
        let limit = stale_after.as_secs();
        let since = match age {
            Some(age) => format!("was observed {} s ago, more than {limit} s", age.as_secs()),
            None => format!("is still to come, and {limit} s are the limit"),
        };
        Some(match lag.records {
            Some(records) if records > 0 => format!(
                "the newest record in the read model {since}, and {records} records of the log wait \
                 for the projector (`ghev project`)"
            ),
            Some(_) => format!(
                "the newest record of the log {since}: the injector (`ghev inject`) brings nothing"
            ),
            None => format!(
                "the newest record in the read model {since}: the injector or the projector brings \
                 nothing"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ghev_readmodel::{Checkpoint, LogId, Offset};

    use super::*;

    fn freshness(stale_after_s: Option<u64>, end: Option<u64>) -> Freshness {
        let log_end: LogEnd = Arc::new(move || end);
        Freshness {
            stale_after: stale_after_s.map(Duration::from_secs),
            log_end: Some(log_end),
        }
    }

    fn as_of(next_offset: u64, observed_s: Option<i64>) -> AsOf {
        let checkpoint = Checkpoint {
            log_id: LogId::new([1; 16]),
            next_offset: Offset::new(next_offset).unwrap(),
        };
        let observed_at = observed_s.map(|at| Timestamp::from_millis(at * 1000));
        AsOf {
            checkpoint,
            observed_at,
            events_since: None,
        }
    }

    #[test]
    fn lag_is_nothing_where_the_whole_log_is_covered() {
        let now = Timestamp::from_millis(100_500);
        let lag = |next, end| freshness(None, end).lag(&as_of(next, Some(90)), now);
        assert_eq!(
            (lag(5, Some(5)).records, lag(5, Some(5)).seconds),
            (Some(0), Some(0.0))
        );
        assert_eq!(
            (lag(5, Some(9)).records, lag(5, Some(9)).seconds),
            (Some(4), Some(10.5))
        );
        assert_eq!((lag(5, None).records, lag(5, None).seconds), (None, None));
        let ahead = freshness(None, Some(9)).lag(&as_of(5, Some(200)), now);
        assert_eq!(ahead.seconds, Some(0.0), "a clock set back is no lag");
    }

    #[test]
    fn staleness_names_who_brings_nothing() {
        let now = Timestamp::from_millis(100_000);
        let said = |limit, end, observed| {
            let freshness = freshness(limit, end);
            freshness.stale(&freshness.lag(&as_of(5, observed), now))
        };
        assert_eq!(said(None, Some(9), Some(1)), None, "nobody asked");
        assert_eq!(said(Some(10), Some(9), Some(90)), None, "fresh");
        let projector = said(Some(10), Some(9), Some(80)).unwrap();
        assert!(
            projector.contains("20 s ago") && projector.contains("4 records"),
            "{projector}"
        );
        let injector = said(Some(10), Some(5), Some(80)).unwrap();
        assert!(injector.contains("ghev inject"), "{injector}");
        let either = said(Some(10), None, None).unwrap();
        assert!(either.contains("still to come"), "{either}");
    }
}
