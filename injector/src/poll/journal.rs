//! The log as polling uses it: appended to without blocking, and waited for where its disk is full.
//! Knows nothing about what the records hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_log::{AppendError, LogOptions, LogWriter, Offset};
use tokio_util::sync::CancellationToken;

use crate::{Clock, InjectError};

/// How long to wait before asking again whether the disk has room.
const NO_SPACE_WAIT: Duration = Duration::from_secs(10);

/// The log's one writer.
#[derive(Debug)]
pub(super) struct Journal {
    /// Away while a record is being written.
    writer: Option<LogWriter>,
}

/// Whether something came to its end, or polling is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    Stopped,
}

impl Journal {
    /// Opens the log, and creates it where there is none.
    pub(super) async fn open(dir: &Path, options: LogOptions) -> Result<Self, InjectError> {
        let dir = dir.to_path_buf();
        let opened = blocking(move || LogWriter::open(dir, options)).await;
        let writer = opened.map_err(InjectError::open)?;
        let recovered = writer.recovered();
        tracing::info!(log_id = %writer.log_id(), next_offset = %writer.next_offset(),
            ?recovered, "opened the log");
        Ok(Self {
            writer: Some(writer),
        })
    }

    pub(super) fn next_offset(&self) -> Offset {
        self.writer().next_offset()
    }

    pub(super) fn writer(&self) -> &LogWriter {
        self.writer.as_ref().expect("given back after every append")
    }

    /// Appends durably. A full disk is waited for: GitHub keeps a feed's window longer than it
    /// takes to lose a page by ending.
    pub(super) async fn append(
        &mut self,
        records: Vec<Vec<u8>>,
        clock: &Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Done, InjectError> {
        let records = Arc::new(records);
        loop {
            match self.try_append(Arc::clone(&records)).await {
                Ok(()) => return Ok(Done::Yes),
                Err(error @ AppendError::NoSpace { .. }) => {
                    tracing::warn!(%error, "the log takes nothing for now; waiting");
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => return Ok(Done::Stopped),
                        () = clock.wait(NO_SPACE_WAIT) => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Appends durably, or says at once why not.
    pub(super) async fn try_append(
        &mut self,
        records: Arc<Vec<Vec<u8>>>,
    ) -> Result<(), AppendError> {
        let mut writer = self.writer.take().expect("given back after every append");
        let (writer, result) = blocking(move || {
            let result = writer.append(&records).map(|_| ());
            (writer, result)
        })
        .await;
        self.writer = Some(writer);
        result
    }

    /// Ends writing.
    pub(super) async fn close(mut self) -> Result<(), InjectError> {
        let writer = self.writer.take().expect("given back after every append");
        Ok(blocking(move || writer.close()).await?)
    }
}

/// Runs what blocks where it may.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is going down, and this task with it.
        Err(_) => std::future::pending().await,
    }
}
