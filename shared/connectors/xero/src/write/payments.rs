//! Payments: one of the source becomes as many in Xero as it settles documents, plus applied credits, plus an
//! overpayment of what is left (`over`).

use carry_connector::{Method, Operation, WriteBatch, WriteItem, Written, exact};
use carry_model::{Body, Code, Decimal, Entity, Fault, Payment, RecordKey, SourceId, checked_sum};
use uuid::Uuid;

use super::index::uuid;
use super::settled::{PaymentId, Settled};
use super::target::Target;
use super::{Attempt, Results, made_way};
use crate::client::Xero;
use crate::manifest::BATCH;
use crate::mark;
use crate::shapes::{self, AccountRef, Allocation, Identified};

pub(super) const REFERENCE_MAX: usize = 255;

/// What a payment of the source is in Xero.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// Money by document.
    money: Vec<(Uuid, Decimal)>,
    /// Money paid back, by credit note.
    refunds: Vec<(Uuid, Decimal)>,
    /// Credits applied: credit note, document, amount.
    applied: Vec<(Uuid, Uuid, Decimal)>,
    /// What is left to the contact's favour.
    pub(super) over: Decimal,
}

/// A payment on its way.
pub(super) struct Going<'a> {
    place: usize,
    pub(super) key: RecordKey,
    pub(super) payment: &'a Payment,
    pub(super) split: Split,
    pub(super) id: PaymentId,
    pub(super) account: AccountRef,
    pub(super) notes: Vec<String>,
    pub(super) refused: Option<Fault>,
}

impl Xero {
    pub(super) async fn write_payments(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let mut prepared = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            match prepare(&target, batch, place, item) {
                Ok(ready) => prepared.push(ready),
                Err(fault) => attempt.set(place, Err(fault)),
            }
        }
        let mut going = Vec::with_capacity(prepared.len());
        for ready in prepared {
            let operation = batch.items.get(ready.place).map(|item| &item.operation);
            if let Some(Operation::Update(earlier)) = operation {
                let removed =
                    self.remove_payment(earlier).await.map_err(|fault| attempt.broken_off(fault))?;
                attempt.reached();
                if let Err(fault) = made_way(removed) {
                    attempt.set(ready.place, Err(fault));
                    continue;
                }
            }
            going.push(ready);
        }
        if batch.verify_first {
            let known = |settled: &Settled| going.iter_mut().for_each(|ready| leave_standing(ready, settled));
            self.with_settled(false, known).await?;
        }
        self.send_money(&mut going, &mut attempt).await?;
        self.send_over(batch, &target, &mut going, &mut attempt).await?;
        self.send_applied(&mut going, &mut attempt).await?;
        for ready in going {
            let outcome = match ready.refused {
                None => Ok(Written {
                    number: ready.payment.reference.clone(),
                    total: Some(ready.payment.amount),
                    notes: ready.notes,
                    ..Written::new(ready.id.target())
                }),
                Some(fault) => {
                    // A part of it would be worse than nothing.
                    self.remove_payment(&ready.id.target()).await.map_err(|f| attempt.broken_off(f))?.ok();
                    Err(fault)
                }
            };
            attempt.set(ready.place, outcome);
        }
        attempt.finish()
    }

    async fn send_money(&self, going: &mut [Going<'_>], attempt: &mut Attempt) -> Result<(), Fault> {
        let mut elements = Vec::new();
        for (index, ready) in going.iter().enumerate() {
            let money = ready.split.money.iter().map(|(document, amount)| (false, document, amount));
            let refunds = ready.split.refunds.iter().map(|(credit, amount)| (true, credit, amount));
            for (is_refund, document, amount) in money.chain(refunds) {
                elements.push((index, element(ready, is_refund, *document, *amount)));
            }
        }
        for chunk in elements.chunks(BATCH) {
            let sent: Vec<_> = chunk.iter().map(|(_, payment)| payment).collect();
            let outcomes = self.send_all::<_, shapes::Payment>(Method::Put, "Payments", &sent).await;
            let outcomes = outcomes.map_err(|fault| attempt.broken_off(fault))?;
            attempt.reached();
            let mut written = Vec::new();
            for ((index, sent), outcome) in chunk.iter().zip(outcomes) {
                match (outcome, going.get_mut(*index)) {
                    (Ok(back), _) => written.push(shapes::Payment { id: back.id, ..sent.clone() }),
                    (Err(why), Some(ready)) => drop(ready.refused.get_or_insert(why)),
                    (Err(why), None) => return Err(why),
                }
            }
            self.note_settled(&written, &[]).await?;
        }
        Ok(())
    }

    /// Applies credits, one call for each credit note.
    async fn send_applied(&self, going: &mut [Going<'_>], attempt: &mut Attempt) -> Result<(), Fault> {
        for ready in going.iter_mut() {
            for (credit, document, amount) in std::mem::take(&mut ready.split.applied) {
                if ready.refused.is_some() {
                    break;
                }
                let allocation = Allocation {
                    amount: Some(amount),
                    date: ready.payment.date.to_string(),
                    invoice: Identified { invoice: document.to_string(), ..Identified::default() },
                    ..Allocation::default()
                };
                ready.refused = attempt.own(self.apply_credit(credit, allocation).await)?.err();
            }
        }
        Ok(())
    }

    /// Applies a credit note to a document.
    pub(super) async fn apply_credit(&self, credit: Uuid, allocation: Allocation) -> Result<(), Fault> {
        let path = format!("CreditNotes/{credit}/Allocations");
        let amount = allocation.amount.unwrap_or_default();
        let document = uuid(&allocation.invoice.invoice).ok_or_else(|| Fault::new(Code::Bug))?;
        self.put(Method::Put, &path, "Allocations", &[allocation], &[]).await?;
        self.note_applied((credit, document), amount).await
    }
}

fn prepare<'a>(
    target: &Target,
    batch: &WriteBatch,
    place: usize,
    item: &'a WriteItem,
) -> Result<Going<'a>, Fault> {
    let Body::Payment(payment) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no payment"));
    };
    let key = item.record.key();
    let split = split(payment, |document| {
        batch.links.get(document.entity, &document.id).and_then(|id| uuid(id.as_str()))
    })?;
    let mut notes = Vec::new();
    let account = match target.linked(&batch.links, &payment.account) {
        Some(account) => AccountRef { id: account.id.clone(), code: String::new() },
        None if split.money.is_empty() && split.refunds.is_empty() && split.over.is_zero() => {
            AccountRef::default()
        }
        None => {
            notes.push("The source names no bank account: it went through the clearing account.".to_owned());
            clearing(target, batch)?
        }
    };
    let applied = split.applied.iter().map(|(credit, document, _)| (*credit, *document)).collect();
    let id = PaymentId { mark: mark::of(&key), applied };
    Ok(Going { place, key, payment, split, id, account, notes, refused: None })
}

fn clearing(target: &Target, batch: &WriteBatch) -> Result<AccountRef, Fault> {
    let linked = target.linked(&batch.links, &Some(SourceId::from(exact::CLEARING)));
    let named = || {
        let own = mark::of(&RecordKey::new(Entity::Account, exact::CLEARING));
        target.accounts.iter().find(|a| a.description.as_deref().and_then(mark::at_end) == Some(own.as_str()))
    };
    let account = linked.or_else(named).ok_or_else(|| {
        Fault::new(Code::FieldMissing)
            .field("account")
            .detail("Xero needs the account that the money moved on.")
    })?;
    Ok(AccountRef { id: account.id.clone(), code: String::new() })
}

/// Takes a payment apart. Credits are applied to the documents in order, money pays the rest of them.
fn split(payment: &Payment, find: impl Fn(&RecordKey) -> Option<Uuid>) -> Result<Split, Fault> {
    let mut credits = Vec::new();
    let mut documents = Vec::new();
    for allocation in payment.allocations.iter().filter(|allocation| !allocation.amount.is_zero()) {
        let id = find(&allocation.document).ok_or_else(|| {
            Fault::new(Code::DependencyFailed).detail(format!("{} is not in Xero.", allocation.document))
        })?;
        match allocation.document.entity.ledger() {
            Some((_, -1)) => credits.push((id, allocation.amount)),
            _ => documents.push((id, allocation.amount)),
        }
    }
    let mut split = Split::default();
    let mut left = credits.into_iter();
    let mut credit = left.next();
    for (document, mut open) in documents {
        while let (Some((id, available)), false) = (credit.as_mut(), open.is_zero()) {
            let part = open.min(*available);
            split.applied.push((*id, document, part));
            open = checked_sum([open, -part])?;
            *available = checked_sum([*available, -part])?;
            if available.is_zero() {
                credit = left.next();
            }
        }
        if !open.is_zero() {
            split.money.push((document, open));
        }
    }
    split.refunds = credit.into_iter().chain(left).collect();
    let paid = checked_sum(split.money.iter().map(|(_, amount)| *amount))?;
    let back = checked_sum(split.refunds.iter().map(|(_, amount)| *amount))?;
    split.over = checked_sum([payment.amount, -paid, back])?;
    if split.over.is_sign_negative() && !split.over.is_zero() {
        return Err(Fault::new(Code::TargetRefused)
            .detail(format!("It pays {} more than it is over.", -split.over))
            .hint("Compare the payment's allocations in the source."));
    }
    Ok(split)
}

/// Leaves out what an earlier attempt wrote.
fn leave_standing(ready: &mut Going<'_>, settled: &Settled) {
    if let Some(standing) = settled.standing(&ready.id.mark) {
        let stands = |document: &Uuid, amount: Decimal| {
            standing.pieces.iter().any(|piece| piece.document == *document && piece.amount == amount)
        };
        ready.split.money.retain(|(document, amount)| !stands(document, *amount));
        ready.split.refunds.retain(|(credit, amount)| !stands(credit, -*amount));
        if standing.over.is_some() {
            ready.split.over = Decimal::ZERO;
        }
    }
    ready.split.applied.retain(|(credit, document, _)| !settled.is_applied((*credit, *document)));
}

fn element(ready: &Going<'_>, is_refund: bool, document: Uuid, amount: Decimal) -> shapes::Payment {
    let id = document.to_string();
    let (invoice, credit_note) = match is_refund {
        false => (Some(Identified { invoice: id, ..Identified::default() }), None),
        true => (None, Some(Identified { credit_note: id, ..Identified::default() })),
    };
    let said = ready.payment.reference.as_deref().unwrap_or_default();
    shapes::Payment {
        invoice,
        credit_note,
        account: Some(ready.account.clone()),
        date: ready.payment.date.to_string(),
        currency_rate: ready.payment.rate,
        amount: Some(amount),
        reference: Some(mark::append(said, &ready.id.mark, REFERENCE_MAX)),
        ..shapes::Payment::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Allocation, Currency, Date, parse_plain};

    fn amount(text: &str) -> Decimal {
        parse_plain(text).unwrap()
    }

    fn payment(paid: &str, allocations: &[(Entity, u128, &str)]) -> Payment {
        let allocation = |(entity, id, text): &(Entity, u128, &str)| Allocation {
            document: RecordKey::new(*entity, Uuid::from_u128(*id).to_string()),
            amount: amount(text),
        };
        Payment {
            contact: None,
            date: Date::constant(2026, 1, 31),
            currency: Currency::GBP,
            rate: None,
            amount: amount(paid),
            account: None,
            method: None,
            reference: None,
            memo: None,
            allocations: allocations.iter().map(allocation).collect(),
        }
    }

    fn taken_apart(payment: &Payment) -> Result<Split, Fault> {
        split(payment, |key| uuid(key.id.as_str()))
    }

    const INVOICE: Entity = Entity::Invoice;
    const NOTE: Entity = Entity::CreditNote;

    #[test]
    fn credits_go_first_and_money_pays_the_rest() {
        let split =
            taken_apart(&payment("70", &[(NOTE, 1, "50"), (INVOICE, 2, "30"), (INVOICE, 3, "80")])).unwrap();
        let id = Uuid::from_u128;
        assert_eq!(split.applied, [(id(1), id(2), amount("30")), (id(1), id(3), amount("20"))]);
        assert_eq!(split.money, [(id(3), amount("60"))]);
        assert_eq!(split.over, amount("10"));
    }

    #[test]
    fn a_refund_is_money_on_the_credit_note() {
        let split = taken_apart(&payment("-50", &[(NOTE, 1, "50")])).unwrap();
        assert_eq!(split.refunds, [(Uuid::from_u128(1), amount("50"))]);
        assert!(split.over.is_zero() && split.money.is_empty());
    }

    #[test]
    fn more_allocated_than_paid_is_refused() {
        assert_eq!(taken_apart(&payment("10", &[(INVOICE, 2, "30")])).unwrap_err().code, Code::TargetRefused);
    }
}
