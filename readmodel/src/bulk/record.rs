//! Rows as SQLite's record format (<https://www.sqlite.org/fileformat2.html#record_format>). Knows
//! nothing about pages.

use crate::stored::Value;

/// A row that is put together column by column.
#[derive(Debug, Default)]
pub(super) struct Record {
    types: Vec<u8>,
    body: Vec<u8>,
}

impl Record {
    /// Begins another row.
    pub(super) fn clear(&mut self) {
        self.types.clear();
        self.body.clear();
    }

    /// Adds a column.
    pub(super) fn push(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.null(),
            Value::Integer(number) => self.integer(*number),
            Value::Text(text) => self.text(text),
        }
    }

    pub(super) fn null(&mut self) {
        self.types.push(0);
    }

    /// In as few bytes as there is a type for; 0 and 1 are types of their own.
    pub(super) fn integer(&mut self, number: i64) {
        let (kind, length) = match number {
            0 => (8, 0),
            1 => (9, 0),
            -0x80..=0x7f => (1, 1),
            -0x8000..=0x7fff => (2, 2),
            -0x80_0000..=0x7f_ffff => (3, 3),
            -0x8000_0000..=0x7fff_ffff => (4, 4),
            -0x8000_0000_0000..=0x7fff_ffff_ffff => (5, 6),
            _ => (6, 8_u32),
        };
        self.types.push(kind);
        // Eight bytes are copied at once, and those too many taken back: faster than copying fewer.
        let end = self.body.len() + length as usize;
        let highest = number.unbounded_shl(64 - 8 * length);
        self.body.extend_from_slice(&highest.to_be_bytes());
        self.body.truncate(end);
    }

    pub(super) fn optional(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.integer(number),
            None => self.null(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        put_varint(&mut self.types, 13 + 2 * text.len() as u64);
        self.body.extend_from_slice(text.as_bytes());
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        put_varint(&mut self.types, 12 + 2 * bytes.len() as u64);
        self.body.extend_from_slice(bytes);
    }

    /// Appends the row to `to`.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        // The header's size counts itself.
        let types = self.types.len() as u64;
        let size = (1..).find(|&own| varint_len(types + own) == own);
        put_varint(to, types + size.unwrap_or(1));
        to.extend_from_slice(&self.types);
        to.extend_from_slice(&self.body);
    }
}

/// Appends a varint: seven bits a byte, the highest first, a set top bit where another follows; a
/// ninth byte has eight.
pub(super) fn put_varint(to: &mut Vec<u8>, number: u64) {
    if number < 0x80 {
        to.push(number.to_le_bytes()[0]);
        return;
    }
    if number >> 56 != 0 {
        for shift in (0..8).rev() {
            to.push((number >> (8 + 7 * shift)).to_le_bytes()[0] | 0x80);
        }
        to.push(number.to_le_bytes()[0]);
        return;
    }
    for group in (0..varint_len(number)).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        to.push((number >> (7 * group)).to_le_bytes()[0] & 0x7f | more);
    }
}

fn varint_len(number: u64) -> u64 {
    let bits = u64::from(64 - number.leading_zeros());
    bits.div_ceil(7).clamp(1, 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_varint(&mut bytes, number);
        bytes
    }

    #[test]
    fn varints_are_those_of_the_file_format() {
        assert_eq!(varint(0), [0]);
        assert_eq!(varint(0x7f), [0x7f]);
        assert_eq!(varint(0x80), [0x81, 0]);
        assert_eq!(varint(0x3fff), [0xff, 0x7f]);
        assert_eq!(varint(0x4000), [0x81, 0x80, 0]);
        assert_eq!(
            varint((1 << 56) - 1),
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        );
        assert_eq!(
            varint(1 << 56),
            [0x80, 0xc0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]
        );
        assert_eq!(varint(u64::MAX), [0xff; 9]);
    }

    #[test]
    fn a_row_is_its_types_and_its_bytes() {
        let mut record = Record::default();
        for value in [
            Value::Null,
            Value::Integer(0),
            Value::Integer(-2),
            Value::Text("ab".into()),
        ] {
            record.push(&value);
        }
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        assert_eq!(bytes, [5, 0, 8, 1, 17, 0xfe, b'a', b'b']);
    }

    #[test]
    fn a_long_header_counts_its_own_size() {
        for (columns, header) in [
            (126, vec![0x7f]),
            (127, vec![0x81, 1]),
            (128, vec![0x81, 2]),
        ] {
            let mut record = Record::default();
            (0..columns).for_each(|_| record.null());
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            assert_eq!(bytes.len(), columns + header.len());
            assert!(bytes.starts_with(&header), "{columns}");
        }
    }
}
