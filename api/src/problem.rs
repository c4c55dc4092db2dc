//! Everything that can go wrong with a request, as RFC 9457 documents
//! (<https://www.rfc-editor.org/rfc/rfc9457>). One enum owns code, status and title. What a client
//! reads and what the service's own log says are kept apart.

use ghev_readmodel::{OpenError, ReadError};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $status:ident, $title:literal;)+) => {
        /// What went wrong, by a word that stays.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code {
            $($(#[doc = $doc])+ $variant),+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $code),+
                }
            }

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self {
                    $(Self::$variant => StatusCode::$status),+
                }
            }

            /// The summary that is the same for every occurrence.
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title),+
                }
            }

            /// When it occurs and what to do.
            pub(crate) const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+)),+
                }
            }
        }
    };
}

codes! {
    /// A parameter has a value that it cannot have; `errors` names each and says why.
    InvalidParameter = "invalid_parameter", BAD_REQUEST, "A parameter is invalid";
    /// Parameters that exclude each other were given together, such as `offset` and `from`.
    ConflictingParameters = "conflicting_parameters", BAD_REQUEST, "Parameters exclude each other";
    /// The endpoint has no parameter of this name; `errors` says which ones it has.
    UnknownParameter = "unknown_parameter", BAD_REQUEST, "A parameter is unknown";
    /// A series would have more than 10,000 buckets; a longer interval or a shorter window has
    /// fewer.
    TooManyBuckets = "too_many_buckets", BAD_REQUEST, "The series would have too many buckets";
    /// No event of a repository of this name or number was ever seen.
    UnknownRepository = "unknown_repository", NOT_FOUND, "The repository was never seen";
    /// No event that names this organisation was ever seen.
    UnknownOrg = "unknown_org", NOT_FOUND, "The organisation was never seen";
    /// No event of an actor of this login was ever seen.
    UnknownActor = "unknown_actor", NOT_FOUND, "The actor was never seen";
    /// There is nothing at this address; `/docs` lists what there is.
    NotFound = "not_found", NOT_FOUND, "There is nothing here";
    /// Only GET, HEAD and OPTIONS are allowed: the service is read-only.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed";
    /// The answer cannot be had in any of the formats asked for.
    NotAcceptable = "not_acceptable", NOT_ACCEPTABLE, "The format cannot be had";
    /// The service wants one of its tokens: `Authorization: Bearer ...`.
    Unauthorized = "unauthorized", UNAUTHORIZED, "A token is needed";
    /// This is no HTTP/1.1 request, or one that can be read in two ways.
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request is malformed";
    /// The request has a body; nothing here takes one.
    ContentNotAccepted = "content_not_accepted", PAYLOAD_TOO_LARGE, "No body is accepted";
    /// Path and query are longer than 8,192 bytes.
    TargetTooLong = "target_too_long", URI_TOO_LONG, "The address is too long";
    /// The request has more than 64 header fields, or more than 16 KiB of them.
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large";
    /// The question took longer than allowed; a narrower window is answered faster.
    QueryDeadline = "query_deadline", SERVICE_UNAVAILABLE, "The question took too long";
    /// Too many questions wait already; try again after `Retry-After` seconds.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The service is overloaded";
    /// There is no readable read model yet; the projector makes it from the log.
    NotReady = "not_ready", SERVICE_UNAVAILABLE, "The read model is not ready";
    /// A fault of the service, which its log describes.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
}

impl Code {
    /// After how many seconds another try may succeed, where it may.
    pub(crate) const fn retry_after_seconds(self) -> Option<u32> {
        match self {
            Self::Overloaded => Some(1),
            Self::QueryDeadline | Self::NotReady => Some(5),
            Self::InvalidParameter
            | Self::ConflictingParameters
            | Self::UnknownParameter
            | Self::TooManyBuckets
            | Self::UnknownRepository
            | Self::UnknownOrg
            | Self::UnknownActor
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::Unauthorized
            | Self::MalformedRequest
            | Self::ContentNotAccepted
            | Self::TargetTooLong
            | Self::HeadersTooLarge
            | Self::Internal => None,
        }
    }
}

/// One occurrence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    /// What is wrong and what to do, for the client.
    pub(crate) detail: String,
    /// What is wrong with each parameter.
    pub(crate) errors: Vec<ParameterError>,
    /// What only the service's own log is to say.
    pub(crate) internal: Option<String>,
}

/// What is wrong with one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ParameterError {
    /// The parameter.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// A problem as RFC 9457 writes it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemView<'p> {
    /// Where the problem is described.
    #[schemars(extend("format" = "uri-reference"))]
    r#type: String,
    /// A summary that is the same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong this time, and what to do.
    detail: &'p str,
    /// A word that stays the same from version to version.
    code: &'static str,
    /// What is wrong with each parameter, where parameters are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [ParameterError],
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            internal: None,
        }
    }

    /// A fault of the service itself.
    pub(crate) fn internal(internal: impl Into<String>) -> Self {
        let detail = "the service failed to answer; its log says why";
        Self {
            internal: Some(internal.into()),
            ..Self::new(Code::Internal, detail)
        }
    }

    pub(crate) fn view(&self) -> ProblemView<'_> {
        ProblemView {
            r#type: format!("/docs#problem-{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.name(),
            errors: &self.errors,
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        let internal = Some(error.to_string());
        if error.is_damage() {
            let detail = "the read model is damaged: `ghev replay` makes it anew from the log";
            return Self {
                internal,
                ..Self::new(Code::NotReady, detail)
            };
        }
        match error {
            ReadError::NotReady { .. } => {
                let detail = "there is no read model yet: start the projector (`ghev project`)";
                Self {
                    internal,
                    ..Self::new(Code::NotReady, detail)
                }
            }
            ReadError::Open(error) => {
                let detail = match error {
                    OpenError::Schema {
                        found, expected, ..
                    } => format!(
                        "the read model has schema {found}, this version needs {expected}: run \
                         `ghev replay` or start the projector (`ghev project`)"
                    ),
                    _ => "the read model cannot be opened; the service's log says why".to_owned(),
                };
                Self {
                    internal,
                    ..Self::new(Code::NotReady, detail)
                }
            }
            ReadError::OlderSchema { .. } => {
                let detail = "the read model is of an earlier version, which did not have this \
                              answer: it has it once the projector has rebuilt it";
                Self {
                    internal,
                    ..Self::new(Code::NotReady, detail)
                }
            }
            ReadError::NewerProjections { .. } => {
                let detail = "the read model is of a newer version of ghev, which has otherwise what this answer \
                              is made of: run that version, or let this one's projector rebuild the model";
                Self {
                    internal,
                    ..Self::new(Code::NotReady, detail)
                }
            }
            ReadError::Interrupted => {
                let detail = "the question took longer than allowed; ask for a shorter window";
                Self {
                    internal: None,
                    ..Self::new(Code::QueryDeadline, detail)
                }
            }
            ReadError::TooManyBuckets { buckets, max } => {
                let reason = format!(
                    "makes {buckets} buckets, more than {max}: give a longer interval or a \
                     shorter window"
                );
                let detail = format!("interval {reason}");
                let name = "interval".to_owned();
                Self {
                    errors: vec![ParameterError { name, reason }],
                    ..Self::new(Code::TooManyBuckets, detail)
                }
            }
            ReadError::Sqlite(_) => Self::internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_words_with_error_statuses() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error());
            assert!(
                code.name()
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'_')
            );
        }
    }

    #[test]
    fn what_is_internal_stays_inside() {
        let problem = Problem::internal("disk I/O error at /secret/path");
        let text = serde_json::to_string(&problem.view()).unwrap();
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(problem.view().status, 500);
    }
}
