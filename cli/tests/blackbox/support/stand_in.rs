//! The simulated GitHub within the test's own process, so that the test can ask it afterwards what
//! it delivered.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use ghev_sim::{EventSource, SimOptions, SimTime, Simulator};
use tokio::sync::oneshot;

/// Served from a thread of its own until it is dropped.
pub(crate) struct StandIn {
    simulator: Arc<Mutex<Simulator>>,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl StandIn {
    pub(crate) fn start(options: SimOptions, source: impl Into<EventSource>) -> Self {
        let simulator = Arc::new(Mutex::new(Simulator::new(options.start(now()), source)));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&simulator);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(socket).unwrap();
                let stopped = async {
                    // A dropped sender stops it as well.
                    let _ = stopped.await;
                };
                ghev_sim::serve(listener, shared, now, stopped)
                    .await
                    .unwrap();
            });
        });
        Self {
            simulator,
            url,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// (type, id) of every event that reached a client whole.
    pub(crate) fn delivered(&self) -> BTreeSet<(String, String)> {
        let simulator = self.simulator.lock().unwrap();
        let identity = |event: &ghev_sim::Delivered| Some((event.kind.clone(), event.id.clone()?));
        simulator.delivered().keys().filter_map(identity).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // Its panic has been printed; the test has its own to say.
            let _ = thread.join();
        }
    }
}

fn now() -> SimTime {
    SimTime::from(SystemTime::now())
}
