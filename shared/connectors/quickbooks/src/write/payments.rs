//! Payments with what they settle; credits applied by payments of nothing; money that goes the other way.

use carry_connector::{WriteBatch, Written, exact};
use carry_model::{AccountClass, Body, Code, Decimal, Entity, Fault, Payment, Record, checked_sum};
use serde_json::{Value, json};

use super::target::{NUMBER_MAX, Parts, clip, marker, note};
use super::{Draft, Results, is_update, linked, linked_opt, number, set, set_some, to};
use crate::kinds::Kind;
use crate::session::QuickBooks;

/// Kinds on either side of the business.
struct Side {
    payment: Kind,
    name: Kind,
    control: AccountClass,
}

fn side(entity: Entity) -> Side {
    if entity == Entity::Payment {
        Side { payment: Kind::Payment, name: Kind::Customer, control: AccountClass::Receivable }
    } else {
        Side { payment: Kind::BillPayment, name: Kind::Vendor, control: AccountClass::Payable }
    }
}

impl QuickBooks {
    pub(super) async fn write_payments(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let side = side(batch.entity);
        let paid = self.already(side.payment, batch).await?;
        let booked = match batch.items.iter().any(|item| goes_back(&item.record)) {
            true => self.already(Kind::JournalEntry, batch).await?,
            false => batch.items.iter().map(|_| None).collect(),
        };
        // Money that goes the other way is an entry first, which the payment of nothing then sets against the credit.
        let mut entries: Vec<Option<Result<String, Fault>>> = batch.items.iter().map(|_| None).collect();
        let mut wanted = Vec::new();
        for (index, ((item, booked), paid)) in batch.items.iter().zip(booked).zip(&paid).enumerate() {
            let parts = is_update(item).map(|id| Parts::of(id, side.payment));
            if let Some(parts) = parts.filter(|parts| goes_back(&item.record) || went_back(parts)) {
                // What an attempt of unknown outcome put in its place makes way as well.
                let again = [(side.payment, paid), (Kind::JournalEntry, &booked)];
                let again =
                    again.into_iter().filter_map(|(kind, head)| Some((kind, head.as_ref()?.id.clone())));
                let mut all: Vec<_> = parts.all().iter().cloned().chain(again).collect();
                all.sort();
                all.dedup();
                self.remove_parts(&all).await?;
            }
            if !goes_back(&item.record) {
                continue;
            }
            match booked.filter(|_| is_update(item).is_none()) {
                Some(head) => note_at(&mut entries, index, Ok(head.id)),
                None => wanted.push((index, self.entry_back(batch, &item.record, &side).await)),
            }
        }
        let (places, drafts): (Vec<_>, Vec<_>) = wanted.into_iter().unzip();
        for (index, outcome) in places.into_iter().zip(self.create(drafts).await?) {
            note_at(&mut entries, index, outcome.map(|(done, _)| done.head.id));
        }
        self.settle(batch, &side, paid, entries).await
    }

    async fn settle(
        &self,
        batch: &WriteBatch,
        side: &Side,
        paid: Vec<Option<crate::objects::Head>>,
        entries: Vec<Option<Result<String, Fault>>>,
    ) -> Result<Results, Fault> {
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        let mut parts: Vec<Option<String>> = Vec::new();
        for (index, ((item, paid), entry)) in batch.items.iter().zip(paid).zip(entries).enumerate() {
            let entry = match entry.transpose() {
                Ok(entry) => entry,
                Err(fault) => {
                    note_at(&mut results, index, Err(fault));
                    parts.push(None);
                    continue;
                }
            };
            parts.push(entry.clone());
            let Body::Payment(payment) = &item.record.body else { continue };
            if entry.is_some() && payment.allocations.is_empty() {
                note_at(&mut results, index, Ok(finished(payment, None, entry.as_deref(), side)));
                continue;
            }
            let draft = self.payment(batch, &item.record, payment, side, entry.as_deref()).await;
            let earlier = is_update(item).map(|id| Parts::of(id, side.payment));
            let earlier = earlier.filter(|parts| entry.is_none() && !went_back(parts));
            let earlier = earlier.and_then(|parts| parts.id(side.payment));
            match (earlier, paid) {
                (Some(id), _) => changed.push((index, (id, draft))),
                (None, Some(head)) if is_update(item).is_none() => {
                    note_at(
                        &mut results,
                        index,
                        Ok(finished(payment, Some(&head.id), entry.as_deref(), side)),
                    );
                }
                (None, _) => new.push((index, draft)),
            }
        }
        let (mut places, drafts): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        let mut outcomes = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        places.extend(changed_at);
        outcomes.extend(self.replace(drafts).await?);
        for (index, outcome) in places.into_iter().zip(outcomes) {
            let entry = parts.get(index).cloned().flatten();
            let payment = batch.items.get(index).map(|item| &item.record.body);
            let result = match (outcome, payment) {
                (Ok((done, draft)), Some(Body::Payment(payment))) => {
                    let mut written = finished(payment, Some(&done.head.id), entry.as_deref(), side);
                    written.notes = draft.notes;
                    Ok(written)
                }
                (Err(fault), _) => {
                    // An entry without the payment that settles with it would move the balance by itself.
                    if let Some(entry) = entry {
                        self.remove_parts(&[(Kind::JournalEntry, entry)]).await?;
                    }
                    Err(fault)
                }
                _ => Err(Fault::new(Code::Bug).detail("no payment")),
            };
            note_at(&mut results, index, result);
        }
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    /// Who paid, as a reference that fits the currency.
    async fn payer(&self, batch: &WriteBatch, payment: &Payment, side: &Side) -> Result<String, Fault> {
        let contact = self.on_side(batch, &payment.contact, side.name).await?;
        let contact = contact.ok_or_else(|| {
            Fault::new(Code::DependencyFailed)
                .field("contact")
                .detail(format!("It names no {} that is in QuickBooks.", side.name.path()))
        })?;
        self.in_currency(side.name, &contact, payment.currency).await
    }

    /// The payment; where an entry stands for its money, a payment of nothing between the entry and the credits.
    async fn payment(
        &self,
        batch: &WriteBatch,
        record: &Record,
        payment: &Payment,
        side: &Side,
        entry: Option<&str>,
    ) -> Result<Draft, Fault> {
        let payer = self.payer(batch, payment, side).await?;
        let mut lines = Vec::new();
        for allocation in &payment.allocations {
            let kind = super::documents::kind_of(allocation.document.entity)?;
            let id = linked(batch, allocation.document.entity, &allocation.document.id, kind).ok_or_else(
                || {
                    Fault::new(Code::DependencyFailed)
                        .detail(format!("The {} is not in QuickBooks.", allocation.document))
                },
            )?;
            lines.push(line(allocation.amount, &id, kind)?);
        }
        if let Some(entry) = entry {
            lines.push(line(payment.amount.abs(), entry, Kind::JournalEntry)?);
        }
        let total = if entry.is_some() { Decimal::ZERO } else { payment.amount };
        let mut body = json!({
            "TxnDate": payment.date.to_string(),
            "TotalAmt": number(total)?,
            "Line": lines,
            "PrivateNote": note(payment.memo.as_deref().unwrap_or_default(), &marker(record.entity, &record.id), 4_000),
        });
        self.currency(payment.currency, payment.rate, &mut body).await?;
        let account = linked_opt(batch, Entity::Account, &payment.account, Kind::Account);
        if side.payment == Kind::Payment {
            set(&mut body, "CustomerRef", to(&payer));
            set_some(
                &mut body,
                "DepositToAccountRef",
                account.filter(|_| entry.is_none()).as_deref().map(to),
            );
            let method = linked_opt(batch, Entity::PaymentMethod, &payment.method, Kind::PaymentMethod);
            set_some(&mut body, "PaymentMethodRef", method.as_deref().map(to));
            let reference = payment.reference.as_deref().map(|text| json!(clip(text, NUMBER_MAX)));
            set_some(&mut body, "PaymentRefNum", reference);
        } else {
            set(&mut body, "VendorRef", to(&payer));
            self.pay_from(account, &mut body).await?;
            let reference = payment.reference.as_deref().map(|text| json!(clip(text, NUMBER_MAX)));
            set_some(&mut body, "DocNumber", reference);
        }
        Ok(Draft::new(side.payment, body))
    }

    /// A bill payment names a bank or a card even where no money moves.
    async fn pay_from(&self, account: Option<String>, body: &mut Value) -> Result<(), Fault> {
        let account = match account {
            Some(account) => Some(account),
            None => {
                self.with_lists(|lists| {
                    let own = lists.id_of(Kind::Account, exact::CLEARING_NAME);
                    own.or_else(|| lists.account_of(AccountClass::Bank)).cloned()
                })
                .await?
            }
        };
        let account = account.ok_or_else(|| {
            Fault::new(Code::FieldMissing)
                .field("account")
                .detail("It names no account that money moved over.")
        })?;
        if self.is_card(&account).await? {
            set(body, "PayType", json!("CreditCard"));
            set(body, "CreditCardPayment", json!({"CCAccountRef": to(&account)}));
        } else {
            set(body, "PayType", json!("Check"));
            set(body, "CheckPayment", json!({"BankAccountRef": to(&account)}));
        }
        Ok(())
    }

    /// The entry of money that goes the other way: from the bank to what the contact is owed, or back.
    async fn entry_back(&self, batch: &WriteBatch, record: &Record, side: &Side) -> Result<Draft, Fault> {
        let Body::Payment(payment) = &record.body else {
            return Err(Fault::new(Code::Bug).detail("no payment"));
        };
        let credits = |entity: Entity| matches!(entity.ledger(), Some((_, -1)));
        if payment.allocations.iter().any(|allocation| !credits(allocation.document.entity)) {
            return Err(Fault::new(Code::TargetRefused).detail(
                "Money that goes back can be set against credits only, not against invoices or bills.",
            ));
        }
        let payer = self.payer(batch, payment, side).await?;
        let bank = linked_opt(batch, Entity::Account, &payment.account, Kind::Account).ok_or_else(|| {
            Fault::new(Code::FieldMissing)
                .field("account")
                .detail("It names no account that money moved over.")
        })?;
        let control = self.control(side, payment.currency).await?;
        let amount = number(payment.amount.abs())?;
        let entity_type = if side.name == Kind::Customer { "Customer" } else { "Vendor" };
        let (of_control, of_bank) =
            if side.payment == Kind::Payment { ("Debit", "Credit") } else { ("Credit", "Debit") };
        let posting =
            |posting: &str, account: &str| json!({"PostingType": posting, "AccountRef": to(account)});
        let mut first = posting(of_control, &control);
        set(&mut first, "Entity", json!({"Type": entity_type, "EntityRef": to(&payer)}));
        let line = |detail: Value| json!({"DetailType": "JournalEntryLineDetail", "Amount": amount, "JournalEntryLineDetail": detail});
        let mut body = json!({
            "TxnDate": payment.date.to_string(),
            "Line": [line(first), line(posting(of_bank, &bank))],
            "PrivateNote": note(payment.memo.as_deref().unwrap_or_default(), &marker(record.entity, &record.id), 4_000),
        });
        self.currency(payment.currency, payment.rate, &mut body).await?;
        Ok(Draft::new(Kind::JournalEntry, body))
    }

    /// The control account of a currency: QuickBooks keeps one for each, named after it.
    async fn control(&self, side: &Side, currency: carry_model::Currency) -> Result<String, Fault> {
        let home = self.home;
        let found = self
            .with_lists(|lists| {
                let of_class = lists.accounts.iter().filter(|(_, known)| known.class == Some(side.control));
                let named = |name: &str| name.ends_with(currency.code());
                let mut all: Vec<_> = of_class
                    .map(|(id, known)| {
                        ((currency != home) != named(&known.name), known.name.clone(), id.clone())
                    })
                    .collect();
                all.sort();
                all.into_iter().next().map(|(_, _, id)| id)
            })
            .await?;
        found.ok_or_else(|| {
            Fault::new(Code::TargetUnsuitable).detail("QuickBooks has no control account for it.")
        })
    }
}

/// True for money that goes the other way.
fn goes_back(record: &Record) -> bool {
    matches!(&record.body, Body::Payment(payment) if payment.amount.is_sign_negative() && !payment.amount.is_zero())
}

/// True for what was made of money that goes the other way.
fn went_back(parts: &Parts) -> bool {
    parts.id(Kind::JournalEntry).is_some()
}

fn line(amount: Decimal, id: &str, kind: Kind) -> Result<Value, Fault> {
    Ok(json!({"Amount": number(amount)?, "LinkedTxn": [{"TxnId": id, "TxnType": kind.name()}]}))
}

fn note_at<T>(slots: &mut [Option<T>], index: usize, value: T) {
    if let Some(slot) = slots.get_mut(index) {
        *slot = Some(value);
    }
}

fn finished(payment: &Payment, id: Option<&str>, entry: Option<&str>, side: &Side) -> Written {
    let part = |kind: Kind, id: &str| format!("{}:{id}", kind.path());
    let parts: Vec<_> = id
        .map(|id| part(side.payment, id))
        .into_iter()
        .chain(entry.map(|entry| part(Kind::JournalEntry, entry)))
        .collect();
    let mut written = Written::new(parts.join("+"));
    written.total = Some(payment.amount);
    written.number = payment.reference.clone();
    written
}

/// What is left to the contact's favour: money less what it settled, credits counted for it.
pub(super) fn unapplied(amount: Decimal, lines: &[(Kind, Decimal)]) -> Result<Decimal, Fault> {
    let effect = |(kind, amount): &(Kind, Decimal)| match kind {
        Kind::CreditMemo | Kind::VendorCredit => *amount,
        _ => -*amount,
    };
    checked_sum(lines.iter().map(effect).chain([amount]))
}
