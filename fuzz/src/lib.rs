//! What the targets of envelopes share. Knows no fuzzer.

use std::borrow::Cow;

use ghev_event::{Decoder, Envelope, EnvelopeBuilder, Reject};

/// Reads a record. What is an envelope must be encoded again to one that says the same and that
/// is, from then on, always the same bytes; who reads the heads alone must read the same heads.
pub fn check_record(decoder: &mut Decoder, record: &[u8]) {
    let events = decoder.heads(record).map(|heads| heads.events.len());
    let Ok(envelope) = decoder.envelope(record) else {
        return;
    };
    assert_eq!(events, Ok(envelope.heads.events.len()));
    assert_eq!(envelope.raw.len(), envelope.heads.events.len());
    let Some(again) = encode(&envelope) else {
        return;
    };
    let mut other = Decoder::new();
    let read_again = other.envelope(&again).expect("just encoded");
    assert_eq!(read_again, envelope);
    assert_eq!(encode(&read_again).as_ref(), Some(&again));
}

/// The envelope's record; `None` where it is too large for one, as no writer would make it.
fn encode(envelope: &Envelope<'_>) -> Option<Vec<u8>> {
    let mut builder = EnvelopeBuilder::new();
    for (event, raw) in envelope.heads.events.iter().zip(&envelope.raw) {
        builder.push(event, raw).ok()?;
    }
    for reject in &envelope.heads.rejects {
        builder.push_reject(owned(reject));
    }
    builder.finish(&envelope.heads.provenance).ok()
}

fn owned(reject: &Reject<'_>) -> Reject<'static> {
    Reject {
        reason: Cow::Owned(reject.reason.clone().into_owned()),
        body: Cow::Owned(reject.body.clone().into_owned()),
        ..*reject
    }
}
