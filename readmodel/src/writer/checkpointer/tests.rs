//! What holds of the WAL while a model is written, with readers and without.

use std::sync::mpsc::{self, Receiver, SyncSender};

use rusqlite::{Connection, OpenFlags};

use super::orders::{Limits, State};
use super::worker::{DEAD, Mode, WalPages, Worker, connect};
use crate::{Changes, LogId, Offset, Writer};

const LOG: LogId = LogId::new([7; 16]);

/// As if a WAL of 16 pages were long.
const LIMITS: Limits = Limits {
    step: 16,
    restart: 64,
};

struct Model {
    dir: tempfile::TempDir,
    writer: Writer,
    commits: u64,
}

impl Model {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(&dir.path().join("model.db"), LOG).unwrap();
        writer.checkpointer.limits = LIMITS;
        let anew = "PRAGMA wal_checkpoint(TRUNCATE)";
        writer.connection.query_row(anew, [], |_| Ok(())).unwrap();
        Self {
            dir,
            writer,
            commits: 0,
        }
    }

    /// A batch, and the checkpoint that it orders. How many pages the WAL has then.
    fn commit(&mut self) -> u32 {
        self.commits += 1;
        let batch = self.writer.begin().unwrap();
        let next = Offset::new(self.commits).unwrap();
        batch.commit(&Changes::default(), next).unwrap();
        self.wait();
        self.written()
    }

    fn written(&self) -> u32 {
        WalPages::of(&self.writer.connection).unwrap().written
    }

    fn wait(&mut self) {
        let Writer {
            checkpointer,
            connection,
            ..
        } = &mut self.writer;
        checkpointer.wait(connection);
    }

    fn connect(&self, flags: OpenFlags) -> Connection {
        Connection::open_with_flags(self.writer.path(), flags).unwrap()
    }

    /// A reader in the midst of reading.
    fn snapshot(&self) -> (Connection, i64) {
        let reader = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY);
        reader.execute_batch("BEGIN").unwrap();
        let seen = next_offset(&reader);
        (reader, seen)
    }
}

fn next_offset(connection: &Connection) -> i64 {
    let sql = "SELECT next_offset FROM checkpoint";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The thread, in the hands of a test: a checkpoint beside commits is made while a batch is open, and
/// so the WAL does not begin anew by itself, as where commits keep coming.
struct Played {
    to_do: Receiver<Mode>,
    done: SyncSender<rusqlite::Result<WalPages>>,
    connection: Connection,
    beside: Option<Mode>,
    restarts: Vec<WalPages>,
}

impl Played {
    fn instead_of_the_thread(model: &mut Model) -> Self {
        let (orders, to_do) = mpsc::sync_channel(1);
        let (done, reports) = mpsc::sync_channel(1);
        model.writer.checkpointer.state = State::Works(Worker {
            orders: Some(orders),
            reports,
            ordered: None,
            thread: None,
        });
        Self {
            to_do,
            done,
            connection: connect(model.writer.path()).unwrap(),
            beside: None,
            restarts: Vec::new(),
        }
    }

    fn commit(&mut self, model: &mut Model) -> u32 {
        model.commits += 1;
        let batch = model.writer.begin().unwrap();
        if let Some(mode) = self.beside.take() {
            self.checkpoint(mode);
        }
        let next = Offset::new(model.commits).unwrap();
        batch.commit(&Changes::default(), next).unwrap();
        match self.to_do.try_recv().ok() {
            Some(Mode::Restart) => {
                let pages = self.checkpoint(Mode::Restart);
                self.restarts.push(pages);
            }
            beside => self.beside = beside,
        }
        model.written()
    }

    fn checkpoint(&self, mode: Mode) -> WalPages {
        let pages = WalPages::after(mode.pragma(), &self.connection).unwrap();
        self.done.send(Ok(pages)).unwrap();
        pages
    }
}

/// A commit is a page here: a few are written beside the last checkpoint before a restart.
const BOUND: u32 = LIMITS.restart + 4;

/// A checkpoint beside commits never lets the WAL begin anew: there is always another commit.
#[test]
fn the_wal_stays_bounded_while_commits_keep_coming() {
    let mut model = Model::new();
    let mut played = Played::instead_of_the_thread(&mut model);
    let pages: Vec<u32> = (0..400).map(|_| played.commit(&mut model)).collect();
    let most = pages.iter().skip(100).max().unwrap();
    assert!((LIMITS.restart..=BOUND).contains(most), "{most}");
    assert!(played.restarts.len() >= 5, "{:?}", played.restarts);
    let complete = |pages: &WalPages| !pages.busy && pages.moved == pages.written;
    assert!(
        played.restarts.iter().all(complete),
        "{:?}",
        played.restarts
    );
    assert_eq!(next_offset(&model.snapshot().0), 400);
}

#[test]
fn a_reader_is_not_waited_for_and_the_wal_shrinks_once_it_has_ended() {
    let mut model = Model::new();
    let mut played = Played::instead_of_the_thread(&mut model);
    (0..10).for_each(|_| _ = played.commit(&mut model));
    let (reader, seen) = model.snapshot();
    let grown = (0..300).map(|_| played.commit(&mut model)).max().unwrap();
    assert!(grown > 300, "what is read is overwritten: {grown}");
    assert_eq!(played.restarts, [], "nothing waits for the reader");
    assert_eq!(next_offset(&reader), seen);
    drop(reader);
    let after = (0..LIMITS.step + 4).map(|_| played.commit(&mut model));
    assert!(after.min().unwrap() <= 4);
    let most = (0..300).map(|_| played.commit(&mut model)).max().unwrap();
    assert!(most <= BOUND, "{most}");
}

/// All is moved where a reader has seen all, and still it is in the WAL: a restart tried for each
/// batch would make every batch wait for it.
#[test]
fn a_reader_of_the_newest_state_costs_one_try_in_so_many_pages() {
    let mut model = Model::new();
    let mut played = Played::instead_of_the_thread(&mut model);
    while model.writer.checkpointer.ordered_at < LIMITS.restart {
        played.commit(&mut model);
    }
    let (reader, seen) = model.snapshot();
    (0..10 * LIMITS.step).for_each(|_| _ = played.commit(&mut model));
    let tries = u32::try_from(played.restarts.len()).unwrap();
    assert!((1..=10).contains(&tries), "{:?}", played.restarts);
    assert!(played.restarts.iter().all(|pages| pages.busy));
    assert_eq!(next_offset(&reader), seen);
}

/// With the thread itself, whenever it comes to it.
#[test]
fn the_thread_makes_what_was_ordered() {
    let mut model = Model::new();
    let most = (0..400).map(|_| model.commit()).max().unwrap();
    assert!(most <= BOUND, "{most}");
    assert!(model.writer.take_checkpointing_failure().is_none());
}

/// The last connection of a file that is closed takes its WAL away.
#[test]
fn the_thread_and_its_connection_end_with_the_writer() {
    let mut model = Model::new();
    (0..100).for_each(|_| _ = model.commit());
    assert!(matches!(model.writer.checkpointer.state, State::Works(_)));
    let wal = model.dir.path().join("model.db-wal");
    assert!(wal.exists());
    drop(model.writer);
    assert!(!wal.exists());
}

#[test]
fn a_failure_is_told_once_and_commits_make_the_checkpoints() {
    let mut model = Model::new();
    let read_only = model.connect(OpenFlags::SQLITE_OPEN_READ_ONLY);
    model.writer.checkpointer.state = State::Works(Worker::start(read_only).unwrap());
    (0..100).for_each(|_| _ = model.commit());
    let failure = model.writer.take_checkpointing_failure().unwrap();
    let told = failure.to_string();
    assert!(told.contains("model.db beside commits"), "{told}");
    assert!(told.contains("disk I/O error"), "{told}");
    assert!(model.writer.take_checkpointing_failure().is_none());
    let sql = "PRAGMA wal_autocheckpoint";
    let pages: i64 = model
        .writer
        .connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap();
    assert_eq!(pages, 4_096);
    assert_eq!(next_offset(&model.snapshot().0), 100);
}

#[test]
fn a_thread_that_has_died_is_noticed() {
    let mut model = Model::new();
    let nothing = Connection::open_in_memory().unwrap();
    let mut worker = Worker::start(nothing).unwrap();
    worker.orders = Some(mpsc::sync_channel(0).0);
    model.writer.checkpointer.state = State::Works(worker);
    (0..100).for_each(|_| _ = model.commit());
    let told = model
        .writer
        .take_checkpointing_failure()
        .unwrap()
        .to_string();
    assert!(told.contains(DEAD), "{told}");
}
