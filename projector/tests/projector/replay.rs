//! Generations: rebuilt, compared, switched under readers, taken back.

use std::thread;

use ghev_event::Timestamp;
use ghev_projector::replay::{ReplayPhase, ReplayProgress};
use ghev_projector::{ProjectError, StopFlag, replay, run};
use ghev_readmodel::{
    Changes, CoverageState, DeadLetter, EventFilter, GenerationNumber, Offset, Reader, Scope,
    TableHashes, Window, Writer,
};

use super::fixture::{Fixture, event, eventually, import, imported, record};

fn rebuild(fixture: &Fixture) -> GenerationNumber {
    replay::replay(&fixture.options, &mut |_| {}, &StopFlag::new())
        .unwrap()
        .generation
}

fn three_records() -> Vec<Vec<u8>> {
    (0..3)
        .map(|n| import(&[event(n, n), event(n + 1, n), event(n * 10, n * 7000)]))
        .collect()
}

#[test]
fn a_replay_says_what_the_live_model_says() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let (live, before) = (fixture.hashes(), fixture.current_path());
    let mut reported = Vec::new();
    let mut progress = |at: ReplayProgress| {
        assert_eq!(at.watermark, 3);
        reported.push((at.phase, at.next_offset, at.events));
    };
    let summary = replay::replay(&fixture.options, &mut progress, &StopFlag::new()).unwrap();
    assert_eq!(
        (summary.records, summary.events, summary.next_offset.get()),
        (3, 9, 3)
    );
    let (compared, rest) = reported.split_at(3);
    let walk = |phase| [(phase, 1, 3), (phase, 2, 6), (phase, 3, 9)];
    assert_eq!(compared, walk(ReplayPhase::Comparing));
    assert_eq!(rest[..3], walk(ReplayPhase::Folding));
    assert_eq!(rest[3..], [(ReplayPhase::Writing, 3, 9)]);
    assert_ne!(fixture.current_path(), before);
    assert_eq!(fixture.hashes(), live);
    assert_eq!(
        TableHashes::of(&before).unwrap(),
        live,
        "the one before stays"
    );
}

/// A replay reads a record's heads only: where these cannot be decoded, its dead letter is of all of it none the less.
#[test]
fn what_cannot_be_decoded_is_told_as_the_live_model_tells_it() {
    let mut damaged = import(&[event(7, 0)]);
    // In the heads, after the header.
    damaged[20] ^= 0xff;
    let mut records = three_records();
    records.extend([damaged, b"\xffno envelope".to_vec()]);
    let fixture = Fixture::with(&records);
    fixture.catch_up();
    assert_eq!(fixture.status().dead_letters, 2);
    let live = fixture.hashes();
    rebuild(&fixture);
    assert_eq!(fixture.hashes(), live);
}

#[test]
fn only_the_generation_before_stays_and_rollback_returns_to_it() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let second = rebuild(&fixture);
    let third = rebuild(&fixture);
    let model = fixture.model();
    assert_eq!(model.generations().unwrap(), [second, third]);
    assert_eq!(replay::rollback(&fixture.options).unwrap(), second);
    assert_eq!(model.current().unwrap(), Some(second));
    let again = replay::rollback(&fixture.options).unwrap_err();
    assert!(
        matches!(again, ProjectError::NoEarlierGeneration { .. }),
        "{again}"
    );
    fixture.append(&[import(&[event(77, 0)])]);
    assert_eq!(fixture.catch_up().records, 1);
}

#[test]
fn a_stopped_replay_leaves_nothing() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let before = fixture.model().generations().unwrap();
    let stop = StopFlag::new();
    stop.stop();
    let stopped = replay::replay(&fixture.options, &mut |_| {}, &stop).unwrap_err();
    assert!(matches!(stopped, ProjectError::Stopped), "{stopped}");
    assert_eq!(fixture.model().generations().unwrap(), before);
}

/// The tables of 50 million events are written for more than a minute, in which SIGTERM was not heard: docker kills
/// after half a minute.
#[test]
fn a_replay_stops_while_it_writes_the_tables() {
    let events: Vec<_> = (1..2_000).map(|id| event(id, 0)).collect();
    let fixture = Fixture::with(&[import(&events)]);
    fixture.catch_up();
    let before = fixture.model().generations().unwrap();
    let into = fixture.options.model_dir.join("past.db");
    let options = &fixture.options;
    let end = replay::Until::Offset(fixture.as_of().unwrap().checkpoint.next_offset);
    for of in 0..3 {
        let stop = StopFlag::new();
        let mut progress = |at: ReplayProgress| {
            if at.phase == ReplayPhase::Writing {
                stop.stop();
            }
        };
        let ended = match of {
            0 => replay::replay(options, &mut progress, &stop).err(),
            1 => replay::check(options, &mut progress, &stop).err(),
            _ => replay::until(options, end, &into, &mut progress, &stop).err(),
        };
        assert!(stop.is_stopped(), "tables are written");
        assert!(
            matches!(ended, Some(ProjectError::Stopped)),
            "{of}: {ended:?}"
        );
    }
    assert_eq!(fixture.model().generations().unwrap(), before);
    let files = std::fs::read_dir(&fixture.options.model_dir).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = files
        .filter(|name| name.contains("past") || name.contains("check"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// The walk that looks for the moment did not hear Ctrl-C: for a large log that is minutes.
#[test]
fn a_replay_of_the_past_stops_while_it_looks_for_the_moment() {
    let fixture = Fixture::with(&three_records());
    // Whoever reads on comes to this.
    let segment = fixture.options.log_dir.join(format!("{:020}.log", 0));
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let stop = StopFlag::new();
    stop.stop();
    let into = fixture.options.model_dir.join("past.db");
    let late = replay::Until::Time(Timestamp::from_seconds(4_000_000_000));
    let stopped = replay::until(&fixture.options, late, &into, &mut |_| {}, &stop).unwrap_err();
    assert!(matches!(stopped, ProjectError::Stopped), "{stopped}");
}

#[test]
fn what_a_killed_replay_left_is_removed_by_the_next() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let left = fixture.model().reserve_next().unwrap();
    std::fs::write(fixture.model().generation_path(left), b"half a database").unwrap();
    // A comparison's stayed until the next comparison.
    let compared = fixture.options.model_dir.join("check.db");
    std::fs::write(&compared, b"half a database").unwrap();
    let rebuilt = rebuild(&fixture);
    let model = fixture.model();
    assert_eq!(model.current().unwrap(), Some(rebuilt));
    assert_eq!(model.generations().unwrap().len(), 2);
    assert!(!compared.exists());
    assert_eq!(fixture.catch_up().records, 0);
}

#[test]
fn a_running_projector_and_a_reader_go_over_to_the_new_generation() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let stop = StopFlag::new();
    let running = thread::spawn({
        let (options, stop) = (fixture.options.clone(), stop.clone());
        move || run(&options, &stop)
    });
    let at = |next: u64| {
        fixture
            .as_of()
            .is_some_and(|as_of| as_of.checkpoint.next_offset.get() == next)
    };
    eventually("the first generation has caught up", || at(3));
    let mut reader = fixture.reader();
    let old = reader.snapshot().unwrap().generation();

    // A question that is being answered while the generation is switched.
    let mut asked = fixture.reader();
    let snapshot = asked.snapshot().unwrap();
    let new = rebuild(&fixture);
    assert_eq!(snapshot.status().unwrap().events, fixture.status().events);
    drop(snapshot);

    assert!(new > old);
    assert_eq!(reader.snapshot().unwrap().generation(), new);
    fixture.append(&[import(&[event(500, 0)])]);
    eventually("the new generation goes on", || at(4));
    assert_eq!(reader.snapshot().unwrap().generation(), new);
    stop.stop();
    running.join().unwrap().unwrap();
    let live = fixture.hashes();
    let fresh = fixture.same_log();
    fresh.catch_up();
    assert_eq!(fresh.hashes(), live);
}

#[test]
fn a_check_finds_the_tables_that_are_not_what_the_log_makes() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let check = || replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
    assert_eq!(check().differing, Vec::<String>::new());

    let path = fixture.current_path();
    let checkpoint = TableHashes::of(&path).unwrap().checkpoint;
    let mut writer = Writer::open(&fixture.model(), checkpoint.log_id).unwrap();
    let mut forged = Changes::default();
    forged.dead_letters.push(DeadLetter {
        offset: Offset::ZERO,
        number: 9,
        source: "nobody".to_owned(),
        place: String::new(),
        reason: String::new(),
        digest: String::new(),
        bytes: 0,
    });
    writer
        .begin()
        .unwrap()
        .commit(&forged, checkpoint.next_offset)
        .unwrap();
    drop(writer);
    let report = check();
    assert_eq!(report.differing, ["checkpoint", "dead_letters"]);
    assert_eq!(report.next_offset, checkpoint.next_offset);
    assert!(!fixture.options.model_dir.join("check.db").exists());
}

#[test]
fn a_check_without_a_model_says_so() {
    let fixture = Fixture::with(&three_records());
    let error = replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap_err();
    assert!(error.to_string().contains("no read model"), "{error}");
}

#[test]
fn time_travel_ends_before_a_record_or_after_a_moment() {
    let records: Vec<Vec<u8>> = (0..4)
        .map(|n| {
            record(
                &imported(1000 * i64::try_from(n).unwrap()),
                &[event(n, n)],
                Vec::new(),
            )
        })
        .collect();
    let fixture = Fixture::with(&records);
    let into = fixture.options.log_dir.join("../travel");
    std::fs::create_dir(&into).unwrap();
    for (name, until, expected) in [
        ("offset", replay::Until::Offset(Offset::new(3).unwrap()), 3),
        ("beyond", replay::Until::Offset(Offset::MAX), 4),
        (
            "time",
            replay::Until::Time(Timestamp::from_millis(1_500)),
            2,
        ),
        (
            "late",
            replay::Until::Time(Timestamp::from_millis(3_000)),
            4,
        ),
        ("early", replay::Until::Time(Timestamp::from_millis(-1)), 0),
    ] {
        let path = into.join(name);
        let travel = || {
            replay::until(
                &fixture.options,
                until,
                &path,
                &mut |_| {},
                &StopFlag::new(),
            )
        };
        let summary = travel().unwrap();
        assert_eq!(summary.next_offset.get(), expected, "{name}");
        let mut reader = Reader::of_file(path.clone());
        assert_eq!(
            reader.snapshot().unwrap().status().unwrap().events,
            expected,
            "{name}"
        );
        assert!(travel().is_err(), "what is there is not overwritten");
    }
}

/// What is kept of a log's events is the same whether they went one by one or all at once, and a check
/// compares with as much as was kept.
#[test]
fn a_model_that_keeps_some_events_is_what_a_replay_keeps_of_them() {
    const HOUR: u64 = 3600;
    let at = |hour: u64| 1_420_124_400_000 + i64::try_from(hour * HOUR * 1000).unwrap();
    // An event of each hour as it passes, and one that comes nine hours late.
    let records: Vec<Vec<u8>> = (1..20_u64)
        .map(|hour| {
            let late = hour.saturating_sub(9) * HOUR;
            let events = [event(hour, hour * HOUR), event(100 + hour, late)];
            record(&imported(at(hour)), &events, Vec::new())
        })
        .collect();
    let mut fixture = Fixture::new();
    fixture.options.keep_events = Some(std::time::Duration::from_secs(5 * HOUR));
    for record in &records {
        fixture.append(std::slice::from_ref(record));
        fixture.catch_up();
    }
    let live = fixture.hashes();
    let since = Timestamp::from_millis(at(14));
    assert_eq!(live.events_since, Some(since));
    assert_eq!(fixture.status().events, 38);

    let mut reader = fixture.reader();
    let snapshot = reader.snapshot().unwrap();
    let listed = snapshot.events(&EventFilter::default(), None, 100).unwrap();
    assert_eq!(listed.events.len(), 6, "those of the last hours");
    // Sums stay, and an answer says what it lacks.
    let everything = Window::EVERYTHING;
    let counts = snapshot.event_counts(&Scope::All, &everything).unwrap();
    assert_eq!(counts.total(), 38);
    let coverage = snapshot.coverage(&Scope::All, &everything).unwrap();
    assert_eq!(coverage.state, CoverageState::Degraded);
    assert_eq!(coverage.events_since, Some(since));
    let recent = Window {
        from: Some(since),
        ..everything
    };
    let coverage = snapshot.coverage(&Scope::All, &recent).unwrap();
    assert_eq!(coverage.state, CoverageState::Unknown);
    drop(snapshot);

    let checked = replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
    assert_eq!(checked.differing, Vec::<String>::new());
    rebuild(&fixture);
    assert_eq!(fixture.hashes(), live);
    // Without the limit everything comes back.
    fixture.options.keep_events = None;
    rebuild(&fixture);
    assert_eq!(fixture.hashes().events_since, None);
}

/// A file that somebody has is theirs; one that a replay has begun and not ended is nobody's.
#[test]
fn time_travel_leaves_other_files_alone_and_no_part_of_its_own() {
    let fixture = Fixture::with(&three_records());
    let into = fixture.options.model_dir.with_extension("past.db");
    let end = replay::Until::Offset(Offset::new(2).unwrap());
    let travel = |stop: &StopFlag| {
        let mut ignored = |_| {};
        replay::until(&fixture.options, end, &into, &mut ignored, stop)
    };
    std::fs::write(&into, "mine").unwrap();
    let refused = travel(&StopFlag::new()).unwrap_err();
    assert!(matches!(
        refused,
        ProjectError::Open(ghev_readmodel::OpenError::Occupied { .. })
    ));
    assert_eq!(std::fs::read(&into).unwrap(), b"mine");
    std::fs::remove_file(&into).unwrap();

    let stopped = StopFlag::new();
    stopped.stop();
    let ended = travel(&stopped).unwrap_err();
    assert!(matches!(ended, ProjectError::Stopped));
    assert!(!into.exists());
    assert_eq!(travel(&StopFlag::new()).unwrap().records, 2);
}

/// What a killed replay had left was served as the model of a log without events, and the directory that was not
/// there was called a model to be deleted.
#[test]
fn a_model_of_the_past_has_its_name_only_once_it_is_whole() {
    let fixture = Fixture::with(&three_records());
    let dir = fixture.options.log_dir.with_file_name("past");
    let into = dir.join("past.db");
    let travel = || {
        let mut progress = |_| assert!(!into.exists());
        let end = replay::Until::Offset(Offset::MAX);
        replay::until(
            &fixture.options,
            end,
            &into,
            &mut progress,
            &StopFlag::new(),
        )
    };
    let refused = travel().unwrap_err().to_string();
    assert!(refused.contains("cannot write into"), "{refused}");
    std::fs::create_dir(&dir).unwrap();
    // Of one that was killed.
    std::fs::write(dir.join("past.db.unfinished"), "half a database").unwrap();
    assert_eq!(travel().unwrap().records, 3);
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let mut reader = Reader::of_file(into);
    let covered = reader.snapshot().unwrap().as_of().checkpoint.next_offset;
    assert_eq!(covered.get(), 3);
}
