//! What a stream of events as they arrive is of, and where it begins.

use ghev_readmodel::{EventFilter, LogId, Place, Snapshot, Window};

use super::EventConditions;
use crate::live::PlaceId;
use crate::parameters::{PlaceIdText, parameters};
use crate::problem::{Code, ParameterError, Problem};

parameters! {
    /// Where a stream begins.
    pub(crate) struct StreamStart {
        /// Go on after the event with this `id`; without it the stream begins with what arrives
        /// from now on. The header `Last-Event-ID`, which a browser sends when it connects again,
        /// takes precedence.
        last_event_id = "last_event_id": Option<PlaceIdText>,
    }
}

/// Which events, and from where on.
pub(crate) type StreamParameters = (EventConditions, StreamStart);

/// Which events, and from where on. `header` is what the client gave as `Last-Event-ID`.
pub(crate) fn stream(
    snapshot: &Snapshot<'_>,
    (conditions, start): &StreamParameters,
    header: Option<&str>,
) -> Result<(EventFilter, LogId, Place), Problem> {
    let filter = conditions.filter(conditions.named(snapshot)?, Window::EVERYTHING);
    let checkpoint = snapshot.as_of().checkpoint;
    let given = match (header, &start.last_event_id) {
        (Some(header), _) => Some((header, "Last-Event-ID")),
        (None, Some(PlaceIdText(text))) => Some((text.as_str(), "last_event_id")),
        (None, None) => None,
    };
    let from = match given {
        None => Place::new(checkpoint.next_offset, 0),
        Some((text, name)) => place(text, name, checkpoint.log_id)?,
    };
    Ok((filter, checkpoint.log_id, from))
}

fn place(text: &str, name: &str, log: LogId) -> Result<Place, Problem> {
    let wrong = |reason: &str| {
        let error = ParameterError {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        Problem {
            errors: vec![error],
            ..Problem::new(Code::InvalidParameter, format!("{name} {reason}"))
        }
    };
    let id: PlaceId = text
        .parse()
        .map_err(|()| wrong("must be the id of an event of this stream, unchanged"))?;
    if !id.is_of(log) {
        return Err(wrong(
            "is of another log, whose events are not here: connect again without it",
        ));
    }
    Ok(id.place)
}
