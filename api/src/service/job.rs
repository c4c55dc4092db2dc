//! A question with all that is needed to answer it wherever a reader is.

use ghev_event::Timestamp;
use ghev_readmodel::Reader;

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
    /// The answer; tagged unless it depends on the clock.
    Answer {
        tag: Option<EntityTag>,
        encoding: Encoding,
        body: Vec<u8>,
        next_page_token: Option<String>,
    },
}

impl Job {
    /// May be run again: what it asks, and of what, is the reader's.
    pub(super) fn run(&self, reader: &mut Reader) -> Result<Outcome, Problem> {
        let snapshot = reader.snapshot()?;
        let tag = (!self.asked.depends_on_clock()).then(|| {
            let representation = (self.format, self.encoding);
            let state = (snapshot.generation(), snapshot.as_of());
            EntityTag::of_answer(self.version, &self.request, representation, state)
        });
        if let (Some(tag), Some(known)) = (tag, &self.if_none_match)
            && tag.is_in(known)
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
        let (encoding, body) = self
            .encoding
            .encode(body)
            .map_err(|error| Problem::internal(format!("cannot compress an answer: {error}")))?;
        Ok(Outcome::Answer {
            tag,
            encoding,
            body,
            next_page_token,
        })
    }
}
