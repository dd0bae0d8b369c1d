//! How a run ends: with its report, or by a fault.

use std::fs::File;
use std::io::Write;

use carry_model::{Action, Code, Fault};
use carry_pipeline::report_files;
use carry_pipeline::steps::{Beginning, OpenRun};
use carry_ports::{Run, RunKind, Staging, places};
use serde::Deserialize;

use crate::failure::Message;
use crate::stages::fault_key;
use crate::{Bench, Caught, Stages, Step, uploads};

/// What a failed function answered, as Step Functions keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    error_message: String,
}

impl Stages {
    /// Leaves the run as the fault leaves it that the flow caught. A run that met it before it began, because a side
    /// could not be opened, is begun for that. None where it cannot be: there is no such migration any more, another
    /// run is under way.
    pub async fn fail<W>(
        &self,
        bench: &Bench,
        step: &Step<W>,
        kind: RunKind,
        caught: &Caught,
    ) -> Result<Option<Run>, Fault> {
        let fault = self.fault_of(step, caught).await?;
        match OpenRun::look(&bench.engine, &step.migration, &step.run).await {
            Ok(run) => return run.fail(&fault).await.map(Some),
            Err(unknown) if unknown.code == Code::MigrationUnknown => {}
            Err(fault) => return Err(fault),
        }
        match self.begin_run(bench, step, kind).await {
            Ok(Beginning::Open(run)) => run.fail(&fault).await.map(Some),
            Ok(Beginning::Over(run)) => Ok(Some(*run)),
            Err(fault) if fault.action() == Action::Retry => Err(fault),
            Err(refused) => {
                tracing::warn!(code = refused.code.id(), "a run could not begin, not even to be left failed");
                Ok(None)
            }
        }
    }

    /// The fault with its particulars where it was staged, else by its code; where the function did not answer at
    /// all, what the flow calls that.
    async fn fault_of<W>(&self, step: &Step<W>, caught: &Caught) -> Result<Fault, Fault> {
        let answer = serde_json::from_str::<Answer>(&caught.cause).ok();
        let message = answer.and_then(|answer| serde_json::from_str::<Message>(&answer.error_message).ok());
        let Some(message) = message else { return Ok(unanswered(&caught.error)) };
        let staged = self.staged::<Fault>(step, &fault_key(step.attempt, &message.request)).await?;
        Ok(staged.unwrap_or_else(|| Fault::new(message.code)))
    }

    /// Writes the report of the run's attempt; once it is there, it stays. A run that came to a fault before
    /// it had a plan has none, and a rollback has its outcome in place of one.
    pub async fn write_report<W>(&self, bench: &Bench, step: &Step<W>) -> Result<(), Fault> {
        let run = OpenRun::look(&bench.engine, &step.migration, &step.run).await?;
        if run.run().kind == RunKind::Rollback {
            return Ok(());
        }
        let folder = uploads::folder().with_extension("report");
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        let into = folder.clone();
        let create = move |name: &str| {
            File::create(into.join(name)).map(|file| -> Box<dyn Write + Send> { Box::new(file) })
        };
        let has_ended = run.run().state.has_finished();
        let files = match report_files(&bench.engine, run.run(), create).await {
            Err(fault) if fault.code == Code::ConfigInvalid && !has_ended => return Ok(()),
            written => written?,
        };
        for name in files.names {
            let key = format!("{}{name}", places::report(run.run().attempts));
            let key = run.store().whole_key(&key);
            self.adapters.staging.create_from(&key, &folder.join(&name)).await?;
        }
        std::fs::remove_dir_all(&folder).map_err(unwritable)
    }
}

fn unwritable(error: std::io::Error) -> Fault {
    Fault::new(Code::FileUnreadable).detail("the report").caused_by(error)
}

fn unanswered(error: &str) -> Fault {
    let timed_out = error.contains("Timed") || error.contains("Timeout");
    let code = if timed_out { Code::TimedOut } else { Code::ServerFailed };
    Fault::new(code).detail(format!("A function did not answer: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_died_leaves_a_run_that_can_go_on() {
        for (error, code) in [
            ("Sandbox.Timedout", Code::TimedOut),
            ("States.Timeout", Code::TimedOut),
            ("Runtime.ExitError", Code::ServerFailed),
        ] {
            let fault = unanswered(error);
            assert_eq!((fault.code, fault.action()), (code, Action::Retry));
        }
    }
}
