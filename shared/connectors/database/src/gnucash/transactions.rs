//! Transactions of a book that post no document: payments, transfers, journal entries.

use std::collections::BTreeSet;

use carry_model::{
    Body, Code, Currency, Date, Decimal, Entity, Fault, Journal, JournalLine, Money, Record, RecordKey,
    SourceId, Transfer,
};

use super::dates::day;
use super::exact::{Exact, sum};
use super::profile::{AccountInfo, Profile};
use super::{documents, rates, settlement, transform};
use crate::fields::Fields;

/// What a split does to what a contact owes or is owed.
#[derive(Debug)]
pub(super) enum Role {
    /// It lies in the lot of a document.
    Settles(RecordKey, String),
    /// It lies in a lot of a contact without a document: a pre-payment, an over-payment, or its return.
    OnAccount(String),
    /// It settles an employee's voucher.
    Employee,
    /// None of these.
    Plain,
}

/// A split of a transaction.
#[derive(Debug)]
pub(super) struct Split<'a> {
    pub(super) account: String,
    pub(super) info: &'a AccountInfo,
    pub(super) memo: Option<String>,
    /// In the transaction's currency.
    pub(super) value: Exact,
    /// In what the account holds.
    pub(super) quantity: Exact,
    pub(super) role: Role,
}

/// A transaction with its splits.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    pub(super) profile: &'a Profile,
    pub(super) guid: String,
    pub(super) number: Option<String>,
    pub(super) date: Date,
    pub(super) currency: Currency,
    pub(super) description: Option<String>,
    /// Last known price of one unit of `currency` in the home currency.
    pub(super) price: Option<Decimal>,
    pub(super) splits: Vec<Split<'a>>,
}

/// What a rejected transaction would have been.
pub(super) fn entity(row: Fields<'_>) -> Entity {
    let control = |split: &Fields<'_>| split.get("document").is_some() || split.get("lot_owner").is_some();
    match row.rows("splits").find(control).and_then(|split| split.int("document_owner_type").ok().flatten()) {
        Some(4 | 5) => Entity::BillPayment,
        Some(_) => Entity::Payment,
        None => Entity::Journal,
    }
}

/// One transaction: a payment for each contact it settles with, and whatever else it moves as a transfer or a
/// journal entry.
pub(super) fn transaction(profile: &Profile, row: Fields<'_>) -> Result<Vec<Record>, Fault> {
    if let Some(reason) = row.text("void_reason")? {
        return Err(Fault::new(Code::VoidNotCarried)
            .detail("The transaction was voided in GnuCash.")
            .text(reason));
    }
    let transaction = read(profile, row)?;
    let imbalance = sum(transaction.splits.iter().map(|split| split.value))?;
    if !imbalance.is_zero() {
        let off = imbalance.decimal(2).map_or_else(|_| "a fraction".to_owned(), |amount| amount.to_string());
        return Err(Fault::new(Code::JournalUnbalanced)
            .detail(format!("It is off by {off} {}.", transaction.currency))
            .hint("Run Actions, Check & Repair in GnuCash, and run again."));
    }
    let has = |wanted: fn(&Role) -> bool| transaction.splits.iter().any(|split| wanted(&split.role));
    if has(|role| matches!(role, Role::Employee)) {
        return Err(Fault::new(Code::EntityUnsupported)
            .detail("It reimburses an employee's voucher; employees are not carried.")
            .hint("Enter it by hand in the target."));
    }
    if has(|role| matches!(role, Role::Settles(..) | Role::OnAccount(_))) {
        return settlement::payments(&transaction);
    }
    let single = match transfer(&transaction)? {
        Some(transfer) => transfer,
        None => journal(&transaction, &transaction.guid, |_, split| Ok(split.value))?.ok_or_else(|| {
            Fault::new(Code::EntityUnsupported)
                .detail("The transaction moves no money.")
                .hint("Nothing to do.")
        })?,
    };
    Ok(vec![single])
}

fn read<'a>(profile: &'a Profile, row: Fields<'_>) -> Result<Transaction<'a>, Fault> {
    let mut seen = BTreeSet::new();
    let mut splits = Vec::new();
    for split in row.rows("splits") {
        if !seen.insert(split.need("guid")?) {
            return Err(Fault::new(Code::IdTwice)
                .field("post_lot")
                .detail("Two documents claim the lot that a split settles.")
                .hint("Run Actions, Check & Repair in GnuCash, and run again."));
        }
        let account = split.need("account_guid")?.into_owned();
        let info = profile.account(&account, "account_guid")?;
        let role = if info.is_control() { role(split)? } else { Role::Plain };
        let (value, quantity) = (Exact::need(split, "value")?, Exact::need(split, "quantity")?);
        splits.push(Split { account, info, memo: split.string("memo")?, value, quantity, role });
    }
    if splits.is_empty() {
        return Err(Fault::new(Code::FieldMissing).field("splits").detail("The transaction has no splits."));
    }
    let date = day(row, "posted_day")?.map_or_else(|| day(row, "post_date"), |date| Ok(Some(date)))?;
    Ok(Transaction {
        profile,
        guid: row.need("guid")?.into_owned(),
        number: row.string("num")?,
        date: date.ok_or_else(|| Fault::new(Code::FieldMissing).field("post_date"))?,
        currency: transform::currency(row)?,
        description: row.string("description")?.or(row.string("notes")?),
        price: rates::price(row)?,
        splits,
    })
}

fn role(split: Fields<'_>) -> Result<Role, Fault> {
    const JOB: i64 = 3;
    const EMPLOYEE: i64 = 5;
    if split.text("lot_guid")?.is_none() {
        return Ok(Role::Plain);
    }
    if let Some(document) = split.string("document")? {
        let owner = split.int("document_owner_type")?.unwrap_or_default();
        let direction = split.int("direction")?.unwrap_or_default();
        let Some(entity) = documents::entity_of(owner, direction, split.flag("credit_note")?) else {
            return Ok(Role::Employee);
        };
        return Ok(Role::Settles(
            RecordKey::new(entity, document),
            split.need("document_owner")?.into_owned(),
        ));
    }
    let owner = match split.int("lot_owner_type")? {
        Some(EMPLOYEE) => return Ok(Role::Employee),
        Some(JOB) => split.string("lot_job_owner")?,
        _ => split.string("lot_owner")?,
    };
    Ok(owner.map_or(Role::Plain, Role::OnAccount))
}

impl Transaction<'_> {
    /// Home units for one unit of the transaction's currency; None in the home currency, and where neither the
    /// transaction nor the book's prices tell.
    pub(super) fn rate(&self) -> Result<Option<Decimal>, Fault> {
        if self.currency == self.profile.home {
            return Ok(None);
        }
        let mut pairs = Vec::new();
        for split in self.splits.iter().filter(|split| split.info.currency == Some(self.profile.home)) {
            pairs.push((split.value.decimal(0)?, split.quantity.decimal(0)?));
        }
        Ok(rates::derive(&pairs, self.price, self.profile.home.minor_digits()))
    }

    /// Home units for one unit of the currency that some of its accounts are kept in.
    pub(super) fn rate_of(&self, currency: Currency) -> Result<Option<Decimal>, Fault> {
        if currency == self.currency || currency == self.profile.home {
            return if currency == self.currency { self.rate() } else { Ok(None) };
        }
        // Values of a transaction in the home currency are home amounts of what its accounts hold.
        let mut pairs = Vec::new();
        for split in self.splits.iter().filter(|split| split.info.currency == Some(currency)) {
            if self.currency == self.profile.home {
                pairs.push((split.quantity.decimal(0)?, split.value.decimal(0)?));
            }
        }
        Ok(rates::derive(&pairs, None, self.profile.home.minor_digits()))
    }
}

/// Money moved between two own accounts, each amount in what its account is kept in.
fn transfer(transaction: &Transaction<'_>) -> Result<Option<Record>, Fault> {
    let [a, b] = transaction.splits.as_slice() else { return Ok(None) };
    let (from, to) = if a.quantity.is_negative() { (a, b) } else { (b, a) };
    let (Some(left), Some(reached)) = (from.info.currency, to.info.currency) else { return Ok(None) };
    let moves = from.quantity.is_negative() && !to.quantity.is_negative() && !to.quantity.is_zero();
    let one_amount = left != reached || from.quantity.abs() == to.quantity;
    if !(moves && one_amount && from.info.is_money() && to.info.is_money() && from.account != to.account) {
        return Ok(None);
    }
    let received = to.quantity.decimal(reached.minor_digits())?;
    let amount = from.quantity.abs().decimal(left.minor_digits())?;
    let rate = if left == transaction.profile.home {
        None
    } else if reached == transaction.profile.home {
        rates::derive(&[(amount, received)], transaction.price, reached.minor_digits())
    } else {
        transaction.rate_of(left)?
    };
    let body = Transfer {
        date: transaction.date,
        from: SourceId::from(from.account.as_str()),
        to: SourceId::from(to.account.as_str()),
        currency: left,
        amount,
        received: (left != reached).then(|| Money::new(received, reached)),
        rate,
        memo: transaction.description.clone().or_else(|| from.memo.clone()),
    };
    let guid = transaction.guid.as_str();
    Record::new(Entity::Transfer, guid, transaction.number.clone(), Body::Transfer(body.into())).map(Some)
}

/// A journal entry of what `amount_of` says each split moves; None where nothing moves.
pub(super) fn journal(
    transaction: &Transaction<'_>,
    id: &str,
    amount_of: impl Fn(usize, &Split<'_>) -> Result<Exact, Fault>,
) -> Result<Option<Record>, Fault> {
    let digits = transaction.currency.minor_digits();
    let mut lines = Vec::new();
    let mut moves = false;
    for (at, split) in transaction.splits.iter().enumerate() {
        let amount = amount_of(at, split)?;
        moves |= !amount.is_zero();
        if amount.is_zero() && (split.quantity.is_zero() || !split.value.is_zero()) {
            continue;
        }
        lines.push(JournalLine {
            account: SourceId::from(split.account.as_str()),
            amount: amount.decimal(digits)?,
            contact: None,
            description: described(split, transaction.currency)?,
            tracking: Vec::new(),
        });
    }
    if !moves {
        return Ok(None);
    }
    let body = Journal {
        date: transaction.date,
        currency: transaction.currency,
        rate: transaction.rate()?,
        memo: transaction.description.clone(),
        lines,
    };
    Record::new(Entity::Journal, id, transaction.number.clone(), Body::Journal(body)).map(Some)
}

/// The memo; with the quantity where the account holds something else than the transaction's currency.
fn described(split: &Split<'_>, currency: Currency) -> Result<Option<String>, Fault> {
    if split.info.currency == Some(currency) {
        return Ok(split.memo.clone());
    }
    let digits = split.info.currency.map_or(0, |held| held.minor_digits());
    let quantity = format!("({} {})", split.quantity.decimal(digits)?, split.info.holds);
    Ok(Some(split.memo.as_ref().map_or_else(|| quantity.clone(), |memo| format!("{memo} {quantity}"))))
}
