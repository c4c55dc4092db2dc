//! The bytes of an event as they are kept: exactly as received, one line each. Knows nothing about
//! what the JSON means.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A page's body that is not a JSON array.
#[derive(Debug, thiserror::Error)]
#[error("the body is no JSON array: {reason}")]
pub struct NotAnArray {
    reason: String,
}

/// The elements of a JSON array, each as the bytes it came in.
///
/// # Errors
/// Where the body is no complete JSON array.
pub fn split_array(body: &[u8]) -> Result<Vec<&[u8]>, NotAnArray> {
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| NotAnArray {
        reason: error.to_string(),
    })?;
    Ok(elements
        .into_iter()
        .map(|element| element.get().as_bytes())
        .collect())
}

/// One JSON value as a single line: the bytes as they are, without white space around them; where
/// they are spread over several lines, without any white space outside of strings.
///
/// The input must be valid JSON for the result to be; other bytes come out as other bytes.
pub fn canonical_raw(json: &[u8]) -> Cow<'_, [u8]> {
    let json = json.trim_ascii();
    if json.iter().any(|&byte| matches!(byte, b'\n' | b'\r')) {
        Cow::Owned(without_white_space(json))
    } else {
        Cow::Borrowed(json)
    }
}

fn without_white_space(json: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json {
        if in_string {
            kept.push(byte);
            if escaped {
                escaped = false;
            } else if byte == b'\\' {
                escaped = true;
            } else if byte == b'"' {
                in_string = false;
            }
        } else if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            kept.push(byte);
            in_string = byte == b'"';
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_single_line_stays_byte_for_byte() {
        let line = br#"{"a": [1,  2], "b":"x\ty"}"#;
        assert_eq!(canonical_raw(line).as_ref(), line);
        assert_eq!(canonical_raw(b"  {}\r\n").as_ref(), b"{}");
    }

    #[test]
    fn several_lines_lose_white_space_outside_of_strings_only() {
        let spread = b"{\n  \"a b\": \"c \\\" d\\\\\",\r\n\t\"e\": [ 1, 2 ]\n}";
        assert_eq!(
            canonical_raw(spread).as_ref(),
            br#"{"a b":"c \" d\\","e":[1,2]}"#
        );
    }

    #[test]
    fn an_array_is_split_without_touching_its_elements() {
        let parts = split_array(b" [ {\"a\" : 1.0e5} ,\n 7,null]").unwrap();
        assert_eq!(parts, [&b"{\"a\" : 1.0e5}"[..], b"7", b"null"]);
        assert!(split_array(b"[1,").is_err());
        assert!(split_array(b"{}").is_err());
        assert!(split_array(b"[\"\xff\"]").is_err());
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_pretty_printed_value_becomes_its_compact_form(value in any_json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let compact = serde_json::to_string(&value).unwrap();
            let expected = if pretty.contains('\n') { compact } else { pretty.clone() };
            let kept = canonical_raw(pretty.as_bytes());
            prop_assert_eq!(kept.as_ref(), expected.as_bytes());
        }
    }
}
