//! Totals of documents, as the server works them out: lines, discount, tax.

use std::collections::BTreeMap;

use carry_model::Decimal;

use super::books::{Books, number, reference};
use super::kind::Kind;
use super::line::{Line, Reading};
use super::refusal::{Refusal, bad_tax_code, business, negative, refusal, required};
use super::tax::{self, Rate, Use};
use crate::json::{Json, object};
use crate::region::Region;

/// Works out a document's lines, tax and total, and writes them into it.
pub(super) fn total(books: &Books, kind: Kind, body: &mut Json, is_new: bool) -> Result<(), Refusal> {
    let currency = reference(body, "CurrencyRef").unwrap_or(&books.home).to_owned();
    let reading = Reading { books, kind, currency: &currency, is_new };
    let mut lines = reading.lines(body)?;
    let mode = mode(books, kind, body)?;
    let sum = Sum { books, kind, currency: &currency };
    sum.discount(&mut lines);
    let detail = match mode {
        Mode::None => None,
        Mode::Us => sum.us_tax(body, &mut lines)?,
        Mode::Excluded | Mode::Inclusive => Some(sum.tax(body, &mut lines, mode == Mode::Inclusive)?),
    };
    let tax = detail.as_ref().and_then(|detail| number(detail, "TotalTax")).unwrap_or_default();
    let nets: Decimal = lines.iter().map(|line| if line.is_discount() { -line.net } else { line.net }).sum();
    let total = nets + tax;
    if total < Decimal::ZERO {
        return Err(negative("TotalAmt"));
    }
    body.remove("TxnTaxDetail");
    if let Some(detail) = detail {
        body.set("TxnTaxDetail", detail);
    }
    body.set("Line", kept(kind, lines));
    body.set("TotalAmt", total);
    if books.is_multicurrency {
        let rate = number(body, "ExchangeRate").unwrap_or(Decimal::ONE);
        body.set("HomeTotalAmt", books.at_home(total, rate));
    }
    Ok(())
}

/// The lines with ids and numbers, on sales with the subtotal that the server adds.
fn kept(kind: Kind, lines: Vec<Line>) -> Vec<Json> {
    let subtotal: Decimal = lines.iter().filter(|line| line.is_content()).map(|line| line.net).sum();
    let mut kept: Vec<Json> = Vec::with_capacity(lines.len() + 1);
    let (discounts, others): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(Line::is_discount);
    for (index, line) in others.into_iter().enumerate() {
        let mut json = object! { "Id" => (index + 1).to_string(), "LineNum" => index + 1 };
        line.json
            .as_object()
            .unwrap_or_default()
            .iter()
            .for_each(|(name, value)| json.set(name, value.clone()));
        kept.push(json);
    }
    if kind.is_sale() {
        let detail = object! {};
        kept.push(
            object! { "Amount" => subtotal, "DetailType" => "SubTotalLineDetail", "SubTotalLineDetail" => detail },
        );
    }
    kept.extend(discounts.into_iter().map(|line| line.json));
    kept
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    None,
    Us,
    Excluded,
    Inclusive,
}

/// How a document is taxed.
fn mode(books: &Books, kind: Kind, body: &mut Json) -> Result<Mode, Refusal> {
    let is_us = books.region == Region::Us;
    if !books.prefers("TaxPrefs.UsingSalesTax") || (is_us && !kind.is_sale()) {
        body.remove("GlobalTaxCalculation");
        return Ok(Mode::None);
    }
    if is_us {
        body.remove("GlobalTaxCalculation");
        return Ok(Mode::Us);
    }
    let stated = body.get("GlobalTaxCalculation").and_then(Json::as_str).unwrap_or_default().to_owned();
    match stated.as_str() {
        "TaxInclusive" => Ok(Mode::Inclusive),
        "TaxExcluded" => Ok(Mode::Excluded),
        "NotApplicable" => {
            let tax =
                body.get("TxnTaxDetail").and_then(|detail| number(detail, "TotalTax")).unwrap_or_default();
            if tax.is_zero() {
                Ok(Mode::None)
            } else {
                let text = "Tax detail cannot be given when tax is not applicable";
                Err(refusal("6170", "Invalid tax detail", text).on("TxnTaxDetail"))
            }
        }
        _ if books.switches.tax_calculation_is_required => Err(required("GlobalTaxCalculation")),
        _ => {
            body.set("GlobalTaxCalculation", "TaxExcluded");
            Ok(Mode::Excluded)
        }
    }
}

struct Sum<'a> {
    books: &'a Books,
    kind: Kind,
    currency: &'a str,
}

impl Sum<'_> {
    fn round(&self, amount: Decimal) -> Decimal {
        self.books.round(amount, self.currency)
    }

    /// Works out discounts that are a percentage.
    fn discount(&self, lines: &mut [Line]) {
        let subtotal: Decimal = lines.iter().filter(|line| line.is_content()).map(|line| line.net).sum();
        for line in lines.iter_mut().filter(|line| line.is_discount()) {
            let details = line.json.get("DiscountLineDetail");
            let is_percent = details.and_then(|details| details.get("PercentBased")?.as_bool()) == Some(true);
            let percent = details.and_then(|details| number(details, "DiscountPercent"));
            if let Some(percent) = percent.filter(|_| is_percent) {
                line.net = self.round(subtotal.saturating_mul(percent) / Decimal::ONE_HUNDRED);
                line.json.set("Amount", line.net);
            }
        }
    }

    /// What each line is taxed on: its net, less its share of the discounts where those come before tax.
    fn bases(&self, lines: &[Line], is_discounted: bool) -> Vec<Decimal> {
        let discount: Decimal = lines.iter().filter(|line| line.is_discount()).map(|line| line.net).sum();
        let subtotal: Decimal = lines.iter().filter(|line| line.is_content()).map(|line| line.net).sum();
        let share = discount.checked_div(subtotal).filter(|_| is_discounted).unwrap_or_default();
        let base = |line: &Line| if line.is_content() { line.net - line.net * share } else { Decimal::ZERO };
        lines.iter().map(base).collect()
    }

    /// Tax in the United States: lines are taxable or not, the code is the transaction's.
    fn us_tax(&self, body: &Json, lines: &mut [Line]) -> Result<Option<Json>, Refusal> {
        for line in lines.iter_mut().filter(|line| line.is_content()) {
            match line.tax_code.as_deref() {
                Some("TAX" | "NON") => {}
                Some(code) => return Err(bad_tax_code(&format!("{code} is neither TAX nor NON"))),
                None => {
                    line.tax_code = Some("NON".to_owned());
                    line.set_detail("TaxCodeRef", object! { "value" => "NON" });
                }
            }
        }
        let sent = body.get("TxnTaxDetail");
        let stated = sent.and_then(|detail| number(detail, "TotalTax"));
        let after_discount = body.get("ApplyTaxAfterDiscount").and_then(Json::as_bool) == Some(true);
        let bases = self.bases(lines, after_discount);
        let taxed = lines.iter().zip(&bases).filter(|(line, _)| line.tax_code.as_deref() == Some("TAX"));
        let base: Decimal = taxed.map(|(_, base)| *base).sum();
        let customer = reference(body, "CustomerRef").and_then(|id| self.books.get(Kind::Customer, id));
        let is_exempt = customer.and_then(|customer| customer.body.get("Taxable")?.as_bool()) == Some(false);
        let code = match sent.and_then(|detail| reference(detail, "TxnTaxCodeRef")) {
            Some(code) => Some(code.to_owned()),
            None if base.is_zero() && stated.unwrap_or_default().is_zero() => None,
            None if is_exempt && stated.is_none() => None,
            None => tax::default_code(self.books),
        };
        let Some(code) = code else {
            return Ok(Some(object! { "TotalTax" => self.round(Decimal::ZERO) }));
        };
        let rates = tax::rates(self.books, &code, Use::Sales)
            .ok_or_else(|| bad_tax_code(&format!("{code} is not known")))?;
        let mut parts = Parts::default();
        rates.iter().for_each(|rate| parts.add(rate, base, self.tax_on(rate, base)));
        if let Some(stated) = stated {
            parts.prorate(self.round(stated), |amount| self.round(amount));
        }
        let mut detail = parts.detail(self);
        detail.set("TxnTaxCodeRef", object! { "value" => code });
        Ok(Some(detail))
    }

    fn tax_on(&self, rate: &Rate, base: Decimal) -> Decimal {
        self.round(base.saturating_mul(rate.percent) / Decimal::ONE_HUNDRED)
    }

    /// Tax elsewhere: every line has its code, and the server sums each rate up.
    fn tax(&self, body: &Json, lines: &mut [Line], is_inclusive: bool) -> Result<Json, Refusal> {
        let used = if self.kind.is_sale() { Use::Sales } else { Use::Purchases };
        let mut codes: BTreeMap<String, Vec<Rate>> = BTreeMap::new();
        for line in lines.iter().filter(|line| line.is_content()) {
            let code = line.tax_code.as_ref().ok_or_else(|| {
                business("Make sure all your transactions have a tax rate before you save.").on("TaxCodeRef")
            })?;
            if !codes.contains_key(code) {
                let rates = tax::rates(self.books, code, used)
                    .ok_or_else(|| bad_tax_code(&format!("{code} is not known")))?;
                codes.insert(code.clone(), rates);
            }
        }
        let none = Vec::new();
        let rates_of = |line: &Line| line.tax_code.as_ref().and_then(|code| codes.get(code)).unwrap_or(&none);
        if is_inclusive {
            lines.iter_mut().filter(|line| line.is_content()).for_each(|line| {
                let percent = rates_of(line).iter().map(|rate| rate.percent).sum();
                self.include(line, percent);
            });
        }
        let bases = self.bases(lines, true);
        let mut sums: BTreeMap<&str, (Decimal, Decimal)> = BTreeMap::new();
        for (line, base) in lines.iter().zip(&bases).filter(|(line, _)| line.is_content()) {
            let sum = sums.entry(line.tax_code.as_deref().unwrap_or_default()).or_default();
            sum.0 += *base;
            sum.1 += line.gross.map_or(Decimal::ZERO, |gross| gross - line.net);
        }
        let is_stated = is_inclusive && !lines.iter().any(Line::is_discount);
        let mut parts = Parts::default();
        for (code, (base, within)) in sums {
            let mut part = Parts::default();
            let rates = codes.get(code).unwrap_or(&none);
            rates.iter().for_each(|rate| part.add(rate, base, Decimal::ZERO));
            part.prorate(within, |amount| self.round(amount));
            parts.merge(part);
        }
        if !is_stated {
            parts.0.iter_mut().for_each(|part| part.tax = self.tax_on(&part.rate, part.base));
        }
        self.overridden(body, parts)
    }

    /// Takes a line's net out of its gross, or works the gross out.
    fn include(&self, line: &mut Line, percent: Decimal) {
        let factor = Decimal::ONE + percent / Decimal::ONE_HUNDRED;
        if line.gross.is_none() {
            let amount = line.net;
            if self.books.switches.inclusive_amount_is_gross {
                line.net = self.round(amount.checked_div(factor).unwrap_or(amount));
                line.gross = Some(amount);
                line.json.set("Amount", line.net);
            } else {
                line.gross = Some(self.round(amount.saturating_mul(factor)));
            }
        }
        line.set_detail("TaxInclusiveAmt", line.gross.unwrap_or_default());
    }

    /// The tax as the document states it, or else as it was worked out.
    fn overridden(&self, body: &Json, mut parts: Parts) -> Result<Json, Refusal> {
        let Some(sent) = body.get("TxnTaxDetail") else { return Ok(parts.detail(self)) };
        let lines = sent.get("TaxLine").and_then(Json::as_array).unwrap_or_default();
        let mut stated: BTreeMap<String, Decimal> = BTreeMap::new();
        for line in lines {
            let rate = line.get("TaxLineDetail").and_then(|detail| reference(detail, "TaxRateRef"));
            let rate = rate.ok_or_else(|| required("TaxRateRef"))?;
            *stated.entry(rate.to_owned()).or_default() +=
                self.round(number(line, "Amount").unwrap_or_default());
        }
        if !stated.is_empty() {
            if parts.0.iter().any(|part| !stated.contains_key(&part.rate.id)) {
                return Err(business(
                    "The tax lines must state every rate of the tax codes of this transaction",
                ));
            }
            if let Some(unknown) = stated.keys().find(|id| parts.0.iter().all(|part| part.rate.id != **id)) {
                return Err(bad_tax_code(&format!("the rate {unknown} is of no line's code")));
            }
            for part in &mut parts.0 {
                part.tax = stated.get(&part.rate.id).copied().unwrap_or_default();
            }
        } else if let Some(total) = number(sent, "TotalTax") {
            parts.prorate(self.round(total), |amount| self.round(amount));
        }
        Ok(parts.detail(self))
    }
}

/// Tax of one rate.
#[derive(Clone, Debug)]
struct Part {
    rate: Rate,
    base: Decimal,
    tax: Decimal,
}

#[derive(Clone, Debug, Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn add(&mut self, rate: &Rate, base: Decimal, tax: Decimal) {
        match self.0.iter_mut().find(|part| part.rate.id == rate.id) {
            Some(part) => {
                part.base += base;
                part.tax += tax;
            }
            None => self.0.push(Part { rate: rate.clone(), base, tax }),
        }
    }

    fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|part| self.add(&part.rate, part.base, part.tax));
    }

    /// Spreads a total over the rates as they stand; the last one takes what rounding leaves.
    fn prorate(&mut self, total: Decimal, round: impl Fn(Decimal) -> Decimal) {
        let weight = |part: &Part| part.rate.percent;
        let all: Decimal = self.0.iter().map(weight).sum();
        let mut left = total;
        let last = self.0.len().saturating_sub(1);
        for (index, part) in self.0.iter_mut().enumerate() {
            let share = total.saturating_mul(weight(part)).checked_div(all).unwrap_or_default();
            part.tax = if index == last { left } else { round(share) };
            left -= part.tax;
        }
    }

    fn detail(&self, sum: &Sum<'_>) -> Json {
        let lines = self.0.iter().map(|part| {
            let detail = object! {
                "TaxRateRef" => object! { "value" => &part.rate.id },
                "PercentBased" => true,
                "TaxPercent" => part.rate.percent,
                "NetAmountTaxable" => sum.round(part.base),
            };
            object! { "Amount" => part.tax, "DetailType" => "TaxLineDetail", "TaxLineDetail" => detail }
        });
        let total: Decimal = self.0.iter().map(|part| part.tax).sum();
        object! { "TotalTax" => sum.round(total), "TaxLine" => lines.collect::<Vec<_>>() }
    }
}
