//! Events no client expects: the schema of before 2015 in a feed of today, and a type that nobody
//! has documented.

use bytes::Bytes;

use super::json::{boolean, null, number, object, text};
use crate::event::SimEvent;
use crate::rng::Rng;
use crate::time::SimTime;

/// `n` events in the Timeline schema, which bear no id, created at `now`.
pub(crate) fn old_schema(place: &[u64], n: usize, now: SimTime) -> Vec<SimEvent> {
    let mut rng = Rng::at(place);
    let made = (0..n).map(|_| {
        let name = format!("relic-{}", rng.below(1000));
        let repository = object(&[
            ("url", text(&format!("https://github.com/museum/{name}"))),
            ("name", text(&name)),
            ("owner", text("museum")),
        ]);
        object(&[
            ("repository", repository),
            (
                "actor_attributes",
                object(&[("login", text("curator")), ("type", text("User"))]),
            ),
            ("created_at", text(&now.timeline())),
            ("public", boolean(true)),
            ("actor", text("curator")),
            ("payload", object(&[("action", text("started"))])),
            ("url", text(&format!("https://github.com/museum/{name}"))),
            ("type", text("WatchEvent")),
        ])
    });
    events(made.map(super::json::Json::into_string))
}

/// `n` events of a type of its own, with a payload of its own, created at `now`.
pub(crate) fn unknown_type(place: &[u64], n: usize, now: SimTime) -> Vec<SimEvent> {
    let mut rng = Rng::at(place);
    let made = (0..n).map(|_| {
        object(&[
            (
                "id",
                text(&rng.between(90_000_000_000, 99_999_999_999).to_string()),
            ),
            ("type", text("SponsorshipEvent")),
            (
                "actor",
                object(&[("id", number(583_231_u32)), ("login", text("octocat"))]),
            ),
            (
                "repo",
                object(&[
                    ("id", number(1_296_269_u32)),
                    ("name", text("octocat/Hello-World")),
                ]),
            ),
            (
                "payload",
                object(&[("action", text("created")), ("tier", null())]),
            ),
            ("public", boolean(true)),
            ("created_at", text(&now.rfc3339())),
        ])
    });
    events(made.map(super::json::Json::into_string))
}

fn events(made: impl Iterator<Item = String>) -> Vec<SimEvent> {
    made.map(|json| SimEvent::from_json(Bytes::from(json)).expect("an object with a type"))
        .collect()
}
