//! Records made but not yet durable, and what has to go out of them because the log got it from
//! elsewhere meanwhile. Knows nothing about how they are appended.

use std::collections::HashSet;

use ghev_event::codec::EncodeError;
use ghev_event::{Decoder, EnvelopeBuilder, Origin, Reject};

use crate::key::{EventKey, Key};

/// One envelope.
#[derive(Debug)]
pub(super) struct Record {
    bytes: Vec<u8>,
    events: u64,
}

impl Record {
    pub(super) const fn new(bytes: Vec<u8>, events: u64) -> Self {
        Self { bytes, events }
    }
}

impl AsRef<[u8]> for Record {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Envelopes in the order they are to be appended in.
#[derive(Debug, Default)]
pub(super) struct Pending {
    records: Vec<Record>,
    bytes: usize,
}

impl Pending {
    pub(super) fn push(&mut self, record: Record) {
        self.bytes += record.bytes.len();
        self.records.push(record);
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many events they hold.
    pub(super) fn events(&self) -> u64 {
        self.records.iter().map(|record| record.events).sum()
    }

    /// A record of the log is one of these: how many events it holds.
    pub(super) fn take(&mut self, payload: &[u8]) -> Option<u64> {
        let at = self
            .records
            .iter()
            .position(|record| record.bytes == payload)?;
        let taken = self.records.remove(at);
        self.bytes -= taken.bytes.len();
        Some(taken.events)
    }

    /// Takes out whatever has one of these keys, which are then done with; how many events went.
    pub(super) fn take_out(&mut self, known: &mut HashSet<Key>) -> Result<u64, EncodeError> {
        if known.is_empty() {
            return Ok(0);
        }
        let (mut decoder, mut builder) = (Decoder::new(), EnvelopeBuilder::new());
        let mut went = 0;
        for record in std::mem::take(&mut self.records) {
            let kept = without(&record, known, &mut decoder, &mut builder)?;
            let events = kept.as_ref().map_or(0, |kept| kept.events);
            went += record.events - events;
            self.records.extend(kept);
        }
        self.bytes = self.records.iter().map(|record| record.bytes.len()).sum();
        Ok(went)
    }
}

/// The record without whatever has one of these keys; `None` where nothing is left of it.
fn without(
    record: &Record,
    known: &mut HashSet<Key>,
    decoder: &mut Decoder,
    builder: &mut EnvelopeBuilder,
) -> Result<Option<Record>, EncodeError> {
    let envelope = decoder
        .envelope(&record.bytes)
        .expect("encoded by this process");
    let heads = &envelope.heads;
    let Origin::Import(facts) = &heads.provenance.origin else {
        unreachable!("an import's record")
    };
    for (event, raw) in heads.events.iter().zip(&envelope.raw) {
        if !known.remove(&EventKey::of(event).exact) {
            builder.push(event, raw)?;
        }
    }
    for reject in &heads.rejects {
        if !known.remove(&Key::of_reject(&facts.file, reject.place, &reject.digest)) {
            builder.push_reject(owned(reject.clone()));
        }
    }
    let events = builder.events() as u64;
    if builder.events() + builder.rejects() == 0 && facts.end.is_none() {
        return Ok(None);
    }
    let bytes = builder.finish(&heads.provenance)?;
    Ok(Some(Record { bytes, events }))
}

/// The reject with bytes of its own.
pub(super) fn owned(reject: Reject<'_>) -> Reject<'static> {
    Reject {
        place: reject.place,
        reason: reject.reason.into_owned().into(),
        body: reject.body.into_owned().into(),
        body_bytes: reject.body_bytes,
        digest: reject.digest,
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::{ImportFacts, Provenance, Source, Timestamp, read_event};

    use super::*;

    fn event(id: u32) -> String {
        format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#)
    }

    fn key(id: u32) -> Key {
        EventKey::of(&read_event(event(id).as_bytes()).unwrap()).exact
    }

    fn reject() -> Reject<'static> {
        Reject::new(9, "no event", b"nonsense")
    }

    fn pending(envelopes: &[&[u32]]) -> Pending {
        let (mut builder, mut pending) = (EnvelopeBuilder::new(), Pending::default());
        for ids in envelopes {
            for &id in *ids {
                let json = event(id);
                let read = read_event(json.as_bytes()).unwrap();
                builder.push(&read, json.as_bytes()).unwrap();
            }
            if ids.is_empty() {
                builder.push_reject(reject());
            }
            let file = "a.json".to_owned();
            let facts = ImportFacts {
                file,
                first_line: 1,
                last_line: 9,
                end: None,
            };
            let provenance = Provenance {
                source: Source::Archive,
                observed_at: Timestamp::from_seconds(1),
                origin: Origin::Import(facts),
                gaps: Vec::new(),
            };
            let bytes = builder.finish(&provenance).unwrap();
            pending.push(Record::new(bytes, ids.len() as u64));
        }
        pending
    }

    fn same(a: &Pending, b: &Pending) -> bool {
        let bytes = |pending: &Pending| -> Vec<Vec<u8>> {
            let records = pending.records.iter();
            records.map(|record| record.bytes.clone()).collect()
        };
        bytes(a) == bytes(b) && a.bytes == b.bytes
    }

    #[test]
    fn what_the_log_got_from_elsewhere_goes_and_the_rest_stays_as_it_was() {
        let mut some = pending(&[&[1, 2, 3], &[4], &[5, 6], &[]]);
        let mut overtaken = HashSet::from([key(2), key(4), key(7)]);
        assert_eq!(some.take_out(&mut overtaken).unwrap(), 2);
        assert_eq!(overtaken, HashSet::from([key(7)]));
        assert!(same(&some, &pending(&[&[1, 3], &[5, 6], &[]])));
        let reject = Key::of_reject("a.json", 9, &reject().digest);
        assert_eq!(some.take_out(&mut HashSet::from([reject])).unwrap(), 0);
        assert!(same(&some, &pending(&[&[1, 3], &[5, 6]])));
        assert_eq!(some.events(), 4);
    }

    #[test]
    fn a_record_is_known_by_its_bytes() {
        let mut some = pending(&[&[1, 2], &[3]]);
        let other = pending(&[&[1, 2, 3]]);
        assert_eq!(some.take(&other.records[0].bytes), None);
        let first = some.records[0].bytes.clone();
        assert_eq!(some.take(&first), Some(2));
        assert!(same(&some, &pending(&[&[3]])));
    }
}
