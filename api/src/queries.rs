//! Threads for questions that may have to scan, so that these never hold up the workers that answer
//! all others. Few threads, a short queue, a deadline. Knows nothing about what is asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
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
}

impl QueryThreads {
    /// Starts the threads.
    pub(crate) fn start(options: &ApiOptions, readers: &Readers) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(options.query_queue_max);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..options.query_threads.max(1) {
            let (waiting, reader) = (Arc::clone(&waiting), readers.open());
            std::thread::Builder::new()
                .name(format!("ghev-query-{number}"))
                .spawn(move || work_off(&waiting, reader))?;
        }
        Ok(Self {
            queue,
            deadline: options.query_deadline,
        })
    }

    /// Runs `ask` on one of the threads. It is not run at all where the deadline has passed, or the
    /// caller has gone, before its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Reader) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let deadline = Instant::now() + self.deadline;
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |reader| {
            if answer.is_closed() {
                return;
            }
            let result = under_deadline(reader, deadline, ask);
            // The caller may have gone meanwhile; then nobody wants the answer.
            let _ = answer.send(result);
        });
        match self.queue.try_send(work) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                let detail = "too many questions wait already; try again in a second";
                return Err(Problem::new(Code::Overloaded, detail));
            }
            Err(TrySendError::Disconnected(_)) => {
                return Err(Problem::internal("the query threads have ended"));
            }
        }
        answered
            .await
            .unwrap_or_else(|_| Err(Problem::internal("a question panicked")))
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
    reader.set_deadline(Some(deadline))?;
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
