//! Single JSON values, leniently: what has another type than asked for is absent. Knows nothing
//! about events.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text of a JSON string. An escape that stands for no character (a lone surrogate, which
/// RFC 8259 section 8.2 allows) becomes U+FFFD: the original bytes are kept elsewhere.
pub(super) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let unescaped = serde_json::from_str(json)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(json)));
    unescaped.ok().map(Cow::Owned)
}

/// The text of a JSON string, or a JSON number as it is written.
pub(super) fn string_or_number(value: &RawValue) -> Option<Cow<'_, str>> {
    let json = value.get();
    let is_number = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if is_number {
        Some(Cow::Borrowed(json))
    } else {
        string(value)
    }
}

/// A number that is a whole one from 0 to 2^64 - 1.
pub(super) fn unsigned(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

/// `true` or `false`.
pub(super) fn boolean(value: &RawValue) -> Option<bool> {
    value.get().parse().ok()
}

/// The JSON string with every `\uD800`–`\uDFFF` that is no half of a pair replaced by `\ufffd`.
fn without_lone_surrogates(json: &str) -> String {
    let mut kept = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        kept.push_str(&rest[..at]);
        let escape = &rest[at..];
        let taken = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => &escape[..12],
            (Some(0xd800..=0xdfff), _) => {
                kept.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            (Some(_), _) => &escape[..6],
            // The JSON has been checked: a backslash is followed by one more ASCII character.
            (None, _) => escape.get(..2).unwrap_or(escape),
        };
        kept.push_str(taken);
        rest = &escape[taken.len()..];
    }
    kept.push_str(rest);
    kept
}

/// The code unit of the `\uXXXX` that `text` starts with.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn strings_are_unescaped_and_lone_surrogates_replaced() {
        for (json, text) in [
            (r#""plain""#, "plain"),
            (r#""a\"b\\c\u00e9""#, "a\"b\\c\u{e9}"),
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""x\ud83dy""#, "x\u{fffd}y"),
            (r#""\ude00\ud83d\ude00\\ud800""#, "\u{fffd}\u{1f600}\\ud800"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
        ] {
            assert_eq!(string(raw(json)).as_deref(), Some(text), "{json}");
        }
        assert_eq!(string(raw("12")), None);
    }

    #[test]
    fn numbers_are_whole_or_absent() {
        assert_eq!(unsigned(raw("18446744073709551615")), Some(u64::MAX));
        for json in [
            "-1",
            "1.0",
            "1e3",
            "1e999",
            "18446744073709551616",
            "\"1\"",
            "null",
        ] {
            assert_eq!(unsigned(raw(json)), None, "{json}");
        }
    }
}
