//! What GitHub writes into answers that are no events, as captured and quoted in public. Knows
//! nothing about when they are given.

use crate::budget::Budget;
use crate::credential::Credential;
use crate::exchange::RequestNumber;
use crate::generator::json::{Json, number, object, text};
use crate::rng::Rng;
use crate::time::SimTime;

/// A body and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Empty,
    Json(String),
    Html(String),
}

const DOCS: &str = "https://docs.github.com/rest";
const LIMITS: &str =
    "https://docs.github.com/rest/overview/resources-in-the-rest-api#rate-limiting";
const SECONDARY: &str = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits";

fn message(message: &str, documentation_url: &str, status: Option<&str>) -> Body {
    let mut members = vec![
        ("message", text(message)),
        ("documentation_url", text(documentation_url)),
    ];
    members.extend(status.map(|status| ("status", text(status))));
    json(&object(&members))
}

fn json(value: &Json) -> Body {
    Body::Json(value.as_str().to_owned())
}

pub(super) fn bad_credentials() -> Body {
    message("Bad credentials", DOCS, Some("401"))
}

pub(super) fn too_many_logins() -> Body {
    let said = "Maximum number of login attempts exceeded. Please try again later.";
    message(said, DOCS, Some("403"))
}

pub(super) fn not_found() -> Body {
    message("Not Found", DOCS, Some("404"))
}

pub(super) fn pagination_limited() -> Body {
    let said =
        "In order to keep the API fast for everyone, pagination is limited for this resource.";
    message(said, "https://docs.github.com/v3/#pagination", Some("422"))
}

pub(super) fn bad_version(version: &str) -> Body {
    let said = format!("The API version {version:?} is not supported.");
    message(&said, DOCS, Some("400"))
}

pub(super) fn retired_version() -> Body {
    message(
        "This API version is no longer supported.",
        DOCS,
        Some("410"),
    )
}

pub(super) fn suspended() -> Body {
    message("Sorry. Your account was suspended", DOCS, Some("403"))
}

pub(super) fn primary_limit(who: Credential, id: &str, now: SimTime) -> Body {
    let said = if who.is_token() {
        let user = who.number() % 100_000_000;
        let time = now.rfc3339().replace('T', " ").replace('Z', " UTC");
        format!(
            "API rate limit exceeded for user ID {user}. If you reach out to GitHub Support for \
             help, please include the request ID {id} and timestamp {time}."
        )
    } else {
        "API rate limit exceeded for 203.0.113.7. (But here's the good news: Authenticated \
         requests get a higher rate limit. Check out the documentation for more details.)"
            .into()
    };
    message(&said, LIMITS, None)
}

pub(super) fn secondary_limit(id: &str) -> Body {
    let said = format!(
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. \
         If you reach out to GitHub Support for help, please include the request ID {id}."
    );
    message(&said, SECONDARY, None)
}

pub(super) fn moved(url: &str) -> Body {
    json(&object(&[
        ("message", text("Moved Permanently")),
        ("url", text(url)),
        ("documentation_url", text(DOCS)),
    ]))
}

pub(super) fn server_error() -> Body {
    Body::Json(r#"{"message":"Server Error"}"#.into())
}

pub(super) fn unavailable() -> Body {
    json(&object(&[
        ("code", text("service_unavailable")),
        ("message", text("Service unavailable")),
        ("documentation_url", text(DOCS)),
    ]))
}

pub(super) fn rate_limit(budget: Budget) -> Body {
    let core = object(&[
        ("limit", number(budget.limit)),
        ("used", number(budget.used)),
        ("remaining", number(budget.remaining())),
        ("reset", Json::of_i64(budget.resets_at.as_seconds())),
    ]);
    let resources = object(&[("core", core.clone())]);
    json(&object(&[("resources", resources), ("rate", core)]))
}

pub(super) fn no_user_agent() -> Body {
    Body::Html(
        "Request forbidden by administrative rules. Please make sure your request has a \
         User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api\
         #user-agent-required). Check https://developer.github.com for other possible causes.\n"
            .into(),
    )
}

/// The page of a 502, filled up to `page_kb` KiB by the picture it bears inside.
pub(super) fn unicorn(page_kb: i64) -> Body {
    const HEAD: &str = "<!DOCTYPE html>\n<html>\n  <head>\n    <title>Unicorn! &middot; \
        GitHub</title>\n  </head>\n  <body>\n    <p><strong>We had issues producing the response \
        to your request.</strong></p>\n    <img alt=\"\" src=\"data:image/png;base64,";
    const TAIL: &str = "\">\n  </body>\n</html>\n";
    let page_bytes = usize::try_from(page_kb).unwrap_or(0) * 1024;
    let picture = page_bytes.saturating_sub(HEAD.len() + TAIL.len());
    Body::Html(format!("{HEAD}{}{TAIL}", "iVBORw0K".repeat(picture / 8)))
}

/// A page of something between the client and GitHub, such as a captive portal.
pub(super) fn interposed_page() -> Body {
    let page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\
                <body>Please sign in to use this network.</body></html>\n";
    Body::Html(page.into())
}

/// A request's id in GitHub's form, such as `C2D4:3A9B6F:1A2B3C4:2F4D5E6:6A6B7C8D`.
pub(super) fn request_id(seed: u64, number: RequestNumber) -> String {
    let mut rng = Rng::at(&[seed, number.get(), 0x1d]);
    let mut part = |bits: u32| rng.next_u64() >> (64 - bits);
    format!(
        "{:04X}:{:06X}:{:07X}:{:07X}:{:08X}",
        part(16),
        part(24),
        part(28),
        part(28),
        part(32)
    )
}
