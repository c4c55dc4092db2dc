//! Readers of the read model that are not in use. Whoever asks takes one and gives it back, so there
//! are never more than threads that ask at the same time; one that panicked meanwhile is not given
//! back. Knows nothing about questions.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use ghev_readmodel::{GenerationNumber, ModelDir, Reader};

/// The readers at rest. The last one given back is taken first: its pages are still warm.
#[derive(Debug)]
pub(crate) struct Readers {
    dir: ModelDir,
    file: Option<PathBuf>,
    resting: Mutex<Vec<Reader>>,
}

impl Readers {
    /// Of the current generation in `dir`, or of `file` where it is given.
    pub(crate) fn new(dir: PathBuf, file: Option<PathBuf>) -> Self {
        Self {
            dir: ModelDir::new(dir),
            file,
            resting: Mutex::default(),
        }
    }

    /// A reader of its own, for a thread that keeps it.
    pub(crate) fn open(&self) -> Reader {
        match &self.file {
            Some(file) => Reader::of_file(file.clone()),
            None => Reader::new(self.dir.clone()),
        }
    }

    /// How large a generation's files are together, where they can be looked at.
    pub(crate) fn size_bytes(&self, generation: GenerationNumber) -> Option<u64> {
        let of_generation = || self.dir.generation_path(generation);
        let database = self.file.clone().unwrap_or_else(of_generation);
        let bytes = |suffix: &str| {
            let mut file = database.clone().into_os_string();
            file.push(suffix);
            std::fs::metadata(file).map(|metadata| metadata.len())
        };
        Some(bytes("").ok()? + bytes("-wal").unwrap_or(0))
    }

    /// Runs `ask` with a reader.
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&mut Reader) -> T) -> T {
        // The lock guards a push or a pop only: neither leaves the list broken.
        let rested = self
            .resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut reader = rested.unwrap_or_else(|| self.open());
        let answer = ask(&mut reader);
        self.resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reader);
        answer
    }
}
