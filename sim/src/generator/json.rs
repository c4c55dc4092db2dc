//! A small JSON writer that keeps members in the order they are given, as GitHub does. Maps of
//! `serde_json` order them by name or not, depending on which crates are built beside it.

/// One JSON value, written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Json(String);

impl Json {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }

    pub(crate) fn of_i64(value: i64) -> Self {
        Self(value.to_string())
    }
}

/// A text, escaped.
pub(crate) fn text(value: &str) -> Json {
    let written = serde_json::to_string(value);
    Json(written.expect("a text can always be written as JSON"))
}

/// A number.
pub(crate) fn number(value: impl Into<u64>) -> Json {
    Json(value.into().to_string())
}

pub(crate) fn boolean(value: bool) -> Json {
    Json(value.to_string())
}

pub(crate) fn null() -> Json {
    Json("null".into())
}

/// A text, or null.
pub(crate) fn text_or_null(value: Option<&str>) -> Json {
    value.map_or_else(null, text)
}

/// An object with these members in this order.
pub(crate) fn object(members: &[(&str, Json)]) -> Json {
    let mut out = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        // Names are ours and need no escaping.
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out.push_str(value.as_str());
    }
    out.push('}');
    Json(out)
}

/// An array of these elements.
pub(crate) fn array(elements: &[Json]) -> Json {
    let texts: Vec<&str> = elements.iter().map(Json::as_str).collect();
    Json(format!("[{}]", texts.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_texts_are_escaped() {
        let value = object(&[
            ("z", text("a\"\n\u{1}é")),
            ("a", array(&[number(1_u32), boolean(true), null()])),
        ]);
        assert_eq!(
            value.as_str(),
            "{\"z\":\"a\\\"\\n\\u0001é\",\"a\":[1,true,null]}"
        );
        assert_eq!(array(&[]).as_str(), "[]");
        assert_eq!(object(&[]).as_str(), "{}");
    }
}
