//! Faults of whole files and of the machine around the log: emptied, zero-filled and lost files,
//! strangers beside them, a directory that cannot be written, a clock that jumps.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use ghev_log::{DamageKind, IdentityError, LogWriter, OpenError, TrimLimit, stat, verify};

use crate::support::{
    append, assert_holds, checksum, files, index, log_of, segment, small_segments,
};

/// Opens a log that must refuse, and says with what; nothing may have changed.
fn refused(dir: &Path) -> OpenError {
    let before = files(dir);
    let error = LogWriter::open(dir, small_segments()).unwrap_err();
    assert!(files(dir) == before, "a refusal changed something: {error}");
    error
}

fn zero_fill(path: &Path) {
    let bytes = fs::metadata(path).unwrap().len();
    fs::write(path, vec![0; usize::try_from(bytes).unwrap()]).unwrap();
}

#[test]
fn a_zero_filled_segment_below_the_watermark_refuses() {
    for base in [0, 8, 16] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 19);
        zero_fill(&segment(dir.path(), base));
        let OpenError::Damaged { damage, .. } = refused(dir.path()) else {
            panic!("segment {base} is taken");
        };
        assert_eq!(damage.segment, format!("{base:020}.log"));
        assert_eq!(damage.kind, DamageKind::Magic);
        let report = verify(dir.path(), &mut |_| ()).unwrap();
        let until = (base + 8).min(19);
        assert!(report.damages.iter().all(|damage| {
            (base..until).contains(&damage.offset.get()) && damage.until.get() <= until
        }));
        assert_eq!(report.records, 19 - (until - base));
    }
}

/// Whose `log.id` was gone or zeroed was told to name another directory, and not that the records can be saved.
#[test]
fn a_log_id_that_is_lost_or_spoilt_refuses_everyone() {
    let spoilt: [Option<&[u8]>; 5] = [None, Some(b""), Some(&[0; 53]), Some(b"ghev-l"), Some(b"?")];
    for spoilt in spoilt {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 12);
        let path = dir.path().join("log.id");
        match spoilt {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let error = refused(dir.path());
        let is_damage = matches!(error, OpenError::Identity(IdentityError::Damaged { .. }));
        assert!(is_damage, "{error}");
        let error = stat(dir.path()).unwrap_err();
        assert!(error.to_string().contains("ghev log salvage"), "{error}");
    }
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 12);
    let path = dir.path().join("log.id");
    let line = fs::read(&path).unwrap();
    fs::write(&path, &line[..40]).unwrap();
    assert!(matches!(
        refused(dir.path()),
        OpenError::Identity(IdentityError::Damaged { .. })
    ));
}

#[test]
fn checksum_files_that_are_spoilt_prove_nothing_and_harm_nothing() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    zero_fill(&checksum(dir.path(), 0));
    fs::write(checksum(dir.path(), 8), "").unwrap();
    fs::copy(checksum(dir.path(), 16), checksum(dir.path(), 24)).unwrap();
    let report = verify(dir.path(), &mut |_| ()).unwrap();
    assert_eq!((report.damages.len(), report.records), (0, 30));
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 30..50);
    assert_holds(dir.path(), 50);
}

#[test]
fn strangers_with_other_names_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    let strangers = ["00000000000000000008.log.bak", "notes.txt", ".directory"];
    for name in strangers {
        fs::write(dir.path().join(name), name).unwrap();
    }
    fs::create_dir(dir.path().join("lost+found")).unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 30..50);
    writer.trim(TrimLimit::ToBytes(0)).unwrap();
    for name in strangers {
        assert_eq!(fs::read(dir.path().join(name)).unwrap(), name.as_bytes());
    }
    assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().damages, []);
}

#[test]
fn a_directory_that_may_not_be_written_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    let mode = |mode| fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
    let everything = files(dir.path());
    for name in everything.keys() {
        let path = dir.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    }
    mode(0o555);
    assert_holds(dir.path(), 30);
    assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().damages, []);
    // Root may write whatever the permissions say; `just enospc` mounts it read-only.
    if File::create(dir.path().join("writable")).is_err() {
        let error = LogWriter::open(dir.path(), small_segments()).unwrap_err();
        assert!(error.to_string().contains("lock"), "{error}");
    }
    mode(0o755);
    let _absent = fs::remove_file(dir.path().join("writable"));
    assert!(files(dir.path()) == everything, "something was written");
}

#[test]
fn a_clock_that_jumps_moves_the_age_of_segments_and_nothing_else() {
    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 3600);
    let jumps = [
        now - 3 * day,
        SystemTime::UNIX_EPOCH - day,
        now + 40_000 * day,
        now - 2 * day,
    ];
    let dir = tempfile::tempdir().unwrap();
    for (round, time) in (0u64..).zip(jumps) {
        let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
        append(&mut writer, round * 8..round * 8 + 8);
        // As if it had been written while the clock stood there.
        let file = File::options()
            .write(true)
            .open(segment(dir.path(), round * 8));
        file.unwrap().set_modified(time).unwrap();
    }
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 32..40);
    assert_holds(dir.path(), 40);
    let report = verify(dir.path(), &mut |_| ()).unwrap();
    assert_eq!((report.damages.len(), report.proven_segments), (0, 4));
    // What was written in a future that never came keeps itself and those after it.
    let plan = writer.trim(TrimLimit::BeforeTime(now - day)).unwrap();
    assert_eq!((plan.segments, plan.until.get()), (2, 16));
    assert!(segment(dir.path(), 24).exists() && index(dir.path(), 24).exists());
    writer.close().unwrap();
    let writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert_eq!(writer.next_offset().get(), 40);
}
