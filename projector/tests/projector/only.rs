//! One projection anew, the rest as it was: the same rows as a replay of all.

use std::fs;
use std::path::Path;

use ghev_log::{LogOptions, LogWriter, TrimLimit};
use ghev_projector::replay::{self, OnlySummary, WholeReason};
use ghev_projector::{ProjectError, ProjectorOptions, StopFlag};
use ghev_readmodel::{
    Changes, DeadLetter, Obstacle, Offset, OpenError, Projection, TableHashes, Writer,
};
use proptest::prelude::*;

use super::fixture::{Fixture, event, import, set_schema};
use super::properties::{any_log, live_model, records};

fn only(fixture: &Fixture, wanted: &[Projection]) -> OnlySummary {
    replay::only(&fixture.options, wanted, &mut |_| {}, &StopFlag::new()).unwrap()
}

fn replayed(fixture: &Fixture) -> TableHashes {
    let fresh = fixture.same_log();
    fresh.catch_up();
    fresh.hashes()
}

/// Lets a closed model say that version 0 of a projection wrote its tables.
fn outdate(model: &Path, projection: Projection) {
    set_version(model, projection, 0);
}

/// Lets a closed model say that version 0, or 1 of one that has come to later ones, wrote the tables of a projection.
/// The constant 1 in the row's header becomes the constant 0; a later version stands behind the name, in one byte
/// (<https://www.sqlite.org/fileformat2.html#record_format>).
fn set_version(model: &Path, projection: Projection, version: u8) {
    let name = projection.name().as_bytes();
    let text_of = u8::try_from(13 + 2 * name.len()).unwrap();
    let row = |version: u8| [&[3, text_of, version], name].concat();
    let mut file = fs::read(model).unwrap();
    let place = |file: &[u8], row: &[u8]| file.windows(row.len()).position(|bytes| bytes == row);
    if let Some(at) = place(&file, &row(9)).or_else(|| place(&file, &row(8))) {
        file[at + 2] = 8 + version;
    } else {
        let row = row(1);
        let at = place(&file, &row).unwrap();
        file[at + row.len()] = version;
    }
    fs::write(model, file).unwrap();
}

/// A model of three records, of which the log has lost the first.
fn trimmed() -> Fixture {
    let trimmed = Fixture::new();
    let options = LogOptions {
        segment_max_bytes: 1,
        ..LogOptions::default()
    };
    let mut log = LogWriter::open(&trimmed.options.log_dir, options).unwrap();
    log.append(&three_records()[..1]).unwrap();
    log.append(&three_records()[1..]).unwrap();
    trimmed.catch_up();
    log.trim(TrimLimit::ToBytes(0)).unwrap();
    log.close().unwrap();
    trimmed
}

fn three_records() -> Vec<Vec<u8>> {
    (0..3)
        .map(|n| import(&[event(n, n), event(n + 1, n), event(n * 10, n * 7000)]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_rebuilt_alone_is_what_a_replay_of_all_makes(
        log in any_log(),
        events_max in 1_u64..40,
        wanted in prop::sample::subsequence(Projection::ALL.to_vec(), 1..=Projection::ALL.len()),
        outdated in prop::sample::select(Projection::ALL.to_vec()),
        version in 0_u8..2,
    ) {
        let fixture = live_model(&Fixture::with(&records(&log)), events_max);
        let all = replayed(&fixture);
        prop_assert_eq!(&fixture.hashes(), &all);
        let rebuilt = only(&fixture, &wanted);
        prop_assert_eq!(&rebuilt.projections, &wanted);
        prop_assert_eq!(rebuilt.whole_because, None);
        prop_assert_eq!(&fixture.hashes(), &all);
        set_version(&fixture.current_path(), outdated, version);
        let more = import(&[event(100, 1), event(101, 2)]);
        fixture.append(&[more]);
        fixture.catch_up();
        prop_assert_eq!(fixture.hashes(), replayed(&fixture));
    }
}

/// A projector of another version rebuilds what that has changed, while the generation before stays
/// and answers.
#[test]
fn another_version_of_a_projection_rebuilds_that_one_alone() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let right = fixture.hashes();
    let before = fixture.current_path();
    outdate(&before, Projection::Contributors);
    assert_eq!(fixture.hashes().differing(&right), ["projections"]);
    assert!(
        fixture.reader().snapshot().is_ok(),
        "it answers all the same"
    );
    let outdated = fixture.hashes();

    let caught_up = fixture.catch_up();
    assert_eq!((caught_up.records, caught_up.events), (3, 9));
    assert_ne!(fixture.current_path(), before);
    assert_eq!(fixture.hashes(), right);
    assert_eq!(TableHashes::of(&before).unwrap(), outdated, "it stays");
    assert_eq!(fixture.catch_up().records, 0, "once");
    let report = replay::check(&fixture.options, &mut |_| {}, &StopFlag::new()).unwrap();
    assert_eq!(report.differing, Vec::<String>::new());
}

#[test]
fn a_rebuild_that_is_stopped_or_killed_leaves_the_old_generation() {
    let fixture = Fixture::with(&three_records());
    fixture.catch_up();
    let (before, right) = (fixture.current_path(), fixture.hashes());
    let stop = StopFlag::new();
    let mut reports = 0;
    let mut progress = |_| {
        reports += 1;
        if reports == 3 {
            stop.stop();
        }
    };
    let names = [Projection::Names];
    let stopped = replay::only(&fixture.options, &names, &mut progress, &stop).unwrap_err();
    assert!(matches!(stopped, ProjectError::Stopped), "{stopped}");
    assert_eq!(fixture.model().generations().unwrap().len(), 1);
    assert_eq!(fixture.current_path(), before);
    // As a kill leaves it: a copy of which nothing is known.
    let left = fixture.model().reserve_next().unwrap();
    let left = fixture.model().generation_path(left);
    fs::write(&left, b"half a database").unwrap();
    assert_eq!(fixture.hashes(), right);
    only(&fixture, &names);
    assert_eq!(fixture.hashes(), right);
    assert_eq!(fixture.model().generations().unwrap().len(), 2);
}

#[test]
fn where_one_alone_would_not_be_of_the_log_all_are_rebuilt_and_the_reason_is_told() {
    let fixture = Fixture::with(&three_records());
    let counts = [Projection::Counts];
    assert_eq!(
        only(&fixture, &counts).whole_because,
        Some(WholeReason::NoModel)
    );

    let mut dropping = Fixture::with(&three_records());
    dropping.options.keep_events = Some(std::time::Duration::from_secs(3600));
    dropping.append(&[import(&[event(50, 90_000)])]);
    dropping.catch_up();
    dropping.append(&[import(&[event(51, 90_000)])]);
    dropping.catch_up();
    let since = dropping.reader().snapshot().unwrap().events_since();
    let since = since.unwrap();
    dropping.options.keep_events = None;
    let because = only(&dropping, &counts).whole_because;
    assert_eq!(because, Some(Obstacle::EventsDropped { since }.into()));

    // A model that knows no more than the log has.
    let trimmed = trimmed();
    replay::replay(&trimmed.options, &mut |_| {}, &StopFlag::new()).unwrap();
    let because = only(&trimmed, &counts).whole_because.unwrap();
    assert!(matches!(because, WholeReason::Trimmed { .. }), "{because}");
    assert!(because.to_string().contains("trimmed"), "{because}");
}

/// What is made of the rows of events needs no log: a model that holds more than its log still has would
/// have lost that for a new projection.
#[test]
fn what_is_made_of_rows_is_rebuilt_alone_whatever_the_log_has_lost() {
    let mut dropping = Fixture::with(&three_records());
    dropping.options.keep_events = Some(std::time::Duration::from_secs(3600));
    dropping.append(&[import(&[event(50, 90_000)])]);
    dropping.catch_up();

    for fixture in [dropping, trimmed()] {
        for of_rows in [Projection::ContributorLists, Projection::Threads] {
            let (before, path) = (fixture.hashes(), fixture.current_path());
            outdate(&path, of_rows);
            fixture.catch_up();
            assert_ne!(fixture.current_path(), path);
            assert_eq!(fixture.hashes(), before);
            let rebuilt = only(&fixture, &[of_rows]);
            assert_eq!(rebuilt.whole_because, None);
            assert_eq!(rebuilt.projections, [of_rows]);
            assert_eq!(fixture.hashes(), before);
        }
        // What these are folded into was the same in version 1.
        for alike in [
            Projection::Contributors,
            Projection::PullRequests,
            Projection::Sums,
        ] {
            let (before, path) = (fixture.hashes(), fixture.current_path());
            set_version(&path, alike, 1);
            assert_eq!(fixture.catch_up().records, 0);
            assert_ne!(fixture.current_path(), path);
            assert_eq!(fixture.hashes(), before);
        }
    }
}

/// A new version of ghev used to replay what was left of a trimmed log, by itself, and all that had been counted of
/// the rest was gone; so it was where one projection was asked for.
#[test]
fn what_the_log_has_lost_is_thrown_away_by_nobody_who_was_not_asked_to() {
    let fixture = trimmed();
    let (before, path) = (fixture.hashes(), fixture.current_path());
    let options = &fixture.options;
    let catch_up = || ghev_projector::catch_up(options, &StopFlag::new()).map(drop);
    let run = || ghev_projector::run(options, &StopFlag::new());
    let only = || {
        let counts = [Projection::Counts];
        replay::only(options, &counts, &mut |_| {}, &StopFlag::new()).map(drop)
    };
    let is_kept = |refused: Result<(), ProjectError>, because: &str| {
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, ProjectError::WouldLose { .. }),
            "{refused}"
        );
        let text = refused.to_string();
        assert!(
            text.contains(because) && text.contains("from 0 to 2 (not"),
            "{text}"
        );
        assert_eq!(fixture.current_path(), path);
        assert_eq!(fixture.model().generations().unwrap().len(), 1);
        assert_eq!(fixture.status().events, 6, "it answers");
    };
    is_kept(only(), "the log begins at record 2");
    outdate(&path, Projection::Counts);
    is_kept(catch_up(), "the log begins at record 2");
    is_kept(run(), "the log begins at record 2");
    set_schema(&path, 5);
    is_kept(catch_up(), "has schema 5");
    set_schema(&path, 6);

    // Somebody who is told may want it all the same, and go back.
    let again = replay::replay(options, &mut |_| {}, &StopFlag::new()).unwrap();
    let again = again.generation;
    assert!(fixture.status().events < 6);
    catch_up().unwrap();
    // A rollback used to refuse what another version has written, and to advise a replay: that removed it.
    for version in [0, 1] {
        set_version(&path, Projection::Counts, version);
        replay::rollback(options).unwrap();
        assert_eq!(fixture.current_path(), path);
        fixture.model().publish(again).unwrap();
    }
    replay::rollback(options).unwrap();
    assert_eq!(fixture.hashes(), before);
    catch_up().unwrap();
}

/// That a model is of another log used to be asked of those of this version only: with an older one, the new ghev
/// replaced the model of the log that was lost.
#[test]
fn an_older_model_of_another_log_is_refused_as_one_of_this_version_is() {
    let (fixture, other) = (
        Fixture::with(&three_records()),
        Fixture::with(&three_records()),
    );
    fixture.catch_up();
    let path = fixture.current_path();
    for schema in [6, 5] {
        set_schema(&path, schema);
        let options = ProjectorOptions {
            log_dir: other.options.log_dir.clone(),
            ..fixture.options.clone()
        };
        let refused = ghev_projector::catch_up(&options, &StopFlag::new()).unwrap_err();
        assert!(
            matches!(refused, ProjectError::Open(OpenError::ForeignLog { .. })),
            "{refused}"
        );
        assert_eq!(fixture.current_path(), path);
    }
}

/// Appends a record, and lets the model have it as a projector has left it that did not know its format yet: beside
/// a newer injector.
fn append_unread(fixture: &Fixture, record: Vec<u8>) {
    fixture.append(&[record]);
    let checkpoint = fixture.as_of().unwrap().checkpoint;
    let offset = checkpoint.next_offset;
    let mut writer = Writer::open(&fixture.model(), checkpoint.log_id).unwrap();
    let mut changes = Changes::default();
    changes.dead_letters.push(DeadLetter {
        offset,
        number: 0,
        source: "log".to_owned(),
        place: format!("record {offset}"),
        reason: "envelope format 9, of which this version of ghev knows nothing".to_owned(),
        digest: String::new(),
        bytes: 1,
    });
    let next_offset = Offset::new(offset.get() + 1).unwrap();
    let batch = writer.begin().unwrap();
    batch.commit(&changes, next_offset).unwrap();
    writer.close().unwrap();
}

/// What an older projector could not read it passed over, and the newer one that came after it took the model as it
/// was: the events were missing for good. A record that is none of ghev's stays one.
#[test]
fn what_an_older_projector_could_not_read_is_read_by_the_next_version() {
    let mut records = three_records();
    records.push(b"\xffno envelope".to_vec());
    for outdated in [None, Some(Projection::Threads), Some(Projection::Counts)] {
        let fixture = Fixture::with(&records);
        fixture.catch_up();
        append_unread(&fixture, import(&[event(30, 30)]));
        fixture.append(&[import(&[event(31, 31)])]);
        let path = fixture.current_path();
        if let Some(outdated) = outdated {
            outdate(&path, outdated);
        }
        fixture.catch_up();
        assert_ne!(fixture.current_path(), path);
        assert_eq!(fixture.hashes(), replayed(&fixture));
        let path = fixture.current_path();
        assert_eq!(fixture.catch_up().records, 0, "once");
        assert_eq!(fixture.current_path(), path);
    }
    // All that was trimmed would be lost for it.
    let fixture = trimmed();
    append_unread(&fixture, import(&[event(30, 30)]));
    let path = fixture.current_path();
    fixture.append(&[import(&[event(31, 31)])]);
    assert_eq!(fixture.catch_up().records, 1, "it goes on");
    assert_eq!(fixture.current_path(), path);
}
