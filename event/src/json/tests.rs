//! What the reader takes from each era, and what it refuses.

use proptest::prelude::*;

use super::*;

const TIMELINE: &str = r#"{"repository":{"owner":"plexinc-plugins","name":"Services.bundle",
 "organization":"plexinc-plugins","url":"https://github.com/plexinc-plugins/Services.bundle"},
 "actor_attributes":{"login":"mikedm139"},"created_at":"2012-06-14T15:01:42-07:00",
 "actor":"mikedm139","payload":{"number":294,"action":"opened","issue":5082481},"type":"IssuesEvent"}"#;

const FULL: &str = r#"{"id":"2489651045","type":"PullRequestEvent","actor":{"id":665991,"login":"a"},
 "repo":{"id":28688495,"name":"o/r"},"org":{"id":7,"login":"o"},"public":true,
 "payload":{"action":"closed","number":12,"pull_request":{"number":12,"merged":true,"title":"x"}},
 "created_at":"2015-01-01T15:00:00Z"}"#;

const TRIMMED: &str = r#"{"id":"13324115379","type":"PullRequestEvent","actor":{"id":1,"login":"a"},
 "repo":{"id":2,"name":"o/r"},"payload":{"action":"merged","number":3,
 "pull_request":{"id":9,"number":3,"url":"u","head":{},"base":{}}},"created_at":"2026-08-15T07:11:58Z"}"#;

fn read(json: &str) -> Event<'_> {
    read_event(json.as_bytes()).unwrap()
}

#[test]
fn a_timeline_event_is_read_in_todays_words() {
    let event = read(TIMELINE);
    assert_eq!(event.kind, EventKind::Known(KnownKind::Issues));
    assert_eq!(event.id, EventId::from_body(TIMELINE.as_bytes()));
    assert_eq!(
        event.created_at,
        Some(Timestamp::from_seconds(1_339_711_302))
    );
    assert_eq!(
        event.actor,
        Some(Actor {
            id: None,
            login: Some("mikedm139".into())
        })
    );
    let name = Some("plexinc-plugins/Services.bundle".into());
    assert_eq!(event.repo, Some(Repo { id: None, name }));
    assert_eq!(
        event.org,
        Some(Org {
            id: None,
            login: Some("plexinc-plugins".into())
        })
    );
    assert_eq!(event.facts.number, Some(ThreadNumber::new(294)));
    assert_eq!(event.facts.action.as_deref(), Some("opened"));
    assert_eq!(
        event.facts.on_pull_request, None,
        "its issue is a number, not an object"
    );
}

#[test]
fn a_full_payload_says_whether_it_was_merged_and_a_trimmed_one_does_not() {
    let full = read(FULL);
    assert_eq!(full.id, EventId::Number(2_489_651_045));
    assert_eq!(full.facts.merged, Some(true));
    assert_eq!(full.facts.number, Some(ThreadNumber::new(12)));
    assert_eq!(full.org.and_then(|org| org.id), Some(OrgId::new(7)));

    let trimmed = read(TRIMMED);
    assert_eq!(trimmed.facts.merged, None);
    assert_eq!(trimmed.facts.action.as_deref(), Some("merged"));
    assert_eq!(trimmed.org, None);
}

#[test]
fn a_comment_tells_pull_requests_from_issues_by_the_key() {
    let on = |issue: &str| {
        let json = format!(
            r#"{{"type":"IssueCommentEvent","payload":{{"action":"created","issue":{issue}}}}}"#
        );
        let facts = read_event(json.as_bytes()).unwrap().facts.clone();
        (facts.number.map(ThreadNumber::get), facts.on_pull_request)
    };
    assert_eq!(
        on(r#"{"number":5,"pull_request":{"url":"x"}}"#),
        (Some(5), Some(true))
    );
    assert_eq!(
        on(r#"{"number":5,"pull_request":null}"#),
        (Some(5), Some(true))
    );
    assert_eq!(on(r#"{"number":5}"#), (Some(5), Some(false)));
    assert_eq!(on("17"), (None, None));
}

#[test]
fn sizes_are_of_pushes_only_and_numbers_of_threads_only() {
    let push = read(r#"{"type":"PushEvent","payload":{"size":0,"number":4}}"#);
    assert_eq!((push.facts.push_size, push.facts.number), (Some(0), None));
    let member = read(r#"{"type":"MemberEvent","payload":{"size":3,"number":4}}"#);
    assert_eq!((member.facts.push_size, member.facts.number), (None, None));
}

#[test]
fn odd_fields_are_absent_and_never_refused() {
    for json in [
        r#"{"type":"X"}"#,
        r#"{"type":"X","id":null,"actor":7,"repo":"o/r","org":[],"payload":[1],"created_at":0}"#,
        r#"{"type":"X","id":{},"actor":{},"repo":{"name":"/"},"payload":null,"created_at":"soon"}"#,
        r#"{"type":"X","repo":{"id":-1},"actor":{"id":1e999},"org":{"id":"7"},"payload":1e999}"#,
        "{\"type\":\"X\",\"\\ud800\":{\"\\udfff\":1}}",
    ] {
        let event = read(json);
        assert_eq!(event.kind, EventKind::Other("X".into()));
        assert!(
            event.actor.is_none() && event.repo.is_none() && event.org.is_none(),
            "{json}"
        );
        assert_eq!(event.created_at, None);
        assert_eq!(event.id, EventId::from_body(json.as_bytes()));
    }
    assert_eq!(read(r#"{"type":"X","id":42}"#).id, EventId::Number(42));
    assert_eq!(
        read(r#"{"type":"X","id":"1","id":"2"}"#).id,
        EventId::Number(2)
    );
    assert_eq!(
        read("{\"type\":\"X\",\"actor\":\"\\ud800z\"}")
            .actor
            .unwrap()
            .login
            .unwrap(),
        "\u{fffd}z"
    );
}

#[test]
fn ten_thousand_levels_are_kept() {
    let deep = format!(
        r#"{{"type":"X","payload":{{"a":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert_eq!(read(&deep).kind.name(), "X");
}

#[test]
fn what_is_no_event_says_why() {
    let why = |bytes: &[u8]| read_event(bytes).unwrap_err();
    assert!(matches!(why(b""), RejectReason::NotJson { .. }));
    assert!(matches!(
        why(b"{\"type\":\"X\"} x"),
        RejectReason::NotJson { .. }
    ));
    assert!(matches!(
        why(b"{\"type\":\"X\",}"),
        RejectReason::NotJson { .. }
    ));
    assert_eq!(why(b"[]"), RejectReason::NotAnObject);
    assert_eq!(why(b"\"type\""), RejectReason::NotAnObject);
    assert_eq!(why(b"{}"), RejectReason::NoType);
    assert_eq!(why(b"{\"type\":null}"), RejectReason::NoType);
    assert_eq!(why(b"{\"type\":1}"), RejectReason::NoType);
    assert_eq!(
        why(b"{\"type\":\"\xff\"}"),
        RejectReason::NotUtf8 { position: 9 }
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in any::<Vec<u8>>()) {
        let _ = read_event(&bytes);
    }

    #[test]
    fn no_text_near_an_event_makes_it_panic(text in r#"[\[\]{}",:\\ud8a0-9tnIPE ]{0,80}"#) {
        let json = format!(r#"{{"type":"X","actor":{text},"payload":{{"issue":{text}}}}}"#);
        if let Ok(event) = read_event(json.as_bytes()) {
            prop_assert_eq!(event.kind.name(), "X");
        }
    }

    #[test]
    fn names_come_through_whatever_their_script(login in "\\PC{1,20}") {
        let json = serde_json::json!({"type": "WatchEvent", "actor": {"id": 1, "login": login}});
        let json = json.to_string();
        let read = read_event(json.as_bytes()).unwrap();
        let actor = read.actor.unwrap();
        prop_assert_eq!(actor.login.as_deref(), Some(login.as_str()));
    }
}

/// Fields that matter, with values that fit and values that do not, in any order and number.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "7",
        "-7",
        "1.5",
        "1e3",
        "1e999",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775808",
        "\"\"",
        "\"x\"",
        "\"a/b\"",
        "\"/\"",
        "\"7\"",
        "\"\\u0041\"",
        "\"\\ud800\"",
        "\"2015-01-01T15:00:00Z\"",
        "\"PushEvent\"",
        "[]",
        "{}",
        "[1,{}]",
    ])
    .prop_map(str::to_owned);
    let key = prop::sample::select(vec![
        "type",
        "id",
        "created_at",
        "actor",
        "repo",
        "org",
        "repository",
        "payload",
        "login",
        "name",
        "owner",
        "organization",
        "action",
        "number",
        "size",
        "pull_request",
        "issue",
        "merged",
        "ty\\u0070e",
        "\\ud800",
        "other",
    ]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        let fields = prop::collection::vec((key.clone(), inner), 0..8);
        fields.prop_map(|fields| {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("\"{key}\": {value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        })
    })
}

proptest! {
    #[test]
    fn one_pass_says_what_the_careful_reader_says(json in odd_json(), cut in 0usize..400) {
        for json in [&json[..], &json[..cut.min(json.len())]] {
            if let Some(top) = one_pass::read(json) {
                prop_assert_eq!(read_with_care(json), Ok(top));
            }
        }
    }
}

#[test]
fn one_pass_is_enough_for_events_of_every_era() {
    for json in [TIMELINE, FULL, TRIMMED] {
        assert!(one_pass::read(json).is_some(), "{json}");
        assert_eq!(read_with_care(json).ok(), one_pass::read(json));
    }
}
