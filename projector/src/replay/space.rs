//! Is there room for one more generation? Asked before a replay begins, rather than found out when it
//! has filled the disk under the log. Knows nothing about what is in a generation.

use std::path::Path;

use ghev_readmodel::{ModelDir, Offset, Reader};

use crate::ProjectError;

/// A new generation, and the files that are sorted to make it.
const GENERATIONS: u64 = 2;

/// What the smallest model takes.
const LEAST_BYTES: u64 = 1 << 20;

/// Refuses a model of the records before `until` in the directory `into` where the filesystem has less room
/// than that part of the current generation takes twice: the new one becomes about as large, and what is
/// sorted for it takes somewhat less. Where there is no generation, little is known; where the system does
/// not say what is free, nothing.
pub(super) fn check(model: &ModelDir, until: Offset, into: &Path) -> Result<(), ProjectError> {
    let taken = part_of_current(model, until).unwrap_or(0);
    let needed = taken.saturating_mul(GENERATIONS).max(LEAST_BYTES);
    free_bytes(into).map_or(Ok(()), |free| refuse_unless_fits(into, needed, free))
}

/// What the current generation takes for the records before `until`, each taken to be as large as another.
fn part_of_current(model: &ModelDir, until: Offset) -> Option<u64> {
    // A pointer that names no generation is what a replay mends.
    let current = model.generation_path(model.current().ok()??);
    let taken = std::fs::metadata(&current).ok()?.len();
    let (_, as_of) = Reader::of_file(current).as_of().ok()?;
    let covered = as_of.checkpoint.next_offset.get().max(1);
    let part = u128::from(taken) * u128::from(until.get().min(covered)) / u128::from(covered);
    u64::try_from(part).ok()
}

/// What an ordinary user may still write.
fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

fn refuse_unless_fits(dir: &Path, needed_bytes: u64, free_bytes: u64) -> Result<(), ProjectError> {
    if needed_bytes <= free_bytes {
        return Ok(());
    }
    Err(ProjectError::NoSpace {
        dir: dir.to_path_buf(),
        needed_bytes,
        free_bytes,
    })
}

#[cfg(test)]
mod tests {
    use ghev_readmodel::{Changes, LogId, Writer};

    use super::*;

    #[test]
    fn a_replay_needs_what_it_is_said_to_need() {
        let dir = Path::new("model");
        assert!(refuse_unless_fits(dir, 10, 10).is_ok());
        let refused = refuse_unless_fits(dir, 11, 10).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("model") && text.contains("11"), "{text}");
    }

    #[test]
    fn a_part_of_the_records_takes_that_part_of_the_current_generation() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        let offset = |number| Offset::new(number).unwrap();
        assert_eq!(part_of_current(&model, offset(4)), None);
        let mut writer = Writer::open(&model, LogId::new([7; 16])).unwrap();
        let batch = writer.begin().unwrap();
        batch.commit(&Changes::default(), offset(8)).unwrap();
        writer.close().unwrap();
        let current = model.current().unwrap().unwrap();
        let taken = std::fs::metadata(model.generation_path(current)).unwrap();
        assert_eq!(part_of_current(&model, offset(4)), Some(taken.len() / 2));
        for all in [8, 9] {
            assert_eq!(part_of_current(&model, offset(all)), Some(taken.len()));
        }
    }

    #[test]
    fn a_directory_says_how_much_is_free() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_bytes(dir.path()).is_some_and(|bytes| bytes > 0));
        assert_eq!(free_bytes(&dir.path().join("missing")), None);
        check(&ModelDir::new(dir.path()), Offset::ZERO, dir.path()).unwrap();
    }
}
