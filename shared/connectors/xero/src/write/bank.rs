//! Bank transactions, transfers and journals.

use carry_connector::{Method, Operation, WriteBatch, WriteItem, Written};
use carry_model::{
    BankTransaction, Body, Code, Decimal, Direction, Entity, Fault, Journal, SourceId, TargetId, checked_sum,
    round_half_up,
};

use super::lines::Builder;
use super::outgoing::{Names, Outgoing};
use super::target::{NO_TAX, Side, Target};
use super::{Attempt, Results};
use crate::client::Xero;
use crate::shapes::{self, AccountRef, ContactRef, JournalLine, Line};
use crate::{fault, mark};

const REFERENCE_MAX: usize = 255;
const NARRATION_MAX: usize = 2_000;

/// Decimals of the base currency that journals are kept in.
const AMOUNT_DIGITS: u32 = 2;

impl Xero {
    pub(super) async fn write_bank_transactions(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (place, item) in batch.items.iter().enumerate() {
            match bank_transaction(&target, batch, item) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok(ready) if ready.id.is_some() => changed.push((place, ready)),
                Ok(ready) => match self.marked_before(batch, item, "BankTransactions").await? {
                    Some(written) => attempt.set(place, Ok(written)),
                    None => new.push((place, ready)),
                },
            }
        }
        for (method, going) in [(Method::Put, new), (Method::Post, changed)] {
            if going.is_empty() {
                continue;
            }
            let sent: Vec<_> = going.iter().map(|(_, outgoing)| outgoing).collect();
            let docs = self
                .send_elements(method, "BankTransactions", &sent)
                .await
                .map_err(|fault| attempt.in_doubt(fault))?;
            attempt.reached();
            let written: Vec<_> =
                docs.iter().filter(|doc| !super::documents::is_refused(doc)).cloned().collect();
            self.note_written("BankTransactions", &written).await?;
            for ((place, _), doc) in going.iter().zip(docs) {
                let outcome = if super::documents::is_refused(&doc) {
                    Err(fault::of_messages(doc.validation_errors, "Xero refused it without a word."))
                } else {
                    Ok(Written {
                        number: doc.reference,
                        total: doc.total,
                        ..Written::new(TargetId::new(doc.bank_transaction_id))
                    })
                };
                attempt.set(*place, outcome);
            }
        }
        attempt.finish()
    }

    /// What an earlier attempt wrote already.
    async fn marked_before(
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

    /// Transfers, one call for all: Xero gives them back in order.
    pub(super) async fn write_transfers(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        for (place, item) in batch.items.iter().enumerate() {
            if let Some(written) = self.marked_before(batch, item, "BankTransfers").await? {
                attempt.set(place, Ok(written));
                continue;
            }
            if let Operation::Update(earlier) = &item.operation {
                self.remove_transfer(earlier.as_str()).await.map_err(|f| attempt.in_doubt(f))?.ok();
                attempt.reached();
            }
            let outcome = match transfer(&target, batch, item) {
                Err(fault) => Err(fault),
                Ok(ready) => match self.send_transfer(&ready).await {
                    Err(fault) if fault.action() != carry_model::Action::Quarantine => {
                        return Err(attempt.in_doubt(fault));
                    }
                    outcome => {
                        attempt.reached();
                        outcome
                    }
                },
            };
            if let Ok(written) = &outcome {
                self.note_marked("BankTransfers", &mark::of(&item.record.key()), written.id.as_str()).await;
            }
            attempt.set(place, outcome);
        }
        attempt.finish()
    }

    async fn send_transfer(&self, ready: &shapes::BankTransfer) -> Result<Written, Fault> {
        let page = self.put(Method::Put, "BankTransfers", "BankTransfers", &[ready], &[]).await?;
        let back: Vec<shapes::BankTransfer> = page.read()?;
        super::same_number(back.len(), 1)?;
        let missing = || Fault::new(Code::AnswerUnreadable);
        let back = back.into_iter().next().ok_or_else(missing)?;
        if !back.validation_errors.is_empty() {
            return Err(fault::of_messages(back.validation_errors, ""));
        }
        Ok(Written { number: back.reference, ..Written::new(TargetId::new(back.id)) })
    }

    pub(super) async fn write_journals(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (place, item) in batch.items.iter().enumerate() {
            match journal(&target, batch, item) {
                Err(fault) => attempt.set(place, Err(fault)),
                Ok(ready) if !ready.id.is_empty() => changed.push((place, ready)),
                Ok(ready) => match self.marked_before(batch, item, "ManualJournals").await? {
                    Some(written) => attempt.set(place, Ok(written)),
                    None => new.push((place, ready)),
                },
            }
        }
        for (method, going) in [(Method::Put, new), (Method::Post, changed)] {
            if going.is_empty() {
                continue;
            }
            let sent: Vec<_> = going.iter().map(|(_, journal)| journal).collect();
            let query = [("summarizeErrors", "false".to_owned())];
            let page = self
                .put(method, "ManualJournals", "ManualJournals", &sent, &query)
                .await
                .map_err(|fault| attempt.in_doubt(fault))?;
            attempt.reached();
            let back: Vec<shapes::ManualJournal> = page.read()?;
            super::same_number(back.len(), sent.len())?;
            for ((place, _), back) in going.iter().zip(back) {
                let is_refused = back.status_attribute_string.as_deref() == Some("ERROR")
                    || !back.validation_errors.is_empty();
                if is_refused {
                    let why = fault::of_messages(back.validation_errors, "Xero refused it without a word.");
                    attempt.set(*place, Err(why));
                    continue;
                }
                if let Some(item) = batch.items.get(*place) {
                    self.note_marked("ManualJournals", &mark::of(&item.record.key()), &back.id).await;
                }
                attempt.set(*place, Ok(Written::new(TargetId::new(back.id))));
            }
        }
        attempt.finish()
    }
}

fn missing(field: &'static str) -> Fault {
    Fault::new(Code::FieldMissing).field(field)
}

fn bank_transaction(target: &Target, batch: &WriteBatch, item: &WriteItem) -> Result<Outgoing, Fault> {
    let Body::BankTransaction(bank) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no bank transaction"));
    };
    let account =
        target.linked(&batch.links, &Some(bank.account.clone())).ok_or_else(|| missing("account"))?;
    let contact = batch
        .links
        .get_opt(Entity::Contact, &bank.contact)
        .ok_or_else(|| missing("contact").detail("Xero takes no bank transaction without a contact."))?;
    let (kind, side) = match bank.direction {
        Direction::In => ("RECEIVE", Side::Sales),
        Direction::Out => ("SPEND", Side::Purchases),
    };
    let builder = Builder { target, links: &batch.links, side };
    let lines = bank_lines(&builder, bank);
    let said = item.record.number.clone().or_else(|| bank.memo.clone()).unwrap_or_default();
    Ok(Outgoing {
        names: Names::of(Entity::BankTransaction),
        id: match &item.operation {
            Operation::Create => None,
            Operation::Update(id) => Some(id.to_string()),
        },
        kind: Some(kind),
        number: None,
        contact: ContactRef { id: contact.to_string() },
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
    })
}

fn bank_lines(builder: &Builder<'_>, bank: &BankTransaction) -> Vec<Line> {
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
                let tax = line.tax.filter(|tax| !tax.is_zero());
                lines.extend(tax.map(|tax| plain("Tax as stated", tax)));
            }
        }
    }
    lines
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

/// Journals are kept in the base currency: one of a foreign currency is converted line by line, and what rounding
/// leaves goes to the largest line.
fn journal(target: &Target, batch: &WriteBatch, item: &WriteItem) -> Result<shapes::ManualJournal, Fault> {
    let Body::Journal(journal) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no journal"));
    };
    let amounts = base_amounts(target, journal)?;
    let builder = Builder { target, links: &batch.links, side: Side::Sales };
    let mut lines = Vec::with_capacity(journal.lines.len());
    for (line, amount) in journal.lines.iter().zip(amounts) {
        let account = target.linked(&batch.links, &Some(line.account.clone()));
        let account = account.ok_or_else(|| missing("account"))?;
        lines.push(JournalLine {
            line_amount: Some(amount),
            account_code: account.code.clone(),
            account_id: if account.code.is_empty() { account.id.clone() } else { String::new() },
            description: line.description.clone(),
            tax_type: Some(NO_TAX.to_owned()),
            tracking: builder.tracking(&line.tracking, &mut Vec::new()),
            ..JournalLine::default()
        });
    }
    let said = journal.memo.clone().or_else(|| item.record.number.clone()).unwrap_or_default();
    Ok(shapes::ManualJournal {
        id: match &item.operation {
            Operation::Create => String::new(),
            Operation::Update(id) => id.to_string(),
        },
        narration: mark::append(&said, &mark::of(&item.record.key()), NARRATION_MAX),
        date: journal.date.to_string(),
        status: "POSTED".to_owned(),
        line_amount_types: "NoTax".to_owned(),
        journal_lines: lines,
        ..shapes::ManualJournal::default()
    })
}

fn base_amounts(target: &Target, journal: &Journal) -> Result<Vec<Decimal>, Fault> {
    let amounts: Vec<_> = journal.lines.iter().map(|line| line.amount).collect();
    if journal.currency == target.home {
        return Ok(amounts);
    }
    let rate = journal.rate.ok_or_else(|| {
        missing("rate").detail("Xero keeps journals in the base currency, so its rate is needed.")
    })?;
    let out_of_range = || Fault::new(Code::AmountOutOfRange);
    let mut converted = Vec::with_capacity(amounts.len());
    for amount in amounts {
        converted.push(round_half_up(amount.checked_mul(rate).ok_or_else(out_of_range)?, AMOUNT_DIGITS));
    }
    let rest = checked_sum(converted.iter().copied())?;
    if let Some(largest) = converted.iter_mut().max_by_key(|amount| amount.abs()) {
        *largest = checked_sum([*largest, -rest])?;
    }
    Ok(converted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Currency, Date, parse_plain};

    #[test]
    fn a_foreign_journal_balances_in_the_base_currency() {
        let target = Target {
            home: Currency::GBP,
            lock_date: None,
            accounts: Vec::new(),
            taxes: Vec::new(),
            tracking: Vec::new(),
        };
        let line = |amount: &str| carry_model::JournalLine {
            account: "a".into(),
            amount: parse_plain(amount).unwrap(),
            contact: None,
            description: None,
            tracking: Vec::new(),
        };
        let mut journal = Journal {
            date: Date::constant(2026, 1, 31),
            currency: Currency::EUR,
            rate: Some(parse_plain("0.8537").unwrap()),
            memo: None,
            lines: vec![line("10.01"), line("10.01"), line("-20.02")],
        };
        let amounts = base_amounts(&target, &journal).unwrap();
        assert_eq!(checked_sum(amounts.iter().copied()).unwrap(), Decimal::ZERO);
        assert_eq!(amounts[0].to_string(), "8.55");
        journal.rate = None;
        assert_eq!(base_amounts(&target, &journal).unwrap_err().code, Code::FieldMissing);
    }
}
