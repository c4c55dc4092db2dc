//! What arrives, for all clients at once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ghev_readmodel::{Checkpoint, LogId, Place};
use tokio::sync::{Semaphore, broadcast, watch};

use super::frame::Batch;
use crate::problem::Problem;
use crate::queries::QueryThreads;

/// Events that are read at once for everybody.
const BATCH_EVENTS_MAX: usize = 500;

/// Events that are read at once for one client that catches up: what each of many may hold.
const PAGE_EVENTS_MAX: usize = 50;

/// Batches that a client may fall behind.
pub(super) const BATCHES_KEPT: usize = 64;

/// Clients that catch up at the same time; others wait, and questions are not crowded out.
const CATCHING_UP_MAX: usize = 4;

/// How long to wait where more is known to be there, so that clients can keep up with an import.
const PACE: Duration = Duration::from_millis(20);

/// What arrives, for all clients at once.
pub(crate) struct Feed {
    queries: Arc<QueryThreads>,
    tick: Duration,
    batches: broadcast::Sender<Arc<Batch>>,
    /// Whether the task runs; guarded, so that it never ends just when somebody comes.
    running: Mutex<bool>,
    catching_up: Semaphore,
    ended: watch::Sender<bool>,
    streams: AtomicU64,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("tick", &self.tick)
            .finish_non_exhaustive()
    }
}

/// A stretch of the log, and whether there is more after it already.
pub(super) struct Stretch {
    pub(super) batch: Batch,
    pub(super) more: bool,
}

impl Stretch {
    /// Nothing, at the end of what a model covers.
    fn at_end(checkpoint: &Checkpoint) -> Self {
        let end = Place::new(checkpoint.next_offset, 0);
        let batch = Batch::write(checkpoint.log_id, end, end, Vec::new());
        Self { batch, more: false }
    }
}

/// A stream that is counted.
pub(super) struct OpenStream(Arc<Feed>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Feed {
    /// A feed that asks every `tick` while anybody listens.
    pub(crate) fn new(queries: Arc<QueryThreads>, tick: Duration) -> Arc<Self> {
        Arc::new(Self {
            queries,
            tick,
            batches: broadcast::Sender::new(BATCHES_KEPT),
            running: Mutex::new(false),
            catching_up: Semaphore::new(CATCHING_UP_MAX),
            ended: watch::Sender::new(false),
            streams: AtomicU64::new(0),
        })
    }

    /// Ends all streams, those to come too.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Streams that are open now.
    pub(crate) fn open_streams(&self) -> u64 {
        self.streams.load(Ordering::Relaxed)
    }

    /// Counts a stream until what is returned is dropped.
    pub(super) fn opened(self: &Arc<Self>) -> OpenStream {
        self.streams.fetch_add(1, Ordering::Relaxed);
        OpenStream(Arc::clone(self))
    }

    pub(super) fn ended(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }

    /// What arrives from now on: where the first batch begins after what a client has read by then,
    /// the client reads what comes between by itself.
    pub(super) fn subscribe(self: &Arc<Self>) -> broadcast::Receiver<Arc<Batch>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.batches.subscribe();
        if !*running {
            *running = true;
            tokio::spawn(Arc::clone(self).run());
        }
        receiver
    }

    /// A client's next page from `at` on.
    pub(super) async fn page(&self, log: LogId, at: Place) -> Result<Stretch, Problem> {
        let _turn = self.catching_up.acquire().await;
        self.read(log, at, PAGE_EVENTS_MAX).await
    }

    /// Begins where the model is, whoever comes first: a client's own place may be far behind, or
    /// still to come, and the others would wait for it.
    async fn run(self: Arc<Self>) {
        let mut ended = self.ended();
        let mut reached: Option<(LogId, Place)> = None;
        while !self.stops() {
            let read = match reached {
                Some((log, at)) => self.read(log, at, BATCH_EVENTS_MAX).await,
                None => self.end_of_model().await,
            };
            let pause = match read {
                Ok(Stretch { batch, more }) => {
                    let is_elsewhere = reached != Some((batch.log, batch.from));
                    let has_news = batch.next > batch.from || is_elsewhere;
                    reached = Some((batch.log, batch.next));
                    if has_news {
                        self.send(batch);
                    }
                    if more { PACE } else { self.tick }
                }
                // Whatever is wrong with the model, it is asked again.
                Err(problem) => {
                    tracing::debug!("cannot read what arrived: {}", problem.detail);
                    self.tick
                }
            };
            let _ = tokio::time::timeout(pause, ended.wait_for(|ended| *ended)).await;
        }
    }

    pub(super) fn send(&self, batch: Batch) {
        // That nobody listens any more is found out in time.
        let _ = self.batches.send(Arc::new(batch));
    }

    pub(super) fn listeners(&self) -> usize {
        self.batches.receiver_count()
    }

    fn stops(&self) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running = self.listeners() > 0 && !*self.ended.borrow();
        !*running
    }

    /// A stretch without events at the model's end, which tells clients where the next one begins.
    async fn end_of_model(&self) -> Result<Stretch, Problem> {
        self.queries
            .run(|reader| Ok(Stretch::at_end(&reader.snapshot()?.as_of().checkpoint)))
            .await
    }

    /// What is there from `from` on. Where the model is of another log by now, nothing of that.
    async fn read(&self, log: LogId, from: Place, limit: usize) -> Result<Stretch, Problem> {
        self.queries
            .run(move |reader| {
                let snapshot = reader.snapshot()?;
                let checkpoint = snapshot.as_of().checkpoint;
                if checkpoint.log_id != log {
                    return Ok(Stretch::at_end(&checkpoint));
                }
                let end = Place::new(checkpoint.next_offset, 0);
                // A generation that has not come as far yet has nothing new.
                if end <= from {
                    let batch = Batch::write(log, from, from, Vec::new());
                    return Ok(Stretch { batch, more: false });
                }
                let arrivals = snapshot.arrivals(from, limit)?;
                let more = arrivals.len() == limit;
                let next = match arrivals.last() {
                    Some(last) if more => last.place.next(),
                    _ => end,
                };
                let batch = Batch::write(log, from, next, arrivals);
                Ok(Stretch { batch, more })
            })
            .await
    }
}
