//! Rows are a function of the log's prefix: not of batches, and, where only events speak, not of
//! their order either.

use std::time::Duration;

use ghev_log::LogCursor;
use ghev_projector::{BatchLimits, StopFlag, catch_up, replay};
use ghev_readmodel::{EventFilter, LogId, Scope, TableHashes, Window, Writer};
use proptest::prelude::*;

use super::fixture::{FIRST_SECOND, Fixture, event, import, imported, record};

/// What says where an event lies in the log, and so changes when it lies elsewhere.
const PLACED: [&str; 5] = [
    "checkpoint",
    "envelope_counts",
    "envelopes",
    "events",
    "sources",
];

/// A log of a few records of a few events each, repeats and conflicts among them.
pub(crate) fn any_log() -> impl Strategy<Value = Vec<Vec<(u64, u64)>>> {
    let event = (
        0_u64..30,
        prop_oneof![Just(0_u64), 0_u64..20_000, 0_u64..60_000],
    );
    prop::collection::vec(prop::collection::vec(event, 0..8), 1..12)
}

pub(crate) fn records(log: &[Vec<(u64, u64)>]) -> Vec<Vec<u8>> {
    let events = |record: &Vec<(u64, u64)>| -> Vec<String> {
        record
            .iter()
            .map(|&(id, second)| of_any_kind(id, second))
            .collect()
    };
    log.iter().map(|record| import(&events(record))).collect()
}

/// An event of one of the kinds that projections tell apart, seldom by a bot.
fn of_any_kind(id: u64, second: u64) -> String {
    const KINDS: [&str; 6] = [
        "PullRequestEvent",
        "ReleaseEvent",
        "IssuesEvent",
        "IssueCommentEvent",
        "PushEvent",
        "WatchEvent",
    ];
    let kind = KINDS[usize::try_from(id % 6).unwrap()];
    let event = event(id, second).replace("PullRequestEvent", kind);
    let event = event.replace("\"a3\"", "\"ci-bot\"");
    // Some threads are of two organisations.
    let org = format!("\"org\":{{\"id\":{}", 7 + id % 8 / 6);
    let event = event.replace("\"org\":{\"id\":7", &org);
    match kind {
        "ReleaseEvent" => event.replace("opened", "published"),
        "PushEvent" => event.replace("\"number\"", "\"size\":3,\"number\""),
        _ => event,
    }
}

/// A model of this log, folded live in batches of so many events, in stages.
pub(crate) fn live_model(source: &Fixture, events_max: u64) -> Fixture {
    live_model_of(source, events_max, None)
}

fn live_model_of(source: &Fixture, events_max: u64, keep_events: Option<Duration>) -> Fixture {
    let mut fixture = source.same_log();
    fixture.options.keep_events = keep_events;
    fixture.options.live = BatchLimits {
        events_max,
        bytes_max: 1 << 20,
    };
    // A model of nothing: without one, the projector would load the whole log at once.
    let log_id = LogCursor::open(&fixture.options.log_dir, ghev_log::Offset::ZERO)
        .unwrap()
        .log_id();
    Writer::open(&fixture.model(), LogId::new(log_id.to_bytes())).unwrap();
    catch_up(&fixture.options, &StopFlag::new()).unwrap();
    fixture
}

fn live(source: &Fixture, events_max: u64) -> TableHashes {
    live_model(source, events_max).hashes()
}

/// Folded by a live projector from the first record on, appended one by one.
fn step_by_step(records: &[Vec<u8>]) -> (Fixture, TableHashes) {
    let fixture = Fixture::new();
    for record in records {
        fixture.append(std::slice::from_ref(record));
        fixture.catch_up();
    }
    let hashes = fixture.hashes();
    (fixture, hashes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn rows_do_not_depend_on_where_batches_end(log in any_log(), events_max in 1_u64..40) {
        let (fixture, stepped) = step_by_step(&records(&log));
        prop_assert_eq!(&live(&fixture, events_max), &stepped);
        replay::replay(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
        prop_assert_eq!(&fixture.hashes(), &stepped);
    }

    #[test]
    fn what_is_dropped_is_missing_alike_in_rows_and_sums(
        log in any_log(),
        events_max in 1_u64..40,
        kept_s in 0_u64..20_000,
        step_s in 0_i64..4_000,
    ) {
        let records: Vec<_> = (0..).zip(&log).map(|(number, events)| {
            let events: Vec<_> =
                events.iter().map(|&(id, second)| of_any_kind(id, second)).collect();
            record(&imported(1_000 * (FIRST_SECOND + step_s * number)), &events, Vec::new())
        }).collect();
        let kept = Some(Duration::from_secs(kept_s));
        let fixture = live_model_of(&Fixture::with(&records), events_max, kept);
        let live = fixture.hashes();
        let mut reader = fixture.reader();
        let snapshot = reader.snapshot().unwrap();
        for repo in 0..5 {
            let Some(repo) = snapshot.resolve_repo(&format!("o/r{repo}")).unwrap() else {
                continue;
            };
            let filter = EventFilter { repo: Some(repo), ..EventFilter::default() };
            let rows = snapshot.events(&filter, None, 1_000).unwrap().events.len();
            let scope = Scope::Repo(repo);
            let counted = snapshot.event_counts(&scope, &Window::EVERYTHING).unwrap();
            prop_assert_eq!(counted.total(), rows as u64);
            let matrix = snapshot.activity_matrix(&scope, &Window::EVERYTHING).unwrap();
            prop_assert_eq!(matrix.total(), rows as u64);
        }
        replay::replay(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
        prop_assert_eq!(fixture.hashes().differing(&live), Vec::<String>::new());
        let report = replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
        prop_assert_eq!(report.differing, Vec::<String>::new());
    }

    #[test]
    fn answers_about_events_do_not_depend_on_their_order(
        (ids, shuffled) in prop::collection::vec(0_u64..40, 1..40)
            .prop_flat_map(|ids| (Just(ids.clone()), Just(ids).prop_shuffle())),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        cut in 1_usize..8,
    ) {
        let raw = |id: u64| of_any_kind(id, id * 997 % 20_000);
        let ordered: Vec<String> = ids.iter().copied().map(raw).collect();
        let mut other: Vec<String> = shuffled.iter().copied().map(raw).collect();
        other.extend(repeated.iter().map(|index| raw(*index.get(&ids))));
        let one = Fixture::with(&[import(&ordered)]);
        let many: Vec<Vec<u8>> = other.chunks(cut).map(import).collect();
        let many = Fixture::with(&many);
        one.catch_up();
        many.catch_up();
        let mut differing = one.hashes().differing(&many.hashes());
        differing.retain(|table| !PLACED.contains(&table.as_str()));
        prop_assert_eq!(differing, Vec::<String>::new());
        prop_assert_eq!(one.status().events, many.status().events);
    }
}
