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
//! 4. That is little work where input comes hour by hour, as archives do, and far too much where hours
//!    are asked for again and again after their keys had to go: a polled feed's events come late by
//!    minutes to years, and each of them that is *perhaps known* would have a whole hour read back.
//!    So once hours have cost twice as much as reading the whole log, that is what is done: all keys go
//!    into a `key_file`, 16 bytes each on disk and 16 MB of memory, and single keys are asked for there.
//!    An hour is still read back where single questions have cost as much as that.
//!
//! `places` takes 16 bytes for each run of records that share an hour: a few hundred bytes for an
//! imported hour, 16 to 100 bytes for a polled page. So an import asks the log no question that a
//! bounded memory could not answer, and its answers are exact: an event is dropped if and only if
//! the log has it.

mod filter;
mod hour_keys;
mod key_file;
mod places;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use ghev_event::codec::Heads;
use ghev_event::{Event, Origin};
use ghev_log::{Offset, ReadError};

use crate::key::{EventKey, Key};
use crate::log_tail::read_heads;
use filter::Filter;
use hour_keys::HourKeys;
use key_file::KeyFile;
use places::Places;

/// Hours may have the log's records read back so many times before all keys get a file.
const READ_BACK_TIMES: u64 = 2;

/// Fewer records than this are read back in no time, whatever the log has.
const READ_BACK_MIN: u64 = 64;

/// So many pages of that file are read, of a kilobyte each, while one record is read back.
const PAGES_PER_RECORD: u64 = 500;

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
    /// Records of the log that are known, and the first offset after them.
    records: u64,
    end: Offset,
    /// Records that were read back for hours.
    read_back: u64,
    index: Index,
}

/// Where single keys are asked for.
#[derive(Debug)]
enum Index {
    /// Not needed so far.
    None,
    /// Every key of the log.
    Of(KeyFile),
    /// It cannot be had: hours are read back instead.
    Failed,
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
            records: 0,
            end: Offset::new(0),
            read_back: 0,
            index: Index::None,
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
            if let Some(answer) = self.ask_index(key, hour)? {
                return Ok(answer);
            }
            self.read_hour(hour)?;
        }
        Ok(self.hours.contains(hour, key))
    }

    /// Asks for a single key, unless it costs less to read its hour back.
    fn ask_index(&mut self, key: Key, hour: Hour) -> Result<Option<bool>, ReadError> {
        let hour_records = self.places.records_of(hour);
        let enough = READ_BACK_MIN.max(READ_BACK_TIMES * self.records);
        let is_due = self.read_back + hour_records > enough;
        if matches!(self.index, Index::None) && is_due {
            self.index = self.indexed()?;
        }
        let Index::Of(keys) = &self.index else {
            return Ok(None);
        };
        let spent = self.places.spend(hour, 1 + keys.pages_of(key));
        if spent > PAGES_PER_RECORD * hour_records {
            self.places.forget_spent(hour);
            return Ok(None);
        }
        match keys.contains(key) {
            Ok(answer) => Ok(Some(answer)),
            Err(reason) => {
                self.index = failed(&reason);
                Ok(None)
            }
        }
    }

    /// All keys of the log, in a file.
    fn indexed(&self) -> Result<Index, ReadError> {
        let mut index = match KeyFile::new(&self.log_dir) {
            Ok(keys) => Index::Of(keys),
            Err(reason) => failed(&reason),
        };
        read_heads(&self.log_dir, Offset::new(0), self.end, |_, heads| {
            each_key(heads, |key, _| index.insert(key));
        })?;
        Ok(index)
    }

    fn read_hour(&mut self, hour: Hour) -> Result<(), ReadError> {
        let mut keys = HashSet::new();
        for (from, to) in self.places.of(hour) {
            read_heads(&self.log_dir, from, to, |_, heads| {
                self.read_back += 1;
                each_key(heads, |key, of| {
                    if of == hour {
                        keys.insert(key);
                    }
                });
            })?;
        }
        self.hours.keep(hour, keys);
        Ok(())
    }

    /// The log has this record: by whomever it was appended. Calls `gathered` with what was also
    /// gathered here and is not to be appended again, unless this is where it was.
    pub(super) fn record(
        &mut self,
        offset: Offset,
        heads: &Heads<'_>,
        mut gathered: impl FnMut(Key),
    ) {
        self.records += 1;
        self.end = offset.next();
        each_key(heads, |key, hour| {
            self.index.insert(key);
            self.filter.insert(key);
            self.places.add(hour, offset);
            self.hours.add(hour, key);
            if self.gathered.remove(&key) {
                gathered(key);
            }
        });
    }
}

impl Index {
    fn insert(&mut self, key: Key) {
        if let Self::Of(keys) = self
            && let Err(reason) = keys.insert(key)
        {
            *self = failed(&reason);
        }
    }
}

/// Answers are the same without it, later.
fn failed(reason: &io::Error) -> Index {
    tracing::warn!(%reason, "no room for a file beside the log; the import goes on more slowly");
    Index::Failed
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
