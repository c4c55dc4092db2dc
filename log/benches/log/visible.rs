//! How long it takes until a waiting cursor in another process has a record: from the call that
//! appends it, and from that call's end. The other process is this program again.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};

use crate::{plain::Plain, quantile};

/// Names the log to the other process.
pub(crate) const READER_OF: &str = "GHEV_LOG_BENCH_READER_OF";

const APPENDS: usize = 1000;
const LONG: Duration = Duration::from_secs(60);

fn now_ns() -> u128 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap().as_nanos()
}

/// The other process: says when it had each record.
pub(crate) fn read(dir: &Path) {
    let mut cursor = LogCursor::open(dir, Offset::ZERO).unwrap();
    let mut stdout = std::io::stdout();
    for _record in 0..APPENDS {
        while cursor.read().unwrap().is_none() {
            assert!(cursor.wait(LONG).unwrap());
        }
        writeln!(stdout, "{}", now_ns()).unwrap();
        stdout.flush().unwrap();
    }
}

pub(crate) fn measure(home: &Path) {
    let dir = home.join("visible");
    let mut writer = LogWriter::open(&dir, LogOptions::default()).unwrap();
    let mut reader = Command::new(env::current_exe().unwrap())
        .env(READER_OF, &dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = BufReader::new(reader.stdout.take().unwrap()).lines();
    let mut file = Plain::create(&home.join("visible.plain"));
    let mut since_call = Vec::new();
    let mut since_end = Vec::new();
    let mut plain = Vec::new();
    for _append in 0..APPENDS {
        let called = now_ns();
        writer.append(&[[7; 600]]).unwrap();
        let ended = now_ns();
        let at: u128 = seen.next().unwrap().unwrap().parse().unwrap();
        since_call.push(at.saturating_sub(called));
        since_end.push(at.saturating_sub(ended));
        let began = Instant::now();
        file.append(&[[7; 600]]);
        plain.push(began.elapsed().as_nanos());
    }
    assert!(reader.wait().unwrap().success());
    let line = |what: &str, values: &mut [u128]| {
        let [p50, p99] = [500, 990].map(|per_mille| quantile(values, per_mille) as f64 / 1e6);
        println!("{what:<44} p50 {p50:.2} ms  p99 {p99:.2} ms");
    };
    line("visible in another process, from the call", &mut since_call);
    line("visible in another process, from its end", &mut since_end);
    line("(a plain write and fdatasync takes", &mut plain);
    println!("wanted: p99 at most 5 ms)");
}
