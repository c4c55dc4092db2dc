//! Verification reads everything and names everything.

use std::fs;

use ghev_log::{
    DamageKind, FrameFault, LogWriter, Offset, ReadError, VerifyProgress, VerifyReport, stat,
    verify, verify_records,
};

use crate::support::{
    append, append_bytes, checksum, cut_to, flip_byte, frame_at, log_of, record, segment,
    small_segments,
};

fn verified(dir: &std::path::Path) -> (VerifyReport, Vec<u64>) {
    let mut offsets = Vec::new();
    let report = verify_records(dir, &mut |_| (), &mut |read| {
        assert_eq!(read.payload, record(read.offset.get()));
        offsets.push(read.offset.get());
    })
    .unwrap();
    assert_eq!(report.records, offsets.len() as u64);
    // By digests it is the same.
    assert_eq!(verify(dir, &mut |_| ()).unwrap(), report);
    (report, offsets)
}

#[test]
fn a_sound_log_is_reported_sound() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    let mut told = Vec::new();
    let report = verify(dir.path(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(report.damages, []);
    assert_eq!(report.records, 30);
    assert_eq!(report.proven_segments, 3, "all but the newest");
    assert_eq!(verified(dir.path()).0, report);
    let bytes = stat(dir.path()).unwrap().bytes;
    assert_eq!(report.bytes, bytes);
    let end = VerifyProgress {
        bytes,
        total_bytes: bytes,
    };
    assert_eq!(told.last(), Some(&end));
    assert!(told.is_sorted_by_key(|progress| progress.bytes));
}

#[test]
fn every_damaged_place_is_named_and_everything_else_is_read() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 44);
    // 0..8: two places. 8..16: the magic. 16..24: cut. 24..32: missing. 40..44: the last record.
    flip_byte(&segment(dir.path(), 0), frame_at(1) + 8);
    flip_byte(&segment(dir.path(), 0), frame_at(6) + 60);
    flip_byte(&segment(dir.path(), 8), 0);
    cut_to(&segment(dir.path(), 16), frame_at(5) + 7);
    fs::remove_file(segment(dir.path(), 24)).unwrap();
    flip_byte(&segment(dir.path(), 40), frame_at(3) + 90);

    let (report, offsets) = verified(dir.path());
    let places: Vec<_> = report
        .damages
        .iter()
        .map(|damage| (damage.offset.get(), damage.until.get()))
        .collect();
    assert_eq!(places, [(1, 2), (6, 7), (8, 9), (21, 32), (43, 44)]);
    let sound = (0..44).filter(|number| ![1, 6, 43].contains(number) && !(21..32).contains(number));
    assert_eq!(offsets, sound.collect::<Vec<_>>());
    assert!(matches!(
        report.damages[1].kind,
        DamageKind::Frame(FrameFault::Checksum { .. })
    ));
    assert_eq!(report.damages[2].kind, DamageKind::Magic);
    assert_eq!(report.damages[0].position.get(), frame_at(1));
}

#[test]
fn a_missing_first_or_last_segment_is_named() {
    for (base, place) in [(0, (0, 8)), (16, (16, 19))] {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 19);
        fs::remove_file(segment(dir.path(), base)).unwrap();
        let (report, _) = verified(dir.path());
        assert_eq!(report.damages.len(), 1, "{:?}", report.damages);
        let damage = &report.damages[0];
        assert_eq!((damage.offset.get(), damage.until.get()), place);
        assert_eq!(damage.kind, DamageKind::MissingRecords);
    }
}

#[test]
fn bytes_between_segments_are_named() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 19);
    append_bytes(&segment(dir.path(), 8), b"more");
    let (report, offsets) = verified(dir.path());
    assert_eq!(report.damages.len(), 1);
    assert_eq!(report.damages[0].kind, DamageKind::Overlap);
    assert_eq!(offsets.len(), 19);
}

#[test]
fn what_is_not_durable_is_neither_read_nor_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 0..9);
    append_bytes(&segment(dir.path(), 8), b"half a record");
    let (report, offsets) = verified(dir.path());
    assert_eq!(report.damages, []);
    assert_eq!(offsets.len(), 9);
    let stat = stat(dir.path()).unwrap();
    assert_eq!(stat.next_offset, stat.durable_offset);
    assert_eq!(stat.next_offset, Offset::new(9));
}

#[test]
fn stat_tells_sound_records_that_wait_for_their_sync() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 3);
    let watermark = fs::read(dir.path().join("watermark")).unwrap();
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    append(&mut writer, 3..11);
    drop(writer);
    fs::write(dir.path().join("watermark"), watermark).unwrap();
    let stat = stat(dir.path()).unwrap();
    assert_eq!(stat.durable_offset, Offset::new(3));
    assert_eq!(stat.next_offset, Offset::new(11), "over the roll");
    assert_eq!(stat.first_offset, Offset::ZERO);
    assert_eq!(stat.segments, 2);
}

#[test]
fn where_there_is_no_log_yet_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("absent")] {
        assert!(matches!(stat(&path), Err(ReadError::NoLog { .. })));
        let verified = verify(&path, &mut |_| ());
        assert!(matches!(verified, Err(ReadError::NoLog { .. })));
    }
}

#[test]
fn any_flipped_byte_of_a_closed_segment_shows_by_its_digest() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 9);
    for at in 0..frame_at(8) {
        flip_byte(&segment(dir.path(), 0), at);
        let report = verify(dir.path(), &mut |_| ()).unwrap();
        assert_eq!(report.damages.len(), 1, "byte {at}: {:?}", report.damages);
        assert_eq!(report.proven_segments, 0);
        flip_byte(&segment(dir.path(), 0), at);
    }
}

#[test]
fn a_checksum_file_that_cannot_be_believed_proves_nothing_and_is_no_damage() {
    let spoils: [&dyn Fn(&std::path::Path); 4] = [
        &|path| fs::remove_file(path).unwrap(),
        &|path| cut_to(path, 0),
        &|path| flip_byte(path, 30),
        &|path| fs::write(path, [0; 88]).unwrap(),
    ];
    for spoil in spoils {
        let dir = tempfile::tempdir().unwrap();
        log_of(dir.path(), 30);
        spoil(&checksum(dir.path(), 8));
        let (report, offsets) = verified(dir.path());
        assert_eq!(report.damages, []);
        assert_eq!(report.proven_segments, 2);
        assert_eq!(offsets.len(), 30);
        // Its records are looked at instead.
        flip_byte(&segment(dir.path(), 8), frame_at(2) + 30);
        assert_eq!(verified(dir.path()).0.damages[0].offset, Offset::new(10));
    }
}

#[test]
fn sound_records_that_are_not_those_of_the_closed_segment_are_named() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 30);
    let other = tempfile::tempdir().unwrap();
    let mut writer = LogWriter::open(other.path(), small_segments()).unwrap();
    writer.append(&vec![[7; 100]; 30]).unwrap();
    fs::copy(segment(other.path(), 8), segment(dir.path(), 8)).unwrap();
    let report = verify(dir.path(), &mut |_| ()).unwrap();
    assert_eq!(report.damages.len(), 1);
    let damage = &report.damages[0];
    assert_eq!((damage.offset.get(), damage.until.get()), (8, 16));
    assert_eq!(damage.kind, DamageKind::Digest);
    // Another log's checksum file beside it is not believed.
    fs::copy(checksum(other.path(), 8), checksum(dir.path(), 8)).unwrap();
    assert_eq!(verify(dir.path(), &mut |_| ()).unwrap().proven_segments, 2);
}

#[test]
fn a_segment_that_grew_again_after_an_interrupted_roll_is_not_taken_for_changed() {
    let dir = tempfile::tempdir().unwrap();
    log_of(dir.path(), 17);
    // The roll wrote the checksum of segment 8, and then the next segment was lost.
    fs::remove_file(segment(dir.path(), 16)).unwrap();
    cut_to(&segment(dir.path(), 8), frame_at(7));
    fs::remove_file(dir.path().join("watermark")).unwrap();
    assert!(checksum(dir.path(), 8).exists());
    let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
    assert!(!checksum(dir.path(), 8).exists());
    append(&mut writer, 15..30);
    let (report, offsets) = verified(dir.path());
    assert_eq!(report.damages, []);
    assert_eq!(report.proven_segments, 3);
    assert_eq!(offsets.len(), 30);
}

#[test]
fn segments_filled_over_several_openings_have_the_digest_of_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..30 {
        let mut writer = LogWriter::open(dir.path(), small_segments()).unwrap();
        append(&mut writer, number..number + 1);
    }
    assert_eq!(verified(dir.path()).0.proven_segments, 3);
}
