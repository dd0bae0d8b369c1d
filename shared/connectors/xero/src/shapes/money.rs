use carry_connector::json;
use carry_model::Decimal;
use serde::{Deserialize, Serialize};

use super::documents::{AccountRef, Identified, LineTracking};

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
}

/// The document that a payment settles.
pub(crate) struct Settled<'a> {
    pub(crate) id: &'a str,
    pub(crate) document: &'a Identified,
    /// True where it is a credit, whose money goes back.
    pub(crate) is_credit: bool,
}

impl Payment {
    /// What it settles. Xero shows a credit note that was paid back as an invoice too.
    pub(crate) fn settled(&self) -> Option<Settled<'_>> {
        let is_credit = self.credit_note.is_some()
            || matches!(self.payment_type.as_str(), "ARCREDITPAYMENT" | "APCREDITPAYMENT");
        let document = self.invoice.as_ref().or(self.credit_note.as_ref())?;
        let credit = self.credit_note.as_ref().map(|note| note.credit_note.as_str());
        let id = credit.filter(|id| !id.is_empty()).unwrap_or(&document.invoice);
        Some(Settled { id, document, is_credit })
    }
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
