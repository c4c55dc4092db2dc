//! HTTP/1.1 on a socket, for [tide](https://docs.rs/tide): the only module that knows it.
//!
//! tide routes and calls; the wire is hyper's. tide's own wire (async-h1) waits out Nagle's
//! algorithm against delayed acknowledgements, keeps endless headers, never times out a slow client
//! and cannot stop in order; none of it is built. A request and its answer pass through tide as they
//! are, as extensions, so that no header is converted twice.
//!
//! - `serve`: the way in. - `routes`: the table as a tide server. - `body`: what an answer is sent as.
//! - `listener`: takes connections,
//!   and stops in order. - `connection`: one connection and its limits. - `peers`: how many each
//!   peer has. - `wire`: a socket that does not wait for ever. - `refusals`: what is refused unasked.
//! - `tls`: the same encrypted. - `trace`: which request is which. - `access_log`: a line for each.

mod access_log;
mod body;
mod connection;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod listener;
mod peers;
mod refusals;
mod routes;
mod serve;
mod tls;
mod trace;
mod wire;

pub use serve::{ServeError, serve};

#[cfg(test)]
mod tests;
