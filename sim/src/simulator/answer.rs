//! The way of one request through the checks GitHub makes, in its order: faults on the way,
//! `User-Agent`, login, budget, API version, path, page.

use super::bodies::{self, Body};
use super::state::Simulator;
use crate::budget::Budget;
use crate::credential::Credential;
use crate::exchange::{Request, RequestNumber};
use crate::faults::FaultKind;
use crate::feed::Shared;
use crate::options::LimitStatus;
use crate::route::{PageQuery, Route};
use crate::time::SimTime;

/// API versions that are served
/// (<https://docs.github.com/en/rest/about-the-rest-api/api-versions>), the default first.
pub(super) const API_VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// How long logins are refused after too many bad ones.
const LOGINS_REFUSED_SECONDS: i64 = 600;

/// An answer before its last steps.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Body,
    /// Headers of this answer alone.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The events in the body, if it is to count as delivering them.
    pub(super) events: Vec<Shared>,
    /// The budget to state; none for answers that state none.
    pub(super) budget: Option<Budget>,
    /// How far the stated reset is off.
    pub(super) reset_skew_seconds: i64,
    /// The fault that shaped this answer, by name and as told to the last steps.
    pub(super) fault: Option<&'static str>,
    pub(super) transport_fault: Option<FaultKind>,
}

impl Answer {
    pub(super) fn new(status: u16, body: Body) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
            events: Vec::new(),
            budget: None,
            reset_skew_seconds: 0,
            fault: None,
            transport_fault: None,
        }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The value of a header of this answer alone, where it is a number.
    pub(super) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(header, _)| *header == name)?;
        value.parse().ok()
    }

    /// Before when it asks for no further request.
    pub(super) fn wait_until(&self, now: SimTime) -> Option<SimTime> {
        let refused = matches!(self.status, 403 | 429);
        let spent = self.budget.filter(|b| refused && b.remaining() == 0);
        let asked = self.number("retry-after");
        asked
            .map(|seconds| now.plus_seconds(seconds))
            .or(spent.map(|budget| budget.resets_at))
    }
}

/// One request as the checks see it.
pub(super) struct Asked<'a> {
    pub(super) number: RequestNumber,
    pub(super) credential: Credential,
    pub(super) request: &'a Request,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) fault: Option<FaultKind>,
    pub(super) base_url: String,
}

impl Simulator {
    pub(super) fn answer(
        &mut self,
        number: RequestNumber,
        credential: Credential,
        request: &Request,
        fault: Option<FaultKind>,
    ) -> Answer {
        let target = request.path_and_query.as_str();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked = Asked {
            number,
            credential,
            request,
            path,
            query,
            fault,
            base_url: self.base_url(request),
        };
        let mut answer = self
            .struck_on_the_way(&asked)
            .unwrap_or_else(|| self.checked(&asked));
        let cut = matches!(fault, Some(FaultKind::GzipCut { .. }));
        if cut || request.method == "HEAD" {
            // A complete answer, but not one that holds its events.
            answer.events.clear();
        }
        answer.fault = fault.map(FaultKind::name);
        answer.transport_fault = fault;
        if let Some(FaultKind::ClockSkew { seconds }) = fault {
            answer.reset_skew_seconds = seconds;
        }
        answer
    }

    /// The scheme and host of links: as set, or as the client called us.
    fn base_url(&self, request: &Request) -> String {
        if let Some(url) = &self.options.base_url {
            return url.clone();
        }
        let plain = |host: &&str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || ".:-[]_".contains(c);
            !host.is_empty() && host.chars().all(fine)
        };
        let host = request.header("host").filter(plain);
        format!("http://{}", host.unwrap_or("localhost"))
    }

    /// The answer of a fault that replaces any answer.
    fn struck_on_the_way(&mut self, asked: &Asked<'_>) -> Option<Answer> {
        let budget = self.budgets.of(asked.credential, self.now);
        let id = bodies::request_id(self.options.seed, asked.number);
        Some(match asked.fault? {
            FaultKind::ServerError => Answer::new(500, bodies::server_error()),
            FaultKind::BadGateway { page_kb } => Answer::new(502, bodies::unicorn(page_kb)),
            FaultKind::Unavailable => Answer::new(503, bodies::unavailable()),
            FaultKind::BadRequest => {
                Answer::new(400, bodies::bad_version("of this request")).budget(budget)
            }
            FaultKind::BadCredentials => Answer::new(401, bodies::bad_credentials()).budget(budget),
            FaultKind::PrimaryForbidden => self.limited(asked, 403, budget.spent()),
            FaultKind::PrimaryTooMany => self.limited(asked, 429, budget.spent()),
            FaultKind::SecondaryForbidden {
                retry_after_seconds,
            } => secondary(403, retry_after_seconds, &id, budget),
            FaultKind::SecondaryTooMany {
                retry_after_seconds,
            } => secondary(429, retry_after_seconds, &id, budget),
            FaultKind::Suspended => Answer::new(403, bodies::suspended()),
            FaultKind::NotFound => Answer::new(404, bodies::not_found()).budget(budget),
            FaultKind::Gone => Answer::new(410, bodies::retired_version()).budget(budget),
            FaultKind::Unprocessable => {
                Answer::new(422, bodies::pagination_limited()).budget(budget)
            }
            FaultKind::MovedPermanently => {
                self.redirected(asked, 301, &asked.base_url).budget(budget)
            }
            FaultKind::MovedTemporarily => {
                self.redirected(asked, 302, &asked.base_url).budget(budget)
            }
            FaultKind::MovedElsewhere => {
                let elsewhere = elsewhere(&asked.base_url);
                self.redirected(asked, 301, &elsewhere).budget(budget)
            }
            FaultKind::HtmlOk => Answer::new(200, bodies::interposed_page()),
            _ => return None,
        })
    }

    fn checked(&mut self, asked: &Asked<'_>) -> Answer {
        let now = self.now;
        let agent = asked.request.header("user-agent").unwrap_or_default();
        if agent.trim().is_empty() {
            return Answer::new(403, bodies::no_user_agent()).header("connection", "close");
        }
        if let Some(refused) = self.login_refused(asked) {
            return refused;
        }
        let who = asked.credential;
        let budget = self.budgets.of(who, now);
        if asked.path == "/rate_limit" {
            return Answer::new(200, bodies::rate_limit(budget)).budget(budget);
        }
        if budget.remaining() == 0 {
            let status = match self.options.limit_status {
                LimitStatus::Forbidden => 403,
                LimitStatus::TooManyRequests => 429,
            };
            return self.limited(asked, status, budget);
        }
        let answer = self.allowed(asked);
        let free = answer.status == 304 && who.is_token();
        let budget = self.budgets.charge(who, now, u32::from(!free));
        answer.budget(budget)
    }

    /// What a request gets that may ask at all.
    fn allowed(&mut self, asked: &Asked<'_>) -> Answer {
        let request = asked.request;
        if let Some(version) = request.header("x-github-api-version")
            && !API_VERSIONS.contains(&version)
        {
            return Answer::new(400, bodies::bad_version(version));
        }
        if !["GET", "HEAD"].contains(&request.method.as_str()) {
            return Answer::new(404, bodies::not_found());
        }
        match Route::of(asked.path, &self.feeds) {
            Route::Feed { key, link_path } => {
                let query = PageQuery::of(asked.query, self.options.page_size_default);
                match query.skipped() {
                    Some(skipped) => self.feed_page(asked, key, &link_path, query, skipped),
                    None => Answer::new(422, bodies::pagination_limited()),
                }
            }
            Route::Moved { link_path } => moved(301, asked, &asked.base_url, &link_path),
            Route::RateLimit | Route::Unknown => Answer::new(404, bodies::not_found()),
        }
    }

    /// 401 for a bad login, 403 for every login once there were too many bad ones.
    fn login_refused(&mut self, asked: &Asked<'_>) -> Option<Answer> {
        let good = match (asked.credential, &self.options.tokens) {
            (Credential::Anonymous, _) => return None,
            (Credential::Malformed, _) => false,
            (Credential::Token(_), None) => true,
            (token, Some(tokens)) => tokens.iter().any(|t| Credential::token(t) == token),
        };
        let now = self.now;
        let anonymous = Credential::Anonymous;
        if self.logins_refused_until.is_some_and(|until| now < until) {
            let budget = self.budgets.of(anonymous, now);
            return Some(Answer::new(403, bodies::too_many_logins()).budget(budget));
        }
        if good {
            self.bad_logins = 0;
            return None;
        }
        self.bad_logins += 1;
        if self.bad_logins >= self.options.bad_logins_max {
            self.bad_logins = 0;
            self.logins_refused_until = Some(now.plus_seconds(LOGINS_REFUSED_SECONDS));
        }
        let budget = self.budgets.charge(anonymous, now, 1);
        Some(Answer::new(401, bodies::bad_credentials()).budget(budget))
    }

    fn limited(&self, asked: &Asked<'_>, status: u16, budget: Budget) -> Answer {
        let id = bodies::request_id(self.options.seed, asked.number);
        let body = bodies::primary_limit(asked.credential, &id, self.now);
        Answer::new(status, body).budget(budget)
    }

    /// A redirect to another URL of the same feed, or of the same path if it has no other, of
    /// `base_url`.
    fn redirected(&self, asked: &Asked<'_>, status: u16, base_url: &str) -> Answer {
        match Route::of(asked.path, &self.feeds) {
            Route::Feed { link_path, .. } | Route::Moved { link_path } => {
                moved(status, asked, base_url, &link_path)
            }
            Route::RateLimit | Route::Unknown => Answer::new(404, bodies::not_found()),
        }
    }
}

/// Another origin that leads to the same server, as long as that is on the client's machine.
pub(super) fn elsewhere(base_url: &str) -> String {
    let (scheme, host) = base_url.split_once("://").unwrap_or(("http", base_url));
    match host.strip_prefix("localhost") {
        Some(port) => format!("{scheme}://127.0.0.1{port}"),
        None => {
            let port = host.rsplit_once(':').map_or("", |(_, port)| port);
            let colon = if port.is_empty() { "" } else { ":" };
            format!("{scheme}://localhost{colon}{port}")
        }
    }
}

fn moved(status: u16, asked: &Asked<'_>, base_url: &str, path: &str) -> Answer {
    // Only what a header may bear is repeated.
    let query: String = asked.query.chars().filter(char::is_ascii_graphic).collect();
    let path: String = path.chars().filter(char::is_ascii_graphic).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    let url = format!("{base_url}{path}{mark}{query}");
    Answer::new(status, bodies::moved(&url)).header("location", url)
}

/// With a `retry-after`, no budget is stated; the variant without states one with requests left.
fn secondary(status: u16, retry_after_seconds: i64, id: &str, budget: Budget) -> Answer {
    let answer = Answer::new(status, bodies::secondary_limit(id));
    if retry_after_seconds > 0 {
        answer.header("retry-after", retry_after_seconds.to_string())
    } else {
        answer.budget(budget)
    }
}
