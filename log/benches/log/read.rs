//! Reading what is in the page cache: small records one after the other, and proving segments.

use std::{fs, path::Path, time::Instant};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset, verify};

use crate::{
    ROUNDS, median,
    plain::{self, Plain},
    rate, report,
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
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    let mut ratios = Vec::new();
    for _round in 0..ROUNDS {
        let began = Instant::now();
        assert_eq!(read(&dir), BATCHES * RECORDS);
        let our_rate = rate(BATCHES * RECORDS, began.elapsed());
        let began = Instant::now();
        assert_eq!(plain::read(&file), BATCHES * RECORDS);
        let plain_rate = rate(BATCHES * RECORDS, began.elapsed());
        ours.push(our_rate);
        plain.push(plain_rate);
        ratios.push(our_rate / plain_rate);
    }
    report(
        "read, records of 64 B with their checksums",
        &format!("{:.1} M/s", median(&mut ours) / 1e6),
        &format!("{:.1} M/s", median(&mut plain) / 1e6),
        median(&mut ratios),
        "5 M/s",
    );
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
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    let mut ratios = Vec::new();
    for _round in 0..ROUNDS {
        let began = Instant::now();
        let report = verify(&dir, &mut |_| ()).unwrap();
        assert_eq!(report.damages, []);
        let gigabytes = report.bytes as f64 / 1e9;
        let our_rate = gigabytes / began.elapsed().as_secs_f64();
        let began = Instant::now();
        read_files(&dir);
        let plain_rate = gigabytes / began.elapsed().as_secs_f64();
        ours.push(our_rate);
        plain.push(plain_rate);
        ratios.push(our_rate / plain_rate);
    }
    report(
        "verify, by the segments' digests",
        &format!("{:.2} GB/s", median(&mut ours)),
        &format!("{:.2} GB/s", median(&mut plain)),
        median(&mut ratios),
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
