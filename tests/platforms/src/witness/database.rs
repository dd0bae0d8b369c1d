//! A universal database in the words of plain SQL.

use std::collections::BTreeMap;

use carry_database::conn::{Database, Row};
use carry_model::Decimal;

use super::{Books, Document, File, file_name, plain};

const DOCUMENTS: &str = "SELECT d.kind, d.source_id, c.name AS contact, d.date, d.source_number AS number, d.currency, \
    m.minor_digits, b.total_minor AS total, b.outstanding_minor AS open \
    FROM documents d JOIN document_balances b ON b.id = d.id JOIN currencies m ON m.code = d.currency \
    LEFT JOIN contacts c ON c.id = d.contact_id \
    WHERE d.kind IN ('invoice', 'credit_note', 'bill', 'bill_credit', 'estimate', 'purchase_order') \
    AND d.status <> 'voided'";
const FILES: &str = "SELECT a.name, a.size_bytes, a.hash, a.of_entity, a.of_source_id FROM attachments a";
const RECEIVABLE: &str = "SELECT contact, currency, minor_digits, total_minor AS owed FROM ar_ageing";
const PAYABLE: &str = "SELECT contact, currency, minor_digits, total_minor AS owed FROM ap_ageing";
const TRIAL_BALANCE: &str = "SELECT t.name, t.debit_minor AS debit, t.credit_minor AS credit, m.minor_digits \
    FROM trial_balance_home t JOIN currencies m ON m.code = t.home_currency";

/// Rows of a table.
const ROWS_MAX: usize = 100_000;

/// What the views of the database at `url` say.
pub async fn books(url: &str) -> Books {
    let database = Database::open(url).await.unwrap();
    let ask = async |sql: &str| database.fetch(sql, Vec::new(), ROWS_MAX).await.unwrap();
    let mut books = Books::default();
    let mut by_id = BTreeMap::new();
    for row in ask(DOCUMENTS).await {
        let document = Document {
            kind: match text(&row, "kind").as_str() {
                "invoice" => "invoice",
                "credit_note" => "credit",
                "bill" => "bill",
                "bill_credit" => "vendor credit",
                "estimate" => "quote",
                _ => "order",
            },
            contact: plain(&text(&row, "contact")),
            date: text(&row, "date"),
            number: Document::number(&text(&row, "number")),
            currency: text(&row, "currency"),
            total: amount(&row, "total"),
            open: amount(&row, "open"),
        };
        by_id.insert((text(&row, "kind"), text(&row, "source_id")), document.clone());
        books.documents.push(document);
    }
    for row in ask(FILES).await {
        // Content is not kept in a database; what it was is.
        let Some(of) = by_id.get(&(text(&row, "of_entity"), text(&row, "of_source_id"))) else { continue };
        books.files.push(File {
            of: Document { open: Decimal::ZERO, ..of.clone() },
            name: file_name(&text(&row, "name")),
            size: usize::try_from(row.int("size_bytes").unwrap().unwrap()).unwrap(),
            sha256: text(&row, "hash"),
        });
    }
    books.files.retain(|file| !file.of.is_overpaid());
    books.files.sort();
    books.documents.retain(|document| !document.is_overpaid());
    books.documents.sort();
    for row in ask("SELECT name FROM contacts").await {
        books.names.insert(plain(&text(&row, "name")));
    }
    for (sql, owed) in [(RECEIVABLE, &mut books.receivable), (PAYABLE, &mut books.payable)] {
        for row in ask(sql).await {
            let party = (plain(&text(&row, "contact")), text(&row, "currency"));
            *owed.entry(party).or_default() += amount(&row, "owed");
        }
        owed.retain(|_, owed| !owed.is_zero());
    }
    for row in ask(TRIAL_BALANCE).await {
        let balance = amount(&row, "debit") - amount(&row, "credit");
        *books.trial_balance.entry(text(&row, "name")).or_default() += balance;
    }
    books
}

fn text(row: &Row, column: &str) -> String {
    row.text(column).unwrap().unwrap_or_default().into_owned()
}

fn amount(row: &Row, column: &str) -> Decimal {
    let digits = u32::try_from(row.int("minor_digits").unwrap().unwrap()).unwrap();
    Decimal::new(row.int(column).unwrap().unwrap_or_default(), digits)
}
