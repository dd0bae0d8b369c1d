//! Manual journals.

use std::collections::BTreeMap;

use carry_model::{Date, Decimal, Timestamp, round_half_up};
use uuid::Uuid;

use super::account::System;
use super::books::Books;
use super::input::Input;
use super::line::{LineAmounts, read_trackings};
use super::posting;
use super::refusal;
use super::render::money;
use super::tax::TaxRate;
use super::tracking;
use super::when;
use crate::json::{Json, object};

#[derive(Clone, Debug)]
pub(super) struct JournalLine {
    pub(super) account: Uuid,
    /// Debit positive; holds the tax where amounts are inclusive.
    amount: Decimal,
    tax_type: String,
    tax: Decimal,
    description: Option<String>,
    pub(super) tracking: Vec<(Uuid, Uuid)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JournalStatus {
    Draft,
    Posted,
    Deleted,
    Voided,
}

impl JournalStatus {
    const CHOICES: [(&'static str, Self); 4] = [
        ("DRAFT", Self::Draft),
        ("POSTED", Self::Posted),
        ("DELETED", Self::Deleted),
        ("VOIDED", Self::Voided),
    ];

    fn code(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, status)| *status == self).map_or("", |(code, _)| code)
    }
}

#[derive(Clone, Debug)]
pub(super) struct ManualJournal {
    pub(super) id: Uuid,
    narration: String,
    pub(super) date: Date,
    amounts: LineAmounts,
    status: JournalStatus,
    pub(super) lines: Vec<JournalLine>,
    on_cash_basis: bool,
    url: Option<String>,
    pub(super) updated: Timestamp,
}

impl ManualJournal {
    pub(super) fn json(&self, books: &Books, with_lines: bool) -> Json {
        let line = |line: &JournalLine| {
            object! {
                "Description" => line.description.clone(),
                "TaxType" => &line.tax_type,
                "TaxAmount" => money(line.tax),
                "LineAmount" => money(line.amount),
                "AccountCode" => books.accounts.get(line.account).map(|account| &account.code),
                "AccountID" => line.account,
                "Tracking" => line.tracking.iter().map(|one| tracking::reference(books, *one)).collect::<Vec<_>>(),
                "IsBlank" => false,
            }
        };
        let lines = self.lines.iter().filter(|_| with_lines).map(line);
        object! {
            "ManualJournalID" => self.id,
            "Narration" => &self.narration,
            "Date" => when::wire_date(self.date),
            "Status" => self.status.code(),
            "LineAmountTypes" => self.amounts.code(),
            "JournalLines" => lines.collect::<Vec<_>>(),
            "ShowOnCashBasisReports" => self.on_cash_basis,
            "Url" => self.url.clone(),
            "HasAttachments" => books.has_attachments(self.id),
            "UpdatedDateUTC" => when::wire_time(self.updated),
        }
    }

    /// What the journal posts, tax included.
    fn postings(&self, tax_account: Uuid) -> Vec<(Uuid, Decimal)> {
        let mut sums: BTreeMap<Uuid, Decimal> = BTreeMap::new();
        for line in &self.lines {
            let net =
                if self.amounts == LineAmounts::Inclusive { line.amount - line.tax } else { line.amount };
            *sums.entry(line.account).or_default() += net;
            *sums.entry(tax_account).or_default() += line.tax;
        }
        sums.into_iter().collect()
    }
}

/// Creates or changes a manual journal.
pub(super) fn write(
    books: &mut Books,
    id: Option<Uuid>,
    sent: &Json,
    may_update: bool,
) -> Result<Json, Vec<String>> {
    let mut input = Input::new(sent);
    let id = id.or_else(|| input.id("ManualJournalID")).filter(|_| may_update);
    let before = match id {
        Some(id) => {
            let gone = || vec![refusal::GONE.to_owned()];
            Some(books.journals.get(id).cloned().ok_or_else(gone)?)
        }
        None => None,
    };
    let mut journal = before.clone().unwrap_or_else(|| ManualJournal {
        id: books.ids.next(),
        narration: String::new(),
        date: books.today(),
        amounts: LineAmounts::NoTax,
        status: JournalStatus::Draft,
        lines: Vec::new(),
        on_cash_basis: true,
        url: None,
        updated: books.now,
    });
    let wanted = input.choice("Status", &JournalStatus::CHOICES);
    journal.status = next_status(&mut input, before.as_ref().map(|journal| journal.status), wanted);
    read(books, &mut input, &mut journal);
    let dates =
        before.iter().filter(|journal| journal.status == JournalStatus::Posted).map(|journal| journal.date);
    for date in dates.chain(Some(journal.date).filter(|_| journal.status == JournalStatus::Posted)) {
        books.organisation.locked(date).into_iter().for_each(|message| input.problem(message));
    }
    input.check()?;
    journal.updated = books.now;
    match journal.status {
        JournalStatus::Posted => {
            let postings = journal.postings(books.system(System::Tax));
            posting::post_plain(books, journal.id, journal.date, &postings);
        }
        _ => posting::unpost(books, journal.id),
    }
    let json = journal.json(books, true);
    books.journals.insert(journal.id, journal);
    Ok(json)
}

fn next_status(
    input: &mut Input<'_>,
    before: Option<JournalStatus>,
    wanted: Option<JournalStatus>,
) -> JournalStatus {
    use JournalStatus::{Deleted, Draft, Posted, Voided};
    let wanted = wanted.or(before).unwrap_or(Draft);
    let allowed = match before {
        None => matches!(wanted, Draft | Posted),
        Some(Draft) => matches!(wanted, Draft | Posted | Deleted),
        Some(Posted) => matches!(wanted, Posted | Voided),
        Some(Deleted | Voided) => false,
    };
    if !allowed {
        input.problem("Manual journal not of valid status for modification");
    }
    wanted
}

fn read(books: &Books, input: &mut Input<'_>, journal: &mut ManualJournal) {
    if let Some(narration) = input.text_max("Narration", 4000) {
        journal.narration = narration;
    }
    if journal.narration.is_empty() {
        input.problem("Narration must be specified");
    }
    journal.date = input.date("Date").unwrap_or(journal.date);
    journal.amounts = input.choice("LineAmountTypes", &LineAmounts::CHOICES).unwrap_or(journal.amounts);
    journal.on_cash_basis = input.flag("ShowOnCashBasisReports").unwrap_or(journal.on_cash_basis);
    journal.url = input.text("Url").or_else(|| journal.url.take());
    if let Some(sent) = input.field("JournalLines").and_then(Json::as_array) {
        journal.lines =
            sent.iter().filter_map(|line| read_line(books, input, line, journal.amounts)).collect();
    }
    if journal.lines.len() < 2 {
        input.problem("A manual journal must have at least two lines");
    }
    let gross = |line: &JournalLine| {
        if journal.amounts == LineAmounts::Exclusive { line.amount + line.tax } else { line.amount }
    };
    let debits: Decimal = journal.lines.iter().map(gross).filter(Decimal::is_sign_positive).sum();
    let credits: Decimal = journal.lines.iter().map(gross).filter(Decimal::is_sign_negative).sum();
    if debits + credits != Decimal::ZERO {
        let (debits, credits) = (money(debits), money(credits));
        input.problem(format!("The total debits ({debits}) must equal total credits ({credits})"));
    }
}

fn read_line(books: &Books, outer: &mut Input<'_>, sent: &Json, amounts: LineAmounts) -> Option<JournalLine> {
    let mut input = Input::new(sent);
    let amount = input.decimal("LineAmount").map(|amount| round_half_up(amount, 2));
    let code = input.text("AccountCode").filter(|code| !code.is_empty());
    let account = match (&code, input.id("AccountID")) {
        (Some(code), _) => books.account(code),
        (None, Some(id)) => books.accounts.get(id),
        (None, None) => None,
    };
    let account = account.filter(|account| account.takes_journals());
    if account.is_none() {
        let code = code.unwrap_or_default();
        input.problem(format!("Account code '{code}' is not a valid code for this document."));
    }
    if amount.is_none() {
        input.problem("LineAmount must be specified");
    }
    let tax_type = input.text("TaxType").filter(|_| amounts != LineAmounts::NoTax);
    let tax_type = tax_type.unwrap_or_else(|| "NONE".to_owned());
    let rate = books.tax(&tax_type).filter(|rate| rate.is_active()).map(TaxRate::effective);
    if rate.is_none() {
        input.problem(format!("TaxType code '{tax_type}' is not a valid code"));
    }
    let rate = rate.unwrap_or_default();
    let of =
        if amounts == LineAmounts::Inclusive { Decimal::ONE_HUNDRED + rate } else { Decimal::ONE_HUNDRED };
    let tax = amount.and_then(|amount| amount.checked_mul(rate)?.checked_div(of)).unwrap_or_default();
    let given = input.decimal("TaxAmount").filter(|_| amounts != LineAmounts::NoTax);
    let description = input.text("Description");
    let sent_tracking = input.field("Tracking").and_then(Json::as_array).unwrap_or_default();
    let tracking = read_trackings(books, &mut input, sent_tracking);
    if let Err(messages) = input.check() {
        messages.into_iter().for_each(|message| outer.problem(message));
    }
    Some(JournalLine {
        account: account?.id,
        amount: amount?,
        tax_type,
        tax: round_half_up(given.unwrap_or(tax), 2),
        description,
        tracking,
    })
}
