//! Money spent or received without a document. Where it bears tax, it is what shows tax in QuickBooks: money received
//! a sales receipt, money spent an expense.

use carry_connector::{Adjustment, AdjustmentKind, Moved, WriteBatch, WriteItem, Written};
use carry_model::{Action, BankTransaction, Body, Decimal, Direction, Document, Entity, Fault, Line, Record};
use serde_json::{Value, json};

use super::entries::Entry;
use super::target::{Parts, clip, marker, note};
use super::{Draft, is_update, linked_opt, number, set, set_some, to};
use crate::kinds::Kind;
use crate::session::QuickBooks;

const TAX_AS_LINE: &str =
    "Its tax is a line of its own on its line's account: QuickBooks has no place for it here.";

impl QuickBooks {
    pub(super) async fn bank(
        &self,
        batch: &WriteBatch,
        record: &Record,
        bank: &BankTransaction,
    ) -> Result<Draft, Fault> {
        let (_, card) = self.till(batch, bank).await?;
        let comes_back = bank.direction == Direction::In && card;
        let kind = match bank.direction {
            Direction::In if !comes_back => Kind::SalesReceipt,
            _ => Kind::Purchase,
        };
        if !self.has_place_for_tax(batch, bank, kind) {
            return self.plain(batch, record, bank).await;
        }
        match self.taxed(batch, record, bank, kind).await {
            // What a receipt or an expense cannot show, a deposit may.
            Err(fault) if fault.action() == Action::Quarantine => self.plain(batch, record, bank).await,
            Ok(mut draft) if comes_back => {
                set(&mut draft.body, "Credit", json!(true));
                Ok(draft)
            }
            draft => draft,
        }
    }

    /// The account that the money is on, and whether that is a card's.
    async fn till(&self, batch: &WriteBatch, bank: &BankTransaction) -> Result<(String, bool), Fault> {
        let account = self.account_at(batch, &bank.account)?;
        let card = self.is_card(&account).await?;
        Ok((account, card))
    }

    /// As a document of that kind, with its tax as stated.
    async fn taxed(
        &self,
        batch: &WriteBatch,
        record: &Record,
        bank: &BankTransaction,
        kind: Kind,
    ) -> Result<Draft, Fault> {
        let document = document(bank);
        self.make_items(batch, kind, std::iter::once(&document)).await?;
        let mut record = record.clone();
        // It has no number of its own in the source.
        (record.number, record.body) = (None, Body::Document(document.into()));
        self.document(batch, &record, kind).await
    }

    /// True where it bears tax that a document of that kind shows: in the United States on sales only, elsewhere by a
    /// code for each line that bears any.
    fn has_place_for_tax(&self, batch: &WriteBatch, bank: &BankTransaction, kind: Kind) -> bool {
        let mut taxed =
            bank.lines.iter().filter(|line| line.tax.is_some_and(|tax| !tax.is_zero())).peekable();
        let has_code = |line: &carry_model::BankLine| {
            linked_opt(batch, Entity::TaxRate, &line.tax_rate, Kind::TaxCode).is_some()
        };
        let has_place = match self.is_us() {
            true => kind == Kind::SalesReceipt,
            false => bank.lines.iter().all(|line| line.tax.is_none_or(|tax| tax.is_zero()) || has_code(line)),
        };
        self.preferences.tax_prefs.using_sales_tax && has_place && taxed.peek().is_some()
    }

    /// The plain form of a record that QuickBooks refused with its tax, or came to another total with; None for others.
    pub(super) async fn untaxed(
        &self,
        batch: &WriteBatch,
        item: &WriteItem,
        index: usize,
        taxed: &Result<Written, Fault>,
    ) -> Result<Option<Entry>, Fault> {
        let Body::BankTransaction(bank) = &item.record.body else { return Ok(None) };
        let earlier = match taxed {
            Ok(written) if written.total.is_some_and(|total| total != bank.total) => {
                Parts::of(&written.id, Kind::Purchase).all().to_vec()
            }
            Err(fault) if fault.action() == Action::Quarantine => {
                let earlier = is_update(item).map(|id| Parts::of(id, Kind::Deposit).all().to_vec());
                earlier.unwrap_or_default()
            }
            _ => return Ok(None),
        };
        let draft = self.plain(batch, &item.record, bank).await;
        Ok(Some(Entry { index, draft, earlier }))
    }

    /// Money received is a deposit, money spent an expense; what comes back to a card an expense turned round. Tax is
    /// a line of its own.
    async fn plain(
        &self,
        batch: &WriteBatch,
        record: &Record,
        bank: &BankTransaction,
    ) -> Result<Draft, Fault> {
        let (account, card) = self.till(batch, bank).await?;
        let text = note(bank.memo.as_deref().unwrap_or_default(), &marker(record.entity, &record.id), 4_000);
        let mut body = json!({"TxnDate": bank.date.to_string(), "PrivateNote": text});
        self.currency(bank.currency, bank.rate, &mut body).await?;
        let deposit = bank.direction == Direction::In && !card;
        let customer = linked_opt(batch, Entity::Contact, &bank.contact, Kind::Customer);
        let vendor = linked_opt(batch, Entity::Contact, &bank.contact, Kind::Vendor);
        let party = match (deposit, customer, vendor) {
            (true, Some(customer), _) | (false, Some(customer), None) => {
                Some((customer, "Customer", Kind::Customer))
            }
            (_, _, Some(vendor)) => Some((vendor, "Vendor", Kind::Vendor)),
            _ => None,
        };
        let party = match party {
            Some((id, word, kind)) => Some((self.in_currency(kind, &id, bank.currency).await?, word)),
            None => None,
        };
        let (mut lines, mut adjustments) = (Vec::new(), Vec::new());
        let sign = if bank.direction == Direction::In { -Decimal::ONE } else { Decimal::ONE };
        for line in &bank.lines {
            let of = self.account_at(batch, &line.account)?;
            let tax = line.tax.filter(|tax| !tax.is_zero());
            adjustments.extend(tax.map(|tax| {
                let moved = Moved { from: None, to: Some(line.account.clone()), debit: tax * sign };
                Adjustment::new(AdjustmentKind::OtherAccount, tax, bank.currency, TAX_AS_LINE).moving(moved)
            }));
            let amounts = [(line.net, line.description.as_deref()), (tax.unwrap_or_default(), Some("Tax"))];
            for (amount, text) in amounts.into_iter().take(if tax.is_some() { 2 } else { 1 }) {
                let kind = if deposit { "DepositLineDetail" } else { "AccountBasedExpenseLineDetail" };
                let mut detail = json!({"AccountRef": to(&of)});
                if let Some((id, word)) = party.as_ref().filter(|_| deposit) {
                    set(&mut detail, "Entity", json!({"value": id, "type": word.to_uppercase()}));
                }
                let mut body = json!({"DetailType": kind, "Amount": number(amount)?});
                set_some(&mut body, "Description", text.map(|text| json!(clip(text, 4_000))));
                set(&mut body, kind, detail);
                lines.push(body);
            }
        }
        set(&mut body, "Line", Value::Array(lines));
        if deposit {
            set(&mut body, "DepositToAccountRef", to(&account));
            return Ok(Draft { adjustments, ..Draft::new(Kind::Deposit, body) });
        }
        set(&mut body, "PaymentType", json!(if card { "CreditCard" } else { "Cash" }));
        set(&mut body, "AccountRef", to(&account));
        if bank.direction == Direction::In {
            set(&mut body, "Credit", json!(true));
        }
        if let Some((id, word)) = party {
            set(&mut body, "EntityRef", json!({"value": id, "type": word}));
        }
        if !self.is_us() {
            set(&mut body, "GlobalTaxCalculation", json!("NotApplicable"));
        }
        Ok(Draft { adjustments, ..Draft::new(Kind::Purchase, body) })
    }
}

/// The document that shows the same.
fn document(bank: &BankTransaction) -> Document {
    let mut document = Document::new(bank.date, bank.currency, bank.total);
    document.contact = bank.contact.clone();
    document.rate = bank.rate;
    document.paid_account = Some(bank.account.clone());
    document.memo = bank.memo.clone();
    let line = |line: &carry_model::BankLine| Line {
        description: line.description.clone(),
        net: line.net,
        tax_rate: line.tax_rate.clone(),
        tax: line.tax,
        account: Some(line.account.clone()),
        ..Line::default()
    };
    document.lines = bank.lines.iter().map(line).collect();
    document
}
