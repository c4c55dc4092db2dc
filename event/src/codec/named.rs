//! A column of actors, repositories or organisations: each is spelled out where it first occurs in
//! an envelope and pointed back to afterwards. Knows nothing about the other columns.

use std::hash::BuildHasher;
use std::ops::Range;

use bincode::{BorrowDecode, Encode};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::DecodeError;
use super::columns::{at_end, malformed};
use super::varint::{Varints, put};

/// A seat that nobody takes.
const NOBODY: u64 = 0;
/// A seat taken by somebody new; larger numbers count back from there.
const NEW: u64 = 1;

const HAS_ID: u8 = 1;
const HAS_NAME: u8 = 2;

/// Who was named, by id, by name or both.
pub(super) type Who<'a> = (Option<u64>, Option<&'a str>);

/// The column as it is gathered.
#[derive(Default)]
pub(super) struct Named {
    seats: Vec<u8>,
    forms: Vec<u8>,
    ids: Vec<u8>,
    name_bytes: Vec<u8>,
    names: String,
    entries: Vec<(Option<u64>, Option<Range<usize>>)>,
    /// The last entry of each hash: another one with the same is spelled out anew.
    by_hash: FxHashMap<u64, usize>,
}

/// The column as bincode writes it.
#[derive(Encode, BorrowDecode)]
pub(super) struct NamedV2<'a> {
    /// Per event: 0 for nobody, 1 for the next entry, n + 1 for the n-th last one.
    seats: &'a [u8],
    /// Per entry: 1 where it has an id, plus 2 where it has a name.
    forms: &'a [u8],
    ids: &'a [u8],
    /// The names' lengths.
    name_bytes: &'a [u8],
    names: &'a str,
}

impl Named {
    pub(super) fn push(&mut self, who: Option<Who<'_>>) {
        let Some(who) = who else {
            put(NOBODY, &mut self.seats);
            return;
        };
        let hash = FxBuildHasher.hash_one(who);
        let next = self.entries.len();
        match self.by_hash.insert(hash, next) {
            Some(entry) if self.who(entry) == who => {
                self.by_hash.insert(hash, entry);
                put(NEW + (next - entry) as u64, &mut self.seats);
            }
            _ => {
                put(NEW, &mut self.seats);
                self.spell_out(who);
            }
        }
    }

    fn who(&self, entry: usize) -> Who<'_> {
        let (id, name) = &self.entries[entry];
        (*id, name.clone().map(|name| &self.names[name]))
    }

    fn spell_out(&mut self, (id, name): Who<'_>) {
        let form = id.map_or(0, |_| HAS_ID) | name.map_or(0, |_| HAS_NAME);
        self.forms.push(form);
        if let Some(id) = id {
            put(id, &mut self.ids);
        }
        let start = self.names.len();
        if let Some(name) = name {
            put(name.len() as u64, &mut self.name_bytes);
            self.names.push_str(name);
        }
        let range = name.map(|_| start..self.names.len());
        self.entries.push((id, range));
    }

    pub(super) fn bytes(&self) -> usize {
        let lists = self.seats.len() + self.forms.len() + self.ids.len();
        lists + self.name_bytes.len() + self.names.len()
    }

    pub(super) fn clear(&mut self) {
        self.seats.clear();
        self.forms.clear();
        self.ids.clear();
        self.name_bytes.clear();
        self.names.clear();
        self.entries.clear();
        self.by_hash.clear();
    }

    pub(super) fn as_v2(&self) -> NamedV2<'_> {
        NamedV2 {
            seats: &self.seats,
            forms: &self.forms,
            ids: &self.ids,
            name_bytes: &self.name_bytes,
            names: &self.names,
        }
    }
}

impl<'a> NamedV2<'a> {
    /// Who was named in each of `count` events.
    pub(super) fn read(
        &self,
        count: usize,
        what: &'static str,
    ) -> Result<Vec<Option<Who<'a>>>, DecodeError> {
        let entries = self.entries(what)?;
        let (mut seats, mut next) = (Varints(self.seats), 0usize);
        let mut named = Vec::with_capacity(count);
        for _ in 0..count {
            let seat = seats.next().ok_or_else(|| malformed(what))?;
            let back = seat.checked_sub(NEW).map(usize::try_from).transpose();
            named.push(match back.map_err(|_| malformed(what))? {
                None => None,
                Some(back) => {
                    let entry = next.checked_sub(back).and_then(|at| entries.get(at));
                    next += usize::from(back == 0);
                    Some(*entry.ok_or_else(|| malformed(what))?)
                }
            });
        }
        at_end(seats.is_at_end() && next == entries.len(), what)?;
        Ok(named)
    }

    fn entries(&self, what: &'static str) -> Result<Vec<Who<'a>>, DecodeError> {
        let (mut ids, mut lengths) = (Varints(self.ids), Varints(self.name_bytes));
        let mut names = self.names;
        let mut entries = Vec::with_capacity(self.forms.len());
        for &form in self.forms {
            let id = match form & HAS_ID {
                0 => None,
                _ => Some(ids.next().ok_or_else(|| malformed(what))?),
            };
            let name = match form & HAS_NAME {
                0 => None,
                _ => Some(text(&mut lengths, &mut names).ok_or_else(|| malformed(what))?),
            };
            entries.push((id, name));
        }
        at_end(
            ids.is_at_end() && lengths.is_at_end() && names.is_empty(),
            what,
        )?;
        Ok(entries)
    }
}

/// The next text of so many bytes.
fn text<'a>(lengths: &mut Varints<'_>, texts: &mut &'a str) -> Option<&'a str> {
    let length = usize::try_from(lengths.next()?).ok()?;
    let (text, rest) = texts.split_at_checked(length)?;
    *texts = rest;
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_comes_again_is_pointed_back_to() {
        let mut named = Named::default();
        let (a, b) = ((Some(7), Some("a")), (None, Some("b")));
        for who in [Some(a), None, Some(b), Some(a), Some(b), Some(a)] {
            named.push(who);
        }
        assert_eq!(named.seats, [1, 0, 1, 3, 2, 3]);
        assert_eq!(
            (named.forms.as_slice(), named.names.as_str()),
            (&[3, 2][..], "ab")
        );
    }

    #[test]
    fn a_place_that_is_not_there_is_told() {
        let good = NamedV2 {
            seats: &[1, 2],
            forms: &[2],
            ids: &[],
            name_bytes: &[1],
            names: "a",
        };
        assert_eq!(good.read(2, "actors").unwrap().len(), 2);
        let is_refused = |named: NamedV2<'_>| named.read(2, "actors").is_err();
        assert!(is_refused(NamedV2 {
            seats: &[1, 3],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            seats: &[2, 1],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            seats: &[1],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            seats: &[1, 1],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            name_bytes: &[2],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            names: "é", ..good
        }));
        assert!(is_refused(NamedV2 {
            forms: &[3],
            ..good
        }));
        assert!(is_refused(NamedV2 {
            seats: &[0, 0],
            ..good
        }));
    }

    proptest! {
        #[test]
        fn whoever_was_named_is_read_back(
            people in prop::collection::vec(
                prop::option::of((prop::option::of(0u64..9), prop::option::of("[a-cé]{0,2}"))),
                0..40,
            ),
        ) {
            let people: Vec<Option<Who<'_>>> =
                people.iter().map(|who| who.as_ref().map(|(id, name)| (*id, name.as_deref()))).collect();
            let mut named = Named::default();
            named.push(Some((Some(99), None)));
            named.clear();
            people.iter().for_each(|&who| named.push(who));
            prop_assert_eq!(named.as_v2().read(people.len(), "people").unwrap(), people);
        }
    }
}
