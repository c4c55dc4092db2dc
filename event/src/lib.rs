//! The vocabulary of ghev: what an event is, what one poll page or import chunk brought, and how
//! both are kept as bytes. Knows nothing about files, networks, databases or clocks: every
//! function here is a pure one over values and bytes.
//!
//! - [`Event`]: the *head* of a GitHub event: identity, kind, time, actor, repository,
//!   organisation and the few payload facts that projections need, each of them optional.
//! - [`read_event`]: the one lenient reader from GitHub's JSON (all three payload eras) to heads.
//! - [`Envelope`]: the events of one poll page or import chunk with their [`Provenance`].
//! - [`codec`]: the bytes of an envelope, version by version.
//! - [`is_bot_login`]: whether a login is a bot's.

mod bots;
mod event;
mod id;
mod json;
mod kind;
mod provenance;
mod raw;
mod source;
mod time;

pub mod codec;

pub use bots::is_bot_login;
pub use event::{Actor, Event, Org, PayloadFacts, Repo};
pub use id::{ActorId, BodyDigest, EventId, OrgId, RepoId, ThreadNumber};
pub use json::{RejectReason, read_event};
pub use kind::{EventKind, KNOWN_KINDS, KnownKind};
pub use provenance::{
    FileEnd, GapReason, ImportFacts, Origin, PollFacts, Provenance, RateBudget, Reject,
    SuspectedGap, Unrecorded,
};
pub use raw::{NotAnArray, canonical_raw, split_array};
pub use source::{ParseSourceError, Source};
pub use time::{ParseTimestampError, Timestamp};

pub use codec::{Decoder, Envelope, EnvelopeBuilder};
