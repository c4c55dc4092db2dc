//! The body of an answer as its transport wants it: whole, dripped, or cut.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::Sleep;

use super::line::Linger;
use super::server::Shared;
use crate::delivery::Finish;
use crate::exchange::{RequestNumber, Response, Transport};

/// A request's place in the simulator's books; tells it once how the answer ended.
pub(super) struct Ticket {
    shared: Arc<Shared>,
    number: RequestNumber,
    told: bool,
}

impl Ticket {
    pub(super) fn new(shared: Arc<Shared>, number: RequestNumber) -> Self {
        Self {
            shared,
            number,
            told: false,
        }
    }

    fn tell(&mut self, finish: Finish) {
        if !std::mem::replace(&mut self.told, true) {
            let now = (self.shared.clock)();
            let simulator = self.shared.simulator.lock();
            let mut simulator = simulator.unwrap_or_else(PoisonError::into_inner);
            simulator.finish(now, self.number, finish);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.tell(Finish::Cut);
    }
}

/// What happens once the bytes are sent.
enum End {
    Whole,
    /// The connection closes, though more was promised; reset, if there is something to reset by.
    Cut(Option<Linger>),
}

/// The bytes still to be sent, and how.
pub(super) struct Sent {
    left: Bytes,
    chunk_bytes: usize,
    interval: Option<Duration>,
    pause: Option<Pin<Box<Sleep>>>,
    end: End,
    /// Whether the connection has had its chance to send what came before the cut.
    flushed: bool,
    ticket: Ticket,
}

impl Sent {
    pub(super) fn new(response: &Response, ticket: Ticket, linger: Linger) -> Self {
        let whole = response.body.clone();
        let mut sent = Self {
            chunk_bytes: whole.len().max(1),
            left: whole,
            interval: None,
            pause: None,
            end: End::Whole,
            flushed: false,
            ticket,
        };
        match response.transport {
            Transport::Whole | Transport::Hang => {}
            Transport::Drip {
                chunk_bytes,
                interval_ms,
            } => {
                sent.chunk_bytes = chunk_bytes.max(1);
                sent.interval = Some(Duration::from_millis(interval_ms));
            }
            Transport::Truncated { sent_bytes } => {
                sent.left.truncate(sent_bytes);
                sent.end = End::Cut(None);
            }
            Transport::Reset { sent_bytes } => {
                sent.left.truncate(sent_bytes);
                sent.end = End::Cut(Some(linger));
            }
        }
        if sent.is_end_stream() {
            sent.ticket.tell(Finish::Whole);
        }
        sent
    }

    /// The last step: the end of the body, or of the connection.
    fn poll_end(&mut self, context: &Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let End::Cut(linger) = &self.end else {
            return Poll::Ready(None);
        };
        if !std::mem::replace(&mut self.flushed, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(linger) = linger {
            linger.reset();
        }
        let error = io::Error::other("cut short on purpose");
        Poll::Ready(Some(Err(error)))
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        if self.left.is_empty() {
            return self.poll_end(context);
        }
        let chunk_bytes = self.chunk_bytes.min(self.left.len());
        let chunk = self.left.split_to(chunk_bytes);
        self.pause = self.interval.map(|i| Box::pin(tokio::time::sleep(i)));
        if self.is_end_stream() {
            self.ticket.tell(Finish::Whole);
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && matches!(self.end, End::Whole)
    }
}
