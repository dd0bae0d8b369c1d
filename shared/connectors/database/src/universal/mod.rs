//! The universal database: the canonical model as plain relational tables, in a SQLite file or in PostgreSQL.
//!
//! It is the embedded default target, readable by any SQL tool, and a source again without loss. The schema
//! (`schema.sqlite.sql`, `schema.postgres.sql`) documents itself; `docs/universal-database.md` explains it.
//!
//! * [`UniversalWriter`] writes it. A record is found by entity and source id, so writing it twice is writing it
//!   once.
//! * [`UniversalReader`] reads it.

mod amounts;
mod balances;
mod cell;
mod decode;
mod encode;
mod plan;
mod postgres;
mod reader;
mod shape;
mod sql;
mod sqlite;
mod words;
mod writer;

pub use reader::{UniversalReader, transformer};
pub use writer::UniversalWriter;

use carry_connector::home::HomeRounding;
use carry_connector::{EntitySupport, Limits, Manifest, Support};
use carry_model::{Code, Entity, Fault};

/// Most records in one write.
pub const BATCH_SIZE: usize = 2_000;

const NO_OPEN_BALANCES: &str = "what is open is worked out from documents and their allocations";

const fn full(entity: Entity) -> EntitySupport {
    EntitySupport::full(entity, BATCH_SIZE)
}

/// What the universal database can do: everything but open balances, which it works out.
pub static MANIFEST: Manifest = Manifest {
    system: "universal",
    title: "Universal database",
    source: Support::Yes,
    target: Support::Yes,
    entities: &[
        full(Entity::Company),
        full(Entity::Account),
        full(Entity::TaxRate),
        full(Entity::Terms),
        full(Entity::PaymentMethod),
        full(Entity::TrackingCategory),
        full(Entity::Contact),
        full(Entity::Item),
        full(Entity::Project),
        full(Entity::Estimate),
        full(Entity::SalesOrder),
        full(Entity::PurchaseOrder),
        full(Entity::Invoice),
        full(Entity::Bill),
        full(Entity::SalesReceipt),
        full(Entity::Expense),
        full(Entity::CreditNote),
        full(Entity::BillCredit),
        full(Entity::Refund),
        EntitySupport::none(Entity::OpenBalance, NO_OPEN_BALANCES),
        full(Entity::Payment),
        full(Entity::BillPayment),
        full(Entity::Transfer),
        full(Entity::BankTransaction),
        full(Entity::Journal),
        full(Entity::TimeActivity),
        full(Entity::ExpenseActivity),
        full(Entity::FeeActivity),
        full(Entity::Attachment),
    ],
    home: HomeRounding::Carried,
    limits: Limits { lists_side_by_side: true, ..Limits::NONE },
};

fn unsupported(entity: Entity) -> Fault {
    Fault::new(Code::EntityUnsupported)
        .detail(format!("No table holds {}: {NO_OPEN_BALANCES}.", entity.plural()))
}

fn no_balance(entity: Entity) -> Fault {
    Fault::new(Code::EntityUnsupported).detail(format!("A balance of {} was asked for.", entity.plural()))
}

fn in_use(table: &str) -> Fault {
    Fault::new(Code::CannotRemove)
        .detail(format!("Something in table {table} still refers to it."))
        .hint("Remove what refers to it first.")
}

/// `version` is the schema version found; None where the database holds something else.
fn check_version(version: Option<i64>, shown: &str) -> Result<(), Fault> {
    match version {
        Some(sql::SCHEMA_VERSION) => Ok(()),
        Some(version) => Err(Fault::new(Code::TargetUnsuitable)
            .detail(format!(
                "{shown} has schema version {version}; this program writes {}.",
                sql::SCHEMA_VERSION
            ))
            .hint("Use the program that made it, or name a new database.")),
        None => Err(Fault::new(Code::TargetUnsuitable)
            .detail(format!("{shown} holds something else than a universal database."))
            .hint("Name a new or empty database.")),
    }
}

/// Id, code, name, class and per cent of what records can be mapped to.
fn catalog_sql(entity: Entity) -> Option<&'static str> {
    Some(match entity {
        Entity::Account => "SELECT id, code, name, class, NULL FROM accounts ORDER BY id",
        Entity::TaxRate => "SELECT id, code, name, NULL, CAST(percent AS TEXT) FROM tax_rates ORDER BY id",
        Entity::Terms => "SELECT id, NULL, name, NULL, NULL FROM terms ORDER BY id",
        Entity::PaymentMethod => "SELECT id, NULL, name, NULL, NULL FROM payment_methods ORDER BY id",
        Entity::TrackingCategory => "SELECT id, NULL, name, NULL, NULL FROM tracking_categories ORDER BY id",
        Entity::Contact => "SELECT id, account_number, name, NULL, NULL FROM contacts ORDER BY id",
        Entity::Item => "SELECT id, code, name, NULL, NULL FROM items ORDER BY id",
        Entity::Project => "SELECT id, code, name, NULL, NULL FROM projects ORDER BY id",
        _ => return None,
    })
}
