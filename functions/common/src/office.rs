//! The life cycle of migrations as a function works with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use carry_aws::{Aws, DynamoHeaders};
use carry_model::{Code, Fault};
use carry_service::{Service, Window};
use secrecy::SecretString;
use tokio::sync::Mutex;

use crate::serve::Setup;
use crate::{Adapters, Config, Meter};

/// A secret that was read is used this long: one that is replaced is known soon, and few calls pay for reading it.
const SECRET_FOR: Duration = Duration::from_secs(60);

/// What the functions that start, watch and end runs share.
pub struct Office {
    /// The life cycle.
    pub service: Service,
    /// Counts for the function's metrics.
    pub meter: Arc<Meter>,
    secret: Option<String>,
    read: Mutex<Option<(Instant, SecretString)>>,
}

impl Office {
    /// Opens it. `secret` is the variable that names the secret by which a caller is known, where there are callers.
    pub async fn open(setup: Setup, secret: Option<&str>) -> Result<Self, Fault> {
        let Setup { config, meter } = setup;
        let adapters = Adapters::open(&config).await?;
        let secret = secret.map(|variable| config.variable(variable).map(str::to_owned)).transpose()?;
        Ok(Self { service: service(&adapters, &config)?, meter, secret, read: Mutex::default() })
    }

    /// Opens it for a function that writes to customers, from the address in `CARRY_MAIL_FROM` where there is one. Only
    /// such a function carries the mail's client.
    pub async fn open_with_mail(setup: Setup, secret: Option<&str>) -> Result<Self, Fault> {
        let from = setup.config.variable("CARRY_MAIL_FROM").map(str::to_owned).ok();
        let mut office = Self::open(setup, secret).await?;
        if let Some(from) = from {
            office.service.mailer = Some(Arc::new(Aws::from_env().await?.mailer(from)));
        }
        Ok(office)
    }

    /// The secret by which a caller is known. A fault ([`Code::ConfigInvalid`]) where there is none.
    pub async fn secret(&self) -> Result<SecretString, Fault> {
        let missing = || Fault::new(Code::ConfigInvalid).detail("The secret that callers show is not set.");
        let name = self.secret.as_deref().ok_or_else(missing)?;
        let mut read = self.read.lock().await;
        if let Some((at, secret)) = &*read
            && at.elapsed() < SECRET_FOR
        {
            return Ok(secret.clone());
        }
        let secret = self.service.secrets.get(name).await?.ok_or_else(missing)?;
        *read = Some((Instant::now(), secret.clone()));
        Ok(secret)
    }
}

fn service(adapters: &Adapters, config: &Config) -> Result<Service, Fault> {
    // Who books nothing is told of no target: Scheduler refuses one that is empty.
    let target = config.variable("CARRY_SCHEDULE_TARGET_ARN").unwrap_or_default();
    let (group, role) =
        (config.variable("CARRY_SCHEDULE_GROUP")?, config.variable("CARRY_SCHEDULE_ROLE_ARN")?);
    Ok(Service {
        jobs: adapters.jobs.clone(),
        staging: adapters.staging.clone(),
        doors: adapters.staging.clone(),
        secrets: adapters.secrets.clone(),
        headers: Arc::new(DynamoHeaders::new(adapters.table.clone())),
        flow: Arc::new(adapters.aws.flow(config.variable("CARRY_STATE_MACHINE_ARN")?)),
        scheduler: Arc::new(adapters.aws.scheduler(group, target, role)),
        mailer: None,
        clock: adapters.clock.clone(),
        window: Window::new(config.time_zone.iana_name().unwrap_or("UTC"))?,
        secret_prefix: config.secret_prefix.clone(),
    })
}
