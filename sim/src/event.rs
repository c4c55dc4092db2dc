//! One event of a feed: its bytes exactly as they are served, and the few names by which feeds sort
//! it. Knows nothing of payloads.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use crate::time::SimTime;

/// An event: its JSON bytes, and what feeds must know about it.
#[derive(Debug, Clone)]
pub struct SimEvent {
    raw: Bytes,
    facts: Facts,
}

/// Bytes that are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    /// Not a JSON object at all.
    #[error("not a JSON object: {0}")]
    NotAnObject(String),
    /// An object whose `type` is absent or no text.
    #[error("the object has no text `type`")]
    NoType,
}

/// What feeds, validators and records need of an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) created_at: Option<SimTime>,
    pub(crate) repo: Named,
    pub(crate) actor: Named,
    pub(crate) org: Named,
}

/// A repository, actor or organisation by number, by name, by both or by neither.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: Option<u64>,
    pub(crate) name: Option<String>,
}

impl SimEvent {
    /// An event of its JSON bytes, which are kept as they are.
    ///
    /// # Errors
    /// If they are no JSON object with a text `type`.
    pub fn from_json(raw: Bytes) -> Result<Self, NotAnEvent> {
        // serde would read an array's elements as the members in their order.
        let first = raw.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return Err(NotAnEvent::NotAnObject("it does not start with {".into()));
        }
        let outline: Outline = serde_json::from_slice(&raw)
            .map_err(|error| NotAnEvent::NotAnObject(error.to_string()))?;
        let facts = outline.facts().ok_or(NotAnEvent::NoType)?;
        Ok(Self { raw, facts })
    }

    /// An event whose maker knows its facts: those that [`from_json`](Self::from_json) would find.
    pub(crate) fn made(raw: String, facts: Facts) -> Self {
        let raw = Bytes::from(raw);
        Self { raw, facts }
    }

    /// Its JSON bytes.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Its `type`, such as `PushEvent`.
    pub fn kind(&self) -> &str {
        &self.facts.kind
    }

    /// Its `id`; `None` in the Timeline era.
    pub fn id(&self) -> Option<&str> {
        self.facts.id.as_deref()
    }

    /// Its `created_at`, if it has one that is a time.
    pub fn created_at(&self) -> Option<SimTime> {
        self.facts.created_at
    }

    /// The name of its repository, `owner/name`.
    pub fn repo_name(&self) -> Option<&str> {
        self.facts.repo.name.as_deref()
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// An event's outer members, of either schema, whatever their types.
#[derive(Deserialize)]
struct Outline {
    #[serde(default, rename = "type")]
    kind: Value,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    actor: Value,
    #[serde(default)]
    repo: Value,
    #[serde(default)]
    repository: Value,
    #[serde(default)]
    org: Value,
}

impl Outline {
    fn facts(self) -> Option<Facts> {
        let id = match &self.id {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let named = |value: &Value, name: &str| Named {
            id: value["id"].as_u64(),
            name: text(&value[name]),
        };
        let timeline_repo = || {
            let repo = &self.repository;
            let (owner, name) = (repo["owner"].as_str()?, repo["name"].as_str()?);
            Some(format!("{owner}/{name}"))
        };
        let mut facts = Facts {
            kind: text(&self.kind)?,
            id,
            created_at: self.created_at.as_str().and_then(|t| t.parse().ok()),
            repo: named(&self.repo, "name"),
            actor: named(&self.actor, "login"),
            org: named(&self.org, "login"),
        };
        facts.repo.name = facts.repo.name.or_else(timeline_repo);
        facts.actor.name = facts.actor.name.or_else(|| text(&self.actor));
        facts.org.name = facts
            .org
            .name
            .or_else(|| text(&self.repository["organization"]));
        Some(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SimEvent, NotAnEvent> {
        SimEvent::from_json(Bytes::copy_from_slice(json.as_bytes()))
    }

    #[test]
    fn both_schemas_name_their_parts() {
        let event = read(
            r#"{"id":"7","type":"WatchEvent","actor":{"id":1,"login":"ada"},
                "repo":{"id":2,"name":"o/r"},"org":{"id":3,"login":"o"},
                "created_at":"2026-01-02T03:04:05Z"}"#,
        )
        .unwrap();
        assert_eq!((event.kind(), event.id()), ("WatchEvent", Some("7")));
        assert_eq!(event.repo_name(), Some("o/r"));
        assert_eq!(event.facts().org.id, Some(3));
        let event = read(
            r#"{"type":"PushEvent","actor":"ada","created_at":"2012-06-14T15:01:41-07:00",
                "repository":{"owner":"o","name":"r","organization":"o"}}"#,
        )
        .unwrap();
        assert_eq!((event.id(), event.repo_name()), (None, Some("o/r")));
        assert_eq!(event.facts().actor.name.as_deref(), Some("ada"));
        assert_eq!(event.facts().org.name.as_deref(), Some("o"));
        assert_eq!(event.created_at(), "2012-06-14T22:01:41Z".parse().ok());
    }

    #[test]
    fn what_is_no_event_is_refused() {
        assert!(matches!(read("[1]"), Err(NotAnEvent::NotAnObject(_))));
        assert!(matches!(read("{\"a\":"), Err(NotAnEvent::NotAnObject(_))));
        assert_eq!(read("{}").unwrap_err(), NotAnEvent::NoType);
        assert_eq!(read("{\"type\":5}").unwrap_err(), NotAnEvent::NoType);
        assert!(read("{\"type\":\"X\",\"repo\":null,\"actor\":7}").is_ok());
    }
}
