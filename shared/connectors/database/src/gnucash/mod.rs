//! GnuCash books in SQLite, PostgreSQL, MySQL or MariaDB.
//!
//! | GnuCash | becomes |
//! | --- | --- |
//! | customers, vendors | contacts |
//! | jobs | projects; a document of a job belongs to the job's customer or vendor |
//! | accounts, tax tables, billing terms | accounts, tax rates, terms; copies made at posting fold back |
//! | invoices, bills, credit notes | documents; the total is what was posted, the rest what is left in the lot |
//! | transactions with splits in lots of receivable or payable accounts | payments, bill payments |
//! | two splits between bank, cash or card accounts | transfers |
//! | every other transaction | journal entries |
//!
//! Source ids are GnuCash's guids. There is no time of last change: changes are told by fingerprint.

mod compute;
mod contacts;
mod dates;
mod documents;
mod exact;
mod extract;
mod lines;
mod lists;
mod partitions;
mod profile;
mod rates;
mod schema;
mod settlement;
mod survey;
mod transactions;
mod transform;

use async_trait::async_trait;
use carry_connector::home::HomeRounding;
use carry_connector::{
    BatchHeader, EntitySupport, Limits, Manifest, Partition, RawSink, Reader, Support, Survey, Transformer,
};
use carry_model::{Code, Currency, Entity, Fault};

use crate::conn::Database;
use profile::Profile;

pub use extract::{PART_BYTES_MAX, PARTS_MAX};
pub use lists::{ACCOUNTS_MAX, TABLES_MAX};

const READ_ONLY: &str = "a GnuCash book is a source only";

const fn reads(entity: Entity) -> EntitySupport {
    EntitySupport::read_only(entity, READ_ONLY)
}

const NO_OFFERS: &str = "GnuCash keeps no estimates and orders of its own";
const NO_RECEIPTS: &str =
    "GnuCash books cash sales and purchases as plain transactions, carried as journal entries";
const IN_JOURNAL: &str = "carried as transfers and journal entries";

/// What can be read from a GnuCash book.
pub static MANIFEST: Manifest = Manifest {
    system: "gnucash",
    title: "GnuCash",
    source: Support::Yes,
    target: Support::No(READ_ONLY),
    entities: &[
        EntitySupport::none(Entity::Company, "told by the survey, not a record of its own"),
        reads(Entity::Account),
        reads(Entity::TaxRate),
        reads(Entity::Terms),
        EntitySupport::none(Entity::PaymentMethod, "GnuCash does not record how something was paid"),
        EntitySupport::none(Entity::TrackingCategory, "GnuCash has no tracking categories"),
        reads(Entity::Contact),
        EntitySupport::none(Entity::Item, "GnuCash has no list of items"),
        reads(Entity::Project),
        EntitySupport::none(Entity::Estimate, NO_OFFERS),
        EntitySupport::none(Entity::SalesOrder, NO_OFFERS),
        EntitySupport::none(Entity::PurchaseOrder, NO_OFFERS),
        reads(Entity::Invoice),
        reads(Entity::Bill),
        EntitySupport::none(Entity::SalesReceipt, NO_RECEIPTS),
        EntitySupport::none(Entity::Expense, NO_RECEIPTS),
        reads(Entity::CreditNote),
        reads(Entity::BillCredit),
        EntitySupport::none(Entity::Refund, "carried as a payment of negative amount"),
        EntitySupport::none(Entity::OpenBalance, "every document states its own"),
        reads(Entity::Payment),
        reads(Entity::BillPayment),
        reads(Entity::Transfer),
        EntitySupport::none(Entity::BankTransaction, IN_JOURNAL),
        reads(Entity::Journal),
        EntitySupport::none(Entity::TimeActivity, "GnuCash does not record time"),
        EntitySupport::none(Entity::ExpenseActivity, "billable entries are carried with their bill"),
        EntitySupport::none(Entity::FeeActivity, "GnuCash does not record fees"),
        EntitySupport::none(Entity::Attachment, "GnuCash keeps links to files, not the files"),
    ],
    home: HomeRounding::Unknown,
    limits: Limits::NONE,
};

/// A GnuCash book as a source.
#[derive(Debug)]
pub struct GnuCash {
    database: Database,
    home: Option<Currency>,
    company: Option<String>,
    // A merge holds several connections; two at once could wait for each other's.
    merging: tokio::sync::Mutex<()>,
}

impl GnuCash {
    /// True where the database looks like a GnuCash book, whole or damaged. Reads the list of tables only.
    pub async fn recognises(database: &Database) -> Result<bool, Fault> {
        schema::recognised(database).await
    }

    /// The book in that database. `home` and `company` take the place of what the book says of itself.
    pub fn new(database: Database, home: Option<Currency>, company: Option<String>) -> Self {
        Self { database, home, company, merging: tokio::sync::Mutex::default() }
    }
}

fn profile_of(survey: &Survey) -> Result<Profile, Fault> {
    serde_json::from_value(survey.profile.clone())
        .map_err(|e| Fault::new(Code::StagingCorrupt).detail("the survey of a GnuCash book").caused_by(e))
}

#[async_trait]
impl Reader for GnuCash {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn survey(&self) -> Result<Survey, Fault> {
        survey::survey(&self.database, self.home, self.company.as_deref()).await
    }

    async fn extract(
        &self,
        survey: &Survey,
        partition: &Partition,
        after: Option<String>,
        sink: &mut dyn RawSink,
    ) -> Result<(), Fault> {
        let kind = partitions::kind_of(&partition.id)
            .ok_or_else(|| Fault::new(Code::StagingCorrupt).detail("a partition that no GnuCash book has"))?;
        let profile = profile_of(survey)?;
        let header = BatchHeader {
            entity: kind.entity,
            partition: partition.id.clone(),
            file: kind.table.to_owned(),
            shape: serde_json::Value::Null,
        };
        let templates =
            partition.spec.get("templates").and_then(serde_json::Value::as_str).unwrap_or_default();
        let task = extract::Task { database: &self.database, kind, templates, home: profile.home };
        let folded = |guid: &str| match kind.entity {
            Entity::TaxRate => profile.tax_of(guid) != guid,
            Entity::Terms => profile.terms_of(guid) != guid,
            _ => false,
        };
        let _alone = self.merging.lock().await;
        extract::extract(&task, header, after.as_deref(), folded, sink).await
    }

    fn transformer(&self, survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
        transformer(survey)
    }
}

/// What makes sense of raw rows, by the survey alone.
pub fn transformer(survey: &Survey) -> Result<Box<dyn Transformer>, Fault> {
    Ok(Box::new(transform::Books { profile: profile_of(survey)? }))
}
