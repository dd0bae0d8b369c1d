use carry_model::{BankTransaction, Code, Decimal, Entity, Fault, Journal, Payment, Record, Transfer};

use super::super::amounts::{Exact, Parts, Units};
use super::super::cell::{Cell, Rows};
use super::super::shape::Table;
use super::super::words::{DIRECTIONS, word};
use super::{Context, position};

/// Adds a payment with its allocations; its amount.
pub(super) fn payment<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Payment,
    context: &Context<'_>,
) -> Result<Decimal, Fault> {
    rows.uses(body.currency);
    let units = Units::new(body.currency, context.home, body.rate);
    let amount = units.whole(body.amount, "amount")?;
    let mut exact = Exact::new(&units);
    exact.note("amount", body.amount);
    let own = [
        context.opt(rows, Entity::Contact, &body.contact)?,
        Cell::Date(body.date),
        Cell::Text(body.currency.code()),
        Cell::decimal(body.rate),
        Cell::Int(amount),
        Cell::int(units.home(body.amount, "amount")?),
        Cell::int(ledger_home(body, context, &units)?),
        context.opt(rows, Entity::Account, &body.account)?,
        context.opt(rows, Entity::PaymentMethod, &body.method)?,
        Cell::text(&body.reference),
        Cell::text(&body.memo),
        Cell::owned(exact.finish()),
    ];
    rows.record(Table::Payments, id, record, own)?;
    for (at, allocation) in body.allocations.iter().enumerate() {
        let mut exact = Exact::new(&units);
        exact.note("amount", allocation.amount);
        let cells = [
            Cell::Int(id),
            position(at),
            context.need(rows, allocation.document.entity, &allocation.document.id, "allocation")?,
            Cell::Int(units.whole(allocation.amount, "allocation")?),
            Cell::owned(exact.finish()),
        ];
        rows.part(Table::Allocations, cells);
    }
    Ok(Decimal::new(amount, body.currency.minor_digits()))
}

/// What the payment takes off the ledger in home currency: each allocation at its document's rate, the rest at
/// the payment's own. None in the home currency or without a rate.
fn ledger_home(body: &Payment, context: &Context<'_>, units: &Units) -> Result<Option<i64>, Fault> {
    let range = || Fault::new(Code::AmountOutOfRange).field("amount");
    let Some(mut sum) = units.home(body.unapplied()?, "amount")? else { return Ok(None) };
    for allocation in &body.allocations {
        let document = context.find(allocation.document.entity, &allocation.document.id)?;
        let rate = document.and_then(|id| context.rates.get(&id)).and_then(|(_, rate)| *rate).or(body.rate);
        let units = Units::new(body.currency, context.home, rate);
        let home = units.home(allocation.amount, "allocation")?.unwrap_or_default();
        let credit = matches!(allocation.document.entity.ledger(), Some((_, -1)));
        sum = sum.checked_add(if credit { -home } else { home }).ok_or_else(range)?;
    }
    Ok(Some(sum))
}

pub(super) fn transfer<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Transfer,
    context: &Context<'_>,
) -> Result<(), Fault> {
    rows.uses(body.currency);
    let units = Units::new(body.currency, context.home, body.rate);
    let mut exact = Exact::new(&units);
    exact.note("amount", body.amount);
    let received = match &body.received {
        None => (Cell::Null, Cell::Null),
        Some(money) => {
            rows.uses(money.currency);
            let units = Units::new(money.currency, context.home, None);
            exact.note_in("received", money.amount, money.currency);
            (Cell::Int(units.whole(money.amount, "received")?), Cell::Text(money.currency.code()))
        }
    };
    // Money that arrived in the home currency says what it was worth there.
    let arrived_home =
        body.received.filter(|money| money.currency == context.home && body.currency != context.home);
    let home = match arrived_home {
        Some(money) => Some(Units::new(money.currency, context.home, None).whole(money.amount, "received")?),
        None => units.home(body.amount, "amount")?,
    };
    let own = [
        Cell::Date(body.date),
        context.need(rows, Entity::Account, &body.from, "from")?,
        context.need(rows, Entity::Account, &body.to, "to")?,
        Cell::Text(body.currency.code()),
        Cell::decimal(body.rate),
        Cell::Int(units.whole(body.amount, "amount")?),
        Cell::int(home),
        received.0,
        received.1,
        Cell::text(&body.memo),
        Cell::owned(exact.finish()),
    ];
    rows.record(Table::Transfers, id, record, own)
}

pub(super) fn bank_transaction<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a BankTransaction,
    context: &Context<'_>,
) -> Result<(), Fault> {
    rows.uses(body.currency);
    let units = Units::new(body.currency, context.home, body.rate);
    let mut exact = Exact::new(&units);
    exact.note("total", body.total);
    let own = [
        Cell::Date(body.date),
        context.need(rows, Entity::Account, &body.account, "account")?,
        Cell::Text(word(DIRECTIONS, body.direction)),
        context.opt(rows, Entity::Contact, &body.contact)?,
        Cell::Text(body.currency.code()),
        Cell::decimal(body.rate),
        Cell::Int(units.whole(body.total, "total")?),
        Cell::int(units.home(body.total, "total")?),
        Cell::text(&body.memo),
        Cell::owned(exact.finish()),
    ];
    rows.record(Table::BankTransactions, id, record, own)?;
    let mut parts = Parts::new(units);
    for (at, line) in body.lines.iter().enumerate() {
        let (net, net_home) = parts.add(line.net, "net")?;
        let (tax, tax_home) = parts.add_opt(line.tax, "tax")?;
        let mut exact = Exact::new(&units);
        exact.note("net", line.net);
        exact.note_opt("tax", line.tax);
        let cells = [
            Cell::Int(id),
            position(at),
            context.need(rows, Entity::Account, &line.account, "account")?,
            Cell::Int(net),
            Cell::int(net_home),
            context.opt(rows, Entity::TaxRate, &line.tax_rate)?,
            Cell::int(tax),
            Cell::int(tax_home),
            Cell::text(&line.description),
            Cell::owned(exact.finish()),
        ];
        rows.part(Table::BankTransactionLines, cells);
    }
    Ok(())
}

pub(super) fn journal<'a>(
    rows: &mut Rows<'a>,
    id: i64,
    record: &'a Record,
    body: &'a Journal,
    context: &Context<'_>,
) -> Result<(), Fault> {
    rows.uses(body.currency);
    let currency = Cell::Text(body.currency.code());
    let own = [Cell::Date(body.date), currency, Cell::decimal(body.rate), Cell::text(&body.memo)];
    rows.record(Table::Journals, id, record, own)?;
    let units = Units::new(body.currency, context.home, body.rate);
    let mut parts = Parts::new(units);
    for (at, line) in body.lines.iter().enumerate() {
        let (amount, home) = parts.add(line.amount, "amount")?;
        let mut exact = Exact::new(&units);
        exact.note("amount", line.amount);
        let cells = [
            Cell::Int(id),
            position(at),
            context.need(rows, Entity::Account, &line.account, "account")?,
            Cell::Int(amount),
            Cell::int(home),
            context.opt(rows, Entity::Contact, &line.contact)?,
            Cell::text(&line.description),
            Cell::owned(exact.finish()),
        ];
        rows.part(Table::JournalLines, cells);
        for (place, tracking) in line.tracking.iter().enumerate() {
            if let Some(category) = context.find(Entity::TrackingCategory, &tracking.category)? {
                let category = rows.refer(Entity::TrackingCategory, Some(category));
                let cells =
                    [Cell::Int(id), position(at), position(place), category, Cell::Text(&tracking.option)];
                rows.part(Table::JournalLineTracking, cells);
            }
        }
    }
    Ok(())
}
