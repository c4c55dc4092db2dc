//! Reading what is in the page cache: small records one after the other, and proving segments.

use std::{fs, path::Path};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, stat, verify};

use crate::{
    ROUNDS, Took, median,
    plain::{self, Plain},
    report,
};

/// Records of 64 bytes, each checked.
pub(crate) fn small(home: &Path) {
    const BATCHES: u32 = 200;
    const RECORDS: u32 = 10_000;
    let batch = vec![[7; 64]; usize::try_from(RECORDS).unwrap()];
    let dir = home.join("small");
    let file = home.join("small.plain");
    let mut writer = LogWriter::open(&dir, LogOptions::default()).unwrap();
    let mut as_plain = Plain::create(&file);
    for _batch in 0..BATCHES {
        writer.append(&batch).unwrap();
        as_plain.append(&batch);
    }
    let records = f64::from(BATCHES * RECORDS) / 1e6;
    compare(
        "read, records of 64 B with their checksums",
        "M/s",
        records,
        || assert_eq!(read(&dir), BATCHES * RECORDS),
        || assert_eq!(plain::read(&file), BATCHES * RECORDS),
        "5 M/s",
    );
}

/// Measures both in turn; each does this amount of work.
fn compare(what: &str, unit: &str, amount: f64, ours: impl Fn(), plain: impl Fn(), wanted: &str) {
    let mut ours_took = Vec::new();
    let mut plain_took = Vec::new();
    let mut ratios = Vec::new();
    for _round in 0..ROUNDS {
        let (ours, plain) = (Took::of(&ours), Took::of(&plain));
        ours_took.push(ours);
        plain_took.push(plain);
        ratios.push(plain.cpu.as_secs_f64() / ours.cpu.as_secs_f64());
    }
    let rates = |took: &[Took]| {
        let wall = median(&mut took.iter().map(|took| took.wall).collect::<Vec<_>>());
        let cpu = median(&mut took.iter().map(|took| took.cpu).collect::<Vec<_>>());
        let [wall, cpu] = [wall, cpu].map(|time| amount / time.as_secs_f64());
        format!("{wall:.1} (of CPU {cpu:.1}) {unit}")
    };
    let (ours, plain) = (rates(&ours_took), rates(&plain_took));
    report(what, &ours, &plain, median(&mut ratios), wanted);
}

fn read(dir: &Path) -> u32 {
    let mut cursor = LogCursor::open(dir, Offset::ZERO).unwrap();
    let mut records = 0;
    while cursor.read().unwrap().is_some() {
        records += 1;
    }
    records
}

/// A log of 768 MB of 20 KB records proven by its checksum files, beside reading the files.
pub(crate) fn verified(home: &Path) {
    const BATCHES: usize = 768;
    let record: Vec<u8> = (0..=u8::MAX).cycle().take(20_000).collect();
    let dir = home.join("verified");
    let mut writer = LogWriter::open(&dir, LogOptions::default()).unwrap();
    for _batch in 0..BATCHES {
        writer.append(&vec![&record; 50]).unwrap();
    }
    writer.close().unwrap();
    let gigabytes = stat(&dir).unwrap().bytes as f64 / 1e9;
    compare(
        "verify, by the segments' digests",
        "GB/s",
        gigabytes,
        || assert_eq!(verify(&dir, &mut |_| ()).unwrap().damages, []),
        || read_files(&dir),
        "1 GB/s",
    );
}

/// Reads all segments into a buffer and does nothing with them.
fn read_files(dir: &Path) {
    use std::io::Read;
    let mut buffer = vec![0; 256 * 1024];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let mut file = fs::File::open(path).unwrap();
            while file.read(&mut buffer).unwrap() > 0 {}
        }
    }
}
