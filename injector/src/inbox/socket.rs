//! The name of the socket, also where the directory's own is too long for one. Knows nothing about
//! what is said on it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "inbox";

/// `sun_path` has 108 bytes on Linux and 104 elsewhere, a zero at the end included.
const NAME_MAX_BYTES: usize = 103;

/// Where the socket of the log in `dir` is.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join(FILE_NAME)
}

/// Does something with a name of the socket that a socket address can hold.
pub(super) fn with_name<T>(
    dir: &Path,
    use_name: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let path = path(dir);
    if path.as_os_str().len() <= NAME_MAX_BYTES {
        return use_name(&path);
    }
    // The same directory by another name (Linux), valid as long as it is open.
    let open = File::open(dir)?;
    use_name(&PathBuf::from(format!(
        "/proc/self/fd/{}/{FILE_NAME}",
        open.as_raw_fd()
    )))
}

/// Takes away a socket that nobody can be listening on: the caller holds the log.
pub(super) fn remove(dir: &Path) -> io::Result<()> {
    let path = path(dir);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(&path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "something that is no socket is in its place",
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
