//! Payments: transactions whose splits lie in lots of receivable or payable accounts.

use std::collections::BTreeMap;

use carry_model::{
    AccountClass, Allocation, Body, Code, Currency, Entity, Fault, Ledger, Payment, Record, RecordKey,
    SourceId,
};

use super::exact::{Exact, sum};
use super::transactions::{Role, Split, Transaction, journal};

/// What one contact settles in one currency.
#[derive(Default)]
struct Group {
    /// Indexes of its splits.
    splits: Vec<usize>,
    allocations: BTreeMap<RecordKey, Exact>,
}

type Key = (Ledger, Currency, String);

/// A payment for each contact, and the rest of the transaction (bank charges, write-offs, differences) as a journal
/// entry that together with the payments moves exactly what the transaction moved.
pub(super) fn payments(transaction: &Transaction<'_>) -> Result<Vec<Record>, Fault> {
    let groups = group(transaction)?;
    let grouped = |at: usize| groups.values().any(|group| group.splits.contains(&at));
    let others: Vec<(usize, &Split<'_>)> =
        transaction.splits.iter().enumerate().filter(|(at, _)| !grouped(*at)).collect();
    let paid =
        transaction.splits.iter().enumerate().filter(|(at, _)| grouped(*at)).map(|(_, split)| split.value);
    let paid = sum(paid)?;
    let main = main_account(&others);
    let mut records = Vec::new();
    let mut passes_through = false;
    for (key, members) in &groups {
        let alone = groups.keys().filter(|other| other.0 == key.0).count() == 1;
        let payment = payment(transaction, key, members, main.map(|at| at.1))?;
        passes_through |= payment.account.is_some();
        let id = if alone {
            transaction.guid.clone()
        } else {
            format!("{}:{}:{}", transaction.guid, key.2, key.1)
        };
        let entity = if key.0 == Ledger::Receivable { Entity::Payment } else { Entity::BillPayment };
        records.push(Record::new(entity, id, transaction.number.clone(), Body::Payment(payment.into()))?);
    }
    let rest = journal(transaction, &format!("{}:rest", transaction.guid), |at, split| {
        match main {
            // The payments move everything through this account, so the entry takes back what went elsewhere.
            Some((of, _)) if at == of && passes_through => split.value.plus(paid),
            _ if grouped(at) => Ok(Exact::ZERO),
            _ => Ok(split.value),
        }
    })?;
    records.extend(rest);
    Ok(records)
}

/// The account that the money went through: the bank, cash or card account that was moved most, else the account
/// that was.
fn main_account<'a, 's>(others: &[(usize, &'s Split<'a>)]) -> Option<(usize, &'s Split<'a>)> {
    others
        .iter()
        .copied()
        .max_by_key(|(at, split)| (split.info.is_money(), split.value.abs(), std::cmp::Reverse(*at)))
}

fn group(transaction: &Transaction<'_>) -> Result<BTreeMap<Key, Group>, Fault> {
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for (at, split) in transaction.splits.iter().enumerate() {
        let (contact, document) = match &split.role {
            Role::Settles(key, contact) => (contact, Some(key)),
            Role::OnAccount(contact) => (contact, None),
            Role::Employee | Role::Plain => continue,
        };
        let (ledger, currency) = control(split)?;
        let group = groups.entry((ledger, currency, contact.clone())).or_default();
        group.splits.push(at);
        if let Some(key) = document {
            let cell = group.allocations.entry(key.clone()).or_insert(Exact::ZERO);
            *cell = cell.plus(settles(key, ledger, split)?)?;
        }
    }
    // A split beside them on the same sort of account without a lot is the same contact's, where there is only one.
    for (at, split) in transaction.splits.iter().enumerate() {
        if matches!(split.role, Role::Plain) && split.info.is_control() {
            let (ledger, currency) = control(split)?;
            let mut same = groups.iter_mut().filter(|(key, _)| (key.0, key.1) == (ledger, currency));
            if let (Some((_, group)), None) = (same.next(), same.next()) {
                group.splits.push(at);
            }
        }
    }
    Ok(groups)
}

fn control(split: &Split<'_>) -> Result<(Ledger, Currency), Fault> {
    let ledger =
        if split.info.class() == Some(AccountClass::Payable) { Ledger::Payable } else { Ledger::Receivable };
    let currency = split.info.currency.ok_or_else(|| {
        Fault::new(Code::CurrencyUnknown)
            .field("account_guid")
            .text(&split.info.holds)
            .detail("It is no currency.")
    })?;
    Ok((ledger, currency))
}

/// By how much a split lowers what is open on the document whose lot it lies in.
fn settles(key: &RecordKey, ledger: Ledger, split: &Split<'_>) -> Result<Exact, Fault> {
    match key.entity.ledger() {
        Some((of, _)) if of != ledger => Err(Fault::new(Code::ValueUnknown)
            .field("lot_guid")
            .detail("A lot of a customer's document lies in a payable account, or the other way round.")
            .hint("Run Actions, Check & Repair in GnuCash, and run again.")),
        // An open invoice or bill credit is a debit balance, an open bill or credit note a credit balance.
        _ if matches!(key.entity, Entity::Invoice | Entity::BillCredit) => split.quantity.negated(),
        _ => Ok(split.quantity),
    }
}

fn payment(
    transaction: &Transaction<'_>,
    (ledger, currency, contact): &Key,
    group: &Group,
    main: Option<&Split<'_>>,
) -> Result<Payment, Fault> {
    let digits = currency.minor_digits();
    let members: Vec<_> = group.splits.iter().filter_map(|at| transaction.splits.get(*at)).collect();
    let moved = sum(members.iter().map(|split| split.quantity))?;
    let amount = if *ledger == Ledger::Receivable { moved.negated()? } else { moved };
    let mut allocations = Vec::new();
    for (document, settled) in group.allocations.iter().filter(|(_, settled)| !settled.is_zero()) {
        allocations.push(Allocation { document: document.clone(), amount: settled.decimal(digits)? });
    }
    let memo = members.iter().find_map(|split| split.memo.clone());
    Ok(Payment {
        contact: Some(SourceId::from(contact.as_str())),
        date: transaction.date,
        currency: *currency,
        rate: transaction.rate_of(*currency)?,
        amount: amount.decimal(digits)?,
        account: main.filter(|_| !amount.is_zero()).map(|split| SourceId::from(split.account.as_str())),
        method: None,
        reference: transaction.number.clone(),
        memo: memo.or_else(|| transaction.description.clone()),
        allocations,
    })
}
