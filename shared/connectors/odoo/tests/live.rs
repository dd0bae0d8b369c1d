//! The writer against a real Odoo, brought up by `tests/odoo/up`; skipped, with a printed line, where it cannot be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "tests"
)]

mod live_support;

use carry_connector::{AdjustmentKind, Operation, Removal, Writer, exact};
use carry_model::{
    Account, AccountClass, Allocation, BankLine, BankTransaction, Body, Code, Currency, Direction, Entity,
    Journal, JournalLine, Line, Payment, RecordKey, Status, TaxComponent, TaxRate, Tracking,
    TrackingCategory, Transfer,
};
use live_support::{Books, date, dec, document, line};

/// Everything in one database, as a run would do it: the parts depend on each other.
#[tokio::test]
async fn books_come_out_to_the_cent() {
    let Some(mut books) = Books::open("carry_live_books").await else { return };
    books.lists().await;
    documents(&mut books).await;
    settlement(&mut books).await;
    entries(&mut books).await;
    orders(&mut books).await;
    changes(&mut books).await;
    rollback(&mut books).await;
}

async fn documents(books: &mut Books) {
    // Tax of two components, a compound one among them, and one that rounds otherwise than Odoo would.
    let mut invoice = document("2026-01-31", "132.25");
    invoice.lines =
        vec![line("3", "33.3333", "100.00", Some("15.00")), line("1.5", "10.00", "15.00", Some("2.25"))];
    let mut forced = document("2026-02-01", "115.02");
    forced.lines = vec![line("1", "100", "100", Some("15.02"))];
    let mut by_document = document("2026-02-01", "104.50");
    by_document.lines = vec![line("1", "100", "100", None)];
    by_document.lines[0].tax_rate = None;
    by_document.taxes =
        vec![carry_model::DocumentTax { tax_rate: Some("combined".into()), amount: dec("9.50") }];
    by_document.discount = Some(carry_model::Discount { amount: dec("5"), percent: None, account: None });
    let mut foreign = document("2026-02-02", "250.00");
    foreign.currency = Currency::EUR;
    foreign.rate = Some(dec("1.0823"));
    foreign.lines = vec![line("1", "250", "250", None)];
    foreign.lines[0].tax_rate = None;
    let mut negative = document("2026-02-03", "-12.00");
    negative.lines = vec![line("1", "-12", "-12", None)];
    negative.lines[0].tax_rate = None;
    let mut draft = document("2026-02-03", "7.00");
    draft.status = Status::Draft;
    draft.lines = vec![line("1", "7", "7", None)];
    draft.lines[0].tax_rate = None;
    let wanted = ["132.25", "115.02", "104.50", "250.00", "-12.00", "7.00"];
    let written = books
        .write(
            Entity::Invoice,
            [
                ("i1", Some("0001001"), Body::Document(invoice.into())),
                ("i2", Some("2024-0007"), Body::Document(forced.into())),
                ("i3", Some("0001001"), Body::Document(by_document.into())),
                ("i4", Some("INV/EU/9"), Body::Document(foreign.into())),
                ("i5", None, Body::Document(negative.into())),
                ("i6", Some("D-1"), Body::Document(draft.into())),
            ],
        )
        .await;
    for (written, wanted) in written.iter().zip(wanted) {
        assert_eq!(written.total, Some(dec(wanted)), "{written:?}");
    }
    assert_eq!(written[0].number.as_deref(), Some("0001001"), "leading zeros stay");
    assert!(written[1].notes[0].contains("2024-0007"), "a number of another year: {:?}", written[1]);
    assert_eq!(written[1].adjustments[0].kind, AdjustmentKind::TaxForced);
    assert_eq!(written[2].number.as_deref(), Some("0001001-2"));
    let shown = books.balances(Entity::Invoice, &["i1", "i2", "i3", "i4", "i5"]).await;
    for (balance, wanted) in shown.iter().zip(wanted) {
        assert_eq!((balance.total, balance.outstanding), (dec(wanted), dec(wanted)));
    }
    assert_eq!(shown[3].currency, Currency::EUR);

    let mut credit = document("2026-02-05", "40.00");
    credit.lines = vec![line("1", "40", "40", None)];
    credit.lines[0].tax_rate = None;
    let mut bill = document("2026-02-06", "57.50");
    bill.contact = Some("supplier".into());
    bill.lines = vec![Line { account: Some("costs".into()), ..line("1", "50", "50", Some("7.50")) }];
    let mut bill_credit = document("2026-02-07", "10.00");
    bill_credit.contact = Some("supplier".into());
    bill_credit.lines =
        vec![Line { account: Some("costs".into()), tax_rate: None, ..line("1", "10", "10", None) }];
    let mut receipt = document("2026-02-08", "23.00");
    receipt.contact = None;
    receipt.paid_account = Some("bank".into());
    receipt.lines = vec![line("1", "20", "20", Some("3.00"))];
    let expense = carry_model::Document { contact: Some("supplier".into()), ..receipt.clone() };
    let refund = carry_model::Document { contact: Some("customer".into()), ..receipt.clone() };
    books.write(Entity::CreditNote, [("c1", Some("CN-1"), Body::Document(credit.into()))]).await;
    let bills = books.write(Entity::Bill, [("b1", Some("V-77"), Body::Document(bill.into()))]).await;
    assert_eq!(bills[0].number.as_deref(), Some("V-77"));
    books.write(Entity::BillCredit, [("bc1", Some("VC-1"), Body::Document(bill_credit.into()))]).await;
    books.write(Entity::SalesReceipt, [("sr1", Some("SR-1"), Body::Document(receipt.into()))]).await;
    books.write(Entity::Expense, [("e1", None, Body::Document(expense.into()))]).await;
    books.write(Entity::Refund, [("r1", Some("RF-1"), Body::Document(refund.into()))]).await;
    for (entity, id) in [(Entity::SalesReceipt, "sr1"), (Entity::Expense, "e1"), (Entity::Refund, "r1")] {
        let balance = &books.balances(entity, &[id]).await[0];
        assert_eq!((balance.total, balance.outstanding), (dec("23"), dec("0")), "{entity}");
    }
    assert_eq!(books.account_home("bank").await, dec("-23"), "in 23, out 23 and 23");
    refused(books).await;
}

async fn refused(books: &mut Books) {
    // One bad record does not take the good one with it.
    let mut good = document("2026-02-09", "5.00");
    good.lines = vec![line("1", "5", "5", None)];
    good.lines[0].tax_rate = None;
    let bad = carry_model::Document { contact: None, ..good.clone() };
    let results = books
        .try_write(
            Entity::Invoice,
            [("good", None, Body::Document(good.into())), ("bad", None, Body::Document(bad.into()))],
        )
        .await;
    assert!(results[0].is_ok(), "{:?}", results[0]);
    let fault = results[1].as_ref().unwrap_err();
    assert_eq!(fault.code, Code::TargetRefused);
    assert!(!fault.raw.is_empty(), "the target's own words are kept");
    assert!(books.find(Entity::Invoice, "bad").await.is_none(), "nothing of it stays");
}

fn pays(entity: Entity, id: &str, amount: &str) -> Allocation {
    Allocation { document: RecordKey::new(entity, id), amount: dec(amount) }
}

fn payment(day: &str, amount: &str, allocations: Vec<Allocation>) -> Payment {
    Payment {
        contact: Some("customer".into()),
        date: date(day),
        currency: Currency::USD,
        rate: None,
        amount: dec(amount),
        account: Some("bank".into()),
        method: None,
        reference: Some("Check 12".into()),
        memo: None,
        allocations,
    }
}

async fn settlement(books: &mut Books) {
    // Partial amounts on two invoices, a rest that stays unapplied, and a credit used up along with money.
    let partial = payment(
        "2026-03-01",
        "100",
        vec![pays(Entity::Invoice, "i1", "32.25"), pays(Entity::Invoice, "i2", "15.02")],
    );
    let with_credit = payment(
        "2026-03-02",
        "60",
        vec![pays(Entity::Invoice, "i1", "100.00"), pays(Entity::CreditNote, "c1", "40.00")],
    );
    let euros = Payment {
        currency: Currency::EUR,
        rate: Some(dec("1.1")),
        ..payment("2026-03-03", "200", vec![pays(Entity::Invoice, "i4", "200")])
    };
    let settles = Payment {
        account: Some(exact::CLEARING.into()),
        ..payment("2026-03-04", "100", vec![pays(Entity::Invoice, "i2", "100")])
    };
    books
        .write(
            Entity::Payment,
            [
                ("p1", None, Body::Payment(partial.into())),
                ("p2", None, Body::Payment(with_credit.into())),
                ("p3", None, Body::Payment(euros.into())),
                ("p4", None, Body::Payment(settles.into())),
            ],
        )
        .await;
    let open = books.balances(Entity::Invoice, &["i1", "i2", "i4"]).await;
    let open: Vec<_> = open.iter().map(|balance| balance.outstanding).collect();
    assert_eq!(open, [dec("0"), dec("0"), dec("50")]);
    assert_eq!(books.balances(Entity::CreditNote, &["c1"]).await[0].outstanding, dec("0"));
    let payments = books.balances(Entity::Payment, &["p1", "p2", "p3", "p4"]).await;
    let shown: Vec<_> = payments.iter().map(|p| (p.total, p.outstanding)).collect();
    assert_eq!(
        shown,
        [(dec("100"), dec("52.73")), (dec("60"), dec("0")), (dec("200"), dec("0")), (dec("100"), dec("0"))]
    );
    let clearing = books.account(exact::CLEARING).await;
    assert_eq!((clearing[0].amount.amount, clearing[0].home), (dec("100"), dec("100")));

    // A bill credit applied to a bill without money.
    let applied = Payment {
        contact: Some("supplier".into()),
        account: None,
        ..payment(
            "2026-03-05",
            "0",
            vec![pays(Entity::Bill, "b1", "10"), pays(Entity::BillCredit, "bc1", "10")],
        )
    };
    let paid = Payment {
        contact: Some("supplier".into()),
        ..payment("2026-03-06", "20", vec![pays(Entity::Bill, "b1", "20")])
    };
    books
        .write(
            Entity::BillPayment,
            [("bp1", None, Body::Payment(applied.into())), ("bp2", None, Body::Payment(paid.into()))],
        )
        .await;
    assert_eq!(books.balances(Entity::Bill, &["b1"]).await[0].outstanding, dec("27.50"));
    assert_eq!(books.balances(Entity::BillCredit, &["bc1"]).await[0].outstanding, dec("0"));
    let shown = books.balances(Entity::BillPayment, &["bp1", "bp2"]).await;
    assert_eq!((shown[0].total, shown[0].outstanding), (dec("0"), dec("0")));
    assert_eq!((shown[1].total, shown[1].outstanding), (dec("20"), dec("0")));
}

async fn entries(books: &mut Books) {
    let part = |account: &str, amount: &str| JournalLine {
        account: account.into(),
        amount: dec(amount),
        contact: None,
        description: None,
        tracking: vec![Tracking { category: "region".into(), option: "North".into() }],
    };
    let closing = Journal {
        date: date("2026-03-31"),
        currency: Currency::USD,
        rate: None,
        memo: Some("closes out".into()),
        lines: vec![part(exact::CLEARING, "-100"), part(exact::SETTLEMENTS, "100")],
    };
    let written = books.write(Entity::Journal, [("j1", Some("JE-5"), Body::Journal(closing))]).await;
    assert_eq!(written[0].number.as_deref(), Some("JE-5"));
    assert!(books.account(exact::CLEARING).await.is_empty(), "the clearing account is at zero");
    let before = books.account_home("bank").await;
    let transfer = Transfer {
        date: date("2026-03-31"),
        from: "bank".into(),
        to: "card".into(),
        currency: Currency::USD,
        amount: dec("11"),
        received: None,
        rate: None,
        memo: None,
    };
    let fee = BankTransaction {
        date: date("2026-03-31"),
        account: "bank".into(),
        direction: Direction::Out,
        contact: None,
        currency: Currency::USD,
        rate: None,
        total: dec("4"),
        lines: vec![BankLine {
            account: "costs".into(),
            net: dec("3.50"),
            tax_rate: Some("tax".into()),
            tax: Some(dec("0.50")),
            description: None,
        }],
        memo: Some("fee".into()),
    };
    books.write(Entity::Transfer, [("t1", None, Body::Transfer(transfer.into()))]).await;
    books.write(Entity::BankTransaction, [("bt1", None, Body::BankTransaction(fee.into()))]).await;
    assert_eq!(books.account_home("bank").await, before - dec("15"));
    assert_eq!(books.account_home("card").await, dec("11"));
}

async fn orders(books: &mut Books) {
    let mut order = document("2026-02-01", "115.00");
    order.lines = vec![line("2", "50", "100", Some("15.00"))];
    // The order's tax is a cent off its rate.
    let off = carry_model::Document { total: dec("115.01"), ..order.clone() };
    let mut estimate = document("2026-02-02", "20.00");
    estimate.currency = Currency::GBP;
    estimate.lines = vec![Line { tax_rate: None, ..line("1", "20", "20", None) }];
    let purchase = carry_model::Document { contact: Some("supplier".into()), ..order.clone() };
    let written =
        books.write(Entity::SalesOrder, [("so1", Some("SO-55"), Body::Document(order.into()))]).await;
    assert_eq!(written[0].number.as_deref(), Some("SO-55"));
    let written = books.write(Entity::SalesOrder, [("so2", None, Body::Document(off.into()))]).await;
    assert_eq!(written[0].total, Some(dec("115.01")));
    assert_eq!(written[0].adjustments[0].kind, AdjustmentKind::AdjustmentLine);
    books.write(Entity::Estimate, [("q1", Some("Q-1"), Body::Document(estimate.into()))]).await;
    books.write(Entity::PurchaseOrder, [("po1", Some("PO-9"), Body::Document(purchase.into()))]).await;
    assert_eq!(books.balances(Entity::Estimate, &["q1"]).await[0].currency, Currency::GBP);
    assert_eq!(books.balances(Entity::PurchaseOrder, &["po1"]).await[0].total, dec("115"));
}

async fn changes(books: &mut Books) {
    // The same record again is taken for the outcome, not written twice.
    let mut invoice = document("2026-01-31", "132.25");
    invoice.lines = vec![line("1", "115", "115", Some("17.25"))];
    let before = books.target(Entity::Invoice, "i1");
    let again =
        books.verify(Entity::Invoice, ("i1", Some("0001001"), Body::Document(invoice.clone().into()))).await;
    assert_eq!((&again.id, again.total), (&before, Some(dec("132.25"))));

    // A changed invoice keeps its id, its number and what it was paid with.
    invoice.total = dec("142.25");
    invoice.lines.push(Line { tax_rate: None, ..line("1", "10", "10", None) });
    let operation = Operation::Update(before.clone());
    let changed = books
        .write_as(Entity::Invoice, ("i1", Some("0001001"), Body::Document(invoice.into())), operation)
        .await;
    assert_eq!((&changed.id, changed.number.as_deref()), (&before, Some("0001001")));
    let balance = &books.balances(Entity::Invoice, &["i1"]).await[0];
    assert_eq!((balance.total, balance.outstanding), (dec("142.25"), dec("10")));

    let operation = Operation::Update(books.target(Entity::Payment, "p1"));
    let smaller = payment("2026-03-01", "30", vec![pays(Entity::Invoice, "i1", "30")]);
    books.write_as(Entity::Payment, ("p1", None, Body::Payment(smaller.into())), operation).await;
    let open = books.balances(Entity::Invoice, &["i1", "i2"]).await;
    assert_eq!((open[0].outstanding, open[1].outstanding), (dec("12.25"), dec("15.02")));

    let operation = Operation::Update(books.target(Entity::Contact, "customer"));
    let renamed = carry_model::Contact { name: "Acme & Sons".into(), customer: true, ..Default::default() };
    let written =
        books.write_as(Entity::Contact, ("customer", None, Body::Contact(renamed.into())), operation).await;
    assert_eq!(written.id, books.target(Entity::Contact, "customer"));
}

async fn rollback(books: &mut Books) {
    for entity in Entity::ALL.iter().rev() {
        let removed = books.remove_all(*entity).await;
        for (id, removal) in removed {
            match removal {
                Ok(Removal::Delete) => {}
                Ok(Removal::Archive) => panic!("{entity} {id} was archived although nothing uses it"),
                other => panic!("{entity} {id}: {other:?}"),
            }
        }
    }
    assert!(books.find(Entity::Invoice, "i1").await.is_none());
    assert_eq!(books.count("account.move").await, 0, "no entry stays");
    assert_eq!(books.count("account.payment").await, 0, "no payment stays");
}

/// A period that is closed is told beforehand, and a record in it is refused as such.
#[tokio::test]
async fn closed_periods_are_told_beforehand() {
    let Some(mut books) = Books::open("carry_live_lock").await else { return };
    books.lists().await;
    books.lock("2026-06-30").await;
    assert_eq!(books.odoo.preflight().await.unwrap().lock_date, Some(date("2026-06-30")));
    let part = |account: &str, amount: &str| JournalLine {
        account: account.into(),
        amount: dec(amount),
        contact: None,
        description: None,
        tracking: Vec::new(),
    };
    let journal = Journal {
        date: date("2026-03-31"),
        currency: Currency::USD,
        rate: None,
        memo: None,
        lines: vec![part("costs", "1"), part("bank", "-1")],
    };
    let results = books.try_write(Entity::Journal, [("j", None, Body::Journal(journal))]).await;
    assert_eq!(results[0].as_ref().unwrap_err().code, Code::PeriodLocked, "{results:?}");
}

/// A batch is a handful of calls, not a handful for each record.
#[tokio::test]
async fn batches_take_few_calls() {
    let Some(mut books) = Books::open("carry_live_batch").await else { return };
    books.lists().await;
    let ids: Vec<String> = (0..100).map(|n| format!("{n:05}")).collect();
    let invoices: [_; 100] = std::array::from_fn(|n| {
        let mut invoice = document("2026-01-31", "57.52");
        invoice.lines = vec![line("2", "20", "40", Some("6.00")), line("1", "10.01", "10.01", Some("1.51"))];
        (ids[n].as_str(), Some(ids[n].as_str()), Body::Document(invoice.into()))
    });
    let start = std::time::Instant::now();
    let (before, written) = (books.calls(), books.write(Entity::Invoice, invoices).await);
    let (calls, seconds) = (books.calls() - before, start.elapsed().as_secs());
    eprintln!("100 invoices: {calls} calls, {seconds} s");
    assert!(calls <= 20, "{calls}");
    assert_eq!(written[7].number.as_deref(), Some("00007"));
    let payments: [_; 100] = std::array::from_fn(|n| {
        let paid = payment("2026-03-01", "50.00", vec![pays(Entity::Invoice, &ids[n], "50.00")]);
        (ids[n].as_str(), None, Body::Payment(paid.into()))
    });
    let start = std::time::Instant::now();
    let before = books.calls();
    books.write(Entity::Payment, payments).await;
    let (calls, seconds) = (books.calls() - before, start.elapsed().as_secs());
    eprintln!("100 payments: {calls} calls, {seconds} s");
    assert!(calls <= 25, "{calls}");
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert!(books.balances(Entity::Invoice, &names).await.iter().all(|b| b.outstanding == dec("7.52")));
}

/// Whichever answer is lost on the way, the next attempt leaves one of everything, at its exact balance.
#[tokio::test]
async fn a_lost_answer_never_doubles_anything() {
    let Some(mut books) = Books::open("carry_live_lost").await else { return };
    books.lists().await;
    let mut rounds = 0;
    loop {
        let invoice_id = format!("i{rounds}");
        let mut invoice = document("2026-01-31", "115.02");
        invoice.lines = vec![line("1", "100", "100", Some("15.02"))];
        let lost = books
            .lose_answer(rounds, Entity::Invoice, (&invoice_id, None, Body::Document(invoice.into())))
            .await;
        let payment_id = format!("p{rounds}");
        let paid = payment("2026-03-01", "60", vec![pays(Entity::Invoice, &invoice_id, "50")]);
        let lost =
            books.lose_answer(rounds, Entity::Payment, (&payment_id, None, Body::Payment(paid.into()))).await
                || lost;
        let mut receipt = document("2026-02-08", "23.00");
        receipt.paid_account = Some("bank".into());
        receipt.lines = vec![line("1", "20", "20", Some("3.00"))];
        let receipt_id = format!("s{rounds}");
        let body = Body::Document(receipt.into());
        let lost = books.lose_answer(rounds, Entity::SalesReceipt, (&receipt_id, None, body)).await || lost;
        rounds += 1;
        let balance = &books.balances(Entity::Invoice, &[&invoice_id]).await[0];
        assert_eq!((balance.total, balance.outstanding), (dec("115.02"), dec("65.02")), "round {rounds}");
        let unapplied = books.balances(Entity::Payment, &[&payment_id]).await[0].outstanding;
        assert_eq!(unapplied, dec("10"), "round {rounds}");
        assert_eq!(books.balances(Entity::SalesReceipt, &[&receipt_id]).await[0].outstanding, dec("0"));
        // Invoice, payment's entry, receipt, its payment's entry; two payments.
        let counts = (books.count("account.move").await, books.count("account.payment").await);
        assert_eq!(counts, (4 * rounds as u64, 2 * rounds as u64), "round {rounds}");
        if !lost {
            break;
        }
    }
    assert!(rounds > 5, "{rounds} calls are too few to have tested anything");
}

/// The interface of versions 16 to 18, which 19 still speaks: the same calls in another envelope.
#[tokio::test]
async fn json_rpc_carries_the_same_books() {
    // As 17, a payment is a journal entry and a document has the rate of its day.
    for (version, database) in [("18.0", "carry_live_rpc18"), ("17.0", "carry_live_rpc17")] {
        let Some(mut books) = Books::open_older(version, database).await else { return };
        older_books(&mut books, version).await;
    }
}

async fn older_books(books: &mut Books, version: &str) {
    for record in exact::accounts().unwrap() {
        books.write(Entity::Account, [(record.id.as_str(), None, record.body.clone())]).await;
    }
    for (id, account) in chart() {
        books.write(Entity::Account, [(id, None, Body::Account(account.into()))]).await;
    }
    let contact = carry_model::Contact { name: "Acme".into(), customer: true, ..Default::default() };
    books.write(Entity::Contact, [("customer", None, Body::Contact(contact.into()))]).await;
    let mut invoice = document("2026-01-31", "100.00");
    invoice.lines = vec![Line { tax_rate: None, ..line("1", "100", "100", None) }];
    let bad = carry_model::Document { contact: None, ..invoice.clone() };
    let foreign = |rate: &str| {
        let euros =
            carry_model::Document { currency: Currency::EUR, rate: Some(dec(rate)), ..invoice.clone() };
        Body::Document(euros.into())
    };
    let results = books
        .try_write(
            Entity::Invoice,
            [
                ("i1", Some("7"), Body::Document(invoice.clone().into())),
                ("bad", None, Body::Document(bad.into())),
                ("eur", None, foreign("1.25")),
                ("other", None, foreign("1.5")),
            ],
        )
        .await;
    assert_eq!(results[0].as_ref().unwrap().number.as_deref(), Some("7"));
    assert_eq!(results[1].as_ref().unwrap_err().code, Code::TargetRefused);
    assert_eq!(books.home_total("eur").await, dec("125"), "{version}");
    // Before 18 a day has one rate: a document with another is refused rather than booked wrongly.
    assert_eq!(results[3].is_ok(), version == "18.0", "{version}");
    let paid = payment("2026-03-01", "60", vec![pays(Entity::Invoice, "i1", "50")]);
    let written = books.write(Entity::Payment, [("p1", None, Body::Payment(paid.into()))]).await;
    assert_eq!(written[0].id.as_str().starts_with("account.payment"), version == "18.0");
    assert_eq!(books.balances(Entity::Invoice, &["i1"]).await[0].outstanding, dec("50"));
    let shown = &books.balances(Entity::Payment, &["p1"]).await[0];
    assert_eq!((shown.total, shown.outstanding), (dec("60"), dec("10")));
    assert_eq!(books.account_home("bank").await, dec("60"));
    for entity in [Entity::Payment, Entity::Invoice] {
        for (id, removal) in books.remove_all(entity).await {
            assert_eq!(removal.unwrap(), Removal::Delete, "{id}");
        }
    }
    assert_eq!(books.count("account.move").await, 0);
}

#[tokio::test]
async fn a_wrong_key_is_refused_as_such() {
    let Some(server) = live_support::Server::up("carry_live_key").await else { return };
    let fault = server.connect_with("wrong").await.err().unwrap();
    assert_eq!(fault.code, Code::AuthRefused);
}

pub(crate) fn chart() -> Vec<(&'static str, Account)> {
    let account = |code: &str, name: &str, class| Account {
        code: Some(code.into()),
        name: name.into(),
        class,
        parent: None,
        currency: None,
        description: None,
        active: true,
    };
    vec![
        ("bank", account("1010-B", "Checking", AccountClass::Bank)),
        ("card", account("2010", "Card", AccountClass::CreditCard)),
        // The code of an account of Odoo's own chart.
        ("sales", account("400000", "Sales", AccountClass::Income)),
        ("costs", account("6000", "Costs", AccountClass::Expense)),
    ]
}

pub(crate) fn tax_rates() -> Vec<(&'static str, TaxRate)> {
    let rate = |name: &str, percent| TaxRate {
        name: name.into(),
        code: None,
        percent,
        components: Vec::new(),
        account: None,
    };
    let part = |name: &str, percent: &str| TaxComponent {
        name: name.into(),
        percent: dec(percent),
        compound: false,
        account: None,
    };
    let combined = TaxRate {
        components: vec![part("State", "7.5"), part("City", "2.5")],
        ..rate("State and city", Some(dec("10")))
    };
    // The name of a tax that Odoo's chart brings.
    vec![("tax", rate("15%", Some(dec("15")))), ("combined", combined)]
}

pub(crate) fn region() -> TrackingCategory {
    TrackingCategory { name: "Region".into(), options: vec!["North".into(), "South".into()] }
}
