//! Tax rates: what each region starts with, what they may be applied to, and how they are calculated.

use carry_model::{Decimal, round_half_up};

use super::account::Class;
use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use crate::json::{Json, object};
use crate::region::Region;

/// One part of a rate.
#[derive(Clone, Debug)]
pub(super) struct Component {
    name: String,
    /// In percent, up to 4 decimals.
    rate: Decimal,
    /// Taken on the sum and the other components.
    is_compound: bool,
}

/// Which accounts a rate may be used with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Any,
    Sales,
    Purchases,
}

/// A tax rate.
#[derive(Clone, Debug)]
pub(super) struct TaxRate {
    pub(super) tax_type: String,
    pub(super) name: String,
    components: Vec<Component>,
    report_type: Option<String>,
    status: &'static str,
    applies: Use,
    is_system: bool,
}

impl TaxRate {
    fn system(tax_type: &str, name: &str, percent: &str, applies: Use) -> Self {
        let rate = carry_model::parse_plain(percent).unwrap_or_default();
        Self {
            tax_type: tax_type.to_owned(),
            name: name.to_owned(),
            components: vec![Component { name: name.to_owned(), rate, is_compound: false }],
            report_type: Some(tax_type.to_owned()),
            status: "ACTIVE",
            applies,
            is_system: true,
        }
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    /// In percent, 4 decimals: the simple components, and the compound ones on top of them.
    pub(super) fn effective(&self) -> Decimal {
        let of = |compound: bool| -> Decimal {
            self.components.iter().filter(|part| part.is_compound == compound).map(|part| part.rate).sum()
        };
        let (simple, hundred) = (of(false), Decimal::ONE_HUNDRED);
        let on_top = (hundred + simple) * of(true) / hundred;
        round_half_up(simple + on_top, 4)
    }

    pub(super) fn may_apply_to(&self, class: Class) -> bool {
        match self.applies {
            Use::Any => true,
            Use::Sales => class != Class::Expense,
            Use::Purchases => class != Class::Revenue,
        }
    }

    fn json(&self) -> Json {
        let scaled = |rate: Decimal| {
            let mut rate = rate;
            rate.rescale(4);
            rate
        };
        let components = self.components.iter().map(|part| {
            object! {
                "Name" => &part.name,
                "Rate" => scaled(part.rate),
                "IsCompound" => part.is_compound,
                "IsNonRecoverable" => false,
            }
        });
        object! {
            "Name" => &self.name,
            "TaxType" => &self.tax_type,
            "ReportTaxType" => self.report_type.clone(),
            "CanApplyToAssets" => self.may_apply_to(Class::Asset),
            "CanApplyToEquity" => self.may_apply_to(Class::Equity),
            "CanApplyToExpenses" => self.may_apply_to(Class::Expense),
            "CanApplyToLiabilities" => self.may_apply_to(Class::Liability),
            "CanApplyToRevenue" => self.may_apply_to(Class::Revenue),
            "DisplayTaxRate" => scaled(self.effective()),
            "EffectiveRate" => scaled(self.effective()),
            "Status" => self.status,
            "TaxComponents" => components.collect::<Vec<_>>(),
        }
    }
}

/// The rates an organisation of the region starts with.
pub(super) fn starting_rates(region: Region) -> Vec<TaxRate> {
    let rate = TaxRate::system;
    let mut rates = match region {
        Region::Uk => vec![
            rate("OUTPUT2", "20% (VAT on Income)", "20", Use::Sales),
            rate("INPUT2", "20% (VAT on Expenses)", "20", Use::Purchases),
            rate("RROUTPUT", "5% (VAT on Income)", "5", Use::Sales),
            rate("RRINPUT", "5% (VAT on Expenses)", "5", Use::Purchases),
            rate("ZERORATEDOUTPUT", "Zero Rated Income", "0", Use::Sales),
            rate("ZERORATEDINPUT", "Zero Rated Expenses", "0", Use::Purchases),
            rate("EXEMPTOUTPUT", "Exempt Income", "0", Use::Sales),
            rate("EXEMPTINPUT", "Exempt Expenses", "0", Use::Purchases),
        ],
        Region::Au => vec![
            rate("OUTPUT", "GST on Income", "10", Use::Sales),
            rate("INPUT", "GST on Expenses", "10", Use::Purchases),
            rate("EXEMPTOUTPUT", "GST Free Income", "0", Use::Sales),
            rate("EXEMPTEXPENSES", "GST Free Expenses", "0", Use::Purchases),
            rate("BASEXCLUDED", "BAS Excluded", "0", Use::Any),
        ],
        Region::Us | Region::Global => vec![
            rate("OUTPUT", "Tax on Sales", "0", Use::Sales),
            rate("INPUT", "Tax on Purchases", "0", Use::Purchases),
        ],
    };
    rates.push(rate("NONE", if region == Region::Us { "Tax Exempt" } else { "No Tax" }, "0", Use::Any));
    rates
}

pub(super) fn list(books: &Books) -> Vec<Json> {
    books.taxes.iter().map(TaxRate::json).collect()
}

pub(super) fn one(books: &Books, tax_type: &str) -> Result<Json, Refusal> {
    books.tax(tax_type).map(TaxRate::json).ok_or(Refusal::NotFound)
}

/// Creates a rate, or changes the one of the same type or name.
pub(super) fn write(books: &mut Books, sent: &Json, may_update: bool) -> Result<Json, Refusal> {
    let mut input = Input::new(sent);
    let problems = |messages: Vec<String>| Refusal::Elements(vec![refused(sent, "TaxType", &messages)]);
    let tax_type = input.text("TaxType");
    let name = input.text_max("Name", 50);
    let known = books.taxes.iter().position(|rate| match &tax_type {
        Some(tax_type) => rate.tax_type == *tax_type,
        None => Some(&rate.name) == name.as_ref() && rate.status != "DELETED",
    });
    let components = components(&mut input);
    let status =
        input.choice("Status", &[("ACTIVE", "ACTIVE"), ("DELETED", "DELETED"), ("ARCHIVED", "ARCHIVED")]);
    let report_type = input.text("ReportTaxType");
    if known.is_none() {
        if name.is_none() {
            input.problem("Tax rate name must be supplied");
        }
        if components.is_empty() {
            input.problem("At least one tax component must be supplied");
        }
        if report_type.is_none() && matches!(books.organisation.region, Region::Uk | Region::Au) {
            input.problem("ReportTaxType must be supplied");
        }
    } else if !may_update {
        input.problem("A tax rate with this name already exists. Please enter a unique Name.");
    }
    if let Some(rate) = known.and_then(|at| books.taxes.get(at)) {
        if rate.is_system {
            input.problem("System tax rates cannot be edited");
        } else if status == Some("DELETED") && books.uses_tax(&rate.tax_type) {
            input.problem("The tax rate is in use and cannot be deleted; archive it instead");
        }
    }
    input.check().map_err(problems)?;
    let at = known.unwrap_or_else(|| {
        let number = books.taxes.iter().filter(|rate| !rate.is_system).count() + 1;
        books.taxes.push_back(TaxRate {
            tax_type: format!("TAX{number:03}"),
            name: String::new(),
            components: Vec::new(),
            report_type: None,
            status: "ACTIVE",
            applies: Use::Any,
            is_system: false,
        });
        books.taxes.len() - 1
    });
    let Some(rate) = books.taxes.get_mut(at) else { return Err(Refusal::NotFound) };
    if let Some(name) = name {
        rate.name = name;
    }
    if !components.is_empty() {
        rate.components = components;
    }
    if let Some(report_type) = report_type {
        rate.applies = match report_type.as_str() {
            word if word.contains("OUTPUT") => Use::Sales,
            word if word.contains("INPUT") || word.contains("EXPENSES") => Use::Purchases,
            _ => Use::Any,
        };
        rate.report_type = Some(report_type);
    }
    rate.status = status.unwrap_or(rate.status);
    Ok(rate.json())
}

fn components(input: &mut Input<'_>) -> Vec<Component> {
    let sent = input.field("TaxComponents").and_then(Json::as_array).unwrap_or_default();
    let mut components = Vec::new();
    for part in sent {
        let mut part = Input::new(part);
        let name = part.text("Name");
        let rate = part.decimal("Rate");
        let is_compound = part.flag("IsCompound").unwrap_or(false);
        match (name, rate) {
            (Some(name), Some(rate)) if !rate.is_sign_negative() && rate <= Decimal::ONE_HUNDRED => {
                components.push(Component { name, rate: round_half_up(rate, 4), is_compound });
            }
            _ => input.problem("A tax component needs a Name and a Rate from 0 to 100"),
        }
    }
    if components.iter().filter(|part| part.is_compound).count() > 1 {
        input.problem("Only one tax component may be compound");
    }
    components
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(parts: &[(&str, bool)]) -> TaxRate {
        let mut rate = TaxRate::system("TAX001", "x", "0", Use::Any);
        rate.components = parts
            .iter()
            .map(|(percent, is_compound)| Component {
                name: "p".into(),
                rate: carry_model::parse_plain(percent).unwrap(),
                is_compound: *is_compound,
            })
            .collect();
        rate
    }

    #[test]
    fn a_compound_component_is_taken_on_the_others_too() {
        assert_eq!(rate(&[("5", false), ("9.975", false)]).effective(), Decimal::new(14975, 3));
        assert_eq!(rate(&[("5", false), ("10", true)]).effective(), Decimal::new(155, 1));
    }

    #[test]
    fn sales_rates_keep_off_expenses() {
        let uk = starting_rates(Region::Uk);
        let of = |tax_type: &str| uk.iter().find(|rate| rate.tax_type == tax_type).unwrap();
        assert!(of("OUTPUT2").may_apply_to(Class::Revenue) && !of("OUTPUT2").may_apply_to(Class::Expense));
        assert!(of("INPUT2").may_apply_to(Class::Asset) && !of("INPUT2").may_apply_to(Class::Revenue));
        assert!(of("NONE").may_apply_to(Class::Revenue) && of("NONE").may_apply_to(Class::Expense));
    }
}
