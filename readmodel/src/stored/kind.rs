//! An event's kind in a row: the known ones by number, others by name.

use std::borrow::Cow;

use ghev_event::{EventKind, KnownKind};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use super::Value;

/// A kind as SQLite stores it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind(pub(crate) EventKind);

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(kind_value(&self.0).into())
    }
}

/// The value that a kind is stored as.
pub(crate) fn kind_value(kind: &EventKind) -> Value<'_> {
    match kind {
        EventKind::Known(kind) => Value::Integer(i64::from(kind.code())),
        EventKind::Other(name) => Value::Text(Cow::Borrowed(name)),
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(code) => u8::try_from(code)
                .ok()
                .and_then(KnownKind::from_code)
                .map(|kind| Self(EventKind::Known(kind)))
                .ok_or(FromSqlError::OutOfRange(code)),
            other => Ok(Self(EventKind::Other(other.as_str()?.into()))),
        }
    }
}
