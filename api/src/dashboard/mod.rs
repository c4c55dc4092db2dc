//! The first page: what a maintainer wants to see at a glance, made from the read model for each
//! request. It is whole without JavaScript: a script only draws a chart beside the tables and fetches
//! the same page again when something new has come. Knows nothing about SQL or HTTP.
//!
//! - `figures`: what is asked of the read model. - `spread`: how long pull requests were apart.
//! - `page`: the page around the parts. - `parts`: each part as HTML. - `words`: numbers and times as
//!   people read them.

mod figures;
mod page;
mod parts;
mod spread;
mod words;

pub(crate) use figures::{DashboardParameters, Figures};
pub(crate) use page::page;
