//! Journals. Xero takes none with lines on bank accounts: those are entered as what moved the money, a bank transaction
//! or a transfer, with the same effect on every account.
//!
//! A journal's target id is that of a manual journal, or `bank:` or `transfer:` before that of the other.

use carry_connector::{Operation, Removal, WriteBatch, WriteItem, Written};
use carry_model::{
    Body, Code, Decimal, Entity, Fault, Journal, JournalLine, RecordKey, TargetId, checked_sum, round_half_up,
};

use super::bank::missing;
use super::lines::Builder;
use super::outgoing::{Names, Outgoing};
use super::send::Going;
use super::target::{NO_TAX, Side, Target};
use super::{Attempt, Results, made_way};
use crate::client::Xero;
use crate::mark;
use crate::shapes::{self, AccountRef, BankTransfer, ContactRef, Doc, Line, ManualJournal};

const REFERENCE_MAX: usize = 255;
const NARRATION_MAX: usize = 2_000;

/// Decimals of the base currency that journals are kept in.
const AMOUNT_DIGITS: u32 = 2;

/// What a journal is in Xero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Manual,
    Bank,
    Transfer,
}

impl Form {
    const ALL: [Self; 3] = [Self::Manual, Self::Bank, Self::Transfer];

    /// A journal's target id, taken apart: its form and its id there.
    pub(super) fn of(id: &TargetId) -> (Self, &str) {
        match id.as_str().split_once(':') {
            Some(("bank", id)) => (Self::Bank, id),
            Some(("transfer", id)) => (Self::Transfer, id),
            _ => (Self::Manual, id.as_str()),
        }
    }

    fn target(self, id: &str) -> TargetId {
        TargetId::new(match self {
            Self::Manual => id.to_owned(),
            Self::Bank => format!("bank:{id}"),
            Self::Transfer => format!("transfer:{id}"),
        })
    }

    const fn endpoint(self) -> &'static str {
        match self {
            Self::Manual => "ManualJournals",
            Self::Bank => "BankTransactions",
            Self::Transfer => "BankTransfers",
        }
    }
}

/// A journal as it goes.
enum Outbound {
    Manual(ManualJournal),
    Bank(Box<Outgoing>),
    Transfer(BankTransfer),
}

impl Outbound {
    const fn form(&self) -> Form {
        match self {
            Self::Manual(_) => Form::Manual,
            Self::Bank(_) => Form::Bank,
            Self::Transfer(_) => Form::Transfer,
        }
    }
}

impl Xero {
    pub(super) async fn write_journals(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let target = self.target().await?;
        let mut attempt = Attempt::new(batch.items.len());
        let (mut manual, mut bank, mut transfers) = (Vec::new(), Vec::new(), Vec::new());
        for (place, item) in batch.items.iter().enumerate() {
            let outbound = match outbound(&target, batch, item) {
                Ok(outbound) => outbound,
                Err(fault) => {
                    attempt.set(place, Err(fault));
                    continue;
                }
            };
            let form = outbound.form();
            if let Some(found) = self.journal_before(batch, item).await? {
                attempt.set(place, Ok(Written::new(found)));
                continue;
            }
            let mut is_new = true;
            if let Operation::Update(earlier) = &item.operation {
                is_new = Form::of(earlier).0 != form || form == Form::Transfer;
                if is_new {
                    let mut there = vec![earlier.clone()];
                    // What an attempt of unknown outcome put in its place makes way as well.
                    if batch.verify_first {
                        let found = self.find_journal(&item.record.key()).await?;
                        there.extend(found.filter(|id| id != earlier));
                    }
                    let removed = self.remove_records(Entity::Journal, &there).await;
                    let removed = removed.map_err(|fault| attempt.broken_off(fault))?;
                    attempt.reached();
                    if let Err(fault) = removed.into_iter().try_for_each(made_way) {
                        attempt.set(place, Err(fault));
                        continue;
                    }
                }
            }
            match outbound {
                Outbound::Manual(element) => {
                    manual.push(Going { place, is_new, element, notes: Vec::new(), adjustments: Vec::new() })
                }
                Outbound::Bank(element) => {
                    let notes = vec!["Xero keeps it as a bank transaction, with the same effect.".to_owned()];
                    bank.push(Going { place, is_new, element, notes, adjustments: Vec::new() });
                }
                Outbound::Transfer(element) => {
                    transfers.push(Going {
                        place,
                        is_new: true,
                        element,
                        notes: Vec::new(),
                        adjustments: Vec::new(),
                    });
                }
            }
        }
        for (going, outcome) in self.send_transfers(transfers, &mut attempt).await? {
            let (at, id) = ((going.place, Form::Transfer), outcome.map(|back| back.id));
            self.note_journal(batch, &mut attempt, at, id, going.notes).await;
        }
        for (going, outcome) in
            self.send_each::<_, ManualJournal>("ManualJournals", manual, &mut attempt).await?
        {
            let (at, id) = ((going.place, Form::Manual), outcome.map(|back| back.id));
            self.note_journal(batch, &mut attempt, at, id, going.notes).await;
        }
        for (going, outcome) in self.send_each::<_, Doc>("BankTransactions", bank, &mut attempt).await? {
            let (at, id) = ((going.place, Form::Bank), outcome.map(|doc| doc.bank_transaction_id));
            self.note_journal(batch, &mut attempt, at, id, going.notes).await;
        }
        attempt.finish()
    }

    async fn note_journal(
        &self,
        batch: &WriteBatch,
        attempt: &mut Attempt,
        (place, form): (usize, Form),
        id: Result<String, Fault>,
        notes: Vec<String>,
    ) {
        if let (Ok(id), Some(item)) = (&id, batch.items.get(place)) {
            self.note_marked(form.endpoint(), &mark::of(&item.record.key()), id).await;
        }
        attempt.set(place, id.map(|id| Written { notes, ..Written::new(form.target(&id)) }));
    }

    /// What an earlier attempt wrote already.
    async fn journal_before(&self, batch: &WriteBatch, item: &WriteItem) -> Result<Option<TargetId>, Fault> {
        if !batch.verify_first || item.operation != Operation::Create {
            return Ok(None);
        }
        self.find_journal(&item.record.key()).await
    }

    /// A journal by its mark, in whatever form.
    pub(super) async fn find_journal(&self, key: &RecordKey) -> Result<Option<TargetId>, Fault> {
        for form in Form::ALL {
            if let Some(found) = self.find_marked(form.endpoint(), key).await? {
                return Ok(Some(form.target(found.id.as_str())));
            }
        }
        Ok(None)
    }

    /// Removes journals, each by its form.
    pub(super) async fn remove_journals(
        &self,
        ids: &[TargetId],
    ) -> Result<Vec<Result<Removal, Fault>>, Fault> {
        let mut outcomes: Vec<Option<Result<Removal, Fault>>> = ids.iter().map(|_| None).collect();
        for form in Form::ALL {
            let of_form = ids.iter().enumerate().filter(|(_, id)| Form::of(id).0 == form);
            let of_form = of_form.map(|(place, id)| (place, TargetId::from(Form::of(id).1)));
            let (places, there): (Vec<_>, Vec<_>) = of_form.unzip();
            let entity = match form {
                Form::Manual => Entity::Journal,
                Form::Bank => Entity::BankTransaction,
                Form::Transfer => Entity::Transfer,
            };
            let removed = self.remove_as(entity, &there).await?;
            for (place, outcome) in places.into_iter().zip(removed) {
                if let Some(slot) = outcomes.get_mut(place) {
                    *slot = Some(outcome);
                }
            }
        }
        let missing = || Err(Fault::new(Code::Bug).detail("a journal without an outcome"));
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(missing)).collect())
    }
}

/// A journal in the form in which Xero takes it, or why it takes it in none.
fn outbound(target: &Target, batch: &WriteBatch, item: &WriteItem) -> Result<Outbound, Fault> {
    let Body::Journal(journal) = &item.record.body else {
        return Err(Fault::new(Code::Bug).detail("no journal"));
    };
    let is_bank = |line: &&JournalLine| {
        let account = target.linked(&batch.links, &Some(line.account.clone()));
        account.is_some_and(|account| account.kind == "BANK")
    };
    let (on_bank, others): (Vec<_>, Vec<_>) = journal.lines.iter().partition(is_bank);
    match (on_bank.as_slice(), others.is_empty()) {
        ([], _) => manual(target, batch, item, journal).map(Outbound::Manual),
        ([money], false) => {
            bank(target, batch, item, journal, money, &others).map(|b| Outbound::Bank(Box::new(b)))
        }
        ([a, b], true) => {
            let (to, from) = if a.amount.is_sign_positive() { (a, b) } else { (b, a) };
            transfer(target, batch, item, journal, from, to).map(Outbound::Transfer)
        }
        _ => Err(Fault::new(Code::TargetRefused)
            .detail("Xero takes no journal on bank accounts; this one moves money on several of them.")
            .hint("Split it in the source into one journal for each bank account.")),
    }
}

/// As money received or spent on its one bank account.
fn bank(
    target: &Target,
    batch: &WriteBatch,
    item: &WriteItem,
    journal: &Journal,
    money: &JournalLine,
    others: &[&JournalLine],
) -> Result<Outgoing, Fault> {
    let is_in = money.amount.is_sign_positive();
    let account = target.linked(&batch.links, &Some(money.account.clone()));
    let account = account.ok_or_else(|| missing("account"))?;
    let (kind, side) = if is_in { ("RECEIVE", Side::Sales) } else { ("SPEND", Side::Purchases) };
    let builder = Builder { target, links: &batch.links, side };
    let mut lines = Vec::with_capacity(others.len());
    for line in others {
        let counter = target.linked(&batch.links, &Some(line.account.clone()));
        let counter = counter.ok_or_else(|| missing("account"))?;
        lines.push(Line {
            description: Some(line.description.clone().unwrap_or_else(|| "Journal".to_owned())),
            quantity: Some(Decimal::ONE),
            line_amount: Some(if is_in { -line.amount } else { line.amount }),
            tax_amount: Some(Decimal::ZERO),
            tax_type: Some(NO_TAX.to_owned()),
            account_code: Some(counter.code.clone()),
            tracking: builder.tracking(&line.tracking, &mut Vec::new()),
            ..Line::default()
        });
    }
    let contact = journal.lines.iter().find_map(|line| batch.links.get_opt(Entity::Contact, &line.contact));
    Ok(Outgoing {
        names: Names::of(Entity::BankTransaction),
        id: match &item.operation {
            Operation::Create => None,
            Operation::Update(id) => Some(Form::of(id).1.to_owned()),
        },
        kind: Some(kind),
        number: None,
        contact: contact.map_or_else(ContactRef::stand_in, |id| ContactRef::of(id.as_str())),
        date: journal.date.to_string(),
        due: None,
        reference: Some(mark::append(&said(item, journal), &mark::of(&item.record.key()), REFERENCE_MAX)),
        url: None,
        currency: journal.currency.to_string(),
        rate: journal.rate.filter(|_| journal.currency != target.home),
        has_tax: false,
        lines,
        status: None,
        bank_account: Some(AccountRef { id: account.id.clone(), code: String::new() }),
    })
}

/// As a transfer between its two bank accounts.
fn transfer(
    target: &Target,
    batch: &WriteBatch,
    item: &WriteItem,
    journal: &Journal,
    from: &JournalLine,
    to: &JournalLine,
) -> Result<BankTransfer, Fault> {
    let account = |line: &JournalLine| {
        let account = target.linked(&batch.links, &Some(line.account.clone()));
        let account = account.ok_or_else(|| missing("account"))?;
        Ok::<_, Fault>(AccountRef { id: account.id.clone(), code: String::new() })
    };
    Ok(BankTransfer {
        from_bank_account: account(from)?,
        to_bank_account: account(to)?,
        amount: Some(to.amount),
        date: journal.date.to_string(),
        currency_rate: journal.rate.filter(|_| journal.currency != target.home),
        reference: Some(mark::append(&said(item, journal), &mark::of(&item.record.key()), REFERENCE_MAX)),
        ..BankTransfer::default()
    })
}

fn said(item: &WriteItem, journal: &Journal) -> String {
    journal.memo.clone().or_else(|| item.record.number.clone()).unwrap_or_default()
}

/// Journals are kept in the base currency: one of a foreign currency is converted line by line, and what rounding
/// leaves goes to the largest line.
fn manual(
    target: &Target,
    batch: &WriteBatch,
    item: &WriteItem,
    journal: &Journal,
) -> Result<ManualJournal, Fault> {
    let amounts = base_amounts(target, journal)?;
    let builder = Builder { target, links: &batch.links, side: Side::Sales };
    let mut lines = Vec::with_capacity(journal.lines.len());
    for (line, amount) in journal.lines.iter().zip(amounts) {
        let account = target.linked(&batch.links, &Some(line.account.clone()));
        let account = account.ok_or_else(|| missing("account"))?;
        lines.push(shapes::JournalLine {
            line_amount: Some(amount),
            account_code: account.code.clone(),
            account_id: if account.code.is_empty() { account.id.clone() } else { String::new() },
            description: line.description.clone(),
            tax_type: Some(NO_TAX.to_owned()),
            tracking: builder.tracking(&line.tracking, &mut Vec::new()),
            ..shapes::JournalLine::default()
        });
    }
    Ok(ManualJournal {
        id: match &item.operation {
            Operation::Create => String::new(),
            Operation::Update(id) => Form::of(id).1.to_owned(),
        },
        narration: mark::append(&said(item, journal), &mark::of(&item.record.key()), NARRATION_MAX),
        date: journal.date.to_string(),
        status: "POSTED".to_owned(),
        line_amount_types: "NoTax".to_owned(),
        journal_lines: lines,
        ..ManualJournal::default()
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
            organisation: Default::default(),
            home: Currency::GBP,
            country: String::new(),
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
