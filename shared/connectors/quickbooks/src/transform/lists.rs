//! Accounts, taxes, names and items.

use carry_model::{
    Body, Code, Contact, Decimal, Entity, Fault, PaymentMethod, Project, TaxComponent, TaxRate, Terms,
    TrackingCategory,
};

use super::{Draft, QuickBooksTransformer, customer_id, id, text, vendor_id};
use crate::accounts::class;
use crate::kinds::Kind;
use crate::objects::{self, Address, Name, Option_};

/// Names of the two lists along which QuickBooks tells lines apart.
pub(crate) const CLASS: &str = "Class";
pub(crate) const LOCATION: &str = "Location";

fn draft(entity: Entity, id: impl Into<String>, name: String, body: Body) -> Draft {
    Draft { entity, id: id.into(), number: Some(name), body }
}

pub(super) fn account(account: objects::Account) -> Result<Draft, Fault> {
    let class = class(&account.account_type)
        .ok_or_else(|| Fault::new(Code::ValueUnknown).field("AccountType").text(&account.account_type))?;
    let body = carry_model::Account {
        code: text(account.acct_num),
        name: account.name.clone(),
        class,
        parent: id(account.parent_ref.as_ref()),
        currency: account.currency_ref.and_then(|currency| currency.value.parse().ok()),
        description: text(account.description),
        active: account.active,
    };
    Ok(draft(Entity::Account, account.id, account.name, Body::Account(body.into())))
}

pub(super) fn terms(term: objects::Term) -> Draft {
    let body = Terms { name: term.name.clone(), due_days: term.due_days };
    draft(Entity::Terms, term.id, term.name, Body::Terms(body))
}

pub(super) fn payment_method(method: objects::PaymentMethod) -> Draft {
    let body = PaymentMethod { name: method.name.clone() };
    draft(Entity::PaymentMethod, method.id, method.name, Body::PaymentMethod(body))
}

/// All classes, or all departments, as the options of one category.
pub(super) fn tracking(kind: Kind, options: Vec<Option_>) -> Draft {
    let name = if kind == Kind::Class { CLASS } else { LOCATION };
    let options = options.into_iter().map(|option| option.fully_qualified_name.unwrap_or(option.name));
    let body = TrackingCategory { name: name.to_owned(), options: options.collect() };
    draft(Entity::TrackingCategory, kind.path(), name.to_owned(), Body::TrackingCategory(body))
}

fn address(address: Option<Address>) -> Option<carry_model::Address> {
    let address = address?;
    let lines = [address.line1, address.line2, address.line3, address.line4, address.line5];
    let address = carry_model::Address {
        lines: lines.into_iter().filter_map(text).collect(),
        city: text(address.city),
        region: text(address.country_sub_division_code),
        postal_code: text(address.postal_code),
        country: text(address.country),
    };
    (address != carry_model::Address::default()).then_some(address)
}

fn contact(name: Name) -> Contact {
    Contact {
        name: name.display_name,
        customer: false,
        supplier: false,
        first_name: text(name.given_name),
        last_name: text(name.family_name),
        email: name.primary_email_addr.and_then(|email| text(email.address)),
        phone: name.primary_phone.and_then(|phone| text(phone.free_form_number)),
        // One that was made beside another bears a reference in place of a number.
        account_number: text(name.acct_num).filter(|number| crate::write::marker_in(number).is_none()),
        tax_number: text(name.primary_tax_identifier),
        billing: address(name.bill_addr),
        shipping: address(name.ship_addr),
        parent: None,
        currency: name.currency_ref.and_then(|currency| currency.value.parse().ok()),
        note: text(name.notes),
        archived: !name.active,
    }
}

pub(super) fn vendor(name: Name) -> Draft {
    let id = vendor_id(&name.id).as_str().to_owned();
    let body = Contact { supplier: true, ..contact(name) };
    draft(Entity::Contact, id, body.name.clone(), Body::Contact(body.into()))
}

impl QuickBooksTransformer {
    /// A customer; a sub-customer is a project of the customer at its top.
    pub(super) fn customer(&self, name: Name) -> Draft {
        if let Some(top) = self.profile.tops.get(&name.id) {
            let body = Project {
                name: name.display_name.clone(),
                code: None,
                contact: Some(customer_id(top)),
                active: name.active,
            };
            return draft(Entity::Project, name.id, name.display_name, Body::Project(body));
        }
        let id = customer_id(&name.id).as_str().to_owned();
        let body = Contact { customer: true, ..contact(name) };
        draft(Entity::Contact, id, body.name.clone(), Body::Contact(body.into()))
    }

    pub(super) fn item(&self, item: objects::Item) -> Result<Draft, Fault> {
        let name = item.fully_qualified_name.unwrap_or(item.name);
        let body = carry_model::Item {
            name: name.clone(),
            code: text(item.sku),
            description: text(item.description),
            price: item.unit_price.filter(|price| !price.is_zero()),
            cost: item.purchase_cost.filter(|cost| !cost.is_zero()),
            income_account: id(item.income_account_ref.as_ref()),
            expense_account: id(item.expense_account_ref.as_ref()),
            tax_rate: id(item.sales_tax_code_ref.as_ref())
                .filter(|code| self.profile.codes.contains_key(code.as_str())),
            service: item.kind.as_deref().map(|kind| kind == "Service"),
            archived: !item.active,
        };
        Ok(draft(Entity::Item, item.id, name, Body::Item(body.into())))
    }

    pub(super) fn tax_code(&self, code: objects::TaxCode) -> Result<Draft, Fault> {
        let known = self.profile.codes.get(&code.id);
        let parts = known.map(|known| if known.sales.is_empty() { &known.purchase } else { &known.sales });
        let component = |part: &crate::taxes::Part| TaxComponent {
            name: part.name.clone(),
            percent: part.percent,
            compound: part.compound,
            account: None,
        };
        let components: Vec<_> = match parts {
            Some(parts) if parts.len() > 1 => parts.iter().map(component).collect(),
            _ => Vec::new(),
        };
        let percent: Option<Decimal> = known.and_then(|known| known.percent);
        let body = TaxRate { name: code.name.clone(), code: None, percent, components, account: None };
        Ok(draft(Entity::TaxRate, code.id, code.name, Body::TaxRate(body.into())))
    }
}
