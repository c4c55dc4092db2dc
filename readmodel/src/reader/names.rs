//! The name that an identity bore in an event. Knows nothing about which identities there are.

use std::collections::HashMap;

use super::{NameSeen, Snapshot};
use crate::error::ReadError;
use crate::stored::{name_tag, seconds_of};

/// The names of the identities of one page: each is read once.
pub(super) struct NameBook<'s> {
    snapshot: &'s Snapshot<'s>,
    known: HashMap<(&'static str, i64), Vec<NameSeen>>,
}

impl<'s> NameBook<'s> {
    pub(super) fn new(snapshot: &'s Snapshot<'s>) -> Self {
        Self {
            snapshot,
            known: HashMap::new(),
        }
    }

    /// The name with this tag that the identity `key` bore in an event at `created_at`; `None`
    /// where the event gave none.
    pub(super) fn name(
        &mut self,
        table: &'static str,
        key: i64,
        tag: u16,
        created_at: i64,
    ) -> Result<Option<String>, ReadError> {
        if !self.known.contains_key(&(table, key)) {
            let names = self.snapshot.names_of(table, key)?;
            self.known.insert((table, key), names);
        }
        let names = self.known.get(&(table, key)).map_or(&[][..], Vec::as_slice);
        let name = borne(names, tag, created_at).map(|seen| seen.name.clone());
        Ok(name.filter(|name| !name.is_empty()))
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
