//! A small, complete set of records, one or two of each entity a target may take.

use carry_model::{
    Account, AccountClass, Allocation, Body, Contact, Currency, Date, Decimal, Document, Entity, Item,
    Journal, JournalLine, Line, Payment, PaymentMethod, Project, Record, RecordKey, SourceId, TaxRate, Terms,
    Transfer,
};

pub(crate) fn cents(amount: i64) -> Decimal {
    Decimal::new(amount, 2)
}

pub(crate) fn record(entity: Entity, id: &str, number: &str, body: Body) -> Record {
    Record::new(entity, id, Some(number.to_owned()), body).unwrap()
}

fn account(id: &str, name: &str, class: AccountClass) -> Record {
    let body = Account {
        code: Some(format!("98{id}")),
        name: name.to_owned(),
        class,
        parent: None,
        currency: None,
        description: None,
        active: true,
    };
    record(Entity::Account, id, name, Body::Account(body.into()))
}

/// A document over 123.45: 100.00 net with tax 19.00 and 4.45 net without.
pub(crate) fn document(entity: Entity, id: &str, number: &str, home: Currency) -> Record {
    let mut document = Document::new(Date::constant(2026, 3, 15), home, cents(12_345));
    document.contact = Some("conformance-contact".into());
    document.due = Some(Date::constant(2026, 4, 14));
    let buys = matches!(entity, Entity::Bill | Entity::BillCredit | Entity::Expense | Entity::PurchaseOrder);
    let account = SourceId::from(if buys { "03" } else { "02" });
    let line = Line { account: Some(account), ..Line::default() };
    document.lines = vec![
        Line {
            description: Some("Ten hours".to_owned()),
            quantity: Some(Decimal::TEN),
            unit_price: Some(cents(1_000)),
            net: cents(10_000),
            tax_rate: Some("conformance-tax".into()),
            tax: Some(cents(1_900)),
            ..line.clone()
        },
        Line { description: Some("Postage".to_owned()), net: cents(445), ..line },
    ];
    if matches!(entity, Entity::SalesReceipt | Entity::Refund | Entity::Expense) {
        document.paid_account = Some("01".into());
    }
    record(entity, id, number, Body::Document(document.into()))
}

pub(crate) fn payment(
    entity: Entity,
    id: &str,
    document: RecordKey,
    amount: Decimal,
    home: Currency,
) -> Record {
    let body = Payment {
        contact: Some("conformance-contact".into()),
        date: Date::constant(2026, 3, 31),
        currency: home,
        rate: None,
        amount,
        account: Some("01".into()),
        method: None,
        reference: None,
        memo: None,
        allocations: vec![Allocation { document, amount }],
    };
    record(entity, id, id, Body::Payment(body.into()))
}

/// Records in the order in which they can be written.
pub(crate) fn records(home: Currency) -> Vec<Record> {
    let contact = Contact {
        name: "Conformance & Söhne".to_owned(),
        customer: true,
        supplier: true,
        ..Contact::default()
    };
    let tax = TaxRate {
        name: "Conformance 19%".to_owned(),
        code: None,
        percent: Some(Decimal::from(19)),
        components: Vec::new(),
        account: None,
    };
    let item =
        Item { name: "Advice".to_owned(), price: Some(cents(1_000)), service: Some(true), ..Item::default() };
    let mut all = vec![
        account("01", "Conformance bank", AccountClass::Bank),
        account("02", "Conformance sales", AccountClass::Income),
        account("03", "Conformance costs", AccountClass::Expense),
        account("04", "Conformance savings", AccountClass::Bank),
        record(Entity::TaxRate, "conformance-tax", "Conformance 19%", Body::TaxRate(tax.into())),
        record(
            Entity::Terms,
            "net-30",
            "Net 30",
            Body::Terms(Terms { name: "Net 30".to_owned(), due_days: Some(30) }),
        ),
        record(
            Entity::PaymentMethod,
            "check",
            "Check",
            Body::PaymentMethod(PaymentMethod { name: "Conformance check".to_owned() }),
        ),
        record(Entity::Contact, "conformance-contact", "Conformance & Söhne", Body::Contact(contact.into())),
        record(Entity::Item, "advice", "Advice", Body::Item(item.into())),
        record(
            Entity::Project,
            "project",
            "Project",
            Body::Project(Project {
                name: "Conformance project".to_owned(),
                code: None,
                contact: Some("conformance-contact".into()),
                active: true,
            }),
        ),
    ];
    for (entity, number) in [
        (Entity::Estimate, "CE-1"),
        (Entity::SalesOrder, "CO-1"),
        (Entity::PurchaseOrder, "CP-1"),
        (Entity::Invoice, "CI-0001"),
        (Entity::Bill, "CB-0001"),
        (Entity::SalesReceipt, "CS-1"),
        (Entity::Expense, "CX-1"),
        (Entity::CreditNote, "CN-0001"),
        (Entity::BillCredit, "CD-0001"),
        (Entity::Refund, "CR-1"),
    ] {
        all.push(document(entity, number, number, home));
    }
    let pay =
        |entity, id, of, number: &str| payment(entity, id, RecordKey::new(of, number), cents(2_345), home);
    all.push(pay(Entity::Payment, "pay-1", Entity::Invoice, "CI-0001"));
    all.push(pay(Entity::BillPayment, "paid-1", Entity::Bill, "CB-0001"));
    all.push(transfer(home));
    all.push(journal(home));
    all
}

fn transfer(home: Currency) -> Record {
    let body = Transfer {
        date: Date::constant(2026, 3, 20),
        from: "01".into(),
        to: "04".into(),
        currency: home,
        amount: cents(5_000),
        received: None,
        rate: None,
        memo: None,
    };
    record(Entity::Transfer, "transfer", "T1", Body::Transfer(body.into()))
}

fn journal(home: Currency) -> Record {
    let line = |account: &str, amount: i64| JournalLine {
        account: account.into(),
        amount: cents(amount),
        contact: None,
        description: None,
        tracking: Vec::new(),
    };
    let body = Journal {
        date: Date::constant(2026, 3, 21),
        currency: home,
        rate: None,
        memo: Some("Conformance".to_owned()),
        lines: vec![line("03", 7_777), line("02", -7_777)],
    };
    record(Entity::Journal, "journal", "J1", Body::Journal(body))
}
