//! An event's kind in a row: the known ones by number, others by name.

use ghev_event::{EventKind, KnownKind};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// A kind as SQLite stores it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind(pub(crate) EventKind);

/// A kind on its way to SQLite, where owning it would copy a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KindRef<'a>(pub(crate) &'a EventKind);

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        stored(&self.0)
    }
}

impl ToSql for KindRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        stored(self.0)
    }
}

fn stored(kind: &EventKind) -> rusqlite::Result<ToSqlOutput<'_>> {
    Ok(match kind {
        EventKind::Known(kind) => ToSqlOutput::Owned(Value::Integer(i64::from(kind.code()))),
        EventKind::Other(name) => ToSqlOutput::Borrowed(ValueRef::Text(name.as_bytes())),
    })
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
