//! `ghev demo`: the whole product without a network, fed by a simulated GitHub. Its data never
//! touches a data directory of the user's.

use std::net::{Ipv4Addr, SocketAddr};

use ghev_event::Source;
use ghev_injector::InjectOptions;
use ghev_sim::{EventGenerator, SimOptions};
use tokio::net::TcpListener;

use super::runtime::{self, Service};
use super::{DataDir, inject, output, project, serve, sim};
use crate::args::{KeepArgs, ServeArgs};
use crate::error::CommandError;
use crate::exit::Exit;

/// Events that are there from the start, spread over the hours before: a first look is no empty one.
const INITIAL_EVENTS: usize = 300;
const HISTORY_SECONDS: u32 = 4 * 3600;

/// Runs until SIGTERM or Ctrl-C, then removes what it kept.
pub(crate) fn run(args: &ServeArgs, rate: f64, seed: u64) -> Result<Exit, CommandError> {
    let directory = tempfile::Builder::new()
        .prefix("ghev-demo-")
        .tempdir()
        .map_err(CommandError::Temporary)?;
    let dirs = DataDir::new(directory.path());
    runtime::block_on(async |stop| {
        let listener = serve::bind(args)?;
        let github = bind_github().await?;
        let inject = InjectOptions {
            github_url: url_of(&github)?,
            sources: vec![Source::Public],
            system_proxy: false,
            ..InjectOptions::default()
        };
        let answers = serve::options(&dirs, args);
        announce(&listener, serve::scheme(&answers))?;
        let sim = sim::serve(
            github,
            sim_options(rate, seed),
            EventGenerator::new(seed).into(),
            stop.clone().cancelled_owned(),
        );
        let services: Vec<Service> = vec![
            Box::pin(sim),
            Box::pin(inject::service(dirs.clone(), inject, stop.clone())),
            Box::pin(project::service(
                project::options(&dirs, KeepArgs::default()),
                stop.clone(),
            )),
            Box::pin(serve::service(answers, listener, stop.clone())),
        ];
        runtime::side_by_side(services, &stop).await?;
        Ok(Exit::Done)
    })
}

/// A GitHub in a hurry: polls every second are allowed, and events are new when they appear.
fn sim_options(rate: f64, seed: u64) -> SimOptions {
    SimOptions::new()
        .seed(seed)
        .rate_per_second(rate)
        .initial_events(INITIAL_EVENTS)
        .history_seconds(HISTORY_SECONDS)
        .latency_floor_seconds(0)
        .poll_interval_seconds(1)
        .anonymous_limit_per_hour(1_000_000)
        .keep_records(false)
}

async fn bind_github() -> Result<TcpListener, CommandError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(address)
        .await
        .map_err(|source| CommandError::Bind { address, source })
}

fn url_of(listener: &TcpListener) -> Result<ghev_injector::GithubUrl, CommandError> {
    let address = listener.local_addr().map_err(CommandError::Sim)?;
    let url = format!("http://{address}").parse();
    Ok(url.expect("a socket's address makes an http URL"))
}

fn announce(listener: &TcpListener, scheme: &str) -> Result<Exit, CommandError> {
    let address = listener.local_addr().map_err(CommandError::Sim)?;
    output::to_stdout(|output| {
        output.line(format_args!(
            "A simulated GitHub and ghev are running; all events are invented."
        ))?;
        output.line(format_args!("  dashboard      {scheme}://{address}/"))?;
        output.line(format_args!("  documentation  {scheme}://{address}/docs"))?;
        output.line(format_args!(
            "  a question     {scheme}://{address}/v1/event-counts?offset=10"
        ))?;
        output.line("Ctrl-C ends it and removes its data.")
    })
}
