//! Events by type.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ghev_readmodel::{EventCounts, Window};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::pictures::{counted, span};
use super::{Records, StateView, View, WindowView};
use crate::picture::{Drawing, Picture, grouped};

/// Distinct events by type.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventCounts")]
pub(crate) struct EventCountsView {
    #[serde(flatten)]
    window: WindowView,
    /// Events of each type: every documented type, 0 where there is none, and any other that
    /// occurs.
    counts: CountsByType,
    /// All events together.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

/// Counts as a JSON object with the types' names as keys.
#[derive(Debug)]
pub(super) struct CountsByType(pub(super) EventCounts);

impl Serialize for CountsByType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (kind, count) in self.0.iter() {
            map.serialize_entry(kind.name(), &count)?;
        }
        map.end()
    }
}

impl JsonSchema for CountsByType {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CountsByType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let count = json!({ "type": "integer", "minimum": 0 });
        let names = ghev_event::KNOWN_KINDS.iter().map(|kind| kind.name());
        let properties: BTreeMap<&str, &Json> = names.clone().map(|name| (name, &count)).collect();
        json_schema!({
            "type": "object",
            "properties": properties,
            "required": names.collect::<Vec<_>>(),
            "additionalProperties": count,
        })
    }
}

impl EventCountsView {
    pub(crate) fn new(window: &Window, counts: EventCounts, state: StateView) -> Self {
        let sample_size = counts.total();
        let counts = CountsByType(counts);
        Self {
            window: window.into(),
            counts,
            sample_size,
            state,
        }
    }
}

impl View for EventCountsView {
    const COLUMNS: &'static [&'static str] = &["type", "count"];
    const PICTURED: bool = true;

    /// Types with an event, the most first.
    fn picture(&self, whose: &str) -> Option<Picture> {
        let counts = self.counts.0.iter();
        let mut seen: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        seen.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.name().cmp(b.name())));
        let (span, total) = (span(&self.window), grouped(self.sample_size));
        let most = seen
            .first()
            .map(|(kind, count)| format!(": {} {kind}", grouped(*count)));
        let most = most.unwrap_or_default();
        Some(Picture {
            title: format!("Events by type: {whose}"),
            summary: format!("{total} events of {whose} {span}, most of them{most}"),
            drawing: Drawing::Bars {
                unit: format!("events {span}"),
                bars: seen
                    .into_iter()
                    .map(|(kind, count)| counted(kind.name(), count))
                    .collect(),
            },
        })
    }

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        self.counts.0.iter().try_for_each(|(kind, count)| {
            into.take(&json!({ "type": kind.name(), "count": count }))
        })
    }
}
