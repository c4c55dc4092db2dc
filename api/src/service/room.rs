//! How much memory answers may take together while their clients read them. Slow readers of long
//! answers cost their own requests then, not the service. Knows nothing about what is in an answer.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Code, Problem};

/// Shorter answers are not counted: a connection's buffers take more.
const COUNTED_MIN_BYTES: usize = 4 * 1024;

const UNIT_BYTES: usize = 1024;

/// The room for answers on their way.
#[derive(Debug)]
pub(super) struct Room {
    units: usize,
    free: Arc<Semaphore>,
}

/// An answer that takes room for as long as a byte of it is kept.
struct Held {
    body: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

impl Room {
    /// Room for this many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let most = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        let units = (bytes / UNIT_BYTES).clamp(1, Semaphore::MAX_PERMITS.min(most));
        Self {
            units,
            free: Arc::new(Semaphore::new(units)),
        }
    }

    /// Keeps an answer until it is sent. The longest of all takes all the room there is, and is sent
    /// then too.
    ///
    /// # Errors
    /// `overloaded` where other answers take the room.
    pub(super) fn hold(&self, body: Bytes) -> Result<Bytes, Problem> {
        if body.len() < COUNTED_MIN_BYTES {
            return Ok(body);
        }
        let units = body.len().div_ceil(UNIT_BYTES).min(self.units);
        let units = u32::try_from(units).expect("there are no more units than a u32 counts");
        let room = Arc::clone(&self.free).try_acquire_many_owned(units);
        let _room = room.map_err(|_| {
            let detail = "too many long answers are being read already; try again in a second";
            Problem::new(Code::Overloaded, detail)
        })?;
        Ok(Bytes::from_owner(Held { body, _room }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Bytes {
        vec![1; bytes].into()
    }

    #[test]
    fn room_is_taken_while_any_part_of_an_answer_is_kept() {
        let room = Room::new(64 * 1024);
        let first = room.hold(answer(40 * 1024)).unwrap();
        let refused = room.hold(answer(40 * 1024)).unwrap_err();
        assert_eq!(refused.code, Code::Overloaded);
        assert_eq!(room.hold(answer(100)).unwrap().len(), 100, "not counted");
        let part = first.slice(1000..1001);
        drop(first);
        assert!(room.hold(answer(40 * 1024)).is_err());
        drop(part);
        let longest = room.hold(answer(1024 * 1024)).unwrap();
        assert!(room.hold(answer(5000)).is_err());
        drop(longest);
        assert!(room.hold(answer(5000)).is_ok());
    }
}
