//! Tax: what codes are made of, and how a document's tax falls on its lines.

use std::collections::BTreeMap;

use carry_model::{Decimal, Document, DocumentTax, Fault, SourceId, checked_sum, round_half_up};
use serde::{Deserialize, Serialize};

/// A rate within a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The rate's id.
    pub(crate) rate: String,
    /// Its name.
    pub(crate) name: String,
    /// Per cent.
    pub(crate) percent: Decimal,
    /// Charged on net plus the rates before it.
    pub(crate) compound: bool,
}

/// A tax code: what lines name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    /// Its name.
    pub(crate) name: String,
    /// Its rates on sales.
    pub(crate) sales: Vec<Part>,
    /// Its rates on purchases.
    pub(crate) purchase: Vec<Part>,
    /// All of them together, per cent; None where it has none.
    pub(crate) percent: Option<Decimal>,
}

impl Code {
    /// Its rates on that side.
    pub(crate) fn parts(&self, purchase: bool) -> &[Part] {
        if purchase { &self.purchase } else { &self.sales }
    }
}

/// Spreads a document's stated tax over the lines that bear it, where what each bears adds up to it but for
/// roundings; else leaves it on the document. `codes` are by source id.
pub(crate) fn spread(
    document: &mut Document,
    total: Decimal,
    codes: &BTreeMap<String, Code>,
    purchase: bool,
    named: Option<SourceId>,
) -> Result<(), Fault> {
    let digits = document.currency.minor_digits();
    let percent = |id: &Option<SourceId>| -> Option<Decimal> {
        let code = codes.get(id.as_ref()?.as_str())?;
        checked_sum(code.parts(purchase).iter().map(|part| part.percent)).ok()
    };
    let mut taxes = Vec::with_capacity(document.lines.len());
    for line in &document.lines {
        let tax = percent(&line.tax_rate)
            .and_then(|percent| line.net.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED));
        taxes.push(tax.map(|tax| round_half_up(tax, digits)));
    }
    let sum = checked_sum(taxes.iter().flatten().copied())?;
    let gap = checked_sum([total, -sum])?;
    let bearing = taxes.iter().flatten().filter(|tax| !tax.is_zero()).count();
    let slack = Decimal::new(i64::try_from(bearing).unwrap_or_default(), digits);
    let largest =
        (0..taxes.len()).max_by_key(|index| taxes.get(*index).copied().flatten().map(|tax| tax.abs()));
    if gap.abs() <= slack && document.discount.is_none() && (bearing > 0 || total.is_zero()) {
        for (index, (line, tax)) in document.lines.iter_mut().zip(taxes).enumerate() {
            let Some(tax) = tax else { continue };
            let rounding = if Some(index) == largest { gap } else { Decimal::ZERO };
            line.tax = Some(checked_sum([tax, rounding])?);
        }
    } else if !total.is_zero() {
        let mut used: Vec<_> = document.lines.iter().filter_map(|line| line.tax_rate.clone()).collect();
        used.dedup();
        let only = if used.len() == 1 { used.pop() } else { None };
        document.taxes = vec![DocumentTax { tax_rate: named.or(only), amount: total }];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Currency, Date, Line, parse_plain};

    fn dec(text: &str) -> Decimal {
        parse_plain(text).unwrap()
    }

    fn spread_over(nets: &[&str], total: &str) -> Document {
        let part = Part { rate: "1".into(), name: "VAT".into(), percent: dec("20"), compound: false };
        let code =
            Code { name: "20".into(), sales: vec![part], purchase: Vec::new(), percent: Some(dec("20")) };
        let codes = BTreeMap::from([("5".to_owned(), code)]);
        let mut document = Document::new(Date::constant(2026, 1, 1), Currency::GBP, Decimal::ZERO);
        document.lines = nets
            .iter()
            .map(|net| Line { net: dec(net), tax_rate: Some("5".into()), ..Line::default() })
            .collect();
        spread(&mut document, dec(total), &codes, false, None).unwrap();
        document
    }

    #[test]
    fn a_cent_of_rounding_falls_on_the_largest_line() {
        let document = spread_over(&["0.33", "10.01"], "2.06");
        let taxes: Vec<_> = document.lines.iter().map(|line| line.tax.unwrap()).collect();
        assert_eq!(taxes, [dec("0.07"), dec("1.99")]);
        assert_eq!(document.tax_total().unwrap(), dec("2.06"));
        assert!(document.taxes.is_empty());
    }

    #[test]
    fn tax_that_no_rate_explains_stays_on_the_document() {
        let document = spread_over(&["100"], "7.77");
        assert_eq!(document.lines[0].tax, None);
        assert_eq!(document.taxes, [DocumentTax { tax_rate: Some("5".into()), amount: dec("7.77") }]);
    }
}
