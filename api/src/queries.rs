//! Threads for questions that may have to scan, so that these never hold up the workers that answer
//! all others. Few threads, a short queue, a deadline. Knows nothing about what is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ghev_readmodel::Reader;
use tokio::sync::oneshot;

use crate::options::ApiOptions;
use crate::problem::{Code, Problem};
use crate::readers::Readers;

/// A question that waits for a thread.
type Work = Box<dyn FnOnce(&mut Reader) + Send>;

/// The threads. They end when this is dropped and what waits is done.
#[derive(Debug)]
pub(crate) struct QueryThreads {
    queue: SyncSender<Work>,
    deadline: Duration,
    load: Arc<Load>,
    wait_max: Duration,
}

/// How busy the threads are: what the next question has to wait for.
#[derive(Debug, Default)]
struct Load {
    threads: usize,
    waiting: AtomicUsize,
    /// What questions have taken lately, the last one counting for an eighth.
    mean_us: AtomicU64,
}

impl QueryThreads {
    /// Starts the threads.
    pub(crate) fn start(options: &ApiOptions, readers: &Readers) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(options.query_queue_max);
        let waiting = Arc::new(Mutex::new(waiting));
        let load = Arc::new(Load {
            threads: options.query_threads.max(1),
            ..Load::default()
        });
        for number in 0..load.threads {
            let (waiting, reader) = (Arc::clone(&waiting), readers.open());
            std::thread::Builder::new()
                .name(format!("ghev-query-{number}"))
                .spawn(move || work_off(&waiting, reader))?;
        }
        Ok(Self {
            queue,
            deadline: options.query_deadline,
            load,
            wait_max: options.query_wait_max,
        })
    }

    /// Runs `ask` on one of the threads. It is not run at all where the deadline has passed, or the
    /// caller has gone, before its turn comes, and refused where that turn is too far away.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Reader) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if self.load.expected_wait() > self.wait_max {
            return Err(overloaded());
        }
        let deadline = Instant::now() + self.deadline;
        let (answer, answered) = oneshot::channel();
        let queued = Queued::new(&self.load);
        let work: Work = Box::new(move |reader| {
            let running = queued.start();
            if answer.is_closed() {
                return;
            }
            let result = under_deadline(reader, deadline, ask);
            running.end();
            // The caller may have gone meanwhile; then nobody wants the answer.
            let _ = answer.send(result);
        });
        match self.queue.try_send(work) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(overloaded()),
            Err(TrySendError::Disconnected(_)) => {
                return Err(Problem::internal("the query threads have ended"));
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(Problem::internal("a question panicked")))
    }
}

fn overloaded() -> Problem {
    let detail = "too many questions wait already; try again in a second";
    Problem::new(Code::Overloaded, detail)
}

impl Load {
    fn expected_wait(&self) -> Duration {
        let waiting = self.waiting.load(Ordering::Relaxed) / self.threads.max(1);
        let turns = u64::try_from(waiting).unwrap_or(u64::MAX);
        Duration::from_micros(turns.saturating_mul(self.mean_us.load(Ordering::Relaxed)))
    }

    /// Two threads may do this at once, and one of them in vain: a mean is no sum.
    fn took(&self, taken: Duration) {
        let taken_us = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
        let mean_us = self.mean_us.load(Ordering::Relaxed);
        let next_us = mean_us - mean_us / 8 + taken_us / 8;
        self.mean_us.store(next_us, Ordering::Relaxed);
    }
}

/// A question that waits; however it ends, it does not wait for ever.
struct Queued(Arc<Load>);

/// A question that runs.
struct Running {
    load: Arc<Load>,
    since: Instant,
}

impl Queued {
    fn new(load: &Arc<Load>) -> Self {
        load.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }

    fn start(self) -> Running {
        Running {
            load: Arc::clone(&self.0),
            since: Instant::now(),
        }
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Running {
    fn end(self) {
        self.load.took(self.since.elapsed());
    }
}

fn under_deadline<T>(
    reader: &mut Reader,
    deadline: Instant,
    ask: impl FnOnce(&mut Reader) -> Result<T, Problem>,
) -> Result<T, Problem> {
    if Instant::now() >= deadline {
        let detail = "the question waited longer than allowed; try again later";
        return Err(Problem::new(Code::QueryDeadline, detail));
    }
    reader.set_deadline(Some(deadline));
    ask(reader)
}

fn work_off(waiting: &Mutex<Receiver<Work>>, mut reader: Reader) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(work) = next else {
            return;
        };
        // A panic drops the sender of the answer, which its caller sees; the thread goes on.
        if catch_unwind(AssertUnwindSafe(|| work(&mut reader))).is_err() {
            tracing::error!("a question panicked on a query thread");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_of_slow_questions_is_full_before_its_end() {
        let load = Arc::new(Load {
            threads: 2,
            ..Load::default()
        });
        assert_eq!(load.expected_wait(), Duration::ZERO);
        for _ in 0..64 {
            load.took(Duration::from_millis(400));
        }
        let mut queued: Vec<Queued> = (0..2).map(|_| Queued::new(&load)).collect();
        let expected = load.expected_wait();
        assert!(
            expected > Duration::from_millis(390) && expected <= Duration::from_millis(400),
            "{expected:?}"
        );
        queued.extend((0..8).map(|_| Queued::new(&load)));
        assert!(load.expected_wait() > Duration::from_secs(1));
        for _ in 0..64 {
            load.took(Duration::from_micros(80));
        }
        assert!(
            load.expected_wait() < Duration::from_millis(5),
            "quick again"
        );
        drop(queued);
        assert_eq!(load.expected_wait(), Duration::ZERO, "nobody waits");
    }
}
