//! An event's action in a row: the frequent ones by number, others as they are.

use std::borrow::Cow;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

use super::Value;

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

/// The value that an action is stored as.
pub(crate) fn action_value(action: &str) -> Value<'_> {
    match Action(action).number() {
        Some(number) => Value::Integer(number),
        None => Value::Text(Cow::Borrowed(action)),
    }
}

impl ToSql for Action<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(action_value(self.0).into())
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

/// What an action means for a pull request or an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadAction {
    Opened,
    Closed,
    Reopened,
    Merged,
    Other,
}

impl ThreadAction {
    /// The action with this number.
    pub(crate) const fn from_number(number: i64) -> Self {
        // Their places in the list above.
        match number {
            0 => Self::Opened,
            1 => Self::Closed,
            2 => Self::Reopened,
            3 => Self::Merged,
            _ => Self::Other,
        }
    }
}

impl FromSql for ThreadAction {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // What has no number is none of them.
        Ok(match value {
            ValueRef::Integer(number) => Self::from_number(number),
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_to_a_thread_has_its_number() {
        let each = [
            ("opened", ThreadAction::Opened),
            ("closed", ThreadAction::Closed),
            ("reopened", ThreadAction::Reopened),
            ("merged", ThreadAction::Merged),
            ("edited", ThreadAction::Other),
        ];
        for (text, action) in each {
            let number = ValueRef::Integer(Action(text).number().unwrap());
            assert_eq!(ThreadAction::column_result(number), Ok(action), "{text}");
        }
    }
}
