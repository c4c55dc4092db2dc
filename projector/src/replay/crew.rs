//! Threads that share work, whose results come in the order in which the work was given. Knows nothing
//! about the work.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::ProjectError;

/// Pieces for each thread that are given and not done: the one it is at, and one at hand.
const UNDONE_MAX: usize = 2;

/// Pieces for each thread that are given and not taken back: while one is busy with a piece for long, the others go
/// on with as many as they do in the meantime.
const UNFINISHED_MAX: usize = 6;

/// A piece of work or what has become of it, with its number.
type Numbered<T> = (usize, T);

/// Tells that a worker is gone, where it has panicked: the others go on, and nobody would.
struct Watched<R>(Sender<Option<Numbered<R>>>);

impl<R> Drop for Watched<R> {
    fn drop(&mut self) {
        if thread::panicking() {
            // Where nobody listens any more, nobody waits.
            let _ = self.0.send(None);
        }
    }
}

/// Does what is given, until no more is.
fn work_on<J, R>(
    given: &Mutex<Receiver<Numbered<J>>>,
    tell: &Watched<R>,
    work: &mut impl FnMut(J) -> R,
) {
    loop {
        let next = given.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, job)) = next else {
            return;
        };
        if tell.0.send(Some((number, work(job)))).is_err() {
            return;
        }
    }
}

/// Results, of which some come before their turn.
struct Results<R> {
    /// From the one whose turn it is on.
    waiting: VecDeque<Option<R>>,
    come: usize,
    taken: usize,
}

impl<R> Results<R> {
    fn put(&mut self, (number, result): Numbered<R>) {
        let at = number - self.taken;
        if self.waiting.len() <= at {
            self.waiting.resize_with(at + 1, || None);
        }
        self.waiting[at] = Some(result);
        self.come += 1;
    }

    /// The result whose turn it is, if it is there.
    fn take(&mut self) -> Option<R> {
        let result = self.waiting.front_mut()?.take()?;
        self.waiting.pop_front();
        self.taken += 1;
        Some(result)
    }
}

/// Gives every piece that `next` comes up with to a worker that has nothing to do, and what it has become to `done`, in
/// the order in which the pieces came.
///
/// # Errors
/// The first of `next`'s and `done`'s; what was given is finished, and nothing more is given.
pub(super) fn in_order<C, J: Send, R: Send>(
    workers: Vec<impl FnMut(J) -> R + Send>,
    context: &mut C,
    mut next: impl FnMut(&mut C) -> Result<Option<J>, ProjectError>,
    mut done: impl FnMut(&mut C, R) -> Result<(), ProjectError>,
) -> Result<(), ProjectError> {
    let count = workers.len();
    let (give, given) = channel();
    let given = Mutex::new(given);
    let (tell, told) = channel();
    thread::scope(|scope| {
        // Dropped at the end, and where this fails: until then the workers wait for more.
        let give = give;
        for mut work in workers {
            let (given, tell) = (&given, Watched(tell.clone()));
            scope.spawn(move || work_on(given, &tell, &mut work));
        }
        let mut results = Results {
            waiting: VecDeque::new(),
            come: 0,
            taken: 0,
        };
        let mut number = 0;
        loop {
            let job = next(context)?;
            let is_last = job.is_none();
            if let Some(job) = job {
                // Its receiver outlives the scope.
                let _ = give.send((number, job));
                number += 1;
            }
            loop {
                while let Some(result) = results.take() {
                    done(context, result)?;
                }
                let undone = number - results.come;
                let unfinished = number - results.taken;
                let is_enough =
                    undone >= count * UNDONE_MAX || unfinished >= count * UNFINISHED_MAX;
                if unfinished == 0 || !(is_last || is_enough) {
                    break;
                }
                // The scope passes a worker's panic on.
                let Ok(Some(result)) = told.recv() else {
                    return Ok(());
                };
                results.put(result);
            }
            if is_last {
                return Ok(());
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work_whoever_does_it() {
        for workers in 1..4 {
            for jobs in [0, 1, 2, 7, 100] {
                let work = (0..workers).map(|_| |job: u32| job * 2).collect();
                let mut context = (0..jobs, Vec::new());
                in_order(
                    work,
                    &mut context,
                    |(jobs, _)| Ok(jobs.next()),
                    |(_, results), result| {
                        results.push(result);
                        Ok(())
                    },
                )
                .unwrap();
                let expected: Vec<_> = (0..jobs).map(|job| job * 2).collect();
                assert_eq!(context.1, expected, "{workers} workers");
            }
        }
    }

    /// Who has panicked left the thread that waits for its result waiting.
    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_worker_that_panics_ends_the_work() {
        let work = |job: u32| assert!(job != 7);
        let mut jobs = 0..100;
        let ended = in_order(
            vec![work, work],
            &mut jobs,
            |jobs| Ok(jobs.next()),
            |_, ()| Ok(()),
        );
        ended.unwrap();
    }

    /// One worker that is long at a piece used to hold up the others after two.
    #[test]
    fn the_others_go_on_while_one_is_busy() {
        let (told, wait) = channel();
        let (told, wait) = (Mutex::new(told), Mutex::new(wait));
        let work = |job: u32| match job {
            0 => wait
                .lock()
                .unwrap()
                .recv_timeout(std::time::Duration::from_secs(60))
                .unwrap(),
            5 => told.lock().unwrap().send(()).unwrap(),
            _ => {}
        };
        let mut jobs = 0..8;
        let next = |jobs: &mut std::ops::Range<u32>| Ok(jobs.next());
        in_order(vec![work, work], &mut jobs, next, |_, ()| Ok(())).unwrap();
    }

    #[test]
    fn a_failure_ends_the_work() {
        let work = vec![|job: u32| job];
        let mut seen = 0;
        let failed = in_order(
            work,
            &mut seen,
            |_| Ok(Some(1)),
            |seen, job| {
                *seen += job;
                Err(ProjectError::Stopped)
            },
        );
        assert!(matches!(failed, Err(ProjectError::Stopped)));
        assert_eq!(seen, 1);
    }
}
