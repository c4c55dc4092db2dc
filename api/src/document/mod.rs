//! What describes the service, for people and programs, all read off the table of endpoints once,
//! when the service starts.
//!
//! - `store`: the documents. - `fixed`: one of them. - `assets`: the files that pages use.
//! - `schemas`: JSON Schemas. - `openapi`: the OpenAPI document.
//! - `html`: the frame of pages. - `docs`: the documentation.

mod assets;
mod docs;
mod fixed;
pub(crate) mod html;
mod openapi;
mod schemas;
mod store;

pub(crate) use fixed::Document;
pub use openapi::openapi_document;
pub(crate) use store::Documents;
