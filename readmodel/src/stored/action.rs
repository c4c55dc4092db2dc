//! An event's action in a row: the frequent ones by number, others as they are.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};

/// The actions that have a number: their place in this list. Appending one changes how it is
/// stored, so it takes a new schema version.
const NUMBERED: &[&str] = &[
    "opened",
    "closed",
    "reopened",
    "merged",
    "created",
    "started",
    "published",
    "added",
    "edited",
    "forked",
    "labeled",
    "unlabeled",
    "assigned",
    "unassigned",
    "synchronize",
    "submitted",
    "updated",
    "dismissed",
    "deleted",
];

/// An action as SQLite stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Action<'a>(pub(crate) &'a str);

impl Action<'_> {
    /// Its number, if it is one of the frequent ones.
    pub(crate) fn number(self) -> Option<i64> {
        let place = NUMBERED.iter().position(|&numbered| numbered == self.0);
        place.and_then(|place| i64::try_from(place).ok())
    }
}

impl ToSql for Action<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.number() {
            Some(number) => ToSqlOutput::Owned(Value::Integer(number)),
            None => ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())),
        })
    }
}

/// An action read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadAction(pub(crate) String);

impl FromSql for ReadAction {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => usize::try_from(number)
                .ok()
                .and_then(|number| NUMBERED.get(number))
                .map(|&action| Self(action.to_owned()))
                .ok_or(FromSqlError::OutOfRange(number)),
            other => Ok(Self(other.as_str()?.to_owned())),
        }
    }
}
