//! What documents, payments and allocations do to the ledger.

use std::collections::BTreeMap;

use carry_model::{Currency, Date, Decimal};
use uuid::Uuid;

use super::account::System;
use super::books::Books;
use super::document::{Document, Family, Side};
use super::payment::{Allocation, Payment};
use crate::ledger::{Entry, Posting};

/// A change to the ledger.
#[derive(Clone, Debug)]
pub(super) enum Posted {
    /// An entry, in place of the one its source had.
    Post(Entry),
    /// The source's entry is gone.
    Remove(Uuid),
}

/// Postings of an entry while it is put together.
struct Sheet<'a> {
    books: &'a Books,
    postings: Vec<Posting>,
}

impl<'a> Sheet<'a> {
    fn new(books: &'a Books) -> Self {
        Self { books, postings: Vec::new() }
    }

    fn add(&mut self, account: Uuid, home: Decimal, amount: Decimal, currency: &str) {
        self.push(account, home, amount, currency, None);
    }

    /// What a document's contact owes or is owed more.
    fn add_open(&mut self, document: &Document, home: Decimal, amount: Decimal) {
        let account = control(self.books, document.side);
        self.push(account, home, amount, &document.currency, Some(document));
    }

    fn push(&mut self, account: Uuid, home: Decimal, amount: Decimal, currency: &str, on: Option<&Document>) {
        if home.is_zero() && amount.is_zero() {
            return;
        }
        self.postings.push(Posting {
            account: account.to_string(),
            party: on.and_then(|document| document.contact).map(|contact| contact.to_string()),
            document: on.map(|document| document.id.to_string()),
            home,
            amount,
            currency: currency.parse().unwrap_or(Currency::USD),
        });
    }

    /// Puts what is missing to zero on an account.
    fn even_out(&mut self, account: Uuid) {
        let by: Decimal = self.postings.iter().map(|posting| posting.home).sum();
        let currency = self.books.organisation.currency.clone();
        self.add(account, -by, -by, &currency);
    }

    fn entry(self, source: Uuid, date: Date) -> Entry {
        Entry { source: source.to_string(), date, postings: self.postings }
    }
}

/// Receivables or payables.
pub(super) fn control(books: &Books, side: Side) -> Uuid {
    books.system(match side {
        Side::Sales => System::Debtors,
        Side::Purchases => System::Creditors,
    })
}

/// `amount`, or its negative for what is bought.
fn sided(side: Side, amount: Decimal) -> Decimal {
    if side == Side::Sales { amount } else { -amount }
}

/// Posts a document as it stands now, or takes its entry out of the ledger.
pub(super) fn post_document(books: &mut Books, id: Uuid) {
    let Some(document) = books.documents.get(id) else { return };
    let posted = match document.family {
        Family::PurchaseOrder | Family::Quote => return,
        // The bank transaction it came with was posted already.
        Family::Prepayment | Family::Overpayment => return,
        _ if !document.is_approved() => Posted::Remove(id),
        Family::BankTransaction if document.twin.is_some() => Posted::Post(advance(books, document)),
        _ => Posted::Post(entry(books, document)),
    };
    books.posted.push(posted);
}

/// An invoice, a credit note or a bank transaction.
fn entry(books: &Books, document: &Document) -> Entry {
    let mut sheet = Sheet::new(books);
    let (currency, rate) = (document.currency.as_str(), document.rate);
    // Debit positive: what an invoice adds to receivables, what money received adds to the bank.
    let sign = |amount: Decimal| {
        let amount = sided(document.side, amount);
        if document.family == Family::CreditNote { -amount } else { amount }
    };
    let total = document.totals.total;
    let home = sign(books.at_home(total, rate));
    match document.bank_account {
        Some(bank) => sheet.add(bank, home, sign(total), currency),
        None => sheet.add_open(document, home, sign(total)),
    }
    let mut nets: BTreeMap<Uuid, Decimal> = BTreeMap::new();
    for line in &document.lines {
        let account = line.account.unwrap_or_else(|| books.system(System::Rounding));
        *nets.entry(account).or_default() += line.net(document.amounts);
    }
    *nets.entry(books.system(System::Tax)).or_default() += document.totals.tax;
    for (account, net) in nets {
        sheet.add(account, -sign(books.at_home(net, rate)), -sign(net), currency);
    }
    sheet.even_out(books.system(System::Rounding));
    sheet.entry(document.id, document.date)
}

/// Money received or spent before there is an invoice: it stands with the contact until it is allocated.
fn advance(books: &Books, transaction: &Document) -> Entry {
    let mut sheet = Sheet::new(books);
    let twin = transaction.twin.and_then(|id| books.documents.get(id)).unwrap_or(transaction);
    let (currency, total) =
        (transaction.currency.as_str(), sided(transaction.side, transaction.totals.total));
    let home = books.at_home(total, transaction.rate);
    if let Some(bank) = transaction.bank_account {
        sheet.add(bank, home, total, currency);
    }
    sheet.add_open(twin, -home, -total);
    sheet.even_out(books.system(System::Rounding));
    sheet.entry(transaction.id, transaction.date)
}

/// What a settlement takes off a document in the home currency: the rest exactly when it closes the document.
pub(super) fn relief(books: &Books, document: &Document, amount: Decimal) -> Decimal {
    if document.open() != amount {
        return books.at_home(amount, document.rate);
    }
    let by_payments: Decimal = books.payments_of(document.id).map(|payment| payment.relief).sum();
    let by_allocations: Decimal = books
        .allocations_of(document.id)
        .map(|one| if one.credit == document.id { one.credit_relief } else { one.invoice_relief })
        .sum();
    books.at_home(document.totals.total, document.rate) - by_payments - by_allocations
}

/// A payment of an invoice, or the refund of a credit. What the rates differ by is a realised gain or loss.
pub(super) fn post_payment(books: &mut Books, payment: &Payment) {
    let Some(document) = books.documents.get(payment.document) else { return };
    let mut sheet = Sheet::new(books);
    let comes_in = (document.side == Side::Sales) != document.family.is_credit();
    let sign = |amount: Decimal| if comes_in { amount } else { -amount };
    let currency = document.currency.as_str();
    let bank_home = books.at_home(payment.amount, payment.rate);
    sheet.add(payment.account, sign(bank_home), sign(payment.amount), currency);
    sheet.add_open(document, -sign(payment.relief), -sign(payment.amount));
    sheet.even_out(books.system(System::RealisedGain));
    let entry = sheet.entry(payment.id, payment.date);
    books.posted.push(Posted::Post(entry));
}

/// A credit applied to an invoice. What the rates differ by is a realised gain or loss.
pub(super) fn post_allocation(books: &mut Books, allocation: &Allocation) {
    let documents = (books.documents.get(allocation.credit), books.documents.get(allocation.invoice));
    let (Some(credit), Some(invoice)) = documents else { return };
    let mut sheet = Sheet::new(books);
    let sign = |amount: Decimal| sided(credit.side, amount);
    sheet.add_open(credit, sign(allocation.credit_relief), sign(allocation.amount));
    sheet.add_open(invoice, -sign(allocation.invoice_relief), -sign(allocation.amount));
    sheet.even_out(books.system(System::RealisedGain));
    let entry = sheet.entry(allocation.id, allocation.date);
    books.posted.push(Posted::Post(entry));
}

/// Any other entry in the home currency: pairs of account and amount, debit positive.
pub(super) fn post_plain(books: &mut Books, source: Uuid, date: Date, amounts: &[(Uuid, Decimal)]) {
    let mut sheet = Sheet::new(books);
    let currency = books.organisation.currency.clone();
    for (account, amount) in amounts {
        sheet.add(*account, *amount, *amount, &currency);
    }
    sheet.even_out(books.system(System::Rounding));
    let entry = sheet.entry(source, date);
    books.posted.push(Posted::Post(entry));
}

/// Takes the entry of a source out of the ledger.
pub(super) fn unpost(books: &mut Books, source: Uuid) {
    books.posted.push(Posted::Remove(source));
}
