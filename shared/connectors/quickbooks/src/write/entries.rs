//! Transfers, money without a document, journal entries and time.

use carry_connector::{WriteBatch, Written};
use carry_model::{
    AccountClass, Activity, BankTransaction, Body, Code, Decimal, Direction, Entity, Fault, Journal, Record,
    SourceId, Transfer, round_half_up,
};
use serde_json::{Value, json};

use super::target::{Parts, clip, document_number, marker, note, target};
use super::{Draft, Results, is_update, linked, linked_opt, number, set, set_some, to};
use crate::kinds::Kind;
use crate::session::QuickBooks;

const MINUTES_IN_HOUR: i64 = 60;

impl QuickBooks {
    pub(super) async fn write_entries(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut drafts = Vec::with_capacity(batch.items.len());
        for item in &batch.items {
            drafts.push(self.entry(batch, &item.record).await);
        }
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        let there = self.entries_there(batch, &drafts).await?;
        for (index, ((item, draft), there)) in batch.items.iter().zip(drafts).zip(there).enumerate() {
            let kind = draft.as_ref().map_or(Kind::JournalEntry, |draft| draft.kind);
            let parts = is_update(item).map(|id| Parts::of(id, kind));
            match (parts, there) {
                (Some(parts), there) => match parts.id(kind) {
                    Some(id) => changed.push((index, (id, draft))),
                    // It becomes an object of another kind. What an attempt of unknown outcome made of it makes way
                    // as well.
                    None => {
                        let mut all = parts.all().to_vec();
                        all.extend(there.map(|id| (kind, id)));
                        self.remove_parts(&all).await?;
                        new.push((index, draft));
                    }
                },
                (None, Some(id)) => {
                    let notes = draft.map(|draft| draft.notes).unwrap_or_default();
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(Ok(Written { notes, ..Written::new(target(kind, &id)) }));
                    }
                }
                (None, None) => new.push((index, draft)),
            }
        }
        let (mut places, drafts): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        let mut outcomes = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        places.extend(changed_at);
        outcomes.extend(self.replace(drafts).await?);
        for (index, outcome) in places.into_iter().zip(outcomes) {
            let result = outcome.map(|(done, draft)| {
                let mut written = Written::new(target(draft.kind, &done.head.id));
                written.number = done.head.doc_number;
                written.notes = draft.notes;
                written
            });
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    /// What an earlier attempt made, by the kind that each record becomes.
    async fn entries_there(
        &self,
        batch: &WriteBatch,
        drafts: &[Result<Draft, Fault>],
    ) -> Result<Vec<Option<String>>, Fault> {
        let mut there: Vec<Option<String>> = batch.items.iter().map(|_| None).collect();
        if !batch.verify_first {
            return Ok(there);
        }
        for kind in [Kind::Transfer, Kind::Deposit, Kind::Purchase, Kind::JournalEntry, Kind::TimeActivity] {
            let places: Vec<usize> = drafts
                .iter()
                .enumerate()
                .filter(|(_, draft)| draft.as_ref().is_ok_and(|draft| draft.kind == kind))
                .map(|(index, _)| index)
                .collect();
            if places.is_empty() {
                continue;
            }
            let records: Vec<&Record> =
                places.iter().filter_map(|place| batch.items.get(*place)).map(|item| &item.record).collect();
            for (place, head) in places.into_iter().zip(self.located(kind, &records).await?) {
                if let Some(slot) = there.get_mut(place) {
                    *slot = head.map(|head| head.id);
                }
            }
        }
        Ok(there)
    }

    async fn entry(&self, batch: &WriteBatch, record: &Record) -> Result<Draft, Fault> {
        match &record.body {
            Body::Transfer(transfer) => self.transfer(batch, record, transfer).await,
            Body::BankTransaction(bank) => self.bank(batch, record, bank).await,
            Body::Journal(journal) => self.journal(batch, record, journal).await,
            Body::Activity(activity) => self.time(batch, record, activity).await,
            _ => Err(Fault::new(Code::Bug).detail("no entry")),
        }
    }

    fn account_at(&self, batch: &WriteBatch, account: &SourceId) -> Result<String, Fault> {
        linked(batch, Entity::Account, account, Kind::Account)
            .ok_or_else(|| Fault::new(Code::DependencyFailed).field("account").text(account))
    }

    async fn class_of(&self, account: &str) -> Result<Option<AccountClass>, Fault> {
        self.with_lists(|lists| lists.accounts.get(account).and_then(|known| known.class)).await
    }

    /// A transfer between accounts of one's own; where one of them is none of assets, an entry.
    async fn transfer(
        &self,
        batch: &WriteBatch,
        record: &Record,
        transfer: &Transfer,
    ) -> Result<Draft, Fault> {
        let (from, to_account) =
            (self.account_at(batch, &transfer.from)?, self.account_at(batch, &transfer.to)?);
        let text =
            note(transfer.memo.as_deref().unwrap_or_default(), &marker(record.entity, &record.id), 4_000);
        let mut body = json!({"TxnDate": transfer.date.to_string(), "PrivateNote": text});
        self.currency(transfer.currency, transfer.rate, &mut body).await?;
        let asset = |class: Option<AccountClass>| {
            matches!(class, Some(AccountClass::Bank | AccountClass::CurrentAsset | AccountClass::FixedAsset))
        };
        if asset(self.class_of(&from).await?) && asset(self.class_of(&to_account).await?) {
            set(&mut body, "FromAccountRef", to(&from));
            set(&mut body, "ToAccountRef", to(&to_account));
            set(&mut body, "Amount", number(transfer.amount)?);
            return Ok(Draft::new(Kind::Transfer, body));
        }
        let lines = [posting(transfer.amount, &to_account)?, posting(-transfer.amount, &from)?];
        set(&mut body, "Line", json!(lines));
        let mut draft = Draft::new(Kind::JournalEntry, body);
        draft
            .notes
            .push("QuickBooks moves money between assets only: it goes as a journal entry.".to_owned());
        Ok(draft)
    }

    /// Money received is a deposit, money spent an expense; what comes back to a card an expense turned round.
    async fn bank(
        &self,
        batch: &WriteBatch,
        record: &Record,
        bank: &BankTransaction,
    ) -> Result<Draft, Fault> {
        let account = self.account_at(batch, &bank.account)?;
        let card = self.is_card(&account).await?;
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
        let (mut lines, mut notes) = (Vec::new(), Vec::new());
        for line in &bank.lines {
            let of = self.account_at(batch, &line.account)?;
            // Tax goes as a line of its own, on the same account.
            let tax = line.tax.filter(|tax| !tax.is_zero());
            notes.extend(tax.map(|tax| {
                let currency = bank.currency;
                format!("Its tax of {tax} {currency} is a line of its own, on its line's account.")
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
            return Ok(Draft { kind: Kind::Deposit, body, notes });
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
        Ok(Draft { kind: Kind::Purchase, body, notes })
    }

    async fn journal(&self, batch: &WriteBatch, record: &Record, journal: &Journal) -> Result<Draft, Fault> {
        let text =
            note(journal.memo.as_deref().unwrap_or_default(), &marker(record.entity, &record.id), 4_000);
        let mut body = json!({"TxnDate": journal.date.to_string(), "PrivateNote": text});
        let mut notes = Vec::new();
        if let Some(number) = record.number.as_deref().filter(|_| batch.keep_numbers) {
            let (short, said) = document_number(number);
            notes.extend(said);
            set(&mut body, "DocNumber", json!(short));
        }
        self.currency(journal.currency, journal.rate, &mut body).await?;
        let accounting = &self.preferences.accounting_info_prefs;
        let mut lines = Vec::new();
        for line in journal.lines.iter().filter(|line| !line.amount.is_zero()) {
            let account = self.account_at(batch, &line.account)?;
            let mut body = posting(line.amount, &account)?;
            set_some(
                &mut body,
                "Description",
                line.description.as_deref().map(|text| json!(clip(text, 4_000))),
            );
            let kind = match self.class_of(&account).await? {
                Some(AccountClass::Payable) => Kind::Vendor,
                _ => Kind::Customer,
            };
            let contact =
                line.contact.as_ref().and_then(|contact| linked(batch, Entity::Contact, contact, kind));
            let option = |kind: Kind| {
                line.tracking.iter().find_map(|tracking| {
                    let target = batch.links.get(Entity::TrackingCategory, &tracking.category)?;
                    Some((target.clone(), kind, tracking.option.clone()))
                })
            };
            let (class, department) = self
                .with_lists(|lists| {
                    let find = |kind| {
                        option(kind).and_then(|(target, kind, name)| lists.option_of(&target, kind, &name))
                    };
                    (find(Kind::Class), find(Kind::Department))
                })
                .await?;
            let tracks = accounting.class_tracking_per_txn || accounting.class_tracking_per_txn_line;
            if let Some(detail) = body.get_mut("JournalEntryLineDetail") {
                if let Some(contact) = contact {
                    let contact = self.in_currency(kind, &contact, journal.currency).await?;
                    set(detail, "Entity", json!({"Type": kind.name(), "EntityRef": to(&contact)}));
                }
                set_some(detail, "ClassRef", class.filter(|_| tracks).as_deref().map(to));
                set_some(
                    detail,
                    "DepartmentRef",
                    department.filter(|_| accounting.track_departments).as_deref().map(to),
                );
            }
            lines.push(body);
        }
        set(&mut body, "Line", Value::Array(lines));
        Ok(Draft { kind: Kind::JournalEntry, body, notes })
    }

    async fn time(&self, batch: &WriteBatch, record: &Record, activity: &Activity) -> Result<Draft, Fault> {
        let mut text = activity.subject.clone();
        if let Some(more) = &activity.note {
            text = format!("{text}\n{more}");
        }
        let mut body = json!({
            "TxnDate": activity.date.to_string(),
            "Description": note(&text, &marker(record.entity, &record.id), 4_000),
        });
        self.worker(activity, &mut body).await?;
        let minutes = activity
            .hours
            .unwrap_or_default()
            .checked_mul(Decimal::from(MINUTES_IN_HOUR))
            .map(|minutes| round_half_up(minutes, 0))
            .and_then(|minutes| i64::try_from(minutes).ok())
            .ok_or_else(|| Fault::new(Code::AmountOutOfRange).field("hours"))?;
        set(&mut body, "Hours", json!(minutes / MINUTES_IN_HOUR));
        set(&mut body, "Minutes", json!(minutes % MINUTES_IN_HOUR));
        let project = linked_opt(batch, Entity::Project, &activity.project, Kind::Customer);
        let customer =
            project.or_else(|| linked_opt(batch, Entity::Contact, &activity.contact, Kind::Customer));
        set_some(&mut body, "CustomerRef", customer.as_deref().map(to));
        let item = linked_opt(batch, Entity::Item, &activity.item, Kind::Item);
        set_some(&mut body, "ItemRef", item.as_deref().map(to));
        let mut draft = Draft::new(Kind::TimeActivity, body);
        // Billable time names its customer and a rate; what was billed stays billed on its invoice.
        let billable =
            activity.billable && activity.invoice.is_none() && customer.is_some() && activity.rate.is_some();
        set(&mut draft.body, "BillableStatus", json!(if billable { "Billable" } else { "NotBillable" }));
        set_some(&mut draft.body, "HourlyRate", activity.rate.map(number).transpose()?);
        if activity.billable && !billable {
            draft.notes.push("Billed, or without customer or rate: not marked as billable.".to_owned());
        }
        Ok(draft)
    }

    /// Who worked: an employee or vendor of that name, or a vendor made for it.
    async fn worker(&self, activity: &Activity, body: &mut Value) -> Result<(), Fault> {
        let name = activity.staff.as_deref().map(|name| super::target::valid_name(name, 100));
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "Staff (Carryforward)".to_owned());
        let (employee, vendor) = self
            .with_lists(|lists| {
                (
                    lists.employees.get(&name.to_lowercase()).cloned(),
                    lists.id_of(Kind::Vendor, &name).cloned(),
                )
            })
            .await?;
        if let Some(employee) = employee {
            set(body, "NameOf", json!("Employee"));
            set(body, "EmployeeRef", to(&employee));
            return Ok(());
        }
        let vendor = match vendor {
            Some(vendor) => vendor,
            None => {
                let name = self
                    .with_lists(|lists| super::target::unique(lists, Kind::Vendor, &name, "5afe77", 100))
                    .await?;
                let there = self.with_lists(|lists| lists.id_of(Kind::Vendor, &name).cloned()).await?;
                match there {
                    Some(vendor) => vendor,
                    None => self.make_worker(&name).await?,
                }
            }
        };
        set(body, "NameOf", json!("Vendor"));
        set(body, "VendorRef", to(&vendor));
        Ok(())
    }

    async fn make_worker(&self, name: &str) -> Result<String, Fault> {
        let draft = Draft::new(Kind::Vendor, json!({"DisplayName": name, "Active": true}));
        let created = self.create(vec![Ok(draft)]).await?.pop();
        let (done, _) =
            created.unwrap_or_else(|| Err(Fault::new(Code::Bug).detail("a record without an outcome")))?;
        self.with_lists(|lists| lists.learn(Kind::Vendor, name, &done.head.id)).await?;
        Ok(done.head.id)
    }
}

/// A line of a journal entry: debit positive.
fn posting(amount: Decimal, account: &str) -> Result<Value, Fault> {
    let posting = if amount.is_sign_negative() { "Credit" } else { "Debit" };
    Ok(json!({
        "DetailType": "JournalEntryLineDetail",
        "Amount": number(amount.abs())?,
        "JournalEntryLineDetail": {"PostingType": posting, "AccountRef": to(account)},
    }))
}
