//! What an offer may hold: envelopes, and nothing else gets into a log this way. Knows nothing about
//! who appends them.

use ghev_event::{Decoder, Origin};

use super::Takes;
use crate::key::EventKey;

/// The events of records that may be taken in, or why they may not.
pub(crate) fn events_of(records: &[Vec<u8>], takes: Takes) -> Result<Vec<EventKey>, String> {
    let (mut decoder, mut keys) = (Decoder::new(), Vec::new());
    for record in records {
        let heads = decoder
            .heads(record)
            .map_err(|reason| format!("no envelope: {reason}"))?;
        let is_import = matches!(heads.provenance.origin, Origin::Import(_));
        if takes == Takes::ImportsOnly && !is_import {
            return Err("an envelope that is not of an import".to_owned());
        }
        keys.extend(heads.events.iter().map(EventKey::of));
    }
    Ok(keys)
}
