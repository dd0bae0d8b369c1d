//! Invoices, bills and credit notes of a book.

use carry_model::{
    Body, Code, Currency, Date, Decimal, Document, DocumentTax, Entity, Fault, Line, Record, SourceId,
    Status, TaxMode,
};

use super::compute::{Computed, DiscountHow, Entry, compute, share_taxes};
use super::dates::day;
use super::exact::{Exact, sum};
use super::profile::{AmountKind, Profile};
use super::transform::currency;
use super::{lines, rates};
use crate::fields::Fields;

const CUSTOMER: i64 = 2;
const JOB: i64 = 3;
const VENDOR: i64 = 4;
const EMPLOYEE: i64 = 5;

/// What a row of `invoices` is: `owner` is GnuCash's owner type, `direction` the sign of what was posted to the
/// receivable or payable account (0 where nothing was), `credit` the credit-note flag, which decides where nothing
/// was posted. None for an employee's voucher.
///
/// An invoice posted at a negative total is a credit note in all but name, and the other way round.
pub(super) fn entity_of(owner: i64, direction: i64, credit: bool) -> Option<Entity> {
    let raises = |sign: i64| if direction == 0 { !credit } else { direction.signum() == sign };
    match owner {
        CUSTOMER => Some(if raises(1) { Entity::Invoice } else { Entity::CreditNote }),
        VENDOR => Some(if raises(-1) { Entity::Bill } else { Entity::BillCredit }),
        _ => None,
    }
}

/// Who a document is for: owner type and guid, the owner of the job where it is for a job.
fn owner(row: Fields<'_>) -> Result<(i64, Option<String>), Fault> {
    match row.int("owner_type")? {
        Some(JOB) => Ok((row.int("job_owner_type")?.unwrap_or(JOB), row.string("job_owner_guid")?)),
        Some(kind) => Ok((kind, row.string("owner_guid")?)),
        None => Err(Fault::new(Code::FieldMissing).field("owner_type")),
    }
}

/// What was posted to the receivable or payable account, with its sign there; None where the row is not posted.
fn posted(row: Fields<'_>) -> Result<Option<Exact>, Fault> {
    let Some(account) = row.text("post_acc")?.filter(|_| row.get("post_txn").is_some()) else {
        return Ok(None);
    };
    let lot = row.text("post_lot")?;
    let mut amounts = Vec::new();
    for split in row.rows("posting") {
        if split.text("account_guid")?.as_ref() == Some(&account) && split.text("lot_guid")? == lot {
            amounts.push(Exact::need(split, "quantity")?);
        }
    }
    if amounts.is_empty() {
        return Err(Fault::new(Code::ReferenceMissing)
            .field("post_txn")
            .detail("The posting transaction has no split on the posting account in the document's lot.")
            .hint("Run Actions, Check & Repair in GnuCash, or unpost and post the document again."));
    }
    sum(amounts).map(Some)
}

/// What the row is; None for an employee's voucher.
pub(super) fn entity(row: Fields<'_>) -> Result<Option<Entity>, Fault> {
    let direction = match posted(row)? {
        Some(amount) if amount.is_negative() => -1,
        Some(amount) => i64::from(!amount.is_zero()),
        None => 0,
    };
    Ok(entity_of(owner(row)?.0, direction, row.flag("credit_note")?))
}

/// One document.
pub(super) fn document(profile: &Profile, row: Fields<'_>) -> Result<Record, Fault> {
    let (owner_type, contact) = owner(row)?;
    let posted = posted(row)?;
    let Some(entity) = entity(row)? else { return Err(not_carried(owner_type, posted)) };
    let sales = owner_type == CUSTOMER;
    let contact = contact.ok_or_else(|| Fault::new(Code::FieldMissing).field("owner_guid"))?;
    if row.int(if sales { "customers" } else { "vendors" })? != Some(1) {
        return Err(Fault::new(Code::ReferenceMissing).field("owner_guid").text(contact).detail(if sales {
            "The book has no such customer."
        } else {
            "The book has no such vendor."
        }));
    }
    let currency = currency(row)?;
    let fraction = row.int("fraction")?.unwrap_or(100);
    // The book's sign in the document's own sense: entries of a credit note are stored with negative quantities.
    let stored = Stored {
        profile,
        currency,
        fraction,
        credit: matches!(entity, Entity::CreditNote | Entity::BillCredit),
    };
    let parts = stored.parts(row, if sales { "sales" } else { "purchases" })?;
    let date = date_of(row, posted.is_some())?;
    let (total, outstanding, status) = match posted {
        // A claim on a customer is a debit, a supplier's claim a credit.
        Some(amount) => {
            let sense = |amount: Exact| {
                if matches!(entity, Entity::Invoice | Entity::BillCredit) {
                    Ok(amount)
                } else {
                    amount.negated()
                }
            };
            (
                stored.money(sense(amount)?)?,
                stored.money(sense(lot_balance(profile, row, currency)?)?)?,
                Status::Open,
            )
        }
        None => (parts.sum()?, Decimal::ZERO, Status::Draft),
    };
    let mut document = Document::new(date, currency, total);
    document.contact = Some(SourceId::from(contact));
    document.due = if posted.is_some() {
        day(row, "due_day")?.map_or_else(|| day(row, "due_time"), |due| Ok(Some(due)))?
    } else {
        None
    };
    document.rate = if currency == profile.home { None } else { rate(profile, row, currency)? };
    document.tax_mode = parts.tax_mode;
    document.outstanding = Some(outstanding);
    document.status = status;
    document.lines = parts.lines;
    document.taxes = parts.taxes;
    document.terms = row.text("terms")?.map(|terms| SourceId::from(profile.terms_of(&terms)));
    document.reference = row.string("billing_id")?;
    document.memo = row.string("notes")?;
    document.project = if row.int("owner_type")? == Some(JOB) {
        row.string("owner_guid")?.map(SourceId::from)
    } else {
        None
    };
    Record::new(entity, &*row.need("guid")?, row.string("id")?, Body::Document(document.into()))
}

fn not_carried(owner_type: i64, posted: Option<Exact>) -> Fault {
    if owner_type != EMPLOYEE {
        return Fault::new(Code::ReferenceMissing)
            .field("owner_guid")
            .detail("The document belongs to no customer or vendor that the book has.");
    }
    let amount = posted.and_then(|amount| amount.abs().decimal(2).ok()).unwrap_or_default();
    Fault::new(Code::EntityUnsupported)
        .field("owner_type")
        .detail(format!("An employee's voucher of {amount}; employees and their vouchers are not carried."))
        .hint("Enter it by hand in the target, or bill it through a vendor in GnuCash.")
}

fn date_of(row: Fields<'_>, posted: bool) -> Result<Date, Fault> {
    let names: &[&str] =
        if posted { &["posted_day", "post_date", "date_posted", "date_opened"] } else { &["date_opened"] };
    for name in names {
        if let Some(date) = day(row, name)? {
            return Ok(date);
        }
    }
    Err(Fault::new(Code::FieldMissing).field(if posted { "date_posted" } else { "date_opened" }))
}

/// What is left in the document's lot, in the currency of the account, which must be the document's.
fn lot_balance(profile: &Profile, row: Fields<'_>, currency: Currency) -> Result<Exact, Fault> {
    let account = row.need("post_acc")?;
    let held = profile.account(&account, "post_acc")?;
    if held.currency != Some(currency) {
        return Err(Fault::new(Code::CurrencyMixed)
            .field("post_acc")
            .detail(format!("A document in {currency} is posted to an account kept in {}.", held.holds)));
    }
    let lot = row.text("post_lot")?;
    if lot.is_none() {
        return Err(Fault::new(Code::FieldMissing).field("post_lot").detail("A posted document has no lot."));
    }
    sum(row.rows("lot").map(|split| Exact::need(split, "quantity")).collect::<Result<Vec<_>, _>>()?)
}

/// Home units for one unit of the document's currency, from the accounts in home currency it was posted to.
fn rate(profile: &Profile, row: Fields<'_>, currency: Currency) -> Result<Option<Decimal>, Fault> {
    if row.text("posted_currency")?.is_none_or(|posted| posted != currency.code()) {
        return Ok(None);
    }
    let mut pairs = Vec::new();
    for split in row.rows("posting") {
        let home = split.text("account_guid")?.and_then(|guid| profile.accounts.get(&*guid)?.currency);
        if home == Some(profile.home) {
            pairs.push((
                Exact::need(split, "value")?.decimal(0)?,
                Exact::need(split, "quantity")?.decimal(0)?,
            ));
        }
    }
    Ok(rates::derive(&pairs, rates::price(row)?, profile.home.minor_digits()))
}

/// How amounts of a document are stored.
pub(super) struct Stored<'a> {
    pub(super) profile: &'a Profile,
    pub(super) currency: Currency,
    /// Smallest units of the currency in one unit.
    pub(super) fraction: i64,
    /// True where the document's own sense is the negative of what is stored.
    pub(super) credit: bool,
}

/// Lines and taxes of a document.
pub(super) struct Parts {
    lines: Vec<Line>,
    taxes: Vec<DocumentTax>,
    tax_mode: TaxMode,
}

impl Parts {
    fn sum(&self) -> Result<Decimal, Fault> {
        let nets = self.lines.iter().map(|line| line.net);
        carry_model::checked_sum(nets.chain(self.taxes.iter().map(|tax| tax.amount)))
    }
}

impl<'a> Stored<'a> {
    pub(super) fn sense(&self, amount: Exact) -> Result<Exact, Fault> {
        if self.credit { amount.negated() } else { Ok(amount) }
    }

    /// An amount of the document's currency as a decimal.
    pub(super) fn money(&self, amount: Exact) -> Result<Decimal, Fault> {
        amount.decimal(self.currency.minor_digits())
    }

    fn parts(&self, row: Fields<'a>, table: &str) -> Result<Parts, Fault> {
        let entries: Vec<_> = row.rows(table).collect();
        let mut computed = Vec::with_capacity(entries.len());
        for entry in &entries {
            let read = self.entry(*entry)?;
            computed.push((*entry, read, compute(&read, self.fraction)?));
        }
        let tax_mode = lines::tax_mode(computed.iter().map(|(_, entry, _)| entry));
        let mut lines = Vec::with_capacity(computed.len());
        for (row, entry, computed) in &computed {
            lines.push(lines::line(self, *row, entry, computed, tax_mode)?);
        }
        Ok(Parts { lines, taxes: self.taxes(&computed)?, tax_mode })
    }

    fn entry(&self, row: Fields<'a>) -> Result<Entry<'a>, Fault> {
        let table = if row.flag("taxable")? { row.text("tax_table")? } else { None };
        let tax = match &table {
            Some(guid) => Some(self.profile.taxes.get(&**guid).ok_or_else(|| {
                Fault::new(Code::ReferenceMissing)
                    .field("tax_table")
                    .text(guid)
                    .detail("The book has no such tax table.")
            })?),
            None => None,
        };
        let (discount_kind, discount_how) = discount_rule(row)?;
        Ok(Entry {
            quantity: Exact::read(row, "quantity")?.unwrap_or(Exact::ZERO),
            price: Exact::read(row, "price")?.unwrap_or(Exact::ZERO),
            discount: Exact::read(row, "discount")?.unwrap_or(Exact::ZERO),
            discount_kind,
            discount_how,
            tax,
            tax_included: row.flag("tax_included")?,
        })
    }

    fn taxes(&self, computed: &[(Fields<'a>, Entry<'a>, Computed<'a>)]) -> Result<Vec<DocumentTax>, Fault> {
        let mut tables = Vec::with_capacity(computed.len());
        for (row, _, computed) in computed {
            let table = row.text("tax_table")?.unwrap_or_default();
            tables.push((table, &computed.taxes));
        }
        let each = |(table, taxes): &'_ (_, &'_ Vec<(&'a str, Exact)>)| {
            let table: &std::borrow::Cow<'a, str> = table;
            let folded = self.profile.tax_of(table).to_owned();
            taxes.iter().map(|(account, amount)| (folded.clone(), *account, *amount)).collect::<Vec<_>>()
        };
        let owned: Vec<(String, &str, Exact)> = tables.iter().flat_map(each).collect();
        let parts: Vec<(&str, &str, Exact)> =
            owned.iter().map(|(table, account, tax)| (table.as_str(), *account, *tax)).collect();
        let mut taxes = Vec::new();
        for (table, amount) in share_taxes(&parts, self.fraction)? {
            let amount = self.money(self.sense(amount)?)?;
            if !amount.is_zero() {
                taxes.push(DocumentTax { tax_rate: Some(SourceId::from(table)), amount });
            }
        }
        Ok(taxes)
    }
}

fn discount_rule(row: Fields<'_>) -> Result<(AmountKind, DiscountHow), Fault> {
    let unknown = |field: &str, text: &str| Fault::new(Code::ValueUnknown).field(field).text(text);
    let kind = match row.text("discount_type")?.as_deref() {
        None | Some("PERCENT") => AmountKind::Percent,
        Some("VALUE") => AmountKind::Value,
        Some(other) => return Err(unknown("discount_type", other)),
    };
    let how = match row.text("discount_how")?.as_deref() {
        None | Some("PRETAX") => DiscountHow::PreTax,
        Some("SAMETIME") => DiscountHow::SameTime,
        Some("POSTTAX") => DiscountHow::PostTax,
        Some(other) => return Err(unknown("discount_how", other)),
    };
    Ok((kind, how))
}
