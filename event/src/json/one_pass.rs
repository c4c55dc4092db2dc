//! An event's head in one pass over its JSON, for what GitHub sends as a rule. Knows nothing of
//! what is odd: it gives up on that, and the careful reader decides.
//!
//! Where this reader answers, its answer is the careful reader's.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess,
};

use super::{Payload, Thread, TimelineRepo, Top, named, named_org, repo_of};
use crate::{Actor, EventId, Org, Timestamp};

/// The fields of the event that `json` holds; `None` where it is odd, or no event.
pub(super) fn read(json: &str) -> Option<Top<'_>> {
    let mut json = serde_json::Deserializer::from_str(json);
    let draft = Object::<Draft<'_>>::seed().deserialize(&mut json).ok()??;
    json.end().ok()?;
    Some(draft.top())
}

/// An object of which some fields matter.
trait Fields<'a>: Default {
    /// Takes the value of a field off `map`.
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads an object; `None` for whatever is none.
struct Object<T>(PhantomData<T>);

impl<T> Object<T> {
    const fn seed() -> Self {
        Self(PhantomData)
    }
}

impl<'a, T: Fields<'a>> DeserializeSeed<'a> for Object<T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<Option<T>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a, T: Fields<'a>> de::Visitor<'a> for Object<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let mut fields = T::default();
        while let Some(Key(key)) = map.next_key()? {
            fields.field(&key, &mut map)?;
        }
        Ok(Some(fields))
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A key; without an escape it is borrowed.
struct Key<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'a> de::Visitor<'a> for KeyVisitor {
    type Value = Key<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'a>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// A value, as far as one may matter that is no object.
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Boolean(bool),
    /// Null, a number that is not whole or below 0, an array, an object.
    Other,
}

impl<'a> Value<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn filled(self) -> Option<Cow<'a, str>> {
        self.text().filter(|text| !text.is_empty())
    }

    const fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn id(&self) -> Option<u64> {
        self.number()
            .filter(|&id| id > 0 && i64::try_from(id).is_ok())
    }
}

impl<'a> Deserialize<'a> for Value<'a> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'a> de::Visitor<'a> for ValueVisitor {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value<'a>, E> {
        Ok(Value::Boolean(yes))
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<Value<'a>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// The fields beside the payload, and what the payload says.
#[derive(Default)]
struct Draft<'a> {
    top: Top<'a>,
    timeline_repo: TimelineRepo<'a>,
}

impl<'a> Draft<'a> {
    fn top(self) -> Top<'a> {
        self.top.with_timeline_repo(self.timeline_repo)
    }
}

impl<'a> Fields<'a> for Draft<'a> {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let top = &mut self.top;
        match key {
            "type" => top.kind = map.next_value::<Value<'_>>()?.text(),
            "id" => top.id = id(map.next_value()?)?,
            "created_at" => {
                let text = map.next_value::<Value<'_>>()?.text();
                top.created_at = text.and_then(|text| Timestamp::parse_github(&text).ok());
            }
            "actor" => {
                let who = map.next_value::<Who<'_>>()?;
                top.actor = who.login.map(named).or_else(|| actor_of(who.fields));
            }
            "org" => {
                let who = map.next_value::<Who<'_>>()?;
                top.org = who.login.map(named_org).or_else(|| org_of(who.fields));
            }
            "repo" => {
                let repo = map.next_value_seed(Object::<IdAndName<'_>>::seed())?;
                top.repo = repo.and_then(|repo| repo_of(repo.id, repo.name));
            }
            "repository" => {
                let repo = map.next_value_seed(Object::<TimelineRepo<'_>>::seed())?;
                self.timeline_repo = repo.unwrap_or_default();
            }
            "payload" => {
                let payload = map.next_value_seed(Object::<Payload<'_>>::seed())?;
                top.payload = payload.unwrap_or_default();
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// A number that is no whole one would have to be kept as it is written: the careful reader does.
fn id<'a, E: de::Error>(value: Value<'a>) -> Result<Option<EventId<'a>>, E> {
    match value {
        Value::Text(text) => Ok(Some(EventId::from_text(text))),
        Value::Number(number) => Ok(Some(EventId::from_text(number.to_string().into()))),
        Value::Boolean(_) => Ok(None),
        Value::Other => Err(E::custom("an odd id")),
    }
}

/// An actor or an organisation: a login, or an object.
#[derive(Default)]
struct Who<'a> {
    login: Option<Cow<'a, str>>,
    fields: Option<IdAndLogin<'a>>,
}

fn actor_of(fields: Option<IdAndLogin<'_>>) -> Option<Actor<'_>> {
    let IdAndLogin { id, login } = fields?;
    super::actor_of(id, login)
}

fn org_of(fields: Option<IdAndLogin<'_>>) -> Option<Org<'_>> {
    let IdAndLogin { id, login } = fields?;
    super::org_of(id, login)
}

impl<'a> Deserialize<'a> for Who<'a> {
    fn deserialize<D: Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(WhoVisitor)
    }
}

struct WhoVisitor;

impl<'a> de::Visitor<'a> for WhoVisitor {
    type Value = Who<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a login or an object")
    }

    fn visit_borrowed_str<E>(self, login: &'a str) -> Result<Who<'a>, E> {
        Ok(Who {
            login: Some(login)
                .filter(|login| !login.is_empty())
                .map(Cow::Borrowed),
            fields: None,
        })
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<Who<'a>, A::Error> {
        let fields = Object::<IdAndLogin<'_>>::seed();
        Ok(Who {
            login: None,
            fields: de::Visitor::visit_map(fields, map)?,
        })
    }

    fn visit_unit<E>(self) -> Result<Who<'a>, E> {
        Ok(Who::default())
    }
}

#[derive(Default)]
struct IdAndLogin<'a> {
    id: Option<u64>,
    login: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> for IdAndLogin<'a> {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => self.id = map.next_value::<Value<'_>>()?.id(),
            "login" => self.login = map.next_value::<Value<'_>>()?.filled(),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

#[derive(Default)]
struct IdAndName<'a> {
    id: Option<u64>,
    name: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> for IdAndName<'a> {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "id" => self.id = map.next_value::<Value<'_>>()?.id(),
            "name" => self.name = map.next_value::<Value<'_>>()?.filled(),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for TimelineRepo<'a> {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let filled = |map: &mut A| Ok(map.next_value::<Value<'_>>()?.filled());
        match key {
            "id" => {
                let id = map.next_value::<Value<'_>>()?.number();
                self.id = id.filter(|&id| i64::try_from(id).is_ok());
            }
            "owner" => self.owner = filled(map)?,
            "name" => self.name = filled(map)?,
            "organization" => self.organization = filled(map)?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Payload<'a> {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "action" => self.action = map.next_value::<Value<'_>>()?.text(),
            "number" => self.number = map.next_value::<Value<'_>>()?.number(),
            "size" => self.size = map.next_value::<Value<'_>>()?.number(),
            "pull_request" => self.pull_request = map.next_value_seed(Object::seed())?,
            "issue" => self.issue = map.next_value_seed(Object::seed())?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'a> Fields<'a> for Thread {
    fn field<A: MapAccess<'a>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "number" => self.number = map.next_value::<Value<'_>>()?.number(),
            "merged" => {
                self.merged = match map.next_value()? {
                    Value::Boolean(yes) => Some(yes),
                    _ => None,
                };
            }
            "pull_request" => {
                map.next_value::<IgnoredAny>()?;
                self.has_pull_request = true;
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}
