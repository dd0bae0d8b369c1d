//! A deployed stack, opened: the service over its table, bucket, secrets and flow.

use std::sync::Arc;

use carry_aws::{Aws, DynamoHeaders, Stack, Table};
use carry_connectors::{Offline, stored};
use carry_model::{Code, Fault};
use carry_pipeline::{Cancel, Connection, Engine, NoProgress};
use carry_ports::{Clock, Migration, Retention, SystemClock};
use carry_service::{Service, Window};

use crate::args::{Common, Which};

/// Whose a migration is that an operator sets up.
const CUSTOMER: &str = "operator";

/// An opened stack.
pub(crate) struct Place<'a> {
    pub(crate) common: &'a Common,
    pub(crate) stack: Stack,
    pub(crate) table: Table,
    pub(crate) service: Service,
}

impl<'a> Place<'a> {
    /// Opens the stack of that name. A fault where there is none, or no credentials for it.
    pub(crate) async fn open(name: &str, common: &'a Common) -> Result<Self, Fault> {
        let stack = Aws::from_env().await?.stack(name).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let table = stack.table(clock.clone()).await?;
        let staging = Arc::new(stack.staging());
        let service = Service {
            // A run's end, which is what retention counts from, is written by the functions, by their own setting.
            jobs: Arc::new(stack.aws().jobs(table.clone(), Retention::default())),
            staging: staging.clone(),
            doors: staging,
            secrets: Arc::new(stack.aws().secrets()),
            headers: Arc::new(DynamoHeaders::new(table.clone())),
            flow: Arc::new(stack.flow()),
            scheduler: Arc::new(stack.scheduler()),
            mailer: None,
            clock,
            window: Window::new("UTC")?, // nothing is booked from here
            secret_prefix: stack.secret_prefix(),
        };
        Ok(Self { common, stack, table, service })
    }

    /// Whose migrations this is about.
    pub(crate) fn customer(&self) -> &str {
        self.common.customer.as_deref().unwrap_or(CUSTOMER)
    }

    /// The migrations that `which` and the customer, where one is named, leave; oldest first.
    pub(crate) async fn migrations(&self, which: &Which) -> Result<Vec<Migration>, Fault> {
        let from = which.from.as_deref().map(stored).transpose()?;
        let to = which.to.as_deref().map(stored).transpose()?;
        let mut known = match &which.migration {
            Some(id) => self.service.jobs.migration(&id.as_str().into()).await?.into_iter().collect(),
            None => self.service.jobs.migrations().await?,
        };
        known.retain(|m| from.as_ref().is_none_or(|from| *from == m.source));
        known.retain(|m| to.as_ref().is_none_or(|to| *to == m.target));
        let Some(customer) = &self.common.customer else { return Ok(known) };
        let mut theirs = Vec::new();
        for migration in known {
            if self.is_of(&migration, customer).await? {
                theirs.push(migration);
            }
        }
        Ok(theirs)
    }

    async fn is_of(&self, migration: &Migration, customer: &str) -> Result<bool, Fault> {
        Ok(self.service.headers.get(&migration.id).await?.is_some_and(|header| header.customer == customer))
    }

    /// The customer's migration from one connection to another, where there is one.
    pub(crate) async fn known(&self, source: &str, target: &str) -> Result<Option<Migration>, Fault> {
        for migration in self.service.jobs.migrations().await? {
            let same = migration.source == source && migration.target == target;
            if same && self.is_of(&migration, self.customer()).await? {
                return Ok(Some(migration));
            }
        }
        Ok(None)
    }

    /// The one migration that `which` names, or that there is.
    pub(crate) async fn one_migration(&self, which: &Which) -> Result<Migration, Fault> {
        let mut known = self.migrations(which).await?;
        if known.len() > 1 {
            return Err(Fault::new(Code::MigrationUnknown)
                .detail(format!("The stack {} keeps {} like that.", self.stack.name(), known.len()))
                .hint("Name the one with --migration; `carry --cloud STACK status` lists them."));
        }
        known.pop().ok_or_else(|| {
            Fault::new(Code::MigrationUnknown)
                .detail(format!("The stack {} keeps none like that.", self.stack.name()))
                .hint("`carry --cloud STACK status` lists them; what was purged is gone.")
        })
    }

    /// The engine for what needs neither side.
    pub(crate) fn engine(&self) -> Engine {
        Engine {
            connection: Connection {
                reader: Arc::new(Offline::default()),
                writer: Arc::new(Offline::default()),
            },
            jobs: self.service.jobs.clone(),
            staging: self.service.staging.clone(),
            clock: self.service.clock.clone(),
            progress: Arc::new(NoProgress),
            cancel: Cancel::default(),
            workers: 1,
        }
    }
}
