//! The name that an identity bore in an event. Knows nothing about which identities there are.

use std::collections::HashMap;
use std::sync::Arc;

use super::{NameSeen, Snapshot};
use crate::Offset;
use crate::error::ReadError;
use crate::stored::{name_tag, seconds_of};

/// How many identities' names are kept: those of a few pages, in about a megabyte.
const KEPT_MAX: usize = 4096;

/// Names that were read already, as long as the model stays as it is.
#[derive(Debug, Default)]
pub(super) struct KeptNames {
    next_offset: Offset,
    names: HashMap<(&'static str, i64), Arc<[NameSeen]>>,
}

impl KeptNames {
    /// Forgets what an older state said.
    pub(super) fn keep_for(&mut self, next_offset: Offset) {
        if self.next_offset != next_offset || self.names.len() > KEPT_MAX {
            self.next_offset = next_offset;
            self.names.clear();
        }
    }
}

/// The names of the identities of one page: each is read once.
pub(super) struct NameBook<'s> {
    snapshot: &'s Snapshot<'s>,
}

impl<'s> NameBook<'s> {
    pub(super) const fn new(snapshot: &'s Snapshot<'s>) -> Self {
        Self { snapshot }
    }

    /// The name with this tag that the identity `key` bore in an event at `created_at`; `None`
    /// where the event gave none.
    pub(super) fn name(
        &self,
        table: &'static str,
        key: i64,
        tag: u16,
        created_at: i64,
    ) -> Result<Option<String>, ReadError> {
        let kept = self
            .snapshot
            .names
            .borrow()
            .names
            .get(&(table, key))
            .cloned();
        let names = match kept {
            Some(names) => names,
            None => self.read(table, key)?,
        };
        let name = borne(&names, tag, created_at).map(|seen| seen.name.clone());
        Ok(name.filter(|name| !name.is_empty()))
    }

    fn read(&self, table: &'static str, key: i64) -> Result<Arc<[NameSeen]>, ReadError> {
        let names: Arc<[NameSeen]> = self.snapshot.names_of(table, key)?.into();
        let mut kept = self.snapshot.names.borrow_mut();
        kept.names.insert((table, key), Arc::clone(&names));
        Ok(names)
    }
}

/// Of the names with this tag the one that was borne at the time. Two that share a tag and a time
/// are told apart no further.
fn borne(names: &[NameSeen], tag: u16, created_at: i64) -> Option<&NameSeen> {
    let borne_then = |seen: &NameSeen| {
        seconds_of(seen.first_at) <= created_at && created_at <= seconds_of(seen.last_at)
    };
    let tagged = names.iter().filter(|seen| name_tag(&seen.name) == tag);
    tagged.max_by_key(|seen| borne_then(seen))
}
