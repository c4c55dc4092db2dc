//! Values as bytes that sort as SQLite sorts the values: NULL before numbers, numbers by their value,
//! texts by their bytes (<https://www.sqlite.org/datatype3.html#sort_order>). Knows nothing about
//! columns.
//!
//! A value is a byte that tells its type and, of a number, its sign and length; then as few bytes as
//! the number needs, the highest first. A text ends with two zero bytes; a zero byte within it is
//! followed by 0xff, so that a text sorts before every longer one that begins with it.

use std::borrow::Cow;

use crate::stored::Value;

const NULL: u8 = 0x01;
/// The number 0; positive numbers of *n* bytes have `ZERO + n`, negative ones `ZERO - 1 - n`, where
/// *n* bytes are what their complement needs.
const ZERO: u8 = 0x40;
const TEXT: u8 = 0x80;
const ESCAPED: u8 = 0xff;

/// Appends a value.
pub(super) fn put(to: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Null => to.push(NULL),
        Value::Integer(number) => put_integer(to, *number),
        Value::Text(text) => put_text(to, text),
    }
}

/// Appends a number.
pub(super) fn put_integer(to: &mut Vec<u8>, number: i64) {
    let magnitude = if number < 0 { !number } else { number };
    let unused_bits = magnitude.leading_zeros() & !7;
    let length = 8 - (unused_bits / 8).to_le_bytes()[0];
    to.push(if number < 0 {
        ZERO - 1 - length
    } else {
        ZERO + length
    });
    // Eight bytes are copied at once, and those too many taken back: faster than copying fewer.
    let end = to.len() + usize::from(length);
    let highest = number.cast_unsigned().unbounded_shl(unused_bits);
    to.extend_from_slice(&highest.to_be_bytes());
    to.truncate(end);
}

/// Appends a number, or NULL.
pub(super) fn put_optional(to: &mut Vec<u8>, number: Option<i64>) {
    match number {
        Some(number) => put_integer(to, number),
        None => to.push(NULL),
    }
}

/// Appends a text.
pub(super) fn put_text(to: &mut Vec<u8>, text: &str) {
    to.push(TEXT);
    for part in text.as_bytes().split_inclusive(|&byte| byte == 0) {
        to.extend_from_slice(part);
        if part.ends_with(&[0]) {
            to.push(ESCAPED);
        }
    }
    to.extend_from_slice(&[0, 0]);
}

/// Takes the first value off the bytes that [`put`] has made; `None` where there is none.
#[inline]
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<Value<'a>> {
    let (&tag, rest) = bytes.split_first()?;
    *bytes = rest;
    match tag {
        NULL => Some(Value::Null),
        TEXT => take_text(bytes),
        tag if tag >= ZERO => {
            let number = take_digits(bytes, tag - ZERO)?;
            Some(Value::Integer(number.cast_signed()))
        }
        tag => {
            let length = ZERO - 1 - tag;
            let number = take_digits(bytes, length)?;
            let sign = u64::MAX.unbounded_shl(8 * u32::from(length));
            Some(Value::Integer((number | sign).cast_signed()))
        }
    }
}

#[inline]
fn take_digits(bytes: &mut &[u8], length: u8) -> Option<u64> {
    let (digits, rest) = bytes.split_at_checked(usize::from(length))?;
    let number = match bytes.first_chunk() {
        Some(eight) if length <= 8 => {
            u64::from_be_bytes(*eight).unbounded_shr(64 - 8 * u32::from(length))
        }
        Some(_) => return None,
        None => digits
            .iter()
            .fold(0, |number, &digit| number << 8 | u64::from(digit)),
    };
    *bytes = rest;
    Some(number)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<Value<'a>> {
    let mut unescaped = Vec::new();
    loop {
        let zero = bytes.iter().position(|&byte| byte == 0)?;
        let (part, rest) = bytes.split_at(zero);
        let (&after, rest) = rest.get(1..)?.split_first()?;
        *bytes = rest;
        if after != ESCAPED {
            let text = if unescaped.is_empty() {
                Cow::Borrowed(std::str::from_utf8(part).ok()?)
            } else {
                unescaped.extend_from_slice(part);
                Cow::Owned(String::from_utf8(unescaped).ok()?)
            };
            return Some(Value::Text(text));
        }
        unescaped.extend_from_slice(part);
        unescaped.push(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value<'static>> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            (any::<i64>(), 0..64_u32).prop_map(|(number, bits)| Value::Integer(number >> bits)),
            "[\\x00ab\u{ff}é]{0,6}".prop_map(|text| Value::Text(text.into())),
        ]
    }

    fn bytes_of(values: &[Value<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| put(&mut bytes, value));
        bytes
    }

    /// How SQLite compares two values.
    fn compared(a: &Value<'_>, b: &Value<'_>) -> std::cmp::Ordering {
        let rank = |value: &Value<'_>| match value {
            Value::Null => 0,
            Value::Integer(_) => 1,
            Value::Text(_) => 2,
        };
        match (a, b) {
            (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            _ => rank(a).cmp(&rank(b)),
        }
    }

    proptest! {
        #[test]
        fn rows_sort_as_sqlite_sorts_them(
            a in proptest::collection::vec(any_value(), 3),
            b in proptest::collection::vec(any_value(), 3),
        ) {
            let by_value = a.iter().zip(&b).map(|(a, b)| compared(a, b));
            let expected = by_value.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then);
            prop_assert_eq!(bytes_of(&a).cmp(&bytes_of(&b)), expected);
        }

        #[test]
        fn values_come_back(values in proptest::collection::vec(any_value(), 0..5)) {
            let bytes = bytes_of(&values);
            let mut rest = &bytes[..];
            for value in &values {
                let taken = take(&mut rest);
                prop_assert_eq!(taken.as_ref(), Some(value));
            }
            prop_assert!(rest.is_empty());
            prop_assert_eq!(take(&mut rest), None);
        }

        #[test]
        fn other_bytes_are_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut rest = &bytes[..];
            while take(&mut rest).is_some() {}
        }
    }

    #[test]
    fn the_ends_of_each_length_are_in_order() {
        let mut ends = vec![i64::MIN, -1, 0, 1, i64::MAX];
        for bits in 1..63 {
            ends.extend([(1 << bits) - 1, 1 << bits, -(1 << bits), -(1 << bits) - 1]);
        }
        ends.sort_unstable();
        let all: Vec<_> = ends
            .iter()
            .map(|&n| bytes_of(&[Value::Integer(n)]))
            .collect();
        assert!(all.is_sorted());
    }
}
