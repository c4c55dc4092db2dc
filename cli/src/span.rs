//! A length of time as a user names it: a whole number and a unit.

use std::str::FromStr;
use std::time::Duration;

/// The units and their seconds.
const UNITS: [(char, u64); 5] = [
    ('s', 1),
    ('m', 60),
    ('h', 3600),
    ('d', 86_400),
    ('w', 7 * 86_400),
];

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let unit = text.chars().next_back()?;
            let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
            let digits = text.strip_suffix(unit)?;
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = digits.parse().ok().filter(|&number| plain && number > 0)?;
            number.checked_mul(*seconds).map(Duration::from_secs)
        };
        read().map(Self).ok_or_else(|| {
            "must be a whole number and a unit (s, m, h, d or w), such as 90d".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_and_nothing_else() {
        let seconds = |text: &str| text.parse::<Span>().map(|span| span.0.as_secs());
        assert_eq!(seconds("90d"), Ok(90 * 86_400));
        assert_eq!(seconds("1w"), Ok(604_800));
        assert_eq!(seconds("36h"), Ok(129_600));
        for wrong in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1.5h",
            "90",
            "90 d",
            "1y",
            "99999999999999999w",
            "1é",
        ] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
