//! Directories as they were written by every version of the format: they stay readable for ever.
//!
//! `testdata/golden/` has one for each set of format versions that ever was, named by them, with
//! thirty of the tests' records in segments of eight. What is not there is what every writer makes
//! anew: `active/` and the newest segment's index.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ghev_log::{FORMAT_VERSION, LogWriter, Offset, TrimLimit, stat, verify, verify_records};

use crate::support::{append, assert_holds, files, log_of, read_from, record, small_segments};

const RECORDS: u64 = 30;
const NEWEST_INDEX: &str = "00000000000000000024.index";

/// The directory of the versions that are written now.
const NOW: &str = "log1-watermark1-sum1";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden")
}

/// A copy of each golden directory, and its name.
fn copies() -> Vec<(String, tempfile::TempDir)> {
    let entries = fs::read_dir(golden()).unwrap().map(Result::unwrap);
    let copies = entries.map(|entry| {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files(&entry.path()) {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        (entry.file_name().into_string().unwrap(), dir)
    });
    copies.collect()
}

#[test]
fn every_version_is_there() {
    let mut names: Vec<_> = copies().into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["log1-watermark1", NOW]);
    assert!(NOW.starts_with(&format!("log{FORMAT_VERSION}-")));
}

#[test]
fn every_version_is_read_and_proven_without_a_writer() {
    for (name, dir) in copies() {
        let before = files(dir.path());
        let log = stat(dir.path()).unwrap();
        assert_eq!(log.log_id.to_string(), "5e5e087124ae010c9aee564b12fe7c8c");
        assert_eq!(log.next_offset, Offset::new(RECORDS), "{name}");
        assert_holds(dir.path(), RECORDS);
        let report = verify(dir.path(), &mut |_| ()).unwrap();
        assert_eq!(report.damages, [], "{name}");
        assert_eq!(report.records, RECORDS);
        let proven = if name.contains("sum") { 3 } else { 0 };
        assert_eq!(report.proven_segments, proven, "{name}");
        let mut read = Vec::new();
        verify_records(dir.path(), &mut |_| (), &mut |found| {
            read.push(found.payload.to_vec());
        })
        .unwrap();
        assert_eq!(read, read_from(dir.path(), 0));
        assert_eq!(files(dir.path()), before, "reading wrote something");
    }
}

#[test]
fn every_version_is_opened_and_appended_to() {
    for (name, dir) in copies() {
        let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
        let recovered = writer.recovered();
        assert!(!recovered.created && !recovered.watermark_rebuilt, "{name}");
        assert_eq!(recovered.cut, None, "{name}");
        assert_eq!(recovered.kept_records, 0, "{name}");
        append(&mut writer, RECORDS..RECORDS + 20);
        assert_holds(dir.path(), RECORDS + 20);
        writer
            .trim(TrimLimit::BeforeOffset(Offset::new(16)))
            .unwrap();
        writer.close().unwrap();
        let expected: Vec<_> = (16..RECORDS + 20).map(record).collect();
        assert_eq!(read_from(dir.path(), 16), expected);
        assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().damages, []);
    }
}

/// The bytes that are the same whenever the log is written: all but ids, times and the checksums
/// over them.
fn lasting(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut lasting = files(dir);
    lasting.remove("log.id");
    lasting.remove(NEWEST_INDEX);
    for (name, bytes) in &mut lasting {
        let changing: &[(usize, usize)] = match name.rsplit('.').next().unwrap() {
            "sum" => &[(8, 24), (56, 64), (84, 88)],
            "watermark" => &[(8, 24), (68, 72), (4104, 4120), (4164, 4168)],
            _ => &[],
        };
        for (from, to) in changing {
            bytes[*from..*to].fill(0);
        }
    }
    lasting
}

#[test]
fn what_is_written_now_is_what_was_written_then() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), RECORDS);
    let then = golden().join(NOW);
    assert!(
        lasting(dir.path()) == lasting(&then),
        "stored bytes changed: that is a new format version with a golden directory of its own"
    );
}

/// Writes the golden directory of the versions that are written now, where there is none yet.
#[test]
#[ignore = "a generator: run by hand for a new format version"]
fn generate() {
    let dir = golden().join(NOW);
    assert!(!dir.exists(), "golden directories never change");
    log_of(&dir, RECORDS);
    fs::remove_dir_all(dir.join("active")).unwrap();
    fs::remove_file(dir.join(NEWEST_INDEX)).unwrap();
}
