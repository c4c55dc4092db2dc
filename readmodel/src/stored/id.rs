//! An event's id in a row: canonical decimals by value, all else as text.

use std::borrow::Cow;

use ghev_event::EventId;
use rusqlite::types::{FromSql, FromSqlResult, ValueRef};

use super::Value;

/// An id read back. A digest is stored as the text it prints as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id<'a>(pub(crate) EventId<'a>);

/// The value that an id is stored as.
pub(crate) fn id_value<'a>(id: &'a EventId<'_>) -> Value<'a> {
    match id {
        EventId::Number(number) => match i64::try_from(*number) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Text(number.to_string().into()),
        },
        EventId::Text(text) => Value::Text(Cow::Borrowed(text)),
        digest @ EventId::Digest(_) => Value::Text(digest.to_string().into()),
    }
}

impl FromSql for Id<'static> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = match value {
            ValueRef::Integer(number) => number.to_string(),
            other => other.as_str()?.to_owned(),
        };
        Ok(Self(EventId::from_text(Cow::Owned(text))))
    }
}
