//! What the transformer must know of the organisation.

use std::collections::BTreeMap;

use carry_connector::Survey;
use carry_model::{Code, Currency, Fault, SourceId};
use serde::{Deserialize, Serialize};

use crate::shapes::{AccountRef, LineTracking};

/// Staged with the plan; free of customer data but for the names of tracking categories.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) home: Currency,
    /// Account ids by code.
    pub(super) accounts: BTreeMap<String, String>,
    /// Currencies of bank accounts that are not in the home currency, by account id.
    pub(super) bank_currencies: BTreeMap<String, Currency>,
    /// The account that tax is collected on.
    pub(super) tax_account: Option<String>,
    /// Tracking category ids by name.
    pub(super) tracking: BTreeMap<String, String>,
}

impl Profile {
    pub(super) fn of(survey: &Survey) -> Result<Self, Fault> {
        serde_json::from_value(survey.profile.clone())
            .map_err(|e| Fault::new(Code::StagingCorrupt).detail("the survey's profile").caused_by(e))
    }

    /// The account of that id, or else of that code.
    pub(super) fn account(&self, id: Option<&str>, code: Option<&str>) -> Option<SourceId> {
        let id = id.filter(|id| !id.is_empty());
        id.or_else(|| code.and_then(|code| self.accounts.get(code)).map(String::as_str)).map(SourceId::from)
    }

    pub(super) fn account_of(&self, account: &AccountRef) -> Option<SourceId> {
        self.account(Some(&account.id), Some(&account.code))
    }

    pub(super) fn currency(&self, code: Option<&str>) -> Result<Currency, Fault> {
        match code.filter(|code| !code.is_empty()) {
            None => Ok(self.home),
            Some(code) => {
                code.parse().map_err(|_| Fault::new(Code::CurrencyUnknown).field("CurrencyCode").text(code))
            }
        }
    }

    pub(super) fn bank_currency(&self, account: &SourceId) -> Currency {
        self.bank_currencies.get(account.as_str()).copied().unwrap_or(self.home)
    }

    /// The options of a line.
    pub(super) fn tracking(&self, options: &[LineTracking]) -> Vec<carry_model::Tracking> {
        let one = |tracking: &LineTracking| {
            let id = tracking.category_id.as_ref().or_else(|| self.tracking.get(&tracking.name))?;
            Some(carry_model::Tracking {
                category: SourceId::from(id.as_str()),
                option: tracking.option.clone(),
            })
        };
        options.iter().filter_map(one).collect()
    }
}
