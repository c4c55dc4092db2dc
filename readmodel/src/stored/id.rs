//! An event's id in a row: canonical decimals by value, all else as text.

use std::borrow::Cow;

use ghev_event::EventId;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// An id as SQLite stores it. A digest is stored as the text it prints as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Id<'a>(pub(crate) EventId<'a>);

impl ToSql for Id<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match &self.0 {
            EventId::Number(number) => match i64::try_from(*number) {
                Ok(number) => ToSqlOutput::Owned(Value::Integer(number)),
                Err(_) => ToSqlOutput::Owned(Value::Text(number.to_string())),
            },
            EventId::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            digest @ EventId::Digest(_) => ToSqlOutput::Owned(Value::Text(digest.to_string())),
        })
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
