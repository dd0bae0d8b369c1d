use std::time::Duration;

use async_trait::async_trait;
use carry_connector::oauth::Grant;
use carry_model::{Fault, RunId};
use carry_ports::{Lease, Secrets, Tokens};
use secrecy::{ExposeSecret, SecretString};

use crate::item::{EXPIRES, Key, number, text};
use crate::table::Change;
use crate::{AwsSecrets, Table};

/// Longer than a call to the platform may take. Whoever died holding the lease loses it after this long.
const LEASE_S: i64 = 180;
const LOOK_AGAIN: Duration = Duration::from_millis(250);
const HOLDER: &str = "holder";

/// The tokens of a migration's connections: one secret per connection; a lease in the table lets one worker at a time
/// renew them.
#[derive(Clone, Debug)]
pub struct AwsTokens {
    secrets: AwsSecrets,
    table: Table,
    prefix: String,
}

impl AwsTokens {
    /// Under `<prefix>/tokens/`; the prefix is the migration's own, `<stack>/migrations/<id>`.
    pub fn new(secrets: AwsSecrets, table: Table, prefix: impl Into<String>) -> Self {
        Self { secrets, table, prefix: prefix.into() }
    }

    /// Secrets Manager takes few characters in a name; whatever else there is becomes a dash.
    fn name(&self, connection: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._@=+-".contains(c) { c } else { '-' };
        format!("{}/tokens/{}", self.prefix, connection.chars().map(plain).collect::<String>())
    }
}

#[async_trait]
impl Tokens for AwsTokens {
    async fn load(&self, connection: &str) -> Result<Option<Grant>, Fault> {
        let stored = self.secrets.get(&self.name(connection)).await?;
        stored.map(|stored| Grant::restore(stored.expose_secret().as_bytes())).transpose()
    }

    async fn store(&self, connection: &str, grant: &Grant) -> Result<(), Fault> {
        let stored = String::from_utf8(grant.expose()?).map_err(|_| crate::fault::unusable("a grant"))?;
        self.secrets.put(&self.name(connection), &SecretString::from(stored)).await
    }

    async fn forget(&self, connection: &str) -> Result<(), Fault> {
        self.secrets.delete(&self.name(connection)).await
    }

    async fn lease(&self, connection: &str) -> Result<Lease, Fault> {
        let key = Key::new(format!("LEASE#{}", self.name(connection)), "LEASE");
        let holder = RunId::random().to_string();
        loop {
            let until = number(self.table.now().as_second().saturating_add(LEASE_S));
            if self.table.create(key.with([(HOLDER, text(&holder)), (EXPIRES, until)])).await? {
                return Ok(Box::new(Held { table: self.table.clone(), key, holder }));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// A lease that is given back when it is dropped; where that fails, it lapses.
struct Held {
    table: Table,
    key: Key,
    holder: String,
}

impl Drop for Held {
    fn drop(&mut self) {
        let (table, key, holder) = (self.table.clone(), self.key.clone(), self.holder.clone());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // The table deletes what is over, but for times that are more than five years past.
            let now = number(table.now().as_second());
            let over = Change::default().set(EXPIRES, now).only_if(HOLDER, text(holder));
            if let Err(fault) = table.update(&key, over).await {
                tracing::warn!(code = fault.code.id(), "a lease was not given back and lapses by itself");
            }
        });
    }
}
