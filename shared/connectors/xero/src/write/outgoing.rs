//! Documents as they are sent. Endpoints name ids, numbers and due dates differently, and nothing else.

use carry_connector::json;
use carry_model::{Decimal, Entity};
use serde::Serialize;
use serde::ser::{Error, SerializeMap, Serializer};

use crate::shapes::{AccountRef, ContactRef, Line};

/// The names of an endpoint's fields, and the type of document.
pub(crate) struct Names {
    pub(crate) endpoint: &'static str,
    pub(crate) kind: Option<&'static str>,
    id: &'static str,
    number: &'static str,
    due: &'static str,
    /// True where a link to the source document can be kept; else the mark goes into the reference.
    pub(crate) has_url: bool,
}

impl Names {
    pub(crate) const fn of(entity: Entity) -> Self {
        let (endpoint, kind, id, number, due, has_url) = match entity {
            Entity::Invoice => ("Invoices", Some("ACCREC"), "InvoiceID", "InvoiceNumber", "DueDate", true),
            Entity::Bill => ("Invoices", Some("ACCPAY"), "InvoiceID", "InvoiceNumber", "DueDate", true),
            Entity::CreditNote => {
                ("CreditNotes", Some("ACCRECCREDIT"), "CreditNoteID", "CreditNoteNumber", "DueDate", false)
            }
            Entity::BillCredit => {
                ("CreditNotes", Some("ACCPAYCREDIT"), "CreditNoteID", "CreditNoteNumber", "DueDate", false)
            }
            Entity::Estimate => ("Quotes", None, "QuoteID", "QuoteNumber", "ExpiryDate", false),
            Entity::PurchaseOrder => {
                ("PurchaseOrders", None, "PurchaseOrderID", "PurchaseOrderNumber", "DeliveryDate", false)
            }
            _ => ("BankTransactions", None, "BankTransactionID", "", "", true),
        };
        Self { endpoint, kind, id, number, due, has_url }
    }
}

/// A document to be created or changed. What is None is left as it is.
pub(crate) struct Outgoing {
    pub(crate) names: Names,
    pub(crate) id: Option<String>,
    pub(crate) kind: Option<&'static str>,
    pub(crate) number: Option<String>,
    pub(crate) contact: ContactRef,
    pub(crate) date: String,
    pub(crate) due: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) currency: String,
    pub(crate) rate: Option<Decimal>,
    pub(crate) has_tax: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) status: Option<&'static str>,
    pub(crate) bank_account: Option<AccountRef>,
}

impl Serialize for Outgoing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let texts = [
            (self.names.id, self.id.as_deref()),
            ("Type", self.kind),
            (self.names.number, self.number.as_deref()),
            ("Date", Some(self.date.as_str())),
            (self.names.due, self.due.as_deref()),
            ("Reference", self.reference.as_deref()),
            ("Url", self.url.as_deref()),
            ("CurrencyCode", Some(self.currency.as_str())),
            ("LineAmountTypes", Some(if self.has_tax { "Exclusive" } else { "NoTax" })),
            ("Status", self.status),
        ];
        for (name, value) in texts {
            if let (false, Some(value)) = (name.is_empty(), value) {
                map.serialize_entry(name, value)?;
            }
        }
        map.serialize_entry("Contact", &self.contact)?;
        if let Some(rate) = self.rate {
            map.serialize_entry("CurrencyRate", &json::number(rate).map_err(S::Error::custom)?)?;
        }
        map.serialize_entry("LineItems", &self.lines)?;
        if let Some(account) = &self.bank_account {
            map.serialize_entry("BankAccount", account)?;
        }
        map.end()
    }
}

/// A change of status alone.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Standing {
    fields: std::collections::BTreeMap<&'static str, String>,
}

impl Standing {
    pub(crate) fn new(names: &Names, id: &str, status: &str) -> Self {
        Self { fields: [(names.id, id.to_owned()), ("Status", status.to_owned())].into() }
    }

    /// Of a journal.
    pub(crate) fn journal(id: &str, status: &str) -> Self {
        Self { fields: [("ManualJournalID", id.to_owned()), ("Status", status.to_owned())].into() }
    }

    /// With another number, which frees the one it has.
    pub(crate) fn renumbered(names: &Names, id: &str, number: String) -> Self {
        Self { fields: [(names.id, id.to_owned()), (names.number, number)].into() }
    }
}
