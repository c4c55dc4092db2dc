//! A value of a row, whichever way the row is written: bound to a statement or put into a page.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value as OwnedValue, ValueRef};

/// What SQLite keeps in a column here: no table has reals or blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    Text(Cow<'a, str>),
}

impl<'a> From<Value<'a>> for ToSqlOutput<'a> {
    fn from(value: Value<'a>) -> Self {
        match value {
            Value::Null => Self::Owned(OwnedValue::Null),
            Value::Integer(number) => Self::Owned(OwnedValue::Integer(number)),
            Value::Text(Cow::Borrowed(text)) => Self::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Text(Cow::Owned(text)) => Self::Owned(OwnedValue::Text(text)),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(OwnedValue::Null),
            Self::Integer(number) => ToSqlOutput::Owned(OwnedValue::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}
