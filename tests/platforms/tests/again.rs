//! Records that take the place of others in another form, and whose answers are lost: straight at the connectors, once
//! each in the target however often they are sent.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use carry_connector::{CatalogEntry, Links, NoFiles, Operation, WriteBatch, WriteItem, Written};
use carry_model::{
    AccountClass, Allocation, BankLine, BankTransaction, Body, Contact, Currency, Date, Decimal, Direction,
    Document, Entity, Fault, Journal, JournalLine, Line, Payment, Record, RecordKey, SourceId,
};
use carry_platforms::{Company, Platform, Side};
use carry_ports::Clock;
use carry_sandbox::json::Json;
use carry_sandbox::{Fault as At, Injection, Region};

const DAY: Date = Date::constant(2026, 5, 31);

/// Somebody who writes single records into an empty company.
struct Desk {
    company: Company,
    side: Side,
    links: Links,
}

impl Desk {
    async fn at(platform: Platform) -> Self {
        let company = Company::empty(platform, Region::Us).await;
        let side = company.open().await;
        let mut desk = Self { company, side, links: Links::default() };
        let account = carry_model::Account {
            code: Some("1299".to_owned()),
            name: "Current account".to_owned(),
            class: AccountClass::Bank,
            parent: None,
            currency: None,
            description: None,
            active: true,
        };
        desk.link(Entity::Account, "bank", Body::Account(account.into())).await;
        let there: Vec<CatalogEntry> = desk.side.writer.catalog(Entity::Account).await.unwrap();
        for (id, class) in [("costs", AccountClass::Expense), ("sales", AccountClass::Income)] {
            let found = there.iter().find(|entry| entry.class == Some(class)).unwrap();
            desk.links.insert(RecordKey::new(Entity::Account, id), found.id.as_str().into());
        }
        desk
    }

    /// Lets time pass, at the platform too.
    async fn rest(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        self.side.clock.now();
    }

    async fn link(&mut self, entity: Entity, id: &str, body: Body) -> Written {
        let written = self.write(entity, id, body, Operation::Create, false).await.unwrap();
        self.links.insert(RecordKey::new(entity, id), written.id.clone());
        written
    }

    async fn write(
        &self,
        entity: Entity,
        id: &str,
        body: Body,
        operation: Operation,
        verify_first: bool,
    ) -> Result<Written, Fault> {
        self.rest(60).await;
        let record = Record::new(entity, id, None, body).unwrap();
        let batch = WriteBatch {
            entity,
            items: vec![WriteItem { record, operation }],
            links: self.links.clone(),
            home_currency: Currency::USD,
            verify_first,
            keep_numbers: true,
            files: Arc::new(NoFiles),
        };
        self.side.writer.write(Arc::new(batch)).await?.remove(0)
    }

    /// The answer to the next such call is lost once the platform has carried it out; the record is then sent again,
    /// looked up first.
    async fn write_twice(
        &self,
        lost: &str,
        entity: Entity,
        id: &str,
        body: Body,
        operation: Operation,
    ) -> Written {
        assert!(self.company.control.inject(Injection { times: 20, ..Injection::next(lost, At::Drop) }));
        let first = self.write(entity, id, body.clone(), operation.clone(), false).await;
        assert!(first.is_err(), "{lost} lost no answer");
        self.company.control.clear_faults();
        // Longer than any platform remembers a key.
        self.rest(600).await;
        self.write(entity, id, body, operation, true).await.unwrap()
    }

    /// Rows of a list that stand.
    async fn standing(&self, list: &str) -> Vec<Json> {
        self.rest(60).await;
        let path = match list.chars().next_back() {
            Some('s') => self.company.path(list),
            _ => self.company.path(&format!("query?query=select%20*%20from%20{list}")),
        };
        let answer = Json::parse(&self.company.ask("GET", &path, "").await.body).unwrap();
        let rows = answer.at(list).or_else(|| answer.at(&format!("QueryResponse.{list}")));
        let rows = rows.and_then(Json::as_array).unwrap_or_default().to_vec();
        let stands =
            |row: &Json| !matches!(row.at("Status").and_then(Json::as_str), Some("DELETED" | "VOIDED"));
        rows.into_iter().filter(stands).collect()
    }
}

fn money(direction: Direction, amount: i64) -> Body {
    let net = Decimal::from(amount);
    Body::BankTransaction(Box::new(BankTransaction {
        date: DAY,
        account: "bank".into(),
        direction,
        contact: None,
        currency: Currency::USD,
        rate: None,
        total: net,
        lines: vec![BankLine { account: "costs".into(), net, tax_rate: None, tax: None, description: None }],
        memo: None,
    }))
}

/// Money that was spent is a purchase in QuickBooks, money received a deposit.
#[tokio::test(start_paused = true)]
async fn a_quickbooks_entry_that_changes_its_kind_is_there_once() {
    let desk = Desk::at(Platform::QuickBooks).await;
    let (entity, id) = (Entity::BankTransaction, "7");
    let spent = desk.write(entity, id, money(Direction::Out, 10), Operation::Create, false).await.unwrap();
    assert_eq!((desk.standing("Purchase").await.len(), desk.standing("Deposit").await.len()), (1, 0));
    let update = Operation::Update(spent.id);
    let received = desk.write(entity, id, money(Direction::In, 11), update, false).await.unwrap();
    assert_eq!((desk.standing("Purchase").await.len(), desk.standing("Deposit").await.len()), (0, 1));
    // The other way round, where nobody hears that it was done.
    let update = Operation::Update(received.id);
    desk.write_twice("batch", entity, id, money(Direction::Out, 12), update).await;
    let stands = desk.standing("Purchase").await;
    assert_eq!((stands.len(), desk.standing("Deposit").await.len()), (1, 0));
    assert_eq!(stands[0].at("TotalAmt").and_then(Json::as_decimal), Some(Decimal::from(12)));
}

/// A refund of a credit is an entry in QuickBooks and a payment of nothing that sets it against the credit.
#[tokio::test(start_paused = true)]
async fn quickbooks_pays_a_credit_back_once_and_takes_it_back_whole() {
    let mut desk = Desk::at(Platform::QuickBooks).await;
    let contact = Contact { name: "Acme".to_owned(), customer: true, ..Contact::default() };
    desk.link(Entity::Contact, "acme", Body::Contact(contact.into())).await;
    let amount = Decimal::from(50);
    let mut credit = Document::new(DAY, Currency::USD, amount);
    credit.contact = Some("acme".into());
    credit.lines = vec![Line { account: Some(SourceId::from("sales")), net: amount, ..Line::default() }];
    let credit = desk.link(Entity::CreditNote, "c1", Body::Document(credit.into())).await;
    let back = Body::Payment(Box::new(Payment {
        contact: Some("acme".into()),
        date: DAY,
        currency: Currency::USD,
        rate: None,
        amount: -amount,
        account: Some("bank".into()),
        method: None,
        reference: None,
        memo: None,
        allocations: vec![Allocation { document: RecordKey::new(Entity::CreditNote, "c1"), amount }],
    }));
    let paid = desk.write_twice("batch", Entity::Payment, "p1", back, Operation::Create).await;
    assert_eq!((desk.standing("JournalEntry").await.len(), desk.standing("Payment").await.len()), (1, 1));
    desk.rest(60).await;
    let writer = &desk.side.writer;
    let shown =
        writer.read_back(Entity::Payment, std::slice::from_ref(&paid.id)).await.unwrap().remove(0).unwrap();
    assert_eq!((shown.total, shown.outstanding), (-amount, Decimal::ZERO));
    let open = async || {
        let shown = writer.read_back(Entity::CreditNote, std::slice::from_ref(&credit.id)).await.unwrap();
        shown[0].as_ref().unwrap().outstanding
    };
    assert_eq!(open().await, Decimal::ZERO);
    writer.remove(Entity::Payment, std::slice::from_ref(&paid.id)).await.unwrap().remove(0).unwrap();
    assert_eq!(open().await, amount);
    assert_eq!((desk.standing("JournalEntry").await.len(), desk.standing("Payment").await.len()), (0, 0));
}

fn journal(debit: &str, credit: &str, amount: i64) -> Body {
    let line = |account: &str, amount: i64| JournalLine {
        account: account.into(),
        amount: Decimal::from(amount),
        contact: None,
        description: None,
        tracking: Vec::new(),
    };
    Body::Journal(Journal {
        date: DAY,
        currency: Currency::USD,
        rate: None,
        memo: Some("Corrected".to_owned()),
        lines: vec![line(debit, amount), line(credit, -amount)],
    })
}

/// Xero takes no bank account in a journal: one that comes to have one makes way for a bank transaction.
#[tokio::test(start_paused = true)]
async fn a_xero_journal_is_replaced_once_though_the_answer_is_lost() {
    let desk = Desk::at(Platform::Xero).await;
    let (entity, id) = (Entity::Journal, "7");
    let plain = journal("costs", "sales", 10);
    let first = desk.write(entity, id, plain, Operation::Create, false).await.unwrap();
    assert_eq!(desk.standing("ManualJournals").await.len(), 1);
    let update = Operation::Update(first.id);
    let over_bank = journal("costs", "bank", 12);
    let second = desk.write_twice("PUT BankTransactions", entity, id, over_bank, update).await;
    let stands = desk.standing("BankTransactions").await;
    assert_eq!((stands.len(), desk.standing("ManualJournals").await.len()), (1, 0));
    assert_eq!(stands[0].at("Total").and_then(Json::as_decimal), Some(Decimal::from(12)));
    // And back.
    let update = Operation::Update(second.id);
    desk.write_twice("PUT ManualJournals", entity, id, journal("costs", "sales", 13), update).await;
    assert_eq!(
        (desk.standing("BankTransactions").await.len(), desk.standing("ManualJournals").await.len()),
        (0, 1)
    );
}
