//! Accounts, tax rates, tracking, contacts, items.

use carry_model::{
    AccountClass, Body, Code, Currency, Entity, Fault, SourceId, TaxComponent, TaxRate, TrackingCategory,
};

use super::profile::Profile;
use super::transform::{Outcome, Read, Refused, changed, filled};
use crate::shapes;

/// What sort of account a Xero type is.
pub(crate) fn class_of(account: &shapes::Account) -> Result<AccountClass, Fault> {
    Ok(match (account.system_account.as_deref(), account.kind.as_str()) {
        (Some("DEBTORS"), _) => AccountClass::Receivable,
        (Some("CREDITORS"), _) => AccountClass::Payable,
        (_, "BANK") if account.bank_account_type == "CREDITCARD" => AccountClass::CreditCard,
        (_, "BANK") => AccountClass::Bank,
        (_, "CURRENT" | "INVENTORY" | "PREPAYMENT") => AccountClass::CurrentAsset,
        (_, "FIXED" | "NONCURRENT") => AccountClass::FixedAsset,
        (_, "CURRLIAB" | "LIABILITY" | "PAYG") => AccountClass::CurrentLiability,
        (_, "TERMLIAB") => AccountClass::LongTermLiability,
        (_, "EQUITY") => AccountClass::Equity,
        (_, "REVENUE" | "SALES") => AccountClass::Income,
        (_, "OTHERINCOME") => AccountClass::OtherIncome,
        (_, "DIRECTCOSTS") => AccountClass::CostOfSales,
        (_, "EXPENSE" | "OVERHEADS" | "DEPRECIATN" | "WAGESEXPENSE" | "SUPERANNUATIONEXPENSE") => {
            AccountClass::Expense
        }
        (_, other) => return Err(Fault::new(Code::ValueUnknown).field("Type").text(other)),
    })
}

pub(super) fn account(account: shapes::Account) -> Outcome {
    let refused = |fault| Refused::new(&account.id, Some(&account.name), fault);
    let class = class_of(&account).map_err(refused)?;
    let currency = currency(account.currency_code.as_deref()).map_err(refused)?;
    let body = carry_model::Account {
        code: Some(account.code).filter(|code| !code.is_empty()),
        name: account.name.clone(),
        class,
        parent: None,
        currency: currency.filter(|_| class == AccountClass::Bank || class == AccountClass::CreditCard),
        description: filled(account.description),
        active: account.status != "ARCHIVED",
    };
    one(Entity::Account, account.id, account.name, Body::Account(body.into()), account.updated.as_ref())
}

fn currency(code: Option<&str>) -> Result<Option<Currency>, Fault> {
    let code = code.filter(|code| !code.is_empty());
    code.map(|code| {
        code.parse().map_err(|_| Fault::new(Code::CurrencyUnknown).field("CurrencyCode").text(code))
    })
    .transpose()
}

pub(super) fn tax_rate(tax: shapes::TaxRate) -> Outcome {
    let component = |part: shapes::TaxComponent| TaxComponent {
        name: part.name,
        percent: part.rate.unwrap_or_default(),
        compound: part.is_compound,
        account: None,
    };
    let components: Vec<_> = tax.tax_components.into_iter().map(component).collect();
    let body = TaxRate {
        name: tax.name.clone(),
        code: Some(tax.tax_type.clone()),
        percent: tax.effective_rate,
        // A single tax is its own only component.
        components: if components.len() > 1 { components } else { Vec::new() },
        account: None,
    };
    one(Entity::TaxRate, tax.tax_type, tax.name, Body::TaxRate(body.into()), None)
}

pub(super) fn tracking(category: shapes::TrackingCategory) -> Outcome {
    let options = category.options.into_iter().map(|option| option.name).collect();
    let body = TrackingCategory { name: category.name.clone(), options };
    one(Entity::TrackingCategory, category.id, category.name, Body::TrackingCategory(body), None)
}

pub(super) fn contact(contact: shapes::Contact) -> Outcome {
    let currency = currency(contact.default_currency.as_deref())
        .map_err(|fault| Refused::new(&contact.id, Some(&contact.name), fault))?;
    let address = |sort: &str| {
        let found = contact.addresses.iter().find(|address| address.address_type == sort)?;
        let address = address_of(found);
        (address != carry_model::Address::default()).then_some(address)
    };
    let body = carry_model::Contact {
        name: contact.name.clone(),
        // A contact that was never used may become either; sales come first.
        customer: contact.is_customer || !contact.is_supplier,
        supplier: contact.is_supplier,
        billing: address("POBOX"),
        shipping: address("STREET"),
        phone: contact.phones.iter().find_map(phone),
        first_name: filled(contact.first_name),
        last_name: filled(contact.last_name),
        email: filled(contact.email_address),
        account_number: filled(contact.account_number),
        tax_number: filled(contact.tax_number),
        parent: None,
        currency,
        note: None,
        archived: contact.contact_status == "ARCHIVED",
    };
    one(Entity::Contact, contact.id, contact.name, Body::Contact(body.into()), contact.updated.as_ref())
}

fn address_of(address: &shapes::Address) -> carry_model::Address {
    let lines = [&address.line1, &address.line2, &address.line3, &address.line4];
    carry_model::Address {
        lines: lines.into_iter().filter_map(|line| filled(line.clone())).collect(),
        city: filled(address.city.clone()),
        region: filled(address.region.clone()),
        postal_code: filled(address.postal_code.clone()),
        country: filled(address.country.clone()),
    }
}

/// The first telephone that has a number, with its codes.
fn phone(phone: &shapes::Phone) -> Option<String> {
    filled(phone.phone_number.clone())?;
    let parts = [&phone.phone_country_code, &phone.phone_area_code, &phone.phone_number];
    let parts: Vec<_> = parts.into_iter().filter_map(|part| filled(part.clone())).collect();
    Some(parts.join(" "))
}

/// An item's id is its code: lines name items by code, and Xero keeps codes unique.
pub(super) fn item(profile: &Profile, item: shapes::Item) -> Outcome {
    let sale = item.sales_details.unwrap_or_default();
    let purchase = item.purchase_details.unwrap_or_default();
    let account = |code: Option<&str>| profile.account(None, code.filter(|code| !code.is_empty()));
    let body = carry_model::Item {
        name: filled(item.name).unwrap_or_else(|| item.code.clone()),
        code: Some(item.code.clone()),
        description: filled(item.description),
        price: sale.unit_price,
        cost: purchase.unit_price,
        income_account: account(sale.account_code.as_deref()),
        expense_account: account(purchase.account_code.as_deref())
            .or_else(|| account(purchase.cogs_account_code.as_deref())),
        tax_rate: filled(sale.tax_type).map(SourceId::from),
        service: if item.is_tracked_as_inventory { Some(false) } else { None },
        archived: false,
    };
    one(Entity::Item, item.code.clone(), item.code, Body::Item(body.into()), item.updated.as_ref())
}

fn one(entity: Entity, id: String, number: String, body: Body, updated: Option<&String>) -> Outcome {
    if id.is_empty() {
        return Err(Refused::new("", Some(&number), Fault::new(Code::FieldMissing).field("id")));
    }
    Ok(vec![Read { entity, id, number: Some(number), body, modified: changed(updated) }])
}
