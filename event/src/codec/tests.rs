//! Round trips, golden bytes of every version, and bytes that are no envelope.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::{
    EventId, GapReason, ImportFacts, Origin, PollFacts, Provenance, RateBudget, Reject, Source,
    SuspectedGap, Timestamp, read_event,
};

const GOLDEN_V1: &[u8] = include_bytes!("../../testdata/envelope-v1.bin");

const LINES: [&str; 3] = [
    r#"{"id":"2489651045","type":"PullRequestEvent","actor":{"id":665991,"login":"a"},"repo":{"id":28688495,"name":"o/r"},"org":{"id":7,"login":"o"},"payload":{"action":"closed","number":12,"pull_request":{"merged":true}},"created_at":"2015-01-01T15:00:00Z"}"#,
    r#"{"type":"FollowEvent","actor":"mikedm139","created_at":"2012-06-14T15:01:42-07:00"}"#,
    r#"{"id":"x-1","type":"PushEvent","payload":{"size":3},"repo":{"name":"É/ü"}}"#,
];

fn poll() -> Provenance {
    Provenance {
        source: Source::Repo {
            owner: "rust-lang".into(),
            name: "rust".into(),
        },
        observed_at: Timestamp::from_millis(1_795_520_121_042),
        origin: Origin::Poll(PollFacts {
            path: "/repos/rust-lang/rust/events?per_page=100".into(),
            page: 1,
            status: Some(200),
            error: None,
            etag: Some("W/\"abc\"".into()),
            received: 3,
            new: 2,
            duplicate: 0,
            conflicting: 1,
            last_page: false,
            overlap: Some(1),
            latency_ms: 87,
            poll_interval_seconds: Some(60),
            next_poll_at: Some(Timestamp::from_seconds(1_795_520_181)),
            budget: Some(RateBudget {
                limit: 60,
                remaining: 57,
                reset_at: Timestamp::from_seconds(1_795_523_000),
            }),
        }),
        gaps: vec![SuspectedGap {
            from: None,
            to: Timestamp::from_seconds(1_795_520_000),
            reason: GapReason::Frozen,
        }],
    }
}

fn import() -> Provenance {
    let origin = ImportFacts {
        file: "2015-01-01-15.json.gz".into(),
        first_line: 1,
        last_line: 9,
    };
    Provenance {
        source: Source::Archive,
        observed_at: Timestamp::from_seconds(0),
        origin: Origin::Import(origin),
        gaps: Vec::new(),
    }
}

fn encode(provenance: &Provenance) -> Vec<u8> {
    let mut builder = EnvelopeBuilder::new();
    for line in LINES {
        builder
            .push(&read_event(line.as_bytes()).unwrap(), line.as_bytes())
            .unwrap();
    }
    builder.push_reject(Reject::new(4, "not a JSON object", b"[]"));
    builder.finish(provenance).unwrap()
}

fn assert_is_the_example(envelope: &Envelope<'_>, provenance: &Provenance) {
    assert_eq!(envelope.heads.provenance, *provenance);
    let expected: Vec<_> = LINES
        .iter()
        .map(|line| read_event(line.as_bytes()).unwrap())
        .collect();
    assert_eq!(envelope.heads.events, expected);
    assert_eq!(envelope.raw, LINES.map(str::as_bytes));
    assert_eq!(
        envelope.heads.rejects,
        [Reject::new(4, "not a JSON object", b"[]")]
    );
}

#[test]
fn an_envelope_comes_back_as_it_went_in() {
    for provenance in [import(), poll()] {
        let record = encode(&provenance);
        let mut decoder = Decoder::new();
        assert_is_the_example(&decoder.envelope(&record).unwrap(), &provenance);
        let heads = decoder.heads(&record).unwrap();
        assert_eq!((heads.events.len(), heads.rejects.len()), (3, 1));
    }
}

/// The heads are compared byte for byte; zstd's frames may differ from one release to the next,
/// so the whole record is only read.
#[test]
fn version_1_is_read_and_written_as_it_was_when_it_was_frozen() {
    let mut decoder = Decoder::new();
    assert_is_the_example(&decoder.envelope(GOLDEN_V1).unwrap(), &poll());

    let mut golden_heads = Vec::new();
    let mut heads = Vec::new();
    let mut zstd = sections::Decompressor::new();
    sections::Sections::split(GOLDEN_V1)
        .unwrap()
        .heads_into(&mut zstd, &mut golden_heads)
        .unwrap();
    let record = encode(&poll());
    sections::Sections::split(&record)
        .unwrap()
        .heads_into(&mut zstd, &mut heads)
        .unwrap();
    assert_eq!(heads, golden_heads);
}

#[test]
fn a_builder_starts_over_after_each_record() {
    let mut builder = EnvelopeBuilder::new();
    let line = LINES[1].as_bytes();
    for _ in 0..2 {
        assert_eq!((builder.events(), builder.gathered_bytes()), (0, 0));
        builder.push(&read_event(line).unwrap(), line).unwrap();
        let record = builder.finish(&import()).unwrap();
        assert_eq!(Decoder::new().envelope(&record).unwrap().raw, [line]);
    }
}

#[test]
fn an_event_that_does_not_compress_fits_up_to_the_limit_and_not_beyond() {
    let mut state = 7u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_le_bytes()[6]
    };
    let event = read_event(LINES[1].as_bytes()).unwrap();
    let raw: Vec<u8> = (0..EVENT_MAX_BYTES).map(|_| noise()).collect();
    let mut builder = EnvelopeBuilder::new();
    builder.push(&event, &raw).unwrap();
    let record = builder.finish(&import()).unwrap();
    assert_eq!(Decoder::new().envelope(&record).unwrap().raw, [&raw[..]]);

    let larger = [&raw[..], b"x"].concat();
    assert!(matches!(
        builder.push(&event, &larger),
        Err(EncodeError::TooLarge { .. })
    ));
    let other: Vec<u8> = (0..EVENT_MAX_BYTES).map(|_| noise()).collect();
    builder.push(&event, &raw).unwrap();
    builder.push(&event, &other).unwrap();
    assert!(matches!(
        builder.finish(&import()),
        Err(EncodeError::TooLarge { .. })
    ));
    assert_eq!(builder.events(), 0);
}

#[test]
fn a_record_cut_anywhere_is_refused() {
    let record = encode(&poll());
    let mut decoder = Decoder::new();
    for end in 0..record.len() {
        assert!(
            decoder.envelope(&record[..end]).is_err(),
            "cut to {end} bytes"
        );
    }
    let mut foreign = record;
    foreign[0] = 2;
    assert_eq!(
        decoder.heads(&foreign),
        Err(DecodeError::UnknownVersion { version: 2 })
    );
}

#[test]
fn lengths_that_would_take_all_memory_are_refused() {
    let mut record = encode(&poll());
    record[5..9].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(
        Decoder::new().heads(&record),
        Err(DecodeError::TooLarge { .. })
    ));
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in any::<Vec<u8>>()) {
        let _ = Decoder::new().envelope(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0..GOLDEN_V1.len(), byte in any::<u8>()) {
        let mut record = GOLDEN_V1.to_vec();
        record[at] = byte;
        let _ = Decoder::new().envelope(&record);
    }

    #[test]
    fn no_heads_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = v1::decode(&bytes).and_then(v1::HeadsV1::into_parts);
    }

    #[test]
    fn any_event_comes_back(
        kind in "\\PC{1,12}", id in prop_oneof!["[0-9]{1,12}", "\\PC{0,12}"],
        seconds in any::<Option<i32>>(), number in any::<Option<u64>>(), merged in any::<Option<bool>>(),
        name in proptest::option::of("\\PC{1,20}"), size in any::<Option<u64>>(),
    ) {
        let event = crate::Event {
            kind: crate::EventKind::from_name(&kind),
            id: EventId::from_text(Cow::Borrowed(&id)),
            created_at: seconds.map(|s| Timestamp::from_seconds(s.into())),
            actor: None,
            repo: name.map(|name| crate::Repo { id: None, name: Some(name.into()) }),
            org: Some(crate::Org { id: Some(crate::OrgId::new(9)), login: None }),
            facts: crate::PayloadFacts {
                action: Some("any".into()),
                number: number.map(crate::ThreadNumber::new),
                merged,
                on_pull_request: merged,
                push_size: size,
            },
            body_digest: crate::BodyDigest::of(id.as_bytes()),
        };
        let mut builder = EnvelopeBuilder::new();
        builder.push(&event, id.as_bytes()).unwrap();
        let record = builder.finish(&poll()).unwrap();
        let mut decoder = Decoder::new();
        let envelope = decoder.envelope(&record).unwrap();
        prop_assert_eq!(&envelope.heads.events[0], &event);
        prop_assert_eq!(envelope.raw[0], id.as_bytes());
    }
}
