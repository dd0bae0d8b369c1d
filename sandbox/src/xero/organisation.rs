//! The organisation, its currencies, and what its plan lets an app do.

use carry_model::{Currency, Date, Timestamp};
use uuid::Uuid;

use super::books::Books;
use super::input::Input;
use super::refusal::{Refusal, refused};
use super::when;
use crate::json::{Json, object};
use crate::region::Region;

/// The edition of the product that a region has.
fn version(region: Region) -> &'static str {
    match region {
        Region::Us => "US",
        Region::Uk => "UK",
        Region::Au => "AU",
        Region::Global => "GLOBAL",
    }
}

/// An organisation.
#[derive(Clone, Debug)]
pub(super) struct Organisation {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) region: Region,
    pub(super) country: String,
    /// Its home currency.
    pub(super) currency: String,
    /// No date on or before it, for everybody but advisers.
    pub(super) period_lock: Option<Date>,
    /// No date on or before it, for everybody.
    pub(super) year_lock: Option<Date>,
    /// The plan has foreign currencies.
    pub(super) is_multicurrency: bool,
    pub(super) created: Timestamp,
}

impl Organisation {
    /// What is wrong with booking at the date.
    pub(super) fn locked(&self, date: Date) -> Vec<String> {
        let locks = [(self.period_lock, "period lock date"), (self.year_lock, "end of year lock date")];
        locks
            .into_iter()
            .filter_map(|(lock, name)| {
                let lock = lock.filter(|lock| date <= *lock)?;
                let lock = when::short_date(lock);
                Some(format!("The document date cannot be before the {name}, currently set at {lock}"))
            })
            .collect()
    }
}

pub(super) fn json(books: &Books) -> Json {
    let organisation = &books.organisation;
    object! {
        "OrganisationID" => organisation.id,
        "APIKey" => organisation.id.simple().to_string().to_ascii_uppercase().get(..30),
        "Name" => &organisation.name,
        "LegalName" => &organisation.name,
        "PaysTax" => true,
        "Version" => version(organisation.region),
        "OrganisationType" => "COMPANY",
        "BaseCurrency" => &organisation.currency,
        "CountryCode" => &organisation.country,
        "IsDemoCompany" => false,
        "OrganisationStatus" => "ACTIVE",
        "FinancialYearEndDay" => 31_usize,
        "FinancialYearEndMonth" => if organisation.region == Region::Uk { 3_usize } else { 12 },
        "SalesTaxBasis" => "ACCRUALS",
        "SalesTaxPeriod" => "QUARTERLY",
        "DefaultSalesTax" => "Tax Exclusive",
        "DefaultPurchasesTax" => "Tax Exclusive",
        "PeriodLockDate" => organisation.period_lock.map(when::wire_date),
        "EndOfYearLockDate" => organisation.year_lock.map(when::wire_date),
        "CreatedDateUTC" => when::wire_time(organisation.created),
        "OrganisationEntityType" => "COMPANY",
        "Timezone" => "UTC",
        "ShortCode" => organisation.id.simple().to_string().get(..6).map(|code| format!("!{code}")),
        "Class" => if organisation.is_multicurrency { "PREMIUM" } else { "STANDARD" },
        "Edition" => "BUSINESS",
        "Addresses" => Vec::new(),
        "Phones" => Vec::new(),
        "ExternalLinks" => Vec::new(),
        "PaymentTerms" => object! {},
    }
}

pub(super) fn actions(books: &Books) -> Vec<Json> {
    let always = [
        "CreateApprovedInvoice",
        "CreateApprovedBill",
        "CreateDraftInvoice",
        "CreateDraftBill",
        "CreateInvoicePayment",
        "CreateDraftPurchaseOrder",
        "CreateApprovedPurchaseOrder",
        "CreateDraftQuote",
        "CreateSentQuote",
        "AttachFilesIntoInvoice",
    ];
    let multicurrency = if books.organisation.is_multicurrency { "ALLOWED" } else { "NOT-ALLOWED" };
    always
        .into_iter()
        .map(|name| (name, "ALLOWED"))
        .chain([("UseMulticurrency", multicurrency)])
        .map(|(name, status)| object! { "Name" => name, "Status" => status })
        .collect()
}

pub(super) fn currencies(books: &Books) -> Vec<Json> {
    books.currencies.iter().map(|code| object! { "Code" => code, "Description" => code }).collect()
}

/// Adds a currency; one that is there already stays.
pub(super) fn add_currency(books: &mut Books, sent: &Json) -> Result<Json, Refusal> {
    let mut input = Input::new(sent);
    let code = input.text("Code").and_then(|code| code.parse::<Currency>().ok()).map(|code| code.to_string());
    let problem = match &code {
        None => Some("Currency code is not valid".to_owned()),
        Some(code) if !books.organisation.is_multicurrency && !books.has_currency(code) => {
            Some(format!("Organisation is not subscribed to currency {code}"))
        }
        Some(_) => None,
    };
    if let Some(problem) = problem {
        return Err(Refusal::Elements(vec![refused(sent, "Code", &[problem])]));
    }
    let code = code.unwrap_or_default();
    if !books.has_currency(&code) {
        books.currencies.push_back(code.clone());
    }
    Ok(object! { "Code" => &code, "Description" => &code })
}
