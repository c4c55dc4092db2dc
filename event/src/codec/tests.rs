//! Round trips, golden bytes of every version, and bytes that are no envelope.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::{
    EventId, FileEnd, GapReason, ImportFacts, Origin, PollFacts, Provenance, RateBudget, Reject,
    Source, SuspectedGap, Timestamp, Unrecorded, read_event,
};

const GOLDEN_V1: &[u8] = include_bytes!("../../testdata/envelope-v1.bin");
const GOLDEN_V2_POLL: &[u8] = include_bytes!("../../testdata/envelope-v2-poll.bin");
const GOLDEN_V2_IMPORT: &[u8] = include_bytes!("../../testdata/envelope-v2-import.bin");
const GOLDEN_V3: &[u8] = include_bytes!("../../testdata/envelope-v3.bin");

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
            unrecorded: Unrecorded {
                polls: 9,
                received: 270,
            },
            first_shown: Vec::new(),
        }),
        gaps: vec![SuspectedGap {
            from: None,
            to: Timestamp::from_seconds(1_795_520_000),
            reason: GapReason::Frozen,
        }],
    }
}

/// With what makes it an envelope of version 3.
fn poll_of_known_events() -> Provenance {
    let mut provenance = poll();
    if let Origin::Poll(facts) = &mut provenance.origin {
        facts.first_shown = vec![*b"0123456789abcdef", [0xff; 16]];
    }
    provenance
}

fn import() -> Provenance {
    let origin = ImportFacts {
        file: "2015-01-01-15.json.gz".into(),
        first_line: 1,
        last_line: 9,
        end: Some(FileEnd {
            log_id: *b"0123456789abcdef",
            from_offset: 42,
            bytes: 3_844_072,
            modified: Some(Timestamp::from_millis(1_420_128_300_123)),
            digest: [7; 16],
            events: 11_351,
            rejected: 1,
        }),
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
    for provenance in [import(), poll(), poll_of_known_events()] {
        let record = encode(&provenance);
        let mut decoder = Decoder::new();
        assert_is_the_example(&decoder.envelope(&record).unwrap(), &provenance);
        let heads = decoder.heads(&record).unwrap();
        assert_eq!((heads.events.len(), heads.rejects.len()), (3, 1));
    }
}

#[test]
fn version_1_is_read_for_ever() {
    let mut without_new_facts = poll();
    if let Origin::Poll(facts) = &mut without_new_facts.origin {
        facts.unrecorded = Unrecorded::default();
    }
    let mut decoder = Decoder::new();
    assert_is_the_example(&decoder.envelope(GOLDEN_V1).unwrap(), &without_new_facts);
}

/// The heads are compared byte for byte; zstd's frames may differ from one release to the next,
/// so the whole record is only read.
#[test]
fn versions_2_and_3_are_read_and_written_as_they_were_when_they_were_frozen() {
    let heads_of = |record: &[u8]| {
        let mut heads = Vec::new();
        let sections = sections::Sections::split(record).unwrap();
        let mut zstd = sections::Decompressor::new();
        sections.heads_into(&mut zstd, &mut heads).unwrap();
        heads
    };
    for (golden, version, provenance) in [
        (GOLDEN_V2_POLL, 2, poll()),
        (GOLDEN_V2_IMPORT, 2, import()),
        (GOLDEN_V3, 3, poll_of_known_events()),
    ] {
        let mut decoder = Decoder::new();
        assert_is_the_example(&decoder.envelope(golden).unwrap(), &provenance);
        assert_eq!(heads_of(golden), heads_of(&encode(&provenance)));
        assert_eq!([golden[0], encode(&provenance)[0]], [version; 2]);
    }
}

#[test]
fn heads_of_version_3_end_with_its_list() {
    let mut heads = v2::encode(&import(), &columns::Columns::default(), &[]).unwrap();
    assert!(v3::decode(&heads).is_err(), "there is none");
    let without = heads.clone();
    v3::extend(&mut heads, &[]).unwrap();
    assert_eq!(v3::decode(&heads).unwrap().provenance, import());
    heads.push(0);
    assert!(v3::decode(&heads).is_err(), "bytes follow it");
    heads = without;
    v3::extend(&mut heads, &[[1; 16]]).unwrap();
    assert!(v3::decode(&heads).is_err(), "an import shows nothing");
}

#[test]
fn the_part_with_the_heads_says_what_the_record_does() {
    for record in [GOLDEN_V1, GOLDEN_V2_POLL, GOLDEN_V2_IMPORT, GOLDEN_V3] {
        let part = heads_part(record);
        assert!(part.len() < record.len());
        let (mut of_all, mut of_part) = (Decoder::new(), Decoder::new());
        assert_eq!(of_part.heads(part), of_all.heads(record));
    }
    for no_record in [&b""[..], &GOLDEN_V3[..20], b"\xffno envelope"] {
        assert_eq!(heads_part(no_record), no_record);
    }
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
    assert_eq!(builder.events(), 2, "it stays as it is");
    builder.push_reject(Reject::new(1, "no event", b"[]"));
    let mut half = builder.split_off_half().unwrap();
    let mut decoder = Decoder::new();
    for (part, raw, rejects) in [(&mut builder, raw, 0), (&mut half, other, 1)] {
        let record = part.finish(&import()).unwrap();
        let envelope = decoder.envelope(&record).unwrap();
        assert_eq!(envelope.raw, [&raw[..]]);
        assert_eq!(envelope.heads.events, std::slice::from_ref(&event));
        assert_eq!(envelope.heads.rejects.len(), rejects);
        assert_eq!(part.gathered_bytes(), 0);
    }
}

#[test]
fn a_record_cut_anywhere_is_refused() {
    let record = encode(&poll_of_known_events());
    let mut decoder = Decoder::new();
    for end in 0..record.len() {
        assert!(
            decoder.envelope(&record[..end]).is_err(),
            "cut to {end} bytes"
        );
    }
    let mut foreign = record;
    foreign[0] = 4;
    assert_eq!(
        decoder.heads(&foreign),
        Err(DecodeError::UnknownVersion { version: 4 })
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
    fn no_damage_makes_it_panic(
        golden in prop::sample::select(vec![GOLDEN_V1, GOLDEN_V2_POLL, GOLDEN_V2_IMPORT, GOLDEN_V3]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut record = golden.to_vec();
        record[at.index(golden.len())] = byte;
        let _ = Decoder::new().envelope(&record);
    }

    #[test]
    fn no_heads_make_it_panic(bytes in any::<Vec<u8>>()) {
        let _ = v1::decode(&bytes);
        let _ = v2::decode(&bytes);
        let _ = v3::decode(&bytes);
    }

    /// Past the compression, where a flipped byte reaches the columns.
    #[test]
    fn no_damage_to_the_heads_makes_them_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        for golden in [GOLDEN_V1, GOLDEN_V2_POLL, GOLDEN_V2_IMPORT, GOLDEN_V3] {
            let mut heads = Vec::new();
            let sections = sections::Sections::split(golden).unwrap();
            sections.heads_into(&mut sections::Decompressor::new(), &mut heads).unwrap();
            let at = at.index(heads.len());
            heads[at] = byte;
            let _ = v1::decode(&heads);
            let _ = v2::decode(&heads);
            let _ = v3::decode(&heads);
        }
    }

    #[test]
    fn events_come_back_in_their_order(
        events in prop::collection::vec(any_event(), 0..30),
        provenance in prop::sample::select(vec![poll(), poll_of_known_events(), import()]),
    ) {
        let mut builder = EnvelopeBuilder::new();
        for _ in 0..2 {
            for (number, event) in events.iter().enumerate() {
                builder.push(event, number.to_string().as_bytes()).unwrap();
            }
            let record = builder.finish(&provenance).unwrap();
            let mut decoder = Decoder::new();
            let envelope = decoder.envelope(&record).unwrap();
            prop_assert_eq!(&envelope.heads.events, &events);
            prop_assert_eq!(envelope.raw.len(), events.len());
        }
    }
}

/// Few names and ids, so that they come again; every field there or not.
fn any_event() -> impl Strategy<Value = crate::Event<'static>> {
    let id = prop_oneof![
        any::<u64>().prop_map(EventId::Number),
        "\\PC{0,4}".prop_map(|text| EventId::Text(text.into())),
        any::<[u8; 16]>().prop_map(EventId::Digest),
    ];
    let kind = prop_oneof![
        prop::sample::select(crate::KNOWN_KINDS).prop_map(crate::EventKind::Known),
        "\\PC{1,4}".prop_map(|name| crate::EventKind::Other(name.into())),
    ];
    let who = || (prop::option::of(0u64..5), prop::option::of("[a-cé/]{0,2}"));
    let three = (
        prop::option::of(who()),
        prop::option::of(who()),
        prop::option::of(who()),
    );
    let facts = (
        prop::option::of("[a-c]{0,2}"),
        any::<Option<u64>>(),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        any::<Option<u64>>(),
    );
    let created_at = prop::option::of(any::<i64>());
    (kind, id, created_at, three, facts, any::<u64>()).prop_map(
        |(kind, id, created_ms, (actor, repo, org), facts, digest)| {
            let (action, number, merged, on_pull_request, push_size) = facts;
            crate::Event {
                kind,
                id,
                created_at: created_ms.map(Timestamp::from_millis),
                actor: actor.map(|(id, login)| crate::Actor {
                    id: id.map(crate::ActorId::new),
                    login: login.map(Cow::Owned),
                }),
                repo: repo.map(|(id, name)| crate::Repo {
                    id: id.map(crate::RepoId::new),
                    name: name.map(Cow::Owned),
                }),
                org: org.map(|(id, login)| crate::Org {
                    id: id.map(crate::OrgId::new),
                    login: login.map(Cow::Owned),
                }),
                facts: crate::PayloadFacts {
                    action: action.map(Cow::Owned),
                    number: number.map(crate::ThreadNumber::new),
                    merged,
                    on_pull_request,
                    push_size,
                },
                body_digest: crate::BodyDigest::from_bits(digest),
            }
        },
    )
}
