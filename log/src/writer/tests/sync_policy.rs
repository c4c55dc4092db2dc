//! When appends are durable: at once, or when the timer says so; and what a power cut costs then.

use super::*;
use crate::{AppendError, LogCursor, SyncPolicy};

pub(super) const INTERVAL: Duration = Duration::from_millis(250);

/// A writer with a timer that the test turns.
pub(super) struct Turned {
    pub(super) writer: LogWriter,
    waits: Receiver<Option<Duration>>,
}

impl Turned {
    pub(super) fn open(dir: &Path, disk: impl Storage + 'static, sync: SyncPolicy) -> Self {
        let (timer, waits) = TestTimer::new();
        let options = LogOptions {
            sync,
            ..small_segments()
        };
        let on = Arc::new(disk);
        let writer = LogWriter::open_with(dir.to_owned(), options, on, timer).unwrap();
        assert_eq!(waits.recv().unwrap(), None, "nothing is left to do yet");
        Self { writer, waits }
    }

    fn deferred(dir: &Path, disk: &FailingDisk) -> Self {
        Self::open(dir, disk.clone(), SyncPolicy::Interval(INTERVAL))
    }

    /// How long the thread waits for what an append left to it.
    fn awaited(&self) -> Duration {
        self.waits.recv().unwrap().expect("something is left to do")
    }

    /// Lets the time be over and waits until what was due is done.
    pub(super) fn turn(&self) {
        self.writer.committer.let_be_due();
        // It waits without an end only when it has come round.
        while self.waits.recv().unwrap().is_some() {}
    }
}

#[test]
fn by_interval_records_are_seen_when_the_time_is_over_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Turned::deferred(dir.path(), &FailingDisk::default());
    let first = log.writer.append(&[b"one"]).unwrap();
    assert_eq!(first, Offset::ZERO..Offset::new(1));
    assert_eq!(log.writer.next_offset(), Offset::new(1));
    assert_eq!(log.writer.durable_offset(), Offset::ZERO);
    assert_eq!(read_all(dir.path()), Vec::<Vec<u8>>::new());
    let stat = crate::stat(dir.path()).unwrap();
    assert_eq!(stat.next_offset, Offset::new(1));
    assert_eq!(stat.durable_offset, Offset::ZERO);

    assert!(log.awaited() <= INTERVAL);
    // What comes meanwhile does not make the first one wait longer, and goes with it.
    log.writer.append(&[b"two"]).unwrap();
    let mut cursor = LogCursor::open(dir.path(), Offset::ZERO).unwrap();
    log.turn();
    assert!(cursor.wait(Duration::ZERO).unwrap());
    assert_eq!(read_all(dir.path()), [b"one", b"two"]);
    assert_eq!(log.writer.durable_offset(), Offset::new(2));

    log.writer.append(&[b"three"]).unwrap();
    assert!(log.awaited() <= INTERVAL);
    assert_eq!(read_all(dir.path()).len(), 2);
    log.turn();
    assert_eq!(read_all(dir.path()).len(), 3);
}

#[test]
fn a_segment_that_closes_is_durable_and_the_timer_never_goes_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Turned::deferred(dir.path(), &FailingDisk::default());
    let record = [7; 250];
    log.writer.append(&[record]).unwrap();
    // The third one begins another segment: those before it are durable with the first one.
    log.writer.append(&[record, record, record]).unwrap();
    assert_eq!(log.writer.newest_segment(), Offset::new(2));
    assert_eq!(log.writer.durable_offset(), Offset::new(2));
    log.turn();
    assert_eq!(log.writer.durable_offset(), Offset::new(4));
    log.turn();
    assert_eq!(log.writer.durable_offset(), Offset::new(4));
    assert_eq!(read_all(dir.path()).len(), 4);
}

#[test]
fn sync_and_close_wait_for_no_timer() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Turned::deferred(dir.path(), &FailingDisk::default());
    log.writer.append(&[b"one"]).unwrap();
    log.writer.sync().unwrap();
    assert_eq!(read_all(dir.path()), [b"one"]);
    log.writer.append(&[b"two"]).unwrap();
    log.writer.close().unwrap();
    assert_eq!(read_all(dir.path()), [b"one", b"two"]);
}

#[test]
fn a_writer_that_is_dropped_stores_nothing_behind_the_next_ones_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Turned::deferred(dir.path(), &FailingDisk::default());
    log.writer.append(&[b"one"]).unwrap();
    drop(log);
    assert_eq!(read_all(dir.path()), Vec::<Vec<u8>>::new());
    // The process lives on, or was killed: what it wrote is there.
    let log = Turned::deferred(dir.path(), &FailingDisk::default());
    assert_eq!(log.writer.recovered().kept_records, 1);
    assert_eq!(read_all(dir.path()), [b"one"]);
}

#[test]
fn a_sync_that_fails_in_the_background_stops_the_writer_and_is_said_at_the_next_append() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let mut log = Turned::deferred(dir.path(), &disk);
    log.writer.append(&[b"one"]).unwrap();
    log.turn();
    log.writer.append(&[b"two"]).unwrap();
    disk.plan().fail_in = Some(0);
    log.turn();
    assert!(disk.has_failed());
    let error = log.writer.append(&[b"three"]).unwrap_err();
    assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
    assert!(error.to_string().contains("the disk broke"), "{error}");
    // The disk works again, but what it lost it does not tell: nothing more is called durable.
    log.turn();
    assert!(log.writer.sync().is_err());
    assert_eq!(log.writer.durable_offset(), Offset::new(1));
    assert_eq!(read_all(dir.path()), [b"one"]);
    assert!(log.writer.close().is_err());
}

/// The watermark file was synced only by an append a second after the last time: the power went
/// after an idle hour, and the log began by reading what the file could have told.
#[test]
fn under_always_an_idle_second_makes_the_watermark_file_durable() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FailingDisk::default();
    let mut log = Turned::open(dir.path(), disk.clone(), SyncPolicy::Always);
    log.writer.append(&[b"one"]).unwrap();
    assert_eq!(read_all(dir.path()), [b"one"], "it is durable at once");
    assert!(log.awaited() <= Duration::from_secs(1));
    disk.plan().fail_in = Some(0);
    log.turn();
    assert!(disk.has_failed(), "nothing was synced");
    let error = log.writer.append(&[b"two"]).unwrap_err().to_string();
    assert!(error.contains("watermark"), "{error}");
}
