//! Budgets: requests an hour, for each token and for all who have none. Knows nothing about what
//! the requests were for.

use std::collections::BTreeMap;

use crate::credential::Credential;
use crate::options::SimOptions;
use crate::time::SimTime;

const HOUR_SECONDS: i64 = 3600;

/// Spent budgets are forgotten once there are so many: a client may invent tokens without end.
const KEPT_MAX: usize = 10_000;

/// How far one credential has spent its hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) used: u32,
    pub(crate) resets_at: SimTime,
}

impl Budget {
    pub(crate) fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// The same budget with nothing left.
    pub(crate) fn spent(self) -> Self {
        Self {
            used: self.limit,
            ..self
        }
    }
}

/// Every credential's budget.
#[derive(Debug)]
pub(crate) struct Budgets {
    anonymous_limit: u32,
    token_limit: u32,
    budgets: BTreeMap<Credential, Budget>,
}

impl Budgets {
    pub(crate) fn new(options: &SimOptions) -> Self {
        Self {
            anonymous_limit: options.anonymous_limit_per_hour,
            token_limit: options.token_limit_per_hour,
            budgets: BTreeMap::new(),
        }
    }

    /// The budget as it stands; its hour begins with the first request in it.
    pub(crate) fn of(&mut self, credential: Credential, now: SimTime) -> Budget {
        *self.entry(credential, now)
    }

    /// The budget after `cost` requests more.
    pub(crate) fn charge(&mut self, credential: Credential, now: SimTime, cost: u32) -> Budget {
        let budget = self.entry(credential, now);
        budget.used = budget.used.saturating_add(cost).min(budget.limit);
        *budget
    }

    fn entry(&mut self, credential: Credential, now: SimTime) -> &mut Budget {
        if self.budgets.len() > KEPT_MAX {
            self.budgets.retain(|_, budget| budget.resets_at > now);
        }
        let limit = if credential.is_token() {
            self.token_limit
        } else {
            self.anonymous_limit
        };
        let whole = Budget {
            limit,
            used: 0,
            resets_at: now.plus_seconds(HOUR_SECONDS),
        };
        let budget = self.budgets.entry(credential).or_insert(whole);
        if budget.resets_at <= now {
            *budget = whole;
        }
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_after_its_first_request_a_budget_is_whole_again() {
        let mut budgets = Budgets::new(&SimOptions::new().anonymous_limit_per_hour(3));
        let start = SimTime::from_seconds(1000);
        let who = Credential::Anonymous;
        for remaining in [2, 1, 0, 0] {
            let budget = budgets.charge(who, start.plus_seconds(5), 1);
            assert_eq!(budget.remaining(), remaining);
        }
        let token = Credential::token("t");
        assert_eq!(budgets.charge(token, start, 1).remaining(), 4999);
        let reset = start.plus_seconds(5 + 3600);
        assert_eq!(budgets.of(who, reset.plus_millis(-1)).remaining(), 0);
        assert_eq!(budgets.of(who, reset).remaining(), 3);
    }
}
