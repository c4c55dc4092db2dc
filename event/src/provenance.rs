//! How an envelope's events came to us: facts of the poll or the import, suspected gaps, and what
//! could not be read. Knows nothing about HTTP or files beyond what it records of them.

use std::borrow::Cow;

use crate::{Source, Timestamp};

/// Where an envelope's events came from, and when we saw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The feed, or the archives.
    pub source: Source,
    /// When the answer was received or the chunk was read, by our clock.
    pub observed_at: Timestamp,
    /// What is particular to the way they came.
    pub origin: Origin,
    /// What may have been missed before these events.
    pub gaps: Vec<SuspectedGap>,
}

/// The way an envelope's events came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// One page of one poll of a feed.
    Poll(PollFacts),
    /// One chunk of an imported file.
    Import(ImportFacts),
}

/// The facts of one request for one page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PollFacts {
    /// Path and query that were asked, without the origin: the key under which `etag` is valid.
    pub path: String,
    /// Which page of the cycle, from 1. A cycle is one poll: all pages the `Link` header names.
    pub page: u32,
    /// HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    /// What went wrong, in words, where something did.
    pub error: Option<String>,
    /// The `ETag` of the answer.
    pub etag: Option<String>,
    /// Events on the page.
    pub received: u32,
    /// Of those: not seen before, and so in this envelope.
    pub new: u32,
    /// Of those: seen before with the same body.
    pub duplicate: u32,
    /// Of those: seen before with another body. They are in this envelope too.
    pub conflicting: u32,
    /// Whether the page is the last of its cycle.
    pub last_page: bool,
    /// Events of the whole cycle so far that earlier cycles had brought: the proof that nothing
    /// was missed in between. `None` where there is no earlier cycle to overlap with.
    pub overlap: Option<u32>,
    /// Time from request to the answer's last byte.
    pub latency_ms: u32,
    /// `X-Poll-Interval`.
    pub poll_interval_seconds: Option<u32>,
    /// When the source will be asked again.
    pub next_poll_at: Option<Timestamp>,
    /// What the rate limit headers said.
    pub budget: Option<RateBudget>,
    /// On page 1: the polls of the source since its last envelope.
    pub unrecorded: Unrecorded,
    /// Of the duplicates: those that no complete cycle of the source had brought. Another source, an
    /// import or a cycle that failed had. Each by the key that stands for it (`docs/FORMAT.md`): with
    /// the events of its envelopes, all that the source ever showed.
    pub first_shown: Vec<[u8; 16]>,
}

/// Polls that brought nothing, and have no envelope of their own: with these, what is said of a
/// source's polls sums up to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unrecorded {
    /// How many.
    pub polls: u32,
    /// Events on their pages: all of them had been seen with the same body.
    pub received: u32,
}

/// The `X-RateLimit-*` headers of one answer
/// (<https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateBudget {
    /// Requests an hour.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// When the window ends, by GitHub's clock.
    pub reset_at: Timestamp,
}

/// The facts of one chunk of an imported file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportFacts {
    /// The file as the user named it, `-` for standard input.
    pub file: String,
    /// The first line (from 1) of the file that the chunk covers.
    pub first_line: u64,
    /// The last line that it covers.
    pub last_line: u64,
    /// Where the file was read to its end: what it was, so that it is known again.
    pub end: Option<FileEnd>,
}

/// A file that was read to its end: all of it is in the log, up to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEnd {
    /// Id of the log that this was written to. Elsewhere, among records that were saved from it,
    /// it proves nothing.
    pub log_id: [u8; 16],
    /// The record from which on the file's events lie, where they were not there before. It proves
    /// nothing any more once that one has been let go.
    pub from_offset: u64,
    /// Its size as stored.
    pub bytes: u64,
    /// When it was last changed, by its filesystem.
    pub modified: Option<Timestamp>,
    /// First 16 bytes of the BLAKE3 digest of its bytes as stored.
    pub digest: [u8; 16],
    /// Events in it, those that were known included.
    pub events: u64,
    /// Places in it that are no events.
    pub rejected: u64,
}

/// A stretch of time in which events may have passed unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspectedGap {
    /// Since when, where that is known.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
    /// Why it is suspected.
    pub reason: GapReason,
}

/// Why a gap is suspected. Stored as its number: append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum GapReason {
    /// The oldest events of a full window were new, or a short page ended among new ones: others may
    /// have passed before them, or behind its end.
    NoOverlap = 0,
    /// The injector did not run for longer than the feed's window lasts.
    Stopped = 1,
    /// Requests failed for a while.
    Failures = 2,
    /// The feed served the same page for suspiciously long.
    Frozen = 3,
}

impl GapReason {
    /// Every reason, in the order of their stored numbers.
    pub const ALL: &[Self] = &[Self::NoOverlap, Self::Stopped, Self::Failures, Self::Frozen];

    /// The word that answers use for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoOverlap => "no_overlap",
            Self::Stopped => "stopped",
            Self::Failures => "failures",
            Self::Frozen => "frozen",
        }
    }

    /// The number this reason is stored as.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason stored as this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// Input that is no event. Kept, so that nothing vanishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject<'a> {
    /// The line of the file (from 1), or the place on the page (from 1).
    pub place: u64,
    /// Why it is no event, in words.
    pub reason: Cow<'a, str>,
    /// The bytes, cut to [`Reject::BODY_MAX_BYTES`].
    pub body: Cow<'a, [u8]>,
    /// How many bytes there were before the cut.
    pub body_bytes: u64,
    /// First 16 bytes of the BLAKE3 digest of all the bytes.
    pub digest: [u8; 16],
}

impl<'a> Reject<'a> {
    /// How many bytes of rejected input are kept with a reject.
    pub const BODY_MAX_BYTES: usize = 64 * 1024;

    /// A reject of these bytes at this place.
    pub fn new(place: u64, reason: impl Into<Cow<'a, str>>, body: &'a [u8]) -> Self {
        let mut digest = [0; 16];
        digest.copy_from_slice(&blake3::hash(body).as_bytes()[..16]);
        let kept = &body[..body.len().min(Self::BODY_MAX_BYTES)];
        Self {
            place,
            reason: reason.into(),
            body: Cow::Borrowed(kept),
            body_bytes: body.len() as u64,
            digest,
        }
    }
}
