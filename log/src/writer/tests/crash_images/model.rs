//! What a log must hold after a power cut, and holding images to it.

use std::fs;

use super::{
    super::{image::Files, random::Random, *},
    disk::{CrashDisk, End},
};
use crate::{error::ReadError, identity::FILE_NAME as IDENTITY, segment, stat, verify};

/// What a log must hold, whenever the power is cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// The log is there for good.
    pub(super) created: bool,
    /// Every record that was acknowledged, trimmed ones included.
    pub(super) acknowledged: Vec<Vec<u8>>,
    /// What is being appended: some first ones of it may be there.
    pub(super) in_flight: Vec<Vec<u8>>,
    /// The first offset before a trim that goes on, and after it.
    pub(super) first: [usize; 2],
    /// At least so many segments above the first offset are closed and have checksum files.
    pub(super) closed_segments: u64,
    /// The writer was closed and everything is below the watermark.
    pub(super) closed: bool,
}

impl Model {
    pub(super) fn record(&self, offset: usize) -> Option<&Vec<u8>> {
        let pending = offset.checked_sub(self.acknowledged.len());
        match pending {
            None => self.acknowledged.get(offset),
            Some(pending) => self.in_flight.get(pending),
        }
    }

    /// Holds what is in the directory, whose records end at `next`, to the model.
    pub(super) fn check(&self, dir: &Path) -> usize {
        let first = stat(dir).unwrap().first_offset;
        let at = index_of(first);
        assert!(
            (self.first[0]..=self.first[1]).contains(&at),
            "the log begins at {first}"
        );
        let mut cursor = LogCursor::open(dir, first).unwrap();
        while let Some(read) = cursor.read().unwrap() {
            let expected = self.record(index_of(read.offset));
            assert_eq!(Some(read.payload), expected.map(Vec::as_slice));
        }
        index_of(cursor.offset())
    }
}

/// Thousands of directories: in memory where the system has a place for that.
pub(super) fn directory() -> tempfile::TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).unwrap()
}

pub(super) fn options(random: &mut Random) -> LogOptions {
    LogOptions {
        segment_max_bytes: [300, 600, 1500][random.below(3)],
        ..LogOptions::default()
    }
}

pub(super) fn write_files(dir: &Path, files: &Files, random: &mut Random) {
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).unwrap();
    }
    // Of the links for commitlog, which only a log has, anything may be left.
    if files.contains_key(IDENTITY) && random.toss() {
        let links = dir.join("active");
        fs::create_dir(&links).unwrap();
        fs::write(links.join("00000000000000000003.log"), "stale").unwrap();
    }
}

/// Opens what a power cut left and holds it to the model, and what another one in the middle of
/// that opening leaves too.
pub(super) fn check_image(left: &Files, model: &Model, random: &mut Random, again: bool) {
    let dir = directory();
    write_files(dir.path(), left, random);
    let durable = check_unopened(dir.path(), left, model);
    let disk = CrashDisk::new(dir.path(), random.clone(), model.clone());
    if again {
        // Beyond its end nothing is cut.
        disk.state().ends_in = Some((random.below(40), End::PowerCut));
    }
    let opened = open(dir.path(), options(random), &disk);
    let second = disk.state().left.take();
    if let Some(second) = second {
        drop(opened);
        if left.contains_key(IDENTITY) {
            check_kept(left, &second);
        }
        check_image(&second, model, random, false);
        // The opening that was cut short is done again, by a process that lives.
        return check_image(left, model, random, false);
    }
    disk.state().ends_in = None;
    let mut writer = opened.unwrap();
    let newest = *segment::list(dir.path()).unwrap().last().unwrap();
    assert!(!model.closed || writer.recovered().kept_records == 0);
    let next = model.check(dir.path());
    assert!(
        next >= model.acknowledged.len(),
        "acknowledged records are gone"
    );
    assert!(next >= durable, "readers had read what is gone");
    assert_eq!(index_of(writer.next_offset()), next);
    // A roll syncs the watermark file too: it never lags by more than the newest segment.
    let in_newest = writer.next_offset().since(newest);
    assert!(writer.recovered().kept_records <= in_newest);
    let offsets = writer.append(&[b"and on"]).unwrap();
    assert_eq!(index_of(offsets.start), next);
    assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().damages, []);
}

/// What readers and verification see before a writer comes. Returns up to where they read.
pub(super) fn check_unopened(dir: &Path, left: &Files, model: &Model) -> usize {
    if !left.contains_key(IDENTITY) {
        assert!(!model.created, "the log is gone");
        assert!(matches!(stat(dir), Err(ReadError::NoLog { .. })));
        return 0;
    }
    // What was trimmed does not come back.
    let bases = left.keys().filter(|name| !name.ends_with(".torn"));
    let mut bases = bases.filter_map(|name| name.get(..20)?.parse::<usize>().ok());
    assert!(
        bases.all(|base| base >= model.first[0]),
        "{:?}",
        left.keys()
    );
    let next = model.check(dir);
    let report = verify(dir, &mut |_| ()).unwrap();
    assert_eq!(report.damages, []);
    // The watermark may still end in the last one that was closed.
    assert!(report.proven_segments >= model.closed_segments.saturating_sub(1));
    next
}

/// Whatever recovery took from a segment's end is in a file of its own.
pub(super) fn check_kept(before: &Files, after: &Files) {
    let segments = before.iter().filter(|(name, _)| name.ends_with(".log"));
    for (name, bytes) in segments {
        // One that is gone altogether was trimmed, if it held anything.
        let Some(now) = after.get(name).filter(|now| *now != bytes) else {
            continue;
        };
        let kept = after.iter().any(|(torn, kept)| {
            torn.ends_with(".torn")
                && !before.contains_key(torn)
                && bytes.ends_with(kept)
                && bytes.len() - kept.len() <= now.len().max(2)
        });
        assert!(kept || bytes.is_empty(), "bytes were cut and not kept");
    }
}

pub(super) fn open(
    dir: &Path,
    options: LogOptions,
    disk: &CrashDisk,
) -> Result<LogWriter, OpenError> {
    LogWriter::open_on(dir.to_owned(), options, Box::new(disk.clone()))
}
