//! A disk that knows what would survive a power cut, and tries at every call.

use super::{
    super::{
        image::{Files, Image},
        random::Random,
        *,
    },
    model::{Model, check_image},
};

/// How a writer ends in the middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What was written and not synced is lost in part.
    PowerCut,
    /// What was written is there, and none of it is durable by that.
    Kill,
}

/// What a disk without power remembers.
#[derive(Debug)]
pub(super) struct State {
    pub(super) image: Image,
    pub(super) random: Random,
    pub(super) model: Model,
    /// One image in so many calls is checked; none where it is 0.
    pub(super) every: usize,
    pub(super) images: usize,
    /// Calls until the workload itself ends, and how.
    pub(super) ends_in: Option<(usize, End)>,
    pub(super) ended: Option<End>,
    /// What is left when the power was cut.
    pub(super) left: Option<Files>,
}

/// A disk that knows what would survive a power cut.
#[derive(Clone, Debug)]
pub(super) struct CrashDisk(Arc<Mutex<State>>);

impl CrashDisk {
    pub(super) fn new(dir: &Path, random: Random, model: Model) -> Self {
        Self(Arc::new(Mutex::new(State {
            image: Image::new(dir),
            random,
            model,
            every: 0,
            images: 0,
            ends_in: None,
            ended: None,
            left: None,
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A moment in which the power may be cut.
    fn call(&self) -> io::Result<()> {
        let mut state = self.state();
        let state = &mut *state;
        if state.ended.is_some() {
            return Err(io::Error::other("it has ended"));
        }
        match &mut state.ends_in {
            Some((0, end)) => {
                let end = *end;
                state.ends_in = None;
                state.ended = Some(end);
                if end == End::PowerCut {
                    state.left = Some(state.image.cut(&mut state.random));
                }
                return Err(io::Error::other(format!("{end:?}")));
            }
            Some((calls, _)) => *calls -= 1,
            None => {}
        }
        if state.every > 0 && state.random.below(state.every) == 0 {
            let left = state.image.cut(&mut state.random);
            check_image(&left, &state.model, &mut state.random, true);
            state.images += 1;
        }
        Ok(())
    }
}

impl Storage for CrashDisk {
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError> {
        self.call()?;
        Disk.append(log, batch)
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        self.call()?;
        let file = Disk.create_new(path)?;
        self.state().image.create(&file);
        Ok(file)
    }

    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
        self.call()?;
        write_sparsely(file, bytes, at)
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
        self.state().image.remove(to);
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call()?;
        self.state().image.remove(path);
        Disk.remove(path)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.call()?;
        self.state().image.sync_data(file);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.call()?;
        self.state().image.sync_dir(dir);
        Ok(())
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}
