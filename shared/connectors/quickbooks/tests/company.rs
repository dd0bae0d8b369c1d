//! The connector against a company in memory: both roles, and what goes wrong on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod fake;

use std::sync::Arc;

use async_trait::async_trait;
use carry_connector::{
    Links, Operation, Partition, RawBatch, RawSink, Reader, Request, Response, Transformed, Wire, WriteBatch,
    WriteItem, Writer,
};
use carry_model::{
    Action, Allocation, Body, Code, Contact, Currency, Date, Decimal, Document, Entity, Fault, Line, Payment,
    Reach, Record, RecordKey, SourceId, TargetId, parse_plain,
};
use carry_quickbooks::QuickBooks;
use fake::{Fake, Trouble};
use serde_json::json;

async fn connect(fake: &Arc<Fake>) -> QuickBooks {
    QuickBooks::connect("1", fake.clone()).await.unwrap()
}

fn dec(text: &str) -> Decimal {
    parse_plain(text).unwrap()
}

#[tokio::test]
async fn writes_as_every_target_must() {
    for country in ["GB", "US"] {
        carry_conformance::writer(&connect(&Arc::new(Fake::new(country, false))).await).await;
    }
}

#[tokio::test]
async fn writes_into_a_company_of_several_currencies() {
    carry_conformance::writer(&connect(&Arc::new(Fake::new("GB", true))).await).await;
}

/// A company with something of everything.
fn books() -> Arc<Fake> {
    let fake = Fake::new("US", false);
    let to = |id: &str| json!({"value": id});
    let bank = fake.put("Account", json!({"Name": "Checking", "AccountType": "Bank", "Active": true}));
    let sales = fake.put("Account", json!({"Name": "Services", "AccountType": "Income", "Active": true}));
    let costs = fake.put("Account", json!({"Name": "Old costs", "AccountType": "Expense", "Active": false}));
    let item = json!({"Name": "Hours", "Type": "Service", "IncomeAccountRef": to(&sales), "Active": true});
    let item = fake.put("Item", item);
    fake.put(
        "Item",
        json!({"Name": "Group", "Type": "Category", "IncomeAccountRef": to(&sales), "Active": true}),
    );
    let rate = fake.put("TaxRate", json!({"Name": "State", "RateValue": 8, "Active": true}));
    let code = fake.put(
        "TaxCode",
        json!({"Name": "State 8%", "Active": true,
        "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": to(&rate)}]}}),
    );
    fake.put("Class", json!({"Name": "North", "Active": true}));
    fake.put("Class", json!({"Name": "South", "Active": true}));
    let customer = fake.put("Customer", json!({"DisplayName": "Ann", "Active": true, "Job": false}));
    let job = fake.put(
        "Customer",
        json!({"DisplayName": "Ann's roof", "Active": true, "Job": true, "ParentRef": to(&customer)}),
    );
    let vendor = fake.put("Vendor", json!({"DisplayName": "Bob", "Active": false}));
    let line = |amount: &str, tax: &str| {
        json!({"DetailType": "SalesItemLineDetail", "Amount": amount.parse::<i64>().unwrap(),
        "Description": "Work", "SalesItemLineDetail": {"ItemRef": to(&item), "Qty": 2, "UnitPrice": 50,
            "TaxCodeRef": to(tax), "ClassRef": {"value": "1", "name": "North"}}})
    };
    let invoice = fake.put(
        "Invoice",
        json!({"CustomerRef": to(&job), "TxnDate": "2026-02-01", "DocNumber": "0007",
        "DueDate": "2026-03-01", "Line": [line("100", "TAX"), line("30", "NON"),
            {"DetailType": "SubTotalLineDetail", "Amount": 130}],
        "TxnTaxDetail": {"TotalTax": 8, "TxnTaxCodeRef": to(&code)}}),
    );
    fake.put(
        "Invoice",
        json!({"CustomerRef": to(&customer), "TxnDate": "2026-02-02", "DocNumber": "0008",
        "PrivateNote": "Voided", "Line": []}),
    );
    fake.put(
        "Invoice",
        json!({"CustomerRef": to(&customer), "TxnDate": "not a date", "DocNumber": "0009", "Line": []}),
    );
    let credit = fake.put(
        "CreditMemo",
        json!({"CustomerRef": to(&customer), "TxnDate": "2026-02-03",
        "Line": [line("20", "NON")]}),
    );
    let linked = |amount: i64, id: &str, kind: &str| json!({"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]});
    fake.put(
        "Payment",
        json!({"CustomerRef": to(&customer), "TxnDate": "2026-02-10", "TotalAmt": 60,
        "Line": [linked(50, &invoice, "Invoice")]}),
    );
    fake.put(
        "Payment",
        json!({"CustomerRef": to(&customer), "TxnDate": "2026-02-11", "TotalAmt": 0,
        "Line": [linked(20, &invoice, "Invoice"), linked(20, &credit, "CreditMemo")]}),
    );
    let expense = |credit: bool| {
        json!({"AccountRef": to(&bank), "PaymentType": "CreditCard", "TxnDate": "2026-02-12",
        "Credit": credit, "EntityRef": {"value": vendor, "type": "Vendor"}, "Line": [{"DetailType": "AccountBasedExpenseLineDetail",
            "Amount": 12.5, "AccountBasedExpenseLineDetail": {"AccountRef": to(&costs)}}]})
    };
    fake.put("Purchase", expense(false));
    fake.put("Purchase", expense(true));
    fake.put(
        "Deposit",
        json!({"DepositToAccountRef": to(&bank), "TxnDate": "2026-02-13", "Line": [
        {"Amount": 60, "LinkedTxn": [{"TxnId": "1", "TxnType": "Payment"}]},
        {"Amount": 5, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": to(&sales)}}]}),
    );
    let side = |posting: &str, account: &str| {
        json!({"Amount": 10.01, "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": to(account)}})
    };
    fake.put(
        "JournalEntry",
        json!({"TxnDate": "2026-02-14", "DocNumber": "J1",
        "Line": [side("Debit", &costs), side("Credit", &bank)]}),
    );
    fake.put(
        "TimeActivity",
        json!({"TxnDate": "2026-02-15", "Hours": 1, "Minutes": 30, "HourlyRate": 50,
        "BillableStatus": "Billable", "CustomerRef": to(&job), "EmployeeRef": {"value": "9", "name": "Eve"}}),
    );
    fake.put(
        "Attachable",
        json!({"FileName": "roof.pdf", "Size": 12, "TempDownloadUri": "https://files.example.com/file",
        "AttachableRef": [{"EntityRef": {"type": "Invoice", "value": invoice}}]}),
    );
    Arc::new(fake)
}

#[derive(Default)]
struct Kept(Vec<RawBatch>);

#[async_trait]
impl RawSink for Kept {
    async fn accept(&mut self, batch: RawBatch, _: Option<String>) -> Result<(), Fault> {
        self.0.push(batch);
        Ok(())
    }
}

async fn read(reader: &QuickBooks) -> Transformed {
    let survey = reader.survey().await.unwrap();
    let transformer = reader.transformer(&survey).unwrap();
    let mut all = Transformed::default();
    for partition in &survey.partitions {
        let mut kept = Kept::default();
        reader.extract(&survey, partition, None, &mut kept).await.unwrap();
        kept.0.iter().for_each(|batch| transformer.transform(batch, &mut all).unwrap());
    }
    all
}

#[tokio::test]
async fn reads_as_every_source_must() {
    carry_conformance::reader(&connect(&books()).await).await;
}

#[tokio::test]
async fn every_kind_becomes_what_it_is() {
    let all = read(&connect(&books()).await).await;
    let of =
        |entity: Entity| all.records.iter().filter(move |record| record.entity == entity).collect::<Vec<_>>();
    let invoice = of(Entity::Invoice).into_iter().find(|r| r.number.as_deref() == Some("0007")).unwrap();
    let document = invoice.document().unwrap();
    assert_eq!((document.total, document.outstanding), (dec("138"), Some(dec("68"))));
    assert_eq!(document.sum_of_parts().unwrap(), document.total);
    assert_eq!(document.lines[0].tax, Some(dec("8")));
    assert_eq!(document.lines[0].quantity, Some(dec("2")), "twice fifty is a hundred");
    assert_eq!(document.lines[1].quantity, None, "but not thirty");
    assert_eq!(document.lines.len(), 2, "a subtotal is no line");
    let project = document.project.clone().unwrap();
    assert_eq!(of(Entity::Project)[0].id, project, "a sub-customer is a project");
    let Body::Project(job) = &of(Entity::Project)[0].body else { panic!() };
    assert_eq!(job.contact, document.contact, "of the customer at its top");
    assert_eq!(document.lines[0].tracking[0].option, "North");

    let voided = of(Entity::Invoice).into_iter().find(|r| r.number.as_deref() == Some("0008")).unwrap();
    assert_eq!(voided.document().unwrap().status, carry_model::Status::Voided);
    let reject = &all.rejects[0];
    assert_eq!((reject.number.as_deref(), reject.fault.code), (Some("0009"), Code::RowMalformed));

    let Body::Payment(applied) = &of(Entity::Payment)[1].body else { panic!() };
    assert_eq!(
        (applied.amount, applied.allocations.len(), applied.unapplied().unwrap()),
        (dec("0"), 2, dec("0"))
    );
    let Body::Payment(paid) = &of(Entity::Payment)[0].body else { panic!() };
    assert_eq!(paid.unapplied().unwrap(), dec("10"));
    assert!(paid.account.is_some(), "kept undeposited");

    assert_eq!(of(Entity::Expense).len(), 1);
    let banks = of(Entity::BankTransaction);
    assert_eq!(banks.len(), 2, "a credit to a card, and a deposit");
    assert_eq!(of(Entity::TrackingCategory).len(), 1);
    assert_eq!(of(Entity::Item).len(), 1, "a category is no item");
    let Body::Activity(time) = &of(Entity::TimeActivity)[0].body else { panic!() };
    assert_eq!(
        (time.hours, time.amount, time.staff.as_deref()),
        (Some(dec("1.5")), Some(dec("75")), Some("Eve"))
    );
    let Body::Attachment(file) = &of(Entity::Attachment)[0].body else { panic!() };
    assert_eq!(file.of, RecordKey::new(Entity::Invoice, invoice.id.clone()));
    assert_eq!(file.sha256, Some(carry_connector::sha256(b"twelve bytes")));
    assert!(of(Entity::Contact).iter().any(|c| c.number.as_deref() == Some("Bob")), "inactive ones are read");
}

#[tokio::test]
async fn pages_that_are_cut_short_lose_nothing() {
    let fake = books();
    for n in 0..350 {
        let line = json!({"DetailType": "DescriptionOnly", "Description": "x"});
        fake.put("Bill", json!({"VendorRef": {"value": "1"}, "TxnDate": "2026-01-01", "DocNumber": n.to_string(), "Line": [line]}));
    }
    fake.0.lock().unwrap().page_max = 120;
    let all = read(&connect(&fake).await).await;
    assert_eq!(all.records.iter().filter(|record| record.entity == Entity::Bill).count(), 350);
}

#[tokio::test]
async fn pages_that_never_end_are_a_fault() {
    let fake = books();
    let reader = connect(&fake).await;
    let survey = reader.survey().await.unwrap();
    fake.0.lock().unwrap().endless = true;
    let counted = survey.partitions.iter().find(|partition| partition.id == "invoice").unwrap();
    // Where as many came as were counted, nobody asks for more.
    reader.extract(&survey, counted, None, &mut Kept::default()).await.unwrap();
    let partition = Partition { rows: 5_000, ..counted.clone() };
    let fault = reader.extract(&survey, &partition, None, &mut Kept::default()).await.unwrap_err();
    assert_eq!(fault.code, Code::AnswerUnreadable);
}

#[tokio::test]
async fn changes_are_what_changed_and_what_was_deleted() {
    let fake = books();
    let reader = connect(&fake).await;
    let before = reader.survey().await.unwrap();
    let line = json!({"DetailType": "DescriptionOnly", "Description": "x"});
    let bill = |number: &str| json!({"VendorRef": {"value": "1"}, "TxnDate": "2026-01-01", "DocNumber": number, "Line": [line]});
    let old = fake.put("Bill", bill("old"));
    fake.0.lock().unwrap().now = "2026-05-05T10:00:00Z".to_owned();
    let new = fake.put("Bill", bill("new"));
    fake.delete("Bill", &old);
    let survey = reader.changes("2026-05-05T09:00:00Z".parse().unwrap()).await.unwrap().unwrap();
    let mut kinds: Vec<_> = survey.partitions.iter().map(|partition| partition.id.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        ["attachable", "bill", "class", "taxcode", "timeactivity"],
        "short lists, files and time are always read whole"
    );
    assert_eq!(survey.changes.as_ref().unwrap().gone, [RecordKey::new(Entity::Bill, old)]);
    assert_eq!(survey.counts[&Entity::Bill], 1);
    assert_eq!(survey.catalog.len(), before.catalog.len(), "what records are understood by is whole");
    let bills = survey.partitions.iter().find(|partition| partition.id == "bill").unwrap();
    let mut kept = Kept::default();
    reader.extract(&survey, bills, None, &mut kept).await.unwrap();
    let mut all = Transformed::default();
    reader.transformer(&survey).unwrap().transform(&kept.0[0], &mut all).unwrap();
    assert_eq!(all.records[0].key(), RecordKey::new(Entity::Bill, new));
}

/// Answers everything with the same.
struct Same(u16, String);

#[async_trait]
impl Wire for Same {
    async fn call(&self, _: Request) -> Result<Response, Fault> {
        Ok(Response { status: self.0, headers: Vec::new(), body: self.1.clone().into_bytes() })
    }
}

#[tokio::test]
async fn hostile_answers_are_clear_faults() {
    let nested = format!(r#"{{"CompanyInfo":{}{}}}"#, r#"{"CompanyName":"#.repeat(9_000), "}".repeat(9_000));
    for (status, body, code) in [
        (200, "<html>Sign in</html>".to_owned(), Code::AnswerUnreadable),
        (200, "[".repeat(100_000), Code::AnswerUnreadable),
        (200, nested, Code::AnswerUnreadable),
        (200, r#"{"CompanyInfo":7}"#.to_owned(), Code::AnswerUnreadable),
        (200, String::new(), Code::AnswerUnreadable),
        (403, r#"{"Fault":{"Error":[{"code":"3100"}]}}"#.to_owned(), Code::AuthRefused),
        (404, "nothing".to_owned(), Code::ConfigInvalid),
    ] {
        let fault = QuickBooks::connect("1", Arc::new(Same(status, body))).await.err().unwrap();
        assert_eq!(fault.code, code);
    }
    let fault = QuickBooks::connect("../x", Arc::new(Same(200, String::new()))).await.err().unwrap();
    assert_eq!(fault.code, Code::ConfigInvalid);
}

/// A writer with what records of a small book refer to.
struct Book {
    fake: Arc<Fake>,
    writer: QuickBooks,
    links: Links,
}

impl Book {
    async fn new(country: &str, several: bool) -> Self {
        let fake = Arc::new(Fake::new(country, several));
        let writer = connect(&fake).await;
        let mut book = Self { fake, writer, links: Links::default() };
        let contact = Contact { name: "Acme".into(), customer: true, supplier: true, ..Contact::default() };
        let accounts = carry_connector::exact::accounts().unwrap();
        for account in accounts {
            book.create(account).await;
        }
        book.create(Record::new(Entity::Contact, "acme", None, Body::Contact(contact.into())).unwrap()).await;
        book
    }

    async fn write(
        &self,
        items: Vec<(Record, Operation)>,
        verify_first: bool,
    ) -> Result<Vec<Result<carry_connector::Written, Fault>>, Fault> {
        let entity = items[0].0.entity;
        let items = items.into_iter().map(|(record, operation)| WriteItem { record, operation }).collect();
        let batch = WriteBatch {
            entity,
            items,
            links: self.links.clone(),
            home_currency: Currency::GBP,
            verify_first,
            keep_numbers: true,
            files: std::sync::Arc::new(carry_connector::NoFiles),
        };
        self.writer.write(Arc::new(batch)).await
    }

    async fn create(&mut self, record: Record) -> TargetId {
        let key = record.key();
        let written = self.write(vec![(record, Operation::Create)], false).await.unwrap().remove(0);
        let id = written.unwrap_or_else(|fault| panic!("{key}: {fault:?}")).id;
        self.links.insert(key, id.clone());
        id
    }

    async fn balance(&self, entity: Entity, id: &TargetId) -> (Decimal, Decimal) {
        let shown = self.writer.read_back(entity, std::slice::from_ref(id)).await.unwrap().remove(0).unwrap();
        (shown.total, shown.outstanding)
    }
}

fn invoice(entity: Entity, id: &str, currency: Currency, nets: &[&str], total: &str) -> Record {
    let mut document = Document::new(Date::constant(2026, 4, 1), currency, dec(total));
    document.contact = Some("acme".into());
    document.lines = nets.iter().map(|net| Line { net: dec(net), ..Line::default() }).collect();
    Record::new(entity, id, Some(id.to_owned()), Body::Document(document.into())).unwrap()
}

fn payment(entity: Entity, id: &str, amount: &str, of: &[(Entity, &str, &str)]) -> Record {
    let allocations = of
        .iter()
        .map(|(entity, id, amount)| Allocation {
            document: RecordKey::new(*entity, *id),
            amount: dec(amount),
        })
        .collect();
    let body = Payment {
        contact: Some("acme".into()),
        date: Date::constant(2026, 4, 2),
        currency: Currency::GBP,
        rate: None,
        amount: dec(amount),
        account: Some(SourceId::from(carry_connector::exact::CLEARING)),
        method: None,
        reference: None,
        memo: None,
        allocations,
    };
    Record::new(entity, id, None, Body::Payment(body.into())).unwrap()
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_nothing_doubles() {
    let book = Book::new("GB", false).await;
    let all = |range: std::ops::Range<u32>| {
        range
            .map(|n| {
                (invoice(Entity::Invoice, &format!("I{n}"), Currency::GBP, &["5"], "5"), Operation::Create)
            })
            .collect::<Vec<_>>()
    };
    book.write(all(100..101), false).await.unwrap();
    for trouble in [Trouble::AnswerLost, Trouble::Page] {
        let before = book.fake.count("Invoice");
        book.fake.0.lock().unwrap().trouble = Some(trouble);
        let range = if trouble == Trouble::Page { 30..60 } else { 0..30 };
        let fault = book.write(all(range.clone()), false).await.unwrap_err();
        assert_eq!((fault.reach, fault.action()), (Reach::Unknown, Action::VerifyFirst), "{trouble:?}");
        let again = book.write(all(range), true).await.unwrap();
        assert!(again.iter().all(Result::is_ok));
        assert_eq!(book.fake.count("Invoice"), before + 30, "{trouble:?}");
    }
}

#[tokio::test]
async fn throttled_items_and_stale_objects_are_sent_again() {
    let mut book = Book::new("GB", false).await;
    let id = book.create(invoice(Entity::Invoice, "I1", Currency::GBP, &["5"], "5")).await;
    book.fake.0.lock().unwrap().trouble = Some(Trouble::ItemThrottled);
    let two =
        ["I2", "I3"].map(|id| (invoice(Entity::Invoice, id, Currency::GBP, &["5"], "5"), Operation::Create));
    assert!(book.write(two.to_vec(), false).await.unwrap().iter().all(Result::is_ok));
    assert_eq!(book.fake.count("Invoice"), 3);
    book.fake.0.lock().unwrap().trouble = Some(Trouble::Stale);
    let changed = invoice(Entity::Invoice, "I1", Currency::GBP, &["7"], "7");
    let written =
        book.write(vec![(changed, Operation::Update(id.clone()))], false).await.unwrap().remove(0).unwrap();
    assert_eq!((written.id, written.total), (id.clone(), Some(dec("7"))));
    assert_eq!(book.balance(Entity::Invoice, &id).await, (dec("7"), dec("7")));
}

#[tokio::test]
async fn credits_are_applied_and_money_goes_back() {
    let mut book = Book::new("GB", false).await;
    for (invoice_of, credit_of, pay) in [
        (Entity::Invoice, Entity::CreditNote, Entity::Payment),
        (Entity::Bill, Entity::BillCredit, Entity::BillPayment),
    ] {
        let owed = book.create(invoice(invoice_of, "I", Currency::GBP, &["50"], "50")).await;
        let credit = book.create(invoice(credit_of, "C", Currency::GBP, &["30"], "30")).await;
        let applied = payment(pay, "applied", "0", &[(invoice_of, "I", "20"), (credit_of, "C", "20")]);
        let id = book.create(applied).await;
        assert_eq!(book.balance(pay, &id).await, (dec("0"), dec("0")));
        let back = payment(pay, "back", "-10", &[(credit_of, "C", "10")]);
        let id = book.create(back.clone()).await;
        assert!(id.as_str().contains("+journalentry:"), "{id}");
        assert_eq!(book.balance(pay, &id).await, (dec("-10"), dec("0")));
        assert_eq!(book.balance(invoice_of, &owed).await, (dec("50"), dec("30")));
        assert_eq!(book.balance(credit_of, &credit).await, (dec("30"), dec("0")));
        let again = book.write(vec![(back, Operation::Create)], true).await.unwrap().remove(0).unwrap();
        assert_eq!(again.id, id, "both of its parts are found again");
        let removed = book.writer.remove(pay, std::slice::from_ref(&id)).await.unwrap().remove(0);
        assert!(removed.is_ok());
        assert_eq!(book.balance(credit_of, &credit).await, (dec("30"), dec("10")));
        assert_eq!(book.fake.count("JournalEntry"), 0);
    }
}

#[tokio::test]
async fn a_total_that_quickbooks_works_out_otherwise_gets_one_visible_line() {
    let book = Book::new("GB", false).await;
    let record = invoice(Entity::Invoice, "I1", Currency::GBP, &["9.99"], "10");
    let written = book.write(vec![(record, Operation::Create)], false).await.unwrap().remove(0).unwrap();
    assert_eq!((written.total, written.adjustments.len()), (Some(dec("10")), 1));
    assert_eq!(written.adjustments[0].amount, dec("0.01"));
}

#[tokio::test]
async fn numbers_fit_names_stay_apart_and_the_whole_is_kept() {
    let book = Book::new("GB", false).await;
    let long = "2026/PROJECT-ALPHA/000123";
    let record = invoice(Entity::Invoice, long, Currency::GBP, &["1"], "1");
    let written = book.write(vec![(record, Operation::Create)], false).await.unwrap().remove(0).unwrap();
    assert_eq!(written.number.as_deref().map(str::len), Some(21));
    assert!(written.notes[0].contains(long), "{:?}", written.notes);
    let state = book.fake.0.lock().unwrap();
    let names: Vec<_> = ["Customer", "Vendor"]
        .iter()
        .flat_map(|kind| {
            state.kinds[*kind].values().map(|name| name["DisplayName"].as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(names, ["Acme", "Acme (vendor)"]);
}

#[tokio::test]
async fn a_foreign_document_gets_a_customer_of_its_currency_and_its_own_rate() {
    let book = Book::new("GB", true).await;
    let mut record = invoice(Entity::Invoice, "E1", Currency::EUR, &["10"], "10");
    if let Body::Document(document) = &mut record.body {
        document.rate = Some(dec("0.8512345"));
    }
    for number in ["E1", "E2"] {
        let mut record = record.clone();
        record.id = number.into();
        book.write(vec![(record, Operation::Create)], false).await.unwrap().remove(0).unwrap();
    }
    let state = book.fake.0.lock().unwrap();
    let customers = state.kinds["Customer"].values().map(|c| c["DisplayName"].as_str().unwrap());
    assert_eq!(customers.collect::<Vec<_>>(), ["Acme", "Acme (EUR)"], "one is made, once");
    let invoices: Vec<_> = state.kinds["Invoice"].values().collect();
    assert_eq!(
        (invoices[0]["ExchangeRate"].to_string(), &invoices[0]["CurrencyRef"]["value"]),
        ("0.8512345".into(), &json!("EUR"))
    );
}
