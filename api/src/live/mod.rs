//! Events as they arrive, as Server-Sent Events
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>). Knows nothing about sockets.
//!
//! One task asks the read model what is new, for all clients together, and only while there are
//! any. What it finds is written once and shared: a client holds its place in the log and a share in
//! what is under way, so that thousands of them cost little. A client that comes back names the
//! place it had come to, and catches up from the read model by itself; places are those of the log,
//! which stay the same across restarts and generations.
//!
//! - `place_id`: a place as the `id` of an event. - `frame`: events as text.
//! - `feed`: the task that asks. - `client`: one client's way from catching up to following.

mod client;
mod feed;
mod frame;
mod place_id;

pub(crate) use client::{Frames, Patience, Wanted};
pub(crate) use feed::Feed;
pub(crate) use place_id::PlaceId;

/// The media type of a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

#[cfg(test)]
mod tests;
