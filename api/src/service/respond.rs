//! The way of a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ghev_event::Timestamp;
use http::request::Parts;
use http::{HeaderMap, Method, Response, header};

use super::kept::KeptAnswers;
use super::response;
use super::room::Room;
use crate::answer::{self, Encoding, Offered};
use crate::document::Documents;
use crate::freshness::Freshness;
use crate::handlers::{self, StreamParameters};
use crate::live::{EVENT_STREAM, Feed, Patience, Wanted};
use crate::metrics::{self, Metrics, ModelFigures};
use crate::options::ApiOptions;
use crate::parameters::{Format, Input, Parameters as _};
use crate::problem::{Code, Problem};
use crate::queries::QueryThreads;
use crate::readers::Readers;
use crate::table::{Action, Endpoint};
use crate::tokens::Tokens;
use crate::views::HealthView;
use crate::web::ServeError;

/// How long the figures of the read model may take; those of the service itself are told anyway.
const FIGURES_DEADLINE: Duration = Duration::from_millis(500);

/// Where a client of a stream goes on.
const LAST_EVENT_ID: header::HeaderName = header::HeaderName::from_static("last-event-id");

/// Everything that answers requests.
pub(crate) struct Service {
    endpoints: Vec<Endpoint>,
    documents: Documents,
    metrics: Metrics,
    pub(super) readers: Readers,
    pub(super) room: Room,
    pub(super) kept: KeptAnswers,
    pub(super) queries: Arc<QueryThreads>,
    feed: Arc<Feed>,
    patience: Patience,
    pub(super) lookup_deadline: Duration,
    pub(super) freshness: Freshness,
    tokens: Option<Tokens>,
    pub(super) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(super) version: &'static str,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// A service with these endpoints. Starts the query threads.
    pub(crate) fn start(
        options: &ApiOptions,
        endpoints: Vec<Endpoint>,
    ) -> Result<Self, ServeError> {
        let readers = Readers::new(options.model_dir.clone(), options.model_file.clone());
        let tokens = options.token_file.clone().map(Tokens::of_file);
        let queries = QueryThreads::start(options, &readers).map_err(ServeError::Threads)?;
        let queries = Arc::new(queries);
        Ok(Self {
            tokens: tokens.transpose().map_err(ServeError::Tokens)?,
            freshness: Freshness::new(options),
            documents: Documents::of(&endpoints, options.version),
            metrics: Metrics::new(endpoints.iter().map(|endpoint| endpoint.path.clone())),
            feed: Feed::new(Arc::clone(&queries), options.streams.tick),
            patience: Patience {
                heartbeat: options.streams.heartbeat,
                retry: options.streams.retry,
            },
            queries,
            room: Room::new(options.limits.answers_max_bytes),
            kept: KeptAnswers::new(options.limits.kept_answers_max_bytes),
            readers,
            lookup_deadline: options.lookup_deadline,
            now: Arc::clone(&options.now),
            version: options.version,
            endpoints,
        })
    }

    /// The endpoints; a route names one by its place here.
    pub(crate) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The service's own counters.
    pub(crate) const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Ends all streams of events, so that requests under way can end.
    pub(crate) fn end_streams(&self) {
        self.feed.end();
    }

    /// Answers a request to an endpoint. `segment` gives the parameters in its path, still
    /// percent-encoded.
    pub(crate) async fn respond<'r>(
        &self,
        number: usize,
        segment: impl Fn(&str) -> Option<&'r str>,
        request: &Parts,
    ) -> Response<Bytes> {
        let endpoint = &self.endpoints[number];
        match request.method {
            // A browser asks this before it shows a token.
            Method::OPTIONS => return response::options(),
            _ if !self.allows(endpoint, request) => return Self::problem(&unauthorized()),
            Method::GET | Method::HEAD => {}
            _ => {
                let detail = format!("{} is read-only: GET, HEAD or OPTIONS", endpoint.path);
                return Self::problem(&Problem::new(Code::MethodNotAllowed, detail));
            }
        }
        let names = endpoint.path_parameters();
        let segments = names.filter_map(|name| segment(name).map(|raw| (name, raw)));
        let answered = match &endpoint.action {
            Action::Question(question) => {
                let input = Input::new(segments, request.uri.query());
                self.answer(number, &**question, input, request).await
            }
            Action::Stream => {
                let input = Input::new(segments, request.uri.query());
                self.stream(input, request)
            }
            Action::Dashboard => Box::pin(self.first_page(request)).await,
            Action::Document(_) | Action::Health | Action::Metrics => {
                let segment = segments.map(|(_, raw)| raw).next();
                self.show(endpoint, segment, request)
            }
        };
        answered.unwrap_or_else(|problem| Self::problem(&problem))
    }

    /// Whether a request shows a token, where one is needed.
    pub(super) fn allows(&self, endpoint: &Endpoint, request: &Parts) -> bool {
        let open = matches!(endpoint.action, Action::Health);
        let mut tokens = self.tokens.iter();
        open || tokens.all(|tokens| tokens.allow(&request.headers))
    }

    /// A problem as a response.
    pub(crate) fn problem(problem: &Problem) -> Response<Bytes> {
        response::of_problem(problem)
    }

    /// The problem of a path that leads nowhere.
    pub(crate) fn nowhere() -> Response<Bytes> {
        let detail = "there is nothing at this path; /docs lists what there is";
        Self::problem(&Problem::new(Code::NotFound, detail))
    }

    /// Events as they arrive: the answer brings along what is wanted.
    fn stream(&self, mut input: Input, request: &Parts) -> Result<Response<Bytes>, Problem> {
        let parameters = StreamParameters::read(&mut input);
        input.finish()?;
        let parameters =
            parameters.ok_or_else(|| Problem::internal("parameters vanished unexplained"))?;
        let headers = &request.headers;
        let accept = joined(headers, &header::ACCEPT);
        answer::require(EVENT_STREAM, accept.as_deref())?;
        // Empty is what a client has that was told to forget the last.
        let last_seen = joined(headers, &LAST_EVENT_ID).filter(|id| !id.is_empty());
        let (filter, log, at) = self.readers.with(|reader| {
            reader.set_deadline(None);
            handlers::stream(&reader.snapshot()?, &parameters, last_seen.as_deref())
        })?;
        let mut response = response::of_stream();
        if request.method != Method::HEAD {
            response.extensions_mut().insert(Wanted {
                feed: Arc::clone(&self.feed),
                filter,
                from: (log, at),
                patience: self.patience,
            });
        }
        Ok(response)
    }

    /// What needs no read model.
    fn show(
        &self,
        endpoint: &Endpoint,
        segment: Option<&str>,
        request: &Parts,
    ) -> Result<Response<Bytes>, Problem> {
        Endpoint::refuse_parameters(request.uri.query())?;
        match &endpoint.action {
            Action::Document(document) => {
                let nothing = || Problem::new(Code::NotFound, "there is no document of this name");
                let document = document(&self.documents, segment).ok_or_else(nothing)?;
                let encoding = preferred_encoding(&request.headers);
                let (tag, encoding, body) = document.encoded(encoding);
                let known = joined(&request.headers, &header::IF_NONE_MATCH);
                if known.is_some_and(|known| tag.is_in(&known)) {
                    return Ok(response::not_modified(tag));
                }
                Ok(response::of_body(
                    Some(tag),
                    encoding,
                    document.media_type(),
                    body,
                ))
            }
            Action::Health | Action::Dashboard | Action::Question(_) | Action::Stream => {
                let accept = joined(&request.headers, &header::ACCEPT);
                answer::choose(Offered::JsonOnly, None, accept.as_deref())?;
                let body = serde_json::to_vec(&HealthView { status: "ok" }).unwrap_or_default();
                Ok(Self::plain(answer::media_type(Format::Json), body))
            }
            Action::Metrics => {
                let media_type = "text/plain; version=0.0.4; charset=utf-8";
                Ok(Self::plain(media_type, self.figures().into_bytes()))
            }
        }
    }

    /// Every figure there is; of the read model none where it cannot be read.
    fn figures(&self) -> String {
        let model = self.readers.with(|reader| {
            reader.set_deadline(Some(Instant::now() + FIGURES_DEADLINE));
            let snapshot = reader.snapshot().ok()?;
            Some(ModelFigures {
                as_of: *snapshot.as_of(),
                status: snapshot.status().ok()?,
                lag: self.freshness.lag(snapshot.as_of(), (self.now)()),
                size_bytes: self.readers.size_bytes(snapshot.generation()),
            })
        });
        metrics::text(
            &self.metrics,
            self.feed.open_streams(),
            model.as_ref(),
            self.version,
        )
    }

    fn plain(media_type: &'static str, body: Vec<u8>) -> Response<Bytes> {
        response::of_body(None, Encoding::Identity, media_type, body.into())
    }
}

fn unauthorized() -> Problem {
    let detail = "show a token of this service: `Authorization: Bearer TOKEN`";
    Problem::new(Code::Unauthorized, detail)
}

pub(super) fn preferred_encoding(headers: &HeaderMap) -> Encoding {
    Encoding::preferred(joined(headers, &header::ACCEPT_ENCODING).as_deref())
}

/// A header that is a list, however many fields it is spread over. What is no text counts as absent.
pub(super) fn joined<'h>(
    headers: &'h HeaderMap,
    name: &header::HeaderName,
) -> Option<Cow<'h, str>> {
    let mut fields = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut joined = Cow::Borrowed(fields.next()?);
    for field in fields {
        joined += ",";
        joined += field;
    }
    Some(joined)
}
