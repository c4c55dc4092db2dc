//! Path and query as types. A parameter is declared once, in a struct by `parameters!`: how it is
//! read and how it is documented both follow from that. All that is wrong with a request is told at
//! once. Knows nothing about what is asked with them.
//!
//! - `input`: the raw path and query, decoded, and the errors found so far.
//! - `field`: the ways a parameter can be given: in the path, once, or several times.
//! - `nearest`: which name was meant.
//! - `values`: what a single value can be. - `window`: stretches of time. - `scope`: whose events.

mod declare;
mod field;
mod input;
mod nearest;
mod scope;
mod values;
mod window;

pub(crate) use declare::{Parameters, parameters};
pub(crate) use field::{Field, InPath, Parameter, Place, Value};
pub(crate) use input::Input;
pub(crate) use scope::{
    ActorPath, Everybody, OrgPath, RepoPath, RepositoryPath, ScopePath, known_actor, known_org,
    known_repo,
};
pub(crate) use values::{
    ActionWord, BotsWord, CreatedOnly, EventIdText, Format, FullName, IntervalAction, IntervalWord,
    KindName, Limit, Login, OwnerName, PageTokenText, PlaceIdText, Prefix, SortWord, TimeWord,
};
pub(crate) use window::{Instant, Relative, TimeSpan, WindowLength};
