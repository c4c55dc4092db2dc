//! How single values stand in a row. One file owns each shape; a change of any of them is a new
//! schema version.
//!
//! Kinds, ids and actions stand in columns of type `ANY`: a number for what is known or numeric, a
//! text for the rest. SQLite orders numbers by value and before texts
//! (<https://www.sqlite.org/datatype3.html#sort_order>), which is the order metrics ask for.

mod action;
mod flags;
mod id;
mod kind;
mod names;
mod time;
mod value;

pub(crate) use action::{Action, ReadAction, ThreadAction, action_value};
pub(crate) use flags::Flags;
pub(crate) use id::{Id, id_value};
pub(crate) use kind::{Kind, kind_value};
pub(crate) use names::{NameTags, name_tag};
pub(crate) use time::{
    DAY_HOURS, HOUR_MINUTES, HOUR_SECONDS, MINUTE_SECONDS, UNDATED, seconds_of, timestamp_of,
    to_seconds_up,
};
pub(crate) use value::Value;
