use async_trait::async_trait;
use carry_model::{Fault, MigrationId, RunId, Timestamp};
use carry_ports::{Deed, Header, Headers, Receipt};

use crate::Table;
use crate::fault::unusable;
use crate::item::{Item, Key, json, number, optional, parsed, required, text, whole};
use crate::jobs::{LATEST, OVER_AT, run_key_of};
use crate::listing::{self, CREATED, header_key, sortable};
use crate::table::Change;

const CUSTOMER: &str = "customer";
/// The attribute that names who set the migration up.
const BY: &str = "by";
/// The attribute that says whether support may look, JSON.
const SUPPORT: &str = "support";
/// The attribute in which a header keeps its receipts, JSON.
const PURGES: &str = "purges";
const DEED_PREFIX: &str = "DEED#";
const DEED: &str = "deed";
const VALUE: &str = "value";
/// The index of headers by customer.
const CUSTOMERS: &str = "customers";

/// A migration that nothing was ever run for, or whose run nobody goes on with, is purged after this long.
const IDLE_DAYS: i64 = 30;

/// Bare headers, audit trail and claims in the table; none of it expires.
#[derive(Clone, Debug)]
pub struct DynamoHeaders {
    table: Table,
}

impl DynamoHeaders {
    /// In that table.
    pub const fn new(table: Table) -> Self {
        Self { table }
    }

    /// Its time is over; or it has none, because nothing was ever run, or because a run of it has neither ended nor
    /// been heard of for long.
    async fn is_due(&self, header: &Item) -> Result<bool, Fault> {
        let now = self.table.now().as_second();
        if let Some(over) = whole(header, OVER_AT) {
            return Ok(over <= now);
        }
        let heard_of = match optional(header, LATEST) {
            None => optional(header, CREATED).and_then(|created| created.parse::<Timestamp>().ok()),
            Some(run) => {
                let item = self.table.get(&run_key_of(&Key::of(header)?, run)).await?;
                item.and_then(|item| self.table.written_at(&item))
            }
        };
        Ok(heard_of.is_none_or(|at| now - at.as_second() > IDLE_DAYS * 86_400))
    }
}

fn read(item: &Item) -> Result<Header, Fault> {
    let id = required(item, "pk")?.strip_prefix("M#").ok_or_else(|| unusable("a header's key"))?;
    let created = required(item, CREATED)?.parse();
    Ok(Header {
        migration: MigrationId::from(id),
        customer: required(item, CUSTOMER)?.to_owned(),
        created: created.map_err(|e| unusable("a header's time").caused_by(e))?,
        by: optional(item, BY).unwrap_or_default().to_owned(),
        support: item.contains_key(SUPPORT) && parsed(item, SUPPORT)?,
        purges: if item.contains_key(PURGES) { parsed(item, PURGES)? } else { Vec::new() },
    })
}

#[async_trait]
impl Headers for DynamoHeaders {
    async fn create(&self, header: &Header) -> Result<(), Fault> {
        let change =
            Change::default().set_once(CUSTOMER, text(&header.customer)).set_once(BY, text(&header.by));
        listing::set_up(&self.table, &header.migration, header.created, change).await
    }

    async fn get(&self, migration: &MigrationId) -> Result<Option<Header>, Fault> {
        let item = self.table.get(&header_key(migration)).await?;
        item.filter(|item| item.contains_key(CUSTOMER)).map(|item| read(&item)).transpose()
    }

    async fn of_customer(&self, customer: &str) -> Result<Vec<Header>, Fault> {
        let query = self
            .table
            .query()
            .consistent_read(false) // an index has no other reads
            .index_name(CUSTOMERS)
            .key_condition_expression("customer = :customer")
            .expression_attribute_values(":customer", text(customer));
        self.table.all(query).await?.iter().map(read).collect()
    }

    async fn due(&self) -> Result<Vec<MigrationId>, Fault> {
        let mut due = Vec::new();
        for (migration, header) in listing::headers(&self.table).await? {
            if self.is_due(&header).await? {
                due.push(migration);
            }
        }
        Ok(due)
    }

    async fn expire(&self, migration: &MigrationId) -> Result<(), Fault> {
        let over = number(self.table.now().as_second());
        self.table.update(&header_key(migration), Change::default().set(OVER_AT, over).if_there()).await?;
        Ok(())
    }

    async fn allow_support(&self, migration: &MigrationId, allowed: bool) -> Result<(), Fault> {
        let change = Change::default().set(SUPPORT, json(&allowed)?).if_there();
        self.table.update(&header_key(migration), change).await?;
        Ok(())
    }

    async fn purged(&self, migration: &MigrationId, receipt: &Receipt) -> Result<(), Fault> {
        let mut purges = self.get(migration).await?.map(|header| header.purges).unwrap_or_default();
        if !purges.contains(receipt) {
            purges.push(receipt.clone());
        }
        self.table.update(&header_key(migration), Change::default().set(PURGES, json(&purges)?)).await?;
        Ok(())
    }

    async fn note(&self, migration: &MigrationId, deed: &Deed) -> Result<(), Fault> {
        let name = format!("{DEED_PREFIX}{}#{}", sortable(deed.at), RunId::random());
        let key = Key::new(header_key(migration).pk, name);
        self.table.create(key.with([(DEED, json(deed)?)])).await?;
        Ok(())
    }

    async fn trail(&self, migration: &MigrationId) -> Result<Vec<Deed>, Fault> {
        let query = self
            .table
            .query()
            .key_condition_expression("pk = :pk AND begins_with(sk, :deed)")
            .expression_attribute_values(":pk", text(header_key(migration).pk))
            .expression_attribute_values(":deed", text(DEED_PREFIX));
        self.table.all(query).await?.iter().map(|item| parsed(item, DEED)).collect()
    }

    async fn claim(&self, name: &str, value: &str) -> Result<String, Fault> {
        let key = Key::new(format!("CLAIM#{name}"), "CLAIM");
        if self.table.create(key.with([(VALUE, text(value))])).await? {
            return Ok(value.to_owned());
        }
        let claimed = self.table.get(&key).await?.ok_or_else(|| unusable("a claim"))?;
        required(&claimed, VALUE).map(str::to_owned)
    }
}
