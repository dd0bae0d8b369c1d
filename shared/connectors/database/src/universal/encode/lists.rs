use carry_model::{
    Account, Activity, Address, Attachment, Code, Company, Contact, Entity, Fault, Item, PaymentMethod,
    Project, Record, TaxRate, Terms, TrackingCategory,
};

use super::super::amounts::{Exact, Units};
use super::super::cell::{Cell, Rows};
use super::super::shape::Table;
use super::super::words::{CLASSES, word};
use super::{Context, position};

pub(super) fn company<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Company,
) -> Result<(), Fault> {
    let home = Cell::Text(body.home_currency.code());
    rows.uses(body.home_currency);
    rows.record(Table::Companies, id, record, [Cell::Text(&body.name), home, Cell::text(&body.country)])
}

pub(super) fn account<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Account,
    context: &Context<'_>,
) -> Result<(), Fault> {
    let currency = rows.currency(&body.currency);
    let own = [
        Cell::text(&body.code),
        Cell::Text(&body.name),
        Cell::Text(word(CLASSES, body.class)),
        context.parent(rows, Entity::Account, &body.parent)?,
        currency,
        Cell::text(&body.description),
        Cell::flag(body.active),
    ];
    rows.record(Table::Accounts, id, record, own)
}

pub(super) fn tax_rate<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a TaxRate,
    context: &Context<'_>,
) -> Result<(), Fault> {
    let own = [
        Cell::Text(&body.name),
        Cell::text(&body.code),
        Cell::decimal(body.percent),
        context.opt(rows, Entity::Account, &body.account)?,
    ];
    rows.record(Table::TaxRates, id, record, own)?;
    for (at, component) in body.components.iter().enumerate() {
        let cells = [
            Cell::Int(id),
            position(at),
            Cell::Text(&component.name),
            Cell::Decimal(component.percent),
            Cell::flag(component.compound),
            context.opt(rows, Entity::Account, &component.account)?,
        ];
        rows.part(Table::TaxComponents, cells);
    }
    Ok(())
}

pub(super) fn terms<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Terms,
) -> Result<(), Fault> {
    rows.record(Table::Terms, id, record, [Cell::Text(&body.name), Cell::int(body.due_days.map(i64::from))])
}

pub(super) fn payment_method<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a PaymentMethod,
) -> Result<(), Fault> {
    rows.record(Table::PaymentMethods, id, record, [Cell::Text(&body.name)])
}

pub(super) fn tracking_category<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a TrackingCategory,
) -> Result<(), Fault> {
    rows.record(Table::TrackingCategories, id, record, [Cell::Text(&body.name)])?;
    for (at, option) in body.options.iter().enumerate() {
        rows.part(Table::TrackingOptions, [Cell::Int(id), position(at), Cell::Text(option)]);
    }
    Ok(())
}

pub(super) fn contact<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Contact,
    context: &Context<'_>,
) -> Result<(), Fault> {
    let currency = rows.currency(&body.currency);
    let own = [
        Cell::Text(&body.name),
        Cell::flag(body.customer),
        Cell::flag(body.supplier),
        Cell::text(&body.first_name),
        Cell::text(&body.last_name),
        Cell::text(&body.email),
        Cell::text(&body.phone),
        Cell::text(&body.account_number),
        Cell::text(&body.tax_number),
        context.parent(rows, Entity::Contact, &body.parent)?,
        currency,
        Cell::text(&body.note),
        Cell::flag(body.archived),
    ];
    rows.record(Table::Contacts, id, record, own)?;
    address(rows, id, "billing", &body.billing)?;
    address(rows, id, "shipping", &body.shipping)
}

fn address<'a>(
    rows: &mut Rows<'a>,
    contact: i64,
    role: &'static str,
    address: &'a Option<Address>,
) -> Result<(), Fault> {
    let Some(address) = address else { return Ok(()) };
    let street = serde_json::to_string(&address.lines)
        .map_err(|e| Fault::new(Code::Bug).detail("street lines did not serialise").caused_by(e))?;
    let cells = [
        Cell::Int(contact),
        Cell::Text(role),
        Cell::Owned(street),
        Cell::text(&address.city),
        Cell::text(&address.region),
        Cell::text(&address.postal_code),
        Cell::text(&address.country),
    ];
    rows.part(Table::ContactAddresses, cells);
    Ok(())
}

pub(super) fn item<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Item,
    context: &Context<'_>,
) -> Result<(), Fault> {
    let own = [
        Cell::Text(&body.name),
        Cell::text(&body.code),
        Cell::text(&body.description),
        Cell::decimal(body.price),
        Cell::decimal(body.cost),
        context.opt(rows, Entity::Account, &body.income_account)?,
        context.opt(rows, Entity::Account, &body.expense_account)?,
        context.opt(rows, Entity::TaxRate, &body.tax_rate)?,
        Cell::int(body.service.map(i64::from)),
        Cell::flag(body.archived),
    ];
    rows.record(Table::Items, id, record, own)
}

pub(super) fn project<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Project,
    context: &Context<'_>,
) -> Result<(), Fault> {
    let contact = context.opt(rows, Entity::Contact, &body.contact)?;
    let own = [Cell::Text(&body.name), Cell::text(&body.code), contact, Cell::flag(body.active)];
    rows.record(Table::Projects, id, record, own)
}

pub(super) fn activity<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Activity,
    context: &Context<'_>,
) -> Result<(), Fault> {
    rows.uses(body.currency);
    let units = Units::new(body.currency, context.home, None);
    let amount = body.amount.map(|amount| units.rounded(amount, "amount")).transpose()?;
    let mut exact = Exact::new(&units);
    exact.note_opt("amount", body.amount);
    let own = [
        Cell::Date(body.date),
        Cell::Text(&body.subject),
        Cell::text(&body.note),
        context.opt(rows, Entity::Contact, &body.contact)?,
        context.opt(rows, Entity::Project, &body.project)?,
        context.opt(rows, Entity::Item, &body.item)?,
        Cell::text(&body.staff),
        Cell::decimal(body.hours),
        Cell::decimal(body.rate),
        Cell::int(amount),
        Cell::Text(body.currency.code()),
        Cell::flag(body.billable),
        context.opt(rows, Entity::Invoice, &body.invoice)?,
        Cell::owned(exact.finish()),
    ];
    rows.record(Table::Activities, id, record, own)
}

pub(super) fn attachment<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Attachment,
) -> Result<(), Fault> {
    let own = [
        Cell::Text(body.of.entity.name()),
        Cell::Text(body.of.id.as_str()),
        Cell::Text(&body.name),
        Cell::text(&body.media_type),
        body.size_bytes.map_or(Ok(Cell::Null), |size| Cell::unsigned(size, "size_bytes"))?,
        Cell::text(&body.sha256),
        Cell::Text(&body.location),
    ];
    rows.record(Table::Attachments, id, record, own)
}
