//! One record into a batch: decode its heads, admit its events, fold the new ones. Knows nothing
//! about where records come from or when a batch ends.

use ghev_event::Decoder;
use ghev_event::codec::ENVELOPE_EVENTS_MAX as EVENTS_MAX;
use ghev_readmodel::{Admission, Admit, Changes, Offset, Projection, WriteError};

use crate::projections::{self, EnvelopeFold};

/// What a batch has been folded into so far.
#[derive(Debug)]
pub(crate) struct Fold {
    projections: Vec<Projection>,
    decoder: Decoder,
    changes: Changes,
    admissions: Vec<Admission>,
}

impl Default for Fold {
    fn default() -> Self {
        Self::of(Projection::ALL.to_vec())
    }
}

impl Fold {
    /// For some of the projections. Those of whole records, rather than of events, are folded always.
    pub(crate) fn of(projections: Vec<Projection>) -> Self {
        Self {
            projections,
            decoder: Decoder::default(),
            changes: Changes::default(),
            admissions: Vec::new(),
        }
    }

    /// Folds the record at `offset`; how many events it holds, new or not.
    pub(crate) fn record(
        &mut self,
        batch: &mut impl Admit,
        offset: Offset,
        record: &[u8],
    ) -> Result<u64, WriteError> {
        self.heads(batch, offset, record)?.or_else(|reason| {
            self.broken(offset, record, reason);
            Ok(0)
        })
    }

    /// Notes that the record at `offset` is no envelope.
    pub(crate) fn broken(&mut self, offset: Offset, record: &[u8], reason: String) {
        projections::of_record(&mut self.changes, offset, record, reason);
    }

    /// As [`record`](Self::record), of the part of it that has its heads; why it is no envelope, where it is none.
    pub(crate) fn heads(
        &mut self,
        batch: &mut impl Admit,
        offset: Offset,
        record: &[u8],
    ) -> Result<Result<u64, String>, WriteError> {
        let Self {
            projections: of,
            decoder,
            changes,
            admissions,
        } = self;
        let heads = match decoder.heads(record) {
            Ok(heads) => heads,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let events = heads.events.len();
        if events > EVENTS_MAX {
            let reason =
                format!("{events} events, more than the {EVENTS_MAX} an envelope may hold");
            return Ok(Err(reason));
        }
        batch.admit_record(offset, &heads.events, admissions)?;
        let mut envelope = EnvelopeFold::new(offset);
        for (event, admission) in heads.events.iter().zip(admissions) {
            if *admission == Admission::New {
                envelope.fold(event);
                projections::fold(of, changes, event);
            }
        }
        projections::of_rejects(changes, offset, &heads.provenance, &heads.rejects);
        envelope.finish(heads.provenance, changes);
        Ok(Ok(events as u64))
    }

    /// Notes that the records from `asked` up to `first` are not there any more.
    pub(crate) fn trimmed(&mut self, asked: Offset, first: Offset) {
        projections::of_trimmed(&mut self.changes, asked, first);
    }

    /// What has been folded and was not taken yet.
    pub(crate) const fn changes(&mut self) -> &mut Changes {
        &mut self.changes
    }

    /// What has been folded since the last call.
    pub(crate) fn take(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }
}
