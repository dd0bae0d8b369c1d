//! Creating, changing, voiding and deleting objects.

use carry_model::{Date, Decimal};

use super::books::{Books, Key, Plan, Record, number, reference};
use super::claims;
use super::kind::{Kind, Removal};
use super::references::resolve_fields;
use super::refusal::{
    Refusal, business, cannot_be_linked, closed_period, deleted, deposited, invalid_id, not_found,
    not_in_plan, refusal, required, stale, unsupported_operation,
};
use super::settlement;
use super::{attachable, entry, list, preferences, schema, totals};
use crate::json::{Json, object};

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Created, or changed if the body has an id.
    Write,
    Delete,
    Void,
}

/// How a call wants a write done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wishes {
    /// `include=allowduplicatedocnum`
    pub(super) may_repeat_number: bool,
}

/// Carries out a write and gives what stands in the reply under the kind's name.
pub(super) fn write(
    books: &mut Books,
    kind: Kind,
    operation: Operation,
    sent: &Json,
    wishes: Wishes,
) -> Result<Json, Refusal> {
    if books.has_ended {
        return Err(refusal(
            "6190",
            "Subscription ended",
            "The subscription has ended: the company is read-only",
        ));
    }
    let id = sent.get("Id").and_then(Json::as_str).map(str::to_owned);
    match (operation, id) {
        (Operation::Write, None) => create(books, kind, sent, wishes),
        (Operation::Write, Some(id)) => update(books, kind, &id, sent, wishes),
        (Operation::Delete, Some(id)) => delete(books, kind, &id, sent),
        (Operation::Void, Some(id)) => void(books, kind, &id, sent),
        (_, None) => Err(required("Id")),
    }
}

fn create(books: &mut Books, kind: Kind, sent: &Json, wishes: Wishes) -> Result<Json, Refusal> {
    if kind.is_read_only() || matches!(kind, Kind::CompanyInfo | Kind::Preferences) {
        return Err(unsupported_operation("Create"));
    }
    let mut body = schema::writable(kind, sent)?;
    strip_nulls(&mut body);
    let id = if kind == Kind::ExchangeRate {
        entry::check_rate(books, &mut body)?;
        books.add(kind, body)
    } else {
        complete(books, kind, &mut body, None, wishes)?;
        books.add(kind, body)
    };
    follow_up(books, &(kind, id.clone()), Vec::new());
    rendered(books, kind, &id)
}

/// The object that a call names, if what it knows of it is current.
fn current<'a>(books: &'a Books, kind: Kind, id: &str, sent: &Json) -> Result<&'a Record, Refusal> {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(invalid_id(id));
    }
    let record = books.any(kind, id).ok_or_else(not_found)?;
    if record.is_deleted {
        return Err(deleted());
    }
    let token = sent.get("SyncToken").and_then(Json::as_str).ok_or_else(|| required("SyncToken"))?;
    if token == record.token.to_string() { Ok(record) } else { Err(stale()) }
}

fn update(books: &mut Books, kind: Kind, id: &str, sent: &Json, wishes: Wishes) -> Result<Json, Refusal> {
    if kind.is_read_only() {
        return Err(unsupported_operation("Update"));
    }
    let record = current(books, kind, id, sent)?.clone();
    if matches!(kind, Kind::CompanyInfo | Kind::Preferences) {
        let body = preferences::merged(kind, &record.body, sent);
        books.change(kind, id, body);
        return rendered(books, kind, id);
    }
    may_change(books, &record)?;
    let own = record.key();
    let is_sparse = sent.get("sparse").and_then(Json::as_bool) == Some(true)
        && (kind.is_sparse() || books.switches.sparse_everywhere);
    let sent = schema::writable(kind, sent)?;
    let mut body = if is_sparse { merged(kind, &record, &sent)? } else { sent };
    if !is_sparse {
        keep_what_stays(kind, &record, &mut body);
    }
    strip_nulls(&mut body);
    let before = settled_by(&record);
    complete(books, kind, &mut body, Some(&record), wishes)?;
    let settled: Decimal = books.settlements(&own).map(|(_, amount)| amount).sum();
    if number(&body, "TotalAmt").is_some_and(|total| total < settled) {
        return Err(business("The total is less than what has been applied to the transaction"));
    }
    books.change(kind, id, body);
    follow_up(books, &own, before);
    rendered(books, kind, id)
}

/// A sparse update: what was sent over what there is. Lines and tax come as a whole.
fn merged(kind: Kind, record: &Record, sent: &Json) -> Result<Json, Refusal> {
    let kept: Vec<(String, Json)> = record.body.as_object().unwrap_or_default().to_vec();
    let mut body = schema::writable(kind, &Json::Object(kept))?;
    if sent.get("Line").is_some() && sent.get("TxnTaxDetail").is_none() {
        body.remove("TxnTaxDetail");
    }
    for (name, value) in sent.as_object().unwrap_or_default() {
        body.set(name, value.clone());
    }
    Ok(body)
}

/// What a full update does not clear: what cannot be changed anyway, and numbers that the server gave.
fn keep_what_stays(kind: Kind, record: &Record, body: &mut Json) {
    let kept: &[&str] = match kind {
        kind if kind.is_transaction() => &["TxnDate"],
        Kind::Account => &["AccountType", "AccountSubType"],
        Kind::Item => &["Type"],
        Kind::Attachable => &["FileName", "ContentType"],
        _ => &[],
    };
    for field in kept {
        if body.get(field).is_none()
            && let Some(value) = record.body.get(field)
        {
            body.set(field, value.clone());
        }
    }
}

fn strip_nulls(body: &mut Json) {
    if let Json::Object(fields) = body {
        fields.retain(|(_, value)| *value != Json::Null && value.as_str() != Some(""));
    }
}

/// Checks a body and fills in what the server knows.
fn complete(
    books: &mut Books,
    kind: Kind,
    body: &mut Json,
    old: Option<&Record>,
    wishes: Wishes,
) -> Result<(), Refusal> {
    let is_new = old.is_none();
    resolve_fields(books, kind, body, is_new)?;
    if kind == Kind::Attachable {
        return attachable::check(books, body, old);
    }
    if !kind.is_transaction() {
        return list::check(books, kind, body, old);
    }
    in_plan(books, kind)?;
    if body.get("TxnDate").is_none() {
        body.set("TxnDate", books.today().to_string());
    }
    open_period(books, date(body))?;
    if kind == Kind::TimeActivity {
        return entry::check_time(body);
    }
    let own = old.map(Record::key);
    let party = party_currency(books, body);
    super::currency::settle(books, body, party.as_deref())?;
    open_controls(books, kind, body);
    numbered(books, kind, body, own.as_ref(), wishes)?;
    match kind {
        _ if kind.is_sale() || kind.is_expense() => document(books, kind, body, is_new)?,
        Kind::Payment | Kind::BillPayment => {
            entry::check_payment(books, kind, body, is_new)?;
            settlement::check(books, kind, body, own.as_ref())?;
        }
        Kind::JournalEntry => entry::check_journal(books, body, is_new)?,
        Kind::Deposit => entry::check_deposit(books, body, own.as_ref(), is_new)?,
        _ => entry::check_move(books, kind, body)?,
    }
    Ok(())
}

fn in_plan(books: &Books, kind: Kind) -> Result<(), Refusal> {
    match kind {
        Kind::Bill | Kind::VendorCredit | Kind::BillPayment if books.plan < Plan::Essentials => {
            Err(not_in_plan(kind.name()))
        }
        Kind::PurchaseOrder if books.plan < Plan::Plus => Err(not_in_plan(kind.name())),
        _ => Ok(()),
    }
}

fn date(body: &Json) -> Date {
    body.get("TxnDate").and_then(Json::as_str).and_then(|text| text.parse().ok()).unwrap_or(Date::ZERO)
}

/// Refuses a day on or before the closing date.
fn open_period(books: &Books, date: Date) -> Result<(), Refusal> {
    let closed = books.preference("AccountingInfoPrefs.BookCloseDate").and_then(Json::as_str);
    let closed: Option<Date> = closed.and_then(|text| text.parse().ok());
    if closed.is_some_and(|closed| date <= closed) { Err(closed_period()) } else { Ok(()) }
}

/// The currency of the customer or vendor of a transaction.
fn party_currency(books: &Books, body: &Json) -> Option<String> {
    let parties = [("CustomerRef", Kind::Customer), ("VendorRef", Kind::Vendor)];
    let party = parties.into_iter().find_map(|(field, kind)| books.get(kind, reference(body, field)?))?;
    Some(party.reference("CurrencyRef").unwrap_or(&books.home).to_owned())
}

/// Makes sure that receivables and payables of the transaction's currency have an account.
fn open_controls(books: &mut Books, kind: Kind, body: &Json) {
    let control = match kind {
        Kind::Invoice | Kind::CreditMemo | Kind::Payment => "Accounts Receivable",
        Kind::Bill | Kind::VendorCredit | Kind::BillPayment => "Accounts Payable",
        _ => return,
    };
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    books.open_control(control, &currency);
}

/// Gives a number where the company does not give its own, and refuses one that is taken.
fn numbered(
    books: &Books,
    kind: Kind,
    body: &mut Json,
    own: Option<&Key>,
    wishes: Wishes,
) -> Result<(), Refusal> {
    let numbers_itself = kind.is_sale() && !books.prefers("SalesFormsPrefs.CustomTxnNumbers");
    if numbers_itself && body.get("DocNumber").is_none() {
        let before = own.and_then(|(kind, id)| books.get(*kind, id)?.text("DocNumber"));
        let number = before.map(str::to_owned).unwrap_or_else(|| claims::next_number(books, kind));
        body.set("DocNumber", number);
    }
    claims::check_number(books, kind, body, own, wishes.may_repeat_number)
}

/// A document with lines that sell or buy.
fn document(books: &mut Books, kind: Kind, body: &mut Json, is_new: bool) -> Result<(), Refusal> {
    let needed: &[&str] = match kind {
        Kind::Invoice | Kind::Estimate | Kind::CreditMemo => &["CustomerRef"],
        Kind::RefundReceipt => &["DepositToAccountRef"],
        Kind::Bill | Kind::VendorCredit => &["VendorRef"],
        Kind::PurchaseOrder => &["VendorRef", "APAccountRef"],
        Kind::Purchase => &["PaymentType", "AccountRef"],
        _ => &[],
    };
    if let Some(missing) = needed.iter().find(|field| body.get(field).is_none()) {
        return Err(required(missing));
    }
    entry::check_accounts(books, kind, body)?;
    if kind == Kind::SalesReceipt && body.get("DepositToAccountRef").is_none() {
        let account = books.system("UndepositedFunds").to_owned();
        body.set("DepositToAccountRef", super::references::resolve(books, Kind::Account, &account, is_new)?);
    }
    if matches!(kind, Kind::Invoice | Kind::Bill) && body.get("DueDate").is_none() {
        let due = entry::due_date(books, body, date(body));
        body.set("DueDate", due.to_string());
    }
    match kind {
        Kind::Estimate if body.get("TxnStatus").is_none() => body.set("TxnStatus", "Pending"),
        Kind::PurchaseOrder if body.get("POStatus").is_none() => body.set("POStatus", "Open"),
        _ => {}
    }
    totals::total(books, kind, body, is_new)?;
    if matches!(kind, Kind::SalesReceipt | Kind::RefundReceipt) {
        body.set("Balance", books.round(Decimal::ZERO, &books.home));
    }
    Ok(())
}

/// Refuses to change or take away what others hold on to.
fn may_change(books: &Books, record: &Record) -> Result<(), Refusal> {
    if !record.kind.is_transaction() {
        return Ok(());
    }
    open_period(books, record.date())?;
    if books.deposited.contains_key(&record.key()) { Err(deposited()) } else { Ok(()) }
}

/// The items that a payment is applied to, and what a deposit takes up.
fn settled_by(record: &Record) -> Vec<Key> {
    let applied = settlement::applications(record).into_iter().map(|(item, _)| item);
    applied.chain(settlement::deposits(record)).collect()
}

/// Brings everything up to date that follows from a transaction: the items it settles now and settled before, and
/// what it shows of its own settlements.
fn follow_up(books: &mut Books, own: &Key, before: Vec<Key>) {
    let now = books.get(own.0, &own.1).map(settled_by).unwrap_or_default();
    for item in before.into_iter().chain(now) {
        settlement::refresh(books, &item);
        let others: Vec<Key> = books.settlements(&item).map(|(by, _)| by.clone()).collect();
        books.touched.extend(others);
    }
    if books.get(own.0, &own.1).is_some() {
        settlement::show(books, own);
    }
    entry::close_linked(books, own);
}

fn delete(books: &mut Books, kind: Kind, id: &str, sent: &Json) -> Result<Json, Refusal> {
    if kind.removal() != Removal::Delete {
        return Err(unsupported_operation("Delete"));
    }
    let record = current(books, kind, id, sent)?.clone();
    may_change(books, &record)?;
    let own = record.key();
    if let Some(((by, by_id), _)) = books.settlements(&own).next() {
        return Err(cannot_be_linked(&format!(
            "{} {by_id} is applied to it; unlink it first, then delete the transaction",
            by.name()
        )));
    }
    books.delete(kind, id);
    attachable::detach(books, kind, id);
    follow_up(books, &own, settled_by(&record));
    Ok(object! { "domain" => "QBO", "status" => "Deleted", "Id" => id })
}

/// Voids a transaction: it stays, and everything about it is zero.
fn void(books: &mut Books, kind: Kind, id: &str, sent: &Json) -> Result<Json, Refusal> {
    if !kind.can_be_voided() {
        return Err(unsupported_operation("Void"));
    }
    let record = current(books, kind, id, sent)?.clone();
    may_change(books, &record)?;
    let own = record.key();
    let before = settled_by(&record);
    settlement::release(books, &own);
    let mut body = record.body.clone();
    let zero = books.round(Decimal::ZERO, record.reference("CurrencyRef").unwrap_or(&books.home));
    for field in ["TotalAmt", "Balance", "HomeTotalAmt", "HomeBalance", "UnappliedAmt"] {
        if body.get(field).is_some() {
            body.set(field, zero);
        }
    }
    let is_payment = matches!(kind, Kind::Payment | Kind::BillPayment);
    let lines = body.get("Line").and_then(Json::as_array).unwrap_or_default();
    let lines: Vec<Json> = lines.iter().filter(|_| !is_payment).map(|line| emptied(line, zero)).collect();
    body.set("Line", lines);
    if body.get("TxnTaxDetail").is_some() {
        body.set("TxnTaxDetail", object! { "TotalTax" => zero });
    }
    body.set("LinkedTxn", Vec::<Json>::new());
    let note = body.get("PrivateNote").and_then(Json::as_str).map(|note| format!("Voided - {note}"));
    let note: String = note.unwrap_or_else(|| "Voided".to_owned()).chars().take(4000).collect();
    body.set("PrivateNote", note);
    books.change(kind, id, body);
    follow_up(books, &own, before);
    rendered(books, kind, id)
}

/// A line of a voided transaction.
fn emptied(line: &Json, zero: Decimal) -> Json {
    let mut line = line.clone();
    line.set("Amount", zero);
    if let Some(mut detail) = line.get("SalesItemLineDetail").cloned() {
        for field in ["Qty", "UnitPrice", "TaxInclusiveAmt"] {
            if detail.get(field).is_some() {
                detail.set(field, Decimal::ZERO);
            }
        }
        line.set("SalesItemLineDetail", detail);
    }
    line
}

fn rendered(books: &Books, kind: Kind, id: &str) -> Result<Json, Refusal> {
    let record = books.get(kind, id).ok_or_else(not_found)?;
    Ok(super::render::record(books, record))
}
