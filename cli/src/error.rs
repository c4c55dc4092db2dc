//! Why a command failed, in words for the person who typed it, and with which exit code. Knows the
//! crates' errors, not how they come about.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ghev_api::ServeError;
use ghev_injector::{FailedSource, ImportError, InjectError};
use ghev_log::{AppendError, IdentityError, OpenError, ReadError, SalvageError};
use ghev_projector::ProjectError;

use crate::config::ConfigError;
use crate::exit::Exit;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot read the token file {}: {source}", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("{place} does not hold a token: expected one line of visible ASCII")]
    Token { place: String },
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen, or stop what \
         listens there"
    )]
    Bind {
        address: SocketAddr,
        source: io::Error,
    },
    #[error(transparent)]
    Inject(#[from] InjectError),
    #[error("{} was not polled to its end: {}; what was accepted before is kept", .0.source, .0.reason)]
    SourceFailed(FailedSource),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("interrupted; what was read is in the log: run it again and it goes on from there")]
    ImportStopped,
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    ReadLog(#[from] ReadError),
    #[error(transparent)]
    OpenLog(#[from] OpenError),
    #[error(transparent)]
    WriteLog(#[from] AppendError),
    #[error(transparent)]
    Salvage(#[from] SalvageError),
    #[error("there is no terminal to ask on: add --yes to remove {what}")]
    Unasked { what: String },
    #[error("cannot ask on the terminal: {0}")]
    Ask(io::Error),
    #[error(transparent)]
    ReadModel(#[from] ghev_readmodel::ReadError),
    #[error(transparent)]
    SimEvents(ghev_sim::LoadError),
    #[error("the simulator failed: {0}")]
    Sim(io::Error),
    #[error("cannot make a temporary directory: {0}")]
    Temporary(io::Error),
    #[error("the api at {address} is not healthy: {reason}")]
    Unhealthy { address: SocketAddr, reason: String },
    #[error("cannot write the result: {0}")]
    Output(io::Error),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    #[error("a part of ghev panicked, which is a bug: {0}")]
    Panicked(String),
}

impl CommandError {
    /// Whether the read model turned out to be damaged while it was read or written. Where it cannot be opened,
    /// the error itself says what to do.
    fn is_damage_of_the_model(&self) -> bool {
        match self {
            Self::ReadModel(error) | Self::Project(ProjectError::Read(error)) => {
                matches!(error, ghev_readmodel::ReadError::Sqlite(_)) && error.is_damage()
            }
            Self::Project(ProjectError::Write(error)) => {
                matches!(error, ghev_readmodel::WriteError::Sqlite(_)) && error.is_damage()
            }
            _ => false,
        }
    }

    /// What to do about what the operating system refused, where that is known.
    pub(crate) fn advice(&self) -> &'static str {
        if self.is_damage_of_the_model() {
            return "; run `ghev replay`, which makes the read model anew from the log";
        }
        let first: &dyn Error = self;
        let mut causes = std::iter::successors(Some(first), |&error| error.source());
        let refused = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
        match refused.map(io::Error::kind) {
            Some(io::ErrorKind::PermissionDenied) => {
                "; give this user access to it, or name another directory with --data"
            }
            Some(io::ErrorKind::NotADirectory) => "; name a directory with --data",
            Some(io::ErrorKind::StorageFull) => "; free some space and start again",
            Some(io::ErrorKind::ReadOnlyFilesystem) => "; name a writable directory with --data",
            _ => "",
        }
    }

    /// What a script learns.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(_)
            | Self::TokenFile { .. }
            | Self::Token { .. }
            | Self::Serve(ServeError::Tokens(_) | ServeError::Tls(_))
            | Self::Unasked { .. } => Exit::Usage,
            Self::Inject(InjectError::Locked { .. }) | Self::Import(ImportError::Locked { .. }) => {
                Exit::Locked
            }
            Self::Inject(InjectError::Open(error))
            | Self::Import(ImportError::Open(error))
            | Self::Salvage(SalvageError::Open(error))
            | Self::OpenLog(error) => of_log_open(error),
            Self::Inject(InjectError::Read(error))
            | Self::Import(ImportError::Read(error))
            | Self::Salvage(SalvageError::Read(error))
            | Self::Project(ProjectError::Log(error))
            | Self::ReadLog(error) => of_log_read(error),
            // A reader that has seen enough is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Bind { .. }
            | Self::Inject(_)
            | Self::Import(_)
            | Self::SourceFailed(_)
            | Self::ImportStopped
            | Self::Project(_)
            | Self::Serve(_)
            | Self::ReadModel(_)
            | Self::SimEvents(_)
            | Self::Sim(_)
            | Self::Temporary(_)
            | Self::Unhealthy { .. }
            | Self::WriteLog(_)
            | Self::Salvage(_)
            | Self::Ask(_)
            | Self::Output(_)
            | Self::Runtime(_)
            | Self::Panicked(_) => Exit::Failure,
        }
    }
}

const fn of_log_open(error: &OpenError) -> Exit {
    match error {
        OpenError::Locked { .. } => Exit::Locked,
        OpenError::Damaged { .. }
        | OpenError::WatermarkLost { .. }
        | OpenError::Identity(IdentityError::Damaged { .. }) => Exit::DamagedLog,
        _ => Exit::Failure,
    }
}

const fn of_log_read(error: &ReadError) -> Exit {
    match error {
        ReadError::Damaged { .. }
        | ReadError::WatermarkUnreadable { .. }
        | ReadError::Identity(IdentityError::Damaged { .. }) => Exit::DamagedLog,
        _ => Exit::Failure,
    }
}
