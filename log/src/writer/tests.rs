//! The writer on a disk that fails: every call refused once, and the power cut before every call,
//! with any subset of what was not synced.

mod crash_images;
mod faults;
mod full_disk;
mod image;
mod random;
mod replaced;
mod sync_policy;
mod watermark_slots;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        mpsc::{self, Receiver, Sender},
    },
    time::Duration,
};

use commitlog::CommitLog;

use super::*;
use crate::{
    cursor::LogCursor,
    offset::Position,
    storage::{Disk, Storage},
    timer::Wake,
};

/// What the tests tell the disk, and what it tells them.
#[derive(Debug, Default)]
struct Plan {
    /// Calls until the one that fails; none does where it is `None`.
    fail_in: Option<u64>,
    free_bytes: Option<u64>,
}

/// A disk that fails by plan; everything else the real one does.
#[derive(Clone, Debug, Default)]
struct FailingDisk(Arc<Mutex<Plan>>);

impl FailingDisk {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap()
    }

    /// Counts a call down.
    fn call(&self) -> io::Result<()> {
        let mut plan = self.plan();
        match &mut plan.fail_in {
            Some(0) => {
                plan.fail_in = None;
                Err(io::Error::other("the disk broke"))
            }
            Some(calls) => {
                *calls -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn has_failed(&self) -> bool {
        self.plan().fail_in.is_none()
    }
}

impl Storage for FailingDisk {
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError> {
        // The bytes get as far as memory.
        Disk.append(log, batch)?;
        Ok(self.call()?)
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.call()?;
        Disk.create_new(path)
    }

    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
        write_sparsely(file, bytes, at)?;
        self.call()
    }

    fn cut(&self, file: &File, bytes: u64) -> io::Result<()> {
        self.call()?;
        Disk.cut(file, bytes)
    }

    fn hard_link(&self, file: &Path, link: &Path) -> io::Result<()> {
        self.call()?;
        Disk.hard_link(file, link)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call()?;
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        Disk.remove(path)
    }

    // Nobody cuts the power here, so the real disk need not be kept busy.
    fn sync_data(&self, _file: &File) -> io::Result<()> {
        self.call()
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        self.call()
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let planned = self.plan().free_bytes;
        planned.map_or_else(|| Disk.free_bytes(dir), Ok)
    }
}

/// A fresh index is two megabytes of zeros, of which the tests write thousands: they leave holes.
fn write_sparsely(file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
    static ZEROS: [u8; 1024 * 1024] = [0; 1024 * 1024];
    let zeros = ZEROS.get(..bytes.len()).is_some_and(|zeros| zeros == bytes);
    match zeros {
        true => file.set_len(at.get() + bytes.len() as u64),
        false => Disk.write_all_at(file, bytes, at),
    }
}

/// A timer whose time is over when a test says so. It tells how long it was to wait.
#[derive(Debug)]
struct TestTimer(Sender<Option<Duration>>);

impl Timer for TestTimer {
    fn wait(&self, wakes: &Receiver<Wake>, at_most: Option<Duration>) -> Wake {
        // Not every test wants to know.
        let _unheard = self.0.send(at_most);
        wakes.recv().unwrap_or(Wake::Stop)
    }
}

impl LogWriter {
    /// A writer whose timer never comes to its end.
    fn open_on(
        dir: PathBuf,
        options: LogOptions,
        storage: Box<dyn Storage>,
    ) -> Result<Self, OpenError> {
        let (timer, _unheard) = TestTimer::new();
        Self::open_with(dir, options, Arc::from(storage), timer)
    }
}

impl TestTimer {
    /// The timer and what it was to wait for, in order.
    fn new() -> (Box<Self>, Receiver<Option<Duration>>) {
        let (sender, waits) = mpsc::channel();
        (Box::new(Self(sender)), waits)
    }
}

fn small_segments() -> LogOptions {
    LogOptions {
        segment_max_bytes: 600,
        ..LogOptions::default()
    }
}

/// The batches of a workload that fills some segments: records of sizes from 1 to 300.
fn batches() -> Vec<Vec<Vec<u8>>> {
    let mut number = 0u8;
    let mut record = || {
        number += 1;
        vec![number; 1 + usize::from(number) * 37 % 300]
    };
    [1, 3, 1, 7, 2, 1, 5]
        .map(|records| (0..records).map(|_| record()).collect())
        .to_vec()
}

fn read_all(dir: &Path) -> Vec<Vec<u8>> {
    let first = crate::stat(dir).unwrap().first_offset;
    let mut cursor = LogCursor::open(dir, first).unwrap();
    let mut records = Vec::new();
    while let Some(record) = cursor.read().unwrap() {
        records.push(record.payload.to_vec());
    }
    records
}

fn index_of(offset: Offset) -> usize {
    usize::try_from(offset.get()).unwrap()
}

/// Holds a log that was opened again to what was acknowledged of the workload: all of that, then
/// at most some first ones of the batch that failed; and it goes on. What was trimmed was the
/// oldest.
fn check_reopened(dir: &Path, acknowledged: usize) {
    let appended: Vec<_> = batches().concat();
    // Not on the real disk, whose syncs would take most of the tests' time.
    let disk = Box::new(FailingDisk::default());
    let mut writer = LogWriter::open_on(dir.to_owned(), small_segments(), disk).unwrap();
    let read = read_all(dir);
    let first = index_of(writer.first_offset());
    let next = first + read.len();
    assert!(next >= acknowledged, "{next} of {acknowledged}");
    assert_eq!(read, appended[first..next]);
    let offsets = writer.append(&appended).unwrap();
    assert_eq!(index_of(offsets.start), next);
    assert_eq!(read_all(dir), [read, appended].concat());
}
