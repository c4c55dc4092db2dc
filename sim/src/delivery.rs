//! What a test asks afterwards: which requests came, and which events were handed over whole. Knows
//! nothing about how answers are made.

use std::collections::BTreeMap;

use crate::credential::Credential;
use crate::event::SimEvent;
use crate::exchange::RequestNumber;
use crate::time::SimTime;

/// One request, as the log of requests keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// Which one it was.
    pub number: RequestNumber,
    /// When it came.
    pub at: SimTime,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path_and_query: String,
    /// The `Host` it named.
    pub host: Option<String>,
    /// Whose it was.
    pub credential: Credential,
    /// Whether it bore an `If-None-Match`.
    pub conditional: bool,
    /// Requests that had come before and were not yet fully answered: 0 for a serial client.
    pub in_flight: usize,
    /// The status of the answer.
    pub status: u16,
    /// Events in the answer's body.
    pub events: usize,
    /// The name of the fault that struck, if one did.
    pub fault: Option<&'static str>,
    /// The `X-Poll-Interval` of the answer.
    pub poll_interval_seconds: Option<u32>,
    /// Before when the answer asked for no further request: by its `Retry-After`, or as the reset of
    /// a spent budget.
    pub wait_until: Option<SimTime>,
    /// When the answer had been sent whole or given up; `None` until then.
    pub finished_at: Option<SimTime>,
}

/// An event that reached a client whole, in a 200.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delivered {
    /// Its `type`.
    pub kind: String,
    /// Its `id`; `None` for events of the Timeline era.
    pub id: Option<String>,
    /// The BLAKE3 digest of its bytes, in hexadecimal.
    pub digest: String,
}

impl Delivered {
    /// How `event` is recorded once it is delivered.
    pub fn of(event: &SimEvent) -> Self {
        Self {
            kind: event.kind().to_owned(),
            id: event.id().map(str::to_owned),
            digest: blake3::hash(event.raw()).to_hex().to_string(),
        }
    }
}

/// An event that entered the feed of everything, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The event, as it is recorded once it is delivered.
    pub event: Delivered,
    /// From when on it was shown.
    pub at: SimTime,
}

/// Which answers brought an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deliveries {
    /// The first of them.
    pub first: RequestNumber,
    /// The last one; the first as well where there was one alone.
    pub last: RequestNumber,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Every byte was handed to the connection.
    Whole,
    /// The connection ended first.
    Cut,
}

/// Requests, deliveries and events so far; nothing at all where the options say so.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) requests: Vec<RequestRecord>,
    pub(crate) delivered: BTreeMap<Delivered, Deliveries>,
    pub(crate) entered: Vec<Entered>,
}
