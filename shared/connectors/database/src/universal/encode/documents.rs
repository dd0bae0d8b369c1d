use carry_model::{Decimal, Document, Entity, Fault, Line, Record};

use super::super::amounts::{Exact, Parts, Units};
use super::super::cell::{Cell, Rows};
use super::super::shape::Table;
use super::super::words::{STATUSES, TAX_MODES, word};
use super::{Context, position};

/// Adds a document with its lines and taxes; the total that its parts come to.
pub(super) fn document<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Document,
    context: &Context<'_>,
) -> Result<Decimal, Fault> {
    rows.uses(body.currency);
    let units = Units::new(body.currency, context.home, body.rate);
    let mut parts = Parts::new(units);
    header(rows, id, record, body, context, units, &mut parts)?;
    for (at, line) in body.lines.iter().enumerate() {
        self::line(rows, id, at, line, context, &mut parts)?;
    }
    for (at, tax) in body.taxes.iter().enumerate() {
        let (amount, home) = parts.add(tax.amount, "tax")?;
        let mut exact = Exact::new(&units);
        exact.note("amount", tax.amount);
        let cells = [
            Cell::Int(id),
            position(at),
            context.opt(rows, Entity::TaxRate, &tax.tax_rate)?,
            Cell::Int(amount),
            Cell::int(home),
            Cell::owned(exact.finish()),
        ];
        rows.part(Table::DocumentTaxes, cells);
    }
    for (at, key) in body.related.iter().enumerate() {
        let cells = [Cell::Int(id), position(at), Cell::Text(key.entity.name()), Cell::Text(key.id.as_str())];
        rows.part(Table::DocumentRelated, cells);
    }
    Ok(parts.total())
}

fn header<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Document,
    context: &Context<'_>,
    units: Units,
    parts: &mut Parts,
) -> Result<(), Fault> {
    let discount = body.discount.as_ref();
    let (off, off_home) = parts.add_opt(discount.map(|discount| -discount.amount), "discount")?;
    let mut exact = Exact::new(&units);
    exact.note("total", body.total);
    exact.note_opt("outstanding", body.outstanding);
    exact.note_opt("discount", discount.map(|discount| discount.amount));
    let own = [
        context.opt(rows, Entity::Contact, &body.contact)?,
        Cell::Date(body.date),
        Cell::date(body.due),
        Cell::Text(body.currency.code()),
        Cell::decimal(body.rate),
        Cell::Text(word(TAX_MODES, body.tax_mode)),
        Cell::Int(units.whole(body.total, "total")?),
        Cell::int(body.outstanding.map(|open| units.whole(open, "outstanding")).transpose()?),
        Cell::Text(word(STATUSES, body.status)),
        Cell::int(off.map(|off| -off)),
        Cell::int(off_home.map(|off| -off)),
        Cell::decimal(discount.and_then(|discount| discount.percent)),
        context.opt(rows, Entity::Account, discount.map_or(&None, |discount| &discount.account))?,
        context.opt(rows, Entity::Terms, &body.terms)?,
        Cell::text(&body.reference),
        Cell::text(&body.memo),
        context.opt(rows, Entity::Project, &body.project)?,
        context.opt(rows, Entity::Account, &body.paid_account)?,
        context.opt(rows, Entity::PaymentMethod, &body.payment_method)?,
        Cell::owned(exact.finish()),
    ];
    rows.record(Table::Documents, id, record, own)
}

fn line<'a>(
    rows: &mut Rows<'a>,
    document: i64,
    at: usize,
    line: &'a Line,
    context: &Context<'_>,
    parts: &mut Parts,
) -> Result<(), Fault> {
    let (net, net_home) = parts.add(line.net, "net")?;
    let (tax, tax_home) = parts.add_opt(line.tax, "tax")?;
    let mut exact = Exact::new(parts.units());
    exact.note_opt("discount", line.discount);
    exact.note("net", line.net);
    exact.note_opt("tax", line.tax);
    let cells = [
        Cell::Int(document),
        position(at),
        context.opt(rows, Entity::Item, &line.item)?,
        Cell::text(&line.description),
        Cell::decimal(line.quantity),
        Cell::decimal(line.unit_price),
        Cell::int(line.discount.map(|off| parts.units().rounded(off, "discount")).transpose()?),
        Cell::Int(net),
        Cell::int(net_home),
        context.opt(rows, Entity::TaxRate, &line.tax_rate)?,
        Cell::int(tax),
        Cell::int(tax_home),
        context.opt(rows, Entity::Account, &line.account)?,
        context.opt(rows, Entity::Project, &line.project)?,
        Cell::date(line.service_date),
        Cell::owned(exact.finish()),
    ];
    rows.part(Table::DocumentLines, cells);
    for (place, tracking) in line.tracking.iter().enumerate() {
        if let Some(category) = context.find(Entity::TrackingCategory, &tracking.category)? {
            let category = rows.refer(Entity::TrackingCategory, Some(category));
            let cells =
                [Cell::Int(document), position(at), position(place), category, Cell::Text(&tracking.option)];
            rows.part(Table::DocumentLineTracking, cells);
        }
    }
    Ok(())
}
