//! What the api is measured against: the same questions of the same read model, answered with next to
//! nothing around them. `bench/api` runs it. Usage: `plain hyper|axum READMODEL_DIR`; prints its
//! address on standard error.
//!
//! - `questions`: the answers. - `on_hyper`, `on_axum`: what carries them.

mod on_axum;
mod on_hyper;
mod questions;

use std::error::Error;
use std::io::Write as _;

use tokio::net::TcpListener;

use questions::Questions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: plain hyper|axum READMODEL_DIR";
    let mut args = std::env::args().skip(1);
    let server = args.next().ok_or(usage)?;
    let questions = Questions::of(args.next().ok_or(usage)?.into());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stderr(), "http://{}", listener.local_addr()?)?;
    match server.as_str() {
        "hyper" => on_hyper::serve(listener, questions).await,
        "axum" => on_axum::serve(listener, questions).await,
        _ => Err(usage.into()),
    }
}
