//! One request and its answer, as plain values. Knows nothing about sockets: how an answer is cut,
//! dripped or dropped is said by its [`Transport`] and done by the HTTP skin.

use bytes::Bytes;

/// What a client asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case as it came.
    pub method: String,
    /// The path and, after `?`, the query.
    pub path_and_query: String,
    /// Names and values in the order they came; names in any case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// A polite `GET`: with a `User-Agent`, without a token.
    pub fn get(path_and_query: &str) -> Self {
        Self {
            method: "GET".into(),
            path_and_query: path_and_query.into(),
            headers: vec![("user-agent".into(), "ghev-sim-test".into())],
        }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header, whose name may be in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

/// Which request this was, counted from 1 in the order they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestNumber(pub(crate) u64);

impl RequestNumber {
    /// The number itself, 1 for the first.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// How an answer's bytes reach the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// All of them, at once.
    Whole,
    /// The connection is closed in order after this many bytes of the body, though
    /// `content-length` promises all of them.
    Truncated {
        /// Bytes of the body that are sent.
        sent_bytes: usize,
    },
    /// The connection is reset (TCP RST) after this many bytes of the body.
    Reset {
        /// Bytes of the body that are sent.
        sent_bytes: usize,
    },
    /// All of them, a few at a time.
    Drip {
        /// Bytes of one portion.
        chunk_bytes: usize,
        /// Milliseconds between two portions.
        interval_ms: u64,
    },
    /// Nothing is ever sent, and the connection stays open.
    Hang,
}

/// What the simulator answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Which request this answers.
    pub number: RequestNumber,
    /// The HTTP status.
    pub status: u16,
    /// Names (lower case) and values in the order they are sent.
    pub headers: Vec<(String, String)>,
    /// The whole body as it should arrive (compressed, if `content-encoding` says so).
    pub body: Bytes,
    /// How much of it arrives, and how.
    pub transport: Transport,
}

impl Response {
    /// The first value of a header, whose name may be in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut named = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.as_str())
}
