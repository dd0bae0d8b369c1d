use carry_connector::{Operation, WriteBatch, Written};
use carry_model::{Code, Currency, Fault, Reach};
use rustc_hash::{FxHashMap, FxHashSet};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::super::cell::{Cell, Rows};
use super::super::encode::{Context, DocumentRates, encode, key};
use super::super::plan::{Plan, Target, foreign_settlements, rate};
use super::super::shape::{Kind, Table};
use super::super::sql::statements;
use super::{by_source, failed};

type Outcomes = Vec<Result<Written, Fault>>;

/// Writes a batch in one transaction. Where the database refuses a row, everything is taken back and done again
/// record by record, each behind a savepoint, so that only the refused records are missing.
pub(super) async fn write(pool: &PgPool, batch: &WriteBatch) -> Result<Outcomes, Fault> {
    for careful in [false, true] {
        match attempt(pool, batch, careful).await {
            Ok(outcomes) => return Ok(outcomes),
            Err(Stopped::Row) => {}
            Err(Stopped::All(fault)) => return Err(fault),
        }
    }
    Err(Fault::new(Code::Bug).detail("A savepoint did not hold.").reach(Reach::Refused))
}

/// Why an attempt was taken back.
enum Stopped {
    /// A row was refused.
    Row,
    /// The database failed; nothing was written.
    All(Fault),
}

fn all(error: sqlx::Error) -> Stopped {
    Stopped::All(failed(error).reach(Reach::Refused))
}

/// True where the error is about a row: data exceptions, broken constraints, limits.
fn is_of_row(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["22", "23", "54", "21"].iter().any(|class| code.starts_with(class)))
}

fn stopped(error: sqlx::Error) -> Stopped {
    if is_of_row(&error) { Stopped::Row } else { all(error) }
}

/// A record that was encoded.
struct Encoded<'b> {
    at: usize,
    target: Target,
    rows: Rows<'b>,
    written: Written,
}

async fn attempt(pool: &PgPool, batch: &WriteBatch, careful: bool) -> Result<Outcomes, Stopped> {
    let mut transaction = pool.begin().await.map_err(all)?;
    let plan = plan(&mut transaction, batch).await?;
    let rates = rates(&mut transaction, batch).await?;
    set_home(&mut transaction, batch.home_currency).await.map_err(all)?;
    let mut outcomes: Vec<Option<Result<Written, Fault>>> = Vec::new();
    outcomes.resize_with(batch.items.len(), || None);
    let mut set = |at: usize, outcome| {
        if let Some(slot) = outcomes.get_mut(at) {
            *slot = Some(outcome);
        }
    };
    let mut encoded = Vec::with_capacity(batch.items.len());
    for (at, target) in plan.targets() {
        let Some(item) = batch.items.get(at) else { continue };
        let context =
            Context { links: &batch.links, own: &plan.own, home: batch.home_currency, rates: &rates };
        let mut rows = Rows::default();
        match encode(&mut rows, target.id, &item.record, &context) {
            Err(fault) => set(at, Err(fault)),
            Ok(total) => {
                let number = item.record.number.clone();
                let written = Written { number, total, ..Written::new(target.id.to_string()) };
                encoded.push(Encoded { at, target, rows, written });
            }
        }
    }
    let missing = missing(&mut transaction, &encoded, &plan).await.map_err(all)?;
    put_currencies(&mut transaction, &encoded).await.map_err(all)?;
    let is_whole =
        |record: &Encoded<'_>| record.rows.references().iter().find(|key| missing.contains(*key)).copied();
    let (mut whole, mut broken) = (Vec::new(), Vec::new());
    for record in encoded {
        match is_whole(&record) {
            None => whole.push(record),
            Some(reference) => broken.push((record.at, reference)),
        }
    }
    for (at, (table, id)) in broken {
        let detail = format!("It refers to row {id} of table {}, which is not there.", table.name());
        set(at, Err(Fault::new(Code::DependencyFailed).detail(detail)));
    }
    if careful {
        for record in &whole {
            set(record.at, put_alone(&mut transaction, record).await?);
        }
    } else {
        put(&mut transaction, &whole).await.map_err(stopped)?;
        whole.into_iter().for_each(|record| set(record.at, Ok(record.written)));
    }
    // From here on a lost connection leaves it open whether the batch is in.
    transaction.commit().await.map_err(|error| Stopped::All(failed(error).reach(Reach::Unknown)))?;
    Ok(outcomes.into_iter().flatten().collect())
}

async fn put_alone(
    connection: &mut PgConnection,
    record: &Encoded<'_>,
) -> Result<Result<Written, Fault>, Stopped> {
    sqlx::query("SAVEPOINT record").execute(&mut *connection).await.map_err(all)?;
    let done = put(connection, std::slice::from_ref(record)).await;
    let end = if done.is_ok() { "RELEASE SAVEPOINT record" } else { "ROLLBACK TO SAVEPOINT record" };
    match done {
        Err(error) if !is_of_row(&error) => Err(all(error)),
        done => {
            sqlx::query(end).execute(&mut *connection).await.map_err(all)?;
            Ok(done.map(|()| record.written.clone()).map_err(|error| failed(error).reach(Reach::Refused)))
        }
    }
}

/// A column of many rows.
enum Column {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
}

impl Column {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Int | Kind::Flag | Kind::Ref(_) => Self::Ints(Vec::new()),
            Kind::Text | Kind::Decimal | Kind::Date => Self::Texts(Vec::new()),
        }
    }

    fn push(&mut self, cell: &Cell<'_>, buffer: &mut String) {
        match self {
            Self::Ints(ints) => ints.push(if let Cell::Int(n) = cell { Some(*n) } else { None }),
            Self::Texts(texts) => texts.push(cell.as_text(buffer).map(str::to_owned)),
        }
    }
}

/// Puts the rows of records, a statement for each table; records that are there already lose their parts first.
async fn put(connection: &mut PgConnection, records: &[Encoded<'_>]) -> sqlx::Result<()> {
    let mut tables: Vec<Option<Vec<Column>>> = Vec::new();
    tables.resize_with(Table::ALL.len(), || None);
    let mut replaced: FxHashMap<Table, Vec<i64>> = FxHashMap::default();
    let mut buffer = String::new();
    for record in records {
        for (table, cells) in record.rows.iter() {
            if record.target.exists && table.parts().next().is_some() {
                replaced.entry(table).or_default().push(record.target.id);
            }
            let Some(slot) = tables.get_mut(table as usize) else { continue };
            let columns =
                slot.get_or_insert_with(|| table.columns().map(|(_, kind)| Column::new(kind)).collect());
            for (column, cell) in columns.iter_mut().zip(cells) {
                column.push(cell, &mut buffer);
            }
        }
    }
    for (table, ids) in replaced {
        for (part, owner) in table.parts() {
            let sql = format!("DELETE FROM {} WHERE {owner} = ANY($1)", part.name());
            sqlx::query(AssertSqlSafe(sql)).bind(&ids).execute(&mut *connection).await?;
        }
    }
    for (table, columns) in Table::ALL.iter().zip(tables) {
        let (Some(statements), Some(columns)) = (statements(*table), columns) else { continue };
        let mut query = sqlx::query(statements.insert_postgres.as_str());
        for column in columns {
            query = match column {
                Column::Ints(ints) => query.bind(ints),
                Column::Texts(texts) => query.bind(texts),
            };
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// References of the batch that lead nowhere, other than to records of the batch itself.
async fn missing(
    connection: &mut PgConnection,
    encoded: &[Encoded<'_>],
    plan: &Plan<'_>,
) -> sqlx::Result<FxHashSet<(Table, i64)>> {
    let own: FxHashSet<i64> = plan.own.values().copied().collect();
    let own_table = encoded.first().and_then(|record| record.rows.iter().next()).map(|(table, _)| table);
    let mut missing: FxHashSet<(Table, i64)> = FxHashSet::default();
    let mut wanted: FxHashMap<Table, FxHashSet<i64>> = FxHashMap::default();
    for (table, id) in encoded.iter().flat_map(|record| record.rows.references()) {
        if Some(*table) != own_table || !own.contains(id) {
            wanted.entry(*table).or_default().insert(*id);
        }
    }
    for (table, ids) in wanted {
        let list: Vec<i64> = ids.iter().copied().collect();
        let sql = format!("SELECT id FROM {} WHERE id = ANY($1)", table.name());
        let there: Vec<i64> =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(list).fetch_all(&mut *connection).await?;
        let there: FxHashSet<i64> = there.into_iter().collect();
        missing.extend(ids.difference(&there).map(|id| (table, *id)));
    }
    Ok(missing)
}

/// Gives every record its key: the one it has, or a new one.
async fn plan<'b>(connection: &mut PgConnection, batch: &'b WriteBatch) -> Result<Plan<'b>, Stopped> {
    let table =
        Table::of(batch.entity).ok_or_else(|| Stopped::All(super::super::unsupported(batch.entity)))?;
    let mut targets: Vec<i64> = Vec::new();
    for item in &batch.items {
        if let Operation::Update(target) = &item.operation {
            targets.push(key(target.as_str()).map_err(Stopped::All)?);
        }
    }
    let mut there: FxHashSet<i64> = FxHashSet::default();
    if !targets.is_empty() {
        let kind =
            if table.has_kind() { format!(" AND kind = '{}'", batch.entity.name()) } else { String::new() };
        let sql = format!("SELECT id FROM {} WHERE id = ANY($1){kind}", table.name());
        let ids: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(targets)
            .fetch_all(&mut *connection)
            .await
            .map_err(all)?;
        there.extend(ids);
    }
    let sources: Vec<String> = batch.items.iter().map(|item| item.record.id.as_str().to_owned()).collect();
    let sql = format!("SELECT source_id, id FROM {} WHERE {}", table.name(), by_source(table, batch.entity));
    // A source id that the database cannot hold is refused with its record, not with the batch.
    let sources: Vec<String> = sources.into_iter().filter(|source| !source.contains('\0')).collect();
    let known: Vec<(String, i64)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(sources).fetch_all(&mut *connection).await.map_err(all)?;
    let known: FxHashMap<String, i64> = known.into_iter().collect();
    let found: Vec<Option<i64>> = batch
        .items
        .iter()
        .map(|item| {
            let target = match &item.operation {
                Operation::Update(target) => key(target.as_str()).ok().filter(|id| there.contains(id)),
                Operation::Create => None,
            };
            target.or_else(|| known.get(item.record.id.as_str()).copied())
        })
        .collect();
    let new = i64::try_from(found.iter().filter(|id| id.is_none()).count()).unwrap_or(i64::MAX);
    let sql = format!(
        "SELECT nextval(pg_get_serial_sequence('{}', 'id')) FROM generate_series(1, $1)",
        table.name()
    );
    let free: Vec<i64> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(new).fetch_all(&mut *connection).await.map_err(all)?;
    Ok(Plan::new(batch, found, free.into_iter()))
}

async fn set_home(connection: &mut PgConnection, home: Currency) -> sqlx::Result<()> {
    sqlx::query("UPDATE books SET home_currency = $1 WHERE id = 1 AND home_currency IS DISTINCT FROM $1")
        .bind(home.code())
        .execute(connection)
        .await
        .map(|_| ())
}

async fn put_currencies(connection: &mut PgConnection, encoded: &[Encoded<'_>]) -> sqlx::Result<()> {
    let mut all: Vec<Currency> =
        encoded.iter().flat_map(|record| record.rows.currencies()).copied().collect();
    all.sort_unstable();
    all.dedup();
    for currency in all {
        sqlx::query("INSERT INTO currencies (code, minor_digits) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(currency.code())
            .bind(i64::from(currency.minor_digits()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Rates of the documents that the batch's payments in a foreign currency settle.
async fn rates(connection: &mut PgConnection, batch: &WriteBatch) -> Result<DocumentRates, Stopped> {
    let ids = foreign_settlements(batch).map_err(Stopped::All)?;
    let mut rates = DocumentRates::default();
    if ids.is_empty() {
        return Ok(rates);
    }
    let rows: Vec<(i64, String, Option<String>)> =
        sqlx::query_as("SELECT id, currency, rate::text FROM documents WHERE id = ANY($1)")
            .bind(ids)
            .fetch_all(connection)
            .await
            .map_err(all)?;
    for (id, code, text) in rows {
        rates.insert(id, rate(code, text).map_err(Stopped::All)?);
    }
    Ok(rates)
}
