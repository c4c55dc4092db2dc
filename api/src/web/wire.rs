//! A socket between a client and hyper, for what hyper leaves open. Knows nothing about requests.
//!
//! - A write does not wait for ever: a client that stops reading is cut off. hyper has timeouts for
//!   reading only.
//! - A line that ends without a carriage return is refused. hyper takes it for a line's end, a proxy
//!   before it may not, and then they disagree about where a request ends. Nothing but heads of
//!   requests is read here: bodies are not accepted.
//! - hyper answers what it cannot parse by itself and without a body; here that becomes a problem.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Sleep, sleep};

use super::refusals;

/// Bytes that are looked at, and handed on, at once. Most requests are shorter.
const READ_BYTES: usize = 2048;

/// A socket with a timeout for writes.
pub(super) struct Wire<S> {
    stream: TokioIo<S>,
    write_timeout: Duration,
    /// Runs while a write waits for the client.
    waiting: Option<Pin<Box<Sleep>>>,
    /// The last byte read.
    last_read: u8,
    /// What is left of a problem that is written in place of hyper's own answer.
    problem: Option<Bytes>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, write_timeout: Duration) -> Self {
        Self {
            stream: TokioIo::new(stream),
            write_timeout,
            waiting: None,
            last_read: 0,
            problem: None,
        }
    }

    /// What became of a write; one that waits for too long has failed.
    fn in_time<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let timeout = self.write_timeout;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(timeout)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not read",
        )))
    }

    /// Whether every line in what comes next ends as it must.
    fn lines_are_whole(&mut self, bytes: &[u8]) -> bool {
        let mut before = self.last_read;
        for &byte in bytes {
            if byte == b'\n' && before != b'\r' {
                return false;
            }
            before = byte;
        }
        self.last_read = before;
        true
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Writes a problem instead of `answer`, which counts as written once the problem is.
    fn write_problem(
        &mut self,
        answer: &[u8],
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        while let Some(problem) = &mut self.problem {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, problem))?;
            problem.advance(written);
            if problem.is_empty() || written == 0 {
                self.problem = None;
            }
        }
        Poll::Ready(Ok(answer.len()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ_BYTES];
        let room = buffer.remaining().min(READ_BYTES);
        let mut read = ReadBuf::new(&mut bytes[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(context, read.unfilled()))?;
        if !self.lines_are_whole(read.filled()) {
            // Best effort: whoever sends this is answered if the socket takes it at once. Ended in
            // order too, or over TLS the answer would count as cut short.
            let refusal = refusals::malformed();
            let _ = Pin::new(&mut self.stream).poll_write(context, &refusal);
            let _ = Pin::new(&mut self.stream).poll_shutdown(context);
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a line ends without a carriage return",
            )));
        }
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Write for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.problem.is_none() {
            self.problem = refusals::instead_of(bytes);
        }
        let written = if self.problem.is_some() {
            self.write_problem(bytes, context)
        } else {
            Pin::new(&mut self.stream).poll_write(context, bytes)
        };
        self.in_time(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // hyper's own answers have no body, so they come in one slice.
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(written, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_line_feed_is_seen_wherever_the_bytes_are_cut() {
        let text = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for cut in 0..text.len() {
            let mut wire = Wire::new((), Duration::ZERO);
            let (head, tail) = text.split_at(cut);
            assert!(wire.lines_are_whole(head) && wire.lines_are_whole(tail));
        }
        for bare in [&b"\n"[..], b"GET / HTTP/1.1\nHost: x\r\n\r\n", b"\r\n\n"] {
            assert!(!Wire::new((), Duration::ZERO).lines_are_whole(bare));
        }
    }
}
