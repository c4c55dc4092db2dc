//! How a view is written, and how an answer is told from the one a client already has. Knows nothing
//! about what is in it.
//!
//! - `format`: which format, by `format=` or `Accept`. - `csv`, `ndjson`: records as lines.
//! - `encoding`: which compression, by `Accept-Encoding`. - `tag`: strong entity tags.

mod accept;
mod csv;
mod encoding;
mod format;
mod ndjson;
mod tag;

pub(crate) use encoding::Encoding;
pub(crate) use format::{Offered, choose, media_type, require, write};
pub(crate) use tag::EntityTag;
