//! The table of endpoints: each is said once, here, and everything else follows from it: routes,
//! schemas, the OpenAPI document and the pages. Adding one is an entry, a struct of parameters, a
//! view and a plain function.
//!
//! - `endpoint`: what an entry is. - `question`: a handler with its types put away.
//! - `entries`: the table itself. - `scoped`: its part that every scope has alike.

mod endpoint;
mod entries;
mod question;
mod scoped;

pub(crate) use endpoint::{Action, Answer, Endpoint, Tag};
pub(crate) use entries::endpoints;
pub(crate) use question::{Asked, Cost, Question, Written};
