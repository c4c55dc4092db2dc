//! Records that retention takes away before they were read: a fact, and no end.

use std::thread;
use std::time::Duration;

use ghev_log::{LogOptions, LogWriter, TrimLimit};
use ghev_projector::replay::{self, ReplayPhase};
use ghev_projector::{BatchLimits, StopFlag, run};
use ghev_readmodel::Projection;

use super::fixture::{Fixture, event, eventually, import};

/// A trim between a batch's look at the log's first record and its read ended the projector with an
/// error: it has to be told so in the next batch, and go on.
#[test]
fn a_projector_beside_trims_folds_every_record_or_says_that_it_is_gone() {
    const RECORDS: u64 = 160;
    let mut fixture = Fixture::new();
    // As slow as it can be: a transaction for each record.
    fixture.options.live = BatchLimits {
        events_max: 1,
        bytes_max: 1,
    };
    let options = LogOptions {
        segment_max_bytes: 1,
        ..LogOptions::default()
    };
    let mut log = LogWriter::open(&fixture.options.log_dir, options).unwrap();
    log.append(&[import(&[event(0, 0)])]).unwrap();
    fixture.catch_up();
    // Before it runs at all, and then beside it.
    log.append(&[import(&[event(1, 0)]), import(&[event(2, 0)])])
        .unwrap();
    log.trim(TrimLimit::ToBytes(0)).unwrap();
    let stop = StopFlag::new();
    let running = thread::spawn({
        let (options, stop) = (fixture.options.clone(), stop.clone());
        move || run(&options, &stop)
    });
    for first in (3..RECORDS).step_by(8) {
        let batch: Vec<_> = (first..RECORDS.min(first + 8))
            .map(|number| import(&[event(number, 0)]))
            .collect();
        log.append(&batch).unwrap();
        log.trim(TrimLimit::ToBytes(0)).unwrap();
    }
    eventually("it has come to the end, or to its own", || {
        let next = fixture.as_of().map(|as_of| as_of.checkpoint.next_offset);
        running.is_finished() || next.is_some_and(|next| next.get() == RECORDS)
    });
    stop.stop();
    running.join().unwrap().unwrap();

    let mut reader = fixture.reader();
    let snapshot = reader.snapshot().unwrap();
    let letters = snapshot.dead_letters(1000, None).unwrap();
    let gone: u64 = letters.iter().map(|letter| gone(&letter.place)).sum();
    assert!(gone > 0, "nothing went before it was read");
    let status = snapshot.status().unwrap();
    assert_eq!(status.events + gone, RECORDS);
    assert_eq!(status.dead_letters, letters.len() as u64);
}

/// A trim between a replay's two walks would leave keys in the index whose rows the second has not
/// seen: it has to begin anew.
#[test]
fn a_replay_whose_log_is_trimmed_under_it_begins_anew() {
    const RECORDS: u64 = 20;
    let fixture = Fixture::new();
    let options = LogOptions {
        segment_max_bytes: 1,
        ..LogOptions::default()
    };
    let mut log = LogWriter::open(&fixture.options.log_dir, options).unwrap();
    let records: Vec<_> = (0..RECORDS)
        .map(|number| import(&[event(number, 0)]))
        .collect();
    log.append(&records).unwrap();
    let mut reports = Vec::new();
    let mut progress = |at: replay::ReplayProgress| {
        if at.phase == ReplayPhase::Folding && !reports.contains(&ReplayPhase::Folding) {
            log.trim(TrimLimit::ToBytes(0)).unwrap();
        }
        reports.push(at.phase);
    };
    replay::replay(&fixture.options, &mut progress, &StopFlag::new()).unwrap();
    let walks = reports.chunk_by(|a, b| a == b).map(|walk| walk[0]);
    let expected = [
        ReplayPhase::Comparing,
        ReplayPhase::Folding,
        ReplayPhase::Comparing,
        ReplayPhase::Folding,
        ReplayPhase::Writing,
    ];
    assert!(walks.eq(expected), "{reports:?}");

    let mut reader = fixture.reader();
    let snapshot = reader.snapshot().unwrap();
    let letters = snapshot.dead_letters(10, None).unwrap();
    assert_eq!(letters.len(), 1);
    let status = snapshot.status().unwrap();
    assert_eq!(status.events + gone(&letters[0].place), RECORDS);
    assert!(status.events < RECORDS);
    let again = fixture.hashes();
    replay::replay(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
    assert_eq!(fixture.hashes(), again);
}

/// A limit on a model that had caught up waited for the next record, and one of a replay in part too.
#[test]
fn a_new_limit_holds_before_another_record_comes() {
    let since = |fixture: &Fixture| fixture.reader().snapshot().unwrap().events_since();
    for in_part in [false, true] {
        let mut fixture = Fixture::with(&[import(&[event(1, 0)]), import(&[event(2, 0)])]);
        fixture.catch_up();
        assert_eq!(since(&fixture), None);
        fixture.options.keep_events = Some(Duration::from_secs(3600));
        if in_part {
            let only = [Projection::Counts];
            replay::only(&fixture.options, &only, &mut |_| {}, &StopFlag::new()).unwrap();
        } else {
            fixture.catch_up();
        }
        assert!(since(&fixture).is_some(), "in part: {in_part}");
        let kept = fixture.hashes();
        fixture.catch_up();
        assert_eq!(fixture.hashes(), kept);
    }
}

/// How many records `records A up to B` are.
fn gone(place: &str) -> u64 {
    let numbers = place.strip_prefix("records ").unwrap();
    let (from, until) = numbers.split_once(" up to ").unwrap();
    until.parse::<u64>().unwrap() - from.parse::<u64>().unwrap()
}
