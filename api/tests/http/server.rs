//! A service on a port of its own, stopped when it is dropped.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ghev_api::{ApiOptions, ServeError};
use ghev_event::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Answer, Client};

/// The time that the services of these tests believe it is.
pub(crate) const NOW: &str = "2026-11-24T12:00:00Z";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
    runtime: Runtime,
}

impl Server {
    pub(crate) fn start(model_dir: &Path) -> Self {
        Self::with(options(model_dir))
    }

    pub(crate) fn with(options: ApiOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let serving = runtime.spawn(ghev_api::serve(listener, options, shutdown));
        Self {
            address,
            stop: Some(stop),
            serving: Some(serving),
            runtime,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.client().get(target)
    }

    /// Waits for a service that ends by itself, and says how.
    pub(crate) fn wait(&mut self) -> Result<(), ServeError> {
        let _running = self.stop.take();
        let serving = self.serving.take().unwrap();
        self.runtime.block_on(serving).unwrap()
    }

    /// Tells the service to stop, and says how it ended once it has.
    pub(crate) fn stop(&mut self) -> Result<(), ServeError> {
        self.stop.take().unwrap().send(()).unwrap();
        let serving = self.serving.take().unwrap();
        self.runtime.block_on(serving).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.stop.is_some() && !std::thread::panicking() {
            self.stop().unwrap();
        }
    }
}

pub(crate) fn options(model_dir: &Path) -> ApiOptions {
    let now = Timestamp::parse_rfc3339(NOW).unwrap();
    ApiOptions {
        now: Arc::new(move || now),
        ..ApiOptions::new(model_dir)
    }
}
