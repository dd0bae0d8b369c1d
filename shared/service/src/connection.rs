use std::collections::BTreeMap;

use carry_model::{Code, Fault, MigrationId};
use carry_ports::{Secrets, places};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Which side of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Where the books come from.
    Source,
    /// Where they go.
    Target,
}

impl Side {
    /// Stable name, also the last part of the secret's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// A source or target with everything that is needed to open it. Kept whole in one secret
/// (`<prefix>/<migration>/source`) and nowhere else, because addresses and settings may hold credentials.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// As it is written on the command line: `postgres://...`, `odoo+https://...`, `xero:TENANT`. A source that was
    /// uploaded is `uploads` (the folder of all files), or names one of them: `gnucash:uploads/books.gnucash`.
    pub spec: String,
    /// Settings of a source: `company`, `home_currency`, `date_order`.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// The text of a file with one query per entity, for a database whose tables are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queries: Option<String>,
    /// Credentials by the name of their variable: `ODOO_API_KEY`.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection(..)")
    }
}

impl Connection {
    /// The name of the secret it is kept in.
    pub fn name(prefix: &str, migration: &MigrationId, side: Side) -> String {
        format!("{}/{}", places::secrets(prefix, migration), side.name())
    }

    /// Keeps it in place of an earlier one.
    pub async fn keep(
        &self,
        secrets: &dyn Secrets,
        prefix: &str,
        migration: &MigrationId,
        side: Side,
    ) -> Result<(), Fault> {
        let json = serde_json::to_string(self).map_err(|_| Fault::new(Code::Bug).detail("a connection"))?;
        secrets.put(&Self::name(prefix, migration, side), &SecretString::from(json)).await
    }

    /// Reads it back. A fault ([`Code::ConfigInvalid`]) where there is none.
    pub async fn of(
        secrets: &dyn Secrets,
        prefix: &str,
        migration: &MigrationId,
        side: Side,
    ) -> Result<Self, Fault> {
        let missing = || {
            Fault::new(Code::ConfigInvalid)
                .detail(format!("The {} of the migration is not connected.", side.name()))
                .hint("Connect it first; after a purge, connect it again.")
        };
        let kept = secrets.get(&Self::name(prefix, migration, side)).await?.ok_or_else(missing)?;
        // What stands there is never told, not even where it cannot be read.
        serde_json::from_str(kept.expose_secret())
            .map_err(|_| Fault::new(Code::ConfigInvalid).detail("The stored connection is broken."))
    }
}

#[cfg(test)]
mod tests {
    use carry_ports::MemorySecrets;

    use super::*;

    #[tokio::test]
    async fn it_is_kept_whole_and_never_told() {
        let connection = Connection {
            spec: "postgres://user:hunter2@db/books".to_owned(),
            secrets: BTreeMap::from([("ODOO_API_KEY".to_owned(), "hunter2".to_owned())]),
            ..Connection::default()
        };
        let (secrets, m) = (MemorySecrets::default(), MigrationId::from("m"));
        connection.keep(&secrets, "stack/migrations", &m, Side::Target).await.unwrap();
        let kept = Connection::of(&secrets, "stack/migrations", &m, Side::Target).await.unwrap();
        assert!(kept == connection);
        assert!(!format!("{kept:?}").contains("hunter2"));
        let missing = Connection::of(&secrets, "stack/migrations", &m, Side::Source).await.unwrap_err();
        assert_eq!(missing.code, Code::ConfigInvalid);
        secrets.put("stack/migrations/m/source", &"hunter2 {".into()).await.unwrap();
        let broken = Connection::of(&secrets, "stack/migrations", &m, Side::Source).await.unwrap_err();
        assert!(!format!("{broken:?}").contains("hunter2"));
    }
}
