//! Where in the log the model stands. The model stores these and compares them; what they point to
//! it does not know.

use std::fmt;
use std::str::FromStr;

/// The number of a record in the log, dense from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(i64);

impl Offset {
    /// The first record's.
    pub const ZERO: Self = Self(0);

    /// The largest: [`Place`] leaves 47 bits, which at a thousand records a second last for
    /// 4,000 years.
    pub const MAX: Self = Self((1 << 47) - 1);

    /// The offset with this number, if it is at most [`Offset::MAX`].
    pub fn new(number: u64) -> Option<Self> {
        i64::try_from(number)
            .ok()
            .map(Self)
            .filter(|&offset| offset <= Self::MAX)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0.cast_unsigned()
    }

    /// As SQLite stores it.
    pub(crate) const fn to_sql(self) -> i64 {
        self.0
    }

    /// From SQLite; what no offset can be is cut to the nearest that can.
    pub(crate) fn from_sql(number: i64) -> Self {
        Self(number.clamp(0, Self::MAX.0))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An event's place in the log: its record and its number within it. Also its row id: places grow
/// with the log, so that rows are always appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(i64);

impl Place {
    /// The `index`th event (from 0) of the record at `offset`.
    pub fn new(offset: Offset, index: u16) -> Self {
        Self(offset.0 << 16 | i64::from(index))
    }

    /// The place right after it.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number within the record, from 0.
    pub const fn index(self) -> u16 {
        let [low, high, ..] = self.0.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// The record.
    pub const fn offset(self) -> Offset {
        Offset(self.0 >> 16)
    }

    pub(crate) const fn to_sql(self) -> i64 {
        self.0
    }

    pub(crate) fn from_sql(number: i64) -> Self {
        Self(number.max(0))
    }

    /// The first place that is not below `offset`.
    pub(crate) fn first_of(offset: Offset) -> Self {
        Self::new(offset, 0)
    }
}

/// Which log a model was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId([u8; 16]);

/// A text that is no log id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no log id: {text:?}; expected 32 hexadecimal digits")]
pub struct ParseLogIdError {
    text: String,
}

impl LogId {
    /// From its bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        // Every answer says it: a formatter for each byte took longer than all else in it.
        f.write_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl FromStr for LogId {
    type Err = ParseLogIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseLogIdError {
            text: text.chars().take(64).collect(),
        };
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut bytes = [0; 16];
        let digit = |digit: u8| char::from(digit).to_digit(16);
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let both = digit(pair[0]).zip(digit(pair[1]));
            let (high, low) = both.ok_or_else(wrong)?;
            *byte = u8::try_from(high << 4 | low).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// How far a model has come: everything below `next_offset` is in it, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log it was made from.
    pub log_id: LogId,
    /// The first record that is not in it.
    pub next_offset: Offset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_its_offset_and_sorts_as_the_log_does() {
        let offset = Offset::new(123_456).unwrap();
        let place = Place::new(offset, u16::MAX);
        assert_eq!(place.offset(), offset);
        assert_eq!(place.index(), u16::MAX);
        assert_eq!(place.next(), Place::first_of(Offset::new(123_457).unwrap()));
        assert!(place < Place::first_of(Offset::new(123_457).unwrap()));
        assert_eq!(Place::new(Offset::MAX, u16::MAX).offset(), Offset::MAX);
        assert_eq!(Offset::new(Offset::MAX.get() + 1), None);
    }

    #[test]
    fn a_log_id_prints_as_it_parses() {
        let text = "00112233445566778899aabbccddeeff";
        assert_eq!(text.parse::<LogId>().unwrap().to_string(), text);
        for wrong in [
            "",
            "00",
            "zz112233445566778899aabbccddeeff",
            "ä0112233445566778899aabbccddeef",
        ] {
            assert!(wrong.parse::<LogId>().is_err(), "{wrong}");
        }
    }
}
