//! What an offer may hold: envelopes of imports, and nothing else gets into a log this way. Knows
//! nothing about who appends them.

use ghev_event::{Decoder, Origin};

use crate::key::EventKey;

/// The events of records that are an import's, or why they are none.
pub(crate) fn events_of(records: &[Vec<u8>]) -> Result<Vec<EventKey>, String> {
    let (mut decoder, mut keys) = (Decoder::new(), Vec::new());
    for record in records {
        let heads = decoder
            .heads(record)
            .map_err(|reason| format!("no envelope: {reason}"))?;
        if !matches!(heads.provenance.origin, Origin::Import(_)) {
            return Err("an envelope that is not of an import".to_owned());
        }
        keys.extend(heads.events.iter().map(EventKey::of));
    }
    Ok(keys)
}
