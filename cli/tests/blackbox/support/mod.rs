//! What every black-box test needs: a data directory, the binary, its services, HTTP, events.

mod events;
mod http;
mod process;
mod small_disk;
mod stand_in;

pub(crate) use events::{Made, event, events, gzip, ndjson};
pub(crate) use http::get;
pub(crate) use process::{Ended, Service, Workspace, shared_data};
pub(crate) use small_disk::SmallDisk;
pub(crate) use stand_in::StandIn;
