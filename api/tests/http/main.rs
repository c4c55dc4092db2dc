//! The service as its clients see it: a read model in a directory, a socket, and bytes over it.
//! Knows nothing about how the crate is made.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a test fails, in its helpers too"
)]

mod client;
mod model;
mod server;

mod caching;
mod counts;
mod dashboard;
mod events;
mod every_answer;
mod formats;
mod hostile;
mod identities;
mod lists;
mod operations;
mod over_time;
mod pictures;
mod promises;
mod readiness;
mod schemas;
mod streams;
mod threads;
mod tls;
mod trending;
mod wire;
