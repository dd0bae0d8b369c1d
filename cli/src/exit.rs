//! Exit codes; documented in `--help` and docs/cli.md.

use carry_model::{Code, Fault, Kind};
use carry_ports::RunState;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, nothing to look at.
    Finished,
    /// Done, with records skipped or failed or figures that differ.
    Issues,
    /// Something must be put right first.
    Usage,
    /// The same command given again goes on.
    Resumable,
    /// No result.
    Failed,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::Issues => 1,
            Self::Usage => 2,
            Self::Resumable => 3,
            Self::Failed => 4,
        }
    }

    /// The number after a second Ctrl-C, as shells know it.
    pub(crate) const AT_ONCE: i32 = 130;

    /// Of a fault that ended a command.
    pub(crate) fn of_fault(fault: &Fault) -> Self {
        match (fault.code, fault.kind()) {
            (Code::Interrupted, _) | (_, Kind::Transient | Kind::RateLimited) => Self::Resumable,
            (_, Kind::Config | Kind::Auth) => Self::Usage,
            (_, Kind::Rejected | Kind::Unsupported | Kind::Integrity | Kind::Bug) => Self::Failed,
        }
    }

    /// Of a run's state.
    pub(crate) const fn of_state(state: &RunState) -> Self {
        match state {
            RunState::Finished => Self::Finished,
            RunState::FinishedWithIssues | RunState::Cancelled => Self::Issues,
            RunState::Running | RunState::Paused { .. } => Self::Resumable,
            RunState::Failed { .. } => Self::Failed,
        }
    }
}
