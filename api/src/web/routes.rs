//! The table as a tide server: a route for each endpoint, whatever the method.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::Response;
use http::header::{CONNECTION, HeaderValue};
use http::request::Parts;
use tide::http::{Method, Request, Url};

use super::access_log::Line;
use super::refusals;
use super::trace::{TRACERESPONSE, Trace};
use crate::options::{ApiOptions, Limits};
use crate::problem::Problem;
use crate::service::Service;

/// What the router is given the path of; it looks at nothing else.
static HERE: LazyLock<Url> =
    LazyLock::new(|| Url::parse("http://localhost").expect("a scheme and a host are a URL"));

/// What routes share.
pub(super) type State = Arc<Service>;

/// How requests are treated, whatever they ask.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) limits: Limits,
    access_log: bool,
}

impl Policy {
    pub(super) fn of(options: &ApiOptions) -> Self {
        Self {
            limits: options.limits.clone(),
            access_log: options.access_log,
        }
    }
}

/// The route of an endpoint, by its place in the table.
struct Route {
    endpoint: usize,
}

/// An answer on its way through tide.
struct Answer {
    endpoint: usize,
    response: Response<Bytes>,
}

/// A server with all the routes.
pub(super) fn server(service: &State) -> tide::Server<State> {
    let mut server = tide::with_state(Arc::clone(service));
    for (endpoint, entry) in service.endpoints().iter().enumerate() {
        server.at(&route_of(&entry.path)).all(Route { endpoint });
    }
    server
}

/// A path in tide's notation: `:name` stands for a whole segment.
fn route_of(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let parameter = segment
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'));
        parameter.map_or_else(|| segment.to_owned(), |(name, _)| format!(":{name}"))
    });
    segments.collect::<Vec<_>>().join("/")
}

#[async_trait::async_trait]
impl tide::Endpoint<State> for Route {
    async fn call(&self, request: tide::Request<State>) -> tide::Result {
        let endpoint = self.endpoint;
        let parts: &Parts = request
            .ext()
            .expect("every request brings its own head along");
        let segment = |name: &str| request.param(name).ok();
        let response = request.state().respond(endpoint, segment, parts).await;
        let mut carrier = tide::Response::new(response.status().as_u16());
        carrier.insert_ext(Answer { endpoint, response });
        Ok(carrier)
    }
}

/// Answers a request, whatever it is, counts the answer, and logs it where that is asked for.
pub(super) async fn respond(
    server: &tide::Server<State>,
    parts: Parts,
    client: SocketAddr,
    policy: &Policy,
) -> Response<Bytes> {
    let (arrived, service) = (Instant::now(), server.state());
    let given = Trace::given(&parts.headers);
    let trace = given.or_else(|| policy.access_log.then(Trace::new));
    let line = trace
        .filter(|_| policy.access_log)
        .map(|trace| Line::of(&parts, client, trace));
    let (endpoint, mut response) = answered(server, parts, policy).await;
    if service.metrics().open_connections() > policy.limits.kept_connections_max {
        response = last(response);
    }
    if let Some(trace) = trace {
        response.headers_mut().insert(TRACERESPONSE, trace.header());
    }
    let (status, taken) = (response.status(), arrived.elapsed());
    service.metrics().count(endpoint, status, taken);
    if let Some(line) = line {
        line.write(status, response.body().len(), taken);
    }
    response
}

/// The answer, and the endpoint that gave it.
async fn answered(
    server: &tide::Server<State>,
    parts: Parts,
    policy: &Policy,
) -> (Option<usize>, Response<Bytes>) {
    let has_body = refusals::has_body(&parts);
    let (endpoint, response) = match refusals::of_head(&parts, &policy.limits) {
        Some(problem) => return (None, last(Service::problem(&problem))),
        None if has_body && parts.method == http::Method::GET => {
            (None, Service::problem(&refusals::body()))
        }
        None => match server.state().answer_again(&parts) {
            Some((endpoint, response)) => (Some(endpoint), response),
            None => routed(server, parts).await,
        },
    };
    // Of a body it is anybody's guess where it ends, and with it where the next request begins.
    let response = if has_body { last(response) } else { response };
    (endpoint, response)
}

/// The same response, after which the connection is closed.
pub(super) fn last(mut response: Response<Bytes>) -> Response<Bytes> {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}

/// The answer of the endpoint that the path leads to. A panic on the way is an answer too.
async fn routed(server: &tide::Server<State>, parts: Parts) -> (Option<usize>, Response<Bytes>) {
    let answered = match request_of(parts) {
        Some(request) => {
            AssertUnwindSafe(server.respond(request))
                .catch_unwind()
                .await
        }
        None => Ok(Ok(tide::http::Response::new(404))),
    };
    match answered {
        Ok(carrier) => match carrier.ok().and_then(take_answer) {
            Some(Answer { endpoint, response }) => (Some(endpoint), response),
            // tide's own answer: no route matched.
            None => (None, Service::nowhere()),
        },
        Err(_) => (
            None,
            Service::problem(&Problem::internal("a handler panicked")),
        ),
    }
}

fn take_answer(mut carrier: tide::http::Response) -> Option<Answer> {
    carrier.ext_mut().remove()
}

/// A request for tide's router, with the whole head as an extension; nothing for a target that is no
/// path, such as that of `OPTIONS *`. Only the path matters to the router, so a client's `Host` does
/// not reach it.
fn request_of(parts: Parts) -> Option<Request> {
    let path = parts.uri.path();
    // To a URL a backslash is as good as a slash; here it is part of no path.
    if !path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut url = HERE.clone();
    url.set_path(path);
    // Routes take every method; one that tide does not know is told apart by the endpoint.
    let method = parts.method.as_str().parse().unwrap_or(Method::Get);
    let mut request = Request::new(method, url);
    request.ext_mut().insert(parts);
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_routes() {
        assert_eq!(
            route_of("/v1/repos/{owner}/{repo}/x"),
            "/v1/repos/:owner/:repo/x"
        );
        assert_eq!(route_of("/schemas/{name}.json"), "/schemas/:name");
        assert_eq!(route_of("/"), "/");
    }
}
