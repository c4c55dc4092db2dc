//! Sizes as a user writes them. Knows nothing about what they limit.

use std::str::FromStr;

const UNITS: [(&str, u64); 9] = [
    ("", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Bytes: a whole number, alone or with a unit (`10GiB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) bytes: u64,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = scaled(text).ok_or_else(|| {
            "no size: expected whole bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB or TiB, \
             such as 10GiB"
                .to_owned()
        })?;
        Ok(Self { bytes })
    }
}

/// The number times its unit.
fn scaled(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.bytes).ok();
        assert_eq!(size("0"), Some(0));
        assert_eq!(size("1073741824"), size("1GiB"));
        assert_eq!(size("5MB"), Some(5_000_000));
        for wrong in [
            "",
            "GiB",
            "-1",
            "1.5GiB",
            "1 GB",
            "1gb",
            "9999999999TiB",
            "1x",
        ] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
