//! How polling reaches the log: as its one writer, or through an import that holds it. Knows nothing
//! about what is appended.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_log::{AppendError, Holder, LogOptions, LogWriter, Offset, OpenError, ReadError};
use tokio_util::sync::CancellationToken;

use super::blocking;
use crate::clock::later;
use crate::inbox::{Answer, Delivery, Inbox, Takes};
use crate::log_tail::{Extent, open_from};
use crate::{Clock, InjectError};

/// A holder that neither takes in polls nor says that it never will may be about to: an import that
/// starts, or an injector that ends.
const HOLDER_PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks whether the log is free or its holder listens.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// How long an import may take with what is offered: one fdatasync as a rule.
const ANSWER_WAIT: Duration = Duration::from_secs(5);

const GIVEN_BACK: &str = "given back after every call";

/// Where what is appended goes.
#[derive(Debug)]
pub(super) enum Way {
    Held(Box<Held>),
    Through(Through),
}

/// The log's one writer, and what imports offer to it.
#[derive(Debug)]
pub(super) struct Held {
    // First, so that the socket goes before the lock does: the next holder's has the same name.
    pub(super) inbox: Inbox,
    /// Away while a record is being written.
    pub(super) writer: Option<LogWriter>,
}

/// A connection to an import that holds the log.
#[derive(Debug)]
pub(super) struct Through {
    /// Away while it is being spoken to.
    delivery: Option<Delivery>,
    /// Where the log ended when it was last heard of.
    pub(super) end: Offset,
}

/// What became of records that were handed over.
#[derive(Debug)]
pub(super) enum HandedOver {
    Durable,
    Refused(String),
    /// Nobody knows: the holder ended, or does not answer.
    Gone,
}

impl Way {
    /// Opens the log in `dir`, which is created where there is none, or reaches the import that holds
    /// it. `None` where polling is to stop.
    pub(super) async fn open(
        dir: &Path,
        options: LogOptions,
        clock: &Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Result<Option<Self>, InjectError> {
        let (until, mut said) = (later(clock.now(), HOLDER_PATIENCE), false);
        loop {
            let locked = match open_writer(dir, options).await {
                Ok(writer) => {
                    let inbox = Inbox::open(dir, Takes::ImportsOnly, Arc::clone(clock));
                    let writer = Some(writer);
                    return Ok(Some(Self::Held(Box::new(Held { inbox, writer }))));
                }
                Err(error @ OpenError::Locked { .. }) => error,
                Err(error) => return Err(InjectError::open(error)),
            };
            match Through::connect(dir).await {
                Ok(Some(through)) => return Ok(Some(Self::Through(through))),
                Ok(None) => return Err(InjectError::open(locked)),
                Err(_) if clock.now() >= until => return Err(InjectError::open(locked)),
                Err(reason) => {
                    if !std::mem::replace(&mut said, true) {
                        tracing::info!(%reason, "{locked}; waiting for a moment, since it may be \
                            about to end, or an import that takes in what is polled");
                    }
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                () = clock.wait(LOOK_INTERVAL) => {}
            }
        }
    }
}

async fn open_writer(dir: &Path, options: LogOptions) -> Result<LogWriter, OpenError> {
    let at = dir.to_path_buf();
    let writer = blocking(move || LogWriter::open(at, options)).await?;
    let recovered = writer.recovered();
    tracing::info!(log_id = %writer.log_id(), next_offset = %writer.next_offset(),
        sync = %options.sync, %recovered, "opened the log");
    Ok(writer)
}

impl Through {
    /// `None` where the holder is one that polls itself.
    async fn connect(dir: &Path) -> Result<Option<Self>, String> {
        let at = dir.to_path_buf();
        blocking(move || {
            let delivery = Delivery::connect(&at)
                .and_then(|delivery| delivery.with_patience(ANSWER_WAIT))
                .map_err(|error| error.to_string())?;
            if delivery.takes() == Takes::ImportsOnly {
                return Ok(None);
            }
            let extent = Extent::of_another(&at).map_err(|error| error.to_string())?;
            let process = match ghev_log::holder(&at) {
                Ok(Holder::Writer(facts)) => Some(facts.pid),
                _ => None,
            };
            tracing::info!(process, log = %at.display(),
                "an import holds the log: it appends what polling brings, until it ends");
            Ok(Some(Self {
                delivery: Some(delivery),
                end: extent.next,
            }))
        })
        .await
    }

    /// Hands records over. Those that the log turns out to have are taken out; whether it has any is
    /// looked at where `doubtful` says that they have been handed over before.
    pub(super) async fn hand_over(
        &mut self,
        dir: &Path,
        records: &mut Vec<Vec<u8>>,
        doubtful: bool,
    ) -> Result<HandedOver, ReadError> {
        let mut delivery = self.delivery.take().expect(GIVEN_BACK);
        loop {
            let (at, offered) = (self.end, std::mem::take(records));
            let answer;
            (delivery, *records, answer) = blocking(move || {
                let answer = delivery.offer(at, &offered);
                (delivery, offered, answer)
            })
            .await;
            let handed_over = match answer {
                Ok(Answer::Appended(next)) => {
                    self.end = next;
                    HandedOver::Durable
                }
                Ok(Answer::Moved(next)) => {
                    if doubtful {
                        take_out_kept(dir, at, next, records).await?;
                    }
                    self.end = next;
                    continue;
                }
                Ok(Answer::Refused(reason)) => HandedOver::Refused(reason),
                Err(error) => {
                    tracing::debug!(%error, "the import that held the log does not answer");
                    HandedOver::Gone
                }
            };
            self.delivery = Some(delivery);
            return Ok(handed_over);
        }
    }
}

impl Held {
    pub(super) fn writer(&self) -> &LogWriter {
        self.writer.as_ref().expect(GIVEN_BACK)
    }

    pub(super) async fn write<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut LogWriter) -> Result<T, AppendError> + Send + 'static,
    ) -> Result<T, AppendError> {
        let mut writer = self.writer.take().expect(GIVEN_BACK);
        let (writer, result) = blocking(move || {
            let result = work(&mut writer);
            (writer, result)
        })
        .await;
        self.writer = Some(writer);
        result
    }

    /// Ends writing. Offers not taken in stay with their imports.
    pub(super) async fn close(self) -> Result<(), AppendError> {
        drop(self.inbox);
        let writer = self.writer.expect(GIVEN_BACK);
        blocking(move || writer.close()).await
    }
}

/// Takes out those that are among the log's records in `from..to`.
pub(super) async fn take_out_kept(
    dir: &Path,
    from: Offset,
    to: Offset,
    records: &mut Vec<Vec<u8>>,
) -> Result<(), ReadError> {
    if from >= to || records.is_empty() {
        return Ok(());
    }
    let (dir, mut left) = (dir.to_path_buf(), std::mem::take(records));
    *records = blocking(move || {
        let mut cursor = open_from(&dir, from)?;
        loop {
            match cursor.read() {
                Ok(Some(kept)) if kept.offset < to => left.retain(|record| record != kept.payload),
                Ok(_) => return Ok(left),
                Err(ReadError::Trimmed { first, .. }) => cursor.seek(first)?,
                Err(error) => return Err(error),
            }
        }
    })
    .await?;
    Ok(())
}
