//! What is known of yes and no in a row: two bits each, so that "unknown" is not "no", and one for
//! what is always known.

/// `merged` and `on_pull_request` of an event, and whether its login is a bot's, as one small
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) merged: Option<bool>,
    pub(crate) on_pull_request: Option<bool>,
    pub(crate) by_bot: bool,
}

const BY_BOT: i64 = 1 << 4;

impl Flags {
    pub(crate) fn to_sql(self) -> i64 {
        let by_bot = if self.by_bot { BY_BOT } else { 0 };
        bits(self.merged) | bits(self.on_pull_request) << 2 | by_bot
    }

    pub(crate) const fn from_sql(number: i64) -> Self {
        Self {
            merged: flag(number),
            on_pull_request: flag(number >> 2),
            by_bot: number & BY_BOT != 0,
        }
    }
}

fn bits(flag: Option<bool>) -> i64 {
    flag.map_or(0, |yes| if yes { 2 } else { 1 })
}

const fn flag(bits: i64) -> Option<bool> {
    match bits & 3 {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_comes_back() {
        let each = [None, Some(false), Some(true)];
        for merged in each {
            for on_pull_request in each {
                for by_bot in [false, true] {
                    let flags = Flags {
                        merged,
                        on_pull_request,
                        by_bot,
                    };
                    assert_eq!(Flags::from_sql(flags.to_sql()), flags);
                }
            }
        }
    }
}
