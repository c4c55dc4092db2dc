//! A file as SQLite is told of it in a text, whatever bytes its path has
//! (<https://www.sqlite.org/uri.html>). Knows nothing about what is in it.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The URI of a file, without parameters.
pub(crate) fn uri_of(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a String takes what is written");
        }
    }
    uri
}
