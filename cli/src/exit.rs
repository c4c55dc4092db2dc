//! Exit codes: what a script learns without reading. Documented in `ghev --help` and README.md.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked to do.
    Done,
    /// It failed for a reason that has no code of its own; standard error says which.
    Failure,
    /// The command line, the environment or the config file makes no sense.
    Usage,
    /// Another writer holds the log.
    Locked,
    /// The log is damaged.
    DamagedLog,
    /// The live read model is not what a replay makes.
    ReplayDiffers,
    /// Some input was no event; the rest was kept and the rejected places were listed.
    InputRejected,
}

impl Exit {
    /// The number a script sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Locked => 3,
            Self::DamagedLog => 4,
            Self::ReplayDiffers => 5,
            Self::InputRejected => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
