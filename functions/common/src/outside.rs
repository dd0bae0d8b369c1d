//! What a connection needs of the world: calls inside the limits that all workers share, its own credentials, and
//! tokens that one worker at a time renews.

use std::collections::BTreeMap;
use std::sync::Arc;

use carry_aws::{AwsTokens, DynamoQuota};
use carry_connector::oauth::{App, Provider};
use carry_connector::{Limits, Wire};
use carry_connectors::Access;
use carry_http::HttpTransport;
use carry_model::{Fault, MigrationId};
use carry_pipeline::{AuthorizedWire, EngineWire, Shared, SignedIn};
use carry_ports::{Clock, Tokens, places};
use carry_service::Connection;
use secrecy::SecretString;

use crate::metrics::Counted;
use crate::{Adapters, Config, Meter};

/// The world as one connection of a migration sees it.
pub(crate) struct Outside {
    quota: Arc<DynamoQuota>,
    tokens: Arc<dyn Tokens>,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
    secrets: BTreeMap<String, String>,
    workers: u32,
}

impl Outside {
    pub(crate) fn new(
        adapters: &Adapters,
        config: &Config,
        meter: &Arc<Meter>,
        migration: &MigrationId,
        connection: &Connection,
    ) -> Self {
        let prefix = places::secrets(&config.secret_prefix, migration);
        Self {
            quota: Arc::new(DynamoQuota::new(adapters.table.clone())),
            tokens: Arc::new(AwsTokens::new((*adapters.secrets).clone(), adapters.table.clone(), &prefix)),
            clock: adapters.clock.clone(),
            meter: meter.clone(),
            secrets: connection.secrets.clone(),
            workers: config.workers,
        }
    }

    fn transport(&self, base: &str) -> Result<Arc<Counted<HttpTransport>>, Fault> {
        let transport = HttpTransport::new(base)?;
        Ok(Arc::new(Counted { transport, meter: self.meter.clone() }))
    }

    /// A wire whose calls are counted together with those of every other worker, of whatever migration, that calls
    /// the same system.
    fn shared_wire(
        &self,
        base: &str,
        limits: &Limits,
        connection: String,
        app: Option<String>,
    ) -> Result<Arc<dyn Wire>, Fault> {
        let shared = Shared { quota: self.quota.clone(), connection, app, workers: self.workers };
        Ok(Arc::new(EngineWire::sharing(self.transport(base)?, limits, &shared)))
    }
}

impl Access for Outside {
    fn wire(&self, base: &str, limits: &Limits) -> Result<Arc<dyn Wire>, Fault> {
        self.shared_wire(base, limits, base.to_owned(), None)
    }

    fn signed_in(
        &self,
        api: &str,
        company: &str,
        limits: &Limits,
        provider: Provider,
        app: App,
        grant: String,
    ) -> Result<Arc<dyn Wire>, Fault> {
        let application = format!("{api}/app/{}", app.id);
        let wire = self.shared_wire(api, limits, format!("{application}/{company}"), Some(application))?;
        let signed_in = SignedIn {
            token_host: self.transport(&provider.token.base)?,
            provider,
            app,
            connection: grant,
            tokens: self.tokens.clone(),
            clock: self.clock.clone(),
        };
        Ok(Arc::new(AuthorizedWire::new(wire, signed_in)))
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).filter(|value| !value.is_empty()).cloned().map(SecretString::from)
    }
}
