//! The simulator: state apart from its HTTP skin. [`Simulator::begin`] takes a request and the time
//! and gives the answer; nothing in here waits, reads a clock or touches a socket.
//!
//! - `state`: what is remembered between requests, the release of events, the public calls.
//! - `answer`: the way of one request through the checks GitHub makes, in its order.
//! - `page`: one page of a feed with its validators, and the faults of feeds.
//! - `bodies`: what GitHub writes into answers that are no events.
//! - `wire`: an answer's last steps: headers, compression, transport.

mod answer;
mod bodies;
mod page;
mod source;
mod state;
mod wire;

#[cfg(test)]
mod tests;

pub use source::EventSource;
pub use state::Simulator;
