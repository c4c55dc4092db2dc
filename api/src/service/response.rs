//! Responses and their headers.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode, Uri};

use super::job::{Answered, Outcome};
use super::room::Room;
use crate::answer::{self, Encoding, EntityTag};
use crate::live::EVENT_STREAM;
use crate::parameters::Format;
use crate::problem::{Code, Problem};

/// The methods there are.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Pages run their own scripts and styles and talk to this service only
/// (<https://www.w3.org/TR/CSP3/>).
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Anything else is data: opened by itself it runs nothing, loads nothing and is framed by nobody.
const DATA_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// What pages need beside their policy: no page elsewhere learns about them or gets hold of them.
const OF_PAGES: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// A picture that is opened as a page runs nothing and fetches nothing.
const PICTURE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Headers of every response. Anybody's page may read what anybody may ask for.
const EVERYWHERE: [(HeaderName, HeaderValue); 4] = [
    (
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ),
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Link, Retry-After, traceresponse"),
    ),
    (
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Encoding"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
];

/// How a token is shown: by programs, and by browsers, which ask for a name and a password.
const CHALLENGES: [HeaderValue; 2] = [
    HeaderValue::from_static("Bearer realm=\"ghev\""),
    HeaderValue::from_static("Basic realm=\"ghev\", charset=\"UTF-8\""),
];

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// May be kept, and must be asked about: the entity tag makes that cheap.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// A response with the headers of all.
fn bare(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().reserve(14);
    response.headers_mut().extend(EVERYWHERE);
    response
}

/// What came of a question.
pub(super) fn of_outcome(
    outcome: Outcome,
    uri: &Uri,
    room: &Room,
) -> Result<Response<Bytes>, Problem> {
    match outcome {
        Outcome::NotModified(tag) => Ok(not_modified(tag)),
        Outcome::Answer(Answered {
            tag,
            format,
            encoding,
            body,
            next_page_token,
            ..
        }) => {
            let body = room.hold(body)?;
            let mut response = of_body(tag, encoding, answer::media_type(format), body);
            if let Some(token) = next_page_token
                && let Ok(link) = HeaderValue::from_bytes(next_link(uri, &token).as_bytes())
            {
                response.headers_mut().insert(header::LINK, link);
            }
            Ok(response)
        }
    }
}

/// A body of a media type; not to be stored where it has no tag.
pub(super) fn of_body(
    tag: Option<EntityTag>,
    encoding: Encoding,
    media_type: &'static str,
    body: Bytes,
) -> Response<Bytes> {
    let mut response = bare(StatusCode::OK, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Some(name) = encoding.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if media_type.starts_with("text/html") {
        headers.extend(OF_PAGES);
    } else if media_type == answer::media_type(Format::Svg) {
        headers.insert(header::CONTENT_SECURITY_POLICY, PICTURE_POLICY);
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    }
    tagged(&mut response, tag);
    response
}

/// The head of a stream. A proxy that gathers answers would hold it back.
pub(super) fn of_stream() -> Response<Bytes> {
    let mut response = of_body(None, Encoding::Identity, EVENT_STREAM, Bytes::new());
    let unbuffered = HeaderName::from_static("x-accel-buffering");
    response
        .headers_mut()
        .insert(unbuffered, HeaderValue::from_static("no"));
    response
}

/// The client's copy is still right.
pub(super) fn not_modified(tag: EntityTag) -> Response<Bytes> {
    let mut response = bare(StatusCode::NOT_MODIFIED, Bytes::new());
    tagged(&mut response, Some(tag));
    response
}

fn tagged(response: &mut Response<Bytes>, tag: Option<EntityTag>) {
    let headers = response.headers_mut();
    match tag {
        Some(tag) => {
            headers.insert(header::CACHE_CONTROL, REVALIDATE);
            headers.insert(header::ETAG, tag.header());
        }
        None => {
            headers.insert(header::CACHE_CONTROL, NO_STORE);
        }
    }
}

/// Which methods there are, also for a browser that asks before it lets a page ask.
pub(super) fn options() -> Response<Bytes> {
    let mut response = bare(StatusCode::NO_CONTENT, Bytes::new());
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, ALLOWED);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED);
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        // A wildcard does not stand for this one.
        HeaderValue::from_static("*, Authorization"),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("86400"),
    );
    response
}

/// A problem, as RFC 9457 writes it. What is internal goes to the log, and only there.
pub(super) fn of_problem(problem: &Problem) -> Response<Bytes> {
    if let Some(internal) = &problem.internal {
        if problem.code == Code::Internal {
            tracing::error!(code = problem.code.name(), "{internal}");
        } else {
            tracing::debug!(code = problem.code.name(), "{internal}");
        }
    }
    let body = serde_json::to_vec(&problem.view()).unwrap_or_default();
    let mut response = bare(problem.code.status(), body.into());
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    headers.insert(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    if problem.code == Code::MethodNotAllowed {
        headers.insert(header::ALLOW, ALLOWED);
    }
    if problem.code == Code::Unauthorized {
        for challenge in CHALLENGES {
            headers.append(header::WWW_AUTHENTICATE, challenge);
        }
    }
    if let Some(seconds) = problem.code.retry_after_seconds() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The same request with another page token, relative to this service: what a client calls the
/// service is none of its business.
fn next_link(uri: &Uri, token: &str) -> String {
    let mut link = format!("<{}?", uri.path());
    let pairs = uri.query().unwrap_or_default().split('&');
    for pair in pairs.filter(|pair| !pair.is_empty() && !pair.starts_with("page_token=")) {
        link.push_str(pair);
        link.push('&');
    }
    // A token has URL-safe characters only.
    link.push_str("page_token=");
    link.push_str(token);
    link.push_str(">; rel=\"next\"");
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_all_but_the_token() {
        let link = |uri: &str| next_link(&uri.parse().unwrap(), "t2");
        assert_eq!(
            link("/v1/events"),
            "</v1/events?page_token=t2>; rel=\"next\""
        );
        assert_eq!(
            link("http://evil.example/v1/events?type=A%20b&page_token=t1&limit=2"),
            "</v1/events?type=A%20b&limit=2&page_token=t2>; rel=\"next\""
        );
    }
}
