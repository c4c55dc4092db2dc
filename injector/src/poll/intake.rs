//! Imports beside polling: what they offer while it holds the log is appended when its turn comes;
//! what they append while they hold it is looked at. Either is known from then on. Knows nothing about
//! files, nor how offers arrive.

use std::sync::Arc;

use ghev_log::Offset;
use reqwest::Url;

use super::client::{Answer as Answered, NoAnswer};
use super::cycle::Poller;
use super::journal::{Done, blocking};
use crate::InjectError;
use crate::inbox::{Answer, Offer, Takes, events_of};
use crate::key::EventKey;
use crate::log_tail::read_heads;
use crate::seen::SeenWindow;

/// Records of an import that are looked at when it has brought many: the newest, with more events
/// than are remembered.
const CAUGHT_UP_RECORDS: u64 = 1_000;

impl Poller {
    /// Asks GitHub, and takes in what is offered meanwhile. `None` where polling is to stop.
    pub(super) async fn ask(
        &mut self,
        url: &Url,
        validator: Option<String>,
    ) -> Result<Option<Result<Answered, NoAnswer>>, InjectError> {
        let (client, stop) = (self.client.clone(), self.stop.clone());
        let mut answer = std::pin::pin!(client.get(url, validator.as_deref()));
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                answer = &mut answer => return Ok(Some(answer)),
                offer = self.journal.offered() => self.take_in(offer).await?,
            }
        }
    }

    /// Appends an offer where the log still ends where the import has read it to, and answers it.
    pub(super) async fn take_in(&mut self, mut offer: Offer) -> Result<(), InjectError> {
        let next = self.journal.next_offset();
        if offer.at != next {
            // The import reads what came, which it can only where that is durable.
            self.journal.sync().await?;
            offer.answer(Answer::Moved(next));
            return Ok(());
        }
        let records = Arc::new(std::mem::take(&mut offer.records));
        let offered = Arc::clone(&records);
        let keys = match blocking(move || events_of(&offered, Takes::ImportsOnly)).await {
            Ok(keys) => keys,
            Err(reason) => {
                tracing::warn!(reason, "refused what an import offered");
                offer.answer(Answer::Refused(reason));
                return Ok(());
            }
        };
        match self.journal.append_offered(Arc::clone(&records)).await {
            Ok(()) => {}
            Err(error) if error.is_refusal() => {
                offer.answer(Answer::Refused(error.to_string()));
                return Ok(());
            }
            // The log has to be opened anew, by whoever comes next: the offer stays unanswered.
            Err(error) => return Err(error.into()),
        }
        tracing::debug!(
            records = records.len(),
            events = keys.len(),
            "took in an import's"
        );
        keys.into_iter().for_each(|key| self.seen.insert(key));
        offer.answer(Answer::Appended(self.journal.next_offset()));
        Ok(())
    }

    /// Looks after a log that an import holds: what came from there is known from then on, and where
    /// the import has ended, the log is written here.
    pub(super) async fn look_after_log(&mut self) -> Result<Done, InjectError> {
        if self.journal.is_held() {
            return Ok(Done::Yes);
        }
        if self.journal.look().await? == Done::Stopped {
            return Ok(Done::Stopped);
        }
        let (from, to) = (self.known_to, self.journal.next_offset());
        self.known_to = to;
        if from < to {
            // More events than that are not remembered anyway.
            let from = from.max(Offset::new(to.get().saturating_sub(CAUGHT_UP_RECORDS)));
            let mut seen = std::mem::replace(&mut self.seen, SeenWindow::new(0));
            let dir = self.log_dir.clone();
            let (seen, read) = blocking(move || {
                let read = read_heads(&dir, from, to, |_, heads| {
                    let keys = heads.events.iter().map(EventKey::of);
                    keys.for_each(|key| seen.insert(key));
                });
                (seen, read)
            })
            .await;
            self.seen = seen;
            read?;
        }
        Ok(Done::Yes)
    }
}
