//! Work to be billed, and files.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, RecordKey, SourceId};

/// A time, expense or fee activity ([`crate::Entity`] tells); once billed it names its invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When.
    pub date: Date,
    /// What was done, in a line.
    pub subject: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<SourceId>,
    /// The project or matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<SourceId>,
    /// The service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<SourceId>,
    /// Who did it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
    /// Hours worked, decimal (1.5 is ninety minutes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Decimal>,
    /// Price of an hour or of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Decimal>,
    /// What it comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// The currency of `rate` and `amount`.
    pub currency: Currency,
    /// To be passed on to the customer.
    pub billable: bool,
    /// The invoice it was billed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<SourceId>,
}

/// A file attached to a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The record it is attached to.
    pub of: RecordKey,
    /// File name.
    pub name: String,
    /// Media type, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Size in bytes, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// SHA-256 of its content, hexadecimal, once read: the content is staged under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Where the source keeps it, in the source's own terms.
    pub location: String,
}
