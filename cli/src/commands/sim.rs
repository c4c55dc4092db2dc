//! `ghev sim`: the stand-in for GitHub alone, on a real socket and by the wall clock.

use std::future::Future;
use std::sync::{Arc, Mutex};

use ghev_injector::{Clock as _, SystemClock};
use ghev_sim::{EventGenerator, EventSource, SimEvent, SimOptions, SimTime, Simulator};
use tokio::net::TcpListener;

use super::runtime;
use crate::args::SimArgs;
use crate::error::CommandError;
use crate::exit::Exit;

/// Runs until SIGTERM or Ctrl-C.
pub(crate) fn run(args: &SimArgs) -> Result<Exit, CommandError> {
    let source = source(args)?;
    let mut options = SimOptions::new()
        .seed(args.seed)
        .rate_per_second(args.rate)
        .poll_interval_seconds(args.poll_interval)
        .keep_records(false);
    if let Some(faults) = &args.faults {
        options = options.faults(faults.clone());
    }
    runtime::block_on(async |stop| {
        let listener =
            TcpListener::bind(args.listen)
                .await
                .map_err(|source| CommandError::Bind {
                    address: args.listen,
                    source,
                })?;
        if let Ok(address) = listener.local_addr() {
            tracing::info!("standing in for GitHub at http://{address}");
        }
        serve(listener, options, source, stop.cancelled_owned()).await?;
        Ok(Exit::Done)
    })
}

/// Recorded events where files are named, else invented ones without end.
fn source(args: &SimArgs) -> Result<EventSource, CommandError> {
    if args.events.is_empty() {
        return Ok(EventGenerator::new(args.seed).into());
    }
    let mut events: Vec<SimEvent> = Vec::new();
    for path in &args.events {
        let loaded = ghev_sim::load_events(path).map_err(CommandError::SimEvents)?;
        events.extend(loaded);
    }
    tracing::info!("{} events of {} files", events.len(), args.events.len());
    Ok(events.into())
}

/// Serves a new simulator by the wall clock until `stop`.
pub(crate) async fn serve(
    listener: TcpListener,
    options: SimOptions,
    source: EventSource,
    stop: impl Future<Output = ()>,
) -> Result<(), CommandError> {
    let simulator = Arc::new(Mutex::new(Simulator::new(options.start(now()), source)));
    ghev_sim::serve(listener, simulator, now, stop)
        .await
        .map_err(CommandError::Sim)
}

fn now() -> SimTime {
    SimTime::from_millis(SystemClock.now().as_millis())
}
