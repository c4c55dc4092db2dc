//! The tail loop: what it folds, what it waits for, what it refuses.

use std::thread;

use ghev_event::{GapReason, Reject, SuspectedGap, Timestamp};
use ghev_projector::{ProjectError, StopFlag, catch_up, replay, run};
use ghev_readmodel::{ModelDir, OpenError, Projection, Scope, Window, Writer};

use super::fixture::{
    Fixture, copy_dir, event, eventually, import, imported, poll, record, set_schema,
};

#[test]
fn each_event_counts_once_wherever_its_repeats_are() {
    let other_body = event(1, 0).replace("\"number\"", "\"x\":0,\"number\"");
    let fixture = Fixture::with(&[
        import(&[event(1, 0), event(2, 0), event(1, 0)]),
        import(&[other_body, event(2, 0), event(3, 0)]),
    ]);
    let caught_up = fixture.catch_up();
    assert_eq!(
        (
            caught_up.next_offset.get(),
            caught_up.records,
            caught_up.events
        ),
        (2, 2, 6)
    );
    let status = fixture.status();
    assert_eq!(
        (status.events, status.duplicates, status.conflicts),
        (3, 2, 1)
    );
    let mut reader = fixture.reader();
    let snapshot = reader.snapshot().unwrap();
    let counts = snapshot
        .event_counts(&Scope::All, &Window::EVERYTHING)
        .unwrap();
    assert_eq!(counts.total(), 3);
}

#[test]
fn catching_up_twice_folds_nothing_twice() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    let before = fixture.hashes();
    assert_eq!(fixture.catch_up().records, 0);
    assert_eq!(fixture.hashes(), before);
    fixture.append(&[import(&[event(2, 0)])]);
    assert_eq!(fixture.catch_up().records, 1);
    assert_eq!(fixture.status().events, 2);
}

#[test]
fn a_record_that_is_no_envelope_and_input_that_is_no_event_are_dead_letters() {
    let reject = |place| vec![Reject::new(place, "not a JSON object", b"[1]")];
    let fixture = Fixture::with(&[
        record(&imported(1), &[event(1, 0)], reject(17)),
        b"\xffno envelope".to_vec(),
        record(&poll(2, 2), &[event(2, 0)], reject(3)),
    ]);
    assert_eq!(fixture.catch_up().next_offset.get(), 3);
    let mut reader = fixture.reader();
    let snapshot = reader.snapshot().unwrap();
    let mut letters = snapshot.dead_letters(10, None).unwrap();
    letters.sort_by_key(|letter| letter.offset);
    let told: Vec<_> = letters
        .iter()
        .map(|l| (l.source.as_str(), l.place.as_str()))
        .collect();
    let expected = [
        ("archive", "2015-01-01-15.json:17"),
        ("log", "record 1"),
        ("public", "/events?per_page=100 event 3"),
    ];
    assert_eq!(told, expected);
    assert!(
        letters[1].reason.contains("envelope format 255"),
        "{}",
        letters[1].reason
    );
    assert_eq!(letters[1].bytes, 12);
    assert_eq!(letters[0].digest, letters[2].digest);
    assert_eq!(snapshot.status().unwrap().dead_letters, 3);
    assert_eq!(snapshot.status().unwrap().events, 2);
}

#[test]
fn sources_polls_and_gaps_follow_from_provenances() {
    let mut gapped = poll(5_000, 1);
    gapped.gaps.push(SuspectedGap {
        from: None,
        to: Timestamp::from_seconds(4),
        reason: GapReason::NoOverlap,
    });
    let none: [&str; 0] = [];
    let fixture = Fixture::with(&[
        record(&gapped, &[event(1, 0), event(2, 0)], Vec::new()),
        record(&poll(5_100, 2), &[event(2, 0), event(3, 0)], Vec::new()),
        record(&poll(65_000, 1), &none, Vec::new()),
    ]);
    fixture.catch_up();
    let status = fixture.status();
    assert_eq!(status.gaps, 1);
    let public = &status.sources[0];
    assert_eq!(
        (public.source.as_str(), public.polls, public.events),
        ("public", 2, 3)
    );
    assert_eq!(public.last_offset.get(), 2);
    assert_eq!(
        fixture.as_of().unwrap().observed_at,
        Some(Timestamp::from_millis(65_000))
    );
}

#[test]
fn it_waits_for_a_log_takes_what_comes_and_ends_when_told() {
    let fixture = Fixture::new();
    let stop = StopFlag::new();
    let running = thread::spawn({
        let (options, stop) = (fixture.options.clone(), stop.clone());
        move || run(&options, &stop)
    });
    for number in 0..3 {
        fixture.append(&[import(&[event(number, 0)])]);
        eventually("the record is in the model", || {
            fixture
                .as_of()
                .is_some_and(|as_of| as_of.checkpoint.next_offset.get() == number + 1)
        });
    }
    stop.stop();
    running.join().unwrap().unwrap();
    assert_eq!(fixture.status().events, 3);
}

#[test]
fn without_a_log_it_ends_when_told_and_catching_up_says_so() {
    let fixture = Fixture::new();
    let stop = StopFlag::new();
    stop.stop();
    run(&fixture.options, &stop).unwrap();
    let error = catch_up(&fixture.options, &StopFlag::new()).unwrap_err();
    assert!(
        matches!(error, ProjectError::Log(ghev_log::ReadError::NoLog { .. })),
        "{error}"
    );
}

/// It was refused, though what was asked for was at hand or about to be.
#[test]
fn beside_a_running_projector_catching_up_is_waiting_for_it() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    let held = fixture.model().lock_projector().unwrap();
    let caught_up = fixture.catch_up();
    assert_eq!((caught_up.next_offset.get(), caught_up.records), (1, 0));

    // What the other does not fold it folds itself, once the other is gone.
    fixture.append(&[import(&[event(2, 0)])]);
    let (options, stop) = (fixture.options.clone(), StopFlag::new());
    let flag = stop.clone();
    let waiting = thread::spawn(move || catch_up(&options, &flag));
    StopFlag::new().wait(std::time::Duration::from_millis(300));
    assert!(!waiting.is_finished());
    drop(held);
    assert_eq!(waiting.join().unwrap().unwrap().records, 1);

    fixture.append(&[import(&[event(3, 0)])]);
    let _held = fixture.model().lock_projector().unwrap();
    stop.stop();
    let stopped = catch_up(&fixture.options, &stop).unwrap_err();
    assert!(matches!(stopped, ProjectError::Stopped), "{stopped}");
}

#[test]
fn a_second_projector_stands_by_until_the_first_ends() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    let held = fixture.model().lock_projector().unwrap();
    let (options, stop) = (fixture.options.clone(), StopFlag::new());
    let flag = stop.clone();
    let standby = thread::spawn(move || run(&options, &flag));
    // It neither ends nor writes while the other has the lock.
    let lapse = StopFlag::new();
    lapse.wait(std::time::Duration::from_millis(300));
    assert!(!standby.is_finished());
    assert!(fixture.as_of().is_none());
    drop(held);
    eventually("it takes over", || fixture.as_of().is_some());
    stop.stop();
    standby.join().unwrap().unwrap();

    // One that stands by ends when it is told to.
    let _held = fixture.model().lock_projector().unwrap();
    run(&fixture.options, &stop).unwrap();
}

#[test]
fn a_model_of_another_log_is_refused_and_unchanged() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    let before = fixture.hashes();
    let other = Fixture::with(&[import(&[event(2, 0)])]);
    let mut mixed = fixture.options.clone();
    mixed.log_dir.clone_from(&other.options.log_dir);
    let never = StopFlag::new();
    let refused = [
        catch_up(&mixed, &never).unwrap_err(),
        // This one used to compare the two, or to say that the log had been put back.
        replay::check(&mixed, &mut |_| {}, &never).unwrap_err(),
    ];
    for error in refused {
        assert!(
            matches!(error, ProjectError::Open(OpenError::ForeignLog { .. })),
            "{error}"
        );
    }
    assert_eq!(fixture.hashes(), before);
}

/// Were this let through, the records that the log gets next would bear offsets that the model
/// believes to have, and would be missing from it for ever.
#[test]
fn a_log_put_back_to_an_earlier_state_is_noticed() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    let earlier = fixture.same_log();
    fixture.append(&[import(&[event(2, 0)])]);
    fixture.catch_up();
    std::fs::remove_dir_all(&fixture.options.log_dir).unwrap();
    copy_dir(&earlier.options.log_dir, &fixture.options.log_dir);
    let error = catch_up(&fixture.options, &StopFlag::new()).unwrap_err();
    assert!(matches!(error, ProjectError::LogBehind { .. }), "{error}");
}

/// Once such a log had grown past the model again, nobody noticed: the records in between were missing from the
/// model, and what the log had lost was in it.
#[test]
fn a_log_put_back_that_has_grown_again_is_noticed() {
    let of = |at, id| record(&imported(at), &[event(id, 0)], Vec::new());
    let fixture = Fixture::with(&[of(1_000, 1)]);
    let earlier = fixture.same_log();
    fixture.append(&[of(2_000, 2)]);
    fixture.catch_up();
    let before = fixture.hashes();
    std::fs::remove_dir_all(&fixture.options.log_dir).unwrap();
    copy_dir(&earlier.options.log_dir, &fixture.options.log_dir);
    fixture.append(&[of(3_000, 3), of(4_000, 4)]);

    let never = StopFlag::new();
    let is_told = |error: ProjectError| {
        let told = matches!(error, ProjectError::OtherHistory { offset, .. } if offset.get() == 1);
        assert!(told, "{error}");
    };
    is_told(catch_up(&fixture.options, &never).unwrap_err());
    for of in [Projection::Names, Projection::Envelopes] {
        is_told(replay::only(&fixture.options, &[of], &mut |_| {}, &never).unwrap_err());
    }
    assert_eq!(fixture.hashes(), before);

    let rebuilt = replay::replay(&fixture.options, &mut |_| {}, &never).unwrap();
    assert_eq!(
        (fixture.status().events, fixture.catch_up().records),
        (3, 0)
    );
    // Nobody could go on from the one before.
    is_told(replay::rollback(&fixture.options).unwrap_err());
    let current = fixture.model().current().unwrap();
    assert_eq!(current, Some(rebuilt.generation));
}

#[test]
fn damage_in_the_log_ends_it_after_what_lies_before_is_in() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    fixture.append(&[import(&[event(2, 0)]), import(&[event(3, 0)])]);
    let segment = fixture.options.log_dir.join(format!("{:020}.log", 0));
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    for _ in 0..2 {
        let error = catch_up(&fixture.options, &StopFlag::new()).unwrap_err();
        assert!(
            matches!(
                error,
                ProjectError::Log(ghev_log::ReadError::Damaged { .. })
            ),
            "{error}"
        );
        assert_eq!(fixture.status().events, 2);
    }
}

#[test]
fn a_deleted_model_and_one_of_another_schema_are_rebuilt() {
    let fixture = Fixture::with(&[import(&[event(1, 0), event(2, 9)])]);
    fixture.catch_up();
    let before = fixture.hashes();

    std::fs::remove_file(fixture.current_path()).unwrap();
    fixture.catch_up();
    assert_eq!(fixture.hashes(), before);

    let path = fixture.current_path();
    set_schema(&path, 99);
    fixture.catch_up();
    assert_eq!(fixture.hashes(), before);
    assert_ne!(fixture.current_path(), path);
}

/// A projector without a model ended where `ghev replay` was making one, and `ghev up` with it.
#[test]
fn while_another_process_rebuilds_the_model_a_projector_waits() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    let rebuilding = fixture.model().lock_replay().unwrap();
    let (options, stop) = (fixture.options.clone(), StopFlag::new());
    let flag = stop.clone();
    let running = thread::spawn(move || run(&options, &flag));
    StopFlag::new().wait(std::time::Duration::from_millis(300));
    assert!(!running.is_finished());
    assert!(fixture.as_of().is_none());
    drop(rebuilding);
    eventually("it goes on", || fixture.as_of().is_some());
    stop.stop();
    running.join().unwrap().unwrap();

    // One that waits ends when it is told to.
    ModelDir::remove_database(&fixture.current_path()).unwrap();
    let _rebuilding = fixture.model().lock_replay().unwrap();
    run(&fixture.options, &stop).unwrap();
}

/// Two versions of ghev would otherwise rebuild each other's generation for ever.
#[test]
fn a_running_projector_refuses_a_new_generation_of_another_schema() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    let options = fixture.options.clone();
    let running = thread::spawn(move || run(&options, &StopFlag::new()));
    fixture.append(&[import(&[event(2, 0)])]);
    eventually("it runs", || {
        fixture
            .as_of()
            .is_some_and(|as_of| as_of.checkpoint.next_offset.get() == 2)
    });
    let model = fixture.model();
    let newer = model.reserve_next().unwrap();
    let checkpoint = fixture.as_of().unwrap().checkpoint;
    let path = model.generation_path(newer);
    Writer::create(&path, checkpoint.log_id)
        .unwrap()
        .close()
        .unwrap();
    set_schema(&path, 99);
    model.publish(newer).unwrap();
    let error = running.join().unwrap().unwrap_err();
    assert!(
        matches!(
            error,
            ProjectError::Open(OpenError::Schema { found: 99, .. })
        ),
        "{error}"
    );
}
