//! The names that a row mentions or lists.

use carry_model::{Entity, Ledger};

use super::names::{Names, Role, option_key};
use super::section::Section;
use crate::formats::{Field, Format, Shape};
use crate::limits::SCATTERED_MAX;
use crate::table::Row;

/// Notes the names that a row mentions or lists.
pub(super) fn mention(section: &Section, row: &Row<'_>, contact: &str, names: &mut Names, file: &str) {
    let cell = |field| section.rules.at.cell(row, field);
    let line = row.line_from;
    let mut note = |entity, field, role| names.mention(entity, cell(field), role, file, line);
    match section.format().shape {
        Shape::Documents(_) => mention_document(section, row, contact, names, file),
        Shape::Payments(_) => {
            note(Entity::Contact, Field::Contact, role_of_ledger(section.format()));
            note(Entity::PaymentMethod, Field::PaymentMethod, Role::NONE);
            note(Entity::Account, Field::PaidAccount, Role::BANK);
        }
        Shape::Contacts(_) => {
            let name = cell(Field::Name);
            names.list(Entity::Contact, name);
            let parent = name.rsplit_once(':').map_or(cell(Field::Parent), |(parent, _)| parent);
            names.mention(Entity::Contact, parent, Role::NONE, file, line);
        }
        Shape::Accounts => {
            let (name, code) = (cell(Field::Name), cell(Field::Code));
            names.list(Entity::Account, name);
            if !code.is_empty() {
                names.list(Entity::Account, code);
            }
            let parent = name.rsplit_once(':').map_or(cell(Field::Parent), |(parent, _)| parent);
            names.mention(Entity::Account, parent, Role::NONE, file, line);
        }
        Shape::Items => {
            names
                .list(Entity::Item, crate::ids::item(section.format(), cell(Field::Code), cell(Field::Name)));
            names.mention(Entity::Account, cell(Field::IncomeAccount), Role::INCOME, file, line);
            names.mention(Entity::Account, cell(Field::ExpenseAccount), Role::EXPENSE, file, line);
            names.mention(Entity::TaxRate, cell(Field::Tax), Role::NONE, file, line);
        }
        Shape::TaxRates => {
            names.list(Entity::TaxRate, cell(Field::Name));
            names.mention(Entity::Account, cell(Field::Account), Role::NONE, file, line);
        }
        Shape::Balances(_) => {}
        Shape::JournalReport | Shape::Postings => {
            let hint = format!("{}\u{1f}{}", cell(Field::Type), cell(Field::DetailType));
            let hint = if hint.len() > 1 { hint.as_str() } else { "" };
            names.mention_with(Entity::Account, cell(Field::Account), Role::NONE, file, line, hint);
            names.mention(Entity::Contact, cell(Field::Contact), Role::NONE, file, line);
            names.mention(Entity::Contact, cell(Field::Customer), Role::CUSTOMER, file, line);
            names.mention(Entity::Contact, cell(Field::Supplier), Role::SUPPLIER, file, line);
            mention_tracking(section, row, names, file);
        }
    }
}

fn mention_document(section: &Section, row: &Row<'_>, contact: &str, names: &mut Names, file: &str) {
    let cell = |field| section.rules.at.cell(row, field);
    let line = row.line_from;
    let entity = section.entity_of(row);
    let purchase =
        matches!(entity, Entity::Bill | Entity::BillCredit | Entity::PurchaseOrder | Entity::Expense);
    let (party, account) =
        if purchase { (Role::SUPPLIER, Role::EXPENSE) } else { (Role::CUSTOMER, Role::INCOME) };
    if cell(Field::Contact) == contact {
        names.mention(Entity::Contact, contact, party, file, line);
    }
    names.mention(Entity::Item, cell(Field::Item), Role::NONE, file, line);
    names.mention(Entity::Account, cell(Field::Account), account, file, line);
    names.mention(Entity::Account, cell(Field::PaidAccount), Role::BANK, file, line);
    names.mention(Entity::Terms, cell(Field::Terms), Role::NONE, file, line);
    names.mention(Entity::PaymentMethod, cell(Field::PaymentMethod), Role::NONE, file, line);
    names.mention(Entity::Project, cell(Field::Project), Role::NONE, file, line);
    let (first, second) = (cell(Field::Tax), cell(Field::Tax2));
    if !first.is_empty() || !second.is_empty() {
        let amounts = [cell(Field::TaxAmount), cell(Field::Tax2Amount)];
        let taxed = amounts.iter().any(|text| text.bytes().any(|b| matches!(b, b'1'..=b'9')));
        let role = if taxed { Role::TAXED } else { Role::NONE };
        match crate::ids::tax(first, second) {
            std::borrow::Cow::Borrowed(name) => names.mention(Entity::TaxRate, name, role, file, line),
            std::borrow::Cow::Owned(name) => names.mention(Entity::TaxRate, &name, role, file, line),
        }
    }
    mention_tracking(section, row, names, file);
}

fn mention_tracking(section: &Section, row: &Row<'_>, names: &mut Names, file: &str) {
    for (category, option) in crate::ids::tracking(|field| section.rules.at.cell(row, field)) {
        let key = option_key(category, option);
        names.mention(Entity::TrackingCategory, &key, Role::NONE, file, row.line_from);
    }
}

/// Notes the id of a list row. A business that is in the customer list and in the vendor list is one contact with
/// both roles; any other row with an id that is taken becomes a reject.
pub(super) fn claim(section: &mut Section, row: &Row<'_>, entity: Entity, names: &mut Names) {
    let cell = |field| section.rules.at.cell(row, field);
    let (code, name) = (cell(Field::Code), cell(Field::Name));
    let id = match section.format().shape {
        Shape::Accounts => crate::ids::account(section.format(), code, name),
        Shape::Items => crate::ids::item(section.format(), code, name),
        _ => name,
    };
    let role = match section.format().shape {
        Shape::Contacts(Some(Ledger::Receivable)) => Role::CUSTOMER,
        Shape::Contacts(Some(Ledger::Payable)) => Role::SUPPLIER,
        _ => Role::NONE,
    };
    let Some(first) = names.claim(entity, id, role) else { return };
    if section.repeats.len() + section.left_out.len() >= SCATTERED_MAX {
        return;
    }
    if first != role && first != Role::NONE && role != Role::NONE {
        names.merged += 1;
        section.leave_out(row.offset, entity);
    } else {
        section.repeats.insert(row.offset);
    }
}

fn role_of_ledger(format: &Format) -> Role {
    match format.shape {
        Shape::Balances(Ledger::Payable) | Shape::Payments(Ledger::Payable) => Role::SUPPLIER,
        _ => Role::CUSTOMER,
    }
}
