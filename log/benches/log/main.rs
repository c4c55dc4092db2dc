//! The log's speed, each figure beside something plain in the same run: what is measured is the
//! ratio, because disks and machines differ and neighbours make noise. `just bench-log`.
//!
//! Arguments name the measurements to make, all by default: batched, single, read, verify, visible.
//! `GHEV_LOG_BENCH_DIR` names a directory on the disk to measure, the temporary one by default.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no use")]

mod append;
mod plain;
mod read;
mod visible;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How often each pair is measured, in turn.
const ROUNDS: usize = 9;

/// Measures in a directory of its own and says what it found.
type Measure = fn(&Path);

fn main() {
    if let Some(dir) = env::var_os(visible::READER_OF) {
        return visible::read(&PathBuf::from(dir));
    }
    let home = env::var_os("GHEV_LOG_BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let home = tempfile::tempdir_in(home).unwrap();
    let all: [(&str, Measure); 5] = [
        ("batched", append::batched),
        ("single", append::single),
        ("read", read::small),
        ("verify", read::verified),
        ("visible", visible::measure),
    ];
    let asked: Vec<_> = env::args().skip(1).collect();
    let none_named = !all
        .iter()
        .any(|(name, _)| asked.iter().any(|asked| asked == name));
    for (name, measure) in all {
        if none_named || asked.iter().any(|asked| asked == name) {
            measure(home.path());
        }
    }
}

/// A stretch of work: how long it took, and how long it was on a processor, which on a busy machine
/// is what says how fast it is.
#[derive(Clone, Copy, Debug)]
struct Took {
    wall: Duration,
    cpu: Duration,
}

impl Took {
    fn of(work: impl FnOnce()) -> Self {
        let (began, cpu_began) = (Instant::now(), cpu_time());
        work();
        Self {
            wall: began.elapsed(),
            cpu: cpu_time().saturating_sub(cpu_began),
        }
    }
}

/// Of this thread, to some milliseconds; zero where the system does not say.
fn cpu_time() -> Duration {
    let said = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = said
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

/// The value in the middle.
fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    quantile(values, 500)
}

/// The value below which so many of a thousand lie.
fn quantile<T: Copy + PartialOrd>(values: &mut [T], per_mille: usize) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[(values.len() - 1) * per_mille / 1000]
}

/// How many a second.
fn rate(count: u32, time: Duration) -> f64 {
    f64::from(count) / time.as_secs_f64()
}

/// One line: what was measured, ours, what is plain, their ratio and what it should be.
fn report(what: &str, ours: &str, plain: &str, ratio: f64, wanted: &str) {
    println!("{what:<44} {ours:>16}  plain {plain:>16}  ratio {ratio:.2} (wanted {wanted})");
}
