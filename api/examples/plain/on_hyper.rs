//! hyper with nothing around it.

use std::error::Error;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::questions::{Answer, Questions};

pub(crate) async fn serve(
    listener: TcpListener,
    questions: Questions,
) -> Result<(), Box<dyn Error>> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let questions = questions.clone();
        let service = service_fn(move |request| respond(questions.clone(), request));
        tokio::spawn(async move {
            let serving = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
            // A client that goes away is no failure of the measurement.
            let _ = serving.await;
        });
    }
}

async fn respond(
    questions: Questions,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let known = request.headers().get(IF_NONE_MATCH);
    let known = known.and_then(|known| known.to_str().ok());
    let answered = questions.answer(request.uri().path(), request.uri().query(), known);
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    match answered {
        Ok(Answer { tag, body: None }) => response
            .status(StatusCode::NOT_MODIFIED)
            .header(ETAG, tag)
            .body(Full::default()),
        Ok(Answer {
            tag,
            body: Some(body),
        }) => response.header(ETAG, tag).body(Full::new(body.into())),
        Err(error) => response
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(Full::new(error.to_string().into())),
    }
}
