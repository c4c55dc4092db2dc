//! What the log has, asked event by event, in bounded memory however much that is. Knows nothing
//! about files.
//!
//! # How
//!
//! Three steps, of which most events need the first alone:
//!
//! 1. A `filter` over the keys of everything in the log says *surely new* or *perhaps known*: 10 to
//!    20 bits a key, 63 MB at most. A log of more than 50 million events makes it say *perhaps* too
//!    often, which costs time and changes no answer.
//! 2. What this import has gathered and not yet made durable is remembered exactly.
//! 3. For the rest the log itself is asked. `places` knows which records have events of which hour
//!    (by `created_at`): those records are read back, and their keys are kept for the hours asked
//!    for last, a million keys (36 MB) or one hour, whichever is more.
//!
//! `places` takes 16 bytes for each run of records that share an hour: a few hundred bytes for an
//! imported hour, 16 to 100 bytes for a polled page. So an import asks the log no question that a
//! bounded memory could not answer, and its answers are exact: an event is dropped if and only if
//! the log has it.

mod filter;
mod hour_keys;
mod places;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ghev_event::codec::Heads;
use ghev_event::{Event, Origin};
use ghev_log::{Offset, ReadError};

use crate::key::{EventKey, Key};
use crate::log_tail::read_heads;
use filter::Filter;
use hour_keys::HourKeys;
use places::Places;

/// The hour an event was created in, as far as that is known; what is no event has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Hour(i64);

impl Hour {
    /// Of what bears no time.
    pub(super) const UNKNOWN: Self = Self(i64::MIN);

    pub(super) fn of(event: &Event<'_>) -> Self {
        let at = event.created_at;
        at.map_or(Self::UNKNOWN, |at| Self(at.as_seconds().div_euclid(3600)))
    }
}

/// Every event and reject of a log and of what is about to be appended to it.
#[derive(Debug)]
pub(super) struct Known {
    log_dir: PathBuf,
    filter: Filter,
    places: Places,
    /// Gathered, not yet in the log.
    gathered: HashSet<Key>,
    hours: HourKeys,
}

impl Known {
    /// Nothing yet of the log in `log_dir`.
    pub(super) fn new(log_dir: &Path) -> Self {
        Self {
            log_dir: log_dir.to_path_buf(),
            filter: Filter::default(),
            places: Places::default(),
            gathered: HashSet::new(),
            hours: HourKeys::default(),
        }
    }

    /// Whether this is seen for the first time; it is known from then on.
    ///
    /// # Errors
    /// Where the log cannot be asked.
    pub(super) fn is_new(&mut self, key: Key, hour: Hour) -> Result<bool, ReadError> {
        let surely_new = !self.filter.insert(key);
        if !surely_new && (self.gathered.contains(&key) || self.log_has(key, hour)?) {
            return Ok(false);
        }
        self.gathered.insert(key);
        Ok(true)
    }

    fn log_has(&mut self, key: Key, hour: Hour) -> Result<bool, ReadError> {
        if !self.hours.has(hour) {
            let mut keys = HashSet::new();
            for (from, to) in self.places.of(hour) {
                read_heads(&self.log_dir, from, to, |_, heads| {
                    each_key(heads, |key, of| {
                        if of == hour {
                            keys.insert(key);
                        }
                    });
                })?;
            }
            self.hours.keep(hour, keys);
        }
        Ok(self.hours.contains(hour, key))
    }

    /// The log has this record: by whomever it was appended. Calls `gathered` with what was also
    /// gathered here and is not to be appended again, unless this is where it was.
    pub(super) fn record(
        &mut self,
        offset: Offset,
        heads: &Heads<'_>,
        mut gathered: impl FnMut(Key),
    ) {
        each_key(heads, |key, hour| {
            self.filter.insert(key);
            self.places.add(hour, offset);
            self.hours.add(hour, key);
            if self.gathered.remove(&key) {
                gathered(key);
            }
        });
    }
}

/// Whatever an envelope has that is not to be appended again.
fn each_key(heads: &Heads<'_>, mut each: impl FnMut(Key, Hour)) {
    for event in &heads.events {
        each(EventKey::of(event).exact, Hour::of(event));
    }
    if let Origin::Import(facts) = &heads.provenance.origin {
        for reject in &heads.rejects {
            let key = Key::of_reject(&facts.file, reject.place, &reject.digest);
            each(key, Hour::UNKNOWN);
        }
    }
}

#[cfg(test)]
mod tests;
