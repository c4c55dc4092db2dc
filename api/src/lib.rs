//! Answers questions over HTTP from the read model. Knows nothing about the log, about GitHub's
//! JSON or about SQL; it never writes what it reads.
//!
//! # The way of a request
//!
//! - `web` is the only module that knows [tide](https://docs.rs/tide): it takes the bytes off the
//!   wire with hyper, lets tide route them and hands them on.
//! - `table` lists every endpoint once: path, parameters, answer, summary and the function that
//!   answers. Routes, JSON Schemas, OpenAPI and the documentation pages are read off it (`document`).
//! - `parameters` turns path and query into types, and says of every wrong one what is wrong.
//! - `service` chooses format and encoding, tells by the entity tag whether anything changed, and
//!   runs the question: point lookups at once, with a reader of `readers`, what may have to scan on
//!   the threads of `queries`, under a deadline.
//! - `handlers` are plain functions from a snapshot and parameters to one of the `views`.
//! - `metrics` counts, `freshness` judges how old is too old, `tokens` knows who may ask, `watched`
//!   reads files anew that were replaced.
//! - `live` sends events as they arrive to whoever listens.
//! - `dashboard` is the first page, made from a snapshot for each request.
//! - `answer` writes a view as JSON, NDJSON or CSV, `picture` draws it as SVG; `problem` owns
//!   everything that can go wrong.

mod answer;
mod dashboard;
mod document;
mod freshness;
mod handlers;
mod live;
mod metrics;
mod options;
mod parameters;
mod picture;
mod problem;
mod queries;
mod readers;
mod service;
mod table;
mod tokens;
mod views;
mod watched;
mod web;

pub use document::openapi_document;
pub use options::{ApiOptions, Limits, LogEnd, Streams, TlsFiles};
#[cfg(any(test, fuzzing))]
pub use web::fuzzing;
pub use web::{ServeError, serve};
