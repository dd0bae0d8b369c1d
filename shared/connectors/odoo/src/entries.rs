//! Journal entries, transfers and bank transactions: entries without a document.

use carry_connector::{WriteBatch, WriteItem, Written};
use carry_model::{
    BankTransaction, Body, Code, Currency, Date, Decimal, Direction, Entity, Fault, Journal, Money, SourceId,
    Tracking, Transfer, checked_sum, round_half_up,
};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::analytic::Options;
use crate::books::currencies;
use crate::call::Call;
use crate::journals::Journals;
use crate::lists::{Place, Results};
use crate::names::{id_of, target};
use crate::numbers::{AUTOMATIC, usable};
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::value::{self, plain};

/// A line of an entry.
struct EntryLine<'a> {
    account: Option<i64>,
    /// Debit positive, in the entry's currency.
    amount: Decimal,
    /// The same in the currency of the account, where that is another.
    as_received: Option<Money>,
    partner: Option<i64>,
    text: Option<&'a str>,
    tracking: &'a [Tracking],
}

/// An entry, whatever record it comes of.
struct Entry<'a> {
    journal: i64,
    date: Date,
    currency: Currency,
    rate: Option<Decimal>,
    text: Option<&'a str>,
    lines: Vec<EntryLine<'a>>,
}

/// What the entries of a batch need to know of the target.
struct Known {
    journals: Journals,
    currencies: FxHashMap<Currency, i64>,
    options: Options,
    tax_accounts: [Option<i64>; 2],
}

impl Odoo {
    /// Creates or replaces entries.
    pub(crate) async fn write_entries(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let unwritten = || Err(Fault::new(Code::Bug).detail("an entry without an outcome"));
        let mut results: Results = batch.items.iter().map(|_| unwritten()).collect();
        let places = self.clear_the_way(batch, "", &mut results).await?;
        let places = self.remove_earlier(batch, places).await?;
        let known = self.known_of_entries(batch).await?;
        let names = self.entry_names(batch, &places, &known).await?;
        let mut rows = Vec::new();
        let mut going = Vec::new();
        for (at, ((item, place), name)) in batch.items.iter().zip(places).zip(names).enumerate() {
            let Some(place) = place else { continue };
            let row = self
                .entry(batch, item, &known)
                .and_then(|entry| self.entry_row(batch, entry, &place, &name, &known));
            match row {
                Ok(row) => {
                    rows.push(row);
                    going.push((at, place.external, name));
                }
                Err(fault) => set(&mut results, at, Err(fault)),
            }
        }
        let outcomes = self.load("account.move/load", &rows).await?;
        let mut drafts = Vec::new();
        for ((at, external, name), outcome) in going.into_iter().zip(outcomes) {
            match outcome {
                Ok(id) => drafts.push((at, external, name, id)),
                Err(fault) => set(&mut results, at, Err(fault)),
            }
        }
        self.post_entries(drafts, &mut results).await?;
        Ok(results)
    }

    async fn post_entries(
        &self,
        drafts: Vec<(usize, String, String, i64)>,
        results: &mut Results,
    ) -> Result<(), Fault> {
        let ids: Vec<i64> = drafts.iter().map(|(.., id)| *id).collect();
        let mut refused = self.post(&ids).await?;
        let mut finished = Vec::new();
        for (at, external, name, id) in drafts {
            let mut notes = Vec::new();
            let mut fault = refused.remove(&id);
            if fault.as_ref().is_some_and(crate::fault::is_about_number) {
                let values = json!({"name": AUTOMATIC});
                self.call(Call::rewrite("account.move/write").on([id]).with("vals", values)).await?;
                fault = self.post(&[id]).await?.remove(&id);
                notes
                    .push(format!("Odoo reads the number {name} as one of another period; it gave its own."));
            }
            if let Some(fault) = fault {
                self.unlink_drafts(&[id]).await?;
                set(results, at, Err(fault));
                continue;
            }
            finished.push(external);
            set(results, at, Ok(Written { notes, ..Written::new(target("account.move", id)) }));
        }
        self.mark_finished(&finished).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let call = Call::read("account.move/search_read").with("domain", json!([["id", "in", ids]]));
        let found = value::records(self.call(call.with("fields", json!(["name"]))).await?)?;
        let names: FxHashMap<i64, String> = found
            .iter()
            .filter_map(|fields| Some((value::id(fields), value::text(fields, "name")?.to_owned())))
            .collect();
        for written in results.iter_mut().flatten() {
            if written.number.is_none() {
                written.number = id_of(&written.id).and_then(|id| names.get(&id).cloned());
            }
        }
        Ok(())
    }

    async fn known_of_entries(&self, batch: &WriteBatch) -> Result<Known, Fault> {
        let account = |id: &SourceId| batch.links.get(Entity::Account, id).and_then(id_of);
        let bodies = || batch.items.iter().map(|item| &item.record.body);
        let money: Vec<i64> = bodies()
            .filter_map(|body| match body {
                Body::Transfer(transfer) => account(&transfer.from),
                Body::BankTransaction(bank) => account(&bank.account),
                _ => None,
            })
            .collect();
        let codes = bodies().flat_map(|body| match body {
            Body::Transfer(transfer) => {
                [Some(transfer.currency), transfer.received.map(|money| money.currency)]
            }
            Body::BankTransaction(bank) => [Some(bank.currency), None],
            Body::Journal(journal) => [Some(journal.currency), None],
            _ => [None, None],
        });
        let tracking = bodies().flat_map(|body| match body {
            Body::Journal(journal) => {
                journal.lines.iter().flat_map(|line| &line.tracking).collect::<Vec<&Tracking>>()
            }
            _ => Vec::new(),
        });
        Ok(Known {
            journals: self.ensure_journals(&money).await?,
            currencies: currencies(self, codes.flatten().collect()).await?,
            options: self.options(&batch.links, tracking.collect()).await?,
            tax_accounts: [self.tax_account(false).await?, self.tax_account(true).await?],
        })
    }

    async fn entry_names(
        &self,
        batch: &WriteBatch,
        places: &[Option<Place>],
        known: &Known,
    ) -> Result<Vec<String>, Fault> {
        // Transfers and bank transactions are numbered by the journal of their account.
        let keeps = batch.keep_numbers && batch.entity == Entity::Journal;
        let wanted: Vec<Option<String>> = batch
            .items
            .iter()
            .zip(places)
            .map(|(item, place)| usable(item.record.number.as_ref()).filter(|_| keeps && place.is_some()))
            .collect();
        let general = known.journals.first("general")?.id;
        let names = self.free_numbers(general, &wanted, &[]).await?;
        Ok(names.into_iter().map(|name| name.unwrap_or_else(|| AUTOMATIC.to_owned())).collect())
    }

    fn entry<'a>(&self, batch: &WriteBatch, item: &'a WriteItem, known: &Known) -> Result<Entry<'a>, Fault> {
        match &item.record.body {
            Body::Journal(journal) => journal_entry(batch, journal, known),
            Body::Transfer(transfer) => transfer_entry(batch, transfer, known),
            Body::BankTransaction(bank) => bank_entry(batch, bank, known),
            _ => Err(Fault::new(Code::Bug).detail("no entry")),
        }
    }

    fn entry_row(
        &self,
        batch: &WriteBatch,
        entry: Entry<'_>,
        place: &Place,
        name: &str,
        known: &Known,
    ) -> Result<Row, Fault> {
        let currency_id = |code: Currency| {
            let missing =
                || Fault::new(Code::CurrencyUnknown).detail(format!("Odoo has no currency {code}."));
            known.currencies.get(&code).copied().ok_or_else(missing)
        };
        let balances = self.home_amounts(&entry)?;
        let mut row = Row::create(&place.external)
            .with("move_type", "entry")
            .with_id("journal_id", Some(entry.journal))
            .with("date", entry.date.to_string())
            .with("name", name)
            .with("ref", entry.text.unwrap_or_default())
            .with_id("currency_id", Some(currency_id(entry.currency)?));
        for (part, balance) in entry.lines.iter().zip(balances) {
            let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
            let shown = part.as_received.unwrap_or(Money::new(part.amount, entry.currency));
            let mut cells = line(
                "line_ids",
                [
                    ("account_id/.id", id(part.account)),
                    ("partner_id/.id", id(part.partner)),
                    ("name", part.text.or(entry.text).unwrap_or_default().to_owned()),
                    ("currency_id/.id", currency_id(shown.currency)?.to_string()),
                    ("amount_currency", plain(shown.amount)?),
                    ("balance", plain(balance)?),
                ],
            );
            if self.books.analytic {
                let shares = self.distribution(&batch.links, &known.options, &None, part.tracking);
                cells.extend(line("line_ids", [("analytic_distribution", shares)]));
            }
            row.push_line(cells);
        }
        Ok(row)
    }

    /// The lines in the home currency at the entry's own rate; what rounding leaves goes to the largest line.
    fn home_amounts(&self, entry: &Entry<'_>) -> Result<Vec<Decimal>, Fault> {
        let gap = checked_sum(entry.lines.iter().map(|line| line.amount))?;
        if !gap.is_zero() {
            return Err(Fault::new(Code::JournalUnbalanced).detail(format!("They differ by {gap}.")));
        }
        let rate = match entry.rate {
            _ if self.books.is_home(entry.currency) => Decimal::ONE,
            Some(rate) => rate,
            None => {
                return Err(Fault::new(Code::FieldMissing)
                    .field("exchange rate")
                    .detail(format!("The entry is in {} and states no rate.", entry.currency)));
            }
        };
        let digits = self.books.home.map_or(2, |(home, _)| home.minor_digits());
        let home = |line: &EntryLine<'_>| {
            let product = line.amount.checked_mul(rate).ok_or_else(|| Fault::new(Code::AmountOutOfRange))?;
            Ok(round_half_up(product, digits))
        };
        let mut amounts = entry.lines.iter().map(home).collect::<Result<Vec<_>, Fault>>()?;
        let rest = -checked_sum(amounts.iter().copied())?;
        if let Some(largest) = amounts.iter_mut().max_by_key(|amount| amount.abs()) {
            *largest = checked_sum([*largest, rest])?;
        }
        Ok(amounts)
    }
}

fn account(batch: &WriteBatch, id: &SourceId) -> Result<Option<i64>, Fault> {
    let found = batch.links.get(Entity::Account, id).and_then(id_of);
    found.map(Some).ok_or_else(|| Fault::new(Code::DependencyFailed).field("account").text(id))
}

fn journal_entry<'a>(batch: &WriteBatch, journal: &'a Journal, known: &Known) -> Result<Entry<'a>, Fault> {
    let lines = journal.lines.iter().map(|line| {
        Ok(EntryLine {
            account: account(batch, &line.account)?,
            amount: line.amount,
            as_received: None,
            partner: batch.links.get_opt(Entity::Contact, &line.contact).and_then(id_of),
            text: line.description.as_deref(),
            tracking: &line.tracking,
        })
    });
    Ok(Entry {
        journal: known.journals.first("general")?.id,
        date: journal.date,
        currency: journal.currency,
        rate: journal.rate,
        text: journal.memo.as_deref(),
        lines: lines.collect::<Result<Vec<_>, Fault>>()?,
    })
}

fn plain_line(
    account: Option<i64>,
    amount: Decimal,
    partner: Option<i64>,
    text: Option<&str>,
) -> EntryLine<'_> {
    EntryLine { account, amount, as_received: None, partner, text, tracking: &[] }
}

fn money_journal(known: &Known, account: Option<i64>) -> Result<i64, Fault> {
    let journal = account.and_then(|account| known.journals.of_account(account));
    journal
        .map(|journal| journal.id)
        .ok_or_else(|| Fault::new(Code::Bug).detail("an account without a journal"))
}

fn transfer_entry<'a>(batch: &WriteBatch, transfer: &'a Transfer, known: &Known) -> Result<Entry<'a>, Fault> {
    let (from, to) = (account(batch, &transfer.from)?, account(batch, &transfer.to)?);
    let text = transfer.memo.as_deref();
    let arrival = EntryLine { as_received: transfer.received, ..plain_line(to, transfer.amount, None, text) };
    Ok(Entry {
        journal: money_journal(known, from)?,
        date: transfer.date,
        currency: transfer.currency,
        rate: transfer.rate,
        text,
        lines: vec![plain_line(from, -transfer.amount, None, text), arrival],
    })
}

fn bank_entry<'a>(batch: &WriteBatch, bank: &'a BankTransaction, known: &Known) -> Result<Entry<'a>, Fault> {
    let sign = if bank.direction == Direction::In { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let money = account(batch, &bank.account)?;
    let partner = batch.links.get_opt(Entity::Contact, &bank.contact).and_then(id_of);
    let [sale_tax, purchase_tax] = known.tax_accounts;
    let tax_account = if bank.direction == Direction::In { sale_tax } else { purchase_tax };
    let mut lines = vec![plain_line(money, bank.total * sign, partner, bank.memo.as_deref())];
    for part in &bank.lines {
        let own = account(batch, &part.account)?;
        lines.push(plain_line(own, -part.net * sign, partner, part.description.as_deref()));
        if let Some(tax) = part.tax.filter(|tax| !tax.is_zero()) {
            lines.push(plain_line(tax_account.or(own), -tax * sign, partner, Some("Tax")));
        }
    }
    Ok(Entry {
        journal: money_journal(known, money)?,
        date: bank.date,
        currency: bank.currency,
        rate: bank.rate,
        text: bank.memo.as_deref(),
        lines,
    })
}

fn set(results: &mut Results, at: usize, result: Result<Written, Fault>) {
    if let Some(place) = results.get_mut(at) {
        *place = result;
    }
}
