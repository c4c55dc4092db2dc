//! Each connection takes a file descriptor, and many systems grant only 1,024 unless asked.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's own limit to what the system grants it. Where that fails the api goes on
/// with fewer connections.
pub(crate) fn raise_limit() {
    let granted = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: granted.maximum,
        maximum: granted.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(
            "the limit of open files stays at {:?}: {error}",
            granted.current
        );
    }
}
