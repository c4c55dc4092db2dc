//! The log as polling uses it: appended to without blocking, waited for where its disk is full, and
//! kept to the size it may have. Knows nothing about what the records hold.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_event::Timestamp;
use ghev_log::{AppendError, LogOptions, LogWriter, Offset};
use tokio_util::sync::CancellationToken;

use crate::clock::until;
use crate::{Clock, InjectError, Retention};

/// How long to wait before asking again whether the disk has room.
const NO_SPACE_WAIT: Duration = Duration::from_secs(5);

/// How often segments are looked at for their age where none has closed.
const RETENTION_INTERVAL: Duration = Duration::from_secs(600);

/// The log's one writer.
#[derive(Debug)]
pub(super) struct Journal {
    /// Away while a record is being written.
    writer: Option<LogWriter>,
    retention: Retention,
    /// When retention was last applied, and which segment was the newest one then.
    retained: Option<(Timestamp, Offset)>,
}

/// Whether something came to its end, or polling is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Yes,
    Stopped,
}

impl Journal {
    /// Opens the log, and creates it where there is none.
    pub(super) async fn open(
        dir: &Path,
        options: LogOptions,
        retention: Retention,
    ) -> Result<Self, InjectError> {
        let dir = dir.to_path_buf();
        let opened = blocking(move || LogWriter::open(dir, options)).await;
        let writer = opened.map_err(InjectError::open)?;
        let recovered = writer.recovered();
        tracing::info!(log_id = %writer.log_id(), next_offset = %writer.next_offset(),
            sync = %options.sync, ?recovered, "opened the log");
        Ok(Self {
            writer: Some(writer),
            retention,
            retained: None,
        })
    }

    pub(super) fn next_offset(&self) -> Offset {
        self.writer().next_offset()
    }

    pub(super) fn writer(&self) -> &LogWriter {
        self.writer.as_ref().expect("given back after every call")
    }

    /// Appends. A full disk is waited for: GitHub keeps a feed's window longer than it takes to
    /// lose a page by ending.
    pub(super) async fn append(
        &mut self,
        records: Vec<Vec<u8>>,
        clock: &Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Done, InjectError> {
        let records = Arc::new(records);
        let mut has_waited = false;
        loop {
            match self.try_append(Arc::clone(&records)).await {
                Ok(()) => break,
                Err(error @ AppendError::NoSpace { .. }) => {
                    if !has_waited {
                        tracing::warn!(%error, "the log takes nothing for now: polling waits, and \
                            keeps what was fetched until there is space");
                    }
                    has_waited = true;
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => return Ok(Done::Stopped),
                        () = clock.wait(NO_SPACE_WAIT) => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        if has_waited {
            tracing::info!("there is space again: what was fetched is in the log");
        }
        Ok(Done::Yes)
    }

    /// Appends, or says at once why not.
    pub(super) async fn try_append(
        &mut self,
        records: Arc<Vec<Vec<u8>>>,
    ) -> Result<(), AppendError> {
        self.write(move |writer| writer.append(&records).map(|_| ()))
            .await
    }

    /// Makes everything appended durable, and so readable, now.
    pub(super) async fn sync(&mut self) -> Result<(), AppendError> {
        self.write(LogWriter::sync).await
    }

    /// Lets old segments go, where that may be due: a segment has closed, or time has passed.
    pub(super) async fn retain(&mut self, now: Timestamp) -> Result<(), InjectError> {
        let newest = self.writer().newest_segment();
        let is_due = self.retained.is_none_or(|(at, newest_then)| {
            newest != newest_then || now < at || until(at, now) >= RETENTION_INTERVAL
        });
        if !is_due {
            return Ok(());
        }
        self.retained = Some((now, newest));
        for limit in self.retention.limits(now) {
            let gone = self.write(move |writer| writer.trim(limit)).await?;
            if gone.segments > 0 {
                tracing::info!(from = %gone.first, until = %gone.until, segments = gone.segments,
                    bytes = gone.bytes, "old records were removed from the log");
            }
        }
        Ok(())
    }

    async fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut LogWriter) -> Result<T, AppendError> + Send + 'static,
    ) -> Result<T, AppendError> {
        let mut writer = self.writer.take().expect("given back after every call");
        let (writer, result) = blocking(move || {
            let result = work(&mut writer);
            (writer, result)
        })
        .await;
        self.writer = Some(writer);
        result
    }

    /// Ends writing.
    pub(super) async fn close(mut self) -> Result<(), InjectError> {
        let writer = self.writer.take().expect("given back after every call");
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
