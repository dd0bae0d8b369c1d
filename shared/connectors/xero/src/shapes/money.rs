use carry_connector::json;
use carry_model::Decimal;
use serde::{Deserialize, Serialize};

use super::documents::{AccountRef, Identified, LineTracking};
use crate::fault::Message;

/// A payment of one document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Payment {
    #[serde(rename = "PaymentID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invoice: Option<Identified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credit_note: Option<Identified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<AccountRef>,
    pub(crate) date: String,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) currency_rate: Option<Decimal>,
    #[serde(with = "json::amount_opt")]
    pub(crate) amount: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) status: String,
    #[serde(skip_serializing)]
    pub(crate) payment_type: String,
    #[serde(rename = "UpdatedDateUTC", skip_serializing)]
    pub(crate) updated: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) has_validation_errors: bool,
    #[serde(skip_serializing)]
    pub(crate) status_attribute_string: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) validation_errors: Vec<Message>,
}

/// A credit applied to a document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Allocation {
    #[serde(rename = "AllocationID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(with = "json::amount_opt")]
    pub(crate) amount: Option<Decimal>,
    pub(crate) date: String,
    pub(crate) invoice: Identified,
    #[serde(skip_serializing)]
    pub(crate) is_deleted: bool,
}

/// Money moved between own accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct BankTransfer {
    #[serde(rename = "BankTransferID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    pub(crate) from_bank_account: AccountRef,
    pub(crate) to_bank_account: AccountRef,
    #[serde(with = "json::amount_opt")]
    pub(crate) amount: Option<Decimal>,
    pub(crate) date: String,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) currency_rate: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) status: String,
    #[serde(rename = "CreatedDateUTC", skip_serializing)]
    pub(crate) created: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) validation_errors: Vec<Message>,
}

/// A general journal entry, in the base currency.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ManualJournal {
    #[serde(rename = "ManualJournalID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    pub(crate) narration: String,
    pub(crate) date: String,
    pub(crate) status: String,
    pub(crate) line_amount_types: String,
    pub(crate) journal_lines: Vec<JournalLine>,
    #[serde(rename = "UpdatedDateUTC", skip_serializing)]
    pub(crate) updated: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) status_attribute_string: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) validation_errors: Vec<Message>,
}

/// A line of a journal entry; debit positive.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct JournalLine {
    #[serde(with = "json::amount_opt")]
    pub(crate) line_amount: Option<Decimal>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) account_code: String,
    #[serde(rename = "AccountID", skip_serializing_if = "String::is_empty")]
    pub(crate) account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_type: Option<String>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) tax_amount: Option<Decimal>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tracking: Vec<LineTracking>,
}
