use aws_credential_types::provider::ProvideCredentials;
use carry_model::{Code, Fault};
use carry_ports::places;

use crate::fault::fault;
use crate::item::Key;
use crate::{Aws, EventScheduler, S3Staging, StepFunctions, Table};

/// A deployed stack, found by its name alone: `infra/template.yaml` names everything by a fixed pattern.
#[derive(Clone, Debug)]
pub struct Stack {
    aws: Aws,
    name: String,
    region: String,
    account: String,
    partition: String,
    caller: String,
}

impl Aws {
    /// The stack of that name in this account and region.
    ///
    /// A fault ([`Code::AuthRefused`]) where there are no credentials or they are refused; ([`Code::ConfigInvalid`])
    /// where that is no name of a stack.
    pub async fn stack(&self, name: &str) -> Result<Stack, Fault> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Fault::new(Code::ConfigInvalid)
                .detail(format!("'{name}' is no name of a stack."))
                .hint("A stack's name has letters, digits and dashes: `carryforward`."));
        }
        self.need_credentials().await?;
        let identity = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let identity = identity.map_err(|e| fault("STS GetCallerIdentity", &e))?;
        let unknown = || Fault::new(Code::AnswerUnreadable).detail("STS GetCallerIdentity names no account.");
        // arn:aws:iam::123456789012:user/ann
        let mut arn = identity.arn().unwrap_or_default().split(':');
        let partition = arn.nth(1).unwrap_or("aws");
        let caller = arn.next_back().unwrap_or("unknown");
        Ok(Stack {
            aws: self.clone(),
            name: name.to_owned(),
            region: self.config.region().map(ToString::to_string).unwrap_or_default(),
            account: identity.account().ok_or_else(unknown)?.to_owned(),
            partition: partition.to_owned(),
            caller: caller.to_owned(),
        })
    }

    /// A missing credential otherwise shows as a connection that failed.
    async fn need_credentials(&self) -> Result<(), Fault> {
        let none = || {
            Fault::new(Code::AuthRefused)
                .detail("There are no AWS credentials here.")
                .hint("Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        };
        let provider = self.config.credentials_provider().ok_or_else(none)?;
        provider.provide_credentials().await.map(|_| ()).map_err(|e| none().caused_by(e))
    }
}

impl Stack {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who works with it: `user/ann`, `assumed-role/Support/ann`.
    pub fn caller(&self) -> &str {
        &self.caller
    }

    /// Begins the names of the secrets of its migrations.
    pub fn secret_prefix(&self) -> String {
        places::secrets_of_stack(&self.name)
    }

    /// What it was found with.
    pub const fn aws(&self) -> &Aws {
        &self.aws
    }

    /// Its table. A fault ([`Code::ConfigInvalid`]) where there is no such stack.
    pub async fn table(&self, clock: std::sync::Arc<dyn carry_ports::Clock>) -> Result<Table, Fault> {
        let table = self.aws.table(format!("{}-jobs", self.name), clock);
        match table.get(&Key::new("STACK", "STACK")).await {
            Ok(_) => Ok(table),
            Err(fault) if fault.code == Code::ConfigInvalid => Err(self.missing()),
            Err(fault) => Err(fault),
        }
    }

    fn missing(&self) -> Fault {
        let Self { name, region, account, .. } = self;
        Fault::new(Code::ConfigInvalid)
            .detail(format!("There is no stack '{name}' in {region} of account {account}."))
            .hint(
                "Deploy it (infra/README.md, or localstack/up on this machine), or name another; AWS_REGION and \
                 AWS_PROFILE say where to look.",
            )
    }

    /// Its bucket.
    pub fn staging(&self) -> S3Staging {
        let Self { aws, name, region, account, .. } = self;
        aws.staging(format!("{name}-staging-{account}-{region}"))
    }

    /// Its flow.
    pub fn flow(&self) -> StepFunctions {
        self.aws.flow(self.arn("states", &format!("stateMachine:{}-migration", self.name)))
    }

    /// Its schedules, to list and to take back: only its functions know the role that makes new ones.
    pub fn scheduler(&self) -> EventScheduler {
        let target = self.arn("lambda", &format!("function:{}-schedule", self.name));
        self.aws.scheduler(format!("{}-runs", self.name), target, "")
    }

    fn arn(&self, service: &str, what: &str) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{what}")
    }
}
