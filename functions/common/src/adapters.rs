use std::sync::Arc;

use carry_aws::{Aws, AwsSecrets, DynamoJobs, S3Staging, Table};
use carry_model::Fault;
use carry_ports::{Clock, SystemClock};

use crate::Config;

/// The ports on AWS, as the variables name them.
#[derive(Clone)]
pub struct Adapters {
    /// Hands out more of them.
    pub aws: Aws,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The table of job state.
    pub table: Table,
    /// Migrations, runs, links.
    pub jobs: Arc<DynamoJobs>,
    /// Staged objects.
    pub staging: Arc<S3Staging>,
    /// Credentials.
    pub secrets: Arc<AwsSecrets>,
}

impl Adapters {
    /// Connects; region, credentials and endpoints are those of the environment.
    pub async fn open(config: &Config) -> Result<Self, Fault> {
        let aws = Aws::from_env().await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let table = aws.table(&config.table, clock.clone());
        Ok(Self {
            jobs: Arc::new(aws.jobs(table.clone(), config.retention)),
            staging: Arc::new(aws.staging(&config.bucket)),
            secrets: Arc::new(aws.secrets()),
            aws,
            clock,
            table,
        })
    }
}
