//! Answers that were given, kept for whoever asks the same: many look at the same dashboard, and a picture in a
//! README is asked for by every reader of it. An answer that does not depend on the clock is a matter of the
//! request and the state of the read model, which is what its entity tag says too, so one that was kept of the
//! state that there is now is the answer. Knows nothing about how either is found.

use std::hash::Hash;

use ghev_event::Timestamp;
use ghev_readmodel::{AsOf, Edition, LogId, Offset};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::job::Answered;
use crate::answer::Encoding;

/// What an answer takes beside its own bytes and those of its request.
const OVERHEAD_BYTES: usize = 256;

/// Answers are kept that are no longer than this part of all there is room for.
const LONGEST_PART: usize = 16;

/// A short answer: so many of them are looked for a place for.
const SHORT_BYTES: usize = 1024;

/// One state of the read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct State {
    edition: Edition,
    log: LogId,
    next_offset: Offset,
    events_since: Option<Timestamp>,
}

impl State {
    pub(crate) const fn of(edition: Edition, as_of: &AsOf) -> Self {
        let checkpoint = &as_of.checkpoint;
        Self {
            edition,
            log: checkpoint.log_id,
            next_offset: checkpoint.next_offset,
            events_since: as_of.events_since,
        }
    }
}

/// All of a request that its answer may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asking<'r> {
    /// Path and query, as they came.
    pub(super) target: &'r str,
    /// `Accept`.
    pub(super) accept: Option<&'r str>,
    pub(super) encoding: Encoding,
}

/// An answer, and the endpoint that gave it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) endpoint: usize,
    pub(super) answered: Answered,
}

/// The answers kept. Those that are asked for again stay longest.
#[derive(Debug)]
pub(super) struct KeptAnswers {
    answers: Cache<Key, Kept, Bytewise>,
    longest_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    target: Box<str>,
    accept: Option<Box<str>>,
    encoding: Encoding,
}

impl Equivalent<Key> for Asking<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self.target == *key.target
            && self.accept == key.accept.as_deref()
            && self.encoding == key.encoding
    }
}

#[derive(Debug, Clone)]
struct Bytewise;

impl Weighter<Key, Kept> for Bytewise {
    fn weight(&self, key: &Key, Kept { answered, .. }: &Kept) -> u64 {
        let of_key = key.target.len() + key.accept.as_ref().map_or(0, |accept| accept.len());
        let token = answered.next_page_token.as_ref().map_or(0, String::len);
        (of_key + answered.body.len() + token + OVERHEAD_BYTES) as u64
    }
}

impl KeptAnswers {
    /// Keeps about so many bytes of answers; none where there are to be 0.
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            answers: Cache::with_weighter(bytes / SHORT_BYTES, bytes as u64, Bytewise),
            longest_bytes: bytes / LONGEST_PART,
        }
    }

    /// The answer to a request, of whatever state.
    pub(super) fn get(&self, asking: &Asking<'_>) -> Option<Kept> {
        self.answers.get(asking)
    }

    /// Keeps an answer instead of the one before, unless it is too long.
    pub(super) fn keep(&self, asking: &Asking<'_>, kept: Kept) {
        if kept.answered.body.len() > self.longest_bytes {
            return;
        }
        let key = Key {
            target: asking.target.into(),
            accept: asking.accept.map(Into::into),
            encoding: asking.encoding,
        };
        self.answers.insert(key, kept);
    }
}

#[cfg(test)]
mod tests {
    use ghev_readmodel::{ModelDir, Reader, Writer};

    use super::*;
    use crate::answer::EntityTag;
    use crate::parameters::Format;

    /// Of a model of nothing.
    fn state() -> State {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        Writer::open(&model, LogId::new([1; 16])).unwrap();
        let (edition, as_of) = Reader::new(model).as_of().unwrap();
        State::of(edition, &as_of)
    }

    fn asking(target: &str) -> Asking<'_> {
        Asking {
            target,
            accept: Some("*/*"),
            encoding: Encoding::Identity,
        }
    }

    fn answer(state: State, bytes: usize) -> Kept {
        let answered = Answered {
            state,
            tag: Some(EntityTag::of_bytes(b"x")),
            format: Format::Json,
            encoding: Encoding::Identity,
            body: vec![b'x'; bytes].into(),
            next_page_token: None,
        };
        let endpoint = 7;
        Kept { endpoint, answered }
    }

    #[test]
    fn an_answer_is_found_by_all_that_it_depends_on() {
        let (kept, state) = (KeptAnswers::new(1 << 20), state());
        let asked = asking("/v1/events?limit=1");
        kept.keep(&asked, answer(state, 10));
        assert_eq!(kept.get(&asked).unwrap().answered.body.len(), 10);
        let others = [
            asking("/v1/events?limit=2"),
            Asking {
                accept: None,
                ..asked
            },
            Asking {
                accept: Some("text/csv"),
                ..asked
            },
            Asking {
                encoding: Encoding::Gzip,
                ..asked
            },
        ];
        for other in others {
            assert!(kept.get(&other).is_none(), "{other:?}");
        }
        kept.keep(&asked, answer(state, 20));
        assert_eq!(
            kept.get(&asked).unwrap().answered.body.len(),
            20,
            "the newest one"
        );
    }

    #[test]
    fn what_is_kept_never_grows_beyond_its_room_and_one_answer_never_takes_it_all() {
        let room = 1 << 20;
        let (kept, state) = (KeptAnswers::new(room), state());
        for number in 0..10_000 {
            kept.keep(&asking(&format!("/{number}")), answer(state, 1000));
        }
        assert!(kept.answers.weight() <= room as u64);
        assert!(kept.answers.weight() > room as u64 / 2, "it is used");
        kept.keep(&asking("/long"), answer(state, room / LONGEST_PART + 1));
        assert!(kept.get(&asking("/long")).is_none());
        let none = KeptAnswers::new(0);
        none.keep(&asking("/x"), answer(state, 1));
        assert!(none.get(&asking("/x")).is_none());
    }
}
