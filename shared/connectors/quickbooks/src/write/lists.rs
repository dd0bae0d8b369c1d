//! Accounts, terms, payment methods, items and tracking categories.

use carry_connector::{CatalogEntry, Found, WriteBatch, WriteItem, Written};
use carry_model::{Account, AccountClass, Body, Code, Entity, Fault, Item, Record, TargetId};
use serde_json::{Value, json};

use super::target::{
    Parts, clip, marked, marker, note, target, target_before, unique, valid_name, valid_name_of,
};
use super::taxes::AUTOMATIC;
use super::{Draft, Results, is_update, linked_opt, number, set, set_some, to};
use crate::accounts::account_type;
use crate::kinds::Kind;
use crate::lists::{KnownAccount, Lists};
use crate::objects::{PaymentMethod, Term};
use crate::session::QuickBooks;
use crate::transform::{CLASS, LOCATION};

const ACCOUNT_NAME_MAX: usize = 100;
const ITEM_NAME_MAX: usize = 100;
const SHORT_NAME_MAX: usize = 31;
const DESCRIPTION_MAX: usize = 100;

/// Where a list record is to go.
enum Place {
    /// It is there already: nothing is sent.
    There(Written),
    /// A new one, under that name.
    New(String),
    /// The one with that id changes; its name stays.
    Change(String, String),
}

fn kind_of(entity: Entity) -> Result<Kind, Fault> {
    match entity {
        Entity::Account => Ok(Kind::Account),
        Entity::Terms => Ok(Kind::Term),
        Entity::PaymentMethod => Ok(Kind::PaymentMethod),
        Entity::Item => Ok(Kind::Item),
        _ => Err(Fault::new(Code::Bug).detail("not a plain list")),
    }
}

fn wanted(body: &Body) -> Option<(&str, usize)> {
    Some(match body {
        Body::Account(account) => (&account.name, ACCOUNT_NAME_MAX),
        Body::Terms(terms) => (&terms.name, SHORT_NAME_MAX),
        Body::PaymentMethod(method) => (&method.name, SHORT_NAME_MAX),
        Body::Item(item) => (&item.name, ITEM_NAME_MAX),
        _ => return None,
    })
}

impl QuickBooks {
    /// Records that are known by their name, a batch of one kind.
    pub(super) async fn write_list(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let kind = kind_of(batch.entity)?;
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (index, item) in batch.items.iter().enumerate() {
            let place = self.with_lists(|lists| place(lists, kind, item, batch.verify_first)).await?;
            let draft = |name: &str| self.draft_of(batch, &item.record, kind, name);
            match place {
                Ok(Place::There(written)) => {
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(Ok(written));
                    }
                }
                Ok(Place::New(name)) => {
                    let draft = self.with_lists(|lists| draft(&name)(lists)).await?;
                    // The name is taken from now on: another record of this batch gets another one.
                    self.with_lists(|lists| lists.learn(kind, &name, "")).await?;
                    new.push((index, name, draft));
                }
                Ok(Place::Change(id, name)) => {
                    let draft = self.with_lists(|lists| draft(&name)(lists)).await?;
                    changed.push((index, id, name, draft));
                }
                Err(fault) => {
                    if let Some(slot) = results.get_mut(index) {
                        *slot = Some(Err(fault));
                    }
                }
            }
        }
        let (indexes, names, drafts) = apart(new);
        let outcomes = self.create(drafts).await?;
        self.note_list(batch, kind, indexes.into_iter().zip(names).zip(outcomes), &mut results).await?;
        let mut indexes = Vec::new();
        let mut drafts = Vec::new();
        for (index, id, name, draft) in changed {
            indexes.push((index, name));
            drafts.push((id, draft));
        }
        let outcomes = self.replace(drafts).await?;
        self.note_list(batch, kind, indexes.into_iter().zip(outcomes), &mut results).await?;
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    async fn note_list(
        &self,
        batch: &WriteBatch,
        kind: Kind,
        outcomes: impl Iterator<Item = ((usize, String), Result<(super::Done, Draft), Fault>)>,
        results: &mut [Option<Result<Written, Fault>>],
    ) -> Result<(), Fault> {
        for ((index, name), outcome) in outcomes {
            let Some(item) = batch.items.get(index) else { continue };
            let result = match outcome {
                Ok((done, draft)) => {
                    let id = done.head.id;
                    self.with_lists(|lists| learn(lists, kind, &item.record, &id, &name, &draft.body))
                        .await?;
                    let mut written = Written::new(target(kind, &id));
                    let code = match &item.record.body {
                        Body::Account(account) => account.code.clone(),
                        _ => None,
                    };
                    written.number = Some(code.unwrap_or_else(|| name.clone()));
                    written.notes = draft.notes;
                    let wanted = wanted(&item.record.body).map(|(wanted, _)| wanted);
                    if wanted.is_some_and(|wanted| wanted != name) {
                        written.notes.push(format!("The name became '{name}'."));
                    }
                    Ok(written)
                }
                Err(fault) => {
                    self.with_lists(|lists| lists.forget(kind, "")).await?;
                    Err(fault)
                }
            };
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        Ok(())
    }

    /// The object of a list record under a name.
    fn draft_of<'a>(
        &'a self,
        batch: &'a WriteBatch,
        record: &'a Record,
        kind: Kind,
        name: &str,
    ) -> impl FnOnce(&mut Lists) -> Result<Draft, Fault> + use<'a> {
        let name = name.to_owned();
        move |lists| match &record.body {
            Body::Account(account) => self.account(lists, batch, record, account, &name),
            Body::Terms(terms) => {
                let days = terms.due_days.unwrap_or_default();
                Ok(Draft::new(kind, json!({"Name": name, "DueDays": days, "Active": true})))
            }
            Body::PaymentMethod(_) => {
                Ok(Draft::new(kind, json!({"Name": name, "Type": "NON_CREDIT_CARD", "Active": true})))
            }
            Body::Item(item) => item_draft(lists, batch, item, &name),
            _ => Err(Fault::new(Code::Bug).detail("a list record of another sort")),
        }
    }

    fn account(
        &self,
        lists: &Lists,
        batch: &WriteBatch,
        record: &Record,
        account: &Account,
        name: &str,
    ) -> Result<Draft, Fault> {
        let description = note(
            account.description.as_deref().unwrap_or_default(),
            &marker(record.entity, &record.id),
            DESCRIPTION_MAX,
        );
        let mut body = json!({
            "Name": name,
            "AccountType": account_type(account.class),
            "Description": description,
            "Active": true,
        });
        let mut notes = Vec::new();
        // Numbers of accounts are shorter in some countries than in others.
        let digits =
            if matches!(self.info.country.as_deref(), Some("AU" | "AUS" | "CA" | "CAN")) { 20 } else { 7 };
        match account.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
            Some(code) if code.chars().count() <= digits && !code.contains(':') => {
                set(&mut body, "AcctNum", json!(code))
            }
            Some(code) => notes.push(format!("Account number {code} does not fit and was left out.")),
            None => {}
        }
        if let Some(parent) = linked_opt(batch, Entity::Account, &account.parent, Kind::Account) {
            let same = lists.accounts.get(&parent).is_some_and(|known| known.class == Some(account.class));
            if same {
                set(&mut body, "SubAccount", json!(true));
                set(&mut body, "ParentRef", to(&parent));
            } else {
                notes.push("QuickBooks nests accounts of one type only; it stands by itself.".to_owned());
            }
        }
        let bound = matches!(
            account.class,
            AccountClass::Bank | AccountClass::CreditCard | AccountClass::Receivable | AccountClass::Payable
        );
        if let Some(currency) = account.currency.filter(|_| bound && self.several_currencies()) {
            set(&mut body, "CurrencyRef", to(currency.code()));
        }
        if !account.active {
            notes.push("Retired in the source; kept active, for entries are booked to it.".to_owned());
        }
        Ok(Draft { notes, ..Draft::new(Kind::Account, body) })
    }

    /// True where the company deals in more than one currency.
    pub(super) fn several_currencies(&self) -> bool {
        self.preferences.currency_prefs.multi_currency_enabled
    }

    /// What records can be mapped to.
    pub(super) async fn catalog_of(&self, entity: Entity) -> Result<Vec<CatalogEntry>, Fault> {
        let entry = |id: &str, name: &str| CatalogEntry {
            entity,
            id: id.to_owned(),
            code: None,
            name: name.to_owned(),
            class: None,
            percent: None,
        };
        match entity {
            Entity::Account => {
                let mut all: Vec<CatalogEntry> = self
                    .with_lists(|lists| {
                        let active = lists.accounts.iter().filter(|(_, account)| account.active);
                        let entry = |(id, account): (&String, &KnownAccount)| CatalogEntry {
                            code: account.number.clone(),
                            class: account.class,
                            ..entry(target(Kind::Account, id).as_str(), &account.name)
                        };
                        active.map(entry).collect()
                    })
                    .await?;
                all.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
                Ok(all)
            }
            Entity::TaxRate => {
                self.with_lists(|lists| {
                    let entry = |(id, code): (&String, &crate::taxes::Code)| CatalogEntry {
                        percent: code.percent,
                        ..entry(target(Kind::TaxCode, id).as_str(), &code.name)
                    };
                    lists.codes.iter().map(entry).collect()
                })
                .await
            }
            Entity::PaymentMethod => {
                let all: Vec<PaymentMethod> =
                    self.company.all(Kind::PaymentMethod, Kind::PaymentMethod.condition()).await?;
                let entry = |method: &PaymentMethod| {
                    entry(target(Kind::PaymentMethod, &method.id).as_str(), &method.name)
                };
                Ok(all.iter().map(entry).collect())
            }
            Entity::Terms => {
                let all: Vec<Term> = self.company.all(Kind::Term, Kind::Term.condition()).await?;
                Ok(all.iter().map(|term| entry(target(Kind::Term, &term.id).as_str(), &term.name)).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Where a record of an earlier attempt is.
    pub(super) async fn find_one(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let reference = marker(record.entity, &record.id);
        let found = |id: TargetId, number: Option<String>| Some(Found { id, number });
        match record.entity {
            Entity::TaxRate if self.chooses_tax() => Ok(found(target(Kind::TaxCode, AUTOMATIC), None)),
            Entity::Account | Entity::Terms | Entity::PaymentMethod | Entity::Item | Entity::TaxRate => {
                let kind =
                    if record.entity == Entity::TaxRate { Kind::TaxCode } else { kind_of(record.entity)? };
                self.with_lists(|lists| {
                    let id = lists.marked(kind, &reference).cloned().or_else(|| {
                        let (name, max) = match &record.body {
                            Body::TaxRate(rate) => (rate.name.as_str(), ACCOUNT_NAME_MAX),
                            body => wanted(body)?,
                        };
                        // An account carries its reference: one of the same name without it is another one.
                        by_name(lists, kind, name, &reference, max).filter(|_| kind != Kind::Account)
                    })?;
                    found(target(kind, &id), None)
                })
                .await
            }
            Entity::TrackingCategory => self.find_tracking(record).await,
            Entity::Contact | Entity::Project => self.find_contact(record).await,
            Entity::Attachment => self.find_file(record).await,
            _ => self.find_transaction(record).await,
        }
    }

    async fn find_tracking(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let Body::TrackingCategory(category) = &record.body else { return Ok(None) };
        self.with_lists(|lists| {
            let (kind, parent) = dimension(&category.name);
            let name = match (&parent, category.options.first()) {
                (Some(parent), _) => parent.clone(),
                (None, Some(option)) => option_name(option),
                (None, None) => return None,
            };
            let id = lists.id_of(kind, &name)?;
            Some(Found { id: category_target(kind, parent.as_ref().map(|_| id.as_str())), number: None })
        })
        .await
    }

    /// Categories: classes below one of the category's name, or departments where it is about places.
    pub(super) async fn write_tracking(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut results = Vec::with_capacity(batch.items.len());
        for item in &batch.items {
            results.push(match &item.record.body {
                Body::TrackingCategory(category) => self.write_category(category).await,
                _ => Err(Fault::new(Code::Bug).detail("no tracking category")),
            });
        }
        Ok(results)
    }

    async fn write_category(&self, category: &carry_model::TrackingCategory) -> Result<Written, Fault> {
        let (kind, parent) = dimension(&category.name);
        let top = match &parent {
            Some(name) => Some(self.option(kind, name, None).await?),
            None => None,
        };
        for option in &category.options {
            self.option(kind, option, top.as_deref().zip(parent.as_deref())).await?;
        }
        let mut written = Written::new(category_target(kind, top.as_deref()));
        written.number = Some(category.name.clone());
        Ok(written)
    }

    /// A class or department, made where it is not there; levels of a qualified name one after the other.
    async fn option(&self, kind: Kind, option: &str, below: Option<(&str, &str)>) -> Result<String, Fault> {
        let (mut parent, mut path) = match below {
            Some((id, name)) => (Some(id.to_owned()), name.to_owned()),
            None => (None, String::new()),
        };
        for level in option.split(':') {
            let name = valid_name(level, ACCOUNT_NAME_MAX);
            path = if path.is_empty() { name.clone() } else { format!("{path}:{name}") };
            if let Some(id) = self.with_lists(|lists| lists.id_of(kind, &path).cloned()).await? {
                parent = Some(id);
                continue;
            }
            let mut body = json!({"Name": name, "Active": true});
            if let Some(parent) = &parent {
                set(&mut body, if kind == Kind::Class { "SubClass" } else { "SubDepartment" }, json!(true));
                set(&mut body, "ParentRef", to(parent));
            }
            let (done, _) = self
                .create(vec![Ok(Draft::new(kind, body))])
                .await?
                .pop()
                .unwrap_or_else(|| Err(Fault::new(Code::Bug).detail("a record without an outcome")))?;
            self.with_lists(|lists| lists.learn(kind, &path, &done.head.id)).await?;
            parent = Some(done.head.id);
        }
        parent.ok_or_else(|| Fault::new(Code::FieldMissing).field("option"))
    }
}

/// Which of QuickBooks' two lists a category goes to, and the name its options stand below.
pub(super) fn dimension(name: &str) -> (Kind, Option<String>) {
    let said = name.trim().to_lowercase();
    let place = ["location", "department", "store", "branch", "site"].iter().any(|word| said.contains(word));
    if place {
        let own = said == LOCATION.to_lowercase() || said == "department";
        (Kind::Department, (!own).then(|| valid_name(name, ACCOUNT_NAME_MAX)))
    } else {
        let own = said == CLASS.to_lowercase();
        (Kind::Class, (!own).then(|| valid_name(name, ACCOUNT_NAME_MAX)))
    }
}

/// The name of an option as QuickBooks makes it of its levels.
pub(super) fn option_name(option: &str) -> String {
    option.split(':').map(|level| valid_name(level, ACCOUNT_NAME_MAX)).collect::<Vec<_>>().join(":")
}

fn category_target(kind: Kind, top: Option<&str>) -> TargetId {
    target(kind, top.unwrap_or("all"))
}

fn by_name(lists: &Lists, kind: Kind, name: &str, marker: &str, max: usize) -> Option<String> {
    let name = valid_name_of(kind, name, max);
    let suffixed = format!(" (cf {})", clip(marker, 6));
    let own = format!("{}{suffixed}", clip(&name, max - suffixed.chars().count()));
    lists.id_of(kind, &own).or_else(|| lists.id_of(kind, &name)).cloned()
}

fn place(lists: &mut Lists, kind: Kind, item: &WriteItem, verify_first: bool) -> Result<Place, Fault> {
    let (name, max) = wanted(&item.record.body)
        .ok_or_else(|| Fault::new(Code::Bug).detail("a list record of another sort"))?;
    let name = valid_name_of(kind, name, max);
    let reference = marker(item.record.entity, &item.record.id);
    if let Some(id) = is_update(item) {
        let parts = Parts::of(id, kind);
        let there = || Written::new(id.clone());
        let Some(id) = parts.id(kind).filter(|_| !parts.was_before()) else {
            return Ok(Place::There(there()));
        };
        let own = lists.id_of(kind, &name).is_some_and(|known| *known == id);
        let name = if own { name } else { unique(lists, kind, &name, &reference, max) };
        return Ok(Place::Change(id, name));
    }
    if let Some(id) = lists.marked(kind, &reference) {
        return Ok(Place::There(Written::new(target(kind, id))));
    }
    if verify_first
        && kind != Kind::Account
        && let Some(id) = by_name(lists, kind, &name, &reference, max)
    {
        return Ok(Place::There(Written::new(target(kind, &id))));
    }
    // Terms and ways of paying mean the same in any books: what is there is used, and stays.
    if matches!(kind, Kind::Term | Kind::PaymentMethod)
        && let Some(id) = lists.id_of(kind, &name)
    {
        let mut written = Written::new(target_before(kind, id));
        written.notes = vec![format!("'{name}' was in QuickBooks already and is used.")];
        return Ok(Place::There(written));
    }
    Ok(Place::New(unique(lists, kind, &name, &reference, max)))
}

fn item_draft(lists: &Lists, batch: &WriteBatch, item: &Item, name: &str) -> Result<Draft, Fault> {
    let account = |id| linked_opt(batch, Entity::Account, id, Kind::Account);
    let income = account(&item.income_account).or_else(|| lists.account_of(AccountClass::Income).cloned());
    let expense = account(&item.expense_account);
    let mut body = json!({
        "Name": name,
        "Type": if item.service == Some(false) { "NonInventory" } else { "Service" },
        "Active": true,
    });
    set_some(&mut body, "IncomeAccountRef", income.as_deref().map(to));
    set_some(&mut body, "ExpenseAccountRef", expense.as_deref().map(to));
    set_some(&mut body, "Sku", item.code.as_deref().map(|code| json!(clip(code, 100))));
    set_some(&mut body, "Description", item.description.as_deref().map(|text| json!(clip(text, 4_000))));
    set_some(&mut body, "UnitPrice", item.price.map(number).transpose()?);
    if expense.is_some() {
        set_some(&mut body, "PurchaseCost", item.cost.map(number).transpose()?);
    }
    let closed = "Retired in the source; kept active, for documents name it.";
    let notes = if item.archived { vec![closed.to_owned()] } else { Vec::new() };
    Ok(Draft { notes, ..Draft::new(Kind::Item, body) })
}

fn learn(lists: &mut Lists, kind: Kind, record: &Record, id: &str, name: &str, body: &Value) {
    let account = |field: &str| body.get(field)?.get("value")?.as_str().map(str::to_owned);
    match &record.body {
        Body::Account(known) => {
            let number = body.get("AcctNum").and_then(Value::as_str).map(str::to_owned);
            let class = Some(known.class);
            lists.learn_account(id, KnownAccount { name: name.to_owned(), number, class, active: true });
            let reference = marked(&marker(record.entity, &record.id));
            lists.learn_marker(kind, Some(&reference), id);
        }
        Body::Item(_) => {
            lists.learn_item(id, name, (account("IncomeAccountRef"), account("ExpenseAccountRef")));
        }
        _ => lists.learn(kind, name, id),
    }
}

/// Parallel lists of places, names and drafts.
type Apart = (Vec<usize>, Vec<String>, Vec<Result<Draft, Fault>>);

fn apart(new: Vec<(usize, String, Result<Draft, Fault>)>) -> Apart {
    let (mut indexes, mut names, mut drafts) = (Vec::new(), Vec::new(), Vec::new());
    for (index, name, draft) in new {
        indexes.push(index);
        names.push(name);
        drafts.push(draft);
    }
    (indexes, names, drafts)
}
