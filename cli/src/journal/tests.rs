//! Every sort of record, and that its postings are what a bookkeeper would write.

use carry_connector::{Adjustment, AdjustmentKind, exact};
use carry_model::{
    Account, AccountClass, Allocation, Body, Contact, Currency, Date, Decimal, Direction, Discount, Document,
    DocumentTax, Entity, Item, Journal, JournalLine, Line, Money, Payment, Record, RecordKey, RunId,
    SourceId, Status, TaxRate, Transfer, parse_plain,
};
use carry_ports::{Change, Link, LinkState, More};
use rustc_hash::FxHashMap;

use super::{Carried, Chart, Dialect, Names, closing, commodity, settlement, transaction, write};

const DAY: Date = Date::constant(2026, 1, 31);

fn dec(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

fn id(text: &str) -> SourceId {
    SourceId::from(text)
}

fn chart() -> Chart {
    let mut chart = Chart::new().unwrap();
    for (key, class) in
        [("Bank", AccountClass::Bank), ("Sales", AccountClass::Income), ("Rent", AccountClass::Expense)]
    {
        let account = Account {
            code: None,
            name: key.to_owned(),
            class,
            parent: None,
            currency: None,
            description: None,
            active: true,
        };
        chart.add(Record::new(Entity::Account, key, None, Body::Account(account.into())).unwrap());
    }
    for name in ["Ann", "Ann's branch"] {
        let contact = Contact { name: name.to_owned(), ..Contact::default() };
        chart.add(Record::new(Entity::Contact, name, None, Body::Contact(contact.into())).unwrap());
    }
    let item = Item { name: "Work".to_owned(), income_account: Some(id("Sales")), ..Item::default() };
    chart.add(Record::new(Entity::Item, "work", None, Body::Item(item.into())).unwrap());
    let tax =
        TaxRate { name: "VAT".to_owned(), code: None, percent: None, components: vec![], account: None };
    chart.add(Record::new(Entity::TaxRate, "vat", None, Body::TaxRate(tax.into())).unwrap());
    chart
}

/// The line of the journal under which a record was carried.
fn link(record: &Record, currency: Currency, rate: Option<Decimal>) -> Link {
    Link {
        key: record.key(),
        state: LinkState::Done,
        change: Change::Created,
        target: None,
        number: record.number.clone(),
        target_number: None,
        fingerprint: record.fingerprint(),
        run: RunId::from("run"),
        contact: Some(id("Ann")),
        date: Some(DAY),
        currency: Some(currency),
        rate,
        total: None,
        outstanding: None,
        applied: Decimal::ZERO,
        more: More::default(),
    }
}

fn posted(record: &Record, link: &Link) -> Vec<String> {
    let chart = chart();
    let contacts = FxHashMap::from_iter([
        (RecordKey::new(Entity::Invoice, "1"), Some(id("Ann"))),
        (RecordKey::new(Entity::Invoice, "2"), Some(id("Ann's branch"))),
        (RecordKey::new(Entity::CreditNote, "3"), Some(id("Ann"))),
    ]);
    let carried = Carried { chart: &chart, home: Currency::USD, contacts: &contacts };
    let transaction = transaction(record, link, &carried).unwrap();
    let mut names = Names::new(Dialect::Hledger, &chart);
    let text = transaction.map(|transaction| write(&transaction, &mut names)).unwrap_or_default();
    text.lines().skip(1).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn document(total: &str, lines: &[(&str, &str)]) -> Document {
    let mut document = Document::new(DAY, Currency::USD, dec(total));
    document.lines = lines
        .iter()
        .map(|(net, tax)| Line {
            item: Some(id("work")),
            net: dec(net),
            tax: Some(dec(tax)),
            tax_rate: Some(id("vat")),
            ..Line::default()
        })
        .collect();
    document
}

fn documented(entity: Entity, document: Document) -> Vec<String> {
    let (currency, rate) = (document.currency, document.rate);
    let record = Record::new(entity, "1", Some("No 1".to_owned()), Body::Document(document.into())).unwrap();
    posted(&record, &link(&record, currency, rate))
}

#[test]
fn sales_and_their_reversal_mirror_each_other() {
    let invoice = documented(Entity::Invoice, document("119.00", &[("100", "19")]));
    assert_eq!(
        invoice,
        ["assets:receivable:Ann  119.00 USD", "income:Sales  -100.00 USD", "liabilities:tax:VAT  -19.00 USD"]
    );
    let credit = documented(Entity::CreditNote, document("119.00", &[("100", "19")]));
    assert_eq!(
        credit,
        ["assets:receivable:Ann  -119.00 USD", "income:Sales  100.00 USD", "liabilities:tax:VAT  19.00 USD"]
    );
}

#[test]
fn purchases_stand_on_the_other_side() {
    let mut bill = document("119.00", &[("100", "19")]);
    bill.lines[0].account = Some(id("Rent"));
    assert_eq!(
        documented(Entity::Bill, bill.clone()),
        [
            "liabilities:payable:Ann  -119.00 USD",
            "expenses:Rent  100.00 USD",
            "liabilities:tax:VAT  19.00 USD"
        ]
    );
    bill.paid_account = Some(id("Bank"));
    assert_eq!(documented(Entity::Expense, bill)[0], "assets:Bank  -119.00 USD");
}

#[test]
fn what_is_paid_on_the_spot_moves_money() {
    let mut receipt = document("119.00", &[("100", "19")]);
    receipt.paid_account = Some(id("Bank"));
    assert_eq!(documented(Entity::SalesReceipt, receipt.clone())[0], "assets:Bank  119.00 USD");
    assert_eq!(documented(Entity::Refund, receipt)[0], "assets:Bank  -119.00 USD");
}

#[test]
fn discounts_and_gaps_are_posted() {
    let mut invoice = document("95.01", &[("100", "0")]);
    invoice.discount = Some(Discount { amount: dec("10"), percent: None, account: None });
    invoice.taxes = vec![DocumentTax { tax_rate: None, amount: dec("5") }];
    assert_eq!(
        documented(Entity::Invoice, invoice),
        [
            "assets:receivable:Ann  95.01 USD",
            "income:Sales  -100.00 USD",
            "expenses:Carryforward adjustments  -0.01 USD",
            "liabilities:tax:no rate named  -5.00 USD",
            "income:discounts given  10.00 USD",
        ]
    );
}

#[test]
fn a_document_carried_as_one_line_is_posted_as_one() {
    let invoice = document("119.00", &[("100", "19")]);
    let record = Record::new(Entity::Invoice, "1", None, Body::Document(invoice.into())).unwrap();
    let mut link = link(&record, Currency::USD, None);
    link.more.adjustments =
        vec![Adjustment::new(AdjustmentKind::HighLevel, dec("119"), Currency::USD, String::new())];
    let postings = posted(&record, &link);
    assert_eq!(postings.len(), 2, "{postings:?}");
    assert_eq!(postings[1], "expenses:Carryforward adjustments  -119.00 USD");
}

#[test]
fn foreign_documents_keep_their_own_rate() {
    let mut invoice = document("119.00", &[("100", "19")]);
    (invoice.currency, invoice.rate) = (Currency::EUR, Some(dec("1.0859")));
    assert_eq!(documented(Entity::Invoice, invoice)[0], "assets:receivable:Ann  119.00 EUR @ 1.0859 USD");
}

#[test]
fn what_moves_no_ledger_is_left_out() {
    let mut draft = document("119.00", &[("100", "19")]);
    draft.status = Status::Draft;
    assert!(documented(Entity::Invoice, draft).is_empty());
    assert!(documented(Entity::Estimate, document("119.00", &[("100", "19")])).is_empty());
    assert!(documented(Entity::Invoice, document("0", &[])).is_empty());
}

fn payment(entity: Entity, allocations: &[(Entity, &str, &str)], unapplied: &str) -> Vec<String> {
    let body = Payment {
        contact: Some(id("Ann")),
        date: DAY,
        currency: Currency::USD,
        rate: None,
        amount: Decimal::ZERO,
        account: Some(id("Bank")),
        method: None,
        reference: None,
        memo: None,
        allocations: vec![],
    };
    let record = Record::new(entity, "9", None, Body::Payment(body.into())).unwrap();
    let mut link = link(&record, Currency::USD, None);
    link.outstanding = Some(dec(unapplied));
    link.more.allocations = allocations
        .iter()
        .map(|(entity, id, amount)| Allocation {
            document: RecordKey::new(*entity, *id),
            amount: dec(amount),
        })
        .collect();
    posted(&record, &link)
}

#[test]
fn payments_settle_the_contact_of_each_document() {
    let both = [(Entity::Invoice, "1", "60"), (Entity::Invoice, "2", "30")];
    assert_eq!(
        payment(Entity::Payment, &both, "10"),
        [
            "assets:receivable:Ann  -60.00 USD",
            "assets:receivable:Ann's branch  -30.00 USD",
            "assets:receivable:Ann  -10.00 USD",
            "assets:Bank  100.00 USD",
        ]
    );
    assert_eq!(
        payment(Entity::BillPayment, &[(Entity::Bill, "7", "60")], "0"),
        ["liabilities:payable:Ann  60.00 USD", "assets:Bank  -60.00 USD"]
    );
}

#[test]
fn credits_applied_and_paid_back() {
    let applied = [(Entity::Invoice, "1", "60"), (Entity::CreditNote, "3", "60")];
    assert_eq!(
        payment(Entity::Payment, &applied, "0"),
        ["assets:receivable:Ann  -60.00 USD", "assets:receivable:Ann  60.00 USD"]
    );
    assert_eq!(
        payment(Entity::Payment, &[(Entity::CreditNote, "3", "25")], "0"),
        ["assets:receivable:Ann  25.00 USD", "assets:Bank  -25.00 USD"]
    );
}

#[test]
fn money_between_own_accounts() {
    let mut transfer = Transfer {
        date: DAY,
        from: id("Bank"),
        to: id("Rent"),
        currency: Currency::EUR,
        amount: dec("100"),
        received: Some(Money::new(dec("108.59"), Currency::USD)),
        rate: None,
        memo: None,
    };
    let of = |transfer: &Transfer| {
        let record =
            Record::new(Entity::Transfer, "1", None, Body::Transfer(transfer.clone().into())).unwrap();
        posted(&record, &link(&record, transfer.currency, transfer.rate))
    };
    assert_eq!(of(&transfer), ["expenses:Rent  108.59 USD", "assets:Bank  -100.00 EUR @@ 108.59 USD"]);
    transfer.received = None;
    assert_eq!(of(&transfer), ["expenses:Rent  100.00 EUR", "assets:Bank  -100.00 EUR"]);
}

#[test]
fn bank_transactions_and_journals() {
    let bank = carry_model::BankTransaction {
        date: DAY,
        account: id("Bank"),
        direction: Direction::Out,
        contact: None,
        currency: Currency::USD,
        rate: None,
        total: dec("12.01"),
        lines: vec![carry_model::BankLine {
            account: id("Rent"),
            net: dec("10"),
            tax_rate: Some(id("vat")),
            tax: Some(dec("2")),
            description: None,
        }],
        memo: None,
    };
    let record = Record::new(Entity::BankTransaction, "1", None, Body::BankTransaction(bank.into())).unwrap();
    assert_eq!(
        posted(&record, &link(&record, Currency::USD, None)),
        [
            "assets:Bank  -12.01 USD",
            "expenses:Rent  10.00 USD",
            "liabilities:tax:VAT  2.00 USD",
            "expenses:Carryforward adjustments  0.01 USD",
        ]
    );
    let line = |account: &str, amount: &str| JournalLine {
        account: id(account),
        amount: dec(amount),
        contact: None,
        description: None,
        tracking: vec![],
    };
    let mut journal = Journal {
        date: DAY,
        currency: Currency::USD,
        rate: None,
        memo: None,
        lines: vec![line("Rent", "5"), line("Bank", "-5")],
    };
    let of =
        |journal: &Journal| Record::new(Entity::Journal, "1", None, Body::Journal(journal.clone())).unwrap();
    let record = of(&journal);
    assert_eq!(
        posted(&record, &link(&record, Currency::USD, None)),
        ["expenses:Rent  5.00 USD", "assets:Bank  -5.00 USD"]
    );
    journal.lines.pop();
    let (record, chart) = (of(&journal), chart());
    let carried = Carried { chart: &chart, home: Currency::USD, contacts: &FxHashMap::default() };
    assert!(transaction(&record, &link(&record, Currency::USD, None), &carried).is_err(), "it must balance");
}

#[test]
fn settlements_pass_through_clearing_and_are_closed() {
    let chart = chart();
    let contacts = FxHashMap::from_iter([(RecordKey::new(Entity::Invoice, "1"), Some(id("Ann")))]);
    let carried = Carried { chart: &chart, home: Currency::USD, contacts: &contacts };
    let key = RecordKey::new(Entity::Invoice, "1");
    let of = Record::new(
        Entity::Invoice,
        "1",
        Some("Settlement No 1".to_owned()),
        Body::Document(document("1", &[]).into()),
    )
    .unwrap();
    let mut link = link(&of, Currency::EUR, Some(dec("1.10")));
    link.key = RecordKey::new(Entity::Payment, exact::settlement_id(&key));
    link.more.allocations = vec![Allocation { document: key, amount: dec("20") }];
    let settled = settlement(&link, &carried).unwrap().unwrap();
    let closed =
        closing(DAY, Money::new(dec("20"), Currency::EUR), Money::new(dec("22"), Currency::USD)).unwrap();
    let mut names = Names::new(Dialect::Hledger, &chart);
    assert_eq!(
        write(&settled, &mut names),
        "2026-01-31 Ann | Settlement No 1\n    \
         assets:receivable:Ann  -20.00 EUR @ 1.10 USD\n    \
         assets:Carryforward clearing  20.00 EUR @ 1.10 USD\n\n"
    );
    assert_eq!(
        write(&closed, &mut names),
        "2026-01-31 Carryforward: closes out the clearing account in EUR\n    \
         assets:Carryforward clearing  -20.00 EUR @@ 22 USD\n    \
         equity:Carryforward settlements  20.00 EUR @@ 22 USD\n\n"
    );
}

#[test]
fn texts_cannot_break_out_of_their_place() {
    let mut invoice = document("1.00", &[("1", "0")]);
    invoice.memo = Some("first\n    assets:Bank  1000 USD ; \"quoted\" | x".to_owned());
    let record =
        Record::new(Entity::Invoice, "1", Some("A) B\n".to_owned()), Body::Document(invoice.into())).unwrap();
    let chart = chart();
    let carried = Carried { chart: &chart, home: Currency::USD, contacts: &FxHashMap::default() };
    let transaction = transaction(&record, &link(&record, Currency::USD, None), &carried).unwrap().unwrap();
    let first = |dialect| {
        let text = write(&transaction, &mut Names::new(dialect, &chart));
        assert_eq!(text.lines().filter(|line| line.contains("1000 USD")).count(), 1, "{text}");
        text.lines().next().unwrap().to_owned()
    };
    assert_eq!(
        first(Dialect::Hledger),
        "2026-01-31 (A- B) Ann | invoice: first assets:Bank 1000 USD , \"quoted\" / x"
    );
    assert_eq!(
        first(Dialect::Beancount),
        "2026-01-31 * \"Ann\" \"invoice: first assets:Bank 1000 USD ; \\\"quoted\\\" | x\""
    );
}

#[test]
fn currencies_are_declared_with_their_decimals() {
    let of = |code: &str| commodity(Dialect::Hledger, code.parse().unwrap());
    assert_eq!(
        (of("EUR").as_str(), of("JPY").as_str(), of("KWD").as_str()),
        ("commodity 1000.00 EUR\n", "commodity 1000. JPY\n", "commodity 1000.000 KWD\n")
    );
}
