use carry_connector::{AccountBalance, Balance, CatalogEntry};
use carry_model::{Code, Company, Entity, Fault};
use rusqlite::{Connection, OptionalExtension, Row};
use rustc_hash::FxHashMap;

use super::super::balances::{ACCOUNT_BALANCE, currency, ledger_balance, outstanding};
use super::super::shape::Table;
use super::super::sql::referrers;
use super::super::words::{CLASSES, value};
use super::{Open, failed};

/// What documents or payments show now, worked out from their parts.
pub(in super::super) fn read_back(
    open: &mut Open,
    entity: Entity,
    wanted: &[i64],
) -> Result<Vec<Option<Balance>>, Fault> {
    let sql = match Table::of(entity) {
        Some(Table::Documents) => {
            "SELECT s.id, s.currency, s.contact_id, s.total_minor, s.allocated_minor, s.status
             FROM json_each(?1) w CROSS JOIN document_sums s ON s.id = w.value WHERE s.kind = ?2"
        }
        Some(Table::Payments) => {
            "SELECT b.id, b.currency, b.contact_id, b.amount_minor, b.unapplied_minor, NULL
             FROM json_each(?1) w CROSS JOIN payment_balances b ON b.id = w.value WHERE b.kind = ?2"
        }
        _ => return Err(super::super::no_balance(entity)),
    };
    let list = serde_json::to_string(wanted).map_err(|e| Fault::new(Code::Bug).caused_by(e))?;
    open.folding.reads();
    let mut statement = open.connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query((list, entity.name())).map_err(failed)?;
    let mut found: FxHashMap<i64, Balance> = FxHashMap::default();
    while let Some(row) = rows.next().map_err(failed)? {
        let (id, balance) = balance(entity, row).map_err(failed)??;
        found.insert(id, balance);
    }
    Ok(wanted.iter().map(|id| found.get(id).cloned()).collect())
}

fn balance(entity: Entity, row: &Row<'_>) -> rusqlite::Result<Result<(i64, Balance), Fault>> {
    let (id, contact): (i64, Option<i64>) = (row.get(0)?, row.get(2)?);
    let (total, second): (i64, i64) = (row.get(3)?, row.get(4)?);
    let code = row.get_ref(1)?.as_str()?;
    let open = match row.get_ref(5)?.as_str_or_null()? {
        Some(status) => outstanding(entity, status, total, second),
        None => Ok(second),
    };
    let balance = open.and_then(|open| super::super::balances::balance(id, code, contact, total, open));
    Ok(balance.map(|balance| (id, balance)))
}

/// Balance of an account per currency, from the double entry.
pub(in super::super) fn account_balance(
    connection: &Connection,
    account: i64,
) -> Result<Vec<AccountBalance>, Fault> {
    // The double entry is worked out from every row there is; looking for the account first is far cheaper.
    if !may_have_postings(connection, account).map_err(failed)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(ACCOUNT_BALANCE).map_err(failed)?;
    let mut rows = statement.query([account]).map_err(failed)?;
    let mut balances = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let code: String = row.get(0).map_err(failed)?;
        let (minor, home): (i64, i64) = (row.get(1).map_err(failed)?, row.get(2).map_err(failed)?);
        let home_currency: Option<String> = row.get(3).map_err(failed)?;
        balances.extend(ledger_balance(&code, minor, home, home_currency.as_deref())?);
    }
    Ok(balances)
}

/// True where anything refers to the account, or where it is the control account of a ledger: nothing else can post
/// to it.
fn may_have_postings(connection: &Connection, account: i64) -> rusqlite::Result<bool> {
    let columns = referrers(Table::Accounts).map(|(table, column)| (table.name(), column));
    for (table, column) in columns.chain([("control_accounts", "account_id")]) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} = ?1)");
        if connection.query_row(&sql, [account], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The business the books are of; None while they are empty.
pub(in super::super) fn company(connection: &Connection) -> Result<Option<Company>, Fault> {
    let found: Option<(String, String, Option<String>)> = connection
        .query_row("SELECT name, home_currency, country FROM companies ORDER BY id LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()
        .map_err(failed)?;
    let company = |(name, home, country): (String, String, _)| {
        Ok(Company { name, home_currency: currency(&home)?, country })
    };
    found.map(company).transpose()
}

/// What there is of an entity, for the mapping.
pub(in super::super) fn catalog(connection: &Connection, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
    let Some(sql) = super::super::catalog_sql(entity) else { return Ok(Vec::new()) };
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let (class, percent): (Option<String>, Option<String>) =
            (row.get(3).map_err(failed)?, row.get(4).map_err(failed)?);
        entries.push(CatalogEntry {
            entity,
            id: row.get::<_, i64>(0).map_err(failed)?.to_string(),
            code: row.get(1).map_err(failed)?,
            name: row.get(2).map_err(failed)?,
            class: class.map(|word| value(CLASSES, &word, "class")).transpose()?,
            percent: percent.map(|text| carry_model::parse_plain(&text)).transpose()?,
        });
    }
    Ok(entries)
}
