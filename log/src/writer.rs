//! The one writer of a log. Knows the order of things: lock, recovery, append, sync, watermark;
//! how each is done is elsewhere.

use std::{ops::Range, path::PathBuf, sync::Arc};

use crate::{
    active::Active,
    checksum,
    committer::Committer,
    create,
    error::{AppendError, IoFailure, OpenError, io_failure},
    frame::{self, Batch},
    identity::{self, LogId},
    index,
    lock::WriterLock,
    offset::Offset,
    options::LogOptions,
    proof::{self, Unproven},
    recovery::{self, Recovery},
    retention::{self, TrimLimit, TrimPlan},
    storage::{Disk, Storage},
    timer::{SystemTimer, Timer},
    watermark::WatermarkWriter,
};

/// Frames gathered before they are handed to commitlog: large enough for few writes, small enough
/// that memory does not grow with the batch.
const CHUNK_BYTES: u64 = 1024 * 1024;

/// Records an active segment takes: commitlog must find a free index entry when it opens.
const SEGMENT_RECORDS_MAX: u64 = index::CAPACITY - 1;

/// The one writer of a log.
///
/// After any error but a refusal ([`AppendError::is_refusal`]) what is on the disk is unknown:
/// the writer is poisoned and refuses everything until the log is opened anew, which recovers it.
#[derive(Debug)]
pub struct LogWriter {
    dir: PathBuf,
    options: LogOptions,
    storage: Arc<dyn Storage>,
    active: Active,
    committer: Committer,
    batch: Batch,
    log_id: LogId,
    /// The offset of the record to come.
    next: Offset,
    recovered: Recovery,
    /// Closed segments that lack a checksum file, oldest first.
    unproven: Vec<Unproven>,
    // Last, so that the lock is let go when everything else is closed.
    lock: WriterLock,
}

impl LogWriter {
    /// Opens the log in `dir` for writing and repairs an incomplete end; creates a log where
    /// there is nothing. Blocks as long as reading the newest segment takes.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing was changed where its variant says so.
    pub fn open(dir: impl Into<PathBuf>, options: LogOptions) -> Result<Self, OpenError> {
        Self::open_with(dir.into(), options, Arc::new(Disk), Box::new(SystemTimer))
    }

    pub(crate) fn open_with(
        dir: PathBuf,
        options: LogOptions,
        storage: Arc<dyn Storage>,
        timer: Box<dyn Timer>,
    ) -> Result<Self, OpenError> {
        options.check()?;
        // Looked at before the lock too, because locking writes a file.
        if identity::look::<OpenError>(&dir)?.is_none() {
            create::directory(&dir, &*storage)?;
        }
        let lock = WriterLock::acquire(&dir)?;
        let (log_id, created) = match identity::look::<OpenError>(&dir)? {
            Some(log_id) => (log_id, false),
            None => (create::empty_log(&dir, &*storage)?, true),
        };
        let (repaired, mut recovered) = recovery::recover(&dir, log_id, &*storage)?;
        recovered.created = created;
        let active = Active::open(&dir, repaired.end, &*storage)?;
        // Only now: a log that commitlog reads otherwise is not to be declared durable.
        let watermark = WatermarkWriter::create(&dir, repaired.watermark, &*storage)?;
        let committer = Committer::start(options.sync, watermark, Arc::clone(&storage), timer)
            .map_err(io_failure("start a thread for the log in", &dir))?;
        lock.announce(&options);
        Ok(Self {
            dir,
            options,
            storage,
            active,
            committer,
            batch: Batch::default(),
            log_id,
            next: repaired.end.next,
            recovered,
            unproven: repaired.unproven,
            lock,
        })
    }

    /// Appends the records in order and returns their offsets: once all of them are durable and
    /// readable, with one fdatasync for all and one more for each segment they fill; or, by the
    /// policy of [`LogOptions::sync`], once they are written. An empty batch is none.
    ///
    /// # Errors
    ///
    /// [`AppendError`]: nothing is acknowledged. After an error that is no refusal some of the
    /// records may be in the log all the same, as the first ones of the batch.
    pub fn append<R: AsRef<[u8]>>(&mut self, records: &[R]) -> Result<Range<Offset>, AppendError> {
        self.committer.check_usable()?;
        let first = self.next;
        let appended = self.try_append(records);
        self.poison_on_failure(appended)?;
        self.next = self.active.end().next;
        Ok(first..self.next)
    }

    /// Makes everything appended durable and readable now, whatever the policy.
    ///
    /// # Errors
    ///
    /// [`AppendError`]: it is not known what is durable.
    pub fn sync(&mut self) -> Result<(), AppendError> {
        self.committer.check_usable()?;
        if self.durable_offset() == self.next {
            return Ok(());
        }
        let synced = self.commit();
        self.poison_on_failure(synced)
    }

    /// Which log it is.
    #[must_use]
    pub const fn log_id(&self) -> LogId {
        self.log_id
    }

    /// The first offset the log still holds.
    #[must_use]
    pub fn first_offset(&self) -> Offset {
        self.committer.watermark().first
    }

    /// The offset of the record to come.
    #[must_use]
    pub const fn next_offset(&self) -> Offset {
        self.next
    }

    /// The first offset that is not durable yet: readers get everything before it. Below
    /// [`next_offset`](Self::next_offset) only where the policy leaves it to a timer.
    #[must_use]
    pub fn durable_offset(&self) -> Offset {
        self.committer.watermark().durable
    }

    /// The first record of the newest segment: it changes when one closes.
    #[must_use]
    pub const fn newest_segment(&self) -> Offset {
        self.active.end().base
    }

    /// What opening the log found and repaired.
    #[must_use]
    pub const fn recovered(&self) -> &Recovery {
        &self.recovered
    }

    /// Says what [`trim`](Self::trim) would delete. The newest segment always stays.
    ///
    /// # Errors
    ///
    /// Where a segment cannot be inspected.
    pub fn plan_trim(&self, limit: TrimLimit) -> Result<TrimPlan, IoFailure> {
        let first = self.first_offset();
        retention::plan(&self.dir, self.log_id(), first, limit)
    }

    /// Deletes the oldest segments, as far as `limit` lets them go, and says what went. Cursors
    /// below get [`ReadError::Trimmed`](crate::ReadError::Trimmed).
    ///
    /// # Errors
    ///
    /// [`AppendError`]: some segments may have gone; the others go when the log is opened anew.
    pub fn trim(&mut self, limit: TrimLimit) -> Result<TrimPlan, AppendError> {
        self.committer.check_usable()?;
        let trimmed = self.try_trim(limit);
        self.poison_on_failure(trimmed)
    }

    fn try_trim(&mut self, limit: TrimLimit) -> Result<TrimPlan, AppendError> {
        let plan = self.plan_trim(limit)?;
        if plan.segments > 0 {
            self.committer.store_first(plan.until)?;
            retention::remove_below(&self.dir, plan.until, &*self.storage)?;
            let sync = self.storage.sync_dir(&self.dir);
            sync.map_err(io_failure("sync", &self.dir))?;
        }
        Ok(plan)
    }

    /// Makes everything appended durable and ends writing, so that the next opening finds all of it
    /// below the watermark. A writer that is dropped instead ends like a killed one: what was
    /// appended is there when the log is opened again, unless the power is cut before.
    ///
    /// # Errors
    ///
    /// [`AppendError::Poisoned`] or the failure to sync; what was durable is so in either case.
    pub fn close(self) -> Result<(), AppendError> {
        self.committer.check_usable()?;
        self.commit()
    }

    fn poison_on_failure<T>(&self, result: Result<T, AppendError>) -> Result<T, AppendError> {
        if let Err(error) = &result
            && !error.is_refusal()
        {
            self.committer.poison(error.to_string());
        }
        result
    }

    fn try_append<R: AsRef<[u8]>>(&mut self, records: &[R]) -> Result<(), AppendError> {
        if records.is_empty() {
            return Ok(());
        }
        let frames_bytes = self.frames_bytes(records)?;
        self.check_in_place()?;
        self.check_space(frames_bytes, records.len())?;
        for record in records {
            self.push(record.as_ref())?;
        }
        self.flush()?;
        self.committer.take(self.active.written())
    }

    /// The bytes that the records will take, if all of them are acceptable.
    fn frames_bytes<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<u64, AppendError> {
        let limit_bytes = u64::from(self.options.record_max_bytes);
        let mut sum_bytes = 0u64;
        for (index, record) in records.iter().enumerate() {
            let payload = record.as_ref();
            let bytes = u64::try_from(payload.len()).expect("a length fits in 64 bits");
            if bytes == 0 {
                return Err(AppendError::RecordEmpty { index });
            }
            if bytes > limit_bytes {
                return Err(AppendError::RecordTooLarge {
                    index,
                    bytes,
                    limit_bytes,
                });
            }
            sum_bytes = sum_bytes.saturating_add(frame::frame_bytes(payload));
        }
        Ok(sum_bytes)
    }

    /// Refuses to write what nobody would read.
    fn check_in_place(&self) -> Result<(), AppendError> {
        if self.lock.is_in_place(&self.dir)? {
            return Ok(());
        }
        Err(AppendError::Replaced {
            dir: self.dir.clone(),
        })
    }

    /// Refuses what may not fit, with the indexes of as many segments as the records may fill.
    fn check_space(&self, frames_bytes: u64, records: usize) -> Result<(), AppendError> {
        let floor_bytes = self.options.free_space_floor_bytes;
        let records = u64::try_from(records).expect("a length fits in 64 bits");
        let by_bytes = (frames_bytes / self.options.segment_max_bytes).min(records);
        let segments = 1 + by_bytes + records / SEGMENT_RECORDS_MAX;
        let needed_bytes = frames_bytes.saturating_add(segments.saturating_mul(index::FRESH_BYTES));
        let free_bytes = self
            .storage
            .free_bytes(&self.dir)
            .map_err(io_failure("ask for the free space of", &self.dir))?;
        if free_bytes < needed_bytes.saturating_add(floor_bytes) {
            return Err(AppendError::NoSpace {
                dir: self.dir.clone(),
                free_bytes,
                needed_bytes,
                floor_bytes,
            });
        }
        Ok(())
    }

    fn push(&mut self, payload: &[u8]) -> Result<(), AppendError> {
        if !self.has_room(frame::frame_bytes(payload)) {
            self.flush()?;
            self.roll()?;
        }
        let offset = self.active.end().next.plus(self.batch.records());
        self.batch.push(offset, payload);
        if self.batch.len_bytes() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn has_room(&self, frame_bytes: u64) -> bool {
        let records = self.active.records() + self.batch.records();
        let end = self.active.end().position.plus(self.batch.len_bytes());
        records == 0
            || records < SEGMENT_RECORDS_MAX
                && end.plus(frame_bytes).get() <= self.options.segment_max_bytes
    }

    /// Hands the gathered frames to commitlog, not durably.
    fn flush(&mut self) -> Result<(), AppendError> {
        if self.batch.records() > 0 {
            self.active.append(&self.batch, &*self.storage)?;
            self.batch.clear();
        }
        Ok(())
    }

    /// Makes what was written durable, then tells readers.
    fn commit(&self) -> Result<(), AppendError> {
        self.committer.commit_now(&self.active.written())
    }

    fn roll(&mut self) -> Result<(), AppendError> {
        self.commit()?;
        self.active.roll(&self.dir, self.log_id, &*self.storage)?;
        self.prove_one()
    }

    /// Gives one of the closed segments that lack it a checksum file, if its records are sound. One
    /// that is damaged, or trimmed by now, stays without: `verify` reads its records and says so.
    fn prove_one(&mut self) -> Result<(), AppendError> {
        let Some(segment) = self.unproven.pop() else {
            return Ok(());
        };
        if let Ok(proof) = proof::prove(&self.dir, self.log_id, segment) {
            checksum::write(&self.dir, &proof, &*self.storage)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
