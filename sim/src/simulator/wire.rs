//! An answer's last steps: the headers all answers share, compression, and how it is carried.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::answer::{API_VERSIONS, Answer};
use super::bodies::{self, Body};
use super::state::Simulator;
use crate::credential::Credential;
use crate::exchange::{Request, RequestNumber, Response, Transport};
use crate::faults::FaultKind;

/// Bytes of one portion of a dripped answer.
const DRIP_BYTES: usize = 64;

type Headers = Vec<(String, String)>;

impl Answer {
    pub(super) fn into_response(
        self,
        simulator: &Simulator,
        number: RequestNumber,
        request: &Request,
    ) -> Response {
        let mut headers = self.headers_for(simulator, number, request);
        let (mut body, kind) = match self.body {
            Body::Empty => (Bytes::new(), None),
            Body::Json(json) => (json.into(), Some("application/json; charset=utf-8")),
            Body::Html(html) => (html.into(), Some("text/html; charset=utf-8")),
        };
        let mut add = |name: &str, value: String| headers.push((name.into(), value));
        if let Some(kind) = kind {
            add("content-type", kind.into());
            if accepts_gzip(request.header("accept-encoding")) {
                body = gzip(&body);
                add("content-encoding", "gzip".into());
            }
        }
        if let Some(FaultKind::GzipCut { percent }) = self.transport_fault {
            body.truncate(share(body.len(), percent));
        }
        if kind.is_some() {
            add("content-length", body.len().to_string());
        }
        if request.method == "HEAD" {
            body.clear();
        }
        Response {
            number,
            status: self.status,
            headers,
            transport: transport(self.transport_fault, body.len()),
            body,
        }
    }

    fn headers_for(
        &self,
        simulator: &Simulator,
        number: RequestNumber,
        request: &Request,
    ) -> Headers {
        let mut headers = Headers::new();
        let mut add = |name: &str, value: String| headers.push((name.into(), value));
        add("server", "github.com".into());
        if !self.headers.iter().any(|(name, _)| *name == "date") {
            add("date", simulator.now.http_date());
        }
        for (name, value) in &self.headers {
            add(name, value.clone());
        }
        if matches!(self.body, Body::Html(_)) {
            return headers;
        }
        if [200, 304].contains(&self.status) {
            let who = Credential::of_header(request.header("authorization"));
            let scope = match who {
                Credential::Anonymous => "public, max-age=300, s-maxage=300",
                Credential::Token(_) | Credential::Malformed => "private, max-age=60, s-maxage=60",
            };
            add("cache-control", scope.into());
        }
        add(
            "vary",
            "Accept,Accept-Encoding, Accept, X-Requested-With".into(),
        );
        add("x-github-media-type", "github.v3; format=json".into());
        let asked = request.header("x-github-api-version");
        let version = API_VERSIONS.into_iter().find(|v| asked == Some(v));
        add(
            "x-github-api-version-selected",
            version.unwrap_or(API_VERSIONS[0]).into(),
        );
        if let Some(budget) = self.budget {
            let reset = budget.resets_at.plus_seconds(self.reset_skew_seconds);
            add("x-ratelimit-limit", budget.limit.to_string());
            add("x-ratelimit-remaining", budget.remaining().to_string());
            add("x-ratelimit-used", budget.used.to_string());
            add("x-ratelimit-resource", "core".into());
            add("x-ratelimit-reset", reset.as_seconds().to_string());
        }
        add(
            "x-github-request-id",
            bodies::request_id(simulator.options.seed, number),
        );
        headers
    }
}

fn transport(fault: Option<FaultKind>, body_bytes: usize) -> Transport {
    match fault {
        Some(FaultKind::Truncated { percent }) if body_bytes > 0 => Transport::Truncated {
            sent_bytes: share(body_bytes, percent),
        },
        Some(FaultKind::Reset { percent }) => Transport::Reset {
            sent_bytes: share(body_bytes, percent),
        },
        Some(FaultKind::Drip { interval_ms }) => Transport::Drip {
            chunk_bytes: DRIP_BYTES,
            interval_ms: interval_ms.unsigned_abs(),
        },
        Some(FaultKind::Hang) => Transport::Hang,
        _ => Transport::Whole,
    }
}

/// So many percent of some bytes, and less than all of them.
fn share(bytes: usize, percent: i64) -> usize {
    let percent = usize::try_from(percent).unwrap_or(0);
    (bytes * percent / 100).min(bytes.saturating_sub(1))
}

/// Whether an `Accept-Encoding` takes gzip
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3>).
fn accepts_gzip(header: Option<&str>) -> bool {
    header.unwrap_or_default().split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = matches!(parts.next(), Some("gzip" | "x-gzip" | "*"));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        named && weight.is_none_or(|w| w.parse::<f64>().is_ok_and(|w| w > 0.0))
    })
}

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("a vector takes every write").into()
}
