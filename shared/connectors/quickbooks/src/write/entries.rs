//! Transfers, money without a document, journal entries and time.

use carry_connector::{WriteBatch, Written};
use carry_model::{
    AccountClass, Activity, Body, Code, Decimal, Entity, Fault, Journal, Record, SourceId, Transfer,
    round_half_up,
};
use serde_json::{Value, json};

use super::documents::total_of;
use super::target::{Parts, clip, document_number, marker, note, target};
use super::{Draft, Results, is_update, linked, linked_opt, number, set, set_some, to};
use crate::kinds::Kind;
use crate::session::QuickBooks;

const MINUTES_IN_HOUR: i64 = 60;

/// What entries become.
const KINDS: [Kind; 6] = [
    Kind::Transfer,
    Kind::Deposit,
    Kind::Purchase,
    Kind::SalesReceipt,
    Kind::JournalEntry,
    Kind::TimeActivity,
];

/// A record on its way.
pub(super) struct Entry {
    /// Its place in the batch.
    pub(super) index: usize,
    pub(super) draft: Result<Draft, Fault>,
    /// What stands for it in QuickBooks.
    pub(super) earlier: Vec<(Kind, String)>,
}

impl Entry {
    fn states_tax(&self) -> bool {
        self.draft.as_ref().is_ok_and(states_tax)
    }
}

fn states_tax(draft: &Draft) -> bool {
    draft.body.get("TxnTaxDetail").is_some()
}

fn written(kind: Kind, id: String, number: Option<String>, draft: Draft) -> Written {
    Written { number, notes: draft.notes, adjustments: draft.adjustments, ..Written::new(target(kind, &id)) }
}

fn put(results: &mut [Option<Result<Written, Fault>>], index: usize, result: Result<Written, Fault>) {
    if let Some(slot) = results.get_mut(index) {
        *slot = Some(result);
    }
}

impl QuickBooks {
    pub(super) async fn write_entries(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut entries = Vec::with_capacity(batch.items.len());
        for (index, item) in batch.items.iter().enumerate() {
            let draft = self.entry(batch, &item.record).await;
            let earlier = is_update(item).map(|id| Parts::of(id, Kind::JournalEntry).all().to_vec());
            entries.push(Entry { index, draft, earlier: earlier.unwrap_or_default() });
        }
        let taxed: Vec<bool> = entries.iter().map(Entry::states_tax).collect();
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        for (index, result) in self.write_drafts(batch, entries).await? {
            put(&mut results, index, result);
        }
        let mut plain = Vec::new();
        for (index, (item, _)) in batch.items.iter().zip(taxed).enumerate().filter(|(_, (_, taxed))| *taxed) {
            let Some(Some(result)) = results.get(index) else { continue };
            plain.extend(self.untaxed(batch, item, index, result).await?);
        }
        for (index, result) in self.write_drafts(batch, plain).await? {
            put(&mut results, index, result);
        }
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    /// Writes entries, each in place of what stands for it; hands back what became of each.
    async fn write_drafts(
        &self,
        batch: &WriteBatch,
        entries: Vec<Entry>,
    ) -> Result<Vec<(usize, Result<Written, Fault>)>, Fault> {
        let mut results = Vec::with_capacity(entries.len());
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        let there = self.entries_there(batch, &entries).await?;
        for (Entry { index, draft, earlier }, there) in entries.into_iter().zip(there) {
            let kind = draft.as_ref().map_or(Kind::JournalEntry, |draft| draft.kind);
            let standing = earlier.iter().find(|(of, _)| *of == kind).map(|(_, id)| id.clone());
            match (standing, there) {
                (Some(id), _) => changed.push((index, (id, draft))),
                (None, Some(id)) if earlier.is_empty() => match draft {
                    // What an earlier attempt left may still show another total.
                    Ok(draft) if states_tax(&draft) => changed.push((index, (id, Ok(draft)))),
                    draft => results.push((index, draft.map(|draft| written(kind, id, None, draft)))),
                },
                // It becomes an object of another kind. What an attempt of unknown outcome made of it makes way
                // as well.
                (None, there) => {
                    let all: Vec<_> = earlier.into_iter().chain(there.map(|id| (kind, id))).collect();
                    self.remove_parts(&all).await?;
                    new.push((index, draft));
                }
            }
        }
        let (mut places, drafts): (Vec<_>, Vec<_>) = new.into_iter().unzip();
        let mut outcomes = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        places.extend(changed_at);
        outcomes.extend(self.replace(drafts).await?);
        for (index, outcome) in places.into_iter().zip(outcomes) {
            let result = match outcome {
                Ok((done, draft)) if states_tax(&draft) => {
                    let total = total_of(&done)?;
                    Ok(Written {
                        total: Some(total),
                        ..written(draft.kind, done.head.id, done.head.doc_number, draft)
                    })
                }
                Ok((done, draft)) => Ok(written(draft.kind, done.head.id, done.head.doc_number, draft)),
                Err(fault) => Err(fault),
            };
            results.push((index, result));
        }
        Ok(results)
    }

    /// What an earlier attempt made, by the kind that each record becomes.
    async fn entries_there(
        &self,
        batch: &WriteBatch,
        entries: &[Entry],
    ) -> Result<Vec<Option<String>>, Fault> {
        let mut there: Vec<Option<String>> = entries.iter().map(|_| None).collect();
        if !batch.verify_first {
            return Ok(there);
        }
        for kind in KINDS {
            let of_kind =
                |(_, entry): &(usize, &Entry)| entry.draft.as_ref().is_ok_and(|draft| draft.kind == kind);
            let of_kind: Vec<(usize, &Entry)> = entries.iter().enumerate().filter(of_kind).collect();
            let places: Vec<usize> = of_kind.iter().map(|(place, _)| *place).collect();
            if places.is_empty() {
                continue;
            }
            let records = of_kind.iter().filter_map(|(_, entry)| batch.items.get(entry.index));
            let records: Vec<&Record> = records.map(|item| &item.record).collect();
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

    pub(super) fn account_at(&self, batch: &WriteBatch, account: &SourceId) -> Result<String, Fault> {
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
        Ok(Draft { notes, ..Draft::new(Kind::JournalEntry, body) })
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
