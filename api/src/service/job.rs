//! A question with all that is needed to answer it wherever a reader is.

use bytes::Bytes;
use ghev_event::Timestamp;
use ghev_readmodel::Reader;

use super::kept::State;
use crate::answer::{Encoding, EntityTag};
use crate::freshness::Freshness;
use crate::handlers::Ask;
use crate::parameters::Format;
use crate::problem::Problem;
use crate::table::{Asked, Written};

/// A question on its way.
pub(super) struct Job {
    pub(super) asked: Box<dyn Asked>,
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    pub(super) now: Timestamp,
    pub(super) version: &'static str,
    pub(super) freshness: Freshness,
    /// Path and query.
    pub(super) request: String,
    /// `If-None-Match`.
    pub(super) if_none_match: Option<String>,
}

/// What came of it.
pub(super) enum Outcome {
    /// The client has the answer already.
    NotModified(EntityTag),
    Answer(Answered),
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    /// What it is of.
    pub(super) state: State,
    /// None where it depends on the clock.
    pub(super) tag: Option<EntityTag>,
    pub(super) format: Format,
    pub(super) encoding: Encoding,
    pub(super) body: Bytes,
    pub(super) next_page_token: Option<String>,
}

impl Job {
    /// May be run again: what it asks, and of what, is the reader's.
    pub(super) fn run(&self, reader: &mut Reader) -> Result<Outcome, Problem> {
        let snapshot = reader.snapshot()?;
        let state = State::of(snapshot.edition(), snapshot.as_of());
        let tag = (!self.asked.depends_on_clock()).then(|| {
            let representation = (self.format, self.encoding);
            EntityTag::of_answer(self.version, &self.request, representation, &state)
        });
        if let (Some(tag), Some(known)) = (tag, &self.if_none_match)
            && tag.is_named_in(known)
        {
            return Ok(Outcome::NotModified(tag));
        }
        let ask = Ask {
            snapshot: &snapshot,
            now: self.now,
            version: self.version,
            freshness: &self.freshness,
        };
        let Written {
            body,
            next_page_token,
        } = self.asked.answer(&ask, self.format)?;
        // That a client has any answer says nothing before it is known that there is one.
        if let (Some(tag), Some(known)) = (tag, &self.if_none_match)
            && tag.is_in(known)
        {
            return Ok(Outcome::NotModified(tag));
        }
        let (encoding, mut body) = self
            .encoding
            .encode(body)
            .map_err(|error| Problem::internal(format!("cannot compress an answer: {error}")))?;
        body.shrink_to_fit();
        Ok(Outcome::Answer(Answered {
            state,
            tag,
            format: self.format,
            encoding,
            body: body.into(),
            next_page_token,
        }))
    }
}
