//! Facts about what is missing: suspected gaps, and input that could not be decoded.

use ghev_readmodel::{DeadLetterRow, GapRow};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Records, StateView, Time, View};

/// A stretch of time in which events of a source may have passed unseen.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Gap")]
pub(crate) struct GapView {
    /// The record of the log that says so.
    offset: u64,
    /// The source.
    source: String,
    /// Since when, where that is known.
    from: Option<Time>,
    /// Until when.
    to: Time,
    /// Why it is suspected: `no_overlap`, `stopped`, `failures` or `frozen`.
    reason: &'static str,
}

impl From<GapRow> for GapView {
    fn from(gap: GapRow) -> Self {
        Self {
            offset: gap.offset.get(),
            source: gap.source,
            from: gap.from.map(Time),
            to: Time(gap.to),
            reason: gap.reason.name(),
        }
    }
}

/// Suspected gaps, the last recorded first, page by page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Gaps")]
pub(crate) struct GapsView {
    /// The gaps of this page.
    gaps: Vec<GapView>,
    /// How many these are.
    sample_size: u64,
    /// What to give as `page_token` for the next page; null on the last.
    next_page_token: Option<String>,
    #[serde(flatten)]
    state: StateView,
}

impl GapsView {
    pub(crate) fn new(
        gaps: Vec<GapRow>,
        next_page_token: Option<String>,
        state: StateView,
    ) -> Self {
        Self {
            sample_size: gaps.len() as u64,
            gaps: gaps.into_iter().map(GapView::from).collect(),
            next_page_token,
            state,
        }
    }
}

impl View for GapsView {
    const COLUMNS: &'static [&'static str] = &["offset", "source", "from", "to", "reason"];

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.gaps)
    }

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }
}

/// Input that could not be decoded.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetter")]
pub(crate) struct DeadLetterView {
    /// The record of the log it came in.
    offset: u64,
    /// The source; `log` where the record itself is broken.
    source: String,
    /// Where in the source: `FILE:LINE`, or the place on a page.
    place: String,
    /// Why it could not be decoded.
    reason: String,
    /// 32 hexadecimal digits of the bytes' BLAKE3 digest.
    digest: String,
    /// How many bytes it had.
    bytes: u64,
}

impl From<DeadLetterRow> for DeadLetterView {
    fn from(letter: DeadLetterRow) -> Self {
        Self {
            offset: letter.offset.get(),
            source: letter.source,
            place: letter.place,
            reason: letter.reason,
            digest: letter.digest,
            bytes: letter.bytes,
        }
    }
}

/// Input that could not be decoded, the newest first, page by page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeadLetters")]
pub(crate) struct DeadLettersView {
    /// The dead letters of this page.
    dead_letters: Vec<DeadLetterView>,
    /// How many these are.
    sample_size: u64,
    /// What to give as `page_token` for the next page; null on the last.
    next_page_token: Option<String>,
    #[serde(flatten)]
    state: StateView,
}

impl DeadLettersView {
    pub(crate) fn new(
        letters: Vec<DeadLetterRow>,
        next_page_token: Option<String>,
        state: StateView,
    ) -> Self {
        Self {
            sample_size: letters.len() as u64,
            dead_letters: letters.into_iter().map(DeadLetterView::from).collect(),
            next_page_token,
            state,
        }
    }
}

impl View for DeadLettersView {
    const COLUMNS: &'static [&'static str] =
        &["offset", "source", "place", "reason", "digest", "bytes"];

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.dead_letters)
    }

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }
}
