//! Is there room for one more generation? Asked before a replay begins, rather than found out when it
//! has filled the disk under the log. Knows nothing about what is in a generation.

use std::path::Path;

use ghev_readmodel::ModelDir;

use crate::{ProjectError, ProjectorOptions};

/// A new generation, and the files that are sorted to make it.
const GENERATIONS: u64 = 2;

/// Refuses where the filesystem has less room than the current generation takes twice: the new one
/// becomes about as large, and what is sorted for it takes somewhat less. Where there is none, or the
/// system does not say, nothing is known.
pub(super) fn check(options: &ProjectorOptions, dir: &ModelDir) -> Result<(), ProjectError> {
    // A pointer that names no generation is what the replay mends.
    let Ok(Some(current)) = dir.current() else {
        return Ok(());
    };
    let needed = std::fs::metadata(dir.generation_path(current));
    let free = free_bytes(dir.path());
    match (needed, free) {
        (Ok(needed), Some(free)) => {
            refuse_unless_fits(options, needed.len().saturating_mul(GENERATIONS), free)
        }
        _ => Ok(()),
    }
}

/// What an ordinary user may still write.
fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

fn refuse_unless_fits(
    options: &ProjectorOptions,
    needed_bytes: u64,
    free_bytes: u64,
) -> Result<(), ProjectError> {
    if needed_bytes <= free_bytes {
        return Ok(());
    }
    Err(ProjectError::NoSpace {
        model_dir: options.model_dir.clone(),
        needed_bytes,
        free_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_needs_what_it_is_said_to_need() {
        let options = ProjectorOptions::new("log", "model");
        assert!(refuse_unless_fits(&options, 10, 10).is_ok());
        let refused = refuse_unless_fits(&options, 11, 10).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("model") && text.contains("11"), "{text}");
    }

    #[test]
    fn a_directory_says_how_much_is_free() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_bytes(dir.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free_bytes(&dir.path().join("missing")), None);
        let options = ProjectorOptions::new(dir.path().join("log"), dir.path());
        check(&options, &ModelDir::new(dir.path())).unwrap();
    }
}
