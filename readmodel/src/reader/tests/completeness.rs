//! What coverage and status say of a story of polls.

use ghev_event::{
    Event, GapReason, PollFacts, RateBudget, Repo, RepoId, SuspectedGap, Timestamp, Unrecorded,
};

use super::world::{BASE_SECONDS, Record, World, event, import, poll};
use crate::{CoverageState, Offset, Scope, Window};

const MINUTE_MS: i64 = 60_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(BASE_SECONDS * 1000 + minute * MINUTE_MS)
}

fn window(from: i64, to: i64) -> Window {
    Window {
        from: Some(at(from)),
        to: Some(at(to)),
        ..Window::default()
    }
}

fn starred(id: u64, minute: i64) -> Event<'static> {
    let repo = Repo {
        id: Some(RepoId::new(1)),
        name: Some("O/R".into()),
    };
    Event {
        repo: Some(repo),
        ..event("WatchEvent", id, Some(at(minute).as_seconds()))
    }
}

/// A poll a minute of `source`, each of which brings one event.
fn polls(source: &str, minutes: std::ops::Range<i64>) -> Vec<Record> {
    let one = |minute: i64| {
        let next_poll_at = Some(at(minute + 1));
        let facts = PollFacts {
            page: 1,
            status: Some(200),
            next_poll_at,
            ..PollFacts::default()
        };
        let provenance = poll(source, at(minute).as_millis(), facts);
        let id = minute.cast_unsigned();
        Record {
            provenance,
            events: vec![starred(id, minute)],
        }
    };
    minutes.map(one).collect()
}

fn state(world: &World, window: &Window) -> (CoverageState, u64, u64) {
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let scope = Scope::Repo(snapshot.resolve_repo("o/r").unwrap().unwrap());
    let coverage = snapshot.coverage(&scope, window).unwrap();
    (coverage.state, coverage.polls, coverage.suspected_gaps)
}

fn state_of_number(world: &World, number: u64, window: &Window) -> CoverageState {
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let keys = snapshot.repo_by_id(RepoId::new(number)).unwrap().unwrap();
    snapshot.coverage(&Scope::Repo(keys), window).unwrap().state
}

#[test]
fn only_an_own_feed_polled_throughout_is_complete() {
    let own = World::of(&polls("repo:o/R", 0..10));
    assert_eq!(state(&own, &window(2, 8)), (CoverageState::Ok, 6, 0));
    assert_eq!(
        state(&own, &window(2, 10)),
        (CoverageState::Ok, 8, 0),
        "the next is not due yet"
    );
    assert_eq!(
        state(&own, &window(2, 11)).0,
        CoverageState::Unknown,
        "the next is overdue"
    );
    assert_eq!(
        state(&own, &window(-1, 8)).0,
        CoverageState::Unknown,
        "began before the first"
    );
    assert_eq!(
        state(&own, &Window::EVERYTHING),
        (CoverageState::Unknown, 10, 0)
    );
    let public = World::of(&polls("public", 0..10));
    assert_eq!(
        state(&public, &window(2, 8)),
        (CoverageState::Unknown, 6, 0)
    );
}

/// One record of a poll of `repo:o/r`, which brings one event.
fn page_of_poll(minute: i64, facts: PollFacts) -> Record {
    let mut records = polls("repo:o/r", minute..minute + 1);
    let mut record = records.remove(0);
    record.provenance = poll("repo:o/r", at(minute).as_millis(), facts);
    record
}

fn first_page() -> PollFacts {
    PollFacts {
        page: 1,
        status: Some(200),
        ..PollFacts::default()
    }
}

/// A poll whose body was cut, or of which a later page failed, was taken for one that proves that nothing was
/// lost since the one before.
#[test]
fn a_poll_that_failed_proves_nothing() {
    let failed = |page, status| PollFacts {
        page,
        status: Some(status),
        error: Some("it went wrong".to_owned()),
        last_page: true,
        next_poll_at: Some(at(20)),
        ..PollFacts::default()
    };
    let cut = vec![page_of_poll(10, failed(1, 200))];
    let half = vec![
        page_of_poll(10, first_page()),
        page_of_poll(11, failed(2, 500)),
    ];
    for failed in [cut, half] {
        let mut records = polls("repo:o/r", 0..5);
        records.extend(failed.clone());
        let world = World::of(&records);
        assert_eq!(state(&world, &window(1, 5)).0, CoverageState::Ok);
        assert_eq!(state(&world, &window(1, 8)).0, CoverageState::Unknown);

        let mut records = failed;
        records.extend(polls("repo:o/r", 15..20));
        let world = World::of(&records);
        assert_eq!(state(&world, &window(12, 18)).0, CoverageState::Unknown);
        assert_eq!(state(&world, &window(15, 18)).0, CoverageState::Ok);
    }
}

/// When the next poll is due stands with the last page of one, and was looked for at its first.
#[test]
fn a_poll_of_several_pages_lasts_until_the_next_is_due() {
    let facts = |page, next_poll_at| PollFacts {
        page,
        status: Some(200),
        next_poll_at,
        ..PollFacts::default()
    };
    let pages = [facts(1, None), facts(2, Some(at(20)))];
    let mut records = polls("repo:o/r", 0..5);
    records.extend(pages.map(|facts| page_of_poll(10, facts)));
    let world = World::of(&records);
    assert_eq!(state(&world, &window(1, 20)).0, CoverageState::Ok);
    assert_eq!(state(&world, &window(1, 21)).0, CoverageState::Unknown);
}

/// What brought nothing leaves a record every ten minutes: of a quiet feed nine polls of ten were in the sum of all
/// and in no window. And a first page of several records counted as so many polls.
#[test]
fn every_poll_counts_once_also_without_a_record_of_its_own() {
    let quiet = |minute| {
        let facts = PollFacts {
            unrecorded: Unrecorded {
                polls: 9,
                received: 0,
            },
            ..first_page()
        };
        page_of_poll(minute, facts)
    };
    let records = [quiet(10), quiet(20), page_of_poll(20, first_page())];
    let world = World::of(&records);
    assert_eq!(state(&world, &window(0, 30)).1, 20);
    assert_eq!(state(&world, &window(0, 20)).1, 10);
    assert_eq!(state(&world, &window(20, 30)).1, 10);
    assert_eq!(state(&world, &Window::EVERYTHING).1, 20);
    let mut reader = world.reader();
    let snapshot = reader.snapshot().unwrap();
    let of_all = |window: &Window| snapshot.coverage(&Scope::All, window).unwrap().polls;
    assert_eq!(of_all(&window(0, 30)), 20);
    assert_eq!(of_all(&Window::EVERYTHING), 20);
    assert_eq!(snapshot.status().unwrap().sources[0].polls, 20);
    drop(snapshot);
    drop(reader);

    // A generation that does not tell.
    world.execute(
        "DROP INDEX polls_by_time; DROP INDEX polls_by_source; ALTER TABLE envelopes DROP COLUMN polls;
         UPDATE projections SET version = 1 WHERE name = 'envelopes'",
    );
    assert_eq!(state(&world, &window(0, 30)).1, 3);
}

/// A gap that ended within a second was cut at its start, and a window that began there was `ok`.
#[test]
fn a_gap_reaches_to_the_end_of_its_last_second() {
    let mut records = polls("repo:o/r", 0..10);
    records[5].provenance.gaps.push(SuspectedGap {
        from: Some(at(3)),
        to: Timestamp::from_millis(at(5).as_millis() + 1),
        reason: GapReason::NoOverlap,
    });
    let world = World::of(&records);
    assert_eq!(state(&world, &window(5, 9)).0, CoverageState::Degraded);
    assert_eq!(state(&world, &window(6, 9)).0, CoverageState::Ok);
}

/// A name passed from one repository to another, as names do: the polls of the second one's feed were
/// taken for a proof that nothing of the first was lost, which had not been polled for years.
#[test]
fn a_feed_proves_nothing_about_who_bore_its_name_before() {
    let is_second = |record: &mut Record| {
        record.events[0].repo.as_mut().unwrap().id = Some(RepoId::new(2));
    };
    let mut records = polls("public", -9..-8);
    records[0].events = vec![starred(1000, -9)];
    is_second(&mut records[0]);
    records.extend(polls("repo:o/r", 0..10));
    // It goes on under another name.
    let mut renamed = polls("public", 4..5);
    renamed[0].events = vec![starred(1001, 4)];
    is_second(&mut renamed[0]);
    renamed[0].events[0].repo.as_mut().unwrap().name = Some("o/new".into());
    records.extend(renamed);
    let world = World::of(&records);
    let (before, after) = (window(2, 8), window(6, 8));
    assert_eq!(state_of_number(&world, 2, &before), CoverageState::Unknown);
    assert_eq!(state_of_number(&world, 1, &before), CoverageState::Ok);

    // The name is taken in the middle of the polls.
    let mut records = polls("repo:o/r", 0..10);
    records[5..].iter_mut().for_each(is_second);
    let world = World::of(&records);
    for window in [before, after] {
        assert_eq!(state_of_number(&world, 1, &window), CoverageState::Unknown);
    }
    assert_eq!(state_of_number(&world, 2, &before), CoverageState::Unknown);
    assert_eq!(state_of_number(&world, 2, &after), CoverageState::Ok);
}

#[test]
fn a_suspected_gap_degrades_the_windows_it_touches_and_no_other() {
    let mut records = polls("repo:o/r", 0..10);
    let (from, to) = (Some(at(3)), at(5));
    records[5].provenance.gaps.push(SuspectedGap {
        from,
        to,
        reason: GapReason::Failures,
    });
    let world = World::of(&records);
    for (from, to) in [(2, 4), (4, 5), (3, 9), (4, 8)] {
        let (state, _, gaps) = state(&world, &window(from, to));
        assert_eq!(
            (state, gaps),
            (CoverageState::Degraded, 1),
            "{from} to {to}"
        );
    }
    assert_eq!(state(&world, &window(5, 9)), (CoverageState::Ok, 4, 0));
    assert_eq!(state(&world, &window(1, 3)), (CoverageState::Ok, 2, 0));

    let mut reader = world.reader();
    let gaps = reader.snapshot().unwrap().gaps(10, None).unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!(
        (gaps[0].from, gaps[0].to, gaps[0].reason),
        (from, to, GapReason::Failures)
    );
    let after = Some((gaps[0].offset, gaps[0].number));
    assert_eq!(reader.snapshot().unwrap().gaps(10, after).unwrap(), []);
}

#[test]
fn status_adds_up_the_pages_of_the_last_poll() {
    let page = |page, observed_min, received, new| {
        let reset_at = at(60);
        let facts = PollFacts {
            page,
            status: Some(200),
            received,
            new,
            duplicate: received - new,
            overlap: Some(received - new),
            budget: Some(RateBudget {
                limit: 60,
                remaining: 60 - page,
                reset_at,
            }),
            ..PollFacts::default()
        };
        Record {
            provenance: poll("public", at(observed_min).as_millis(), facts),
            events: Vec::new(),
        }
    };
    let other = polls("repo:o/r", 2..3);
    let mut records = vec![page(1, 0, 100, 100), page(1, 1, 100, 90)];
    records.extend(other);
    records.extend([page(2, 1, 100, 80), page(3, 2, 7, 5)]);
    let world = World::of(&records);
    let mut reader = world.reader();
    let status = reader.snapshot().unwrap().status().unwrap();
    assert_eq!((status.events, status.duplicates, status.gaps), (1, 0, 0));
    let names: Vec<_> = status
        .sources
        .iter()
        .map(|source| source.source.as_str())
        .collect();
    assert_eq!(names, ["public", "repo:o/r"]);
    let public = &status.sources[0];
    assert_eq!((public.polls, public.events), (2, 0));
    assert_eq!(
        (public.received, public.new, public.duplicate),
        (Some(207), Some(175), Some(32))
    );
    assert_eq!((public.overlap, public.status), (Some(2), Some(200)));
    assert_eq!(
        (public.last_offset, public.observed_at),
        (Offset::new(4).unwrap(), at(2))
    );
    assert_eq!(public.budget.unwrap().remaining, 57);
}

/// Of a first page that had to become two records, the second only was added up; and after the clock had been set
/// back, all polls since.
#[test]
fn the_last_poll_begins_with_the_first_record_of_its_first_page_whatever_the_clock_says() {
    let part = |minute, received| {
        let facts = PollFacts {
            received,
            ..first_page()
        };
        page_of_poll(minute, facts)
    };
    let received = |records: &[Record]| {
        let world = World::of(records);
        let status = world.reader().snapshot().unwrap().status().unwrap();
        let sources = status.sources.into_iter();
        let received: Vec<_> = sources.map(|of| (of.source, of.received)).collect();
        received
    };
    let other = Record {
        provenance: import(at(9).as_millis()),
        events: Vec::new(),
    };
    let own = |received| ("repo:o/r".to_owned(), Some(received));
    let records = [part(1, 7), part(2, 43), part(2, 57)];
    assert_eq!(received(&records), [own(100)]);
    let records = [part(9, 7), other, part(2, 43), part(2, 57)];
    assert_eq!(received(&records), [("archive".to_owned(), None), own(100)]);
}
