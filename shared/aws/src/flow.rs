use async_trait::async_trait;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::ExecutionStatus;
use carry_model::{Code, Fault, RunId};
use carry_ports::{Flow, FlowStart, FlowState};

use crate::fault::{fault, json_broken};
use crate::table::waits;

/// Runs as executions of one state machine, each under its run's id: Step Functions itself refuses a second one. A
/// later attempt is `<run>.<attempt>`.
#[derive(Clone, Debug)]
pub struct StepFunctions {
    client: Client,
    machine: String,
}

impl StepFunctions {
    /// Of the state machine with that ARN.
    pub fn new(client: Client, machine: impl Into<String>) -> Self {
        Self { client, machine: machine.into() }
    }

    /// `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME` becomes `...:execution:NAME:RUN`.
    fn execution(&self, run: &RunId, attempt: u32) -> Result<String, Fault> {
        let execution = self.machine.replacen(":stateMachine:", ":execution:", 1);
        if execution == self.machine {
            return Err(Fault::new(Code::ConfigInvalid).detail("That is no ARN of a state machine."));
        }
        Ok(format!("{execution}:{}", name(run, attempt)))
    }

    /// Waits until a start shows: for a moment, Step Functions may not know of what it has just started.
    async fn shown(&self, start: &FlowStart) -> Result<(), Fault> {
        for wait in waits() {
            if self.state(&start.run, start.attempt).await?.is_some() {
                break;
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }
}

fn name(run: &RunId, attempt: u32) -> String {
    if attempt <= 1 { run.to_string() } else { format!("{run}.{attempt}") }
}

const MISSING: &str = "ExecutionDoesNotExist";

#[async_trait]
impl Flow for StepFunctions {
    async fn start(&self, start: &FlowStart) -> Result<bool, Fault> {
        let input = serde_json::to_string(start).map_err(json_broken)?;
        let execution = self.client.start_execution().state_machine_arn(&self.machine);
        // With the same input a running execution answers as if it had just been started, so it is asked for first.
        if self.state(&start.run, start.attempt).await?.is_some() {
            return Ok(false);
        }
        match execution.name(name(&start.run, start.attempt)).input(input).send().await {
            Ok(_) => self.shown(start).await.map(|()| true),
            Err(e) if e.code() == Some("ExecutionAlreadyExists") => Ok(false),
            Err(e) => Err(fault("Step Functions StartExecution", &e)),
        }
    }

    async fn state(&self, run: &RunId, attempt: u32) -> Result<Option<FlowState>, Fault> {
        match self.client.describe_execution().execution_arn(self.execution(run, attempt)?).send().await {
            Ok(execution) => Ok(Some(match execution.status() {
                ExecutionStatus::Running | ExecutionStatus::PendingRedrive => FlowState::Running,
                ExecutionStatus::Succeeded => FlowState::Ended,
                ExecutionStatus::Aborted => FlowState::Stopped,
                _ => FlowState::Failed,
            })),
            Err(e) if e.code() == Some(MISSING) => Ok(None),
            Err(e) => Err(fault("Step Functions DescribeExecution", &e)),
        }
    }

    async fn stop(&self, run: &RunId, attempt: u32) -> Result<(), Fault> {
        if self.state(run, attempt).await? != Some(FlowState::Running) {
            return Ok(());
        }
        match self.client.stop_execution().execution_arn(self.execution(run, attempt)?).send().await {
            Ok(_) => Ok(()),
            Err(e) if e.code() == Some(MISSING) => Ok(()),
            Err(e) => Err(fault("Step Functions StopExecution", &e)),
        }
    }
}
