//! The fields of a JSON object, each value left as its bytes. Knows nothing about events.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::text;

/// Walks the fields of an object whose JSON has already been checked: values are delimited, not
/// interpreted, so depth and odd values cost nothing and cannot fail.
pub(super) struct Fields<'a> {
    rest: &'a str,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, or nothing where it is no object.
    pub(super) fn of(value: &'a RawValue) -> Option<Self> {
        let rest = value.get().strip_prefix('{')?;
        Some(Self { rest })
    }

    /// The next value at the start of what is left, and what follows it.
    fn value(rest: &'a str) -> Option<(&'a RawValue, &'a str)> {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let value = values.next()?.ok()?;
        Some((value, &rest[values.byte_offset()..]))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, str>, &'a RawValue);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', ',']);
        if !rest.starts_with('"') {
            return None;
        }
        let (key, rest) = Self::value(rest)?;
        let rest = rest
            .trim_start_matches([' ', '\t', '\n', '\r'])
            .strip_prefix(':')?;
        let (value, rest) = Self::value(rest)?;
        self.rest = rest;
        Some((text::string(key)?, value))
    }
}
