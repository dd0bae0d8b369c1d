//! Contacts as customers, vendors or both; projects as sub-customers; one more of each for a foreign currency.

use carry_connector::{Found, WriteBatch, Writer, Written};
use carry_model::{Address, Body, Code, Contact, Currency, Entity, Fault, Record, SourceId, TargetId};
use serde_json::{Value, json};

use super::target::{Parts, clip, marked, marker, note, target, unique, valid_name};
use super::{Draft, Results, is_update, linked_opt, set, set_some, to};
use crate::fault;
use crate::kinds::Kind;
use crate::lists::KnownName;
use crate::session::QuickBooks;

const NAME_MAX: usize = 500;
const PERSON_MAX: usize = 100;
const NOTES_MAX: usize = 2_000;

/// The sides a contact has; one without any is a customer.
fn sides(contact: &Contact) -> Vec<Kind> {
    let mut sides = Vec::new();
    if contact.customer || !contact.supplier {
        sides.push(Kind::Customer);
    }
    if contact.supplier {
        sides.push(Kind::Vendor);
    }
    sides
}

/// Names are shared by both sides, so the vendor of a contact that is both says what it is.
fn wanted_name(contact: &Contact, kind: Kind, sides: usize) -> String {
    let name = valid_name(&contact.name, NAME_MAX - 20);
    if kind == Kind::Vendor && sides > 1 { format!("{name} (vendor)") } else { name }
}

fn address(address: &Address) -> Value {
    let mut body = json!({});
    for (index, line) in address.lines.iter().take(5).enumerate() {
        set(&mut body, &format!("Line{}", index + 1), json!(clip(line, 500)));
    }
    set_some(&mut body, "City", address.city.as_deref().map(|city| json!(clip(city, 255))));
    set_some(&mut body, "CountrySubDivisionCode", address.region.as_deref().map(|r| json!(clip(r, 255))));
    set_some(&mut body, "PostalCode", address.postal_code.as_deref().map(|code| json!(clip(code, 31))));
    set_some(&mut body, "Country", address.country.as_deref().map(|country| json!(clip(country, 255))));
    body
}

impl QuickBooks {
    fn contact(&self, contact: &Contact, kind: Kind, name: &str, reference: &str) -> Draft {
        let mut body = json!({
            "DisplayName": name,
            "CompanyName": clip(&valid_name(&contact.name, PERSON_MAX), PERSON_MAX),
            "PrintOnCheckName": clip(&valid_name(&contact.name, PERSON_MAX), PERSON_MAX),
            "Active": true,
        });
        let text = |text: &Option<String>, max| text.as_deref().map(|text| json!(valid_name(text, max)));
        set_some(&mut body, "GivenName", text(&contact.first_name, PERSON_MAX));
        set_some(&mut body, "FamilyName", text(&contact.last_name, PERSON_MAX));
        let email = contact.email.as_deref().filter(|email| email.contains('@') && email.len() <= 100);
        set_some(&mut body, "PrimaryEmailAddr", email.map(|email| json!({"Address": email})));
        let phone = contact.phone.as_deref().map(|phone| json!({"FreeFormNumber": clip(phone, 30)}));
        set_some(&mut body, "PrimaryPhone", phone);
        set_some(&mut body, "BillAddr", contact.billing.as_ref().map(address));
        if self.several_currencies() {
            set(&mut body, "CurrencyRef", to(contact.currency.unwrap_or(self.home).code()));
        }
        let mut notes = Vec::new();
        if kind == Kind::Customer {
            set_some(&mut body, "ShipAddr", contact.shipping.as_ref().map(address));
            set(
                &mut body,
                "Notes",
                json!(note(contact.note.as_deref().unwrap_or_default(), reference, NOTES_MAX)),
            );
        } else {
            set_some(&mut body, "AcctNum", contact.account_number.as_deref().map(|n| json!(clip(n, 100))));
        }
        if contact.archived {
            notes.push("Retired in the source; kept active, for documents name it.".to_owned());
        }
        if name != contact.name {
            notes.push(format!("The {} is called '{name}'.", kind.path()));
        }
        Draft { notes, ..Draft::new(kind, body) }
    }

    pub(super) async fn write_contacts(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let mut results: Results = Vec::new();
        let mut parts: Vec<Vec<(Kind, String)>> = Vec::new();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for (index, item) in batch.items.iter().enumerate() {
            results.push(Ok(Written::new("")));
            parts.push(Vec::new());
            let Body::Contact(contact) = &item.record.body else { continue };
            self.switch_on(contact.currency.unwrap_or(self.home)).await?;
            let reference = marker(item.record.entity, &item.record.id);
            let sides = sides(contact);
            for kind in sides.iter().copied() {
                let wanted = wanted_name(contact, kind, sides.len());
                let earlier = is_update(item).and_then(|id| Parts::of(id, kind).id(kind));
                let there = self.there(kind, &wanted, &reference, batch.verify_first).await?;
                match (earlier, there) {
                    (Some(id), _) => {
                        let name = self.with_lists(|lists| {
                            let own = lists.id_of(kind, &wanted).is_some_and(|known| *known == id);
                            let names = if kind == Kind::Vendor { &lists.vendors } else { &lists.customers };
                            let now = names.get(&id).map(|known| known.name.clone());
                            if own {
                                wanted.clone()
                            } else {
                                now.unwrap_or_else(|| unique(lists, kind, &wanted, &reference, NAME_MAX))
                            }
                        });
                        let name = name.await?;
                        let mut draft = self.contact(contact, kind, &name, &reference);
                        // A name keeps the currency it was made with.
                        let currency = self.with_lists(|lists| lists.currency_of(kind, &id)).await?;
                        if let Some(currency) = currency.filter(|_| self.several_currencies()) {
                            set(&mut draft.body, "CurrencyRef", to(currency.code()));
                        }
                        changed.push((index, id, draft));
                    }
                    (None, Some(id)) => push(&mut parts, index, kind, id),
                    (None, None) => {
                        let name = self
                            .with_lists(|lists| {
                                let name = unique(lists, kind, &wanted, &reference, NAME_MAX);
                                lists.learn(kind, &name, "");
                                name
                            })
                            .await?;
                        new.push((index, self.contact(contact, kind, &name, &reference)));
                    }
                }
            }
        }
        let (indexes, drafts): (Vec<_>, Vec<_>) =
            new.into_iter().map(|(index, draft)| (index, Ok(draft))).unzip();
        let created = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) =
            changed.into_iter().map(|(index, id, draft)| (index, (id, Ok(draft)))).unzip();
        let replaced = self.replace(drafts).await?;
        let outcomes = indexes.into_iter().zip(created).chain(changed_at.into_iter().zip(replaced));
        for (index, outcome) in outcomes {
            match outcome {
                Ok((done, draft)) => {
                    self.learn_contact(&draft, &done.head.id).await?;
                    push(&mut parts, index, draft.kind, done.head.id);
                    if let Some(Ok(written)) = results.get_mut(index) {
                        written.notes.extend(draft.notes);
                    }
                }
                Err(fault) => {
                    if let Some(result) = results.get_mut(index) {
                        *result = Err(fault);
                    }
                }
            }
        }
        for (result, parts) in results.iter_mut().zip(parts) {
            if let Ok(written) = result {
                written.id = join(parts);
            }
        }
        Ok(results)
    }

    async fn learn_contact(&self, draft: &Draft, id: &str) -> Result<(), Fault> {
        let text = |field: &str| draft.body.get(field).and_then(Value::as_str).map(str::to_owned);
        let reference = |field: &str| draft.body.get(field)?.get("value")?.as_str().map(str::to_owned);
        let known = KnownName {
            name: text("DisplayName").unwrap_or_default(),
            currency: reference("CurrencyRef").and_then(|code| code.parse().ok()),
            parent: reference("ParentRef"),
        };
        self.with_lists(|lists| {
            lists.learn_marker(draft.kind, text("Notes").or_else(|| text("AcctNum")).as_deref(), id);
            lists.learn_name(draft.kind, id, known);
        })
        .await
    }

    /// The customer or vendor that an earlier attempt made of a contact.
    async fn there(
        &self,
        kind: Kind,
        wanted: &str,
        reference: &str,
        verify_first: bool,
    ) -> Result<Option<String>, Fault> {
        self.with_lists(|lists| {
            // A customer carries its reference; a vendor has no field for one and is known by name.
            let by_name = || {
                let own = format!("{wanted} (cf {})", clip(reference, 6));
                lists.id_of(kind, &own).or_else(|| lists.id_of(kind, wanted)).cloned()
            };
            let marked = lists.marked(kind, reference).cloned();
            marked.or_else(|| if verify_first && kind == Kind::Vendor { by_name() } else { None })
        })
        .await
    }

    pub(super) async fn find_contact(&self, record: &Record) -> Result<Option<Found>, Fault> {
        let reference = marker(record.entity, &record.id);
        let mut parts = Vec::new();
        match &record.body {
            Body::Contact(contact) => {
                let sides = sides(contact);
                for kind in sides.iter().copied() {
                    let wanted = wanted_name(contact, kind, sides.len());
                    match self.there(kind, &wanted, &reference, true).await? {
                        Some(id) => parts.push((kind, id)),
                        None => return Ok(None),
                    }
                }
            }
            _ => {
                let id = self.with_lists(|lists| lists.marked(Kind::Customer, &reference).cloned()).await?;
                parts.extend(id.map(|id| (Kind::Customer, id)));
            }
        }
        Ok((!parts.is_empty()).then(|| Found { id: join(parts), number: None }))
    }

    /// Projects, as sub-customers of their contact.
    pub(super) async fn write_projects(&self, batch: &WriteBatch) -> Result<Results, Fault> {
        let (mut drafts, mut changed) = (Vec::new(), Vec::new());
        let mut results: Vec<Option<Result<Written, Fault>>> = batch.items.iter().map(|_| None).collect();
        for (index, item) in batch.items.iter().enumerate() {
            let Body::Project(project) = &item.record.body else { continue };
            let reference = marker(item.record.entity, &item.record.id);
            let known = self.with_lists(|lists| lists.marked(Kind::Customer, &reference).cloned()).await?;
            let earlier = is_update(item).and_then(|id| Parts::of(id, Kind::Customer).id(Kind::Customer));
            if let (None, Some(id), Some(slot)) = (&earlier, &known, results.get_mut(index)) {
                *slot = Some(Ok(Written::new(target(Kind::Customer, id))));
                continue;
            }
            let wanted = valid_name(&project.name, NAME_MAX);
            let name = self
                .with_lists(|lists| {
                    let own = earlier
                        .as_ref()
                        .and_then(|id| lists.customers.get(id))
                        .map(|known| known.name.clone());
                    let name =
                        own.unwrap_or_else(|| unique(lists, Kind::Customer, &wanted, &reference, NAME_MAX));
                    lists.learn(Kind::Customer, &name, "");
                    name
                })
                .await?;
            let mut body =
                json!({"DisplayName": name, "Active": true, "Notes": note("", &reference, NOTES_MAX)});
            let parent = linked_opt(batch, Entity::Contact, &project.contact, Kind::Customer);
            if let Some(parent) = &parent {
                set(&mut body, "Job", json!(true));
                set(&mut body, "ParentRef", to(parent));
                let currency = self.with_lists(|lists| lists.currency_of(Kind::Customer, parent)).await?;
                if let Some(currency) = currency.filter(|_| self.several_currencies()) {
                    set(&mut body, "CurrencyRef", to(currency.code()));
                }
            }
            let mut draft = Draft::new(Kind::Customer, body);
            if name != project.name {
                draft.notes.push(format!("The sub-customer is called '{name}'."));
            }
            match earlier {
                Some(id) => changed.push((index, (id, Ok(draft)))),
                None => drafts.push((index, Ok(draft))),
            }
        }
        let (indexes, drafts): (Vec<_>, Vec<_>) = drafts.into_iter().unzip();
        let created = self.create(drafts).await?;
        let (changed_at, drafts): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        let replaced = self.replace(drafts).await?;
        for (index, outcome) in indexes.into_iter().zip(created).chain(changed_at.into_iter().zip(replaced)) {
            let result = match outcome {
                Ok((done, draft)) => {
                    self.learn_contact(&draft, &done.head.id).await?;
                    let mut written = Written::new(target(Kind::Customer, &done.head.id));
                    written.notes = draft.notes;
                    Ok(written)
                }
                Err(fault) => Err(fault),
            };
            if let Some(slot) = results.get_mut(index) {
                *slot = Some(result);
            }
        }
        let bug = || Err(Fault::new(Code::Bug).detail("no project"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(bug)).collect())
    }

    /// The customer or vendor that deals in a currency: the one itself, or one more of it made for that currency.
    pub(super) async fn in_currency(
        &self,
        kind: Kind,
        id: &str,
        currency: Currency,
    ) -> Result<String, Fault> {
        if !self.several_currencies() {
            return Ok(id.to_owned());
        }
        let known = self
            .with_lists(|lists| {
                let names = if kind == Kind::Vendor { &lists.vendors } else { &lists.customers };
                names.get(id).cloned()
            })
            .await?;
        let Some(known) = known.filter(|known| known.currency.unwrap_or(self.home) != currency) else {
            return Ok(id.to_owned());
        };
        let name = format!("{} ({currency})", clip(&known.name, NAME_MAX - 8));
        self.one_more(kind, &name, currency, &format!("{id}/{currency}")).await
    }

    /// The customer or vendor that a contact is; one that had no document of that side in the source is made one.
    pub(super) async fn on_side(
        &self,
        batch: &WriteBatch,
        contact: &Option<SourceId>,
        side: Kind,
    ) -> Result<Option<String>, Fault> {
        let Some(target) = contact.as_ref().and_then(|id| batch.links.get(Entity::Contact, id)) else {
            return Ok(None);
        };
        if let Some(id) = Parts::of(target, side).id(side) {
            return Ok(Some(id));
        }
        let (other, word) =
            if side == Kind::Customer { (Kind::Vendor, "customer") } else { (Kind::Customer, "vendor") };
        let Some(id) = Parts::of(target, side).id(other) else { return Ok(None) };
        let known = self
            .with_lists(|lists| {
                let names = if other == Kind::Vendor { &lists.vendors } else { &lists.customers };
                names.get(&id).cloned()
            })
            .await?;
        let Some(known) = known else { return Ok(None) };
        let name = format!("{} ({word})", clip(&known.name, NAME_MAX - 12));
        let currency = known.currency.unwrap_or(self.home);
        self.one_more(side, &name, currency, &format!("{id}/{word}")).await.map(Some)
    }

    /// One more customer or vendor of a contact that is there, found by its name or made.
    async fn one_more(
        &self,
        kind: Kind,
        name: &str,
        currency: Currency,
        reference: &str,
    ) -> Result<String, Fault> {
        if let Some(id) = self.with_lists(|lists| lists.id_of(kind, name).cloned()).await? {
            return Ok(id);
        }
        self.switch_on(currency).await?;
        let mut body = json!({"DisplayName": name, "Active": true});
        if self.several_currencies() {
            set(&mut body, "CurrencyRef", to(currency.code()));
        }
        let reference = marked(&marker(Entity::Contact, &reference.into()));
        set(&mut body, if kind == Kind::Customer { "Notes" } else { "AcctNum" }, json!(reference));
        let created = self.create(vec![Ok(Draft::new(kind, body))]).await?.pop();
        let bug = || Err(Fault::new(Code::Bug).detail("a record without an outcome"));
        match created.unwrap_or_else(bug) {
            Ok((done, draft)) => {
                self.learn_contact(&draft, &done.head.id).await?;
                Ok(done.head.id)
            }
            // Another worker, which loads other documents of the contact, has made it meanwhile.
            Err(fault) if fault::number(&fault) == Some(fault::NAME_TAKEN) => {
                self.look_anew().await;
                self.with_lists(|lists| lists.id_of(kind, name).cloned()).await?.ok_or(fault)
            }
            Err(fault) => Err(fault),
        }
    }

    /// What more was made of customers and vendors, for a currency or the other side.
    pub(super) async fn more_of(&self, parts: &[(Kind, String)]) -> Result<Vec<(Kind, String)>, Fault> {
        self.with_lists(|lists| {
            let currencies = lists.currencies.iter().chain([&self.home]).map(|currency| currency.to_string());
            let words: Vec<String> = currencies.chain(["customer".to_owned(), "vendor".to_owned()]).collect();
            let mut all = parts.to_vec();
            let mut looked = 0;
            while let Some((_, id)) = all.get(looked).cloned() {
                for word in &words {
                    let reference = marker(Entity::Contact, &format!("{id}/{word}").into());
                    for kind in [Kind::Customer, Kind::Vendor] {
                        let found = lists.marked(kind, &reference).map(|id| (kind, id.clone()));
                        all.extend(found.filter(|found| !all.contains(found)));
                    }
                }
                looked += 1;
            }
            all.split_off(parts.len())
        })
        .await
    }

    /// Currencies must be in the company's list before anybody deals in them.
    pub(super) async fn switch_on(&self, currency: Currency) -> Result<(), Fault> {
        if currency == self.home || !self.several_currencies() {
            return Ok(());
        }
        if self.with_lists(|lists| !lists.currencies.insert(currency)).await? {
            return Ok(());
        }
        let body = json!({"Code": currency.code()});
        let Err(refused) = self.company.post("companycurrency", &body, "companycurrency").await else {
            return Ok(());
        };
        // It is refused where another worker has put it there meanwhile.
        self.look_anew().await;
        match self.with_lists(|lists| lists.currencies.contains(&currency)).await? {
            true => Ok(()),
            false => Err(refused),
        }
    }
}

impl crate::lists::Lists {
    pub(super) fn currency_of(&self, kind: Kind, id: &str) -> Option<Currency> {
        let names = if kind == Kind::Vendor { &self.vendors } else { &self.customers };
        names.get(id)?.currency
    }
}

fn push(parts: &mut [Vec<(Kind, String)>], index: usize, kind: Kind, id: String) {
    if let Some(parts) = parts.get_mut(index) {
        parts.push((kind, id));
    }
}

fn join(mut parts: Vec<(Kind, String)>) -> TargetId {
    parts.sort();
    let parts: Vec<_> = parts.iter().map(|(kind, id)| format!("{}:{id}", kind.path())).collect();
    TargetId::new(parts.join("+"))
}
