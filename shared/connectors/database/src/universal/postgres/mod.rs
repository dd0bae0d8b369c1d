//! The universal database in PostgreSQL: rows go in as arrays, many to a statement, one transaction a batch.

mod remove;
mod write;

use carry_connector::{AccountBalance, Balance, CatalogEntry, Found, Removal, WriteBatch, Written};
use carry_model::{Code, Company, Entity, Fault, RecordKey, Reject, TargetId, parse_plain};
use rustc_hash::FxHashMap;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};

use super::balances::{ACCOUNT_BALANCE, balance, currency, ledger_balance, outstanding};
use super::shape::Table;
use super::sql::{SCHEMA_POSTGRES, SCHEMA_VERSION};
use super::words::{CLASSES, value};
use crate::conn::{postgres_fault, postgres_pool};

const CONNECTIONS_MAX: u32 = 8;

/// Key, currency, contact, two amounts in minor units, status.
type Sums = (i64, String, Option<i64>, i64, i64, Option<String>);

/// A pool of connections to the database.
#[derive(Clone)]
pub(super) struct PostgresStore {
    pool: PgPool,
}

/// The fault of a failed statement.
fn failed(error: sqlx::Error) -> Fault {
    postgres_fault(Code::TargetRefused, &error)
}

impl PostgresStore {
    /// Opens the database, creating the schema where there are no tables yet on the search path.
    pub(super) async fn open(options: PgConnectOptions, shown: &str) -> Result<Self, Fault> {
        // Compiling the views' plans takes seconds and saves milliseconds.
        let options =
            options.application_name("carryforward").options([("jit", "off")]).disable_statement_logging();
        let pool = postgres_pool(options, CONNECTIONS_MAX, shown).await?;
        let tables: i64 =
            sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
                .fetch_one(&pool)
                .await
                .map_err(failed)?;
        if tables > 0 {
            let known: bool = sqlx::query_scalar(
                "SELECT to_regclass('document_kinds') IS NOT NULL AND to_regclass('books') IS NOT NULL",
            )
            .fetch_one(&pool)
            .await
            .map_err(failed)?;
            let version: Option<i64> = match known {
                true => sqlx::query_scalar("SELECT schema_version FROM books WHERE id = 1")
                    .fetch_optional(&pool)
                    .await
                    .map_err(failed)?,
                false => None,
            };
            super::check_version(version, shown)?;
        } else {
            let mut transaction = pool.begin().await.map_err(failed)?;
            sqlx::raw_sql(SCHEMA_POSTGRES).execute(&mut *transaction).await.map_err(failed)?;
            sqlx::query("INSERT INTO books (id, schema_version) VALUES (1, $1)")
                .bind(SCHEMA_VERSION)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
        }
        Ok(Self { pool })
    }

    pub(super) async fn write(&self, batch: &WriteBatch) -> Result<Vec<Result<Written, Fault>>, Fault> {
        write::write(&self.pool, batch).await
    }

    pub(super) async fn remove(
        &self,
        entity: Entity,
        ids: &[i64],
    ) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        remove::remove(&self.pool, entity, ids).await
    }

    /// Where records are, by what the source calls them: one query for each entity among the keys.
    pub(super) async fn find(&self, keys: &[RecordKey]) -> Result<Vec<Option<Found>>, Fault> {
        let mut wanted: FxHashMap<Entity, Vec<String>> = FxHashMap::default();
        for key in keys {
            wanted.entry(key.entity).or_default().push(key.id.as_str().to_owned());
        }
        let mut found: FxHashMap<(Entity, String), (i64, Option<String>)> = FxHashMap::default();
        for (entity, ids) in wanted {
            let Some(table) = Table::of(entity) else { continue };
            let sql = format!(
                "SELECT source_id, id, source_number FROM {} WHERE {}",
                table.name(),
                by_source(table, entity)
            );
            let rows: Vec<(String, i64, Option<String>)> =
                sqlx::query_as(AssertSqlSafe(sql)).bind(ids).fetch_all(&self.pool).await.map_err(failed)?;
            found.extend(rows.into_iter().map(|(source, id, number)| ((entity, source), (id, number))));
        }
        let answer = |key: &RecordKey| {
            let (id, number) = found.get(&(key.entity, key.id.as_str().to_owned()))?;
            Some(Found { id: TargetId::new(id.to_string()), number: number.clone() })
        };
        Ok(keys.iter().map(answer).collect())
    }

    /// What documents or payments show now, worked out from their parts.
    pub(super) async fn read_back(&self, entity: Entity, ids: &[i64]) -> Result<Vec<Option<Balance>>, Fault> {
        let sql = match Table::of(entity) {
            Some(Table::Documents) => {
                "SELECT id, currency, contact_id, total_minor::bigint, allocated_minor::bigint, status
                 FROM document_sums WHERE id = ANY($1) AND kind = $2"
            }
            Some(Table::Payments) => {
                "SELECT id, currency, contact_id, amount_minor::bigint, unapplied_minor::bigint, NULL
                 FROM payment_balances WHERE id = ANY($1) AND kind = $2"
            }
            _ => return Err(super::no_balance(entity)),
        };
        let rows: Vec<Sums> =
            sqlx::query_as(sql).bind(ids).bind(entity.name()).fetch_all(&self.pool).await.map_err(failed)?;
        let mut found = FxHashMap::default();
        for (id, code, contact, total, second, status) in rows {
            let open = status.map_or(Ok(second), |status| outstanding(entity, &status, total, second))?;
            found.insert(id, balance(id, &code, contact, total, open)?);
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Balance of an account per currency, from the double entry.
    pub(super) async fn account_balance(&self, account: i64) -> Result<Vec<AccountBalance>, Fault> {
        let rows: Vec<(String, i64, i64, Option<String>)> =
            sqlx::query_as(ACCOUNT_BALANCE).bind(account).fetch_all(&self.pool).await.map_err(failed)?;
        let mut balances = Vec::new();
        for (code, minor, home, home_code) in rows {
            balances.extend(ledger_balance(&code, minor, home, home_code.as_deref())?);
        }
        Ok(balances)
    }

    /// The business the books are of; None while they are empty.
    pub(super) async fn company(&self) -> Result<Option<Company>, Fault> {
        let sql = "SELECT name, home_currency, country FROM companies ORDER BY id LIMIT 1";
        let found: Option<(String, String, Option<String>)> =
            sqlx::query_as(sql).fetch_optional(&self.pool).await.map_err(failed)?;
        let company = |(name, home, country): (String, String, _)| {
            Ok(Company { name, home_currency: currency(&home)?, country })
        };
        found.map(company).transpose()
    }

    /// What there is of an entity, for the mapping.
    pub(super) async fn catalog(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        type Entry = (i64, Option<String>, String, Option<String>, Option<String>);
        let Some(sql) = super::catalog_sql(entity) else { return Ok(Vec::new()) };
        let rows: Vec<Entry> = sqlx::query_as(sql).fetch_all(&self.pool).await.map_err(failed)?;
        let entry = |(id, code, name, class, percent): Entry| {
            Ok(CatalogEntry {
                entity,
                id: id.to_string(),
                code,
                name,
                class: class.map(|word| value(CLASSES, &word, "class")).transpose()?,
                percent: percent.map(|text| parse_plain(&text)).transpose()?,
            })
        };
        rows.into_iter().map(entry).collect()
    }

    /// Adds rejects; one that is there already stays as it is.
    pub(super) async fn store_rejects(&self, rejects: &[Reject]) -> Result<(), Fault> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        for reject in rejects {
            let (place, fault) = (&reject.place, &reject.fault);
            let line = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
            // A source slice may hold the character NUL, which PostgreSQL's texts cannot.
            let clean = |text: &str| text.replace('\0', "\u{FFFD}");
            sqlx::query(
                "INSERT INTO rejects (entity, source_id, source_number, place_file, place_line, place_last_line, code,
                     sentence, remedy, field, text, raw_message, raw)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
            )
            .bind(reject.entity.name())
            .bind(clean(reject.id.as_ref().map_or("", |id| id.as_str())))
            .bind(reject.number.as_deref().map(clean))
            .bind(clean(&place.file))
            .bind(line(place.line))
            .bind(line(place.last_line))
            .bind(fault.code.id())
            .bind(clean(&fault.sentence()))
            .bind(clean(fault.remedy()))
            .bind(clean(&fault.field))
            .bind(clean(&fault.text))
            .bind(clean(&fault.raw))
            .bind(clean(&reject.raw))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Empties the table of rejects.
    pub(super) async fn clear_rejects(&self) -> Result<(), Fault> {
        sqlx::query("DELETE FROM rejects").execute(&self.pool).await.map(|_| ()).map_err(failed)
    }
}

/// The condition that finds records of an entity by an array of source ids, parameter 1.
fn by_source(table: Table, entity: Entity) -> String {
    match table.has_kind() {
        true => format!("kind = '{}' AND source_id = ANY($1)", entity.name()),
        false => "source_id = ANY($1)".to_owned(),
    }
}
