//! Payments of documents and allocations of credits to invoices.

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use uuid::Uuid;

use super::books::Books;
use super::document::{Document, Family};
use super::input::Input;
use super::posting;
use super::refusal;
use super::render;
use crate::json::{Json, object};

#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) id: Uuid,
    pub(super) document: Uuid,
    pub(super) account: Uuid,
    pub(super) date: Date,
    /// In the document's currency.
    pub(super) amount: Decimal,
    pub(super) rate: Decimal,
    /// In the bank account's currency.
    pub(super) bank_amount: Decimal,
    /// What it takes off the document in the home currency, at the document's rate.
    pub(super) relief: Decimal,
    pub(super) reference: Option<String>,
    pub(super) is_reconciled: bool,
    pub(super) is_deleted: bool,
    pub(super) batch: Option<Uuid>,
    pub(super) updated: Timestamp,
}

impl Payment {
    pub(super) fn status(&self) -> &'static str {
        if self.is_deleted { "DELETED" } else { "AUTHORISED" }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Allocation {
    pub(super) id: Uuid,
    pub(super) credit: Uuid,
    pub(super) invoice: Uuid,
    pub(super) amount: Decimal,
    pub(super) date: Date,
    /// What it takes off both in the home currency, each at its own rate.
    pub(super) credit_relief: Decimal,
    pub(super) invoice_relief: Decimal,
}

/// The document that `Invoice`, `CreditNote`, `Prepayment` or `Overpayment` names, by id or number.
fn target(books: &Books, input: &mut Input<'_>) -> Option<Uuid> {
    let named = [
        ("Invoice", "InvoiceID", "InvoiceNumber", Family::Invoice),
        ("CreditNote", "CreditNoteID", "CreditNoteNumber", Family::CreditNote),
        ("Prepayment", "PrepaymentID", "", Family::Prepayment),
        ("Overpayment", "OverpaymentID", "", Family::Overpayment),
    ];
    for (element, id_name, number_name, family) in named {
        if let Some(id) = input.id(&format!("{element}.{id_name}")) {
            return books
                .documents
                .get(id)
                .filter(|document| document.family == family)
                .map(|found| found.id);
        }
        if number_name.is_empty() {
            continue;
        }
        let number = input.text(&format!("{element}.{number_name}")).or_else(|| input.text(number_name));
        if let Some(number) = number {
            let found =
                books.numbered(family, &number).or_else(|| books.numbered(Family::CreditNote, &number));
            return found.map(|found| found.id);
        }
    }
    None
}

/// Pays a document.
pub(super) fn pay(books: &mut Books, sent: &Json, batch: Option<Uuid>) -> Result<Uuid, Vec<String>> {
    let mut input = Input::new(sent);
    let Some(document) = target(books, &mut input).and_then(|id| books.documents.get(id)).cloned() else {
        return Err(refusal::gone(Family::Invoice));
    };
    let account = match input.field("Account") {
        Some(account) => books.account_of(account),
        None => input.text("Code").and_then(|code| books.account(&code)),
    };
    let account = account.cloned();
    match &account {
        None => input.problem("Account could not be found."),
        Some(account) if !account.can_be_paid_from() => {
            input.problem("Payments cannot be made to or from this account");
        }
        Some(_) => {}
    }
    let date = input.date("Date").unwrap_or_else(|| books.today());
    let amount = input.decimal("Amount").map(|amount| round_half_up(amount, 2));
    check_amount(
        &mut input,
        &document,
        amount,
        "Payment amount exceeds the amount outstanding on this document",
    );
    if !document.is_approved() {
        input.problem("Payments can only be made against Authorised documents");
    }
    books.organisation.locked(date).into_iter().for_each(|message| input.problem(message));
    let amount = amount.unwrap_or_default();
    let (rate, bank_amount) = exchange(books, &mut input, &document, account.as_ref(), amount);
    let (reference, is_reconciled) = (input.text("Reference"), input.flag("IsReconciled").unwrap_or(false));
    input.check()?;
    let payment = Payment {
        id: books.ids.next(),
        document: document.id,
        account: account.map_or(Uuid::nil(), |account| account.id),
        date,
        amount,
        rate,
        bank_amount,
        relief: posting::relief(books, &document, amount),
        reference,
        is_reconciled,
        is_deleted: false,
        batch,
        updated: books.now,
    };
    let (id, now) = (payment.id, books.now);
    posting::post_payment(books, &payment);
    books.payments.insert(id, payment);
    books.note_settlement(document.id, id);
    if let Some(document) = books.documents.get_mut(document.id) {
        document.settle(amount, Decimal::ZERO, date, now);
    }
    Ok(id)
}

fn check_amount(input: &mut Input<'_>, document: &Document, amount: Option<Decimal>, too_much: &str) {
    match amount {
        None => input.problem("Amount must be specified"),
        Some(amount) if amount <= Decimal::ZERO => input.problem("Amount must be greater than zero"),
        Some(amount) if document.is_approved() && amount > document.open() => input.problem(too_much),
        Some(_) => {}
    }
}

/// The rate of a payment, and what it comes to in the bank account's currency.
fn exchange(
    books: &Books,
    input: &mut Input<'_>,
    document: &Document,
    account: Option<&super::account::Account>,
    amount: Decimal,
) -> (Decimal, Decimal) {
    let home = &books.organisation.currency;
    let rate = input.decimal("CurrencyRate").filter(|rate| *rate > Decimal::ZERO);
    if document.currency == *home {
        return (Decimal::ONE, amount);
    }
    let bank_currency = account.and_then(|account| account.currency.as_ref()).unwrap_or(home);
    if bank_currency == &document.currency {
        return (rate.unwrap_or(document.rate), amount);
    }
    if bank_currency != home {
        input.problem("The currency of the account does not match the currency of the document");
        return (Decimal::ONE, amount);
    }
    let stated =
        input.decimal("BankAmount").map(|bank| round_half_up(bank, 2)).filter(|bank| !bank.is_zero());
    match (rate, stated) {
        (None, Some(bank)) => {
            let (over, under) =
                if books.switches.rate_is_home_per_foreign { (bank, amount) } else { (amount, bank) };
            (over.checked_div(under).unwrap_or(Decimal::ONE), bank)
        }
        (rate, _) => {
            let rate = rate.unwrap_or(document.rate);
            (rate, books.at_home(amount, rate))
        }
    }
}

/// Deletes a payment; its document is open again.
pub(super) fn delete(books: &mut Books, id: Uuid, in_batch: bool) -> Result<(), Vec<String>> {
    let Some(payment) = books.payments.get(id).cloned() else {
        return Err(vec!["Payment not found".to_owned()]);
    };
    let mut problems = books.organisation.locked(payment.date);
    if payment.is_deleted {
        problems.push("This payment has already been deleted".to_owned());
    }
    if payment.is_reconciled {
        problems.push("This payment has been reconciled and cannot be deleted".to_owned());
    }
    if payment.batch.is_some() && !in_batch {
        problems.push("This payment is part of a batch payment and cannot be deleted".to_owned());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let now = books.now;
    if let Some(payment) = books.payments.get_mut(id) {
        (payment.is_deleted, payment.updated) = (true, now);
    }
    posting::unpost(books, id);
    unsettle(books, payment.document, payment.amount, Decimal::ZERO);
    Ok(())
}

fn unsettle(books: &mut Books, document: Uuid, paid: Decimal, credited: Decimal) {
    let now = books.now;
    let settlements = books.payments_of(document).map(|payment| payment.date);
    let last = settlements.chain(books.allocations_of(document).map(|one| one.date)).max();
    if let Some(document) = books.documents.get_mut(document) {
        document.settled_on = last;
        document.paid -= paid;
        document.credited -= credited;
        document.close(now);
    }
}

/// Applies a credit to an invoice.
pub(super) fn allocate(books: &mut Books, credit: Uuid, sent: &Json) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let Some(credit) = books.documents.get(credit).cloned() else {
        return Err(refusal::gone(Family::CreditNote));
    };
    let invoice = target(books, &mut input).and_then(|id| books.documents.get(id)).cloned();
    let Some(invoice) = invoice.filter(|found| found.family == Family::Invoice) else {
        return Err(refusal::gone(Family::Invoice));
    };
    let amount = input.decimal("Amount").or_else(|| input.decimal("AppliedAmount"));
    let amount = amount.map(|amount| round_half_up(amount, 2));
    check_amount(&mut input, &credit, amount, "The amount exceeds the remaining credit of this document");
    check_amount(&mut input, &invoice, amount, "The amount exceeds the amount outstanding on the invoice");
    if !credit.is_approved() {
        input.problem("Allocations can only be made from Authorised documents");
    }
    if !invoice.is_approved() {
        input.problem("Allocations can only be made against Authorised documents");
    }
    if credit.side != invoice.side {
        input.problem("The credit cannot be allocated to an invoice of this type");
    }
    if credit.contact != invoice.contact {
        input.problem("The credit and the invoice must be of the same contact");
    }
    if credit.currency != invoice.currency {
        input.problem("The credit and the invoice must be in the same currency");
    }
    let stated = input.date("Date");
    // What counts is the later of the two documents' dates.
    let date = credit.date.max(invoice.date);
    books
        .organisation
        .locked(stated.unwrap_or(date).max(date))
        .into_iter()
        .for_each(|text| input.problem(text));
    input.check()?;
    let amount = amount.unwrap_or_default();
    let allocation = Allocation {
        id: books.ids.next(),
        credit: credit.id,
        invoice: invoice.id,
        amount,
        date,
        credit_relief: posting::relief(books, &credit, amount),
        invoice_relief: posting::relief(books, &invoice, amount),
    };
    let now = books.now;
    posting::post_allocation(books, &allocation);
    for document in [credit.id, invoice.id] {
        books.note_settlement(document, allocation.id);
        if let Some(document) = books.documents.get_mut(document) {
            document.settle(Decimal::ZERO, amount, date, now);
        }
    }
    let mut json = render::allocation(books, &allocation);
    json.set(&credit_name(credit.family), super::document::reference(&credit));
    books.allocations.insert(allocation.id, allocation);
    Ok(json)
}

fn credit_name(family: Family) -> String {
    family.id_name().trim_end_matches("ID").to_owned()
}

/// Takes an allocation back.
pub(super) fn unallocate(books: &mut Books, credit: Uuid, id: Uuid) -> Option<Result<Json, Vec<String>>> {
    let allocation = books.allocations.get(id).filter(|found| found.credit == credit)?.clone();
    let locked = books.organisation.locked(allocation.date);
    if !locked.is_empty() {
        return Some(Err(locked));
    }
    books.allocations.remove(id);
    posting::unpost(books, id);
    for document in [allocation.credit, allocation.invoice] {
        unsettle(books, document, Decimal::ZERO, allocation.amount);
    }
    Some(Ok(object! {
        "AllocationId" => id,
        "Date" => super::when::wire_date(allocation.date),
        "Amount" => allocation.amount,
        "Invoice" => vec![object! { "InvoiceID" => allocation.invoice }],
        "IsDeleted" => true,
    }))
}
