//! What describes the service, for people and programs, all read off the table of endpoints once,
//! when the service starts.
//!
//! - `store`: the documents. - `schemas`: JSON Schemas. - `openapi`: the OpenAPI document.
//! - `html`: the frame of pages. - `docs`: the documentation. - `dashboard`: the first page.

mod dashboard;
mod docs;
mod html;
mod openapi;
mod schemas;
mod store;

pub use openapi::openapi_document;
pub(crate) use store::{Document, Documents};
