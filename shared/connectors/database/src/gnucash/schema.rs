//! How a GnuCash book is recognised among databases.

use carry_model::{Code, Fault};

use crate::conn::Database;

/// The tables and columns that are read. Present since GnuCash 2.4.
const NEEDED: &[(&str, &[&str])] = &[
    ("books", &["guid", "root_account_guid", "root_template_guid"]),
    ("commodities", &["guid", "namespace", "mnemonic", "fraction"]),
    (
        "accounts",
        &["guid", "name", "account_type", "commodity_guid", "parent_guid", "code", "description", "hidden"],
    ),
    ("transactions", &["guid", "currency_guid", "num", "post_date", "description"]),
    (
        "splits",
        &[
            "guid",
            "tx_guid",
            "account_guid",
            "memo",
            "value_num",
            "value_denom",
            "quantity_num",
            "quantity_denom",
            "lot_guid",
        ],
    ),
    ("slots", &["obj_guid", "name", "int64_val", "string_val", "timespec_val", "guid_val", "gdate_val"]),
    ("prices", &["commodity_guid", "currency_guid", "date", "value_num", "value_denom"]),
    ("billterms", &["guid", "name", "invisible", "parent", "type", "duedays"]),
    ("taxtables", &["guid", "name", "invisible", "parent"]),
    ("taxtable_entries", &["taxtable", "account", "amount_num", "amount_denom", "type"]),
    ("customers", &["guid", "name", "id", "notes", "active", "currency", "addr_name", "shipaddr_name"]),
    ("vendors", &["guid", "name", "id", "notes", "active", "currency", "addr_name"]),
    ("employees", &["guid"]),
    ("jobs", &["guid", "id", "name", "active", "owner_type", "owner_guid"]),
    (
        "invoices",
        &[
            "guid",
            "id",
            "date_opened",
            "notes",
            "currency",
            "owner_type",
            "owner_guid",
            "terms",
            "billing_id",
            "post_txn",
            "post_lot",
            "post_acc",
        ],
    ),
    (
        "entries",
        &[
            "guid",
            "date",
            "description",
            "quantity_num",
            "i_acct",
            "i_price_num",
            "invoice",
            "i_taxtable",
            "b_acct",
            "b_price_num",
            "bill",
            "b_taxtable",
        ],
    ),
];

/// Tables that no other program's schema has together.
const SIGNS: &[&str] = &["books", "commodities", "splits", "slots"];

/// True where the database looks like a GnuCash book, whole or damaged.
pub(super) async fn recognised(database: &Database) -> Result<bool, Fault> {
    let tables = database.tables().await?;
    let found = |wanted: &&&str| tables.iter().any(|table| table.eq_ignore_ascii_case(wanted));
    Ok(SIGNS.iter().filter(found).count() == SIGNS.len())
}

/// A fault that names the first table or columns that a GnuCash book must have and this database lacks.
pub(super) async fn check(database: &Database) -> Result<(), Fault> {
    for (table, columns) in NEEDED {
        let shape = database
            .table(table)
            .await?
            .ok_or_else(|| damaged(format!("The table '{table}' is missing.")))?;
        let missing: Vec<_> = columns.iter().filter(|column| !shape.has(&[column])).copied().collect();
        if !missing.is_empty() {
            return Err(damaged(format!("The table '{table}' lacks {}.", missing.join(", "))));
        }
    }
    Ok(())
}

fn damaged(detail: String) -> Fault {
    Fault::new(Code::SourceUnrecognised)
        .detail(format!("The database looks like a GnuCash book, but is none that can be read. {detail}"))
        .hint("Open the book in GnuCash 2.6 or later, save it again, and give that file.")
}
