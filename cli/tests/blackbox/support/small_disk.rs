//! A disk that is soon full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small filesystem of its own, where the machine lets us have one.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where no filesystem may be mounted: then the test has to be skipped, which is said here.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) fn mount(dir: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(dir).unwrap();
        let options = format!("size={size},mode=0755");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(dir);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self(dir.to_owned())),
            _ => {
                eprintln!("skipped: no filesystem may be mounted here");
                None
            }
        }
    }

    /// Lets nothing more be written to it; `false` where that cannot be had.
    pub(crate) fn seal(&self) -> bool {
        let mut remount = Command::new("mount");
        remount.args(["-o", "remount,ro"]).arg(&self.0);
        remount.status().is_ok_and(|status| status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is still busy goes with the machine.
        let _ended = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
