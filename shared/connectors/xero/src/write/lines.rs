//! Lines that come out at the stated figures: every line goes with its net amount and its tax as stated, so that
//! Xero's own rounding has nothing to round.

use carry_connector::{Adjustment, AdjustmentKind, Links, Moved};
use carry_model::{
    Currency, Decimal, Document, Entity, Fault, SourceId, TaxMode, checked_sum, round_half_up,
};

use super::target::{NO_TAX, Side, Target};
use crate::shapes::{Line, LineTracking};

/// Decimals of an amount, and those of a unit price (`unitdp=4`).
const AMOUNT_DIGITS: u32 = 2;
const PRICE_DIGITS: u32 = 4;

/// Longest description, in characters.
const DESCRIPTION_MAX: usize = 4_000;

/// Tracking options on one line.
const TRACKING_MAX: usize = 2;

/// Why tax is a line.
pub(crate) const TAX_AS_LINE: &str =
    "Its tax is a line on another account: no tax rate of Xero expresses it.";

/// Lines of a document, and what had to be left out or put otherwise.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) items: Vec<Line>,
    pub(crate) notes: Vec<String>,
    pub(crate) adjustments: Vec<Adjustment>,
}

/// Builds lines for one document.
pub(crate) struct Builder<'a> {
    pub(crate) target: &'a Target,
    pub(crate) links: &'a Links,
    pub(crate) side: Side,
}

impl Builder<'_> {
    pub(crate) fn lines(&self, entity: Entity, document: &Document) -> Result<Lines, Fault> {
        let mut lines = Lines::default();
        let mut taxes: Vec<_> = document.lines.iter().map(|line| line.tax).collect();
        let mut loose = Vec::new();
        for tax in &document.taxes {
            let bears = |line: &carry_model::Line| tax.tax_rate.is_none() || line.tax_rate == tax.tax_rate;
            if !spread(document, &mut taxes, tax.amount, bears)? {
                loose.push(tax.amount);
            }
        }
        for (line, tax) in document.lines.iter().zip(taxes) {
            let (line, rest) = self.line(document.tax_mode, line, tax, &mut lines.notes)?;
            lines.items.push(line);
            loose.extend(rest);
        }
        let sign = Decimal::from(entity.line_sign());
        let beside = document.lines.first().and_then(|line| line.account.clone());
        if let Some(discount) = &document.discount {
            let own = discount.account.as_ref().filter(|_| self.knows(&discount.account));
            lines.items.push(self.plain(
                "Discount",
                -discount.amount,
                &own.cloned().or_else(|| beside.clone()),
            ));
            if own.is_none() {
                let (from, why) =
                    (discount.account.clone(), "Its discount is a line on its first line's account.");
                let moved = self.moved(from, &beside, -discount.amount * sign);
                lines.adjustments.push(other_account(discount.amount, document.currency, why, moved));
            }
        }
        for tax in loose.into_iter().filter(|tax| !tax.is_zero()) {
            lines.items.push(self.plain("Tax as stated", tax, &beside));
            let moved = self.moved(None, &beside, tax * sign);
            lines.adjustments.push(other_account(tax, document.currency, TAX_AS_LINE, moved));
        }
        Ok(lines)
    }

    /// What stands on a line's account instead of another one.
    pub(crate) fn moved(&self, from: Option<SourceId>, to: &Option<SourceId>, debit: Decimal) -> Moved {
        Moved { from, to: to.clone().filter(|_| self.knows(to)), debit }
    }

    fn knows(&self, account: &Option<SourceId>) -> bool {
        self.target.linked(self.links, account).is_some_and(|account| !account.code.is_empty())
    }

    /// A line that bears no tax.
    fn plain(&self, description: &str, amount: Decimal, account: &Option<SourceId>) -> Line {
        Line {
            description: Some(description.to_owned()),
            quantity: Some(Decimal::ONE),
            line_amount: Some(amount),
            tax_amount: Some(Decimal::ZERO),
            tax_type: Some(NO_TAX.to_owned()),
            account_code: self.account_code(account),
            ..Line::default()
        }
    }

    /// A line, and the tax on it that no rate is known for.
    fn line(
        &self,
        tax_mode: TaxMode,
        line: &carry_model::Line,
        tax: Option<Decimal>,
        notes: &mut Vec<String>,
    ) -> Result<(Line, Option<Decimal>), Fault> {
        let (tax_type, tax_amount, rest) = match self.tax_type(&line.tax_rate) {
            Some(tax_type) => (tax_type, tax.unwrap_or_default(), None),
            None => (NO_TAX.to_owned(), Decimal::ZERO, tax),
        };
        let has_tax_inside = tax_mode == TaxMode::Inclusive;
        let (quantity, unit_amount) = priced(line, has_tax_inside);
        let item_code = self.links.get_opt(Entity::Item, &line.item).map(ToString::to_string);
        let described = line.description.clone().or_else(|| item_code.clone());
        let description: String = described.unwrap_or_else(|| "Line".to_owned());
        let built = Line {
            description: Some(description.chars().take(DESCRIPTION_MAX).collect()),
            quantity: Some(quantity),
            unit_amount,
            line_amount: Some(line.net),
            tax_amount: Some(tax_amount),
            tax_type: Some(tax_type),
            item_code,
            account_code: self.account_code(&line.account),
            tracking: self.tracking(&line.tracking, notes),
            ..Line::default()
        };
        Ok((built, rest))
    }

    /// The tax type of a linked tax rate, where one fits this side of the books.
    pub(crate) fn tax_type(&self, rate: &Option<SourceId>) -> Option<String> {
        self.links.get_opt(Entity::TaxRate, rate).and_then(|rate| self.target.tax_type(rate, self.side))
    }

    pub(crate) fn account_code(&self, account: &Option<SourceId>) -> Option<String> {
        let known = self.target.linked(self.links, account).filter(|account| !account.code.is_empty());
        known.or_else(|| self.target.usual_account(self.side)).map(|account| account.code.clone())
    }

    pub(crate) fn tracking(
        &self,
        options: &[carry_model::Tracking],
        notes: &mut Vec<String>,
    ) -> Vec<LineTracking> {
        let known = options.iter().filter_map(|tracking| {
            let id = self.links.get(Entity::TrackingCategory, &tracking.category)?;
            let category = self.target.category(id)?;
            Some(LineTracking {
                category_id: None,
                name: category.name.clone(),
                option: tracking.option.clone(),
            })
        });
        let mut known: Vec<_> = known.collect();
        if known.len() > TRACKING_MAX {
            known.truncate(TRACKING_MAX);
            notes.push("Xero keeps two tracking options a line; the others were left out.".to_owned());
        }
        known
    }
}

/// A part of a document that stands on another account than in the source; what moves no ledger moves no account.
pub(crate) fn other_account(amount: Decimal, currency: Currency, why: &str, moved: Moved) -> Adjustment {
    let adjustment = Adjustment::new(AdjustmentKind::OtherAccount, amount, currency, why);
    if moved.debit.is_zero() { adjustment } else { adjustment.moving(moved) }
}

/// Quantity and unit price where they multiply to the line's net amount, else the quantity alone: Xero works the
/// price out then. Xero takes no negative quantity.
fn priced(line: &carry_model::Line, has_tax_inside: bool) -> (Decimal, Option<Decimal>) {
    let quantity = line.quantity.filter(|quantity| !quantity.is_zero()).unwrap_or(Decimal::ONE);
    let sign = if quantity.is_sign_negative() { -Decimal::ONE } else { Decimal::ONE };
    let price = line.unit_price.filter(|_| !has_tax_inside).map(|price| price * sign);
    let fits = |price: &Decimal| {
        price.normalize().scale() <= PRICE_DIGITS
            && price
                .checked_mul(quantity.abs())
                .is_some_and(|gross| round_half_up(gross, AMOUNT_DIGITS) == line.net)
    };
    (quantity.abs(), price.filter(fits))
}

/// Spreads a document's tax over the lines that bear it and state none, in proportion to their nets and to the cent.
/// False where there is no such line.
fn spread(
    document: &Document,
    taxes: &mut [Option<Decimal>],
    amount: Decimal,
    bears: impl Fn(&carry_model::Line) -> bool,
) -> Result<bool, Fault> {
    let bearing: Vec<_> = document
        .lines
        .iter()
        .enumerate()
        .filter(|(index, line)| {
            line.tax_rate.is_some() && bears(line) && taxes.get(*index).is_some_and(Option::is_none)
        })
        .map(|(index, line)| (index, line.net))
        .collect();
    let whole = checked_sum(bearing.iter().map(|(_, net)| *net))?;
    let Some(((last, _), others)) = bearing.split_last() else { return Ok(false) };
    let mut left = amount;
    for (index, net) in others {
        let share = net
            .checked_mul(amount)
            .and_then(|product| product.checked_div(whole))
            .map_or(Decimal::ZERO, |share| round_half_up(share, AMOUNT_DIGITS));
        left = checked_sum([left, -share])?;
        if let Some(tax) = taxes.get_mut(*index) {
            *tax = Some(share);
        }
    }
    if let Some(tax) = taxes.get_mut(*last) {
        *tax = Some(left);
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carry_model::{Date, DocumentTax, parse_plain};

    fn amount(text: &str) -> Decimal {
        parse_plain(text).unwrap()
    }

    fn target() -> Target {
        let taxes = r#"[{"Name":"20%","TaxType":"OUTPUT2","Status":"ACTIVE","EffectiveRate":20,"CanApplyToExpenses":false},
            {"Name":"20% in","TaxType":"INPUT2","Status":"ACTIVE","EffectiveRate":20.0,"CanApplyToRevenue":false}]"#;
        let accounts = r#"[{"AccountID":"a","Code":"200","Name":"Sales","Type":"REVENUE"},
            {"AccountID":"b","Code":"400","Name":"Costs","Type":"EXPENSE"}]"#;
        Target {
            organisation: Default::default(),
            home: Currency::GBP,
            country: String::new(),
            lock_date: None,
            accounts: serde_json::from_str(accounts).unwrap(),
            taxes: serde_json::from_str(taxes).unwrap(),
            tracking: Vec::new(),
        }
    }

    fn links() -> Links {
        let mut links = Links::default();
        links.insert(carry_model::RecordKey::new(Entity::TaxRate, "vat"), "OUTPUT2".into());
        links
    }

    fn invoice(total: &str, nets: &[&str]) -> Document {
        let mut document = Document::new(Date::constant(2026, 1, 31), Currency::GBP, amount(total));
        let line = |net: &&str| carry_model::Line {
            net: amount(net),
            tax_rate: Some("vat".into()),
            ..carry_model::Line::default()
        };
        document.lines = nets.iter().map(line).collect();
        document
    }

    fn sum(lines: &[Line]) -> Decimal {
        checked_sum(lines.iter().flat_map(|l| [l.line_amount, l.tax_amount]).flatten()).unwrap()
    }

    #[test]
    fn the_tax_of_a_document_is_spread_to_the_cent() {
        let mut document = invoice("120.01", &["33.33", "33.33", "33.34"]);
        document.taxes = vec![DocumentTax { tax_rate: Some("vat".into()), amount: amount("20.01") }];
        let (target, links) = (target(), links());
        let builder = Builder { target: &target, links: &links, side: Side::Sales };
        let lines = builder.lines(Entity::Invoice, &document).unwrap().items;
        assert_eq!((lines.len(), sum(&lines)), (3, document.total));
        assert_eq!(lines[0].tax_amount, Some(amount("6.67")));
    }

    #[test]
    fn discounts_and_taxes_without_a_rate_become_lines() {
        let mut document = invoice("94.00", &["100"]);
        document.lines[0].tax_rate = None;
        document.lines[0].tax = Some(amount("4"));
        document.discount =
            Some(carry_model::Discount { amount: amount("10"), percent: None, account: None });
        let (target, links) = (target(), links());
        let builder = Builder { target: &target, links: &links, side: Side::Sales };
        let lines = builder.lines(Entity::Invoice, &document).unwrap().items;
        assert_eq!((lines.len(), sum(&lines)), (3, document.total));
        assert!(lines.iter().all(|line| line.tax_type.as_deref() == Some(NO_TAX)));
    }

    #[test]
    fn purchases_get_the_tax_type_that_fits_them() {
        let (target, links) = (target(), links());
        let builder = Builder { target: &target, links: &links, side: Side::Purchases };
        let lines = builder.lines(Entity::Bill, &invoice("100", &["100"])).unwrap().items;
        assert_eq!(lines[0].tax_type.as_deref(), Some("INPUT2"));
        assert_eq!(lines[0].account_code.as_deref(), Some("400"));
    }

    #[test]
    fn prices_go_along_only_where_they_multiply() {
        let line = |quantity: &str, price: &str, net: &str| carry_model::Line {
            quantity: Some(amount(quantity)),
            unit_price: Some(amount(price)),
            net: amount(net),
            ..carry_model::Line::default()
        };
        assert_eq!(priced(&line("3", "33.3333", "100.00"), false), (amount("3"), Some(amount("33.3333"))));
        assert_eq!(priced(&line("3", "33.33", "100.00"), false), (amount("3"), None));
        assert_eq!(priced(&line("-2", "5", "-10"), false), (amount("2"), Some(amount("-5"))));
        assert_eq!(priced(&line("2", "6", "12"), true), (amount("2"), None), "the price holds tax");
    }
}
