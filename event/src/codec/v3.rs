//! What version 3 adds to the heads of version 2, at their end: the events that a feed showed for the
//! first time, but that were in the log. Frozen: a change here is a new version. Knows nothing about
//! what the keys of events are.

use super::v2::{self, CONFIG};
use super::{DecodeError, EncodeError, Parts};
use crate::Origin;

/// Makes heads of version 3 out of those of version 2.
pub(super) fn extend(heads: &mut Vec<u8>, first_shown: &[[u8; 16]]) -> Result<(), EncodeError> {
    let encoded = bincode::encode_to_vec(first_shown, CONFIG);
    heads.extend(encoded.map_err(|error| EncodeError::Encoding {
        reason: error.to_string(),
    })?);
    Ok(())
}

/// Decodes the heads section.
pub(super) fn decode(section: &[u8]) -> Result<Parts<'_>, DecodeError> {
    let failed = |reason: String| DecodeError::Heads { reason };
    let (mut parts, rest) = v2::decode_start(section)?;
    let decoded = bincode::decode_from_slice::<Vec<[u8; 16]>, _>(rest, CONFIG);
    let (first_shown, read) = decoded.map_err(|error| failed(error.to_string()))?;
    if read != rest.len() {
        let bytes = rest.len() - read;
        return Err(failed(format!("{bytes} bytes follow them")));
    }
    match &mut parts.provenance.origin {
        Origin::Poll(facts) => facts.first_shown = first_shown,
        Origin::Import(_) if first_shown.is_empty() => {}
        Origin::Import(_) => return Err(failed("an import that shows events".to_owned())),
    }
    Ok(parts)
}
