//! The heads of version 1 as bincode writes them, and their way to and from our own types. Frozen:
//! a change here is a new version. Knows nothing about compression.

use std::borrow::Cow;

use bincode::{BorrowDecode, Encode};

use super::sections::SECTION_MAX_BYTES;
use super::{DecodeError, EncodeError};
use crate::{
    Actor, ActorId, BodyDigest, Event, EventId, EventKind, GapReason, ImportFacts, KnownKind, Org,
    OrgId, Origin, PayloadFacts, PollFacts, Provenance, RateBudget, Reject, Repo, RepoId,
    SuspectedGap, ThreadNumber, Timestamp,
};

/// Little-endian, fixed-width integers; the limit keeps a corrupt length from taking all memory.
const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Fixint,
    bincode::config::Limit<SECTION_MAX_BYTES>,
> = bincode::config::legacy().with_limit::<SECTION_MAX_BYTES>();

/// The whole heads section.
#[derive(Encode, BorrowDecode)]
pub(super) struct HeadsV1<'a> {
    source: &'a str,
    observed_at_ms: i64,
    origin: OriginV1<'a>,
    gaps: Vec<GapV1>,
    events: Vec<HeadV1<'a>>,
    rejects: Vec<RejectV1<'a>>,
}

#[derive(Encode, BorrowDecode)]
enum OriginV1<'a> {
    Poll(PollV1<'a>),
    Import {
        file: &'a str,
        first_line: u64,
        last_line: u64,
    },
}

#[derive(Encode, BorrowDecode)]
struct PollV1<'a> {
    path: &'a str,
    page: u32,
    status: Option<u16>,
    error: Option<&'a str>,
    etag: Option<&'a str>,
    received: u32,
    new: u32,
    duplicate: u32,
    conflicting: u32,
    last_page: bool,
    overlap: Option<u32>,
    latency_ms: u32,
    poll_interval_seconds: Option<u32>,
    next_poll_at_ms: Option<i64>,
    budget: Option<BudgetV1>,
}

#[derive(Encode, BorrowDecode)]
struct BudgetV1 {
    limit: u32,
    remaining: u32,
    reset_at_ms: i64,
}

#[derive(Encode, BorrowDecode)]
struct GapV1 {
    from_ms: Option<i64>,
    to_ms: i64,
    reason: u8,
}

#[derive(Encode, BorrowDecode)]
enum KindV1<'a> {
    Known(u8),
    Other(&'a str),
}

#[derive(Encode, BorrowDecode)]
enum IdV1<'a> {
    Number(u64),
    Text(&'a str),
    Digest([u8; 16]),
}

#[derive(Encode, BorrowDecode)]
struct NamedV1<'a> {
    id: Option<u64>,
    name: Option<&'a str>,
}

/// One event's head.
#[derive(Encode, BorrowDecode)]
pub(super) struct HeadV1<'a> {
    kind: KindV1<'a>,
    id: IdV1<'a>,
    created_at_ms: Option<i64>,
    actor: Option<NamedV1<'a>>,
    repo: Option<NamedV1<'a>>,
    org: Option<NamedV1<'a>>,
    action: Option<&'a str>,
    number: Option<u64>,
    merged: Option<bool>,
    on_pull_request: Option<bool>,
    push_size: Option<u64>,
    body_digest: u64,
    raw_bytes: u32,
}

#[derive(Encode, BorrowDecode)]
struct RejectV1<'a> {
    place: u64,
    reason: &'a str,
    body: &'a [u8],
    body_bytes: u64,
    digest: [u8; 16],
}

/// Encodes the heads section; `events` come with the lengths of their JSON.
pub(super) fn encode(
    provenance: &Provenance,
    events: &[u8],
    events_count: u64,
    rejects: &[Reject<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let failed = |error: bincode::error::EncodeError| EncodeError::Encoding {
        reason: error.to_string(),
    };
    let source = provenance.source.to_string();
    let mut heads = Vec::with_capacity(events.len() + 512);
    let mut put = |bytes: Vec<u8>| heads.extend_from_slice(&bytes);
    // bincode has no framing of its own: the fields of `HeadsV1` one after another are its bytes.
    // The events come encoded already, so that a builder keeps no decoded copy of them.
    put(bincode::encode_to_vec(source.as_str(), CONFIG).map_err(failed)?);
    put(bincode::encode_to_vec(provenance.observed_at.as_millis(), CONFIG).map_err(failed)?);
    put(bincode::encode_to_vec(OriginV1::from(&provenance.origin), CONFIG).map_err(failed)?);
    let gaps: Vec<GapV1> = provenance.gaps.iter().map(GapV1::from).collect();
    put(bincode::encode_to_vec(gaps, CONFIG).map_err(failed)?);
    put(bincode::encode_to_vec(events_count, CONFIG).map_err(failed)?);
    put(events.to_vec());
    let rejects: Vec<RejectV1<'_>> = rejects.iter().map(RejectV1::from).collect();
    put(bincode::encode_to_vec(rejects, CONFIG).map_err(failed)?);
    Ok(heads)
}

/// Appends the head of one event whose JSON has `raw_bytes` bytes.
pub(super) fn encode_event(
    event: &Event<'_>,
    raw_bytes: u32,
    to: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    bincode::encode_into_std_write(HeadV1::new(event, raw_bytes), to, CONFIG)
        .map(|_| ())
        .map_err(|error| EncodeError::Encoding {
            reason: error.to_string(),
        })
}

/// Decodes the heads section.
pub(super) fn decode(section: &[u8]) -> Result<HeadsV1<'_>, DecodeError> {
    let failed = |reason: String| DecodeError::Heads { reason };
    let (heads, read) = bincode::borrow_decode_from_slice(section, CONFIG)
        .map_err(|error| failed(error.to_string()))?;
    if read == section.len() {
        Ok(heads)
    } else {
        Err(failed(format!(
            "{} bytes follow them",
            section.len() - read
        )))
    }
}

impl<'a> HeadsV1<'a> {
    /// Our own types, and the length of each event's JSON.
    pub(super) fn into_parts(self) -> Result<Parts<'a>, DecodeError> {
        let lengths = self.events.iter().map(|head| head.raw_bytes).collect();
        let source = self
            .source
            .parse()
            .map_err(|error| unknown("source", &error))?;
        let gaps = self.gaps.iter().map(GapV1::gap).collect::<Result<_, _>>()?;
        let events = self
            .events
            .into_iter()
            .map(HeadV1::event)
            .collect::<Result<_, _>>()?;
        let provenance = Provenance {
            source,
            observed_at: Timestamp::from_millis(self.observed_at_ms),
            origin: self.origin.origin(),
            gaps,
        };
        let rejects = self.rejects.into_iter().map(RejectV1::reject).collect();
        Ok(Parts {
            provenance,
            events,
            lengths,
            rejects,
        })
    }
}

/// What a heads section says, in our own types.
pub(super) struct Parts<'a> {
    pub(super) provenance: Provenance,
    pub(super) events: Vec<Event<'a>>,
    pub(super) lengths: Vec<u32>,
    pub(super) rejects: Vec<Reject<'a>>,
}

fn unknown(what: &str, value: &dyn std::fmt::Display) -> DecodeError {
    DecodeError::Heads {
        reason: format!("unknown {what}: {value}"),
    }
}

impl<'a> From<&'a Origin> for OriginV1<'a> {
    fn from(origin: &'a Origin) -> Self {
        match origin {
            Origin::Import(facts) => Self::Import {
                file: &facts.file,
                first_line: facts.first_line,
                last_line: facts.last_line,
            },
            Origin::Poll(facts) => Self::Poll(PollV1 {
                path: &facts.path,
                page: facts.page,
                status: facts.status,
                error: facts.error.as_deref(),
                etag: facts.etag.as_deref(),
                received: facts.received,
                new: facts.new,
                duplicate: facts.duplicate,
                conflicting: facts.conflicting,
                last_page: facts.last_page,
                overlap: facts.overlap,
                latency_ms: facts.latency_ms,
                poll_interval_seconds: facts.poll_interval_seconds,
                next_poll_at_ms: facts.next_poll_at.map(Timestamp::as_millis),
                budget: facts.budget.map(|budget| BudgetV1 {
                    limit: budget.limit,
                    remaining: budget.remaining,
                    reset_at_ms: budget.reset_at.as_millis(),
                }),
            }),
        }
    }
}

impl OriginV1<'_> {
    fn origin(self) -> Origin {
        match self {
            Self::Import {
                file,
                first_line,
                last_line,
            } => Origin::Import(ImportFacts {
                file: file.to_owned(),
                first_line,
                last_line,
            }),
            Self::Poll(poll) => Origin::Poll(PollFacts {
                path: poll.path.to_owned(),
                page: poll.page,
                status: poll.status,
                error: poll.error.map(str::to_owned),
                etag: poll.etag.map(str::to_owned),
                received: poll.received,
                new: poll.new,
                duplicate: poll.duplicate,
                conflicting: poll.conflicting,
                last_page: poll.last_page,
                overlap: poll.overlap,
                latency_ms: poll.latency_ms,
                poll_interval_seconds: poll.poll_interval_seconds,
                next_poll_at: poll.next_poll_at_ms.map(Timestamp::from_millis),
                budget: poll.budget.map(|budget| RateBudget {
                    limit: budget.limit,
                    remaining: budget.remaining,
                    reset_at: Timestamp::from_millis(budget.reset_at_ms),
                }),
            }),
        }
    }
}

impl From<&SuspectedGap> for GapV1 {
    fn from(gap: &SuspectedGap) -> Self {
        Self {
            from_ms: gap.from.map(Timestamp::as_millis),
            to_ms: gap.to.as_millis(),
            reason: gap.reason.code(),
        }
    }
}

impl GapV1 {
    fn gap(&self) -> Result<SuspectedGap, DecodeError> {
        Ok(SuspectedGap {
            from: self.from_ms.map(Timestamp::from_millis),
            to: Timestamp::from_millis(self.to_ms),
            reason: GapReason::from_code(self.reason)
                .ok_or_else(|| unknown("gap reason", &self.reason))?,
        })
    }
}

impl<'a> HeadV1<'a> {
    fn new(event: &'a Event<'_>, raw_bytes: u32) -> Self {
        let named = |id: Option<u64>, name: &'a Option<Cow<'_, str>>| NamedV1 {
            id,
            name: name.as_deref(),
        };
        Self {
            kind: match &event.kind {
                EventKind::Known(kind) => KindV1::Known(kind.code()),
                EventKind::Other(name) => KindV1::Other(name),
            },
            id: match &event.id {
                EventId::Number(number) => IdV1::Number(*number),
                EventId::Text(text) => IdV1::Text(text),
                EventId::Digest(bytes) => IdV1::Digest(*bytes),
            },
            created_at_ms: event.created_at.map(Timestamp::as_millis),
            actor: event
                .actor
                .as_ref()
                .map(|a| named(a.id.map(ActorId::get), &a.login)),
            repo: event
                .repo
                .as_ref()
                .map(|r| named(r.id.map(RepoId::get), &r.name)),
            org: event
                .org
                .as_ref()
                .map(|o| named(o.id.map(OrgId::get), &o.login)),
            action: event.facts.action.as_deref(),
            number: event.facts.number.map(ThreadNumber::get),
            merged: event.facts.merged,
            on_pull_request: event.facts.on_pull_request,
            push_size: event.facts.push_size,
            body_digest: event.body_digest.bits(),
            raw_bytes,
        }
    }

    fn event(self) -> Result<Event<'a>, DecodeError> {
        let borrowed = |name: Option<&'a str>| name.map(Cow::Borrowed);
        Ok(Event {
            kind: match self.kind {
                KindV1::Known(code) => EventKind::Known(
                    KnownKind::from_code(code).ok_or_else(|| unknown("event kind", &code))?,
                ),
                KindV1::Other(name) => EventKind::Other(name.into()),
            },
            id: match self.id {
                IdV1::Number(number) => EventId::Number(number),
                IdV1::Text(text) => EventId::Text(Cow::Borrowed(text)),
                IdV1::Digest(bytes) => EventId::Digest(bytes),
            },
            created_at: self.created_at_ms.map(Timestamp::from_millis),
            actor: self.actor.map(|a| Actor {
                id: a.id.map(ActorId::new),
                login: borrowed(a.name),
            }),
            repo: self.repo.map(|r| Repo {
                id: r.id.map(RepoId::new),
                name: borrowed(r.name),
            }),
            org: self.org.map(|o| Org {
                id: o.id.map(OrgId::new),
                login: borrowed(o.name),
            }),
            facts: PayloadFacts {
                action: borrowed(self.action),
                number: self.number.map(ThreadNumber::new),
                merged: self.merged,
                on_pull_request: self.on_pull_request,
                push_size: self.push_size,
            },
            body_digest: BodyDigest::from_bits(self.body_digest),
        })
    }
}

impl<'a> From<&'a Reject<'_>> for RejectV1<'a> {
    fn from(reject: &'a Reject<'_>) -> Self {
        Self {
            place: reject.place,
            reason: &reject.reason,
            body: &reject.body,
            body_bytes: reject.body_bytes,
            digest: reject.digest,
        }
    }
}

impl<'a> RejectV1<'a> {
    fn reject(self) -> Reject<'a> {
        Reject {
            place: self.place,
            reason: Cow::Borrowed(self.reason),
            body: Cow::Borrowed(self.body),
            body_bytes: self.body_bytes,
            digest: self.digest,
        }
    }
}
