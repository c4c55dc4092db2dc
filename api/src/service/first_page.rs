//! The first page: asked of the read model as a question is, answered as HTML whatever comes.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, header};

use super::respond::{Service, preferred_encoding};
use super::response;
use crate::dashboard::{self, DashboardParameters, Figures};
use crate::handlers::Ask;
use crate::parameters::{Input, Parameters as _};
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";

impl Service {
    /// The page of a moment. Where there are no figures it says why, with the status that says so too.
    pub(super) async fn first_page(&self, request: &Parts) -> Result<Response<Bytes>, Problem> {
        let mut input = Input::new(std::iter::empty(), request.uri.query());
        let parameters = DashboardParameters::read(&mut input);
        input.finish()?;
        let parameters =
            parameters.ok_or_else(|| Problem::internal("parameters vanished unexplained"))?;
        let (now, version, freshness) = ((self.now)(), self.version, self.freshness.clone());
        let figures = self
            .queries
            .run(move |reader| {
                let snapshot = reader.snapshot()?;
                let ask = Ask {
                    snapshot: &snapshot,
                    now,
                    version,
                    freshness: &freshness,
                };
                Figures::of(&ask, &parameters)
            })
            .await;
        let html = dashboard::page(version, figures.as_ref());
        let (encoding, body) = preferred_encoding(&request.headers)
            .encode(html.into_bytes())
            .map_err(|error| Problem::internal(format!("cannot compress the page: {error}")))?;
        let mut page = response::of_body(None, encoding, HTML, self.room.hold(body.into())?);
        if let Err(problem) = figures {
            *page.status_mut() = problem.code.status();
            let seconds = problem.code.retry_after_seconds().map(HeaderValue::from);
            page.headers_mut()
                .extend(seconds.map(|seconds| (header::RETRY_AFTER, seconds)));
        }
        Ok(page)
    }
}
