//! Requests that are refused before anybody asks what they are about: problems in place of hyper's
//! own answers, and heads that no client with good intentions sends. Knows nothing about endpoints.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Version;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;

use crate::options::Limits;
use crate::problem::{Code, Problem};
use crate::service::Service;

/// How an answer of hyper's own begins: that of a request which it cannot parse. No answer of ours
/// begins so.
const OF_HYPER: [(&[u8], Code); 3] = [
    (
        b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n",
        Code::MalformedRequest,
    ),
    (
        b"HTTP/1.1 414 URI Too Long\r\nconnection: close\r\ncontent-length: 0\r\n",
        Code::TargetTooLong,
    ),
    (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n",
        Code::HeadersTooLarge,
    ),
];

/// The problem to write instead of `answer`, where that is hyper's own.
pub(super) fn instead_of(answer: &[u8]) -> Option<Bytes> {
    let of_hyper = OF_HYPER
        .iter()
        .find(|(beginning, _)| answer.starts_with(beginning))?;
    let detail = match of_hyper.1 {
        Code::TargetTooLong => "the address is too long",
        Code::HeadersTooLarge => "the headers are too many or too long",
        _ => "this is no HTTP/1.1 request",
    };
    Some(written(&Problem::new(of_hyper.1, detail)))
}

/// The answer to lines that end without a carriage return.
pub(super) fn malformed() -> Bytes {
    let detail = "lines of a request end with a carriage return and a line feed";
    written(&Problem::new(Code::MalformedRequest, detail))
}

/// What is wrong with a request before its address is looked at. The connection is of no more use
/// then: where the next request begins is anybody's guess.
pub(super) fn of_head(parts: &Parts, limits: &Limits) -> Option<Problem> {
    let hosts = parts.headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
        let detail = "a request names its host once";
        return Some(Problem::new(Code::MalformedRequest, detail));
    }
    let target = parts.uri.path_and_query();
    let target_bytes = target.map_or(0, |target| target.as_str().len());
    if target_bytes > limits.target_max_bytes {
        let max = limits.target_max_bytes;
        let detail = format!("the address has {target_bytes} bytes, more than {max}");
        return Some(Problem::new(Code::TargetTooLong, detail));
    }
    None
}

/// Whether a request announces a body, whatever its length.
pub(super) fn has_body(parts: &Parts) -> bool {
    let lengths = parts.headers.get_all(CONTENT_LENGTH);
    parts.headers.contains_key(TRANSFER_ENCODING)
        || lengths
            .iter()
            .any(|length| length.as_bytes().iter().any(|&digit| digit != b'0'))
}

/// The problem of a body that nothing here takes.
pub(super) fn body() -> Problem {
    let detail = "nothing here takes a body; put parameters into the address";
    Problem::new(Code::ContentNotAccepted, detail)
}

/// A whole answer as it stands on the wire, after which the connection is closed.
fn written(problem: &Problem) -> Bytes {
    let (head, body) = Service::problem(problem).into_parts();
    let mut text = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status);
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            write!(text, "{name}: {value}\r\n").expect("a String takes any text");
        }
    }
    write!(text, "content-length: {}\r\n\r\n", body.len()).expect("a String takes any text");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&body);
    bytes.into()
}
