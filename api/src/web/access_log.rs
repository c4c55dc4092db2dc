//! One line of the log for each answer. Knows nothing about how the log is written. What clients send
//! is shown escaped: a line stays a line, and a terminal shows it as it is.

use std::net::SocketAddr;
use std::time::Duration;

use http::StatusCode;
use http::header::USER_AGENT;
use http::request::Parts;

use super::trace::Trace;

/// No field of a line is longer; what a client sends may be.
const SHOWN_MAX_BYTES: usize = 1024;

/// What a line says of a request, taken before the request is answered.
#[derive(Debug)]
pub(super) struct Line {
    trace: Trace,
    client: SocketAddr,
    method: String,
    target: String,
    user_agent: String,
}

impl Line {
    pub(super) fn of(parts: &Parts, client: SocketAddr, trace: Trace) -> Self {
        let target = parts.uri.path_and_query();
        let user_agent = parts.headers.get(USER_AGENT);
        Self {
            trace,
            client,
            method: shown(parts.method.as_str().as_bytes()),
            target: shown(target.map_or("", |target| target.as_str()).as_bytes()),
            user_agent: shown(user_agent.map_or(b"", |agent| agent.as_bytes())),
        }
    }

    /// Writes the line.
    pub(super) fn write(&self, status: StatusCode, bytes: usize, taken: Duration) {
        let (trace, client) = (self.trace, self.client);
        let taken_ms = taken.as_secs_f64() * 1000.0;
        tracing::info!(
            target: "ghev::access",
            %trace,
            %client,
            method = %self.method,
            target = %self.target,
            status = status.as_u16(),
            bytes,
            taken_ms,
            user_agent = %self.user_agent,
            "answered"
        );
    }
}

/// Bytes as text without control characters, quotes or anything beyond ASCII.
fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(SHOWN_MAX_BYTES)];
    let mut text = cut.escape_ascii().to_string();
    if cut.len() < bytes.len() {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_one_line_of_plain_text() {
        assert_eq!(
            shown(b"a\x1b[31m\"b\"\r\n\xff"),
            r#"a\x1b[31m\"b\"\r\n\xff"#
        );
        assert_eq!(shown(&[b'x'; 2000]).len(), SHOWN_MAX_BYTES + 3);
    }
}
