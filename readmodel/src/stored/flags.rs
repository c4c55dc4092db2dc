//! What is known of yes and no in a row: two bits each, so that "unknown" is not "no".

/// `merged` and `on_pull_request` of an event, as one small number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) merged: Option<bool>,
    pub(crate) on_pull_request: Option<bool>,
}

impl Flags {
    pub(crate) fn to_sql(self) -> i64 {
        bits(self.merged) | bits(self.on_pull_request) << 2
    }

    pub(crate) const fn from_sql(number: i64) -> Self {
        Self {
            merged: flag(number),
            on_pull_request: flag(number >> 2),
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
                let flags = Flags {
                    merged,
                    on_pull_request,
                };
                assert_eq!(Flags::from_sql(flags.to_sql()), flags);
            }
        }
    }
}
