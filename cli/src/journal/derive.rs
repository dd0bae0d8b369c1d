//! From records to transactions.

use carry_connector::{AdjustmentKind, exact};
use carry_model::{
    BankTransaction, Body, Code, Currency, Decimal, Direction, Document, Entity, Fault, Journal, Ledger,
    Line, Money, Record, RecordKey, SourceId, Status, Transfer, checked_sum,
};
use carry_ports::Link;
use rustc_hash::FxHashMap;

use super::names::{clearing, settlements};
use super::{Chart, Key, Posting, Price, Transaction};

/// What a record's postings depend on besides the record.
pub(crate) struct Carried<'a> {
    pub(crate) chart: &'a Chart,
    /// Currency of the ledger.
    pub(crate) home: Currency,
    /// Contact of every document that a payment at hand settles.
    pub(crate) contacts: &'a FxHashMap<RecordKey, Option<SourceId>>,
}

/// The transaction of a record that was carried; None for one that moves no ledger (lists, drafts, voids,
/// estimates, orders, work).
///
/// `link` is its line of the journal: it holds the allocations and adjustments with which it was carried.
pub(crate) fn transaction(
    record: &Record,
    link: &Link,
    carried: &Carried<'_>,
) -> Result<Option<Transaction>, Fault> {
    let postings = match &record.body {
        Body::Document(document) => document_postings(record.entity, document, link, carried)?,
        Body::Payment(payment) => {
            let account = payment.account.clone().map_or(Key::Money, Key::Chart);
            payment_postings(link, account, carried)?
        }
        Body::Transfer(transfer) => transfer_postings(transfer, carried.home),
        Body::BankTransaction(bank) => bank_postings(bank, carried)?,
        Body::Journal(journal) => journal_postings(journal, carried.home),
        _ => return Ok(None),
    };
    let Some(date) = link.date else { return Ok(None) };
    balanced(Transaction {
        date,
        code: record.number.clone(),
        payee: link.contact.as_ref().map(|id| carried.chart.contact(id)),
        note: note(record),
        postings,
    })
}

fn note(record: &Record) -> String {
    let memo = match &record.body {
        Body::Document(document) => &document.memo,
        Body::Payment(payment) => &payment.memo,
        Body::Transfer(transfer) => &transfer.memo,
        Body::BankTransaction(bank) => &bank.memo,
        Body::Journal(journal) => &journal.memo,
        _ => &None,
    };
    let what = record.entity.singular();
    memo.as_deref().map_or_else(|| what.to_owned(), |memo| format!("{what}: {memo}"))
}

/// Leaves out postings of nothing; a transaction without any is none.
fn balanced(mut transaction: Transaction) -> Result<Option<Transaction>, Fault> {
    transaction.postings.retain(|posting| !posting.amount.amount.is_zero());
    let mut sums: FxHashMap<Currency, Decimal> = FxHashMap::default();
    let exchanged = transaction.postings.iter().any(|posting| matches!(posting.price, Some(Price::Total(_))));
    for posting in &transaction.postings {
        let sum = sums.entry(posting.amount.currency).or_default();
        *sum = checked_sum([*sum, posting.amount.amount])?;
    }
    // An exchange balances at its price, not in either currency.
    if !exchanged && sums.values().any(|sum| !sum.is_zero()) {
        return Err(Fault::new(Code::JournalUnbalanced).detail("The postings of a record do not add up."));
    }
    Ok((!transaction.postings.is_empty()).then_some(transaction))
}

/// Postings of one currency at one rate.
struct Book {
    currency: Currency,
    price: Option<Price>,
    postings: Vec<Posting>,
}

impl Book {
    fn new(currency: Currency, rate: Option<Decimal>, home: Currency) -> Self {
        let price = rate.filter(|_| currency != home).map(|rate| Price::Each(Money::new(rate, home)));
        Self { currency, price, postings: Vec::new() }
    }

    fn post(&mut self, key: Key, amount: Decimal) {
        let amount = Money::new(amount, self.currency);
        self.postings.push(Posting { key, amount, price: self.price });
    }
}

/// On which account a document's total stands, with the sign of a debit; None where it moves no ledger.
fn counter_account(entity: Entity, document: &Document, contact: Option<SourceId>) -> Option<(Key, Decimal)> {
    let paid = || document.paid_account.clone().map_or(Key::Money, Key::Chart);
    Some(match entity {
        Entity::Invoice => (Key::Receivable(contact), Decimal::ONE),
        Entity::CreditNote => (Key::Receivable(contact), Decimal::NEGATIVE_ONE),
        Entity::Bill => (Key::Payable(contact), Decimal::NEGATIVE_ONE),
        Entity::BillCredit => (Key::Payable(contact), Decimal::ONE),
        Entity::SalesReceipt => (paid(), Decimal::ONE),
        Entity::Refund | Entity::Expense => (paid(), Decimal::NEGATIVE_ONE),
        _ => return None,
    })
}

fn document_postings(
    entity: Entity,
    document: &Document,
    link: &Link,
    carried: &Carried<'_>,
) -> Result<Vec<Posting>, Fault> {
    if matches!(document.status, Status::Draft | Status::Voided) {
        return Ok(Vec::new());
    }
    let Some((counter, sign)) = counter_account(entity, document, link.contact.clone()) else {
        return Ok(Vec::new());
    };
    let simple = link.more.adjustments.iter().any(|a| a.kind == AdjustmentKind::HighLevel);
    let document = match simple {
        true => exact::high_level(entity, document.clone(), "")?.0,
        false => exact::detailed(entity, document.clone())?.0,
    };
    let sale = matches!(entity, Entity::Invoice | Entity::CreditNote | Entity::SalesReceipt | Entity::Refund);
    let mut book = Book::new(document.currency, document.rate, carried.home);
    book.post(counter, document.total * sign);
    for line in &document.lines {
        book.post(line_account(line, sale, carried.chart), -line.net * sign);
        book.post(tax_account(&line.tax_rate, carried.chart), -line.tax.unwrap_or_default() * sign);
    }
    for tax in &document.taxes {
        book.post(tax_account(&tax.tax_rate, carried.chart), -tax.amount * sign);
    }
    if let Some(discount) = &document.discount {
        let fallback = if sale { Key::SalesDiscount } else { Key::PurchaseDiscount };
        book.post(discount.account.clone().map_or(fallback, Key::Chart), discount.amount * sign);
    }
    Ok(book.postings)
}

fn line_account(line: &Line, sale: bool, chart: &Chart) -> Key {
    let of_item = || {
        let item = chart.items.get(line.item.as_ref()?)?;
        if sale { item.income.clone() } else { item.expense.clone() }
    };
    let fallback = if sale { Key::Sales } else { Key::Purchases };
    line.account.clone().or_else(of_item).map_or(fallback, Key::Chart)
}

fn tax_account(rate: &Option<SourceId>, chart: &Chart) -> Key {
    let account =
        rate.as_ref().and_then(|rate| chart.taxes.get(rate)).and_then(|(_, account)| account.clone());
    account.map_or_else(|| Key::Tax(rate.clone()), Key::Chart)
}

/// Money on one side; on the other each document's contact, and the payer for what is left.
///
/// A payment may settle documents of other contacts (a parent pays for its branches), so each allocation is posted
/// to the contact of its document.
fn payment_postings(link: &Link, account: Key, carried: &Carried<'_>) -> Result<Vec<Posting>, Fault> {
    let Some(currency) = link.currency else { return Ok(Vec::new()) };
    let (sign, control): (Decimal, fn(Option<SourceId>) -> Key) = match link.key.entity.ledger() {
        Some((Ledger::Receivable, _)) => (Decimal::ONE, Key::Receivable),
        Some((Ledger::Payable, _)) => (Decimal::NEGATIVE_ONE, Key::Payable),
        None => return Ok(Vec::new()),
    };
    let mut book = Book::new(currency, link.rate, carried.home);
    let unapplied = link.outstanding.unwrap_or_default();
    let mut money = unapplied;
    for allocation in &link.more.allocations {
        let credit = matches!(allocation.document.entity.ledger(), Some((_, -1)));
        let settles = if credit { -allocation.amount } else { allocation.amount };
        money = checked_sum([money, settles])?;
        let contact =
            carried.contacts.get(&allocation.document).cloned().unwrap_or_else(|| link.contact.clone());
        book.post(control(contact), -settles * sign);
    }
    book.post(control(link.contact.clone()), -unapplied * sign);
    book.post(account, money * sign);
    Ok(book.postings)
}

fn transfer_postings(transfer: &Transfer, home: Currency) -> Vec<Posting> {
    let (from, to) = (Key::Chart(transfer.from.clone()), Key::Chart(transfer.to.clone()));
    match transfer.received.filter(|received| received.currency != transfer.currency) {
        Some(received) => vec![
            Posting { key: to, amount: received, price: None },
            Posting {
                key: from,
                amount: Money::new(-transfer.amount, transfer.currency),
                price: Some(Price::Total(received)),
            },
        ],
        None => {
            let mut book = Book::new(transfer.currency, transfer.rate, home);
            book.post(to, transfer.amount);
            book.post(from, -transfer.amount);
            book.postings
        }
    }
}

fn bank_postings(bank: &BankTransaction, carried: &Carried<'_>) -> Result<Vec<Posting>, Fault> {
    let sign = match bank.direction {
        Direction::In => Decimal::ONE,
        Direction::Out => Decimal::NEGATIVE_ONE,
    };
    let mut book = Book::new(bank.currency, bank.rate, carried.home);
    book.post(Key::Chart(bank.account.clone()), bank.total * sign);
    let mut rest = bank.total;
    for line in &bank.lines {
        let tax = line.tax.unwrap_or_default();
        book.post(Key::Chart(line.account.clone()), -line.net * sign);
        book.post(tax_account(&line.tax_rate, carried.chart), -tax * sign);
        rest = checked_sum([rest, -line.net, -tax])?;
    }
    book.post(Key::Chart(SourceId::from(exact::ADJUSTMENTS)), -rest * sign);
    Ok(book.postings)
}

fn journal_postings(journal: &Journal, home: Currency) -> Vec<Posting> {
    let mut book = Book::new(journal.currency, journal.rate, home);
    for line in &journal.lines {
        book.post(Key::Chart(line.account.clone()), line.amount);
    }
    book.postings
}

/// The transaction of a settlement, which is in the journal of links only.
pub(crate) fn settlement(link: &Link, carried: &Carried<'_>) -> Result<Option<Transaction>, Fault> {
    let Some(date) = link.date else { return Ok(None) };
    balanced(Transaction {
        date,
        code: None,
        payee: link.contact.as_ref().map(|id| carried.chart.contact(id)),
        note: link.number.clone().unwrap_or_else(|| "Settlement".to_owned()),
        postings: payment_postings(link, clearing(), carried)?,
    })
}

/// Closes out what the settlements left on the clearing account in one currency: `amount` in that currency at a cost
/// of `home` in the home currency.
pub(crate) fn closing(date: carry_model::Date, amount: Money, home: Money) -> Option<Transaction> {
    if amount.amount.is_zero() {
        return None;
    }
    let price = (amount.currency != home.currency && !home.amount.is_zero())
        .then(|| Price::Total(Money::new(home.amount.abs(), home.currency)));
    let posting =
        |key, amount: Decimal, currency| Posting { key, amount: Money::new(amount, currency), price };
    Some(Transaction {
        date,
        code: None,
        payee: None,
        note: format!("Carryforward: closes out the clearing account in {}", amount.currency),
        postings: vec![
            posting(clearing(), -amount.amount, amount.currency),
            posting(settlements(), amount.amount, amount.currency),
        ],
    })
}
