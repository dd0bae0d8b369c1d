//! What QuickBooks shows now: totals, open balances, and what passed over an account.

use std::collections::BTreeMap;

use carry_connector::{AccountBalance, Balance, Found};
use carry_model::{
    Body, Code, Currency, Decimal, Entity, Fault, Money, Record, TargetId, checked_sum, round_half_up,
};
use rustc_hash::FxHashMap;

use super::documents::kind_of;
use super::payments::unapplied;
use super::target::{Parts, target};
use crate::kinds::Kind;
use crate::objects::{Account, Document, JournalEntry, Payment, Ref};
use crate::session::QuickBooks;

/// What a transaction shows.
#[derive(Clone, Debug)]
struct Shown {
    total: Decimal,
    outstanding: Decimal,
    currency: Currency,
    contact: Option<TargetId>,
    /// What a payment of nothing sets against credits.
    lines: Vec<(Kind, Decimal)>,
}

impl QuickBooks {
    pub(super) async fn balances(
        &self,
        entity: Entity,
        ids: &[TargetId],
    ) -> Result<Vec<Option<Balance>>, Fault> {
        let kind = match entity {
            Entity::Payment => Kind::Payment,
            Entity::BillPayment => Kind::BillPayment,
            entity => kind_of(entity)?,
        };
        let parts: Vec<Parts> = ids.iter().map(|id| Parts::of(id, kind)).collect();
        let of = |kind: Kind| parts.iter().filter_map(|parts| parts.id(kind)).collect::<Vec<_>>();
        let shown = self.shown(kind, &of(kind)).await?;
        let entries = of(Kind::JournalEntry);
        let entries = if entries.is_empty() { FxHashMap::default() } else { self.entries(&entries).await? };
        let mut balances = Vec::with_capacity(ids.len());
        for (id, parts) in ids.iter().zip(&parts) {
            let own = parts.id(kind).and_then(|id| shown.get(&id));
            let entry = parts.id(Kind::JournalEntry).map(|id| entries.get(&id).cloned());
            balances.push(match entry {
                None => own.map(|shown| balance(id, shown.total, shown.outstanding, shown)),
                Some(None) => None,
                Some(Some((amount, currency))) => {
                    // Money went the other way; what the payment sets against credits uses them up.
                    let lines: Vec<_> = own
                        .map(|shown| shown.lines.clone())
                        .unwrap_or_default()
                        .into_iter()
                        .filter(|(kind, _)| *kind != Kind::JournalEntry)
                        .collect();
                    let contact = own.and_then(|shown| shown.contact.clone());
                    let outstanding = unapplied(-amount, &lines)?;
                    Some(Balance { id: id.clone(), total: -amount, outstanding, currency, contact })
                }
            });
        }
        Ok(balances)
    }

    fn currency_in(&self, reference: Option<&Ref>) -> Currency {
        reference.and_then(|currency| currency.value.parse().ok()).unwrap_or(self.home)
    }

    async fn shown(&self, kind: Kind, ids: &[String]) -> Result<FxHashMap<String, Shown>, Fault> {
        let contact = |customer: Option<&Ref>, vendor: Option<&Ref>| {
            let customer = customer.map(|name| target(Kind::Customer, &name.value));
            customer.or_else(|| vendor.map(|name| target(Kind::Vendor, &name.value)))
        };
        let mut all = FxHashMap::default();
        if matches!(kind, Kind::Payment | Kind::BillPayment) {
            for payment in self.company.by_ids::<Payment>(kind, ids).await? {
                let mut lines = Vec::new();
                for line in &payment.line {
                    let linked = line.linked_txn.iter().filter_map(|linked| Kind::named(&linked.txn_type));
                    lines.extend(linked.map(|kind| (kind, line.amount.unwrap_or_default())));
                }
                let outstanding = match payment.unapplied_amt {
                    Some(unapplied) => unapplied,
                    None => unapplied(payment.total_amt, &lines)?,
                };
                let shown = Shown {
                    total: payment.total_amt,
                    outstanding,
                    currency: self.currency_in(payment.currency_ref.as_ref()),
                    contact: contact(payment.customer_ref.as_ref(), payment.vendor_ref.as_ref()),
                    lines,
                };
                all.insert(payment.id, shown);
            }
            return Ok(all);
        }
        for document in self.company.by_ids::<Document>(kind, ids).await? {
            let outstanding = match kind {
                Kind::CreditMemo => document.remaining_credit.or(document.balance),
                Kind::Invoice | Kind::Bill | Kind::VendorCredit => document.balance,
                _ => None,
            };
            let shown = Shown {
                total: document.total_amt,
                outstanding: outstanding.unwrap_or_default(),
                currency: self.currency_in(document.currency_ref.as_ref()),
                contact: contact(document.customer_ref.as_ref(), document.vendor_ref.as_ref()),
                lines: Vec::new(),
            };
            all.insert(document.id, shown);
        }
        Ok(all)
    }

    /// Debits of entries, with their currency.
    async fn entries(&self, ids: &[String]) -> Result<FxHashMap<String, (Decimal, Currency)>, Fault> {
        let mut all = FxHashMap::default();
        for entry in self.company.by_ids::<JournalEntry>(Kind::JournalEntry, ids).await? {
            let debits = entry.line.iter().filter_map(|line| {
                let detail = line.journal_entry_line_detail.as_ref()?;
                (detail.posting_type == "Debit").then(|| line.amount.unwrap_or_default())
            });
            let currency = self.currency_in(entry.currency_ref.as_ref());
            all.insert(entry.id.clone(), (checked_sum(debits)?, currency));
        }
        Ok(all)
    }

    /// Balance of an account per currency. With one currency QuickBooks says it itself; with several, payments and
    /// entries that pass over the account are added up, for only they do.
    pub(super) async fn balance_of_account(&self, account: &TargetId) -> Result<Vec<AccountBalance>, Fault> {
        let id = Parts::of(account, Kind::Account)
            .id(Kind::Account)
            .ok_or_else(|| Fault::new(Code::Bug).detail("no account"))?;
        if !self.several_currencies() {
            let found: Vec<Account> = self.company.by_ids(Kind::Account, std::slice::from_ref(&id)).await?;
            let account = found.into_iter().next().ok_or_else(|| Fault::new(Code::RecordGone))?;
            let amount = account.current_balance.unwrap_or_default();
            let none = amount.is_zero();
            let balance = AccountBalance { amount: Money::new(amount, self.home), home: amount };
            return Ok(if none { Vec::new() } else { vec![balance] });
        }
        let mut sums: BTreeMap<Currency, (Decimal, Decimal)> = BTreeMap::new();
        let mut add = |currency: Currency, rate: Option<Decimal>, amount: Decimal| -> Result<(), Fault> {
            let rate = rate.filter(|_| currency != self.home).unwrap_or(Decimal::ONE);
            let home = amount.checked_mul(rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
            let sum = sums.entry(currency).or_default();
            *sum = (
                checked_sum([sum.0, amount])?,
                checked_sum([sum.1, round_half_up(home, self.home.minor_digits())])?,
            );
            Ok(())
        };
        for payment in self.company.all::<Payment>(Kind::Payment, "").await? {
            if payment.deposit_to_account_ref.as_ref().is_some_and(|account| account.value == id) {
                add(
                    self.currency_in(payment.currency_ref.as_ref()),
                    payment.exchange_rate,
                    payment.total_amt,
                )?;
            }
        }
        for payment in self.company.all::<Payment>(Kind::BillPayment, "").await? {
            let check = payment.check_payment.as_ref().and_then(|check| check.bank_account_ref.as_ref());
            if check.is_some_and(|account| account.value == id) {
                add(
                    self.currency_in(payment.currency_ref.as_ref()),
                    payment.exchange_rate,
                    -payment.total_amt,
                )?;
            }
        }
        for entry in self.company.all::<JournalEntry>(Kind::JournalEntry, "").await? {
            for line in &entry.line {
                let Some(detail) = line.journal_entry_line_detail.as_ref() else { continue };
                let amount = line.amount.unwrap_or_default();
                let amount = if detail.posting_type == "Debit" { amount } else { -amount };
                if detail.account_ref.value == id {
                    add(self.currency_in(entry.currency_ref.as_ref()), entry.exchange_rate, amount)?;
                }
            }
        }
        let balances = sums
            .into_iter()
            .map(|(currency, (amount, home))| AccountBalance { amount: Money::new(amount, currency), home });
        Ok(balances.filter(|balance| !balance.amount.amount.is_zero() || !balance.home.is_zero()).collect())
    }

    /// A transaction of an earlier attempt, by its reference; money that went back by both of its parts.
    pub(super) async fn find_transaction(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let kinds: &[Kind] = match record.entity {
            Entity::Payment => &[Kind::Payment, Kind::JournalEntry],
            Entity::BillPayment => &[Kind::BillPayment, Kind::JournalEntry],
            Entity::Transfer => &[Kind::Transfer, Kind::JournalEntry],
            Entity::BankTransaction => &[Kind::Deposit, Kind::Purchase, Kind::SalesReceipt],
            Entity::Journal => &[Kind::JournalEntry],
            Entity::TimeActivity => &[Kind::TimeActivity],
            entity if entity.is_document() && entity != Entity::SalesOrder => {
                let kind = kind_of(entity)?;
                let head = self.located(kind, &[record]).await?.pop().flatten();
                return Ok(head.map(|head| Found { id: target(kind, &head.id), number: head.doc_number }));
            }
            _ => return Ok(None),
        };
        let back = matches!(&record.body, Body::Payment(payment) if payment.amount.is_sign_negative());
        let mut parts = Vec::new();
        for kind in kinds {
            let payment = matches!(record.entity, Entity::Payment | Entity::BillPayment);
            if *kind == Kind::JournalEntry && payment && !back {
                continue;
            }
            if let Some(head) = self.located(*kind, &[record]).await?.pop().flatten() {
                parts.push(format!("{}:{}", kind.path(), head.id));
            }
        }
        Ok((!parts.is_empty()).then(|| Found { id: TargetId::new(parts.join("+")), number: None }))
    }
}

fn balance(id: &TargetId, total: Decimal, outstanding: Decimal, shown: &Shown) -> Balance {
    Balance { id: id.clone(), total, outstanding, currency: shown.currency, contact: shown.contact.clone() }
}
