//! A read model that is deleted while it is written: it is only ever a copy of what the log says.

use std::thread::{self, JoinHandle};

use ghev_projector::{ProjectError, StopFlag, run};
use ghev_readmodel::ModelDir;

use super::fixture::{Fixture, event, eventually, import};

type Running = JoinHandle<Result<(), ProjectError>>;

fn start(fixture: &Fixture, stop: &StopFlag) -> Running {
    let (options, stop) = (fixture.options.clone(), stop.clone());
    thread::spawn(move || run(&options, &stop))
}

/// Whether there is a model of so many records.
fn has(fixture: &Fixture, records: u64) -> bool {
    let as_of = fixture.as_of();
    as_of.is_some_and(|as_of| as_of.checkpoint.next_offset.get() == records)
}

/// A projector that runs, and has two records.
fn running() -> (Fixture, StopFlag, Running) {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    fixture.catch_up();
    let stop = StopFlag::new();
    let running = start(&fixture, &stop);
    fixture.append(&[import(&[event(2, 0)])]);
    eventually("it runs", || has(&fixture, 2));
    (fixture, stop, running)
}

#[test]
fn a_model_deleted_under_a_running_projector_comes_back() {
    let (fixture, stop, running) = running();
    for file in std::fs::read_dir(&fixture.options.model_dir).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    eventually("there is a model again", || has(&fixture, 2));
    stop.stop();
    running.join().unwrap().unwrap();
}

/// The projector wrote to the file that nobody could open any more until it was started anew, and readers had no
/// answers: `CURRENT` was the same.
#[test]
fn a_generation_deleted_under_a_running_projector_comes_back() {
    let (fixture, stop, running) = running();
    ModelDir::remove_database(&fixture.current_path()).unwrap();
    eventually("there is a model again", || has(&fixture, 2));
    fixture.append(&[import(&[event(3, 0)])]);
    eventually("it is written", || has(&fixture, 3));
    stop.stop();
    running.join().unwrap().unwrap();
}

/// Both projected then, until one ended: the lock was deleted with the model.
#[test]
fn a_model_deleted_under_two_projectors_comes_back_by_one_of_them() {
    let fixture = Fixture::with(&[import(&[event(1, 0)])]);
    let stop = StopFlag::new();
    let first = start(&fixture, &stop);
    eventually("one runs", || has(&fixture, 1));
    let second = start(&fixture, &stop);
    let last = 8;
    for count in 1..last {
        // All of it at one moment.
        let gone = fixture
            .options
            .log_dir
            .with_file_name(format!("gone-{count}"));
        std::fs::rename(&fixture.options.model_dir, gone).unwrap();
        eventually("there is a model again", || has(&fixture, count));
        fixture.append(&[import(&[event(count + 1, 0)])]);
        eventually("it is written", || has(&fixture, count + 1));
    }
    let ended = [&first, &second].map(JoinHandle::is_finished);
    stop.stop();
    for projector in [first, second] {
        projector.join().unwrap().unwrap();
    }
    assert_eq!(ended, [false; 2]);
}
