//! Accounts, tax rates, terms, contacts and projects of a book.

use carry_model::{
    Account, Address, Body, Code, Contact, Entity, Fault, Project, Record, SourceId, TaxComponent, TaxRate,
    Terms,
};

use super::profile::{AmountKind, Profile, class_of};
use super::transform::currency;
use crate::fields::Fields;

pub(super) fn account(profile: &Profile, row: Fields<'_>) -> Result<Record, Fault> {
    let guid = row.need("guid")?;
    let kind = row.need("account_type")?;
    let class =
        class_of(&kind).ok_or_else(|| Fault::new(Code::ValueUnknown).field("account_type").text(&kind))?;
    let name = row.string("name")?.ok_or_else(|| Fault::new(Code::FieldMissing).field("name"))?;
    let info = profile.accounts.get(&*guid);
    let parent = row.string("parent_guid")?.filter(|parent| *parent != profile.root);
    if let Some(parent) = &parent {
        profile.account(parent, "parent_guid")?;
    }
    let holds = info.filter(|info| info.currency.is_none()).map(|info| format!("Holds {}.", info.holds));
    let body = Account {
        code: row.string("code")?,
        name: name.clone(),
        class,
        parent: parent.map(SourceId::from),
        currency: info.and_then(|info| info.currency),
        description: row.string("description")?.or(holds),
        active: !row.flag("hidden")?,
    };
    Record::new(Entity::Account, &*guid, Some(name), Body::Account(body.into()))
}

pub(super) fn tax_rate(profile: &Profile, row: Fields<'_>) -> Result<Record, Fault> {
    let guid = row.need("guid")?;
    let missing = || Fault::new(Code::ReferenceMissing).field("guid").detail("The tax table is gone.");
    let table = profile.taxes.get(&*guid).ok_or_else(missing)?;
    let mut components = Vec::new();
    for entry in &table.entries {
        let account = profile.account(&entry.account, "account")?;
        components.push(TaxComponent {
            name: account.name.clone(),
            percent: entry.amount()?.decimal(0).map_err(|fault| fault.field("amount"))?,
            compound: false,
            account: Some(SourceId::from(entry.account.as_str())),
        });
    }
    let percent = table.percent();
    // A copy is here only where its parent has changed since: two rates of one name must be told apart.
    let name = match (row.text("copied_from")?, percent) {
        (Some(_), Some(percent)) => format!("{} ({percent} %, as it was)", table.name),
        (Some(_), None) => format!("{} (as it was)", table.name),
        (None, _) => table.name.clone(),
    };
    if name.is_empty() {
        return Err(Fault::new(Code::FieldMissing).field("name"));
    }
    let fixed = table.entries.iter().any(|entry| entry.kind == AmountKind::Value);
    let (account, components) = match components.as_slice() {
        [only] => (only.account.clone(), Vec::new()),
        // The canonical model has no fixed amounts of tax; documents state theirs.
        _ if fixed => (None, Vec::new()),
        _ => (None, components),
    };
    let body = TaxRate { name: name.clone(), code: None, percent, components, account };
    Record::new(Entity::TaxRate, &*guid, Some(name), Body::TaxRate(body.into()))
}

pub(super) fn terms(row: Fields<'_>) -> Result<Record, Fault> {
    let mut name = row.need("name")?.into_owned();
    if row.text("copied_from")?.is_some() {
        name.push_str(" (as they were)");
    }
    let days = row.int("duedays")?.and_then(|days| u32::try_from(days).ok());
    // Terms by a day of the month have no fixed number of days.
    let due_days =
        days.filter(|_| row.text("kind").ok().flatten().is_some_and(|kind| kind == "GNC_TERM_TYPE_DAYS"));
    let body = Terms { name: name.clone(), due_days };
    Record::new(Entity::Terms, &*row.need("guid")?, Some(name), Body::Terms(body))
}

pub(super) fn contact(row: Fields<'_>, customer: bool) -> Result<Record, Fault> {
    let person = row.string("addr_name")?;
    let number = row.string("id")?;
    let name = row.string("name")?.or_else(|| person.clone());
    let name = name.ok_or_else(|| Fault::new(Code::FieldMissing).field("name"))?;
    let phone = row.string("addr_phone")?;
    let fax = row.string("addr_fax")?.map(|fax| format!("Fax: {fax}"));
    let note: Vec<_> = row.string("notes")?.into_iter().chain(fax).collect();
    let body = Contact {
        name: name.clone(),
        customer,
        supplier: !customer,
        email: row.string("addr_email")?,
        phone,
        account_number: number,
        billing: address(row, "addr", &name)?,
        shipping: address(row, "shipaddr", &name)?,
        currency: Some(currency(row)?),
        note: (!note.is_empty()).then(|| note.join("\n")),
        archived: row.get("active").is_some() && !row.flag("active")?,
        ..Contact::default()
    };
    Record::new(Entity::Contact, &*row.need("guid")?, Some(name), Body::Contact(body.into()))
}

/// GnuCash keeps an address as a person's name and four lines that it does not tell apart.
fn address(row: Fields<'_>, stem: &str, contact: &str) -> Result<Option<Address>, Fault> {
    let mut lines = Vec::new();
    for part in ["name", "addr1", "addr2", "addr3", "addr4"] {
        lines.extend(row.string(&format!("{stem}_{part}"))?.filter(|line| part != "name" || line != contact));
    }
    Ok((!lines.is_empty()).then(|| Address { lines, ..Address::default() }))
}

pub(super) fn job(row: Fields<'_>) -> Result<Record, Fault> {
    let number = row.string("id")?;
    let name = row.string("name")?.or_else(|| number.clone());
    let name = name.ok_or_else(|| Fault::new(Code::FieldMissing).field("name"))?;
    let body = Project {
        name: name.clone(),
        code: number,
        contact: row.string("owner_guid")?.map(SourceId::from),
        active: row.get("active").is_none() || row.flag("active")?,
    };
    Record::new(Entity::Project, &*row.need("guid")?, Some(name), Body::Project(body))
}
