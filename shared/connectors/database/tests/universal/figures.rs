//! Totals, open balances, ageing and the double entry of books whose figures are known.

use carry_connector::{AccountBalance, Operation, WriteItem, Writer};
use carry_database::conn::Database;
use carry_database::universal::UniversalWriter;
use carry_model::{
    Account, AccountClass, Allocation, BankLine, BankTransaction, Body, Company, Contact, Currency, Date,
    Decimal, Direction, Discount, Document, Entity, Journal, JournalLine, Line, Money, Payment, Record,
    RecordKey, SourceId, Status, TaxRate, Transfer, parse_plain,
};

use crate::server::Server;
use crate::writing::{Known, Place, sqlite};

pub(crate) fn dec(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn some(id: &str) -> Option<SourceId> {
    Some(SourceId::from(id))
}

fn account(id: &str, class: AccountClass) -> Record {
    let body = Account {
        code: None,
        name: id.into(),
        class,
        parent: None,
        currency: None,
        description: None,
        active: true,
    };
    Record::new(Entity::Account, id, None, Body::Account(body.into())).unwrap()
}

fn contact(id: &str) -> Record {
    let body =
        Contact { name: format!("Contact {id}"), customer: true, supplier: true, ..Contact::default() };
    Record::new(Entity::Contact, id, None, Body::Contact(body.into())).unwrap()
}

fn line(account: &str, net: &str, tax: Option<&str>) -> Line {
    Line {
        net: dec(net),
        tax: tax.map(dec),
        tax_rate: tax.and(some("t19")),
        account: some(account),
        ..Line::default()
    }
}

pub(crate) fn document(
    entity: Entity,
    id: &str,
    contact: &str,
    day: &str,
    total: &str,
    lines: Vec<Line>,
) -> Record {
    let mut body = Document::new(date(day), Currency::EUR, dec(total));
    body.contact = some(contact);
    body.lines = lines;
    Record::new(entity, id, Some(format!("N-{id}")), Body::Document(body.into())).unwrap()
}

pub(crate) fn change(record: Record, change: impl FnOnce(&mut Document)) -> Record {
    let Body::Document(mut body) = record.body else { panic!("no document") };
    change(&mut body);
    Record::new(record.entity, record.id, record.number, Body::Document(body)).unwrap()
}

pub(crate) fn payment(
    entity: Entity,
    id: &str,
    contact: &str,
    day: &str,
    amount: &str,
    settles: &[(Entity, &str, &str)],
) -> Record {
    let allocation = |(entity, id, amount): &(Entity, &str, &str)| Allocation {
        document: RecordKey::new(*entity, *id),
        amount: dec(amount),
    };
    let body = Payment {
        contact: some(contact),
        date: date(day),
        currency: Currency::EUR,
        rate: None,
        amount: dec(amount),
        account: some("bank"),
        method: None,
        reference: None,
        memo: None,
        allocations: settles.iter().map(allocation).collect(),
    };
    Record::new(entity, id, None, Body::Payment(body.into())).unwrap()
}

fn in_dollars(record: Record, rate: &str) -> Record {
    let body = match record.body {
        Body::Document(body) => {
            Body::Document(Box::new(Document { currency: Currency::USD, rate: Some(dec(rate)), ..*body }))
        }
        Body::Payment(body) => {
            Body::Payment(Box::new(Payment { currency: Currency::USD, rate: Some(dec(rate)), ..*body }))
        }
        other => other,
    };
    Record::new(record.entity, record.id, record.number, body).unwrap()
}

/// A small business: euros at home, one customer who also buys in dollars, one supplier.
pub(crate) fn shop() -> Vec<Record> {
    let tax = TaxRate {
        name: "19 %".into(),
        code: None,
        percent: Some(dec("19")),
        components: Vec::new(),
        account: some("vat"),
    };
    let company = Company { name: "Shop".into(), home_currency: Currency::EUR, country: None };
    let invoice = Entity::Invoice;
    vec![
        Record::new(Entity::Company, "shop", None, Body::Company(company)).unwrap(),
        account("sales", AccountClass::Income),
        account("ar", AccountClass::Receivable),
        account("ap", AccountClass::Payable),
        account("bank", AccountClass::Bank),
        account("cash", AccountClass::Bank),
        account("vat", AccountClass::CurrentLiability),
        account("rent", AccountClass::Expense),
        Record::new(Entity::TaxRate, "t19", None, Body::TaxRate(tax.into())).unwrap(),
        contact("c1"),
        contact("s1"),
        change(
            document(invoice, "i1", "c1", "2026-01-10", "119.00", vec![line("sales", "100", Some("19"))]),
            |body| {
                body.due = Some(date("2026-02-09"));
                body.outstanding = Some(dec("59.00"));
            },
        ),
        change(
            in_dollars(
                document(
                    invoice,
                    "i2",
                    "c1",
                    "2026-02-01",
                    "50.00",
                    vec![line("sales", "16.665", None), line("sales", "33.335", None)],
                ),
                "0.9",
            ),
            |body| body.due = Some(date("2026-03-01")),
        ),
        change(document(invoice, "i3", "c1", "2026-02-01", "70", vec![line("sales", "70", None)]), |body| {
            body.status = Status::Draft;
        }),
        document(Entity::CreditNote, "n1", "c1", "2026-01-20", "19.00", vec![line("sales", "19", None)]),
        change(
            document(Entity::Bill, "b1", "s1", "2026-01-05", "190.00", vec![line("rent", "200", None)]),
            |body| {
                body.discount = Some(Discount { amount: dec("10"), percent: Some(dec("5")), account: None });
            },
        ),
        payment(
            Entity::Payment,
            "p1",
            "c1",
            "2026-02-01",
            "50",
            &[(invoice, "i1", "60"), (Entity::CreditNote, "n1", "10")],
        ),
        in_dollars(
            payment(Entity::Payment, "p2", "c1", "2026-03-05", "30", &[(invoice, "i2", "20")]),
            "0.95",
        ),
        payment(Entity::BillPayment, "bp1", "s1", "2026-02-01", "190", &[(Entity::Bill, "b1", "190")]),
        money_moves(),
        bank_charge(),
        journal(),
    ]
}

fn money_moves() -> Record {
    let body = Transfer {
        date: date("2026-02-02"),
        from: "bank".into(),
        to: "cash".into(),
        currency: Currency::EUR,
        amount: dec("25"),
        received: None,
        rate: None,
        memo: None,
    };
    Record::new(Entity::Transfer, "tr1", None, Body::Transfer(body.into())).unwrap()
}

fn bank_charge() -> Record {
    let line =
        BankLine { account: "rent".into(), net: dec("12"), tax_rate: None, tax: None, description: None };
    let body = BankTransaction {
        date: date("2026-02-03"),
        account: "bank".into(),
        direction: Direction::Out,
        contact: None,
        currency: Currency::EUR,
        rate: None,
        total: dec("12"),
        lines: vec![line],
        memo: None,
    };
    Record::new(Entity::BankTransaction, "bt1", None, Body::BankTransaction(body.into())).unwrap()
}

fn journal() -> Record {
    let line = |account: &str, amount: &str| JournalLine {
        account: account.into(),
        amount: dec(amount),
        contact: None,
        description: None,
        tracking: Vec::new(),
    };
    let body = Journal {
        date: date("2026-02-04"),
        currency: Currency::EUR,
        rate: None,
        memo: None,
        lines: vec![line("rent", "5"), line("bank", "-5")],
    };
    Record::new(Entity::Journal, "j1", None, Body::Journal(body)).unwrap()
}

pub(crate) async fn rows(url: &str, sql: &str) -> Vec<String> {
    let rows = Database::open(url).await.unwrap().fetch(sql, Vec::new(), 1_000).await.unwrap();
    let text = |row: &carry_database::conn::Row| {
        let values =
            row.values().iter().map(|value| value.text().unwrap().unwrap_or("-".into()).into_owned());
        values.collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(text).collect()
}

async fn figures(url: &str, set_day: impl AsyncFnOnce()) {
    let writer = UniversalWriter::open(url).await.unwrap();
    let mut known = Known::default();
    let shop = shop();
    for entity in Entity::ALL {
        let own: Vec<Record> = shop.iter().filter(|record| record.entity == *entity).cloned().collect();
        for (record, written) in own.iter().zip(known.create(&writer, &own).await) {
            assert_eq!(
                written.total,
                record.document().map(|d| d.total).or(match &record.body {
                    Body::Payment(payment) => Some(payment.amount),
                    _ => None,
                })
            );
        }
    }
    set_day().await;

    let invoices = "SELECT number, contact, currency, total_minor, outstanding_minor, stated_total_minor FROM invoices ORDER BY source_id";
    assert_eq!(
        rows(url, invoices).await,
        [
            "N-i1 Contact c1 EUR 11900 5900 11900",
            "N-i2 Contact c1 USD 5000 3000 5000",
            "N-i3 Contact c1 EUR 7000 0 7000"
        ]
    );
    assert_eq!(rows(url, "SELECT number, total_minor, outstanding_minor FROM bills").await, ["N-b1 19000 0"]);
    let ageing = "SELECT contact, currency, current_minor, days_1_30_minor, days_31_60_minor, days_61_90_minor, days_over_90_minor, total_minor";
    assert_eq!(
        rows(url, &format!("{ageing} FROM ar_ageing ORDER BY currency")).await,
        ["Contact c1 EUR 0 0 5000 0 0 5000", "Contact c1 USD 0 2000 0 0 0 2000"]
    );
    assert_eq!(rows(url, &format!("{ageing} FROM ap_ageing")).await, Vec::<String>::new());
    let trial = "SELECT name, currency, debit_minor, credit_minor, balance_minor, home_balance_minor FROM trial_balance ORDER BY name, currency";
    assert_eq!(
        rows(url, trial).await,
        [
            "(discount) EUR 0 1000 -1000 -1000",
            "(exchange) USD 0 0 0 -100",
            "ap EUR 19000 19000 0 0",
            "ar EUR 11900 6900 5000 5000",
            "ar USD 5000 3000 2000 1750",
            "bank EUR 5000 23200 -18200 -18200",
            "bank USD 3000 0 3000 2850",
            "cash EUR 2500 0 2500 2500",
            "rent EUR 21700 0 21700 21700",
            "sales EUR 1900 10000 -8100 -8100",
            "sales USD 0 5000 -5000 -4500",
            "vat EUR 0 1900 -1900 -1900",
        ]
    );
    let sums = "SELECT sum(debit_minor) - sum(credit_minor), sum(unrated_postings) FROM trial_balance_home";
    assert_eq!(rows(url, sums).await, ["0 0"]);
    let bank = writer.account_balance(&known.id(Entity::Account, "bank")).await.unwrap();
    let balance = |text: &str, currency, home: &str| AccountBalance {
        amount: Money::new(dec(text), currency),
        home: dec(home),
    };
    assert_eq!(bank, [balance("-182", Currency::EUR, "-182"), balance("30", Currency::USD, "28.5")]);
    settling(&writer, &known, &shop).await;
}

/// Balances follow what is settled; a changed document keeps what was settled against it.
async fn settling(writer: &UniversalWriter, known: &Known, shop: &[Record]) {
    let shown = async |entity: Entity, id: &str| {
        let found = writer.read_back(entity, &[known.id(entity, id)]).await.unwrap().remove(0).unwrap();
        format!("{} {} {}", found.total.normalize(), found.outstanding.normalize(), found.currency)
    };
    assert_eq!(shown(Entity::Invoice, "i1").await, "119 59 EUR");
    assert_eq!(shown(Entity::Invoice, "i2").await, "50 30 USD");
    assert_eq!(shown(Entity::CreditNote, "n1").await, "19 9 EUR");
    assert_eq!(shown(Entity::Payment, "p1").await, "50 0 EUR");
    assert_eq!(shown(Entity::Payment, "p2").await, "30 10 USD");

    let i1 = shop.iter().find(|record| record.id.as_str() == "i1").unwrap().clone();
    let changed = change(i1, |body| {
        body.lines.push(Line { net: dec("1"), ..Line::default() });
        body.total = dec("120");
    });
    let operation = Operation::Update(known.id(Entity::Invoice, "i1"));
    let batch = known.batch(Entity::Invoice, vec![WriteItem { record: changed, operation }]);
    let written = writer.write(batch.into()).await.unwrap().remove(0).unwrap();
    assert_eq!(written.id, known.id(Entity::Invoice, "i1"));
    assert_eq!(shown(Entity::Invoice, "i1").await, "120 60 EUR");

    let p1 = known.id(Entity::Payment, "p1");
    for _ in 0..2 {
        writer.remove(Entity::Payment, std::slice::from_ref(&p1)).await.unwrap().remove(0).unwrap();
    }
    assert_eq!(writer.read_back(Entity::Payment, &[p1]).await.unwrap(), [None]);
    assert_eq!(shown(Entity::Invoice, "i1").await, "120 120 EUR");
    assert_eq!(shown(Entity::CreditNote, "n1").await, "19 19 EUR");
    // An id of another kind is no answer.
    let i1 = known.id(Entity::Invoice, "i1");
    assert_eq!(writer.read_back(Entity::Bill, &[i1]).await.unwrap(), [None]);
}

#[tokio::test]
async fn figures_in_sqlite() {
    let place: Place = sqlite();
    let path = place.url.strip_prefix("sqlite:").unwrap().to_owned();
    let set_day = async || {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute("UPDATE books SET as_of = '2026-03-15'", []).unwrap();
    };
    figures(&place.url, set_day).await;
}

#[tokio::test]
async fn figures_in_postgresql() {
    let Some(mut server) = Server::start() else { return };
    let url = server.schema("figures").await;
    let schema = url.rsplit("%3D").next().unwrap().to_owned();
    let set_day = async || server.run(&format!("UPDATE {schema}.books SET as_of = '2026-03-15'")).await;
    figures(&url, set_day).await;
    server.clean().await;
}
