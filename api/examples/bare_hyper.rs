//! What the api is measured against: hyper with nothing around it, answering event counts of one
//! window with the same query on a connection of each thread's own. Usage:
//! `bare_hyper READMODEL_DIR FROM TO`; prints its address on standard error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use ghev_event::Timestamp;
use ghev_readmodel::{ModelDir, Reader, Scope, TimeAxis, Window};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

thread_local! {
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

struct Question {
    model: PathBuf,
    window: Window,
}

fn answer(question: &Question) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    READER.with_borrow_mut(|reader| {
        let reader = reader.get_or_insert_with(|| Reader::new(ModelDir::new(&question.model)));
        let snapshot = reader.snapshot()?;
        let counts = snapshot.event_counts(&Scope::All, &question.window)?;
        let named: BTreeMap<&str, u64> = counts
            .counts
            .iter()
            .map(|(kind, &events)| (kind.name(), events))
            .collect();
        Ok(serde_json::to_vec(&named)?)
    })
}

async fn respond(
    question: Arc<Question>,
    _: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let (status, body) = match answer(&question) {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string().into_bytes(),
        ),
    };
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
}

fn question() -> Result<Question, Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("usage: bare_hyper READMODEL_DIR FROM TO");
    let model = PathBuf::from(next()?);
    let (from, to) = (next()?, next()?);
    let window = Window {
        from: Some(Timestamp::parse_rfc3339(&from)?),
        to: Some(Timestamp::parse_rfc3339(&to)?),
        by: TimeAxis::CreatedAt,
    };
    Ok(Question { model, window })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let question = Arc::new(question()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stderr(), "http://{}", listener.local_addr()?)?;
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let question = Arc::clone(&question);
        let service = service_fn(move |request| respond(Arc::clone(&question), request));
        tokio::spawn(async move {
            let serving = hyper::server::conn::http1::Builder::new();
            // A client that goes away is no failure of the measurement.
            let _ = serving
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}
