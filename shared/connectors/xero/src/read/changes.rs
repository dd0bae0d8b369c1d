//! What changed since a time, by `If-Modified-Since`. Documents and payments that were deleted stay readable and say
//! so; short lists are read whole, because what was deleted from them is simply no longer there.

use carry_connector::Changes;
use carry_model::{Entity, Fault, RecordKey, Timestamp};
use serde::Deserialize;

use super::kinds::WHOLE;
use crate::client::Xero;

/// A list in which deleted records stay, and the query that finds them.
struct Graveyard {
    endpoint: &'static str,
    query: &'static [(&'static str, &'static str)],
}

const fn graveyard(endpoint: &'static str, query: &'static [(&'static str, &'static str)]) -> Graveyard {
    Graveyard { endpoint, query }
}

static GRAVEYARDS: [Graveyard; 9] = [
    graveyard("Invoices", &[("Statuses", "DELETED"), ("includeArchived", "true")]),
    graveyard("CreditNotes", &[("where", r#"Status=="DELETED""#)]),
    graveyard("Quotes", &[("Status", "DELETED")]),
    graveyard("PurchaseOrders", &[("Status", "DELETED")]),
    graveyard("Payments", &[("where", r#"Status=="DELETED""#)]),
    graveyard("Overpayments", &[("where", r#"Status=="VOIDED""#)]),
    graveyard("Prepayments", &[("where", r#"Status=="VOIDED""#)]),
    graveyard("BankTransactions", &[("where", r#"Status=="DELETED""#)]),
    graveyard("ManualJournals", &[("where", r#"Status=="VOIDED" OR Status=="DELETED""#)]),
];

/// A deleted record.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Gone {
    #[serde(
        alias = "InvoiceID",
        alias = "CreditNoteID",
        alias = "QuoteID",
        alias = "PurchaseOrderID",
        alias = "PaymentID",
        alias = "OverpaymentID",
        alias = "PrepaymentID",
        alias = "BankTransactionID",
        alias = "ManualJournalID"
    )]
    id: String,
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "PaymentType")]
    payment_type: String,
    #[serde(rename = "Status")]
    status: String,
}

impl Gone {
    /// What it was read as.
    fn entity(&self, endpoint: &str) -> Entity {
        let is_payable = |kind: &str| kind.starts_with("AP") || kind.starts_with("SPEND");
        match endpoint {
            "Invoices" if self.kind == "ACCPAY" => Entity::Bill,
            "Invoices" => Entity::Invoice,
            "CreditNotes" if self.kind == "ACCPAYCREDIT" => Entity::BillCredit,
            "CreditNotes" => Entity::CreditNote,
            "Quotes" => Entity::Estimate,
            "PurchaseOrders" => Entity::PurchaseOrder,
            "Payments" if is_payable(&self.payment_type) || self.payment_type == "ACCPAYPAYMENT" => {
                Entity::BillPayment
            }
            "Overpayments" | "Prepayments" if is_payable(&self.kind) => Entity::BillPayment,
            "Payments" | "Overpayments" | "Prepayments" => Entity::Payment,
            "BankTransactions" => Entity::BankTransaction,
            _ => Entity::Journal,
        }
    }
}

impl Xero {
    /// What was deleted since then.
    pub(super) async fn gone_since(&self, since: Timestamp) -> Result<Changes, Fault> {
        let mut gone = Vec::new();
        for graveyard in &GRAVEYARDS {
            let query: Vec<_> =
                graveyard.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            self.each_changed_page(graveyard.endpoint, &query, Some(since), |page| {
                let rows = page.read::<Gone>()?;
                // Not every list heeds every parameter.
                let dead = rows.into_iter().filter(|row| matches!(row.status.as_str(), "DELETED" | "VOIDED"));
                gone.extend(dead.map(|row| RecordKey::new(row.entity(graveyard.endpoint), row.id)));
                Ok(())
            })
            .await?;
        }
        Ok(Changes { since, gone, whole: WHOLE.into() })
    }
}
