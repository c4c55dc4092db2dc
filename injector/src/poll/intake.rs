//! What imports offer while polling holds the log: appended when its turn comes, and known from
//! then on. Knows nothing about files, nor how offers arrive.

use std::sync::Arc;

use ghev_log::AppendError;
use reqwest::Url;

use super::client::{Answer as Answered, NoAnswer};
use super::cycle::Poller;
use super::journal::blocking;
use crate::InjectError;
use crate::inbox::{Answer, Offer, events_of};

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
                offer = self.inbox.next() => self.take_in(offer).await?,
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
        let keys = match blocking(move || events_of(&offered)).await {
            Ok(keys) => keys,
            Err(reason) => {
                tracing::warn!(reason, "refused what an import offered");
                offer.answer(Answer::Refused(reason));
                return Ok(());
            }
        };
        match self.append_durably(Arc::clone(&records)).await {
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

    /// An import is told what is durable, whatever the policy.
    async fn append_durably(&mut self, records: Arc<Vec<Vec<u8>>>) -> Result<(), AppendError> {
        self.journal.try_append(records).await?;
        self.journal.sync().await
    }
}
