use async_trait::async_trait;
use carry_connector::{
    AccountBalance, Balance, CatalogEntry, Found, Manifest, Preflight, Removal, WriteBatch, Writer, Written,
};
use carry_model::{Code, Entity, Fault, RecordKey, Reject, TargetId};

use super::MANIFEST;
use super::encode::key;
use super::sqlite::{self, SqliteStore};
use crate::conn::Address;

/// Writes the universal database.
///
/// Every record is looked up by entity and source id before it is written, so a repeated write replaces what the
/// earlier one left, whatever became of its answer; `verify_first` needs nothing more.
pub struct UniversalWriter {
    store: SqliteStore,
}

impl UniversalWriter {
    /// Opens the database at `sqlite:PATH` (or a plain path) or `postgres://...`, and creates it with its schema
    /// where it is missing or empty. A fault where it holds anything else.
    pub async fn open(url: &str) -> Result<Self, Fault> {
        match Address::parse(url)? {
            Address::Sqlite(path) => Ok(Self { store: SqliteStore::open(&path).await? }),
            _ => Err(Fault::new(Code::ConfigInvalid)),
        }
    }

    /// Adds source rows that could not be carried to the table `rejects`; one that is there already stays.
    pub async fn store_rejects(&self, rejects: &[Reject]) -> Result<(), Fault> {
        let rejects = rejects.to_vec();
        self.store.run(move |connection| sqlite::store_rejects(connection, &rejects)).await
    }

    /// Empties the table `rejects`, before those of a new run.
    pub async fn clear_rejects(&self) -> Result<(), Fault> {
        self.store.run(sqlite::clear_rejects).await
    }
}

#[async_trait]
impl Writer for UniversalWriter {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn preflight(&self) -> Result<Preflight, Fault> {
        let company = self.store.run(|connection| sqlite::company(connection)).await?;
        Ok(Preflight { company, currencies: None, lock_date: None, findings: Vec::new() })
    }

    async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        self.store.run(move |connection| sqlite::catalog(connection, entity)).await
    }

    async fn find(&self, keys: &[RecordKey]) -> Result<Vec<Option<Found>>, Fault> {
        let keys = keys.to_vec();
        self.store.run(move |connection| sqlite::find(connection, &keys)).await
    }

    async fn write(&self, batch: WriteBatch) -> Result<Vec<Result<Written, Fault>>, Fault> {
        self.store.run(move |connection| sqlite::write(connection, &batch)).await
    }

    async fn read_back(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Option<Balance>>, Fault> {
        let ids = keys(ids)?;
        self.store.run(move |connection| sqlite::read_back(connection, entity, &ids)).await
    }

    async fn account_balance(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let account = key(account.as_str())?;
        self.store.run(move |connection| sqlite::account_balance(connection, account)).await
    }

    async fn remove(&self, entity: Entity, ids: &[TargetId]) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        let ids = keys(ids)?;
        self.store.run(move |connection| sqlite::remove(connection, entity, &ids)).await
    }
}

fn keys(ids: &[TargetId]) -> Result<Vec<i64>, Fault> {
    ids.iter().map(|id| key(id.as_str())).collect()
}
