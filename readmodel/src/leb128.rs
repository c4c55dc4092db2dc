//! Whole numbers in LEB128: seven bits a byte, the lowest first, the highest bit set on all bytes but the last.
//! Knows nothing about what they count.

/// Appends a number.
pub(crate) fn put(to: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

/// Takes a number off the bytes that [`put`] has made; `None` where there is none.
#[inline]
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        number |= low << shift;
        if byte & 0x80 == 0 {
            // The tenth byte has one bit.
            return (low << shift >> shift == low).then_some(number);
        }
    }
    None
}

/// A whole number without its sign, small where it is near zero.
pub(crate) const fn signed(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

/// The number of [`signed`].
pub(crate) const fn unsigned(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<u64>(), bits in 0_u32..64) {
            let number = number >> bits;
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            let mut rest = &bytes[..];
            prop_assert_eq!(take(&mut rest), Some(number));
            prop_assert!(rest.is_empty());
            prop_assert_eq!(take(&mut &bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn a_number_of_more_bits_is_none() {
        assert_eq!(take(&mut [0xff; 10].as_slice()), None);
        assert_eq!(take(&mut [0x80; 9].as_slice()), None);
    }

    #[test]
    fn numbers_come_back_with_their_signs() {
        for number in [0, -1, 1, i64::MIN, i64::MAX, 1 << 40] {
            assert_eq!(unsigned(signed(number)), number);
        }
        assert_eq!([0, -1, 1, -2].map(signed), [0, 1, 2, 3]);
    }
}
