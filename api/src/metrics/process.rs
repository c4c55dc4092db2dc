//! What the system says of the process, under the names that Prometheus' own libraries use
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>). Where the system
//! has no `/proc`, nothing is told.

use std::fs;

use super::exposition::Exposition;

const KIB: u64 = 1024;

/// Adds what there is.
pub(super) fn write(text: &mut Exposition) {
    if let Some(bytes) = resident_memory_bytes() {
        text.gauge("process_resident_memory_bytes", "Memory in use.")
            .sample(&[], bytes);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.gauge("process_open_fds", "Open file descriptors.")
            .sample(&[], open.count());
    }
}

fn resident_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * KIB)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_some_memory() {
        assert!(resident_memory_bytes().unwrap() > 100 * KIB);
    }
}
