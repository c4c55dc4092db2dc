//! Threads that share work, whose results come in the order in which the work was given. Knows nothing
//! about the work.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use crate::ProjectError;

/// Pieces of work that a thread has at hand beside the one it is at.
const WAITING_MAX: usize = 2;

/// Gives every piece that `next` comes up with to one worker after the other, and what it has become
/// to `done`, in the same order.
///
/// # Errors
/// The first of `next`'s and `done`'s; what was given is finished, and nothing more is given.
pub(super) fn in_order<C, J: Send, R: Send>(
    workers: Vec<impl FnMut(J) -> R + Send>,
    context: &mut C,
    mut next: impl FnMut(&mut C) -> Result<Option<J>, ProjectError>,
    mut done: impl FnMut(&mut C, R) -> Result<(), ProjectError>,
) -> Result<(), ProjectError> {
    thread::scope(|scope| {
        let crew: Vec<(SyncSender<J>, Receiver<R>)> = workers
            .into_iter()
            .map(|mut work| {
                let (give, given) = sync_channel(WAITING_MAX);
                let (tell, told) = channel();
                scope.spawn(move || given.into_iter().try_for_each(|job| tell.send(work(job))));
                (give, told)
            })
            .collect();
        let (mut given, mut taken) = (0, 0);
        loop {
            let job = next(context)?;
            let is_last = job.is_none();
            let unfinished_max = if is_last { 0 } else { crew.len() * WAITING_MAX };
            if let Some(job) = job {
                // A worker that is gone has panicked, which the scope passes on.
                if crew[given % crew.len()].0.send(job).is_err() {
                    return Ok(());
                }
                given += 1;
            }
            while given - taken > unfinished_max {
                let Ok(result) = crew[taken % crew.len()].1.recv() else {
                    return Ok(());
                };
                taken += 1;
                done(context, result)?;
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
