//! The log as polling uses it: appended to without blocking, waited for where its disk is full, and
//! kept to the size it may have; handed to an import where one holds it. Knows nothing about what the
//! records hold.

mod way;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ghev_event::Timestamp;
use ghev_log::{AppendError, LogOptions, LogWriter, Offset};
use tokio_util::sync::CancellationToken;

use crate::clock::until;
use crate::inbox::{Answer, Offer};
use crate::log_tail::Extent;
use crate::{Clock, InjectError, Retention};
use way::{HandedOver, Way, take_out_kept};

/// How long to wait before asking again whether the disk has room.
const NO_SPACE_WAIT: Duration = Duration::from_secs(5);

/// How often segments are looked at for their age where none has closed.
const RETENTION_INTERVAL: Duration = Duration::from_secs(600);

/// The log, written here or through an import that holds it.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    options: LogOptions,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    way: Way,
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
    /// Opens the log, and creates it where there is none. `None` where polling is to stop before
    /// whoever holds it has said anything.
    pub(super) async fn open(
        dir: &Path,
        options: LogOptions,
        retention: Retention,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Option<Self>, InjectError> {
        let way = Way::open(dir, options, &clock, &stop).await?;
        Ok(way.map(|way| Self {
            dir: dir.to_path_buf(),
            options,
            clock,
            stop,
            way,
            retention,
            retained: None,
        }))
    }

    /// The next offer of an import, whenever it comes: only where this is the log's one writer.
    pub(super) async fn offered(&mut self) -> Offer {
        match &mut self.way {
            Way::Held(held) => held.inbox.next().await,
            Way::Through(_) => std::future::pending().await,
        }
    }

    /// Whether this is the log's one writer.
    pub(super) fn is_held(&self) -> bool {
        matches!(self.way, Way::Held(_))
    }

    /// Where the log ends, as far as that is known.
    pub(super) fn next_offset(&self) -> Offset {
        match &self.way {
            Way::Held(held) => held.writer().next_offset(),
            Way::Through(through) => through.end,
        }
    }

    /// The log, all of it readable.
    pub(super) async fn extent(&mut self) -> Result<Extent, InjectError> {
        // Only what is durable can be read.
        self.sync().await?;
        if let Way::Held(held) = &self.way {
            return Ok(Extent::of_own(held.writer()));
        }
        let dir = self.dir.clone();
        Ok(blocking(move || Extent::of_another(&dir)).await?)
    }

    /// Appends. A full disk is waited for: GitHub keeps a feed's window longer than it takes to
    /// lose a page by ending. So is an import that ends meanwhile: then the log is written here.
    pub(super) async fn append(&mut self, mut records: Vec<Vec<u8>>) -> Result<Done, InjectError> {
        let (mut has_waited, mut doubtful) = (false, false);
        loop {
            match self.try_once(&mut records, doubtful).await? {
                HandedOver::Durable => break,
                HandedOver::Refused(reason) => {
                    if !has_waited {
                        tracing::warn!(
                            %reason,
                            "the log takes nothing for now: polling waits, and \
                            keeps what was fetched until there is space"
                        );
                    }
                    has_waited = true;
                    if self.wait_for_space(&reason).await == Done::Stopped {
                        return Ok(Done::Stopped);
                    }
                }
                HandedOver::Gone => {
                    doubtful = true;
                    if self.reopen(&mut records).await? == Done::Stopped {
                        return Ok(Done::Stopped);
                    }
                }
            }
        }
        if has_waited {
            tracing::info!("there is space again: what was fetched is in the log");
        }
        Ok(Done::Yes)
    }

    /// Waits a while. What imports offer meanwhile is refused for the same reason: they are told, rather than
    /// left waiting.
    async fn wait_for_space(&mut self, reason: &str) -> Done {
        let (stop, clock) = (self.stop.clone(), Arc::clone(&self.clock));
        let mut over = std::pin::pin!(clock.wait(NO_SPACE_WAIT));
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Done::Stopped,
                () = &mut over => return Done::Yes,
                offer = self.offered() => offer.answer(Answer::Refused(reason.to_owned())),
            }
        }
    }

    /// Finds out where a log that an import holds ends; takes it over where that has ended.
    pub(super) async fn look(&mut self) -> Result<Done, InjectError> {
        self.append(Vec::new()).await
    }

    async fn try_once(
        &mut self,
        records: &mut Vec<Vec<u8>>,
        doubtful: bool,
    ) -> Result<HandedOver, InjectError> {
        let held = match &mut self.way {
            Way::Held(held) => held,
            Way::Through(through) => {
                return Ok(through.hand_over(&self.dir, records, doubtful).await?);
            }
        };
        let (offered, appended) = {
            let offered = std::mem::take(records);
            held.write(move |writer| {
                let appended = writer.append(&offered).map(|_| ());
                Ok((offered, appended))
            })
            .await?
        };
        *records = offered;
        match appended {
            Ok(()) => Ok(HandedOver::Durable),
            Err(error @ AppendError::NoSpace { .. }) => Ok(HandedOver::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// The import has gone: whoever holds the log now, or this process does. Records that the log
    /// has are taken out.
    async fn reopen(&mut self, records: &mut Vec<Vec<u8>>) -> Result<Done, InjectError> {
        let from = self.next_offset();
        let way = Way::open(&self.dir, self.options, &self.clock, &self.stop).await?;
        let Some(way) = way else {
            return Ok(Done::Stopped);
        };
        self.way = way;
        if self.is_held() {
            tracing::info!("the import that held the log has ended: polling writes it now");
        }
        let to = self.extent().await?.next;
        take_out_kept(&self.dir, from, to, records).await?;
        Ok(Done::Yes)
    }

    /// Appends what an import offers, or says at once why not. Durable, whatever the policy.
    pub(super) async fn append_offered(
        &mut self,
        records: Arc<Vec<Vec<u8>>>,
    ) -> Result<(), AppendError> {
        self.write(move |writer| {
            writer.append(&records)?;
            writer.sync()
        })
        .await
        .map(drop)
    }

    /// Makes everything appended durable, and so readable, now.
    pub(super) async fn sync(&mut self) -> Result<(), AppendError> {
        self.write(LogWriter::sync).await.map(drop)
    }

    /// Lets old segments go, where that may be due: a segment has closed, or time has passed.
    pub(super) async fn retain(&mut self, now: Timestamp) -> Result<(), InjectError> {
        let Way::Held(held) = &mut self.way else {
            return Ok(());
        };
        let newest = held.writer().newest_segment();
        let is_due = self.retained.is_none_or(|(at, newest_then)| {
            newest != newest_then || now < at || until(at, now) >= RETENTION_INTERVAL
        });
        if !is_due {
            return Ok(());
        }
        self.retained = Some((now, newest));
        for limit in self.retention.limits(now) {
            let gone = held.write(move |writer| writer.trim(limit)).await?;
            if gone.segments > 0 {
                tracing::info!(from = %gone.first, until = %gone.until, segments = gone.segments,
                    bytes = gone.bytes, "old records were removed from the log");
            }
        }
        Ok(())
    }

    /// Does something as the log's one writer; nothing where an import is that, for which all that
    /// it has acknowledged is durable. `None` then.
    async fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut LogWriter) -> Result<T, AppendError> + Send + 'static,
    ) -> Result<Option<T>, AppendError> {
        match &mut self.way {
            Way::Held(held) => held.write(work).await.map(Some),
            Way::Through(_) => Ok(None),
        }
    }

    /// Lets go of the log. Offers not taken in stay with their imports.
    pub(super) async fn close(self) -> Result<(), InjectError> {
        match self.way {
            Way::Held(held) => Ok(held.close().await?),
            Way::Through(_) => Ok(()),
        }
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
