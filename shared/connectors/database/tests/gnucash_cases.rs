//! What books hold beside the ordinary: each case is a small book written row by row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use carry_connector::{Survey, Transformed};
use carry_database::conn::Database;
use carry_database::gnucash::GnuCash;
use carry_model::{Body, Code, Decimal, Entity, Journal, Payment, Record, Transfer, parse_plain};
use rusqlite::Connection;
use support::{data, read};

/// Accounts in euros: Bank, Giro, AR, AP, Sales, Fees, Vat; in dollars: Dollars; shares: Shares. Customers c1 and c2,
/// vendor v1, employee e1, job j1 of c1.
const BASE: &str = "
INSERT INTO books VALUES ('book', 'root', 'templates');
INSERT INTO commodities (guid, namespace, mnemonic, fraction, quote_flag) VALUES ('eur', 'CURRENCY', 'EUR', 100, 0), ('usd', 'CURRENCY', 'USD', 100, 0), ('acme', 'NYSE', 'ACME', 10000, 0), ('tpl', 'template', 'template', 1, 0);
INSERT INTO accounts (guid, name, account_type, commodity_guid, commodity_scu, non_std_scu, parent_guid, hidden) VALUES
 ('root', 'Root', 'ROOT', NULL, 0, 0, NULL, 0), ('templates', 'Template Root', 'ROOT', NULL, 0, 0, NULL, 0), ('tacc', 't', 'BANK', 'tpl', 1, 0, 'templates', 0),
 ('bank', 'Bank', 'BANK', 'eur', 100, 0, 'root', 0), ('giro', 'Giro', 'BANK', 'eur', 100, 0, 'bank', 1), ('usdbank', 'Dollars', 'BANK', 'usd', 100, 0, 'root', 0),
 ('ar', 'AR', 'RECEIVABLE', 'eur', 100, 0, 'root', 0), ('ap', 'AP', 'PAYABLE', 'eur', 100, 0, 'root', 0), ('sales', 'Sales', 'INCOME', 'eur', 100, 0, 'root', 0),
 ('fees', 'Fees', 'EXPENSE', 'eur', 100, 0, 'root', 0), ('vat', 'Vat', 'LIABILITY', 'eur', 100, 0, 'root', 0), ('shares', 'Shares', 'STOCK', 'acme', 10000, 0, 'root', 0);
INSERT INTO customers (guid, name, id, notes, active, discount_num, discount_denom, credit_num, credit_denom, currency, tax_override) VALUES ('c1', 'Ann', '1', '', 1, 0, 1, 0, 1, 'eur', 0), ('c2', 'Bob', '2', '', 0, 0, 1, 0, 1, 'eur', 0);
INSERT INTO vendors (guid, name, id, notes, currency, active, tax_override) VALUES ('v1', 'Vic', '1', '', 'eur', 1, 0);
INSERT INTO employees (guid, username, id, language, acl, active, currency, workday_num, workday_denom, rate_num, rate_denom) VALUES ('e1', 'Eve', '1', '', '', 1, 'eur', 8, 1, 0, 1);
INSERT INTO jobs VALUES ('j1', 'J-1', 'Roof', '', 1, 2, 'c1');
";

struct Book {
    folder: tempfile::TempDir,
    connection: Connection,
}

impl Book {
    /// An empty book with the accounts and people of [`BASE`].
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.gnucash");
        std::fs::copy(data("gnucash/book.gnucash"), &path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
        let book = Self { folder, connection };
        for table in [
            "books",
            "commodities",
            "accounts",
            "transactions",
            "splits",
            "slots",
            "lots",
            "prices",
            "billterms",
            "taxtables",
            "taxtable_entries",
            "customers",
            "vendors",
            "employees",
            "jobs",
            "invoices",
            "entries",
        ] {
            book.sql(&format!("DELETE FROM {table}"));
        }
        book.sql(BASE);
        book
    }

    fn sql(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// A transaction of (account, cents in its currency, units of 1/100 of what the account holds, lot).
    fn transaction(&self, guid: &str, currency: &str, splits: &[(&str, i64, i64, &str)]) {
        self.sql(&format!("INSERT INTO transactions VALUES ('{guid}', '{currency}', 'N-{guid}', '2026-03-01 10:59:00', '2026-03-01 10:59:00', 'about {guid}')"));
        for (at, (account, value, quantity, lot)) in splits.iter().enumerate() {
            let lot = if lot.is_empty() { "NULL".to_owned() } else { format!("'{lot}'") };
            self.sql(&format!("INSERT INTO splits VALUES ('{guid}-{at}', '{guid}', '{account}', '', '', 'n', NULL, {value}, 100, {quantity}, 100, {lot})"));
        }
    }

    /// A posted document of one untaxed entry of so many cents, positive for a claim on the owner's ledger's side.
    fn document(&self, guid: &str, owner_type: i64, owner: &str, account: &str, posted: i64) {
        let (side, price) =
            if owner_type == 2 || owner_type == 3 { ("invoice", posted) } else { ("bill", -posted) };
        self.transaction(
            &format!("post-{guid}"),
            "eur",
            &[("sales", -posted, -posted, ""), (account, posted, posted, &format!("lot-{guid}"))],
        );
        self.sql(&format!("INSERT INTO invoices (guid, id, notes, active, currency, owner_type, owner_guid, post_txn, post_lot, post_acc, date_posted) VALUES ('{guid}', 'no-{guid}', '', 1, 'eur', {owner_type}, '{owner}', 'post-{guid}', 'lot-{guid}', '{account}', '2026-02-01 10:59:00')"));
        self.sql(&format!("INSERT INTO entries (guid, date, description, quantity_num, quantity_denom, i_acct, i_price_num, i_price_denom, b_acct, b_price_num, b_price_denom, {side}) VALUES ('e-{guid}', '2026-02-01 10:59:00', 'work', 1, 1, 'sales', {price}, 100, 'fees', {price}, 100, '{guid}')"));
    }

    /// A lot that belongs to a customer, vendor or job rather than a document.
    fn lot_of(&self, lot: &str, owner_type: i64, owner: &str) {
        self.sql(&format!("INSERT INTO slots (obj_guid, name, slot_type, guid_val) VALUES ('{lot}', 'gncOwner', 9, 'f-{lot}'); INSERT INTO slots (obj_guid, name, slot_type, int64_val) VALUES ('f-{lot}', 'gncOwner/owner-type', 1, {owner_type}); INSERT INTO slots (obj_guid, name, slot_type, guid_val) VALUES ('f-{lot}', 'gncOwner/owner-guid', 5, '{owner}')"));
    }

    fn read(&self) -> (Survey, Transformed) {
        let path = self.folder.path().join("book.gnucash");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let database = Database::open(path.to_str().unwrap()).await.unwrap();
            read(&GnuCash::new(database, None, None)).await
        })
    }
}

fn money(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

fn find<'a>(read: &'a Transformed, entity: Entity, id: &str) -> &'a Record {
    let ids: Vec<_> = read.records.iter().map(|r| r.key().to_string()).collect();
    let rejects: Vec<_> = read.rejects.iter().map(|r| format!("{:?}", r.fault)).collect();
    let found = read.records.iter().find(|r| r.entity == entity && r.id.as_str() == id);
    found.unwrap_or_else(|| panic!("{entity} {id} is not among {ids:?}, {rejects:?}"))
}

fn payment<'a>(read: &'a Transformed, entity: Entity, id: &str) -> &'a Payment {
    let Body::Payment(payment) = &find(read, entity, id).body else { panic!() };
    payment
}

fn journal<'a>(read: &'a Transformed, id: &str) -> &'a Journal {
    let Body::Journal(journal) = &find(read, Entity::Journal, id).body else { panic!() };
    journal
}

fn lines(journal: &Journal) -> Vec<(&str, Decimal)> {
    journal.lines.iter().map(|line| (line.account.as_str(), line.amount)).collect()
}

#[test]
fn bank_charges_taken_from_a_payment_become_an_entry_beside_it() {
    let book = Book::new();
    book.document("i1", 2, "c1", "ar", 10_000);
    book.transaction(
        "p",
        "eur",
        &[("ar", -10_000, -10_000, "lot-i1"), ("bank", 9_700, 9_700, ""), ("fees", 300, 300, "")],
    );
    let (_, read) = book.read();
    let paid = payment(&read, Entity::Payment, "p");
    assert_eq!((paid.amount, paid.account.as_ref().unwrap().as_str()), (money("100"), "bank"));
    assert_eq!((paid.allocations[0].amount, paid.unapplied().unwrap()), (money("100"), money("0")));
    assert_eq!(lines(journal(&read, "p:rest")), [("bank", money("-3")), ("fees", money("3"))]);
    let invoice = find(&read, Entity::Invoice, "i1").document().unwrap();
    assert_eq!((invoice.total, invoice.outstanding), (money("100"), Some(money("0"))));
}

#[test]
fn one_transaction_of_two_customers_is_two_payments() {
    let book = Book::new();
    book.document("i1", 2, "c1", "ar", 10_000);
    book.document("i2", 2, "c2", "ar", 5_000);
    book.transaction(
        "p",
        "eur",
        &[("ar", -4_000, -4_000, "lot-i1"), ("ar", -5_000, -5_000, "lot-i2"), ("bank", 9_000, 9_000, "")],
    );
    let (_, read) = book.read();
    let (ann, bob) =
        (payment(&read, Entity::Payment, "p:c1:EUR"), payment(&read, Entity::Payment, "p:c2:EUR"));
    assert_eq!((ann.amount, bob.amount), (money("40"), money("50")));
    assert_eq!(find(&read, Entity::Invoice, "i1").document().unwrap().outstanding, Some(money("60")));
    assert!(!read.records.iter().any(|r| r.entity == Entity::Journal), "nothing is left over");
}

#[test]
fn a_customer_who_is_a_supplier_too_may_set_one_off_against_the_other() {
    let book = Book::new();
    book.document("i1", 2, "c1", "ar", 10_000);
    book.document("b1", 4, "v1", "ap", -6_000);
    book.transaction("p", "eur", &[("ar", -6_000, -6_000, "lot-i1"), ("ap", 6_000, 6_000, "lot-b1")]);
    let (_, read) = book.read();
    let (received, paid) = (payment(&read, Entity::Payment, "p"), payment(&read, Entity::BillPayment, "p"));
    assert_eq!((received.amount, received.account.as_ref()), (money("60"), None));
    assert_eq!((paid.amount, paid.account.as_ref()), (money("60"), None));
    assert_eq!(find(&read, Entity::Bill, "b1").document().unwrap().outstanding, Some(money("0")));
}

#[test]
fn money_in_advance_is_unapplied_and_belongs_to_the_owner_of_the_job() {
    let book = Book::new();
    book.document("i1", 3, "j1", "ar", 10_000);
    book.lot_of("advance", 3, "j1");
    book.transaction(
        "p",
        "eur",
        &[
            ("ar", -10_000, -10_000, "lot-i1"),
            ("ar", -2_500, -2_500, "advance"),
            ("bank", 12_500, 12_500, ""),
        ],
    );
    book.transaction("back", "eur", &[("ar", 500, 500, "advance"), ("bank", -500, -500, "")]);
    let (_, read) = book.read();
    let paid = payment(&read, Entity::Payment, "p");
    assert_eq!(
        (paid.contact.as_ref().unwrap().as_str(), paid.amount, paid.unapplied().unwrap()),
        ("c1", money("125"), money("25"))
    );
    let back = payment(&read, Entity::Payment, "back");
    assert_eq!(
        (back.contact.as_ref().unwrap().as_str(), back.amount, back.unapplied().unwrap()),
        ("c1", money("-5"), money("-5"))
    );
    let invoice = find(&read, Entity::Invoice, "i1").document().unwrap();
    assert_eq!(
        (invoice.contact.as_ref().unwrap().as_str(), invoice.project.as_ref().unwrap().as_str()),
        ("c1", "j1")
    );
}

#[test]
fn an_invoice_of_negative_total_is_a_credit_note() {
    let book = Book::new();
    book.document("i1", 2, "c1", "ar", 10_000);
    book.document("minus", 2, "c1", "ar", -3_000);
    book.transaction("p", "eur", &[("ar", 3_000, 3_000, "lot-minus"), ("ar", -3_000, -3_000, "lot-i1")]);
    let (survey, read) = book.read();
    let credit = find(&read, Entity::CreditNote, "minus").document().unwrap();
    assert_eq!(
        (credit.total, credit.outstanding, credit.lines[0].net),
        (money("30"), Some(money("0")), money("30"))
    );
    let link = payment(&read, Entity::Payment, "p");
    assert_eq!(
        (link.amount, link.account.as_ref(), link.unapplied().unwrap()),
        (money("0"), None, money("0"))
    );
    assert_eq!(
        link.allocations.iter().map(|a| (a.document.to_string(), a.amount)).collect::<Vec<_>>(),
        [("invoice i1".to_owned(), money("30")), ("credit note minus".to_owned(), money("30"))]
    );
    assert_eq!(survey.counts[&Entity::CreditNote], 1);
}

#[test]
fn vouchers_voided_transactions_and_templates_are_listed_or_left_out() {
    let book = Book::new();
    book.document("voucher", 5, "e1", "ap", -2_000);
    book.transaction(
        "reimbursed",
        "eur",
        &[("ap", 2_000, 2_000, "lot-voucher"), ("bank", -2_000, -2_000, "")],
    );
    book.transaction("void", "eur", &[("bank", 0, 0, ""), ("fees", 0, 0, "")]);
    book.sql("INSERT INTO slots (obj_guid, name, slot_type, string_val) VALUES ('void', 'void-reason', 4, 'entered twice')");
    book.transaction("scheduled", "eur", &[("tacc", 0, 0, "")]);
    book.transaction("reminder", "eur", &[("bank", 0, 0, ""), ("fees", 0, 0, "")]);
    let (survey, read) = book.read();
    let rejects: Vec<_> =
        read.rejects.iter().map(|r| (r.id.as_ref().unwrap().as_str(), r.fault.code)).collect();
    assert_eq!(
        rejects,
        [
            ("voucher", Code::EntityUnsupported),
            ("reimbursed", Code::EntityUnsupported),
            ("reminder", Code::EntityUnsupported),
            ("void", Code::VoidNotCarried)
        ]
    );
    assert!(read.rejects[0].fault.detail.contains("20.00"), "what it adds up to is told");
    for (place, count) in [("employees", 1), ("invoices", 1)] {
        assert!(
            survey.findings.iter().any(|f| f.place == place && f.count == Some(count)),
            "{:?}",
            survey.findings
        );
    }
    assert!(!read.records.iter().any(|r| r.id.as_str() == "scheduled"));
}

#[test]
fn money_and_shares_between_currencies_keep_both_sides() {
    let book = Book::new();
    book.transaction("change", "eur", &[("bank", -10_000, -10_000, ""), ("usdbank", 10_000, 10_850, "")]);
    book.transaction("buy", "eur", &[("bank", -20_000, -20_000, ""), ("shares", 20_000, 350, "")]);
    book.transaction("fee", "usd", &[("usdbank", -1_000, -1_000, ""), ("fees", 1_000, 922, "")]);
    let (_, read) = book.read();
    let Body::Transfer(transfer) = &find(&read, Entity::Transfer, "change").body else { panic!() };
    let Transfer { amount, received, rate, from, to, .. } = &**transfer;
    assert_eq!(
        (*amount, received.unwrap().to_string(), *rate),
        (money("100"), "108.50 USD".to_owned(), None)
    );
    assert_eq!((from.as_str(), to.as_str()), ("bank", "usdbank"));
    let buy = journal(&read, "buy");
    assert_eq!(buy.lines[1].description.as_deref(), Some("(3.5 NYSE:ACME)"));
    let fee = journal(&read, "fee");
    assert_eq!((fee.currency.code(), fee.rate), ("USD", Some(money("0.922"))));
}

#[test]
fn a_tax_table_that_has_changed_since_stays_what_it_was() {
    let book = Book::new();
    book.sql("INSERT INTO taxtables VALUES ('t', 'Vat', 1, 0, NULL), ('old', 'Vat', 0, 1, 't'), ('same', 'Vat', 0, 1, 't'); INSERT INTO taxtable_entries (taxtable, account, amount_num, amount_denom, type) VALUES ('t', 'vat', 19, 1, 2), ('old', 'vat', 16, 1, 2), ('same', 'vat', 19, 1, 2)");
    book.transaction(
        "post",
        "eur",
        &[("sales", -20_000, -20_000, ""), ("vat", -3_500, -3_500, ""), ("ar", 23_500, 23_500, "lot")],
    );
    book.sql("INSERT INTO invoices (guid, id, notes, active, currency, owner_type, owner_guid, post_txn, post_lot, post_acc) VALUES ('i', '1', '', 1, 'eur', 2, 'c1', 'post', 'lot', 'ar')");
    for table in ["old", "same"] {
        book.sql(&format!("INSERT INTO entries (guid, date, quantity_num, quantity_denom, i_acct, i_price_num, i_price_denom, invoice, i_taxable, i_taxincluded, i_taxtable) VALUES ('e-{table}', '2026-02-01', 1, 1, 'sales', 100, 1, 'i', 1, 0, '{table}')"));
    }
    let (survey, read) = book.read();
    assert_eq!(survey.counts[&Entity::TaxRate], 2);
    let rates: Vec<_> = read
        .records
        .iter()
        .filter(|r| r.entity == Entity::TaxRate)
        .map(|r| (r.id.as_str(), r.number.as_deref().unwrap()))
        .collect();
    assert_eq!(rates, [("old", "Vat (16 %, as it was)"), ("t", "Vat")]);
    let invoice = find(&read, Entity::Invoice, "i").document().unwrap();
    let taxes: Vec<_> =
        invoice.taxes.iter().map(|t| (t.tax_rate.as_ref().unwrap().as_str(), t.amount)).collect();
    assert_eq!(taxes, [("old", money("16")), ("t", money("19"))]);
    assert_eq!(invoice.sum_of_parts().unwrap(), money("235"));
}

#[test]
fn what_a_book_says_of_itself_is_taken() {
    let book = Book::new();
    book.sql("INSERT INTO slots (obj_guid, name, slot_type, string_val) VALUES ('o', 'options/Business/Company Name', 4, 'Hafen & Söhne'), ('o', 'options/Accounts/Book Currency', 4, 'USD')");
    let (survey, _) = book.read();
    assert_eq!((survey.company.name.as_str(), survey.company.home_currency.code()), ("Hafen & Söhne", "USD"));
    let giro = book.read().1;
    let Body::Account(giro) = &find(&giro, Entity::Account, "giro").body else { panic!() };
    assert_eq!((giro.parent.as_ref().unwrap().as_str(), giro.active), ("bank", false));
}

#[test]
fn a_posted_document_whose_posting_is_gone_is_rejected() {
    let book = Book::new();
    book.document("i1", 2, "c1", "ar", 10_000);
    book.sql("DELETE FROM splits WHERE tx_guid = 'post-i1'; DELETE FROM transactions WHERE guid = 'post-i1'");
    book.document("i2", 2, "c1", "ar", 10_000);
    book.sql("UPDATE invoices SET currency = 'usd' WHERE guid = 'i2'");
    let (survey, read) = book.read();
    let rejects: Vec<_> =
        read.rejects.iter().map(|r| (r.id.as_ref().unwrap().as_str(), r.fault.code)).collect();
    assert_eq!(rejects, [("i1", Code::ReferenceMissing), ("i2", Code::CurrencyMixed)]);
    assert!(survey.findings.iter().any(|f| f.text.contains("posting transaction that does not exist")));
}
