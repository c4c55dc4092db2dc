//! Makes what was written durable, then tells readers by the watermark: before an append returns,
//! or, by a thread of its own, a little later. Knows nothing about frames, nor which segment comes
//! next.
//!
//! # What the thread does
//!
//! | policy | what an append leaves to it | when |
//! |---|---|---|
//! | always | the watermark file's own sync | 1 s after the first append that left it |
//! | interval | sync the segment, store the watermark, sync that | the interval after that |
//!
//! It waits through a [`Timer`] and only while something was left to it, so that an idle writer
//! costs nothing and an idle tail is not forgotten. It syncs the segment without holding the state,
//! so appends go on meanwhile; the watermark file it syncs while no other watermark is stored. A segment closes only when all of it is durable; what the thread still holds of
//! it then is no news.
//!
//! After a sync that failed nothing is synced any more: the next one may succeed although the bytes
//! are lost. The writer is poisoned and says so at its next call.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    active::LogEnd,
    error::{AppendError, IoFailure, io_failure},
    offset::Offset,
    storage::Storage,
    sync_policy::SyncPolicy,
    timer::{Timer, Wake},
    watermark::{Watermark, WatermarkWriter},
};

/// How long the watermark file may lag behind the records under [`SyncPolicy::Always`].
const WATERMARK_DELAY: Duration = Duration::from_secs(1);

/// How far a segment is written, and what to sync for that to be durable.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) file: Arc<File>,
    pub(crate) path: PathBuf,
    pub(crate) end: LogEnd,
}

/// What makes a log's records durable, shared by the writer and its thread.
#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    wakes: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    policy: SyncPolicy,
    storage: Arc<dyn Storage>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    watermark: WatermarkWriter,
    left: Left,
    /// The first failure, of whatever.
    poisoned_by: Option<String>,
    /// Whether that, or a later one, was a failed sync.
    is_sync_broken: bool,
}

/// What is left to the thread.
#[derive(Debug, Default)]
enum Left {
    #[default]
    Nothing,
    /// The watermark file is to be synced.
    Watermark,
    /// Records are to be made durable, up to here.
    Records(Written),
}

impl Committer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub(crate) fn start(
        policy: SyncPolicy,
        watermark: WatermarkWriter,
        storage: Arc<dyn Storage>,
        timer: Box<dyn Timer>,
    ) -> io::Result<Self> {
        let state = State {
            watermark,
            left: Left::Nothing,
            poisoned_by: None,
            is_sync_broken: false,
        };
        let shared = Arc::new(Shared {
            policy,
            storage,
            state: Mutex::new(state),
        });
        let (wakes, heard) = mpsc::channel();
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("ghev-log-sync".to_owned())
            .spawn(move || of_thread.run(&*timer, &heard))?;
        Ok(Self {
            shared,
            wakes,
            thread: Some(thread),
        })
    }

    /// The watermark stored last.
    pub(crate) fn watermark(&self) -> Watermark {
        *self.shared.state().watermark.current()
    }

    /// Whether more may be written.
    ///
    /// # Errors
    ///
    /// [`AppendError::Poisoned`] after a failure.
    pub(crate) fn check_usable(&self) -> Result<(), AppendError> {
        self.shared.state().check_usable()
    }

    /// Lets nothing be written any more. The first reason stays.
    pub(crate) fn poison(&self, reason: String) {
        self.shared.state().poisoned_by.get_or_insert(reason);
    }

    /// Takes in what an append wrote: durable when this returns, or later, by the policy.
    pub(crate) fn take(&self, written: Written) -> Result<(), AppendError> {
        if self.shared.policy.is_deferred() {
            return self.leave(Left::Records(written));
        }
        self.shared.commit(&written)?;
        self.leave(Left::Watermark)
    }

    /// Makes everything up to here durable, the watermark file too, whatever the policy.
    pub(crate) fn commit_now(&self, written: &Written) -> Result<(), AppendError> {
        self.shared.commit(written)?;
        self.shared.state().left = Left::Nothing;
        self.shared.sync_watermark()
    }

    /// Stores durably that the log begins at `first`.
    pub(crate) fn store_first(&self, first: Offset) -> Result<(), IoFailure> {
        let mut state = self.shared.state();
        state.watermark.store_first(first, &*self.shared.storage)
    }

    fn leave(&self, left: Left) -> Result<(), AppendError> {
        let mut state = self.shared.state();
        state.check_usable()?;
        let is_awaited = !matches!(state.left, Left::Nothing);
        state.left = left;
        if !is_awaited {
            let sent = self.wakes.send(Wake::Pending(Instant::now()));
            sent.expect("the thread hears as long as the committer lives");
        }
        Ok(())
    }

    /// Lets the thread's time be over.
    #[cfg(test)]
    pub(crate) fn let_be_due(&self) {
        self.wakes.send(Wake::Due).unwrap();
    }
}

impl Drop for Committer {
    /// Whoever opens the log next must not meet a watermark that this one stores.
    fn drop(&mut self) {
        let _ended = self.wakes.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, timer: &dyn Timer, wakes: &Receiver<Wake>) {
        let delay = match self.policy {
            SyncPolicy::Always => WATERMARK_DELAY,
            SyncPolicy::Interval(interval) => interval,
        };
        let mut pending: Option<Instant> = None;
        loop {
            let left = pending.map(|since| delay.saturating_sub(since.elapsed()));
            match timer.wait(wakes, left) {
                // Before the last one was due only where that was done without the thread.
                Wake::Pending(since) => pending = Some(since),
                Wake::Due => {
                    pending = None;
                    // What fails is kept in the state, for the writer's next call.
                    let _kept = self.do_what_is_left();
                }
                Wake::Stop => return,
            }
        }
    }

    fn do_what_is_left(&self) -> Result<(), AppendError> {
        let left = std::mem::take(&mut self.state().left);
        match left {
            Left::Nothing => return Ok(()),
            Left::Watermark => {}
            Left::Records(written) => self.commit(&written)?,
        }
        self.sync_watermark()
    }

    /// Syncs what was written, then stores the watermark.
    fn commit(&self, written: &Written) -> Result<(), AppendError> {
        let synced = self.storage.sync_data(&written.file);
        let mut state = self.state();
        if let Err(error) = synced {
            let failure = io_failure("sync", &written.path)(error);
            return Err(state.sync_failed(failure).into());
        }
        state.check_syncs()?;
        let LogEnd {
            base,
            next,
            position,
        } = written.end;
        // Otherwise the other one was here before, where a segment ends.
        if next > state.watermark.current().durable {
            let stored = state.watermark.store(next, base, position, &*self.storage);
            if let Err(failure) = stored {
                state.poisoned_by.get_or_insert(failure.to_string());
                return Err(failure.into());
            }
        }
        Ok(())
    }

    fn sync_watermark(&self) -> Result<(), AppendError> {
        let mut state = self.state();
        if let Err(failure) = state.watermark.sync(&*self.storage) {
            return Err(state.sync_failed(failure).into());
        }
        state.check_syncs()
    }
}

impl State {
    fn check_usable(&self) -> Result<(), AppendError> {
        match &self.poisoned_by {
            Some(reason) => Err(AppendError::Poisoned {
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Nothing is synced after that.
    fn sync_failed(&mut self, failure: IoFailure) -> IoFailure {
        self.left = Left::Nothing;
        self.is_sync_broken = true;
        self.poisoned_by.get_or_insert(failure.to_string());
        failure
    }

    /// Fails where an earlier sync did: then the success of this one says nothing.
    fn check_syncs(&self) -> Result<(), AppendError> {
        if self.is_sync_broken {
            return self.check_usable();
        }
        Ok(())
    }
}
