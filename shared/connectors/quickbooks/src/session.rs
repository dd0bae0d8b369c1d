//! A QuickBooks company, as a source and as a target.

use std::sync::Arc;

use carry_connector::Wire;
use carry_model::{Code, Currency, Fault};
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::company::Company;
use crate::kinds::Kind;
use crate::lists::Lists;
use crate::objects::{CompanyInfo, Preferences};
use crate::write::Numbers;

/// A company of QuickBooks Online. Looks at the company once and keeps what holds for the whole connection.
pub struct QuickBooks {
    pub(crate) company: Company,
    /// Name, country, plan.
    pub(crate) info: CompanyInfo,
    /// How the company is set up.
    pub(crate) preferences: Preferences,
    /// The currency its ledger is kept in.
    pub(crate) home: Currency,
    /// The lists of a target, read when they are first needed.
    pub(crate) lists: Mutex<Option<Lists>>,
    /// Short lists that the survey read, until they are extracted.
    pub(crate) surveyed: Mutex<FxHashMap<Kind, Vec<Box<RawValue>>>>,
    /// Numbers of transactions that were written here.
    pub(crate) numbers: Mutex<Numbers>,
}

impl QuickBooks {
    /// Connects to the company of that realm over a wire that signs calls in. Reads only.
    pub async fn connect(realm: &str, wire: Arc<dyn Wire>) -> Result<Self, Fault> {
        if realm.is_empty() || !realm.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Fault::new(Code::ConfigInvalid)
                .field("company")
                .detail("A QuickBooks company id is a number.")
                .hint("`carry connect quickbooks` names it once you have signed in."));
        }
        let company = Company::new(realm.to_owned(), wire);
        let info: CompanyInfo =
            company.object(&format!("companyinfo/{realm}"), "CompanyInfo", "companyinfo").await?;
        let preferences: Preferences = company.object("preferences", "Preferences", "preferences").await?;
        let home = match preferences.currency_prefs.home_currency.as_ref() {
            Some(currency) => currency
                .value
                .parse()
                .map_err(|_| Fault::new(Code::AnswerUnreadable).detail("The home currency."))?,
            // A company of a single currency need not name it.
            None => of_country(info.country.as_deref()),
        };
        Ok(Self {
            company,
            info,
            preferences,
            home,
            lists: Mutex::default(),
            surveyed: Mutex::default(),
            numbers: Mutex::default(),
        })
    }

    /// True for companies of the United States, whose lines are taxable or not and whose tax stands on the document.
    pub(crate) fn is_us(&self) -> bool {
        matches!(self.info.country.as_deref(), Some("US" | "USA"))
    }
}

fn of_country(country: Option<&str>) -> Currency {
    match country {
        Some("GB" | "GBR" | "UK") => Currency::GBP,
        Some("US" | "USA") | None => Currency::USD,
        Some("CA" | "CAN") => "CAD".parse().unwrap_or(Currency::USD),
        Some("AU" | "AUS") => "AUD".parse().unwrap_or(Currency::USD),
        Some("IN" | "IND") => "INR".parse().unwrap_or(Currency::USD),
        _ => Currency::EUR,
    }
}
