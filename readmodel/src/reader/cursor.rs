//! The order of lists of events, and a reader's place in it. Knows nothing about what is listed.
//!
//! Newest first: by `created_at`, then by id (numbers by value, before other text), then by kind,
//! each descending. No two events share all three.
//!
//! A cursor prints as a short text of URL-safe characters: the offset that bounds the walk, the
//! event's `created_at` in seconds (nothing where it has none), its id and its kind, joined by
//! dots; `n` and a number or `t` and the hexadecimal digits of a text for the last two.

use std::fmt;
use std::str::FromStr;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

use crate::Offset;
use crate::stored::UNDATED;

/// A value of a column of type `ANY`, which sorts as SQLite sorts it: numbers before texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Any {
    Number(i64),
    Text(String),
}

/// An event's place in the order of lists; larger ones come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OrderKey {
    pub(super) created_at: i64,
    pub(super) id: Any,
    pub(super) kind: Any,
}

impl OrderKey {
    /// Before all events of earlier seconds, after all others. No id is a negative number, so no event has it.
    pub(super) const fn before_second(second: i64) -> Self {
        Self {
            created_at: second,
            id: Any::Number(i64::MIN),
            kind: Any::Number(i64::MIN),
        }
    }

    /// The first second that has no event after this place.
    pub(super) fn end_second(&self) -> i64 {
        match self.id {
            Any::Number(i64::MIN) => self.created_at,
            _ => self.created_at.saturating_add(1),
        }
    }
}

/// Where a list goes on: after an event, within what the log held when the walk began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventCursor {
    pub(super) next_offset: Offset,
    pub(super) after: OrderKey,
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list of events; take it unchanged from the page before")]
pub struct ParseEventCursorError;

impl EventCursor {
    /// The first record of the log that the walk does not cover.
    pub const fn next_offset(&self) -> Offset {
        self.next_offset
    }
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OrderKey {
            created_at,
            id,
            kind,
        } = &self.after;
        write!(f, "{}.", self.next_offset)?;
        if *created_at != UNDATED {
            created_at.fmt(f)?;
        }
        write!(f, ".{id}.{kind}")
    }
}

impl FromStr for EventCursor {
    type Err = ParseEventCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(ParseEventCursorError)
    }
}

fn parse(text: &str) -> Option<EventCursor> {
    let mut parts = text.split('.');
    let next_offset = Offset::new(parts.next()?.parse().ok()?)?;
    let created_at = match parts.next()? {
        "" => UNDATED,
        seconds => seconds.parse().ok()?,
    };
    let (id, kind) = (Any::parse(parts.next()?)?, Any::parse(parts.next()?)?);
    let after = OrderKey {
        created_at,
        id,
        kind,
    };
    parts
        .next()
        .is_none()
        .then_some(EventCursor { next_offset, after })
}

impl Any {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("n", number) => number.parse().ok().map(Self::Number),
            ("t", digits) => from_hex(digits).map(Self::Text),
            _ => None,
        }
    }
}

fn from_hex(digits: &str) -> Option<String> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(high)? << 4 | digit(low)?));
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

impl fmt::Display for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "n{number}"),
            Self::Text(text) => {
                f.write_str("t")?;
                text.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

impl ToSql for Any {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl FromSql for Any {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Integer(number) => Ok(Self::Number(number)),
            other => Ok(Self::Text(other.as_str()?.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Any> {
        prop_oneof![
            any::<i64>().prop_map(Any::Number),
            any::<String>().prop_map(Any::Text)
        ]
    }

    proptest! {
        #[test]
        fn a_cursor_prints_as_it_parses(
            offset in 0..=Offset::MAX.get(),
            created_at in any::<i64>(),
            id in any_value(),
            kind in any_value(),
        ) {
            let after = OrderKey { created_at, id, kind };
            let cursor = EventCursor { next_offset: Offset::new(offset).unwrap(), after };
            let text = cursor.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b)));
            prop_assert_eq!(text.parse(), Ok(cursor));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "[0-9nt.a-f-]{0,40}|.*") {
            let _: Result<EventCursor, _> = text.parse();
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "1",
            "1.2.n3",
            "1.2.n3.n4.",
            "-1.2.n3.n4",
            "1.2.x3.n4",
            "1.2.t0.n4",
            "1..tff.n4",
        ] {
            assert_eq!(
                text.parse::<EventCursor>(),
                Err(ParseEventCursorError),
                "{text}"
            );
        }
        assert!("1..n3.n4".parse::<EventCursor>().is_ok());
    }
}
