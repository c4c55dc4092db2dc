//! The sums of a stretch of time, slot by slot: a day's hours or an hour's minutes. Knows nothing about which
//! of them it is.
//!
//! Packed, each slot with events is, in their order:
//!
//! ```text
//! byte      the slot; its highest bit where releases, commits and sized pushes follow
//! n         how many kinds
//!           for each of them:
//! byte      its number, or 255 for one without: n, the bytes of its name, and these
//! n         events
//! n n n     releases, commits, pushes that say how many commits they have
//! ```
//!
//! *n* is a whole number in LEB128: seven bits a byte, the lowest first, the highest bit set on all bytes but
//! the last. The same sums have the same bytes.

use std::collections::BTreeMap;

use ghev_event::{EventKind, KnownKind};

use crate::KindCounts;
use crate::changes::ActivitySum;
use crate::leb128::{self, put};

/// The bit of a slot that says whether there is something beside the counts.
const HAS_ACTIVITY: u8 = 0x80;

/// In place of a kind's number.
const NAMED: u8 = 255;

/// What a slot adds up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    kinds: KindCounts,
    activity: ActivitySum,
}

impl Slot {
    pub(crate) fn see(&mut self, kind: &EventKind, activity: Option<ActivitySum>) {
        self.kinds.add(kind, 1);
        if let Some(activity) = activity {
            self.activity.add(activity);
        }
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.kinds.add_all(&more.kinds);
        self.activity.add(more.activity);
    }

    /// Events of all kinds.
    pub(crate) fn total(&self) -> u64 {
        self.kinds.total()
    }
}

/// The slots of a stretch that have any events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Slots(BTreeMap<u8, Slot>);

/// Bytes that are no slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of sums has bytes that are none: `ghev replay` makes it anew")]
pub(crate) struct BadSlots;

/// Something that a slot has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Events(EventKind, u64),
    Activity(ActivitySum),
}

impl Slots {
    pub(crate) fn slot(&mut self, slot: u8) -> &mut Slot {
        self.0.entry(slot).or_default()
    }

    pub(crate) fn add(&mut self, more: &Self) {
        for (&slot, sums) in &more.0 {
            self.slot(slot).add(sums);
        }
    }

    /// Leaves those from a slot on.
    pub(crate) fn drop_before(&mut self, slot: u8) {
        self.0 = self.0.split_off(&slot);
    }

    /// Those with events, and how many.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (u8, u64)> {
        self.0.iter().map(|(&slot, sums)| (slot, sums.total()))
    }

    /// How many events a slot has.
    pub(crate) fn total_of(&self, slot: u8) -> u64 {
        self.0.get(&slot).map_or(0, Slot::total)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.0.values()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a row has them.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Vec::new();
        for (&slot, Slot { kinds, activity }) in &self.0 {
            let has_activity = *activity != ActivitySum::default();
            to.push(slot | if has_activity { HAS_ACTIVITY } else { 0 });
            put(&mut to, kinds.iter().count() as u64);
            for (kind, events) in kinds.iter() {
                put_kind(&mut to, &kind);
                put(&mut to, events);
            }
            if has_activity {
                put(&mut to, activity.releases);
                put(&mut to, activity.commits);
                put(&mut to, activity.pushes_with_size);
            }
        }
        to
    }

    /// From a row.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, BadSlots> {
        let mut slots = Self::default();
        read(bytes, |slot, part| match part {
            Part::Events(kind, events) => slots.slot(slot).kinds.add(&kind, events),
            Part::Activity(activity) => slots.slot(slot).activity.add(activity),
        })?;
        Ok(slots)
    }
}

/// Tells what a row has, slot by slot.
pub(crate) fn read(mut bytes: &[u8], mut tell: impl FnMut(u8, Part)) -> Result<(), BadSlots> {
    while !bytes.is_empty() {
        let first = take_byte(&mut bytes)?;
        let slot = first & !HAS_ACTIVITY;
        for _ in 0..take(&mut bytes)? {
            let kind = take_kind(&mut bytes)?;
            tell(slot, Part::Events(kind, take(&mut bytes)?));
        }
        if first & HAS_ACTIVITY != 0 {
            let activity = ActivitySum {
                releases: take(&mut bytes)?,
                commits: take(&mut bytes)?,
                pushes_with_size: take(&mut bytes)?,
            };
            tell(slot, Part::Activity(activity));
        }
    }
    Ok(())
}

fn put_kind(to: &mut Vec<u8>, kind: &EventKind) {
    match kind {
        EventKind::Known(kind) => to.push(kind.code()),
        EventKind::Other(name) => {
            to.push(NAMED);
            put(to, name.len() as u64);
            to.extend_from_slice(name.as_bytes());
        }
    }
}

fn take_kind(bytes: &mut &[u8]) -> Result<EventKind, BadSlots> {
    let code = take_byte(bytes)?;
    if code != NAMED {
        let kind = KnownKind::from_code(code).ok_or(BadSlots)?;
        return Ok(EventKind::Known(kind));
    }
    let length = usize::try_from(take(bytes)?).map_err(|_| BadSlots)?;
    let (name, rest) = bytes.split_at_checked(length).ok_or(BadSlots)?;
    *bytes = rest;
    let name = std::str::from_utf8(name).map_err(|_| BadSlots)?;
    Ok(EventKind::Other(name.into()))
}

fn take(bytes: &mut &[u8]) -> Result<u64, BadSlots> {
    leb128::take(bytes).ok_or(BadSlots)
}

fn take_byte(bytes: &mut &[u8]) -> Result<u8, BadSlots> {
    let (&byte, rest) = bytes.split_first().ok_or(BadSlots)?;
    *bytes = rest;
    Ok(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_slots() -> impl Strategy<Value = Slots> {
        let kind = prop::sample::select(vec!["PushEvent", "WatchEvent", "FollowEvent", "ÄEvent"]);
        let event = (
            0_u8..60,
            kind,
            1_u64..300,
            any::<u64>().prop_map(|n| n >> 1),
        );
        prop::collection::vec(event, 0..12).prop_map(|events| {
            let mut slots = Slots::default();
            for (slot, kind, events, commits) in events {
                let slot = slots.slot(slot);
                slot.kinds.add(&EventKind::from_name(kind), events);
                if kind == "PushEvent" {
                    slot.activity.add(ActivitySum::of_push(commits));
                }
            }
            slots
        })
    }

    proptest! {
        #[test]
        fn slots_come_back_and_add_up(a in any_slots(), b in any_slots()) {
            prop_assert_eq!(Slots::from_bytes(&a.to_bytes()), Ok(a.clone()));
            let (mut one, mut other) = (a.clone(), b.clone());
            one.add(&b);
            other.add(&a);
            prop_assert_eq!(one.to_bytes(), other.to_bytes());
        }

        #[test]
        fn other_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Slots::from_bytes(&bytes);
        }

        #[test]
        fn a_row_that_is_cut_off_is_none(slots in any_slots(), cut in any::<prop::sample::Index>()) {
            let bytes = slots.to_bytes();
            if !bytes.is_empty() {
                let cut = &bytes[..cut.index(bytes.len())];
                prop_assert_ne!(Slots::from_bytes(cut), Ok(slots));
            }
        }
    }

    #[test]
    fn a_row_is_the_bytes_that_its_format_says() {
        let mut slots = Slots::default();
        slots.slot(3).see(
            &EventKind::Known(KnownKind::Push),
            Some(ActivitySum::of_push(200)),
        );
        slots.slot(4).see(&EventKind::from_name("Xy"), None);
        let expected = [0x83, 1, 13, 1, 0, 0xc8, 1, 1, 4, 1, 255, 2, b'X', b'y', 1];
        assert_eq!(slots.to_bytes(), expected);
    }
}
