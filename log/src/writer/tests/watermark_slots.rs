//! The two slots of the watermark file.

use std::fs;

use super::*;
use crate::{
    segment,
    watermark::{FILE_NAME, Watermark, WatermarkReader},
};

fn slots(dir: &Path) -> [Vec<u8>; 2] {
    let file = fs::read(dir.join(FILE_NAME)).unwrap();
    [file[..72].to_vec(), file[4096..].to_vec()]
}

/// Several appends between two syncs of the file had written both slots in turn, and a power cut
/// could tear both: readers were refused, and a writer that found a torn end of the segment too.
#[test]
fn until_the_file_is_synced_one_slot_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let log_id = LogId::from_bytes([5; 16]);
    let initial = Watermark {
        log_id,
        sequence: 0,
        first: Offset::ZERO,
        durable: Offset::ZERO,
        segment: Offset::ZERO,
        position: segment::FIRST_FRAME_AT,
    };
    let disk = FailingDisk::default();
    let mut writer = WatermarkWriter::create(dir.path(), initial, &disk).unwrap();
    let reader = WatermarkReader::open(dir.path(), log_id).unwrap().unwrap();
    let mut durable = Offset::ZERO;
    for _sync in 0..3 {
        let synced = slots(dir.path());
        let mut written = Vec::new();
        for _store in 0..3 {
            durable = durable.next();
            let position = Position::new(durable.get() * 100);
            writer
                .store(durable, Offset::ZERO, position, &disk)
                .unwrap();
            assert_eq!(reader.read().unwrap().unwrap().durable, durable);
            let now = slots(dir.path());
            written.push([now[0] != synced[0], now[1] != synced[1]]);
        }
        assert_ne!(written[0][0], written[0][1], "both slots or none");
        assert_eq!(written, [written[0]; 3]);
        writer.sync(&disk).unwrap();
    }
}
