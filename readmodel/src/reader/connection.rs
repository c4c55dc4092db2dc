//! A reader's connection: read-only, following the current generation, one consistent state at a
//! time. Knows nothing about any question.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ghev_event::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags};

use super::names::KeptNames;
use super::sealed::{self, Sealed};
use crate::error::{OpenError, ReadError};
use crate::generation::{GenerationNumber, ModelDir};
use crate::{Checkpoint, Offset, Projection, projection, schema};

/// SQLite calls the progress handler after this many of its instructions, about 0.1 ms of work:
/// often enough for deadlines of milliseconds, too seldom to be measured.
const DEADLINE_CHECK_INSTRUCTIONS: i32 = 10_000;

/// How much of the file is mapped: pages are then read without a copy or a system call.
const MMAP_BYTES: i64 = 1 << 30;

/// SQLite keeps this many prepared statements; every question has its own, some in a few forms.
const CACHED_STATEMENTS: usize = 64;

/// Answers questions from the current generation. Each thread has its own; opening one costs
/// nothing before the first question.
#[derive(Debug)]
pub struct Reader {
    target: Target,
    open: Option<OpenGeneration>,
    deadline: Deadline,
}

/// When questions must have ended. A reader shares it with the progress handlers of the connections
/// that it opens, so that it outlives a switch of generations.
#[derive(Debug, Clone, Default)]
struct Deadline(Arc<Mutex<Option<Instant>>>);

#[derive(Debug)]
enum Target {
    Current(ModelDir),
    File(PathBuf),
}

#[derive(Debug)]
struct OpenGeneration {
    edition: Edition,
    connection: Connection,
    schema: i64,
    folded: Vec<(Projection, i64)>,
    /// Where it was opened as a file that nobody writes.
    sealed: Option<Sealed>,
    names: RefCell<KeptNames>,
}

/// Tells a generation from any other that has, or has had, the same number: after `ghev replay --rollback`, and
/// where the whole read model was deleted, numbers come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edition {
    number: GenerationNumber,
    pointer: PointerIdentity,
}

/// Tells one `CURRENT` from the next: it is only ever replaced by another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct PointerIdentity {
    inode: u64,
    modified_ns: i64,
    modified_s: i64,
}

/// One consistent state of the model: every question asked of it sees the same log prefix.
#[derive(Debug)]
pub struct Snapshot<'r> {
    transaction: ReadTransaction<'r>,
    pub(super) names: &'r RefCell<KeptNames>,
    edition: Edition,
    schema: i64,
    /// The versions of the projections that have written it.
    folded: &'r [(Projection, i64)],
    as_of: AsOf,
    deadline: &'r Deadline,
}

/// A read transaction; ends when dropped. rusqlite's own has SQLite parse `BEGIN` and its end anew each
/// time, which takes longer than many a question.
#[derive(Debug)]
struct ReadTransaction<'c>(&'c Connection);

/// What a state of the model covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// The log and the first record that is not covered.
    pub checkpoint: Checkpoint,
    /// When the newest covered envelope was observed; `None` before the first.
    pub observed_at: Option<Timestamp>,
    /// Since when there are rows of events; `None` where there are all. They may be dropped without a new
    /// record.
    pub events_since: Option<Timestamp>,
}

impl Reader {
    /// A reader of whatever generation is current in `dir`, which need not exist yet.
    pub fn new(dir: ModelDir) -> Self {
        Self::of(Target::Current(dir))
    }

    /// A reader of one database file, such as a replay made for time travel.
    pub fn of_file(path: PathBuf) -> Self {
        Self::of(Target::File(path))
    }

    fn of(target: Target) -> Self {
        Self {
            target,
            open: None,
            deadline: Deadline::default(),
        }
    }

    /// The state of this moment. A switch of generations is seen here, at the latest at the next
    /// call.
    ///
    /// # Errors
    /// [`ReadError::NotReady`] where there is no read model yet, and where it cannot be opened.
    pub fn snapshot(&mut self) -> Result<Snapshot<'_>, ReadError> {
        self.follow()?;
        let open = self.open.as_ref().expect("opened above");
        let (edition, schema) = (open.edition, open.schema);
        let transaction = ReadTransaction::begin(&open.connection)?;
        let as_of = state(transaction.0, schema)?;
        let (names, folded) = (&open.names, &open.folded);
        names.borrow_mut().keep_for(as_of.checkpoint.next_offset);
        Ok(Snapshot {
            transaction,
            names,
            edition,
            schema,
            folded,
            as_of,
            deadline: &self.deadline,
        })
    }

    /// What a snapshot would cover, for half of what it costs to take one.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub fn as_of(&mut self) -> Result<(Edition, AsOf), ReadError> {
        let open = self.follow()?;
        let as_of = state(&open.connection, open.schema)?;
        Ok((open.edition, as_of))
    }

    /// Opens what there is to read now, where that is not open.
    fn follow(&mut self) -> Result<&OpenGeneration, ReadError> {
        let sealed = self.open.as_ref().and_then(|open| open.sealed.as_ref());
        if sealed.is_some_and(|sealed| !sealed.is_unchanged()) {
            self.open = None;
        }
        let open = match &self.target {
            Target::Current(dir) => current(dir, &mut self.open, &self.deadline)?,
            Target::File(path) => match &mut self.open {
                Some(open) => open,
                none => none.insert(open_file(path, &self.deadline)?),
            },
        };
        Ok(open)
    }

    /// Lets every later statement fail with [`ReadError::Interrupted`] once `deadline` has passed,
    /// and one that runs then within 0.1 ms of work, until it is set anew; `None` for no deadline.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
    }
}

impl PointerIdentity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            modified_ns: metadata.mtime_nsec(),
            modified_s: metadata.mtime(),
        }
    }
}

impl Deadline {
    fn set(&self, deadline: Option<Instant>) {
        // An instant is whole whatever happened to the thread that stored it.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    fn has_passed(&self) -> bool {
        let deadline = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

fn current<'o>(
    dir: &ModelDir,
    open: &'o mut Option<OpenGeneration>,
    deadline: &Deadline,
) -> Result<&'o mut OpenGeneration, ReadError> {
    let pointer = pointer_identity(dir)?;
    if open
        .as_ref()
        .is_none_or(|open| open.edition.pointer != pointer)
    {
        *open = None;
        let not_ready = || ReadError::NotReady {
            dir: dir.path().to_path_buf(),
        };
        // Of a file that is gone SQLite would only say that it cannot open it, and a projector makes it anew.
        let (number, path) = dir.current_file()?.ok_or_else(not_ready)?;
        let edition = Edition { number, pointer };
        *open = Some(open_generation(&path, edition, deadline)?);
    }
    Ok(open.as_mut().expect("opened above if it was not open"))
}

fn pointer_identity(dir: &ModelDir) -> Result<PointerIdentity, ReadError> {
    let path = dir.pointer_path();
    match std::fs::metadata(&path) {
        Ok(metadata) => Ok(PointerIdentity::of(&metadata)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(ReadError::NotReady {
            dir: dir.path().to_path_buf(),
        }),
        Err(source) => Err(OpenError::Io {
            action: "read",
            path,
            source,
        }
        .into()),
    }
}

fn open_file(path: &Path, deadline: &Deadline) -> Result<OpenGeneration, ReadError> {
    // SQLite would only say that it cannot open it.
    let metadata = std::fs::metadata(path).map_err(|source| OpenError::Io {
        action: "open",
        path: path.to_path_buf(),
        source,
    })?;
    let edition = Edition {
        number: GenerationNumber::FIRST,
        pointer: PointerIdentity::of(&metadata),
    };
    Ok(open_generation(path, edition, deadline)?)
}

/// Opens a file: with those that SQLite makes beside it or, where it cannot make them, by itself.
fn open_generation(
    path: &Path,
    edition: Edition,
    deadline: &Deadline,
) -> Result<OpenGeneration, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |source| {
        let path = path.to_path_buf();
        if sealed::is_out_of_place(&source) {
            return OpenError::OutOfPlace { path, source };
        }
        OpenError::Sqlite { path, source }
    };
    let opened = Connection::open_with_flags(path, flags)
        .and_then(|connection| configured(connection, deadline));
    let (opened, sealed) = match opened {
        Err(error) if sealed::is_out_of_place(&error) => match Sealed::of(path) {
            Some(sealed) => {
                let connection = sealed.connect(flags).map_err(failed)?;
                (configured(connection, deadline), Some(sealed))
            }
            None => (Err(error), None),
        },
        opened => (opened, None),
    };
    let (connection, found) = opened.map_err(failed)?;
    if !(schema::OLDEST_READABLE..=schema::VERSION).contains(&found) {
        return Err(OpenError::Schema {
            path: path.to_path_buf(),
            found,
            expected: schema::VERSION,
        });
    }
    let folded = folded(&connection, found).map_err(failed)?;
    Ok(OpenGeneration {
        edition,
        connection,
        schema: found,
        folded,
        sealed,
        names: RefCell::default(),
    })
}

/// The versions of the projections that have written a generation, which never change in it.
fn folded(connection: &Connection, schema: i64) -> rusqlite::Result<Vec<(Projection, i64)>> {
    if schema < schema::PROJECTIONS {
        return Ok(Vec::new());
    }
    projection::folded(connection)
}

/// A connection ready to answer, and its file's schema.
fn configured(
    mut connection: Connection,
    deadline: &Deadline,
) -> rusqlite::Result<(Connection, i64)> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    connection.pragma_update(None, "query_only", true)?;
    // Plans must not depend on the values bound: SQLite would prepare some statements anew for
    // every window and repository (https://www.sqlite.org/queryplanner-ng.html#qpstab).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let deadline = deadline.clone();
    connection.progress_handler(
        DEADLINE_CHECK_INSTRUCTIONS,
        Some(move || deadline.has_passed()),
    )?;
    let version = schema::version(&connection)?;
    Ok((connection, version))
}

impl<'c> ReadTransaction<'c> {
    fn begin(connection: &'c Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for ReadTransaction<'_> {
    fn drop(&mut self) {
        // Where it does not end, the next one cannot begin, and says so.
        let _ = self
            .0
            .prepare_cached("ROLLBACK")
            .and_then(|mut end| end.execute([]));
    }
}

/// What the model covers. The first statement of a transaction: it is what the transaction's state
/// is taken at.
fn state(connection: &Connection, schema: i64) -> Result<AsOf, ReadError> {
    let sql = if schema < schema::RETENTION {
        "SELECT log_id, next_offset, observed_at, NULL FROM checkpoint"
    } else {
        "SELECT log_id, next_offset, observed_at, events_since FROM checkpoint"
    };
    let mut statement = connection.prepare_cached(sql)?;
    let state = statement.query_row([], |row| {
        let log_id = row.get_ref(0)?.as_str()?.parse().map_err(|error| {
            let kind = rusqlite::types::Type::Text;
            rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
        })?;
        let next_offset = Offset::from_sql(row.get(1)?);
        let observed_at: Option<i64> = row.get(2)?;
        let events_since: Option<i64> = row.get(3)?;
        Ok(AsOf {
            checkpoint: Checkpoint {
                log_id,
                next_offset,
            },
            observed_at: observed_at.map(Timestamp::from_millis),
            events_since: events_since.map(Timestamp::from_seconds),
        })
    })?;
    Ok(state)
}

impl Snapshot<'_> {
    /// Since when the model has the rows of events; `None` where it has all. What is answered from
    /// single events knows none before.
    pub const fn events_since(&self) -> Option<Timestamp> {
        self.as_of.events_since
    }

    /// The schema of the generation.
    pub(super) const fn schema(&self) -> i64 {
        self.schema
    }

    /// What this state covers.
    pub const fn as_of(&self) -> &AsOf {
        &self.as_of
    }

    /// Which generation it is of.
    pub const fn generation(&self) -> GenerationNumber {
        self.edition.number
    }

    /// Which one of that number it is of.
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// Refuses a question that this generation's tables cannot answer.
    pub(super) const fn requires(&self, needed: i64) -> Result<(), ReadError> {
        if self.schema >= needed {
            return Ok(());
        }
        Err(ReadError::OlderSchema {
            found: self.schema,
            needed,
        })
    }

    /// Whether this generation has the tables of a projection, as of this version of it or a later one that is known:
    /// what comes after that may have the same tables mean something else.
    pub(super) fn has(&self, projection: Projection, since: i64) -> bool {
        let known = since..=projection.version();
        let mut folded = self.folded.iter();
        folded.any(|&(of, version)| of == projection && known.contains(&version))
    }

    /// What a newer version of ghev has done otherwise is no failure of this one.
    fn explained(&self, source: rusqlite::Error) -> ReadError {
        let later = |&&(of, version): &&(Projection, i64)| version > of.version();
        let mut later = self.folded.iter().filter(later).peekable();
        if later.peek().is_none() {
            return source.into();
        }
        let names = projection::names(later.map(|&(of, _)| of));
        ReadError::NewerProjections {
            names,
            source: Box::new(source),
        }
    }

    /// As [`schema::index_definitions`].
    pub(crate) fn index_definitions(&self) -> Result<BTreeMap<String, String>, ReadError> {
        Ok(schema::index_definitions(self.transaction.0)?)
    }

    /// Refuses to go on after the deadline: what is not SQLite's work, nobody else interrupts.
    pub(super) fn is_in_time(&self) -> Result<(), ReadError> {
        if self.deadline.has_passed() {
            return Err(ReadError::Interrupted);
        }
        Ok(())
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, ReadError> {
        // A question of many short statements never runs long enough for SQLite to look itself.
        self.is_in_time()?;
        let prepared = self.transaction.0.prepare_cached(sql);
        prepared.map_err(|error| self.explained(error))
    }
}
