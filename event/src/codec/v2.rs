//! The heads of version 2 as bincode writes them, and their way to and from our own types. Frozen:
//! a change here is a new version. Knows nothing about compression, nor how columns are filled.

use bincode::{BorrowDecode, Encode};

use super::columns::{Columns, ColumnsV2};
use super::sections::SECTION_MAX_BYTES;
use super::{DecodeError, EncodeError, Parts};
use crate::{
    FileEnd, GapReason, ImportFacts, Origin, PollFacts, Provenance, RateBudget, Reject,
    SuspectedGap, Timestamp, Unrecorded,
};

/// Little-endian, fixed-width integers; the limit keeps a corrupt length from taking all memory.
pub(super) const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Fixint,
    bincode::config::Limit<SECTION_MAX_BYTES>,
> = bincode::config::legacy().with_limit::<SECTION_MAX_BYTES>();

/// The whole heads section.
#[derive(Encode, BorrowDecode)]
struct HeadsV2<'a> {
    source: &'a str,
    observed_at_ms: i64,
    origin: OriginV2<'a>,
    gaps: Vec<GapV2>,
    events: ColumnsV2<'a>,
    rejects: Vec<RejectV2<'a>>,
}

#[derive(Encode, BorrowDecode)]
enum OriginV2<'a> {
    Poll(PollV2<'a>),
    Import(ImportV2<'a>),
}

#[derive(Encode, BorrowDecode)]
struct PollV2<'a> {
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
    budget: Option<BudgetV2>,
    unrecorded_polls: u32,
    unrecorded_received: u32,
}

#[derive(Encode, BorrowDecode)]
struct BudgetV2 {
    limit: u32,
    remaining: u32,
    reset_at_ms: i64,
}

#[derive(Encode, BorrowDecode)]
struct ImportV2<'a> {
    file: &'a str,
    first_line: u64,
    last_line: u64,
    end: Option<FileEndV2>,
}

#[derive(Encode, BorrowDecode)]
struct FileEndV2 {
    log_id: [u8; 16],
    from_offset: u64,
    bytes: u64,
    modified_ms: Option<i64>,
    digest: [u8; 16],
    events: u64,
    rejected: u64,
}

#[derive(Encode, BorrowDecode)]
struct GapV2 {
    from_ms: Option<i64>,
    to_ms: i64,
    reason: u8,
}

#[derive(Encode, BorrowDecode)]
struct RejectV2<'a> {
    place: u64,
    reason: &'a str,
    body: &'a [u8],
    body_bytes: u64,
    digest: [u8; 16],
}

/// Encodes the heads section.
pub(super) fn encode(
    provenance: &Provenance,
    events: &Columns,
    rejects: &[Reject<'_>],
) -> Result<Vec<u8>, EncodeError> {
    let source = provenance.source.to_string();
    let heads = HeadsV2 {
        source: &source,
        observed_at_ms: provenance.observed_at.as_millis(),
        origin: OriginV2::from(&provenance.origin),
        gaps: provenance.gaps.iter().map(GapV2::from).collect(),
        events: events.as_v2(),
        rejects: rejects.iter().map(RejectV2::from).collect(),
    };
    let encoded = bincode::encode_to_vec(heads, CONFIG);
    encoded.map_err(|error| EncodeError::Encoding {
        reason: error.to_string(),
    })
}

/// Decodes the heads section.
pub(super) fn decode(section: &[u8]) -> Result<Parts<'_>, DecodeError> {
    match decode_start(section)? {
        (parts, []) => Ok(parts),
        (_, rest) => Err(DecodeError::Heads {
            reason: format!("{} bytes follow them", rest.len()),
        }),
    }
}

/// Decodes the heads that a section starts with; what follows them.
pub(super) fn decode_start(section: &[u8]) -> Result<(Parts<'_>, &[u8]), DecodeError> {
    let failed = |reason: String| DecodeError::Heads { reason };
    let decoded = bincode::borrow_decode_from_slice::<HeadsV2<'_>, _>(section, CONFIG);
    let (heads, read) = decoded.map_err(|error| failed(error.to_string()))?;
    let source = heads.source.parse();
    let (events, lengths) = heads.events.read()?;
    let provenance = Provenance {
        source: source.map_err(|error| failed(format!("unknown source: {error}")))?,
        observed_at: Timestamp::from_millis(heads.observed_at_ms),
        origin: heads.origin.into(),
        gaps: heads
            .gaps
            .iter()
            .map(GapV2::gap)
            .collect::<Result<_, _>>()?,
    };
    let parts = Parts {
        provenance,
        events,
        lengths,
        rejects: heads.rejects.into_iter().map(Reject::from).collect(),
    };
    Ok((parts, &section[read..]))
}

impl<'a> From<&'a Origin> for OriginV2<'a> {
    fn from(origin: &'a Origin) -> Self {
        match origin {
            Origin::Import(facts) => Self::Import(ImportV2 {
                file: &facts.file,
                first_line: facts.first_line,
                last_line: facts.last_line,
                end: facts.end.map(|end| FileEndV2 {
                    log_id: end.log_id,
                    from_offset: end.from_offset,
                    bytes: end.bytes,
                    modified_ms: end.modified.map(Timestamp::as_millis),
                    digest: end.digest,
                    events: end.events,
                    rejected: end.rejected,
                }),
            }),
            Origin::Poll(facts) => Self::Poll(PollV2 {
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
                budget: facts.budget.map(|budget| BudgetV2 {
                    limit: budget.limit,
                    remaining: budget.remaining,
                    reset_at_ms: budget.reset_at.as_millis(),
                }),
                unrecorded_polls: facts.unrecorded.polls,
                unrecorded_received: facts.unrecorded.received,
            }),
        }
    }
}

impl From<OriginV2<'_>> for Origin {
    fn from(origin: OriginV2<'_>) -> Self {
        match origin {
            OriginV2::Import(import) => Self::Import(ImportFacts {
                file: import.file.to_owned(),
                first_line: import.first_line,
                last_line: import.last_line,
                end: import.end.map(|end| FileEnd {
                    log_id: end.log_id,
                    from_offset: end.from_offset,
                    bytes: end.bytes,
                    modified: end.modified_ms.map(Timestamp::from_millis),
                    digest: end.digest,
                    events: end.events,
                    rejected: end.rejected,
                }),
            }),
            OriginV2::Poll(poll) => Self::Poll(PollFacts {
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
                unrecorded: Unrecorded {
                    polls: poll.unrecorded_polls,
                    received: poll.unrecorded_received,
                },
                first_shown: Vec::new(),
            }),
        }
    }
}

impl From<&SuspectedGap> for GapV2 {
    fn from(gap: &SuspectedGap) -> Self {
        Self {
            from_ms: gap.from.map(Timestamp::as_millis),
            to_ms: gap.to.as_millis(),
            reason: gap.reason.code(),
        }
    }
}

impl GapV2 {
    fn gap(&self) -> Result<SuspectedGap, DecodeError> {
        let unknown = || DecodeError::Heads {
            reason: format!("unknown gap reason: {}", self.reason),
        };
        Ok(SuspectedGap {
            from: self.from_ms.map(Timestamp::from_millis),
            to: Timestamp::from_millis(self.to_ms),
            reason: GapReason::from_code(self.reason).ok_or_else(unknown)?,
        })
    }
}

impl<'a> From<&'a Reject<'_>> for RejectV2<'a> {
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

impl<'a> From<RejectV2<'a>> for Reject<'a> {
    fn from(reject: RejectV2<'a>) -> Self {
        Self {
            place: reject.place,
            reason: reject.reason.into(),
            body: reject.body.into(),
            body_bytes: reject.body_bytes,
            digest: reject.digest,
        }
    }
}
