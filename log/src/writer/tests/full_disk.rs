//! Real filesystems that are really full: a small ext4 in a file, and one whose file has no room for
//! what it promises, so that not the write fails but the sync. They are mounted for the tests, which
//! only root may do: `just enospc`.

use std::{fs, io::Write, process::Command};

use super::{random::Random, *};
use crate::{stat, verify};

const MIB: u64 = 1024 * 1024;

/// Something mounted, until it is dropped.
#[derive(Debug)]
struct Mount(PathBuf);

impl Mount {
    /// `None`, with a word, where this machine does not let it be mounted.
    fn new(at: &Path, arguments: &[&str]) -> Option<Self> {
        fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(arguments).arg(at).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            other => {
                println!("SKIPPED: cannot mount a small filesystem here: {other:?}");
                None
            }
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.unwrap().success());
    }
}

/// Makes an ext4 in a new file, which takes no more room than what is written. Where there is no
/// program for that, nothing can be mounted from it.
fn ext4(file: &Path, bytes: u64) {
    File::create_new(file).unwrap().set_len(bytes).unwrap();
    let options = ["-q", "-F", "-m", "0", "-O", "^resize_inode"];
    match Command::new("mkfs.ext4").args(options).arg(file).status() {
        Ok(made) => assert!(made.success()),
        Err(error) => println!("cannot make a filesystem: mkfs.ext4: {error}"),
    }
}

fn mount_ext4(file: &Path, at: &Path) -> Option<Mount> {
    Mount::new(at, &["-o", "loop", file.to_str().unwrap()])
}

/// Lets the device of a mounted file have requests of one page only: the loop driver takes one that
/// its file has taken in part for done, and would acknowledge syncs that never happened.
fn with_requests_of_a_page(mount: &Mount) {
    let mounts = fs::read_to_string("/proc/mounts").unwrap();
    let at = mount.0.to_str().unwrap();
    let line = mounts.lines().find(|line| line.contains(at)).unwrap();
    let device = line.split(' ').next().unwrap().trim_start_matches("/dev/");
    let limit = format!("/sys/block/{device}/queue/max_sectors_kb");
    fs::write(limit, "4").unwrap();
}

/// The real disk, but its free space is never in the way.
#[derive(Debug)]
struct Optimist;

impl Storage for Optimist {
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError> {
        Disk.append(log, batch)
    }

    fn create_new(&self, path: &Path) -> io::Result<File> {
        Disk.create_new(path)
    }

    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
        Disk.write_all_at(file, bytes, at)
    }

    fn cut(&self, file: &File, bytes: u64) -> io::Result<()> {
        Disk.cut(file, bytes)
    }

    fn hard_link(&self, file: &Path, link: &Path) -> io::Result<()> {
        Disk.hard_link(file, link)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        Disk.sync_data(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Disk.sync_dir(dir)
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

fn options(floor_bytes: u64) -> LogOptions {
    LogOptions {
        segment_max_bytes: 400_000,
        free_space_floor_bytes: floor_bytes,
        ..LogOptions::default()
    }
}

fn open_optimist(dir: &Path) -> Result<LogWriter, OpenError> {
    LogWriter::open_on(dir.to_owned(), options(0), Box::new(Optimist))
}

fn batch(random: &mut Random) -> Vec<Vec<u8>> {
    let records = 1 + random.below(4);
    let record = |_| vec![u8::try_from(random.below(256)).unwrap(); 1 + random.below(30_000)];
    (0..records).map(record).collect()
}

/// Takes all the room of the filesystem but this.
fn fill(filler: &Path, leave_bytes: u64) {
    let mut file = File::create(filler).unwrap();
    for block_bytes in [65536, 512] {
        while file.write_all(&vec![1; block_bytes]).is_ok() {}
    }
    let len = file.metadata().unwrap().len();
    file.set_len(len.saturating_sub(leave_bytes)).unwrap();
    file.sync_all().unwrap();
}

/// Appends until it fails, and returns the first records of the failed batch beside what was
/// acknowledged.
fn append_until_it_fails(
    writer: &mut LogWriter,
    random: &mut Random,
    acknowledged: &mut Vec<Vec<u8>>,
) -> (AppendError, Vec<Vec<u8>>) {
    for _batch in 0..10_000 {
        let records = batch(random);
        match writer.append(&records) {
            Ok(_) => acknowledged.extend(records),
            Err(error) => return (error, records),
        }
    }
    panic!("the disk never fills");
}

/// All that was acknowledged, and at most first records of the batch that failed.
fn check(dir: &Path, acknowledged: &[Vec<u8>], in_flight: &[Vec<u8>]) {
    let read = read_all(dir);
    assert!(
        read.len() >= acknowledged.len(),
        "acknowledged records are gone"
    );
    let expected: Vec<_> = acknowledged.iter().chain(in_flight).collect();
    assert!(read.iter().eq(expected.into_iter().take(read.len())));
}

/// An empty filesystem of so many bytes, after what holds its image; `None` where none can be mounted.
/// Bind them in this order: the mount is then gone before its image.
fn small_disk(bytes: u64) -> Option<(tempfile::TempDir, Mount)> {
    let home = tempfile::tempdir().unwrap();
    let image = home.path().join("image");
    ext4(&image, bytes);
    let mount = mount_ext4(&image, &home.path().join("mnt"))?;
    Some((home, mount))
}

#[test]
#[ignore = "mounts a filesystem: `just enospc`"]
fn a_disk_that_is_full_in_the_middle_of_anything_costs_nothing_acknowledged() {
    let Some((_home, mount)) = small_disk(24 * MIB) else {
        return;
    };
    let filler = mount.0.join("filler");
    let mut random = Random::new(1);
    let (mut refused_openings, mut kept) = (0, 0);
    // From nothing at all to several segments with their indexes of two megabytes.
    for leave_bytes in (0..40).map(|step| step * step * 4096 + step * 500) {
        let dir = mount.0.join("log");
        let mut writer = open_optimist(&dir).unwrap();
        let mut acknowledged = batch(&mut random);
        writer.append(&acknowledged).unwrap();
        fill(&filler, leave_bytes);
        let (error, in_flight) = append_until_it_fails(&mut writer, &mut random, &mut acknowledged);
        assert!(!error.is_refusal(), "{error}");
        let again = writer.append(&[b"more"]);
        assert!(matches!(again, Err(AppendError::Poisoned { .. })));
        check(&dir, &acknowledged, &in_flight);
        drop(writer);

        // Opened while it is full: by its end or not at all, but nothing is lost by it.
        match open_optimist(&dir) {
            Ok(writer) => drop(writer),
            Err(OpenError::Io(_)) => refused_openings += 1,
            Err(other) => panic!("{other}"),
        }
        check(&dir, &acknowledged, &in_flight);

        fs::remove_file(&filler).unwrap();
        let mut writer = open_optimist(&dir).unwrap();
        check(&dir, &acknowledged, &in_flight);
        let next = index_of(writer.next_offset());
        kept += next - acknowledged.len();
        let offsets = writer.append(&[b"and on"]).unwrap();
        assert_eq!(index_of(offsets.start), next);
        assert_eq!(verify(&dir, &mut |_| ()).unwrap().damages, []);
        writer.close().unwrap();
        fs::remove_dir_all(&dir).unwrap();
    }
    println!("40 full disks: {refused_openings} openings refused, {kept} unacknowledged kept");
}

#[test]
#[ignore = "mounts a filesystem: `just enospc`"]
fn a_filling_disk_is_refused_at_the_floor_and_goes_on_when_there_is_room() {
    let Some((_home, mount)) = small_disk(32 * MIB) else {
        return;
    };
    let dir = mount.0.join("log");
    let mut random = Random::new(2);
    for floor_bytes in [0, 4 * MIB] {
        let mut writer = LogWriter::open(&dir, options(floor_bytes)).unwrap();
        let first = stat(&dir).unwrap().first_offset;
        let mut acknowledged = read_all(&dir);
        let (error, _) = append_until_it_fails(&mut writer, &mut random, &mut acknowledged);
        assert!(matches!(error, AppendError::NoSpace { .. }), "{error}");
        assert!(Disk.free_bytes(&dir).unwrap() >= floor_bytes);
        assert_eq!(read_all(&dir), acknowledged);
        // Room made by the log itself.
        let plan = writer.trim(TrimLimit::ToBytes(6 * MIB)).unwrap();
        assert!(plan.segments > 0);
        writer.append(&[b"and on"]).unwrap();
        let gone = index_of(plan.until) - index_of(first);
        acknowledged.push(b"and on".to_vec());
        assert_eq!(read_all(&dir), acknowledged[gone..]);
        writer.close().unwrap();
    }
}

#[test]
#[ignore = "mounts a filesystem: `just enospc`"]
fn a_sync_that_fails_acknowledges_nothing_and_the_next_mount_has_all_that_was() {
    let home = tempfile::tempdir().unwrap();
    let below = home.path().join("below");
    let arguments = ["-t", "tmpfs", "-o", "size=20m", "none"];
    let Some(below) = Mount::new(&below, &arguments) else {
        return;
    };
    let image = below.0.join("image");
    // It promises more than there is below it.
    ext4(&image, 128 * MIB);
    let at = home.path().join("mnt");
    let Some(mount) = mount_ext4(&image, &at) else {
        return;
    };
    with_requests_of_a_page(&mount);
    let dir = mount.0.join("log");
    let mut random = Random::new(3);
    let mut acknowledged = Vec::new();
    let mut writer = LogWriter::open(&dir, options(0)).unwrap();
    let (error, in_flight) = append_until_it_fails(&mut writer, &mut random, &mut acknowledged);
    println!("after {} records: {error}", acknowledged.len());
    assert!(!error.is_refusal(), "{error}");
    let again = writer.append(&[b"more"]);
    assert!(matches!(again, Err(AppendError::Poisoned { .. })));
    drop(writer);
    drop(mount);

    let more = ["-o", "remount,size=200m"];
    let grown = Command::new("mount").args(more).arg(&below.0).status();
    assert!(grown.unwrap().success());
    let at = home.path().join("mnt-again");
    let mount = mount_ext4(&image, &at).expect("it was mounted before");
    let dir = mount.0.join("log");
    let mut writer = LogWriter::open(&dir, options(0)).unwrap();
    println!("{:?}", writer.recovered());
    check(&dir, &acknowledged, &in_flight);
    writer.append(&[b"and on"]).unwrap();
    assert_eq!(verify(&dir, &mut |_| ()).unwrap().damages, []);
}

#[test]
#[ignore = "mounts a filesystem: `just enospc`"]
fn a_read_only_mount_is_read_and_proven_and_refused_to_writers() {
    let Some((_home, mount)) = small_disk(24 * MIB) else {
        return;
    };
    let dir = mount.0.join("log");
    let mut writer = LogWriter::open(&dir, options(0)).unwrap();
    let mut random = Random::new(4);
    let records: Vec<_> = (0..30).flat_map(|_| batch(&mut random)).collect();
    writer.append(&records).unwrap();
    let remount = |how: &str| {
        let status = Command::new("mount")
            .args(["-o", how])
            .arg(&mount.0)
            .status();
        assert!(status.unwrap().success());
    };
    drop(writer);
    remount("remount,ro");
    assert_eq!(read_all(&dir), records);
    let report = verify(&dir, &mut |_| ()).unwrap();
    assert_eq!(report.damages, []);
    let error = LogWriter::open(&dir, options(0)).unwrap_err();
    assert!(error.to_string().contains("Read-only"), "{error}");
    let error = LogWriter::open(mount.0.join("new"), options(0)).unwrap_err();
    assert!(error.to_string().contains("Read-only"), "{error}");
    remount("remount,rw");
    LogWriter::open(&dir, options(0))
        .unwrap()
        .append(&[b"and on"])
        .unwrap();
}
