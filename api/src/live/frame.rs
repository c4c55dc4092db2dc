//! Events as the text of Server-Sent Events. A line break can only end a field: what is in it is
//! JSON, which has none.

use std::fmt::Write as _;

use bytes::{Bytes, BytesMut};
use ghev_readmodel::{Arrival, EventRow, LogId, Place};

use super::PlaceId;
use crate::views::EventView;

/// Events of a stretch of the log, in its order, written for everybody.
#[derive(Debug)]
pub(super) struct Batch {
    /// The log it is of.
    pub(super) log: LogId,
    /// Where the stretch begins.
    pub(super) from: Place,
    /// Where it ends, and the next one begins.
    pub(super) next: Place,
    pub(super) frames: Vec<Frame>,
}

/// An event, and its text: a share in that of the batch.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) place: Place,
    pub(super) event: EventRow,
    pub(super) text: Bytes,
}

impl Batch {
    /// Writes what arrived from `from` on, with nothing between it and `next`. An event that cannot
    /// be written is left out: views have text keys only, so that none is.
    pub(super) fn write(log: LogId, from: Place, next: Place, arrivals: Vec<Arrival>) -> Self {
        let id = PlaceId::new(log, from);
        let mut text = String::new();
        let mut ends = Vec::with_capacity(arrivals.len());
        for Arrival { place, event } in &arrivals {
            let id = id.at(place.next());
            let json = serde_json::to_string(&EventView::from(event.clone())).unwrap_or_default();
            write!(text, "id: {id}\ndata: {json}\n\n").expect("a String takes any text");
            ends.push(text.len());
        }
        let mut rest = BytesMut::from(text.as_str()).freeze();
        let mut at = 0;
        let mut cut = |end: usize| {
            let text = rest.split_to(end - at);
            at = end;
            text
        };
        let frames = arrivals
            .into_iter()
            .zip(ends)
            .map(|(Arrival { place, event }, end)| Frame {
                place,
                event,
                text: cut(end),
            });
        Self {
            log,
            from,
            next,
            frames: frames.collect(),
        }
    }
}

/// What a stream begins with: when to come back once it has ended, and from where.
pub(super) fn greeting(id: &PlaceId, retry_ms: u64) -> Bytes {
    format!("retry: {retry_ms}\nid: {id}\n\n").into()
}

/// A sign of life, which moves the place from which to go on past all that did not match.
pub(super) fn heartbeat(id: &PlaceId) -> Bytes {
    format!(": still here\nid: {id}\n\n").into()
}

/// The last event of a stream: why it ends. Whoever comes back goes on where it ended; without an id
/// with what arrives then, since an empty one makes a browser forget the last.
pub(super) fn end(reason: &str, detail: &str, id: Option<&PlaceId>) -> Bytes {
    let json = serde_json::json!({ "reason": reason, "detail": detail });
    let id = id.map_or(String::new(), ToString::to_string);
    format!("event: end\nid: {id}\ndata: {json}\n\n").into()
}

#[cfg(test)]
mod tests {
    use ghev_event::{EventId, EventKind};
    use ghev_readmodel::Offset;

    use super::*;

    #[test]
    fn a_hostile_action_stays_within_its_field() {
        let place = Place::new(Offset::new(5).unwrap(), 2);
        let event = EventRow {
            kind: EventKind::from_name("PushEvent"),
            id: EventId::Number(7),
            created_at: None,
            observed_at: None,
            offset: place.offset(),
            actor: None,
            repo: None,
            org: None,
            action: Some("x\n\nevent: end\rdata: \u{2028}".into()),
            number: None,
            merged: None,
        };
        let log = LogId::new([1; 16]);
        let batch = Batch::write(log, place, place.next(), vec![Arrival { place, event }]);
        let text = std::str::from_utf8(&batch.frames[0].text).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains('\r'));
        assert!(
            text.starts_with("id: 01010101-5.3\ndata: {\"type\":\"PushEvent\""),
            "{text}"
        );
    }
}
