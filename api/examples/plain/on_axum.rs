//! axum with one route for everything.

use std::error::Error;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::questions::{Answer, Questions};

pub(crate) async fn serve(
    listener: TcpListener,
    questions: Questions,
) -> Result<(), Box<dyn Error>> {
    let routes = Router::new()
        .route("/v1/event-counts", get(respond))
        .route("/v1/events", get(respond))
        .route("/v1/events/{type}/{id}", get(respond))
        .route(
            "/v1/repos/{owner}/{repo}/pull-request-interval",
            get(respond),
        )
        .with_state(questions);
    let listener = listener.tap_io(|connection| {
        // Without it an answer may wait for the acknowledgement of the one before.
        let _ = connection.set_nodelay(true);
    });
    Ok(axum::serve(listener, routes).await?)
}

async fn respond(
    State(questions): State<Questions>,
    headers: HeaderMap,
    uri: Uri,
) -> Response<Body> {
    let known = headers.get(IF_NONE_MATCH);
    let known = known.and_then(|known| known.to_str().ok());
    let of_json = (CONTENT_TYPE, "application/json".to_owned());
    match questions.answer(uri.path(), uri.query(), known) {
        Ok(Answer { tag, body: None }) => (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response(),
        Ok(Answer {
            tag,
            body: Some(body),
        }) => ([of_json, (ETAG, tag)], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
