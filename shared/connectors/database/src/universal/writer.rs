use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Found, Manifest, Preflight, Removal, WriteBatch, Writer, Written,
};
use carry_model::{Code, Entity, Fault, Record, RecordKey, Reject, TargetId};

use super::MANIFEST;
use super::encode::key;
use super::postgres::PostgresStore;
use super::sqlite::{self, SqliteStore};
use crate::conn::Address;

/// Writes the universal database.
///
/// Every record is known by entity and source id, so a repeated write replaces what the earlier one left, whatever
/// became of its answer; `verify_first` needs nothing more.
pub struct UniversalWriter {
    store: Store,
}

enum Store {
    Sqlite(Box<SqliteStore>),
    Postgres(PostgresStore),
}

impl UniversalWriter {
    /// Opens the database at `sqlite:PATH` (or a plain path) or `postgres://...`, and creates it with its schema
    /// where it is missing or empty. A fault ([`Code::TargetUnsuitable`]) where it holds anything else.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        let address = Address::parse(url)?;
        let shown = address.to_string();
        let store = match address {
            Address::Sqlite(path) => Store::Sqlite(Box::new(SqliteStore::open(&path)?)),
            Address::Postgres(options) => Store::Postgres(PostgresStore::open(*options, &shown).await?),
            Address::MySql(_) => {
                return Err(Fault::new(Code::TargetUnsuitable)
                    .detail("MySQL and MariaDB are sources only.")
                    .hint("Name a SQLite file or postgres://... as the target."));
            }
        };
        Ok(Self { store })
    }

    /// Adds source rows that could not be carried to the table `rejects`; one that is there already stays.
    pub async fn store_rejects(&self, rejects: &[Reject]) -> Result<(), Fault> {
        match &self.store {
            Store::Postgres(store) => store.store_rejects(rejects).await,
            Store::Sqlite(store) => store.run(|connection| sqlite::store_rejects(connection, rejects)).await,
        }
    }

    /// Empties the table `rejects`, before those of a new run.
    pub async fn clear_rejects(&self) -> Result<(), Fault> {
        match &self.store {
            Store::Postgres(store) => store.clear_rejects().await,
            Store::Sqlite(store) => store.run(sqlite::clear_rejects).await,
        }
    }
}

#[async_trait]
impl Writer for UniversalWriter {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        let company = match &self.store {
            Store::Postgres(store) => store.company().await?,
            Store::Sqlite(store) => store.run(|connection| sqlite::company(connection)).await?,
        };
        Ok(Preflight { company, currencies: None, lock_date: None, findings: Vec::new() })
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        match &self.store {
            Store::Postgres(store) => store.catalog(entity).await,
            Store::Sqlite(store) => store.run(|connection| sqlite::catalog(connection, entity)).await,
        }
    }

    async fn find(&self, records: &[Record]) -> Result<Vec<Option<Found>>, Fault> {
        let keys: Vec<RecordKey> = records.iter().map(Record::key).collect();
        match &self.store {
            Store::Postgres(store) => store.find(&keys).await,
            Store::Sqlite(store) => store.run(|connection| sqlite::find(connection, &keys)).await,
        }
    }

    async fn write(&self, batch: Arc<WriteBatch>) -> Result<Vec<Result<Written, Fault>>, Fault> {
        match &self.store {
            Store::Postgres(store) => store.write(&batch).await,
            Store::Sqlite(store) => store.run_open(|open| sqlite::write(open, &batch)).await,
        }
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        let ids = keys(ids)?;
        match &self.store {
            Store::Postgres(store) => store.read_back(entity, &ids).await,
            Store::Sqlite(store) => store.run_open(|open| sqlite::read_back(open, entity, &ids)).await,
        }
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let account = key(account.as_str())?;
        match &self.store {
            Store::Postgres(store) => store.account_balance(account).await,
            Store::Sqlite(store) => {
                store.run(|connection| sqlite::account_balance(connection, account)).await
            }
        }
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        let ids = keys(ids)?;
        match &self.store {
            Store::Postgres(store) => store.remove(entity, &ids).await,
            Store::Sqlite(store) => store.run_open(|open| sqlite::remove(open, entity, &ids)).await,
        }
    }
}

fn keys(ids: &[TargetId]) -> Result<Vec<i64>, Fault> {
    ids.iter().map(|id| key(id.as_str())).collect()
}
