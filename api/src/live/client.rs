//! One client: from where it was to what arrives.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use ghev_readmodel::{EventFilter, LogId, Place};
use hyper::body::Frame as BodyFrame;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::PlaceId;
use super::feed::{Feed, OpenStream, Stretch};
use super::frame::{self, Batch};

/// What a response's body is made of, as it comes.
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Result<BodyFrame<Bytes>, Infallible>> + Send>>;

/// How long clients are let wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The longest silence.
    pub(crate) heartbeat: Duration,
    /// When to come back after the end.
    pub(crate) retry: Duration,
}

/// What a client wants of a feed.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) feed: Arc<Feed>,
    pub(crate) filter: EventFilter,
    /// The log, and the place in it from which on.
    pub(crate) from: (LogId, Place),
    pub(crate) patience: Patience,
}

/// A client's stream.
struct Client {
    feed: Arc<Feed>,
    filter: EventFilter,
    log: LogId,
    /// Everything before this place was sent, or did not match.
    id: PlaceId,
    patience: Patience,
    state: State,
    ended: watch::Receiver<bool>,
    silent_until: Instant,
    _counted: OpenStream,
}

enum State {
    Greets,
    /// Reads by itself what was there before.
    CatchesUp,
    /// Sends what was read, from the numbered frame on.
    Sends(Arc<Batch>, usize, Option<broadcast::Receiver<Arc<Batch>>>),
    /// Waits for what arrives.
    Follows(broadcast::Receiver<Arc<Batch>>),
    Done,
}

/// How long to wait before the model is asked again that could not be read.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

impl Wanted {
    /// The stream, which ends when the client is cut or the service stops.
    pub(crate) fn frames(self) -> Frames {
        let Self {
            feed,
            filter,
            from: (log, at),
            patience,
        } = self;
        let client = Client {
            ended: feed.ended(),
            _counted: feed.opened(),
            feed,
            filter,
            log,
            id: PlaceId::new(log, at),
            patience,
            state: State::Greets,
            silent_until: Instant::now() + patience.heartbeat,
        };
        Box::pin(stream::unfold(client, |mut client| async move {
            let text = client.next().await?;
            client.silent_until = Instant::now() + client.patience.heartbeat;
            Some((Ok(BodyFrame::data(text)), client))
        }))
    }
}

impl Client {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if *self.ended.borrow() && !matches!(self.state, State::Done) {
                self.state = State::Done;
                let detail = "the service stops; come back later with this id";
                return Some(frame::end("shutdown", detail, Some(&self.id)));
            }
            match std::mem::replace(&mut self.state, State::Done) {
                State::Greets => {
                    self.state = State::CatchesUp;
                    let retry_ms =
                        u64::try_from(self.patience.retry.as_millis()).unwrap_or(u64::MAX);
                    return Some(frame::greeting(&self.id, retry_ms));
                }
                State::CatchesUp => {
                    if let Some(beat) = self.catch_up().await {
                        return Some(beat);
                    }
                }
                State::Sends(batch, from, then) => {
                    if let Some(text) = self.send(batch, from, then) {
                        return Some(text);
                    }
                }
                State::Follows(arrivals) => {
                    if let Some(text) = self.follow(arrivals).await {
                        return Some(text);
                    }
                }
                State::Done => return None,
            }
        }
    }

    /// Reads a page. Listens before it reads the last one, so that nothing falls in between.
    async fn catch_up(&mut self) -> Option<Bytes> {
        let arrivals = self.feed.subscribe();
        let read = self.feed.page(self.log, self.id.place);
        match timeout_at(self.silent_until, read).await {
            Ok(Ok(Stretch { batch, .. })) if batch.log != self.log => Some(Self::of_another_log()),
            Ok(Ok(Stretch { batch, more })) => {
                let then = (!more).then_some(arrivals);
                self.state = State::Sends(Arc::new(batch), 0, then);
                None
            }
            Ok(Err(problem)) => {
                tracing::debug!("a client cannot catch up: {}", problem.detail);
                self.state = State::CatchesUp;
                let _ = timeout(AGAIN_AFTER, self.ended.wait_for(|ended| *ended)).await;
                None
            }
            Err(_) => {
                self.state = State::CatchesUp;
                Some(frame::heartbeat(&self.id))
            }
        }
    }

    /// The last text where the read model was replaced by that of another log. The state is the end.
    fn of_another_log() -> Bytes {
        let detail = "the read model is of another log now; connect again without an id";
        frame::end("another_log", detail, None)
    }

    /// The text of the next frame that matches.
    fn send(
        &mut self,
        batch: Arc<Batch>,
        from: usize,
        then: Option<broadcast::Receiver<Arc<Batch>>>,
    ) -> Option<Bytes> {
        let (at, filter) = (self.id.place, &self.filter);
        let rest = batch.frames.iter().enumerate().skip(from);
        let mut wanted =
            rest.filter(|(_, frame)| frame.place >= at && filter.matches(&frame.event));
        if let Some((number, frame)) = wanted.next() {
            let text = frame.text.clone();
            self.id.place = frame.place.next();
            self.state = State::Sends(batch, number + 1, then);
            return Some(text);
        }
        self.id.place = self.id.place.max(batch.next);
        self.state = then.map_or(State::CatchesUp, State::Follows);
        None
    }

    async fn follow(&mut self, mut arrivals: broadcast::Receiver<Arc<Batch>>) -> Option<Bytes> {
        let received = tokio::select! {
            // The end is told by the caller.
            _ = self.ended.wait_for(|ended| *ended) => None,
            received = timeout_at(self.silent_until, arrivals.recv()) => Some(received),
        };
        match received {
            None => {
                self.state = State::Follows(arrivals);
                None
            }
            Some(Ok(Ok(batch))) if batch.log != self.log => Some(Self::of_another_log()),
            // What comes between was read by a feed that is ahead of this client.
            Some(Ok(Ok(batch))) if batch.from > self.id.place => {
                self.state = State::CatchesUp;
                None
            }
            Some(Ok(Ok(batch))) => {
                self.state = State::Sends(batch, 0, Some(arrivals));
                None
            }
            Some(Ok(Err(RecvError::Lagged(_)))) => {
                let detail = "this client reads more slowly than events arrive; \
                              come back with this id to go on";
                Some(frame::end("too_slow", detail, Some(&self.id)))
            }
            // The feed outlives its clients.
            Some(Ok(Err(RecvError::Closed))) => None,
            Some(Err(_)) => {
                self.state = State::Follows(arrivals);
                Some(frame::heartbeat(&self.id))
            }
        }
    }
}
