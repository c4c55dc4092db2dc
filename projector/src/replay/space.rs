//! Is there room for one more generation? Asked before a replay begins, rather than found out when it
//! has filled the disk under the log. Knows nothing about what is in a generation.

use std::path::Path;

use ghev_event::Decoder;
use ghev_readmodel::{ModelDir, Offset, Reader};

use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions};

/// A new generation, and the files that are sorted to make it.
const GENERATIONS: u64 = 2;

/// What the smallest model takes.
const LEAST_BYTES: u64 = 1 << 20;

/// What a model takes for an event at the least: 130 bytes and more were measured.
const LEAST_EVENT_BYTES: u64 = 100;

/// So many records tell how many events a log has.
const SAMPLES: u64 = 16;

/// Refuses a model of the records before `until` in the directory `into` where the filesystem has less room
/// than that part of the current generation takes twice: the new one becomes about as large, and what is
/// sorted for it takes somewhat less. Where there is no generation, the log's events tell what it takes at the
/// least; where the system does not say what is free, nothing is known.
pub(super) fn check(
    options: &ProjectorOptions,
    until: Offset,
    into: &Path,
) -> Result<(), ProjectError> {
    let taken = part_of_current(&options.model(), until);
    let taken = taken.or_else(|| least_of_log(options, until)).unwrap_or(0);
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

/// What a first model of the records before `until` takes at the least, as records here and there tell. Where
/// few events are kept, nothing does.
fn least_of_log(options: &ProjectorOptions, until: Offset) -> Option<u64> {
    if options.keep_events.is_some() {
        return None;
    }
    let mut cursor = open_log(options).ok()?;
    let first = cursor.first_offset().ok()?.get();
    let end = until.get().min(cursor.watermark().ok()?.get());
    let records = end.saturating_sub(first);
    let step = records.div_ceil(SAMPLES).max(1);
    let mut decoder = Decoder::new();
    let (mut sampled, mut events) = (0, 0);
    for at in (first..end).step_by(usize::try_from(step).ok()?) {
        cursor.seek(ghev_log::Offset::new(at)).ok()?;
        let record = cursor.read().ok()??;
        // What cannot be decoded takes next to nothing.
        let heads = decoder.heads(record.payload);
        events += heads.map_or(0, |heads| heads.events.len() as u64);
        sampled += 1;
    }
    let events = u128::from(events) * u128::from(records) / u128::from(sampled.max(1_u64));
    u64::try_from(events).ok()?.checked_mul(LEAST_EVENT_BYTES)
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
        let options = ProjectorOptions::new(dir.path().join("log"), dir.path());
        check(&options, Offset::ZERO, dir.path()).unwrap();
    }
}
