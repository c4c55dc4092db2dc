//! How an import appends to a log that a running injector or another import holds, and an injector to
//! one that an import holds: a socket in the log's directory, on which records are offered and
//! answered. Knows nothing about who reads which files or polls which feeds.
//!
//! # Why a socket, and why there
//!
//! The log has one writer, and a log's directory is the only thing that an import and an injector
//! surely share: in one process tree or in two containers with one volume. The socket `inbox` is
//! made once its holder has the log's lock, and taken away before it lets go of it; one left by a
//! killed holder refuses connections and is replaced by the next. Nothing is kept in it: what is
//! acknowledged is in the log, everything else is still the import's. Whoever may write the log may
//! connect, nobody else.
//!
//! # Offers
//!
//! Whoever does not hold the log is called the import here; an injector beside an import does the same.
//! An offer is a batch of records and the offset they are to begin at: that of the first record the
//! import has not read. The holder appends them there durably, or not at all:
//!
//! - *appended*: they begin where they were to begin, and are durable.
//! - *moved*: the log had grown meanwhile, by a poll or another import. Nothing was appended. The
//!   import reads what came, takes out of its batch what the log has now, and offers the rest again.
//! - *refused*: the log does not take them (no space, no envelopes); the reason says why.
//!
//! So no event gets in twice, although neither side locks the other out: what the import compared
//! its events with is exactly what lies before them.
//!
//! No answer, because the holder ended or was killed, means that nobody knows. The import then
//! takes the log over, or finds the holder that came after, reads on from where it stood, and
//! finds its own records there, byte for byte, or does not and offers them again. An import that is
//! killed leaves a whole batch or nothing; importing again finds out which. An offer of no records
//! asks where the log ends.
//!
//! An import takes in whatever is offered, since it ends, and polling that waited for it would miss
//! events. An injector takes in imports only: two that poll are one too many, which the second is to
//! say.
//!
//! # Bytes
//!
//! All numbers are little-endian. The holder greets with `ghev-inbox 2 ` and what it takes in (`a`
//! everything, `i` imports only), `\n`. Then, as often as the import likes:
//!
//! | From | Bytes |
//! |---|---|
//! | import | `u64` offset, `u32` records, for each record `u32` length and its bytes |
//! | holder | `u8` (0 appended, 1 moved, 2 refused), `u64` next offset, `u32` length of a reason, the reason in UTF-8 |

mod client;
mod contents;
mod server;
mod socket;

pub(crate) use client::Delivery;
pub(crate) use contents::events_of;
pub(crate) use server::{Inbox, Offer};

use ghev_log::Offset;

const GREETING_BYTES: usize = 15;

/// What a holder takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Pages of feeds as well as imports.
    Everything,
    ImportsOnly,
}

impl Takes {
    const ALL: [Self; 2] = [Self::Everything, Self::ImportsOnly];

    const fn greeting(self) -> &'static [u8; GREETING_BYTES] {
        match self {
            Self::Everything => b"ghev-inbox 2 a\n",
            Self::ImportsOnly => b"ghev-inbox 2 i\n",
        }
    }

    fn of_greeting(greeting: &[u8; GREETING_BYTES]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|takes| takes.greeting() == greeting)
    }
}

/// The bytes of an offer's records; several times what an import sends at once.
const OFFER_MAX_BYTES: usize = 32 << 20;

/// What became of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is durable; the log now ends here.
    Appended(Offset),
    /// Nothing was appended: the log ends here, not where the offer was to begin.
    Moved(Offset),
    /// Nothing was appended, and trying again is of no use.
    Refused(String),
}

impl Answer {
    const APPENDED: u8 = 0;
    const MOVED: u8 = 1;
    const REFUSED: u8 = 2;

    fn encode(&self) -> Vec<u8> {
        let (tag, next, reason) = match self {
            Self::Appended(next) => (Self::APPENDED, next.get(), ""),
            Self::Moved(next) => (Self::MOVED, next.get(), ""),
            Self::Refused(reason) => (Self::REFUSED, 0, reason.as_str()),
        };
        let length = u32::try_from(reason.len()).expect("a sentence");
        let mut bytes = vec![tag];
        bytes.extend_from_slice(&next.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(reason.as_bytes());
        bytes
    }

    /// `None` where there is no such answer.
    fn of_parts(tag: u8, next: u64, reason: String) -> Option<Self> {
        match tag {
            Self::APPENDED => Some(Self::Appended(Offset::new(next))),
            Self::MOVED => Some(Self::Moved(Offset::new(next))),
            Self::REFUSED => Some(Self::Refused(reason)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
