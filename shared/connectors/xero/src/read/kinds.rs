//! The lists that make up a Xero organisation's books: where each is, and which of its rows are records.

use carry_model::{Entity, Timestamp};
use serde::Deserialize;

use crate::client::Page;

/// One list.
#[derive(Debug)]
pub(super) struct Kind {
    /// Partition id.
    pub(super) id: &'static str,
    /// Endpoint, and the name of the list in its answer.
    pub(super) endpoint: &'static str,
    /// What its rows mainly become.
    pub(super) entity: Entity,
    /// True where Xero gives it in pages (and counts it).
    pub(super) paged: bool,
    /// True where each row becomes exactly one record of `entity`, so that the count of the one is that of the other.
    pub(super) one_each: bool,
    /// Query parameters.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// Rows with one of these statuses are no records: what was thrown away, and entries that never took effect.
    pub(super) passed_over: &'static [&'static str],
}

const LIVE: &str = "DRAFT,SUBMITTED,AUTHORISED,PAID,VOIDED";

pub(super) static KINDS: [Kind; 17] = [
    list("accounts", "Accounts", Entity::Account, &[]),
    Kind { passed_over: &["DELETED"], ..list("tax-rates", "TaxRates", Entity::TaxRate, &[]) },
    list("tracking", "TrackingCategories", Entity::TrackingCategory, &[("includeArchived", "true")]),
    pages("contacts", "Contacts", Entity::Contact, &[("includeArchived", "true")]),
    list("items", "Items", Entity::Item, &[("unitdp", "4")]),
    Kind { passed_over: &["DELETED"], one_each: false, ..pages("quotes", "Quotes", Entity::Estimate, &[]) },
    Kind {
        passed_over: &["DELETED"],
        one_each: false,
        ..pages("purchase-orders", "PurchaseOrders", Entity::PurchaseOrder, &[])
    },
    pages(
        "invoices",
        "Invoices",
        Entity::Invoice,
        &[("where", r#"Type=="ACCREC""#), ("Statuses", LIVE), ("includeArchived", "true"), ("unitdp", "4")],
    ),
    pages(
        "bills",
        "Invoices",
        Entity::Bill,
        &[("where", r#"Type=="ACCPAY""#), ("Statuses", LIVE), ("includeArchived", "true"), ("unitdp", "4")],
    ),
    pages(
        "credit-notes",
        "CreditNotes",
        Entity::CreditNote,
        &[("where", r#"Type=="ACCRECCREDIT" AND Status!="DELETED""#), ("unitdp", "4")],
    ),
    pages(
        "bill-credits",
        "CreditNotes",
        Entity::BillCredit,
        &[("where", r#"Type=="ACCPAYCREDIT" AND Status!="DELETED""#), ("unitdp", "4")],
    ),
    mixed("payments", "Payments", Entity::Payment, &[("where", r#"Status=="AUTHORISED""#)]),
    mixed("overpayments", "Overpayments", Entity::Payment, &[("where", r#"Status!="VOIDED""#)]),
    mixed("prepayments", "Prepayments", Entity::Payment, &[("where", r#"Status!="VOIDED""#)]),
    Kind { passed_over: &["DELETED", "VOIDED"], ..list("transfers", "BankTransfers", Entity::Transfer, &[]) },
    pages(
        "bank-transactions",
        "BankTransactions",
        Entity::BankTransaction,
        &[("where", r#"Status=="AUTHORISED" AND (Type=="SPEND" OR Type=="RECEIVE")"#), ("unitdp", "4")],
    ),
    pages("journals", "ManualJournals", Entity::Journal, &[("where", r#"Status=="POSTED""#)]),
];

/// Entities whose lists are read whole even where only changes are wanted: they are short, and what was deleted from
/// them is simply no longer there. So are the names of files, which nobody lists by their time of change.
pub(crate) const WHOLE: [Entity; 6] = [
    Entity::Account,
    Entity::TaxRate,
    Entity::TrackingCategory,
    Entity::Item,
    Entity::Transfer,
    Entity::Attachment,
];

const fn pages(
    id: &'static str,
    endpoint: &'static str,
    entity: Entity,
    query: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { id, endpoint, entity, paged: true, one_each: true, query, passed_over: &[] }
}

const fn list(
    id: &'static str,
    endpoint: &'static str,
    entity: Entity,
    query: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { paged: false, ..pages(id, endpoint, entity, query) }
}

/// A list whose rows become records of several entities.
const fn mixed(
    id: &'static str,
    endpoint: &'static str,
    entity: Entity,
    query: &'static [(&'static str, &'static str)],
) -> Kind {
    Kind { one_each: false, ..pages(id, endpoint, entity, query) }
}

/// Payments that a credit's own record accounts for: money paid back out of an over- or prepayment.
const PART_OF_CREDIT: &[&str] =
    &["AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT", "APPREPAYMENTPAYMENT", "APOVERPAYMENTPAYMENT"];

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Standing {
    status: String,
    payment_type: String,
}

impl Kind {
    pub(super) fn by_id(id: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.id == id)
    }

    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        self.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// From when on the list is read, where only changes are wanted.
    pub(super) fn since(&self, since: Option<Timestamp>) -> Option<Timestamp> {
        since.filter(|_| !WHOLE.contains(&self.entity))
    }

    /// How many rows of a page are records.
    pub(super) fn records(&self, page: &Page) -> u64 {
        let records = page.rows.iter().filter(|row| self.is_record(row.get())).count();
        u64::try_from(records).unwrap_or(u64::MAX)
    }

    /// True for rows that are records; what is no object is left for the transformer to reject.
    pub(super) fn is_record(&self, row: &str) -> bool {
        let standing: Standing = serde_json::from_str(row).unwrap_or_default();
        !self.passed_over.contains(&standing.status.as_str())
            && !PART_OF_CREDIT.contains(&standing.payment_type.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_thrown_away_is_no_record() {
        let quotes = Kind::by_id("quotes").unwrap();
        assert!(!quotes.is_record(r#"{"Status":"DELETED"}"#));
        assert!(quotes.is_record(r#"{"Status":"SENT"}"#));
        assert!(quotes.is_record("[1]"), "nonsense is rejected where it is read, not lost here");
        let payments = Kind::by_id("payments").unwrap();
        assert!(!payments.is_record(r#"{"Status":"AUTHORISED","PaymentType":"AROVERPAYMENTPAYMENT"}"#));
    }
}
