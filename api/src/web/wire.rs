//! A socket between a client and hyper, for what hyper leaves open. Knows nothing about requests.
//!
//! - A write does not wait for ever: a client that stops reading, or reads a few bytes now and then, is
//!   cut off. hyper has timeouts for reading only.
//! - A line that ends without a carriage return is refused. hyper takes it for a line's end, a proxy
//!   before it may not, and then they disagree about where a request ends. Nothing but heads of
//!   requests is read here: bodies are not accepted.
//! - hyper answers what it cannot parse by itself and without a body; here that becomes a problem.

use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep};

use super::refusals;
use crate::options::Limits;

/// Bytes that are looked at, and handed on, at once. Most requests are shorter.
const READ_BYTES: usize = 2048;

/// A socket with limited patience for writes.
pub(super) struct Wire<S> {
    stream: TokioIo<S>,
    patience: Patience,
    /// Runs while a write waits for the client.
    waiting: Option<Waiting>,
    /// The last byte read.
    last_read: u8,
    /// What is left of a problem that is written in place of hyper's own answer.
    problem: Option<Bytes>,
}

struct Waiting {
    since: Instant,
    over: Pin<Box<Sleep>>,
}

/// How long a client is still waited for. Waiting uses it up, and what the client takes meanwhile
/// gives it back: who takes little at a time loses it bit by bit.
struct Patience {
    left: Duration,
    max: Duration,
    bytes_per_second: u32,
}

impl Patience {
    fn of(limits: &Limits) -> Self {
        Self {
            left: limits.write_timeout,
            max: limits.write_timeout,
            bytes_per_second: limits.read_min_bytes_per_second.max(1),
        }
    }

    /// Uses some up.
    ///
    /// # Errors
    /// Where there was not as much left.
    fn spend(&mut self, waited: Duration) -> io::Result<()> {
        self.left = self.left.checked_sub(waited).ok_or_else(does_not_read)?;
        Ok(())
    }

    fn earn(&mut self, bytes: usize) {
        if self.left < self.max {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let earned = Duration::from_secs(1) * bytes / self.bytes_per_second;
            self.left = self.max.min(self.left + earned);
        }
    }
}

fn does_not_read() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not read")
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, limits: &Limits) -> Self {
        Self {
            stream: TokioIo::new(stream),
            patience: Patience::of(limits),
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
            let waited = self.waiting.take().map(|waiting| waiting.since.elapsed());
            return match waited.map_or(Ok(()), |waited| self.patience.spend(waited)) {
                Ok(()) => written,
                Err(error) => Poll::Ready(Err(error)),
            };
        }
        let left = self.patience.left;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: Instant::now(),
            over: Box::pin(sleep(left)),
        });
        ready!(waiting.over.as_mut().poll(context));
        Poll::Ready(Err(does_not_read()))
    }

    /// The same of a write that says how many bytes the client took.
    fn taken_in_time(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(self.in_time(written, context));
        if let Ok(bytes) = written {
            self.patience.earn(bytes);
        }
        Poll::Ready(written)
    }

    /// Whether every line in what comes next ends as it must.
    fn lines_are_whole(&mut self, bytes: &[u8]) -> bool {
        let before = self.last_read;
        self.last_read = bytes.last().copied().unwrap_or(before);
        memchr::memchr_iter(b'\n', bytes).all(|end| match end.checked_sub(1) {
            Some(at) => bytes[at] == b'\r',
            None => before == b'\r',
        })
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
        let mut bytes = [MaybeUninit::uninit(); READ_BYTES];
        let room = buffer.remaining().min(READ_BYTES);
        let mut read = ReadBuf::uninit(&mut bytes[..room]);
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
        self.taken_in_time(written, context)
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
        self.taken_in_time(written, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[test]
    fn a_bare_line_feed_is_seen_wherever_the_bytes_are_cut() {
        let text = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for cut in 0..text.len() {
            let mut wire = Wire::new((), &Limits::default());
            let (head, tail) = text.split_at(cut);
            assert!(wire.lines_are_whole(head) && wire.lines_are_whole(tail));
        }
        for bare in [&b"\n"[..], b"GET / HTTP/1.1\nHost: x\r\n\r\n", b"\r\n\n"] {
            assert!(!Wire::new((), &Limits::default()).lines_are_whole(bare));
        }
    }

    /// How many bytes a client gets that takes `bytes` at a time, with a pause before each.
    async fn taken(bytes: usize, pause: Duration) -> usize {
        let (client, server) = tokio::io::duplex(1024);
        let limits = Limits {
            write_timeout: Duration::from_secs(30),
            read_min_bytes_per_second: 100,
            ..Limits::default()
        };
        let mut wire = Wire::new(server, &limits);
        let serving = async {
            let mut written = 0;
            let long = [0; 64 * 1024];
            while written < long.len() {
                let rest = &long[written..];
                let writing =
                    std::future::poll_fn(|context| Pin::new(&mut wire).poll_write(context, rest));
                match writing.await {
                    Ok(some) => written += some,
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                        break;
                    }
                }
            }
            drop(wire);
            written
        };
        let reading = async {
            let (mut client, mut buffer) = (client, vec![0; bytes]);
            while client.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                tokio::time::advance(pause).await;
            }
        };
        tokio::join!(serving, reading).0
    }

    /// A client that took a byte every half minute kept its connection, and the answer, for ever.
    #[tokio::test(start_paused = true)]
    async fn who_drips_is_cut_off_and_who_is_slow_is_not() {
        let whole = 64 * 1024;
        assert_eq!(
            taken(2048, Duration::from_secs(10)).await,
            whole,
            "205 bytes/s"
        );
        let dripped = taken(20, Duration::from_secs(1)).await;
        assert!(dripped < 1024 + 20 * 40, "{dripped} bytes at 20 bytes/s");
        let once_in_a_while = taken(1, Duration::from_secs(29)).await;
        assert!(once_in_a_while < 1024 + 4, "{once_in_a_while} bytes");
    }
}
