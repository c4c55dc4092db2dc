//! When an append is durable: before it returns, or a little later. Knows nothing about how.

use std::{fmt, str::FromStr, time::Duration};

/// The longest that records may stay in memory.
const INTERVAL_MAX_MS: u64 = 60 * 60 * 1000;

/// When what was appended is made durable. Readers never see it before.
///
/// Written as `always` or `interval=MS`, with the interval in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Before the append returns: what was acknowledged survives a power cut.
    #[default]
    Always,
    /// The append returns once the records are written, which survives a killed process. They are
    /// synced so much later at most, by a timer, however little follows: a power cut costs what
    /// was appended since. 1 ms to 1 h, in whole milliseconds.
    Interval(Duration),
}

impl SyncPolicy {
    /// Whether an append may return before it is durable.
    pub(crate) const fn is_deferred(self) -> bool {
        matches!(self, Self::Interval(_))
    }

    /// The interval in milliseconds, if it is one that is allowed.
    pub(crate) fn interval_ms(interval: Duration) -> Option<u64> {
        let millis = u64::try_from(interval.as_millis()).ok()?;
        let is_whole = Duration::from_millis(millis) == interval;
        (is_whole && (1..=INTERVAL_MAX_MS).contains(&millis)).then_some(millis)
    }
}

impl fmt::Display for SyncPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::Interval(interval) => write!(f, "interval={}", interval.as_millis()),
        }
    }
}

/// A text that names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no sync policy: expected always, or interval=MS with 1 to {INTERVAL_MAX_MS} \
     milliseconds"
)]
pub struct ParseSyncPolicyError {
    text: String,
}

impl FromStr for SyncPolicy {
    type Err = ParseSyncPolicyError;

    fn from_str(text: &str) -> Result<Self, ParseSyncPolicyError> {
        if text == "always" {
            return Ok(Self::Always);
        }
        let digits = text.strip_prefix("interval=").filter(|digits| {
            // `parse` alone would take a sign.
            digits.bytes().all(|byte| byte.is_ascii_digit())
        });
        let interval = digits
            .and_then(|digits| digits.parse().ok())
            .map(Duration::from_millis);
        match interval {
            Some(interval) if Self::interval_ms(interval).is_some() => Ok(Self::Interval(interval)),
            _ => Err(ParseSyncPolicyError {
                text: text.chars().take(64).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_policy_is_said_with_what_would_be() {
        for text in [
            "",
            "never",
            "interval",
            "interval=",
            "interval=0",
            "interval=+5",
            "interval=1.5",
            "interval=3600001",
            "interval=99999999999999999999",
        ] {
            let error = text.parse::<SyncPolicy>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
            assert!(error.contains("always, or interval=MS"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(millis in 1..=INTERVAL_MAX_MS) {
            let interval = SyncPolicy::Interval(Duration::from_millis(millis));
            for policy in [SyncPolicy::Always, interval] {
                prop_assert_eq!(policy.to_string().parse(), Ok(policy));
            }
        }
    }
}
