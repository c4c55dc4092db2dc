//! Which request is which, across services: the trace id of W3C Trace Context
//! (<https://www.w3.org/TR/trace-context/>), taken from the client or made here, and given back as
//! `traceresponse` (<https://w3c.github.io/trace-context/#traceresponse-header>).

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header that gives a trace back.
pub(super) const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// Differs from process to process. Ids need to be unlike each other, not unguessable.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("ghev"));

/// Requests that were given an id so far.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The trace that a request belongs to, and the request's own part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Trace {
    /// The trace that a client names, if it does so once and properly.
    pub(super) fn given(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(TRACEPARENT).iter();
        let (field, None) = (fields.next()?, fields.next()) else {
            return None;
        };
        let (trace, sampled) = parsed(field.as_bytes())?;
        let span = Self::new().span;
        Some(Self {
            trace,
            span,
            sampled,
        })
    }

    /// A trace that begins here.
    pub(super) fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        Self {
            // Zero would be no id, and does not come out.
            trace: xxh3_128_with_seed(&count, *SEED).max(1),
            span: xxh3_64_with_seed(&count, *SEED).max(1),
            sampled: false,
        }
    }

    /// As `traceresponse` has it.
    pub(super) fn header(self) -> HeaderValue {
        let flags = u8::from(self.sampled);
        let text = format!("00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span);
        HeaderValue::try_from(text).expect("digits and hyphens are a header's value")
    }
}

/// The trace id alone, which is what one searches logs for.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.trace)
    }
}

/// Version, trace, parent and flags. Later versions may have more after them.
fn parsed(field: &[u8]) -> Option<(u128, bool)> {
    let text = std::str::from_utf8(field).ok()?;
    let mut parts = text.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let parent = hex(parts.next()?, 16)?;
    let flags = hex(parts.next()?, 2)?;
    let more = parts.next().is_some();
    let proper = version != 0xff && trace != 0 && parent != 0 && !(version == 0 && more);
    proper.then_some((trace, flags & 1 == 1))
}

fn hex(digits: &str, len: usize) -> Option<u128> {
    let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let proper = digits.len() == len && digits.bytes().all(lower);
    u128::from_str_radix(digits, 16).ok().filter(|_| proper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(fields: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(TRACEPARENT, field.parse().unwrap());
        }
        Trace::given(&headers).map(|trace| trace.to_string())
    }

    #[test]
    fn a_trace_is_taken_from_the_client_if_it_is_proper() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let proper = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(given(&[&proper]), Some(id.to_owned()));
        assert_eq!(
            given(&[&format!("01-{id}-00f067aa0ba902b7-00-more")]),
            Some(id.to_owned())
        );
        for wrong in [
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{id}-00f067aa0ba902b7-01-more"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{id}-00f067aa0ba902b7"),
            format!("00-+{}-00f067aa0ba902b7-01", &id[1..]),
            String::new(),
        ] {
            assert_eq!(given(&[&wrong]), None, "{wrong:?}");
        }
        assert_eq!(given(&[&proper, &proper]), None, "two are none");
    }

    #[test]
    fn traces_that_begin_here_differ_and_are_given_back_properly() {
        let (one, other) = (Trace::new(), Trace::new());
        assert_ne!(one, other);
        let header = one.header();
        let (trace, sampled) = parsed(header.as_bytes()).unwrap();
        assert_eq!((trace, sampled), (one.trace, false));
    }
}
