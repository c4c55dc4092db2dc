//! One request, one answer, within bounds of time and size. The only place that knows reqwest's
//! client; knows nothing about what an answer means.

use std::io::{BufReader, Read};
use std::time::Instant;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH,
};
use reqwest::{Url, redirect};

use crate::gzip::GzipReader;
use crate::{InjectError, InjectOptions, Token};

/// A page of 100 events has well below 1 MB; an answer that grows beyond this is none.
pub(super) const BODY_MAX_BYTES: usize = 16 << 20;

const USER_AGENT: &str = concat!("ghev/", env!("CARGO_PKG_VERSION"));
const API_VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

/// What came back, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Decompressed.
    pub(super) body: Vec<u8>,
    /// From the request to the last byte.
    pub(super) latency_ms: u32,
}

impl Answer {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header as a whole number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.header(name).and_then(|text| text.trim().parse().ok())
    }
}

/// No whole answer came.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Nothing came back: no connection, or silence.
    Unreachable(String),
    /// An answer began, but did not end well: what came of it has no body.
    Broken { answer: Box<Answer>, reason: String },
}

/// Asks GitHub. Its clones share the connections.
#[derive(Debug, Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    token: Option<Token>,
}

impl Client {
    pub(super) fn new(options: &InjectOptions) -> Result<Self, InjectError> {
        // Another part of the process may have chosen already; then that is used.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            // Followed by hand: a token must not leave its origin, and a move is remembered.
            .redirect(redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .timeout(options.request_timeout);
        if !options.github_url.is_https() {
            // No certificate is ever checked: a machine without any need not have one.
            builder = builder.tls_certs_only([]);
        }
        if !options.system_proxy {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| InjectError::Client {
            reason: told(&error),
        })?;
        Ok(Self {
            http,
            token: options.token.clone(),
        })
    }

    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Forgets the token: GitHub does not accept it.
    pub(super) fn drop_token(&mut self) {
        self.token = None;
    }

    /// Asks for `url`, which must be of GitHub's origin, or whether it differs from what `etag`
    /// stands for.
    pub(super) async fn get(&self, url: &Url, etag: Option<&str>) -> Result<Answer, NoAnswer> {
        let started = Instant::now();
        let mut request = self
            .http
            .get(url.clone())
            .header(ACCEPT, "application/vnd.github+json")
            .header(ACCEPT_ENCODING, "gzip")
            .header(API_VERSION, "2022-11-28");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token.authorization());
        }
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await;
        let mut response = response.map_err(|error| NoAnswer::Unreachable(told(&error)))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let zipped = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let body = body_of(response, zipped).await;
        let latency_ms = u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX);
        let answer = |body| Answer {
            status,
            headers,
            body,
            latency_ms,
        };
        match body {
            Ok(body) => Ok(answer(body)),
            Err(reason) => Err(NoAnswer::Broken {
                answer: Box::new(answer(Vec::new())),
                reason,
            }),
        }
    }
}

/// The whole body, or why there is none.
async fn body_of(mut response: reqwest::Response, zipped: bool) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_MAX_BYTES {
            return Err(too_large());
        }
    }
    if zipped && !body.is_empty() {
        body = inflated(&body)?;
    }
    Ok(body)
}

fn inflated(body: &[u8]) -> Result<Vec<u8>, String> {
    let mut inflated = Vec::new();
    GzipReader::new(BufReader::new(body))
        .take(BODY_MAX_BYTES as u64 + 1)
        .read_to_end(&mut inflated)
        .map_err(|error| format!("its gzip body does not decompress: {error}"))?;
    if inflated.len() > BODY_MAX_BYTES {
        Err(too_large())
    } else {
        Ok(inflated)
    }
}

fn too_large() -> String {
    format!("its body has more than the allowed {BODY_MAX_BYTES} bytes")
}

/// An error with what caused it: reqwest's own message names neither. The address is left out: it
/// is known, and may be long.
fn told(error: &reqwest::Error) -> String {
    let mut told = String::new();
    let mut cause = std::error::Error::source(error);
    if error.is_timeout() {
        told.push_str("timed out");
    }
    while let Some(inner) = cause {
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&inner.to_string());
        cause = inner.source();
    }
    if told.is_empty() {
        error.to_string()
    } else {
        told
    }
}
