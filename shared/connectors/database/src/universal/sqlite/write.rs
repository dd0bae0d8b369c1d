use carry_connector::{Operation, WriteBatch, Written};
use carry_model::{Code, Currency, Entity, Fault, Reach, Record};
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};
use rustc_hash::FxHashMap;

use super::super::cell::{Cell, Rows};
use super::super::encode::{Context, DocumentRates, encode, key};
use super::super::plan::{Plan, Target, foreign_settlements};
use super::super::shape::Table;
use super::super::sql::statements;
use super::there::{Lookup, There};
use super::{Open, failed};

type Outcomes = Vec<Result<Written, Fault>>;

/// How a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// New records are taken to be new: the database refuses one that is not.
    Hopeful,
    /// Every record is looked up first.
    LookUp,
    /// Every record is written behind a savepoint.
    Careful,
}

/// Writes a batch in one transaction. Where the database refuses a row, everything is taken back and done again
/// with more care, in the end record by record, so that only the refused records are missing.
pub(in super::super) fn write(open: &mut Open, batch: &WriteBatch) -> Result<Outcomes, Fault> {
    let modes: &[Mode] = if batch.verify_first {
        &[Mode::LookUp, Mode::Careful]
    } else {
        &[Mode::Hopeful, Mode::LookUp, Mode::Careful]
    };
    for mode in modes {
        let stopped = match attempt(open, batch, *mode) {
            Ok(outcomes) => return Ok(outcomes),
            Err(stopped) => stopped,
        };
        // Rows of the attempt are gone with it.
        open.there.forget();
        if let Stopped::All(fault) = stopped {
            return Err(fault);
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

fn all(error: rusqlite::Error) -> Stopped {
    Stopped::All(failed(error).reach(Reach::Refused))
}

fn attempt(open: &mut Open, batch: &WriteBatch, mode: Mode) -> Result<Outcomes, Stopped> {
    let Open { folding, connection, there } = open;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(all)?;
    there.check(&transaction).map_err(all)?;
    let outcomes = {
        let plan = plan(&transaction, batch, mode)?;
        let rates = rates(&transaction, batch)?;
        let home = batch.home_currency;
        set_home(&transaction, home).map_err(all)?;
        let context = Context { links: &batch.links, own: &plan.own, home, rates: &rates };
        let mut writing = Writing::new(&transaction, there);
        let mut outcomes: Vec<Option<Result<Written, Fault>>> = Vec::new();
        outcomes.resize_with(batch.items.len(), || None);
        let mut rows = Rows::default();
        for (at, target) in plan.targets() {
            let Some(item) = batch.items.get(at) else { continue };
            rows.clear();
            let outcome = match encode(&mut rows, target.id, &item.record, &context) {
                Err(fault) => Err(fault),
                Ok(total) => writing
                    .put(&rows, target, mode == Mode::Careful)?
                    .map(|()| written(target, &item.record, total)),
            };
            if let Some(slot) = outcomes.get_mut(at) {
                *slot = Some(outcome);
            }
        }
        outcomes.into_iter().flatten().collect()
    };
    transaction.commit().map_err(all)?;
    folding.wrote();
    Ok(outcomes)
}

fn written(target: Target, record: &Record, total: Option<carry_model::Decimal>) -> Written {
    Written { number: record.number.clone(), total, ..Written::new(target.id.to_string()) }
}

/// Puts rows through prepared statements.
struct Writing<'t> {
    transaction: &'t Transaction<'t>,
    inserts: Vec<Option<CachedStatement<'t>>>,
    currencies: usize,
    lookup: Lookup<'t>,
    buffer: String,
}

impl<'t> Writing<'t> {
    fn new(transaction: &'t Transaction<'t>, there: &'t mut There) -> Self {
        let mut inserts = Vec::new();
        inserts.resize_with(Table::ALL.len(), || None);
        let lookup = Lookup::new(transaction, there);
        Self { transaction, inserts, currencies: 0, lookup, buffer: String::new() }
    }

    /// Puts the rows of a record. The inner fault is the record's own.
    fn put(&mut self, rows: &Rows<'_>, target: Target, careful: bool) -> Result<Result<(), Fault>, Stopped> {
        if let Some((table, id)) = self.missing(rows).map_err(all)? {
            let detail = format!("It refers to row {id} of table {}, which is not there.", table.name());
            return Ok(Err(Fault::new(Code::DependencyFailed).detail(detail)));
        }
        if careful {
            self.transaction.execute_batch("SAVEPOINT record").map_err(all)?;
        }
        let done = self.put_rows(rows, target);
        match done {
            Ok(()) if careful => self.transaction.execute_batch("RELEASE record").map_err(all)?,
            Ok(()) => {}
            Err(error) if !is_of_row(&error) => return Err(all(error)),
            Err(_) if !careful => return Err(Stopped::Row),
            Err(error) => {
                self.transaction.execute_batch("ROLLBACK TO record; RELEASE record").map_err(all)?;
                return Ok(Err(failed(error).reach(Reach::Refused)));
            }
        }
        if let Some((table, _)) = rows.iter().next() {
            self.lookup.wrote(table, target.id);
        }
        Ok(Ok(()))
    }

    /// The first record referred to that is not there.
    fn missing(&mut self, rows: &Rows<'_>) -> rusqlite::Result<Option<(Table, i64)>> {
        for (table, id) in rows.references() {
            if !self.lookup.has(*table, *id)? {
                return Ok(Some((*table, *id)));
            }
        }
        Ok(None)
    }

    fn put_rows(&mut self, rows: &Rows<'_>, target: Target) -> rusqlite::Result<()> {
        for currency in rows.currencies().iter().skip(self.currencies) {
            put_currency(self.transaction, *currency)?;
        }
        self.currencies = rows.currencies().len();
        for (table, cells) in rows.iter() {
            if target.exists {
                // The record's own row comes first; its parts are written anew.
                for (part, _) in table.parts() {
                    if let Some(statements) = statements(part) {
                        self.transaction.prepare_cached(&statements.delete_parts)?.execute([target.id])?;
                    }
                }
            }
            self.insert(table, cells)?;
        }
        Ok(())
    }

    fn insert(&mut self, table: Table, cells: &[Cell<'_>]) -> rusqlite::Result<()> {
        let Some(slot) = self.inserts.get_mut(table as usize) else { return Ok(()) };
        let statement = match slot {
            Some(statement) => statement,
            None => {
                let sql = statements(table).map_or("", |statements| statements.insert_sqlite.as_str());
                slot.insert(self.transaction.prepare_cached(sql)?)
            }
        };
        // Most cells of a row are null, as all are after this.
        statement.clear_bindings();
        for (at, cell) in cells.iter().enumerate() {
            match cell {
                Cell::Null => {}
                Cell::Int(number) => statement.raw_bind_parameter(at + 1, number)?,
                other => statement.raw_bind_parameter(at + 1, other.as_text(&mut self.buffer))?,
            }
        }
        statement.raw_execute().map(|_| ())
    }
}

/// True where the error is about the row and the next row may well pass.
fn is_of_row(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig))
}

fn put_currency(transaction: &Transaction<'_>, currency: Currency) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO currencies (code, minor_digits) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((currency.code(), currency.minor_digits()))?;
    Ok(())
}

fn set_home(transaction: &Transaction<'_>, home: Currency) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE books SET home_currency = ?1 WHERE id = 1 AND home_currency IS NOT ?1")?
        .execute([home.code()])?;
    Ok(())
}

/// Gives every record its key: the one it has, or the next free one.
fn plan<'b>(transaction: &Transaction<'_>, batch: &'b WriteBatch, mode: Mode) -> Result<Plan<'b>, Stopped> {
    let table =
        Table::of(batch.entity).ok_or_else(|| Stopped::All(super::super::unsupported(batch.entity)))?;
    let mut found = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        let known = match &item.operation {
            Operation::Update(target) => {
                let id = key(target.as_str()).map_err(Stopped::All)?;
                exists(transaction, table, batch.entity, id).map_err(all)?.then_some(id)
            }
            Operation::Create => None,
        };
        let look_up = known.is_none() && mode != Mode::Hopeful;
        let by_source = || by_source(transaction, table, batch.entity, item.record.id.as_str()).map_err(all);
        found.push(if look_up { by_source()?.map(|(id, _)| id) } else { known });
    }
    let new = i64::try_from(found.iter().filter(|id| id.is_none()).count()).unwrap_or(i64::MAX);
    let last = if new == 0 { 0 } else { reserve(transaction, table, new).map_err(all)? };
    Ok(Plan::new(batch, found, last.saturating_add(1)..))
}

/// The last key in use before `count` new ones. Keys are never given twice, not even after a removal: an old link
/// must not lead to another record.
fn reserve(transaction: &Transaction<'_>, table: Table, count: i64) -> rusqlite::Result<i64> {
    let name = table.name();
    let sql = format!(
        "SELECT max(coalesce((SELECT max(id) FROM {name}), 0),
                    coalesce((SELECT last_id FROM id_counters WHERE table_name = ?1), 0))"
    );
    let last: i64 = transaction.prepare_cached(&sql)?.query_row([name], |row| row.get(0))?;
    transaction
        .prepare_cached(
            "INSERT INTO id_counters (table_name, last_id) VALUES (?1, ?2)
             ON CONFLICT (table_name) DO UPDATE SET last_id = excluded.last_id",
        )?
        .execute((name, last.saturating_add(count)))?;
    Ok(last)
}

fn exists(transaction: &Transaction<'_>, table: Table, entity: Entity, id: i64) -> rusqlite::Result<bool> {
    let name = table.name();
    let found = if table.has_kind() {
        let sql = format!("SELECT 1 FROM {name} WHERE id = ?1 AND kind = ?2");
        transaction.prepare_cached(&sql)?.query_row((id, entity.name()), |_| Ok(())).optional()?
    } else {
        let sql = format!("SELECT 1 FROM {name} WHERE id = ?1");
        transaction.prepare_cached(&sql)?.query_row([id], |_| Ok(())).optional()?
    };
    Ok(found.is_some())
}

/// Key and number of the record that the source calls so.
pub(in super::super) fn by_source(
    connection: &Connection,
    table: Table,
    entity: Entity,
    source_id: &str,
) -> rusqlite::Result<Option<(i64, Option<String>)>> {
    let name = table.name();
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    if table.has_kind() {
        let sql = format!("SELECT id, source_number FROM {name} WHERE kind = ?1 AND source_id = ?2");
        connection.prepare_cached(&sql)?.query_row((entity.name(), source_id), read).optional()
    } else {
        let sql = format!("SELECT id, source_number FROM {name} WHERE source_id = ?1");
        connection.prepare_cached(&sql)?.query_row([source_id], read).optional()
    }
}

/// Rates of the documents that the batch's payments in a foreign currency settle.
fn rates(transaction: &Transaction<'_>, batch: &WriteBatch) -> Result<DocumentRates, Stopped> {
    let mut rates: DocumentRates = FxHashMap::default();
    for id in foreign_settlements(batch).map_err(Stopped::All)? {
        let found =
            transaction.prepare_cached("SELECT currency, rate FROM documents WHERE id = ?1").and_then(
                |mut statement| statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional(),
            );
        if let Some((currency, rate)) = found.map_err(all)? {
            rates.insert(id, super::super::plan::rate(currency, rate).map_err(Stopped::All)?);
        }
    }
    Ok(rates)
}
