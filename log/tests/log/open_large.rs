//! Large logs: opening takes a moment, and memory and descriptors are the same whatever the log's
//! size. Built by hand, since a writer would take minutes.

use std::{
    env, fs,
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};

use crate::support::{FRAME_HEADER_BYTES, segment, small_segments};

/// Names the log's directory to the other process.
const DIR: &str = "GHEV_LOG_TEST_DIR";

/// A log of so many segments with so many records each, all zeros: on the disk there are little more
/// than the headers. It was opened and closed once, so that it has its indexes and its watermark.
fn build(dir: &Path, segments: u64, records: u64, payload_bytes: usize) {
    LogWriter::open(dir, LogOptions::default())
        .unwrap()
        .close()
        .unwrap();
    // Made anew from the records.
    fs::remove_file(dir.join("watermark")).unwrap();
    let crc = crc32c::crc32c(&vec![0; payload_bytes]);
    let frame_bytes = FRAME_HEADER_BYTES + payload_bytes as u64;
    for base in (0..segments).map(|number| number * records) {
        let file = File::create(segment(dir, base)).unwrap();
        file.write_all_at(&[0xff, 0xff], 0).unwrap();
        for record in 0..records {
            let size = u32::try_from(payload_bytes).unwrap();
            let mut header = (base + record).to_le_bytes().to_vec();
            header.extend(size.to_le_bytes());
            header.extend(crc.to_le_bytes());
            header.extend([0; 4]);
            let at = 2 + record * frame_bytes;
            file.write_all_at(&header, at).unwrap();
        }
        file.set_len(2 + records * frame_bytes).unwrap();
    }
    let writer = LogWriter::open(dir, small_segments()).unwrap();
    assert_eq!(writer.next_offset(), Offset::new(segments * records));
    writer.close().unwrap();
}

/// Opens and closes it until every closed segment has its checksum file.
fn complete(dir: &Path) {
    loop {
        let writer = LogWriter::open(dir, small_segments()).unwrap();
        let left = writer.recovered().unproven_segments;
        writer.close().unwrap();
        if left == 0 {
            return;
        }
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The most memory this process has had.
fn memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// Opens, appends and reads everything, and holds itself to the limits.
#[test]
#[ignore = "the other process of thousands_of_segments_take_few_descriptors_and_little_memory"]
fn frugal() {
    let Some(dir) = env::var_os(DIR) else { return };
    let (descriptors_before, memory_before_kib) = (descriptors(), memory_kib());
    let mut writer = LogWriter::open(&dir, small_segments()).unwrap();
    let mut cursor = LogCursor::open(&dir, Offset::ZERO).unwrap();
    writer.append(&vec![[1; 200]; 20]).unwrap();
    let mut records = 0;
    let mut descriptors_max = 0;
    while cursor.read().unwrap().is_some() {
        records += 1;
        if records % 100 == 0 {
            descriptors_max = descriptors_max.max(descriptors());
        }
    }
    assert_eq!(records, writer.next_offset().get());
    assert!(!cursor.wait(Duration::ZERO).unwrap());
    let descriptors = descriptors_max - descriptors_before;
    let memory_kib = memory_kib() - memory_before_kib;
    println!("{descriptors} descriptors, {memory_kib} KiB more than before");
    assert!(descriptors < 16, "{descriptors} descriptors");
    assert!(memory_kib < 16 * 1024, "{memory_kib} KiB");
}

#[test]
fn thousands_of_segments_take_few_descriptors_and_little_memory() {
    // In memory where the system has a place for that: a disk takes a minute for the syncs.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let dir = dir.unwrap();
    build(dir.path(), 2000, 1, 100);
    let frugal = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .arg("open_large::frugal")
        .env(DIR, dir.path())
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&frugal.stdout);
    assert!(frugal.status.success(), "{said}");
    assert!(said.contains("descriptors, "), "{said}");
}

/// The newest segment is full, so that as much as possible is to be read.
#[test]
#[ignore = "a measurement: run it in a release build"]
fn ten_gigabytes_open_in_less_than_a_second() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), 80, 128, 1024 * 1024 - 20);
    complete(dir.path());
    let started = Instant::now();
    let writer = LogWriter::open(dir.path(), LogOptions::default()).unwrap();
    let took = started.elapsed();
    let bytes = ghev_log::stat(dir.path()).unwrap().bytes;
    println!(
        "{} records, {bytes} bytes: {took:?}",
        writer.next_offset().get()
    );
    assert!(bytes > 10_000_000_000);
    assert!(took < Duration::from_secs(1), "{took:?}");
}
