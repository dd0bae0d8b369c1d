//! Tax agencies, rates and codes.

use carry_model::Decimal;

use super::books::{Books, number, reference};
use super::claims::check_name;
use super::kind::Kind;
use super::refusal::{Refusal, bad_choice, bad_number, business, invalid_reference, required};
use super::schema;
use crate::json::{Json, object};

/// A rate as it is used on a document.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    pub(super) id: String,
    pub(super) percent: Decimal,
}

/// What a code is used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Sales,
    Purchases,
}

impl Use {
    fn list(self) -> &'static str {
        match self {
            Self::Sales => "SalesTaxRateList",
            Self::Purchases => "PurchaseTaxRateList",
        }
    }
}

/// The rates of a code; nothing when there is no such code.
pub(super) fn rates(books: &Books, code: &str, used: Use) -> Option<Vec<Rate>> {
    let code = books.get(Kind::TaxCode, code)?;
    let list = code.body.get(used.list()).and_then(|list| list.get("TaxRateDetail"));
    let details = list.and_then(Json::as_array).unwrap_or_default();
    let rate = |detail: &Json| {
        let rate = books.get(Kind::TaxRate, reference(detail, "TaxRateRef")?)?;
        Some(Rate { id: rate.id.clone(), percent: rate.amount("RateValue") })
    };
    Some(details.iter().filter_map(rate).collect())
}

/// The code that automated sales tax picks: the first one with rates on sales.
pub(super) fn default_code(books: &Books) -> Option<String> {
    let mut codes = books.live(Kind::TaxCode).filter(|code| code.is_active());
    codes
        .find(|code| rates(books, &code.id, Use::Sales).is_some_and(|rates| !rates.is_empty()))
        .map(|code| code.id.clone())
}

/// Adds a rate.
pub(super) fn add_rate(books: &mut Books, name: &str, percent: Decimal, agency: &str) -> String {
    let from = "2010-01-01";
    let effective = object! { "RateValue" => percent, "EffectiveDate" => from };
    let body = object! {
        "Name" => name,
        "Description" => name,
        "Active" => true,
        "RateValue" => percent,
        "AgencyRef" => object! { "value" => agency },
        "SpecialTaxType" => "NONE",
        "DisplayType" => "ReadOnly",
        "EffectiveTaxRate" => vec![effective],
    };
    books.add(Kind::TaxRate, body)
}

/// The body of a code with these rates on sales and on purchases.
pub(super) fn code(name: &str, sales: &[String], purchases: &[String]) -> Json {
    let list = |rates: &[String]| {
        let details = rates.iter().enumerate().map(|(order, id)| {
            object! {
                "TaxTypeApplicable" => "TaxOnAmount",
                "TaxRateRef" => object! { "value" => id },
                "TaxOrder" => order,
            }
        });
        object! { "TaxRateDetail" => details.collect::<Vec<_>>() }
    };
    object! {
        "Name" => name,
        "Description" => name,
        "Active" => true,
        "Hidden" => false,
        "Taxable" => !(sales.is_empty() && purchases.is_empty()),
        "TaxGroup" => true,
        "SalesTaxRateList" => list(sales),
        "PurchaseTaxRateList" => list(purchases),
    }
}

/// Answers `POST /taxservice/taxcode`: a code with its rates, new or known, in one call.
pub(super) fn serve(books: &mut Books, sent: &Json) -> Result<Json, Refusal> {
    let name = sent.get("TaxCode").and_then(Json::as_str).ok_or_else(|| required("TaxCode"))?.to_owned();
    schema::text_of("TaxCode", 100, &name)?;
    check_name(books, Kind::TaxCode, &object! { "Name" => &name }, None)?;
    let details = sent.get("TaxRateDetails").and_then(Json::as_array).unwrap_or_default().to_vec();
    if details.is_empty() {
        return Err(required("TaxRateDetails"));
    }
    let (mut sales, mut purchases, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for detail in details {
        let used = match detail.get("TaxApplicableOn").and_then(Json::as_str).unwrap_or("Sales") {
            "Sales" => Use::Sales,
            "Purchase" => Use::Purchases,
            other => return Err(bad_choice("TaxApplicableOn", other)),
        };
        let id = rate_of(books, &detail)?;
        let mut detail = detail.clone();
        detail.set("TaxRateId", &id);
        shown.push(detail);
        match used {
            Use::Sales => sales.push(id),
            Use::Purchases => purchases.push(id),
        }
    }
    let id = books.add(Kind::TaxCode, code(&name, &sales, &purchases));
    Ok(object! { "TaxCode" => name, "TaxCodeId" => id, "TaxRateDetails" => shown })
}

/// The rate that a detail names by its id, or makes.
fn rate_of(books: &mut Books, detail: &Json) -> Result<String, Refusal> {
    if let Some(id) = detail.get("TaxRateId").and_then(Json::as_str) {
        let known = books.get(Kind::TaxRate, id).ok_or_else(|| invalid_reference("TaxRates", id))?;
        return Ok(known.id.clone());
    }
    let name = detail.get("TaxRateName").and_then(Json::as_str).ok_or_else(|| required("TaxRateName"))?;
    schema::text_of("TaxRateName", 100, name)?;
    check_name(books, Kind::TaxRate, &object! { "Name" => name }, None)?;
    let percent = number(detail, "RateValue").ok_or_else(|| required("RateValue"))?;
    if percent < Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
        return Err(bad_number("RateValue"));
    }
    let agency = detail.get("TaxAgencyId").and_then(Json::as_str).ok_or_else(|| required("TaxAgencyId"))?;
    if books.get(Kind::TaxAgency, agency).is_none() {
        return Err(business("The tax agency does not exist"));
    }
    Ok(add_rate(books, name, percent, agency))
}
