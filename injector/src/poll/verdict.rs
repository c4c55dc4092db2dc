//! What is done about each answer: the table of [`super`] as code. Pure: an answer in, a verdict
//! out; knows nothing about schedules beyond naming the remedy.

use std::time::Duration;

use super::budget::Budget;
use super::client::Answer;

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A page, if its body is an array.
    Page,
    /// Nothing new since the validator that was sent.
    NotModified,
    /// The feed is elsewhere; for good where `permanent`.
    Moved { to: String, permanent: bool },
    /// There are no pages beyond.
    EndOfWindow,
    /// No page, and what to do.
    Failed(Failure),
}

/// Why there is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: Option<u16>,
    pub(super) reason: String,
    pub(super) remedy: Remedy,
}

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing got through: soon again, then less often.
    Reconnect,
    /// GitHub has a problem: again after the poll interval at the earliest, then less often.
    BackOff(Option<Duration>),
    /// Too many requests: none for any feed until it is over.
    Limited(Option<Duration>),
    /// The rest of the cycle would spend more than the budget has: when it is renewed.
    AwaitBudget,
    /// The token is not accepted: go on without it.
    DropToken,
    /// The request will not be answered better soon: ask rarely.
    AskRarely,
}

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Of the cycle, from 1.
    pub(super) page: u32,
    /// Whether a validator was sent.
    pub(super) conditional: bool,
    /// Whether a token was sent.
    pub(super) with_token: bool,
}

/// The verdict on an answer.
pub(super) fn judge(answer: &Answer, asked: Asked) -> Verdict {
    match answer.status {
        200 => Verdict::Page,
        304 if asked.conditional => Verdict::NotModified,
        301 | 308 => moved(answer, true),
        302 | 303 | 307 => moved(answer, false),
        422 if asked.page > 1 => Verdict::EndOfWindow,
        status => Verdict::Failed(Failure {
            status: Some(status),
            reason: reason(answer),
            remedy: remedy(answer, asked),
        }),
    }
}

fn remedy(answer: &Answer, asked: Asked) -> Remedy {
    match answer.status {
        403 | 429 if is_limit(answer) => Remedy::Limited(retry_after(answer)),
        401 if asked.with_token => Remedy::DropToken,
        403 if asked.with_token && message(answer).contains("suspended") => Remedy::DropToken,
        400 | 401 | 403 | 404 | 406 | 410 | 422 | 451 => Remedy::AskRarely,
        _ => Remedy::BackOff(retry_after(answer)),
    }
}

fn is_limit(answer: &Answer) -> bool {
    let told = message(answer);
    answer.status == 429
        || answer.headers.contains_key("retry-after")
        || answer.number::<u64>("x-ratelimit-remaining") == Some(0)
        || told.contains("rate limit")
        || told.contains("abuse detection")
}

/// `Retry-After` in seconds; GitHub does not send dates.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.number("retry-after").map(Duration::from_secs)
}

fn moved(answer: &Answer, permanent: bool) -> Verdict {
    match answer.header("location") {
        Some(to) => Verdict::Moved {
            to: to.to_owned(),
            permanent,
        },
        None => Verdict::Failed(Failure {
            status: Some(answer.status),
            reason: "it moved, but not where to".to_owned(),
            remedy: Remedy::AskRarely,
        }),
    }
}

/// The start of the body in lower case: GitHub's error messages stand near it.
fn message(answer: &Answer) -> String {
    let start = &answer.body[..answer.body.len().min(1024)];
    String::from_utf8_lossy(start).to_lowercase()
}

/// The answer in words: its status and GitHub's own message, where it has one.
fn reason(answer: &Answer) -> String {
    let status = answer.status;
    let body = String::from_utf8_lossy(&answer.body[..answer.body.len().min(1024)]).into_owned();
    let told = body.split_once("\"message\"").and_then(|(_, rest)| {
        let (_, text) = rest.split_once('"')?;
        text.split('"').next().map(str::to_owned)
    });
    match told {
        Some(text) => format!(
            "status {status}: {}",
            text.chars().take(200).collect::<String>()
        ),
        None => format!("status {status}"),
    }
}

/// What an answer of rate limit headers and status says about the shared budget.
pub(super) fn costs_a_request(answer: &Answer, with_token: bool) -> bool {
    // Without a token a 304 counts like any other answer.
    !(answer.status == 304 && with_token && Budget::of(answer).is_some())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    const ASKED: Asked = Asked {
        page: 1,
        conditional: true,
        with_token: true,
    };

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        Answer {
            status,
            headers,
            body: body.as_bytes().to_vec(),
            latency_ms: 1,
        }
    }

    fn remedy_of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Remedy {
        match judge(&answer(status, headers, body), ASKED) {
            Verdict::Failed(failure) => failure.remedy,
            verdict => panic!("{status}: {verdict:?}"),
        }
    }

    #[test]
    fn pages_and_moves_are_what_they_say() {
        assert_eq!(judge(&answer(200, &[], "[]"), ASKED), Verdict::Page);
        assert_eq!(judge(&answer(304, &[], ""), ASKED), Verdict::NotModified);
        let moved = answer(301, &[("location", "/x")], "");
        let to = "/x".to_owned();
        assert_eq!(
            judge(&moved, ASKED),
            Verdict::Moved {
                to: to.clone(),
                permanent: true
            }
        );
        let moved = answer(307, &[("location", "/x")], "");
        assert_eq!(
            judge(&moved, ASKED),
            Verdict::Moved {
                to,
                permanent: false
            }
        );
        let second = Asked { page: 2, ..ASKED };
        assert_eq!(judge(&answer(422, &[], ""), second), Verdict::EndOfWindow);
    }

    #[test]
    fn a_not_modified_nobody_asked_for_is_a_failure() {
        let asked = Asked {
            conditional: false,
            ..ASKED
        };
        assert!(matches!(
            judge(&answer(304, &[], ""), asked),
            Verdict::Failed(_)
        ));
    }

    #[test]
    fn limits_are_told_from_refusals() {
        let limited = |seconds: Option<u64>| Remedy::Limited(seconds.map(Duration::from_secs));
        assert_eq!(
            remedy_of(403, &[("x-ratelimit-remaining", "0")], ""),
            limited(None)
        );
        assert_eq!(
            remedy_of(403, &[("retry-after", "60")], ""),
            limited(Some(60))
        );
        assert_eq!(remedy_of(429, &[], ""), limited(None));
        let secondary = r#"{"message":"You have exceeded a secondary rate limit."}"#;
        assert_eq!(
            remedy_of(403, &[("x-ratelimit-remaining", "9")], secondary),
            limited(None)
        );
        let suspended = r#"{"message":"Sorry. Your account was suspended"}"#;
        assert_eq!(remedy_of(403, &[], suspended), Remedy::DropToken);
        assert_eq!(
            remedy_of(403, &[], "<html>no User-Agent</html>"),
            Remedy::AskRarely
        );
        assert_eq!(
            remedy_of(401, &[], r#"{"message":"Bad credentials"}"#),
            Remedy::DropToken
        );
        let anonymous = Asked {
            with_token: false,
            ..ASKED
        };
        let Verdict::Failed(failure) = judge(&answer(401, &[], ""), anonymous) else {
            panic!()
        };
        assert_eq!(failure.remedy, Remedy::AskRarely);
    }

    #[test]
    fn the_rest_is_asked_again_soon_or_rarely() {
        for status in [400, 404, 410, 422, 451] {
            assert_eq!(remedy_of(status, &[], ""), Remedy::AskRarely, "{status}");
        }
        for status in [204, 500, 502, 503, 504] {
            assert_eq!(
                remedy_of(status, &[], ""),
                Remedy::BackOff(None),
                "{status}"
            );
        }
        let wait = Some(Duration::from_secs(5));
        assert_eq!(
            remedy_of(503, &[("retry-after", "5")], ""),
            Remedy::BackOff(wait)
        );
        assert_eq!(remedy_of(301, &[], ""), Remedy::AskRarely);
    }

    #[test]
    fn the_reason_has_githubs_own_words() {
        let said = |body| reason(&answer(404, &[], body));
        assert_eq!(
            said(r#"{"message": "Not Found","status":"404"}"#),
            "status 404: Not Found"
        );
        assert_eq!(said("<html>"), "status 404");
        assert_eq!(said(r#"{"message"#), "status 404");
    }
}
