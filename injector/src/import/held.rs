//! A log that an import holds: appended to by the import itself and, through the inbox, by others
//! meanwhile. Knows nothing about what is imported.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use ghev_log::{AppendError, LogWriter, Offset};
use tokio_util::sync::CancellationToken;

use super::store::Appended;
use crate::Clock;
use crate::inbox::{Answer, Inbox, Offer, Takes, events_of};
use crate::log_tail::Extent;

/// The log's one writer, shared with a thread that takes in what others offer.
#[derive(Debug)]
pub(super) struct Held {
    // First, so that the socket goes before the lock does: the next holder's has the same name.
    inbox: InboxThread,
    writer: Arc<Mutex<LogWriter>>,
}

/// Ended when dropped.
#[derive(Debug)]
struct InboxThread {
    stop: CancellationToken,
    /// `None` where the system gives no thread, and nobody else imports meanwhile.
    thread: Option<JoinHandle<()>>,
}

impl Held {
    /// Lets others append from now on.
    pub(super) fn new(dir: &Path, writer: LogWriter, clock: Arc<dyn Clock>) -> Self {
        let writer = Arc::new(Mutex::new(writer));
        let stop = CancellationToken::new();
        let (dir, of_thread, stopped) = (dir.to_path_buf(), Arc::clone(&writer), stop.clone());
        let thread = std::thread::Builder::new()
            .name("ghev-inbox".to_owned())
            .spawn(move || take_in_all(&dir, &of_thread, clock, &stopped));
        if let Err(error) = &thread {
            tracing::warn!(%error, "no thread: nobody else can append through this import");
        }
        let thread = thread.ok();
        Self {
            inbox: InboxThread { stop, thread },
            writer,
        }
    }

    pub(super) fn extent(&self) -> Extent {
        Extent::of_own(&lock(&self.writer))
    }

    /// Appends the records durably if the log ends at `at`.
    pub(super) fn append<R: AsRef<[u8]>>(
        &self,
        at: Offset,
        records: &[R],
    ) -> Result<Appended, AppendError> {
        let mut writer = lock(&self.writer);
        if writer.next_offset() != at {
            // What is to be read must be durable.
            writer.sync()?;
            return Ok(Appended::Unknown(writer.next_offset()));
        }
        let appended = writer.append(records)?;
        // It may be asked for, and only what is durable can be read.
        writer.sync()?;
        Ok(Appended::To(appended.end))
    }

    /// Lets go of the log. Offers not taken in stay with their imports.
    pub(super) fn close(self) -> Result<(), AppendError> {
        drop(self.inbox);
        let writer = Arc::into_inner(self.writer).expect("the thread that shared it has ended");
        let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        writer.close()
    }
}

impl Drop for InboxThread {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn lock(writer: &Mutex<LogWriter>) -> MutexGuard<'_, LogWriter> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_in_all(
    dir: &Path,
    writer: &Mutex<LogWriter>,
    clock: Arc<dyn Clock>,
    stop: &CancellationToken,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!(%error, "nobody else can append through this import");
            return;
        }
    };
    runtime.block_on(async {
        let mut inbox = Inbox::open(dir, Takes::Everything, clock);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                offer = inbox.next() => take_in(offer, &mut lock(writer)),
            }
        }
    });
}

/// Appends an offer where the log still ends where its import has read it to, and answers it.
fn take_in(offer: Offer, writer: &mut LogWriter) {
    let next = writer.next_offset();
    let answer = if offer.at == next {
        events_of(&offer.records, Takes::Everything).map(|_| append(writer, &offer.records))
    } else {
        // Its sender reads what came, which it can only where that is durable.
        Ok(writer.sync().map(|()| Answer::Moved(next)))
    };
    match answer {
        Ok(Ok(answer)) => offer.answer(answer),
        Ok(Err(error)) if error.is_refusal() => offer.answer(Answer::Refused(error.to_string())),
        // The log has to be opened anew, by whoever comes next: the offer stays unanswered.
        Ok(Err(error)) => tracing::warn!(%error, "failed to append what another process offered"),
        Err(reason) => {
            tracing::warn!(reason, "refused what another process offered");
            offer.answer(Answer::Refused(reason));
        }
    }
}

/// Whoever offers is told what is durable, whatever the policy.
fn append(writer: &mut LogWriter, records: &[Vec<u8>]) -> Result<Answer, AppendError> {
    let appended = writer.append(records)?;
    writer.sync()?;
    Ok(Answer::Appended(appended.end))
}
