//! The heads of version 1, which were written until version 2 took their place, and their way into
//! our own types. Frozen; read only. Knows nothing about compression.

use std::borrow::Cow;

use bincode::BorrowDecode;

use super::sections::SECTION_MAX_BYTES;
use super::{DecodeError, Parts};
use crate::{
    Actor, ActorId, BodyDigest, Event, EventId, EventKind, GapReason, ImportFacts, KnownKind, Org,
    OrgId, Origin, PayloadFacts, PollFacts, Provenance, RateBudget, Reject, Repo, RepoId,
    SuspectedGap, ThreadNumber, Timestamp, Unrecorded,
};

/// Little-endian, fixed-width integers; the limit keeps a corrupt length from taking all memory.
const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Fixint,
    bincode::config::Limit<SECTION_MAX_BYTES>,
> = bincode::config::legacy().with_limit::<SECTION_MAX_BYTES>();

/// The whole heads section.
#[derive(BorrowDecode)]
struct HeadsV1<'a> {
    source: &'a str,
    observed_at_ms: i64,
    origin: OriginV1<'a>,
    gaps: Vec<GapV1>,
    events: Vec<HeadV1<'a>>,
    rejects: Vec<RejectV1<'a>>,
}

#[derive(BorrowDecode)]
enum OriginV1<'a> {
    Poll(PollV1<'a>),
    Import {
        file: &'a str,
        first_line: u64,
        last_line: u64,
    },
}

#[derive(BorrowDecode)]
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

#[derive(BorrowDecode)]
struct BudgetV1 {
    limit: u32,
    remaining: u32,
    reset_at_ms: i64,
}

#[derive(BorrowDecode)]
struct GapV1 {
    from_ms: Option<i64>,
    to_ms: i64,
    reason: u8,
}

#[derive(BorrowDecode)]
enum KindV1<'a> {
    Known(u8),
    Other(&'a str),
}

#[derive(BorrowDecode)]
enum IdV1<'a> {
    Number(u64),
    Text(&'a str),
    Digest([u8; 16]),
}

#[derive(BorrowDecode)]
struct NamedV1<'a> {
    id: Option<u64>,
    name: Option<&'a str>,
}

/// One event's head.
#[derive(BorrowDecode)]
struct HeadV1<'a> {
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

#[derive(BorrowDecode)]
struct RejectV1<'a> {
    place: u64,
    reason: &'a str,
    body: &'a [u8],
    body_bytes: u64,
    digest: [u8; 16],
}

/// Decodes the heads section.
pub(super) fn decode(section: &[u8]) -> Result<Parts<'_>, DecodeError> {
    let failed = |reason: String| DecodeError::Heads { reason };
    let decoded = bincode::borrow_decode_from_slice::<HeadsV1<'_>, _>(section, CONFIG);
    let (heads, read) = decoded.map_err(|error| failed(error.to_string()))?;
    if read == section.len() {
        heads.into_parts()
    } else {
        Err(failed(format!(
            "{} bytes follow them",
            section.len() - read
        )))
    }
}

impl<'a> HeadsV1<'a> {
    /// Our own types, and the length of each event's JSON.
    fn into_parts(self) -> Result<Parts<'a>, DecodeError> {
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

fn unknown(what: &str, value: &dyn std::fmt::Display) -> DecodeError {
    DecodeError::Heads {
        reason: format!("unknown {what}: {value}"),
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
                end: None,
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
                unrecorded: Unrecorded::default(),
                first_shown: Vec::new(),
            }),
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
