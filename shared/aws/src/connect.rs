use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use carry_model::{Code, Fault};
use carry_ports::{Clock, Retention};

use crate::{AwsSecrets, AwsTokens, DynamoJobs, EventScheduler, S3Staging, SesMailer, StepFunctions, Table};

/// Times a call is tried; the SDK waits between them with exponential backoff and full jitter.
const TRIES_MAX: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(5);
const CONNECT_MAX: Duration = Duration::from_secs(5);
const ATTEMPT_MAX: Duration = Duration::from_secs(60);

/// A connection to AWS as the environment describes it; hands out the adapters.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(crate) config: SdkConfig,
}

impl Aws {
    /// Reads region, credentials and endpoints from the environment and the shared configuration files.
    pub async fn from_env() -> Result<Self, Fault> {
        let retry = RetryConfig::standard()
            .with_max_attempts(TRIES_MAX)
            .with_initial_backoff(FIRST_WAIT)
            .with_max_backoff(WAIT_MAX);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_MAX)
            .operation_attempt_timeout(ATTEMPT_MAX)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(retry)
            .timeout_config(timeouts)
            .load()
            .await;
        if config.region().is_none() {
            let hint = "Set AWS_REGION, or a region in the AWS profile that is used.";
            return Err(Fault::new(Code::ConfigInvalid).detail("No AWS region is set.").hint(hint));
        }
        Ok(Self { config })
    }

    /// With another description, as tests need.
    pub const fn with_config(config: SdkConfig) -> Self {
        Self { config }
    }

    /// Staging in that bucket.
    pub fn staging(&self, bucket: impl Into<String>) -> S3Staging {
        S3Staging::new(self.s3(), bucket)
    }

    /// That table.
    pub fn table(&self, name: impl Into<String>, clock: Arc<dyn Clock>) -> Table {
        Table::new(aws_sdk_dynamodb::Client::new(&self.config), name, clock)
    }

    /// Migrations, runs and links in that table.
    pub fn jobs(&self, table: Table, retention: Retention) -> DynamoJobs {
        DynamoJobs::new(table, retention)
    }

    /// Secrets.
    pub fn secrets(&self) -> AwsSecrets {
        AwsSecrets::new(aws_sdk_secretsmanager::Client::new(&self.config))
    }

    /// Tokens of a migration's connections; the prefix is the migration's own.
    pub fn tokens(&self, table: Table, prefix: impl Into<String>) -> AwsTokens {
        AwsTokens::new(self.secrets(), table, prefix)
    }

    /// Runs as executions of the state machine with that ARN.
    pub fn flow(&self, machine: impl Into<String>) -> StepFunctions {
        StepFunctions::new(aws_sdk_sfn::Client::new(&self.config), machine)
    }

    /// Schedules in that group, for that target, called by that role.
    pub fn scheduler(
        &self,
        group: impl Into<String>,
        target: impl Into<String>,
        role: impl Into<String>,
    ) -> EventScheduler {
        EventScheduler::new(aws_sdk_scheduler::Client::new(&self.config), group, target, role)
    }

    /// Mail from that address.
    pub fn mailer(&self, from: impl Into<String>) -> SesMailer {
        SesMailer::new(aws_sdk_sesv2::Client::new(&self.config), from)
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        // Emulators have no host name per bucket.
        let local = self.config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(local).build();
        aws_sdk_s3::Client::from_conf(config)
    }
}
