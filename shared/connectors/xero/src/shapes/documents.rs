use carry_connector::json;
use carry_model::Decimal;
use serde::{Deserialize, Serialize};

use super::money::{Allocation, Payment};
use crate::fault::Message;

/// Invoice, bill, credit note, quote, purchase order, bank transaction, over- or prepayment: Xero words them alike.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Doc {
    #[serde(alias = "InvoiceID", alias = "CreditNoteID", alias = "QuoteID", alias = "PurchaseOrderID")]
    pub(crate) id: String,
    #[serde(rename = "BankTransactionID")]
    pub(crate) bank_transaction_id: String,
    #[serde(rename = "OverpaymentID")]
    pub(crate) overpayment_id: String,
    #[serde(rename = "PrepaymentID")]
    pub(crate) prepayment_id: String,
    #[serde(
        alias = "InvoiceNumber",
        alias = "CreditNoteNumber",
        alias = "QuoteNumber",
        alias = "PurchaseOrderNumber"
    )]
    pub(crate) number: Option<String>,
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    #[serde(rename = "Status")]
    pub(crate) status: String,
    #[serde(rename = "Contact")]
    pub(crate) contact: ContactRef,
    #[serde(rename = "Date")]
    pub(crate) date: String,
    #[serde(alias = "DueDate", alias = "ExpiryDate", alias = "DeliveryDate")]
    pub(crate) due: Option<String>,
    #[serde(rename = "Reference")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "Url")]
    pub(crate) url: Option<String>,
    #[serde(rename = "CurrencyCode")]
    pub(crate) currency: Option<String>,
    #[serde(rename = "CurrencyRate", with = "json::amount_opt")]
    pub(crate) rate: Option<Decimal>,
    #[serde(rename = "LineAmountTypes")]
    pub(crate) line_amount_types: String,
    #[serde(rename = "LineItems")]
    pub(crate) lines: Vec<Line>,
    #[serde(rename = "Total", with = "json::amount_opt")]
    pub(crate) total: Option<Decimal>,
    #[serde(rename = "AmountDue", with = "json::amount_opt")]
    pub(crate) due_amount: Option<Decimal>,
    #[serde(rename = "RemainingCredit", with = "json::amount_opt")]
    pub(crate) remaining: Option<Decimal>,
    #[serde(rename = "Allocations")]
    pub(crate) allocations: Vec<Allocation>,
    #[serde(rename = "Payments")]
    pub(crate) payments: Vec<Payment>,
    /// Credit notes applied to it.
    #[serde(rename = "CreditNotes")]
    pub(crate) credit_notes: Vec<Identified>,
    #[serde(rename = "BankAccount")]
    pub(crate) bank_account: AccountRef,
    #[serde(rename = "Summary")]
    pub(crate) summary: Option<String>,
    #[serde(rename = "UpdatedDateUTC")]
    pub(crate) updated: Option<String>,
    #[serde(rename = "Warnings")]
    pub(crate) warnings: Vec<Message>,
}

/// A line of a document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<Decimal>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) unit_amount: Option<Decimal>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) line_amount: Option<Decimal>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) tax_amount: Option<Decimal>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) discount_rate: Option<Decimal>,
    #[serde(with = "json::amount_opt", skip_serializing_if = "Option::is_none")]
    pub(crate) discount_amount: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_code: Option<String>,
    #[serde(rename = "AccountID", skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tracking: Vec<LineTracking>,
}

/// A tracking option on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct LineTracking {
    #[serde(rename = "TrackingCategoryID", skip_serializing_if = "Option::is_none")]
    pub(crate) category_id: Option<String>,
    pub(crate) name: String,
    pub(crate) option: String,
}

/// Whose a document is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ContactRef {
    #[serde(rename = "ContactID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(rename = "Name", skip_serializing_if = "Option::is_none", skip_deserializing)]
    name: Option<&'static str>,
}

impl ContactRef {
    pub(crate) fn of(id: &str) -> Self {
        Self { id: id.to_owned(), name: None }
    }

    /// Whoever stands in where money moved and the source names nobody. Xero makes that contact when it is first named.
    pub(crate) fn stand_in() -> Self {
        Self { id: String::new(), name: Some("Carryforward") }
    }
}

/// An account, by id or by code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AccountRef {
    #[serde(rename = "AccountID", skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    #[serde(rename = "Code", skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
}

/// A document that another one names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Identified {
    #[serde(rename = "InvoiceID", skip_serializing_if = "String::is_empty")]
    pub(crate) invoice: String,
    #[serde(rename = "CreditNoteID", skip_serializing_if = "String::is_empty")]
    pub(crate) credit_note: String,
    /// What sort of invoice or credit note it is.
    #[serde(rename = "Type", skip_serializing)]
    pub(crate) kind: String,
    #[serde(rename = "CurrencyCode", skip_serializing)]
    pub(crate) currency: Option<String>,
    #[serde(rename = "Contact", skip_serializing)]
    pub(crate) contact: ContactRef,
}
