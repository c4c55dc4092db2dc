//! Envelopes into records on a thread of their own, so that compressing and reading share two
//! cores. Knows nothing about where records go.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};

use ghev_event::codec::EncodeError;
use ghev_event::{EnvelopeBuilder, Origin, Provenance};

use super::pending::Record;

/// Envelopes that wait for their turn: with the one at work and the one being gathered, three are
/// in memory.
const WAITING: usize = 1;

/// Encodes envelopes in the order they come.
#[derive(Debug)]
pub(super) struct Encoder {
    jobs: SyncSender<Job>,
    made: Receiver<Made>,
    /// Emptied ones, with the memory they took.
    spare: Vec<EnvelopeBuilder>,
    under_way: usize,
}

struct Job {
    builder: EnvelopeBuilder,
    provenance: Provenance,
}

struct Made {
    builder: EnvelopeBuilder,
    records: Result<Vec<Record>, EncodeError>,
}

impl Encoder {
    pub(super) fn new() -> Self {
        let (jobs, to_do) = sync_channel::<Job>(WAITING);
        let (done, made) = channel();
        // It ends when nobody sends any more.
        std::thread::spawn(move || {
            for Job {
                mut builder,
                provenance,
            } in to_do
            {
                let records = records_of(&mut builder, &provenance);
                if done.send(Made { builder, records }).is_err() {
                    return;
                }
            }
        });
        Self {
            jobs,
            made,
            spare: Vec::new(),
            under_way: 0,
        }
    }

    /// An empty builder to go on with, in exchange for a full one. Waits where others are waiting.
    pub(super) fn exchange(
        &mut self,
        builder: EnvelopeBuilder,
        provenance: Provenance,
    ) -> Result<EnvelopeBuilder, EncodeError> {
        let sent = self.jobs.send(Job {
            builder,
            provenance,
        });
        sent.map_err(|_| gone())?;
        self.under_way += 1;
        Ok(self.spare.pop().unwrap_or_default())
    }

    /// Records that are made; `None` where none is at the moment.
    pub(super) fn made(&mut self) -> Result<Option<Vec<Record>>, EncodeError> {
        match self.made.try_recv() {
            Ok(made) => self.take(made).map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(gone()),
        }
    }

    /// The next records, waited for; `None` where all have been taken.
    pub(super) fn wait(&mut self) -> Result<Option<Vec<Record>>, EncodeError> {
        if self.under_way == 0 {
            return Ok(None);
        }
        let made = self.made.recv().map_err(|_| gone())?;
        self.take(made).map(Some)
    }

    fn take(&mut self, made: Made) -> Result<Vec<Record>, EncodeError> {
        self.under_way -= 1;
        self.spare.push(made.builder);
        made.records
    }
}

fn gone() -> EncodeError {
    EncodeError::Encoding {
        reason: "the thread that compresses ended unexpectedly".to_owned(),
    }
}

/// The envelope as one record, or as several where it does not compress well enough for one.
fn records_of(
    builder: &mut EnvelopeBuilder,
    provenance: &Provenance,
) -> Result<Vec<Record>, EncodeError> {
    let events = builder.events() as u64;
    match builder.finish(provenance) {
        Ok(bytes) => Ok(vec![Record::new(bytes, events)]),
        Err(EncodeError::TooLarge { .. }) if events > 1 => {
            let mut half = builder.split_off_half()?;
            let mut first = provenance.clone();
            if let Origin::Import(facts) = &mut first.origin {
                facts.end = None;
            }
            let mut records = records_of(builder, &first)?;
            records.extend(records_of(&mut half, provenance)?);
            Ok(records)
        }
        Err(error) => Err(error),
    }
}
