//! Whole numbers in as few bytes as they need, one after another. Knows nothing about what they
//! count.

/// Appends a number: seven bits a byte, lowest first, the high bit set on all bytes but the last
/// (LEB128).
pub(super) fn put(mut number: u64, to: &mut Vec<u8>) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            to.push(low & 0x7f);
            return;
        }
        to.push(low | 0x80);
    }
}

/// A difference as a number that is small where the difference is, in either direction.
pub(super) const fn zigzag(difference: i64) -> u64 {
    (difference.wrapping_shl(1) ^ (difference >> 63)).cast_unsigned()
}

/// The difference that [`zigzag`] made a number of.
pub(super) const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ (number & 1).cast_signed().wrapping_neg()
}

/// Takes numbers off, in the order they were put.
#[derive(Debug, Clone, Copy)]
pub(super) struct Varints<'a>(pub(super) &'a [u8]);

impl Varints<'_> {
    /// The next number; `None` at the end, and where the bytes are no number.
    pub(super) fn next(&mut self) -> Option<u64> {
        let mut number = 0;
        for (at, &byte) in self.0.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * u32::try_from(at).ok()?;
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                self.0 = &self.0[at + 1..];
                return Some(number);
            }
        }
        None
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_take_a_byte_and_large_ones_ten() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (1 << 35, 6), (u64::MAX, 10)] {
            let mut put_bytes = Vec::new();
            put(number, &mut put_bytes);
            assert_eq!(put_bytes.len(), bytes, "{number}");
        }
    }

    #[test]
    fn what_is_no_number_is_told() {
        for bytes in [&[][..], &[0x80], &[0xff; 10], &[0xff; 11]] {
            assert_eq!(Varints(bytes).next(), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_and_differences_come_back(
            numbers in prop::collection::vec(any::<u64>(), 0..9),
            difference in any::<i64>(),
        ) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|&number| put(number, &mut bytes));
            let mut varints = Varints(&bytes);
            for &number in &numbers {
                prop_assert_eq!(varints.next(), Some(number));
            }
            prop_assert!(varints.is_at_end());
            prop_assert_eq!(unzigzag(zigzag(difference)), difference);
            prop_assert!(zigzag(difference) <= 2 * difference.unsigned_abs().min(1 << 62) || difference.unsigned_abs() > 1 << 62);
        }
    }
}
