//! Bank transactions, the prepayments and overpayments they make, and transfers between bank accounts.

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use uuid::Uuid;

use super::account::Account;
use super::books::Books;
use super::document::{Document, Family, Side, Status};
use super::header;
use super::input::Input;
use super::invoice::{Manner, Written};
use super::line::{LineAmounts, read_trackings};
use super::posting;
use super::render;
use super::tracking;
use super::when;
use crate::json::{Json, object};

/// A type with its side, and the credit it makes with the contact.
type Kind = (&'static str, Side, Option<Family>);

const KINDS: [(&str, Kind); 6] = [
    ("RECEIVE", ("RECEIVE", Side::Sales, None)),
    ("SPEND", ("SPEND", Side::Purchases, None)),
    ("RECEIVE-PREPAYMENT", ("RECEIVE-PREPAYMENT", Side::Sales, Some(Family::Prepayment))),
    ("SPEND-PREPAYMENT", ("SPEND-PREPAYMENT", Side::Purchases, Some(Family::Prepayment))),
    ("RECEIVE-OVERPAYMENT", ("RECEIVE-OVERPAYMENT", Side::Sales, Some(Family::Overpayment))),
    ("SPEND-OVERPAYMENT", ("SPEND-OVERPAYMENT", Side::Purchases, Some(Family::Overpayment))),
];

/// Creates, changes or deletes a bank transaction.
pub(super) fn write(
    books: &mut Books,
    id: Option<Uuid>,
    sent: &Json,
    manner: Manner,
) -> Result<Written, Vec<String>> {
    let mut input = Input::new(sent);
    let id = id.or_else(|| input.id("BankTransactionID")).filter(|_| manner.may_update);
    let before = header::before(books, Family::BankTransaction, id)?;
    let status = input.choice("Status", &Status::CHOICES).unwrap_or(Status::Authorised);
    if !matches!(status, Status::Authorised | Status::Deleted) {
        input.problem("The status of a bank transaction must be AUTHORISED or DELETED");
    }
    if let Some(before) = &before {
        check_change(&mut input, before);
    }
    input.check()?;
    let (mut document, makes) = match &before {
        Some(before) => (before.clone(), None),
        None => create(books, &mut input)?,
    };
    document.status = status;
    if status == Status::Authorised {
        read(books, &mut input, &mut document, makes, manner);
        header::check_contact(books, &mut input, document.contact, before.is_none());
    }
    header::check_locks(books, &mut input, before.as_ref(), &document);
    input.check()?;
    if let Some(family) = makes {
        document.twin = Some(make_credit(books, &document, family));
    }
    let warnings = input.warnings().to_vec();
    Ok(Written { id: header::put(books, document), warnings })
}

fn check_change(input: &mut Input<'_>, before: &Document) {
    if before.status == Status::Deleted {
        input.problem("This Bank Transaction has been deleted and cannot be modified");
    }
    let only_reconciles = input.json().as_object().unwrap_or_default().iter().all(|(name, _)| {
        ["BankTransactionID", "IsReconciled"].iter().any(|open| open.eq_ignore_ascii_case(name))
    });
    if before.is_reconciled && !only_reconciles {
        input.problem(
            "This Bank Transaction cannot be edited as it has been reconciled with a Bank Statement.",
        );
    }
    if before.twin.is_some() {
        input.problem("This Bank Transaction is part of a prepayment or overpayment and cannot be edited.");
    }
}

fn create(books: &mut Books, input: &mut Input<'_>) -> Result<(Document, Option<Family>), Vec<String>> {
    let Some((kind, side, makes)) = input.choice("Type", &KINDS) else {
        return Err(vec!["A valid Type must be specified for this transaction".to_owned()]);
    };
    let mut document = header::blank(books, Family::BankTransaction, side, kind);
    if makes == Some(Family::Overpayment) {
        document.amounts = LineAmounts::NoTax;
    }
    Ok((document, makes))
}

fn read(
    books: &mut Books,
    input: &mut Input<'_>,
    document: &mut Document,
    makes: Option<Family>,
    manner: Manner,
) {
    let bank = input.field("BankAccount").map(|account| books.account_of(account).cloned());
    match bank {
        Some(Some(bank)) if bank.is_bank() && bank.is_active() => use_bank(books, document, &bank),
        Some(_) => input.problem("The bank account could not be found or is no bank account"),
        None if document.bank_account.is_none() => input.problem("BankAccount must be specified"),
        None => {}
    }
    if makes == Some(Family::Overpayment) {
        // What is overpaid stands with the contact: its line has no account and no tax of its own.
        let mut sent = input.json().clone();
        let lines =
            sent.at("LineItems").and_then(Json::as_array).unwrap_or_default().iter().map(without_coding);
        sent.set("LineItems", lines.collect::<Vec<_>>());
        sent.remove("LineAmountTypes");
        let mut coded = Input::new(&sent);
        header::read(books, &mut coded, document, manner.decimals, false);
        if let Err(messages) = coded.check() {
            messages.into_iter().for_each(|message| input.problem(message));
        }
    } else {
        header::read(books, input, document, manner.decimals, true);
    }
    if document.totals.total <= Decimal::ZERO && makes.is_some() {
        input.problem("The total of a prepayment or overpayment must be greater than zero");
    }
    document.is_reconciled = input.flag("IsReconciled").unwrap_or(document.is_reconciled);
    header::keep(input, document, &["Url"]);
}

fn without_coding(line: &Json) -> Json {
    let fields = line.as_object().unwrap_or_default().iter();
    let coded = ["AccountCode", "AccountID", "TaxType", "TaxAmount"];
    Json::object(fields.filter(|(name, _)| !coded.iter().any(|c| c.eq_ignore_ascii_case(name))).cloned())
}

/// A bank transaction is in the currency of its account.
fn use_bank(books: &Books, document: &mut Document, bank: &Account) {
    document.bank_account = Some(bank.id);
    let currency = bank.currency.clone().unwrap_or_else(|| books.organisation.currency.clone());
    if currency != document.currency {
        document.rate = header::day_rate(books, &currency);
        document.currency = currency;
    }
}

/// The prepayment or overpayment that stands with the contact until it is allocated or refunded.
fn make_credit(books: &mut Books, transaction: &Document, family: Family) -> Uuid {
    let credit = Document {
        id: books.ids.next(),
        family,
        twin: Some(transaction.id),
        bank_account: None,
        ..transaction.clone()
    };
    header::put(books, credit)
}

/// Money moved between two bank accounts.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    pub(super) id: Uuid,
    pub(super) from: Uuid,
    pub(super) to: Uuid,
    amount: Decimal,
    rate: Decimal,
    date: Date,
    reference: Option<String>,
    is_reconciled: (bool, bool),
    from_tracking: Vec<(Uuid, Uuid)>,
    to_tracking: Vec<(Uuid, Uuid)>,
    pub(super) is_deleted: bool,
    transactions: (Uuid, Uuid),
    pub(super) created: Timestamp,
}

impl Transfer {
    pub(super) fn json(&self, books: &Books) -> Json {
        let account = |id: Uuid| books.accounts.get(id).map(Account::reference);
        let tracked = |tracking: &[(Uuid, Uuid)]| {
            tracking.iter().map(|one| tracking::reference(books, *one)).collect::<Vec<_>>()
        };
        object! {
            "BankTransferID" => self.id,
            "CreatedDateUTCString" => when::iso_time(self.created),
            "CreatedDateUTC" => when::wire_time(self.created),
            "DateString" => when::iso_date(self.date),
            "Date" => when::wire_date(self.date),
            "Status" => if self.is_deleted { "DELETED" } else { "AUTHORISED" },
            "FromBankAccount" => account(self.from),
            "ToBankAccount" => account(self.to),
            "Amount" => render::money(self.amount),
            "FromBankTransactionID" => self.transactions.0,
            "ToBankTransactionID" => self.transactions.1,
            "FromIsReconciled" => self.is_reconciled.0,
            "ToIsReconciled" => self.is_reconciled.1,
            "Reference" => self.reference.clone().unwrap_or_default(),
            "CurrencyRate" => render::rate(self.rate),
            "FromTracking" => tracked(&self.from_tracking),
            "ToTracking" => tracked(&self.to_tracking),
            "HasAttachments" => books.has_attachments(self.id),
        }
    }
}

/// Creates a transfer.
pub(super) fn transfer(books: &mut Books, sent: &Json) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let bank = |name: &str, input: &mut Input<'_>| {
        let found = input.field(name).and_then(|account| books.account_of(account));
        let found = found.filter(|account| account.is_bank() && account.is_active()).cloned();
        if found.is_none() {
            input.problem(format!("{name} could not be found or is no bank account"));
        }
        found
    };
    let (from, to) = (bank("FromBankAccount", &mut input), bank("ToBankAccount", &mut input));
    let amount = input.decimal("Amount").map(|amount| round_half_up(amount, 2)).unwrap_or_default();
    if amount <= Decimal::ZERO {
        input.problem("Amount must be greater than zero");
    }
    let date = input.date("Date").unwrap_or_else(|| books.today());
    books.organisation.locked(date).into_iter().for_each(|message| input.problem(message));
    let tracked = |name: &str, input: &mut Input<'_>| {
        let sent = input.field(name).and_then(Json::as_array).unwrap_or_default();
        read_trackings(books, input, sent)
    };
    let from_tracking = tracked("FromTracking", &mut input);
    let to_tracking = tracked("ToTracking", &mut input);
    if from.as_ref().map(|account| account.id) == to.as_ref().map(|account| account.id) {
        input.problem("Money cannot be transferred to the same bank account");
    }
    let reference = input.text("Reference");
    let mut flag = |name: &str| input.flag(name).unwrap_or(false);
    let is_reconciled = (flag("FromIsReconciled"), flag("ToIsReconciled"));
    input.check()?;
    let (Some(from), Some(to)) = (from, to) else { return Err(Vec::new()) };
    let home = &books.organisation.currency;
    let rate = match &from.currency {
        Some(currency) if currency != home => header::day_rate(books, currency),
        _ => Decimal::ONE,
    };
    let transfer = Transfer {
        id: books.ids.next(),
        from: from.id,
        to: to.id,
        amount,
        rate,
        date,
        reference,
        is_reconciled,
        from_tracking,
        to_tracking,
        is_deleted: false,
        transactions: (books.ids.next(), books.ids.next()),
        created: books.now,
    };
    let moved = books.at_home(amount, rate);
    posting::post_plain(books, transfer.id, date, &[(to.id, moved), (from.id, -moved)]);
    let json = transfer.json(books);
    books.transfers.insert(transfer.id, transfer);
    Ok(json)
}

/// Deletes a transfer that is not reconciled.
pub(super) fn delete_transfer(books: &mut Books, id: Uuid) -> Result<Json, Vec<String>> {
    let Some(transfer) = books.transfers.get(id).cloned() else {
        return Err(vec!["Bank transfer not found".to_owned()]);
    };
    let mut problems = books.organisation.locked(transfer.date);
    if transfer.is_deleted {
        problems.push("This bank transfer has already been deleted".to_owned());
    }
    if transfer.is_reconciled.0 || transfer.is_reconciled.1 {
        problems.push("This bank transfer has been reconciled and cannot be deleted".to_owned());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    posting::unpost(books, id);
    let deleted = Transfer { is_deleted: true, ..transfer };
    let json = deleted.json(books);
    books.transfers.insert(id, deleted);
    Ok(json)
}
