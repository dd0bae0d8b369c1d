//! An invoice, credit note, bill, receipt, ... as a row for the importer, with what its figures must come to.

use std::collections::BTreeMap;

use carry_connector::{Adjustment, AdjustmentKind, Links};
use carry_model::{
    Currency, Decimal, Document, Entity, Fault, Line, Record, SourceId, TaxMode, checked_sum, round_half_up,
};
use rust_decimal::RoundingStrategy;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analytic::Options;
use crate::journals::Journals;
use crate::lists::Place;
use crate::names::{html, id_of};
use crate::session::Odoo;
use crate::sheet::{Row, line};
use crate::taxes::{Tax, Taxes};
use crate::value::plain;

/// Significant digits of a rate: what a binary float holds.
const RATE_DIGITS: u32 = 15;

/// What the documents of a batch need to know of the target.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) currencies: FxHashMap<Currency, i64>,
    pub(crate) journals: Journals,
    pub(crate) taxes: Taxes,
    /// Income and expense account of products.
    pub(crate) products: FxHashMap<i64, (Option<i64>, Option<i64>)>,
    pub(crate) options: Options,
    /// Where the target's own taxes are booked.
    pub(crate) tax_account: Option<i64>,
    /// Currencies for which Odoo has a rate of any day.
    pub(crate) rated: FxHashSet<Currency>,
    /// Rates of days, where documents have none of their own.
    pub(crate) day_rates: crate::rates::DayRates,
}

/// A document ready to be imported.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) row: Row,
    /// Stated tax by the target's tax; None where the source states no amounts.
    pub(crate) taxes: Option<BTreeMap<i64, Decimal>>,
    /// The stated total, positive: a document below zero is written as its opposite.
    pub(crate) total: Decimal,
    pub(crate) currency: Currency,
    pub(crate) adjustments: Vec<Adjustment>,
    pub(crate) notes: Vec<String>,
}

/// True for what is sold rather than bought.
pub(crate) const fn is_sale(entity: Entity) -> bool {
    matches!(entity, Entity::Invoice | Entity::CreditNote | Entity::SalesReceipt | Entity::Refund)
}

/// Odoo's type of a document, of the opposite one where the total is below zero.
pub(crate) const fn move_type(entity: Entity, opposite: bool) -> &'static str {
    match (entity, opposite) {
        (Entity::Invoice, false) | (Entity::CreditNote | Entity::Refund, true) => "out_invoice",
        (Entity::CreditNote | Entity::Refund, false) => "out_refund",
        (Entity::Invoice | Entity::SalesReceipt, true) => "out_refund",
        (Entity::SalesReceipt, false) => "out_receipt",
        (Entity::Expense, false) => "in_receipt",
        (Entity::BillCredit, false) | (Entity::Bill | Entity::Expense, true) => "in_refund",
        _ => "in_invoice",
    }
}

/// A line on its way: the source's line with the taxes that apply to it.
struct Going<'a> {
    line: &'a Line,
    taxes: Vec<&'a Tax>,
    account: Option<i64>,
}

/// Tax of a document, sorted out.
#[derive(Default)]
struct Sorted {
    /// Stated by the target's tax.
    stated: BTreeMap<i64, Decimal>,
    /// False where a line has a tax but nothing states how much.
    complete: bool,
    /// Tax that no rate of the target expresses: it becomes a line.
    as_lines: Vec<Decimal>,
}

impl Odoo {
    /// The document as a row. `name` is its number in the target, `/` where Odoo gives one.
    pub(crate) fn prepare(
        &self,
        record: &Record,
        document: &Document,
        place: &Place,
        links: &Links,
        facts: &Facts,
        name: &str,
    ) -> Result<Prepared, Fault> {
        let opposite = document.total.is_sign_negative() && !document.total.is_zero();
        let sign = if opposite { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
        let mut notes = Vec::new();
        self.check_day_rate(document, &facts.day_rates)?;
        let mut row = self.head(record, document, place, links, facts, name, &mut notes)?;
        let discount = discount_line(document);
        let (going, sorted) = self.sort_taxes(record.entity, document, discount.as_ref(), links, facts)?;
        for going in &going {
            row.push_line(self.line_cells(going, document, links, facts, sign)?);
        }
        let mut adjustments = Vec::new();
        for amount in sorted.as_lines {
            let line = Line {
                description: Some("Tax as stated in the source".to_owned()),
                net: amount,
                ..Line::default()
            };
            let account = facts.tax_account.or_else(|| fallback_account(record.entity, facts));
            let going = Going { line: &line, taxes: Vec::new(), account };
            row.push_line(self.line_cells(&going, document, links, facts, sign)?);
            adjustments.push(Adjustment::new(
                AdjustmentKind::TaxForced,
                amount,
                document.currency,
                "No tax rate of the target expresses this tax; it is a line on the tax account.",
            ));
        }
        let stated = sorted.stated.into_iter().map(|(tax, amount)| (tax, amount * sign)).collect();
        Ok(Prepared {
            row,
            taxes: sorted.complete.then_some(stated),
            total: document.total * sign,
            currency: document.currency,
            adjustments,
            notes,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one call, split for length")]
    fn head(
        &self,
        record: &Record,
        document: &Document,
        place: &Place,
        links: &Links,
        facts: &Facts,
        name: &str,
        notes: &mut Vec<String>,
    ) -> Result<Row, Fault> {
        let opposite = document.total.is_sign_negative() && !document.total.is_zero();
        let sale = is_sale(record.entity);
        let journal = facts.journals.first(if sale { "sale" } else { "purchase" })?;
        let partner = links.get_opt(Entity::Contact, &document.contact).and_then(id_of);
        // A supplier's number is the supplier's: Odoo keeps it as the bill's reference.
        let (reference, more) = match (sale, &record.number) {
            (false, Some(number)) => (Some(number.clone()), document.reference.clone()),
            _ => (document.reference.clone(), None),
        };
        let memo = document.memo.clone().into_iter().chain(more.map(|more| format!("Reference: {more}")));
        let memo = memo.map(|text| html(&text)).collect::<Vec<_>>().join("<br>");
        let mut row = place
            .row()
            .with("move_type", move_type(record.entity, opposite))
            .with_id("journal_id", Some(journal.id))
            .with_id("partner_id", partner)
            .with("invoice_date", document.date.to_string())
            .with("date", document.date.to_string())
            .with_id("invoice_payment_term_id", None)
            .with("invoice_date_due", document.due.unwrap_or(document.date).to_string())
            .with_id("currency_id", facts.currencies.get(&document.currency).copied())
            .with("name", name)
            .with("ref", reference.unwrap_or_default())
            .with("invoice_origin", record.number.clone().unwrap_or_default())
            .with("narration", memo);
        if self.version >= crate::rates::VERSION_OWN_RATES {
            match document.rate {
                _ if self.books.is_home(document.currency) => row = row.with("invoice_currency_rate", "1"),
                Some(rate) => row = row.with("invoice_currency_rate", inverse(rate)?),
                None => notes.push(without_rate(document.currency, facts)),
            }
        }
        Ok(row)
    }

    /// Which taxes go on which line, and what they must come to.
    fn sort_taxes<'a>(
        &self,
        entity: Entity,
        document: &'a Document,
        discount: Option<&'a Line>,
        links: &Links,
        facts: &'a Facts,
    ) -> Result<(Vec<Going<'a>>, Sorted), Fault> {
        let mut sorted = Sorted { complete: true, ..Sorted::default() };
        let mut going = Vec::with_capacity(document.lines.len() + 1);
        let none = Decimal::ZERO;
        for line in &document.lines {
            let mut taxes = Vec::new();
            let tax = facts.taxes.get(line.tax_rate.as_ref()).filter(|_| document.tax_mode != TaxMode::None);
            match (tax, line.tax) {
                // Stated to be free of tax, whatever the rate.
                (Some(tax), Some(amount)) if amount.is_zero() && !tax.percent.is_zero() => {}
                (Some(tax), Some(amount)) if !amount.is_zero() && tax.percent.is_zero() => {
                    sorted.as_lines.push(amount)
                }
                (Some(tax), stated) => {
                    taxes.push(tax);
                    let by_document = document.taxes.iter().any(|d| d.tax_rate == line.tax_rate);
                    sorted.complete &= stated.is_some() || by_document;
                    add(&mut sorted.stated, tax.id, stated.unwrap_or_default())?;
                }
                (None, Some(amount)) if !amount.is_zero() => sorted.as_lines.push(amount),
                (None, _) => {}
            }
            let account = self.line_account(entity, line, links, facts);
            going.push(Going { line, taxes, account });
        }
        if let Some(line) = discount {
            let largest = document.lines.iter().max_by_key(|line| line.net.abs());
            let account = largest.and_then(|line| self.line_account(entity, line, links, facts));
            going.push(Going {
                line,
                taxes: Vec::new(),
                account: account.or_else(|| fallback_account(entity, facts)),
            });
        }
        for stated in &document.taxes {
            let used =
                document.lines.iter().any(|line| line.tax_rate.is_some() && line.tax_rate == stated.tax_rate);
            match facts.taxes.get(stated.tax_rate.as_ref()) {
                Some(tax) if used => add(&mut sorted.stated, tax.id, stated.amount)?,
                Some(tax) if !tax.percent.is_zero() && stated.amount != none => {
                    spread(&mut going, tax, stated.amount, discount.is_some())?;
                    add(&mut sorted.stated, tax.id, stated.amount)?;
                }
                _ if stated.amount != none => sorted.as_lines.push(stated.amount),
                _ => {}
            }
        }
        Ok((going, sorted))
    }

    fn line_account(&self, entity: Entity, line: &Line, links: &Links, facts: &Facts) -> Option<i64> {
        let own = links.get_opt(Entity::Account, &line.account).and_then(id_of);
        let of_product = || {
            let product = links.get_opt(Entity::Item, &line.item).and_then(id_of)?;
            let (income, expense) = facts.products.get(&product).copied()?;
            if is_sale(entity) { income } else { expense }
        };
        own.or_else(of_product).or_else(|| fallback_account(entity, facts))
    }

    fn line_cells(
        &self,
        going: &Going<'_>,
        document: &Document,
        links: &Links,
        facts: &Facts,
        sign: Decimal,
    ) -> Result<Vec<(String, String)>, Fault> {
        let source = going.line;
        let digits = document.currency.minor_digits();
        let priced = if going.taxes.iter().any(|tax| tax.included) {
            let percent = checked_sum(going.taxes.iter().map(|tax| tax.percent))?;
            let tax = source
                .tax
                .unwrap_or_else(|| round_half_up(source.net * percent / Decimal::ONE_HUNDRED, digits));
            Priced { quantity: Decimal::ONE, price: checked_sum([source.net, tax])?, said: None }
        } else {
            self.priced(source, document.tax_mode)
        };
        let mut text = source.description.clone().unwrap_or_default();
        if let Some(said) = priced.said {
            text = format!("{text} ({said})").trim_start().to_owned();
        }
        let id = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
        let taxes: Vec<String> = going.taxes.iter().map(|tax| tax.id.to_string()).collect();
        let project = source.project.clone().or_else(|| document.project.clone());
        let product = links.get_opt(Entity::Item, &source.item).and_then(id_of);
        let mut cells = line(
            "invoice_line_ids",
            [
                ("product_id/.id", id(product)),
                ("name", text),
                ("quantity", plain(priced.quantity)?),
                ("price_unit", plain(priced.price * sign)?),
                ("account_id/.id", id(going.account)),
                ("tax_ids/.id", taxes.join(",")),
            ],
        );
        if self.books.analytic {
            let shares = self.distribution(links, &facts.options, &project, &source.tracking);
            cells.extend(line("invoice_line_ids", [("analytic_distribution", shares)]));
        }
        Ok(cells)
    }

    /// Quantity and price whose product is the line's net to the last digit, at Odoo's precision.
    fn priced(&self, source: &Line, mode: TaxMode) -> Priced {
        let net = source.net;
        let whole = |said| Priced { quantity: Decimal::ONE, price: net, said };
        let Some(quantity) = source.quantity.filter(|quantity| !quantity.is_zero()) else {
            return whole(None);
        };
        let exact = |price: Decimal| {
            price.normalize().scale() <= self.books.price_digits && quantity.checked_mul(price) == Some(net)
        };
        let fits = quantity.normalize().scale() <= self.books.quantity_digits;
        let stated = source.unit_price.filter(|_| mode != TaxMode::Inclusive).filter(|price| exact(*price));
        let divided = || net.checked_div(quantity).filter(|price| exact(*price));
        match stated.or_else(divided).filter(|_| fits) {
            Some(price) => Priced { quantity, price, said: None },
            None => {
                let price = source.unit_price.map(|price| format!(" x {}", price.normalize()));
                whole(Some(format!("{}{}", quantity.normalize(), price.unwrap_or_default())))
            }
        }
    }
}

/// A line of an order.
pub(crate) struct OrderPart {
    pub(crate) item: Option<SourceId>,
    pub(crate) text: String,
    pub(crate) quantity: Decimal,
    pub(crate) price: Decimal,
    pub(crate) tax: Option<i64>,
}

impl Odoo {
    /// The lines of an order: the document's, its discount, and tax that no rate of the target expresses.
    pub(crate) fn order_parts(&self, document: &Document, facts: &Facts) -> Result<Vec<OrderPart>, Fault> {
        let discount = discount_line(document);
        let (going, sorted) =
            self.sort_taxes(Entity::Estimate, document, discount.as_ref(), &Links::default(), facts)?;
        let mut parts = Vec::with_capacity(going.len());
        for going in going {
            let priced = self.priced(going.line, document.tax_mode);
            let text = going.line.description.clone().unwrap_or_default();
            let text = match priced.said {
                Some(said) => format!("{text} ({said})").trim_start().to_owned(),
                None => text,
            };
            parts.push(OrderPart {
                item: going.line.item.clone(),
                text: if text.is_empty() { "-".to_owned() } else { text },
                quantity: priced.quantity,
                price: priced.price,
                tax: going.taxes.first().map(|tax| tax.id),
            });
        }
        parts.extend(sorted.as_lines.into_iter().map(|amount| OrderPart {
            item: None,
            text: "Tax as stated in the source".to_owned(),
            quantity: Decimal::ONE,
            price: amount,
            tax: None,
        }));
        Ok(parts)
    }
}

/// Quantity and price of a line, and what its text must say where they are not the source's.
struct Priced {
    quantity: Decimal,
    price: Decimal,
    said: Option<String>,
}

/// What a person must know of a foreign document that states no rate.
fn without_rate(currency: Currency, facts: &Facts) -> String {
    if facts.rated.contains(&currency) {
        "The source states no exchange rate; Odoo's rate of the day was used.".to_owned()
    } else {
        format!(
            "The source states no exchange rate and Odoo has none for {currency}: one unit was booked as one of home \
             currency. Enter {currency} rates in Odoo and migrate again to have home amounts."
        )
    }
}

/// The account that the journal itself would book to.
fn fallback_account(entity: Entity, facts: &Facts) -> Option<i64> {
    facts.journals.first(if is_sale(entity) { "sale" } else { "purchase" }).ok()?.account
}

fn discount_line(document: &Document) -> Option<Line> {
    let discount = document.discount.as_ref().filter(|discount| !discount.amount.is_zero())?;
    let percent = discount.percent.map(|percent| format!(" {} %", percent.normalize())).unwrap_or_default();
    Some(Line {
        description: Some(format!("Discount{percent}")),
        net: -discount.amount,
        account: discount.account.clone(),
        ..Line::default()
    })
}

fn add(sums: &mut BTreeMap<i64, Decimal>, tax: i64, amount: Decimal) -> Result<(), Fault> {
    let sum = sums.entry(tax).or_default();
    *sum = checked_sum([*sum, amount])?;
    Ok(())
}

/// Puts a tax that is stated for the whole document on its lines; on the discount too where that comes closer.
fn spread<'a>(going: &mut [Going<'a>], tax: &'a Tax, amount: Decimal, discounted: bool) -> Result<(), Fault> {
    let last = going.len().saturating_sub(1);
    let base = |until: usize| checked_sum(going.iter().take(until).map(|going| going.line.net));
    let miss = |base: Decimal| (base * tax.percent / Decimal::ONE_HUNDRED - amount).abs();
    let all = miss(base(going.len())?);
    let without_discount = if discounted { miss(base(last)?) } else { all };
    let until = if without_discount < all { last } else { going.len() };
    for going in going.iter_mut().take(until) {
        going.taxes.push(tax);
    }
    Ok(())
}

/// Foreign units for one home unit, as Odoo states rates.
pub(crate) fn inverse(rate: Decimal) -> Result<String, Fault> {
    let out_of_range = || Fault::new(carry_model::Code::AmountOutOfRange).field("exchange rate").text(rate);
    let inverse = Decimal::ONE.checked_div(rate).ok_or_else(out_of_range)?;
    let rounded = inverse.round_sf_with_strategy(RATE_DIGITS, RoundingStrategy::MidpointAwayFromZero);
    Ok(rounded.ok_or_else(out_of_range)?.normalize().to_string())
}

/// Source ids of everything a batch's lines name, for one look-up.
pub(crate) fn line_items<'a>(documents: impl Iterator<Item = &'a Document>) -> Vec<&'a SourceId> {
    documents.flat_map(|document| document.lines.iter().filter_map(|line| line.item.as_ref())).collect()
}
