//! Bank transactions and transfers.

use carry_connector::{Adjustment, Method, Operation, WriteBatch, WriteItem, Written};
use carry_model::{BankTransaction, Body, Code, Decimal, Direction, Entity, Fault, SourceId, TargetId};

use super::lines::{Builder, TAX_AS_LINE, other_account};
use super::outgoing::{Names, Outgoing};
use super::send::{Going, Sent};
use super::target::{NO_TAX, Side, Target};
use super::{Attempt, Results, made_way};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{self, AccountRef, ContactRef, Doc, Line};

const REFERENCE_MAX: usize = 255;

impl Xero {
    pub(super) async fn write_bank_transactions(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let mut going = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            match bank_transaction(&target, batch, item) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok((element, adjustments)) => {
                    match self.marked_before(batch, item, "BankTransactions").await? {
                        Some(written) => attempt.set(place, Ok(Written { adjustments, ..written })),
                        None => {
                            let is_new = element.id.is_none();
                            going.push(Going { place, is_new, element, notes: Vec::new(), adjustments });
                        }
                    }
                }
            }
        }
        let sent = self.send_each::<_, Doc>("BankTransactions", going, &mut attempt).await?;
        self.note_written("BankTransactions", sent.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()))
            .await?;
        for (going, outcome) in sent {
            let written = outcome.map(|doc| Written {
                number: doc.reference,
                total: doc.total,
                adjustments: going.adjustments,
                ..Written::new(TargetId::new(doc.bank_transaction_id))
            });
            attempt.set(going.place, written);
        }
        attempt.finish()
    }

    /// What an earlier attempt wrote already.
    pub(super) async fn marked_before(
        &self,
        batch: &WriteBatch,
        item: &WriteItem,
        endpoint: &'static str,
    ) -> Result<Option<Written>, Fault> {
        if !batch.verify_first || item.operation != Operation::Create {
            return Ok(None);
        }
        let found = self.find_marked(endpoint, &item.record.key()).await?;
        Ok(found.map(|found| Written { number: item.record.number.clone(), ..Written::new(found.id) }))
    }

    /// Transfers between bank accounts.
    pub(super) async fn write_transfers(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let mut going = Vec::new();
        for (place, item) in batch.items.iter().enumerate() {
            if let Some(written) = self.marked_before(batch, item, "BankTransfers").await? {
                attempt.set(place, Ok(written));
                continue;
            }
            if let Operation::Update(earlier) = &item.operation {
                let mut there = vec![earlier.clone()];
                // What an attempt of unknown outcome put in its place makes way as well.
                if batch.verify_first {
                    let found = self.find_marked("BankTransfers", &item.record.key()).await?;
                    there.extend(found.map(|found| found.id).filter(|id| id != earlier));
                }
                let removed = self.remove_as(Entity::Transfer, &there).await;
                let removed = removed.map_err(|fault| attempt.broken_off(fault))?;
                attempt.reached();
                if let Err(fault) = removed.into_iter().try_for_each(made_way) {
                    attempt.set(place, Err(fault));
                    continue;
                }
            }
            match transfer(&target, batch, item) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok(element) => going.push(Going {
                    place,
                    is_new: true,
                    element,
                    notes: Vec::new(),
                    adjustments: Vec::new(),
                }),
            }
        }
        for (going, outcome) in self.send_transfers(going, &mut attempt).await? {
            let key = batch.items.get(going.place).map(|item| item.record.key());
            if let (Ok(back), Some(key)) = (&outcome, key) {
                self.note_marked("BankTransfers", &mark::of(&key), &back.id).await;
            }
            let written = |back: shapes::BankTransfer| Written {
                number: back.reference,
                ..Written::new(TargetId::new(back.id))
            };
            attempt.set(going.place, outcome.map(written));
        }
        attempt.finish()
    }

    /// Creates transfers, all in one call. Xero documents no outcome for each of them: where it refuses the call, and so
    /// did nothing, they go one by one.
    pub(super) async fn send_transfers(
        &self,
        going: Vec<Going<shapes::BankTransfer>>,
        attempt: &mut Attempt,
    ) -> Result<Sent<shapes::BankTransfer, shapes::BankTransfer>, Fault> {
        const LIST: &str = "BankTransfers";
        if going.is_empty() {
            return Ok(Vec::new());
        }
        let elements: Vec<_> = going.iter().map(|going| &going.element).collect();
        match attempt.own(self.send_all(Method::Put, LIST, &elements).await)? {
            Ok(outcomes) => return Ok(going.into_iter().zip(outcomes).collect()),
            Err(refusal) if going.len() == 1 => {
                return Ok(going.into_iter().map(|going| (going, Err(refusal.clone()))).collect());
            }
            Err(_) => {}
        }
        let mut sent = Vec::with_capacity(going.len());
        for going in going {
            let alone = attempt.own(self.send_all(Method::Put, LIST, &[&going.element]).await)?;
            let none = || Err(Fault::new(Code::AnswerUnreadable));
            let outcome = alone.and_then(|outcomes| outcomes.into_iter().next().unwrap_or_else(none));
            sent.push((going, outcome));
        }
        Ok(sent)
    }
}

pub(super) fn missing(field: &'static str) -> Fault {
    Fault::new(Code::FieldMissing).field(field)
}

fn bank_transaction(
    target: &Target,
    batch: &WriteBatch,
    item: &WriteItem,
) -> Result<(Outgoing, Vec<Adjustment>), Fault> {
    let Body::BankTransaction(bank) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no bank transaction"));
    };
    let account =
        target.linked(&batch.links, &Some(bank.account.clone())).ok_or_else(|| missing("account"))?;
    let contact = batch.links.get_opt(Entity::Contact, &bank.contact);
    let contact = contact.map_or_else(ContactRef::stand_in, |id| ContactRef::of(id.as_str()));
    let (kind, side) = match bank.direction {
        Direction::In => ("RECEIVE", Side::Sales),
        Direction::Out => ("SPEND", Side::Purchases),
    };
    let builder = Builder { target, links: &batch.links, side };
    let (lines, adjustments) = bank_lines(&builder, bank);
    let said = item.record.number.clone().or_else(|| bank.memo.clone()).unwrap_or_default();
    let outgoing = Outgoing {
        names: Names::of(Entity::BankTransaction),
        id: match &item.operation {
            Operation::Create => None,
            Operation::Update(id) => Some(id.to_string()),
        },
        kind: Some(kind),
        number: None,
        contact,
        date: bank.date.to_string(),
        due: None,
        reference: Some(mark::append(&said, &mark::of(&item.record.key()), REFERENCE_MAX)),
        url: None,
        currency: bank.currency.to_string(),
        rate: bank.rate.filter(|_| bank.currency != target.home),
        has_tax: lines.iter().any(|line| line.tax_type.as_deref() != Some(NO_TAX)),
        lines,
        status: None,
        bank_account: Some(AccountRef { id: account.id.clone(), code: String::new() }),
    };
    Ok((outgoing, adjustments))
}

fn bank_lines(builder: &Builder<'_>, bank: &BankTransaction) -> (Vec<Line>, Vec<Adjustment>) {
    let sign = if bank.direction == Direction::In { -Decimal::ONE } else { Decimal::ONE };
    let mut adjustments = Vec::new();
    let mut lines = Vec::with_capacity(bank.lines.len());
    for line in &bank.lines {
        let tax_type = builder.tax_type(&line.tax_rate);
        let plain = |description: &str, amount| Line {
            description: Some(description.to_owned()),
            quantity: Some(Decimal::ONE),
            line_amount: Some(amount),
            tax_amount: Some(Decimal::ZERO),
            tax_type: Some(NO_TAX.to_owned()),
            account_code: builder.account_code(&Some(line.account.clone())),
            ..Line::default()
        };
        let described = plain(line.description.as_deref().unwrap_or("Line"), line.net);
        match tax_type {
            Some(_) => {
                lines.push(Line { tax_type, tax_amount: Some(line.tax.unwrap_or_default()), ..described })
            }
            None => {
                lines.push(described);
                let Some(tax) = line.tax.filter(|tax| !tax.is_zero()) else { continue };
                lines.push(plain("Tax as stated", tax));
                let moved = builder.moved(None, &Some(line.account.clone()), tax * sign);
                adjustments.push(other_account(tax, bank.currency, TAX_AS_LINE, moved));
            }
        }
    }
    (lines, adjustments)
}

fn transfer(target: &Target, batch: &WriteBatch, item: &WriteItem) -> Result<shapes::BankTransfer, Fault> {
    let Body::Transfer(transfer) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no transfer"));
    };
    let account = |id: &SourceId, field| {
        let found = target.linked(&batch.links, &Some(id.clone())).ok_or_else(|| missing(field))?;
        Ok(AccountRef { id: found.id.clone(), code: String::new() })
    };
    let said = item.record.number.clone().or_else(|| transfer.memo.clone()).unwrap_or_default();
    Ok(shapes::BankTransfer {
        from_bank_account: account(&transfer.from, "from")?,
        to_bank_account: account(&transfer.to, "to")?,
        amount: Some(transfer.amount),
        date: transfer.date.to_string(),
        currency_rate: transfer.rate.filter(|_| transfer.currency != target.home),
        reference: Some(mark::append(&said, &mark::of(&item.record.key()), REFERENCE_MAX)),
        ..shapes::BankTransfer::default()
    })
}
