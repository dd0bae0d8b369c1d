//! What invoices, credit notes, orders, quotes, prepayments, overpayments and bank transactions have in common.

use carry_model::{Date, Decimal, Timestamp};
use uuid::Uuid;

use super::line::{Line, LineAmounts, Totals};
use crate::json::{Json, object};

/// A kind of document, and the endpoint it is reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Invoice,
    CreditNote,
    Prepayment,
    Overpayment,
    BankTransaction,
    PurchaseOrder,
    Quote,
}

impl Family {
    /// The endpoint: `CreditNotes`.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Invoice => "Invoices",
            Self::CreditNote => "CreditNotes",
            Self::Prepayment => "Prepayments",
            Self::Overpayment => "Overpayments",
            Self::BankTransaction => "BankTransactions",
            Self::PurchaseOrder => "PurchaseOrders",
            Self::Quote => "Quotes",
        }
    }

    /// The field of its id: `CreditNoteID`.
    pub(super) fn id_name(self) -> &'static str {
        match self {
            Self::Invoice => "InvoiceID",
            Self::CreditNote => "CreditNoteID",
            Self::Prepayment => "PrepaymentID",
            Self::Overpayment => "OverpaymentID",
            Self::BankTransaction => "BankTransactionID",
            Self::PurchaseOrder => "PurchaseOrderID",
            Self::Quote => "QuoteID",
        }
    }

    /// The field of its number, if it has one.
    pub(super) fn number_name(self) -> Option<&'static str> {
        match self {
            Self::Invoice => Some("InvoiceNumber"),
            Self::CreditNote => Some("CreditNoteNumber"),
            Self::PurchaseOrder => Some("PurchaseOrderNumber"),
            Self::Quote => Some("QuoteNumber"),
            Self::Prepayment | Self::Overpayment | Self::BankTransaction => None,
        }
    }

    /// What automatic numbers begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::CreditNote => "CN-",
            Self::PurchaseOrder => "PO-",
            Self::Quote => "QU-",
            _ => "INV-",
        }
    }

    /// It is a credit that can be allocated to invoices.
    pub(super) fn is_credit(self) -> bool {
        matches!(self, Self::CreditNote | Self::Prepayment | Self::Overpayment)
    }
}

/// Sold to a customer, or bought from a supplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Sales,
    Purchases,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Draft,
    Submitted,
    Authorised,
    Paid,
    Voided,
    Deleted,
    Billed,
    Sent,
    Accepted,
    Declined,
    Invoiced,
}

impl Status {
    pub(super) const CHOICES: [(&'static str, Self); 11] = [
        ("DRAFT", Self::Draft),
        ("SUBMITTED", Self::Submitted),
        ("AUTHORISED", Self::Authorised),
        ("PAID", Self::Paid),
        ("VOIDED", Self::Voided),
        ("DELETED", Self::Deleted),
        ("BILLED", Self::Billed),
        ("SENT", Self::Sent),
        ("ACCEPTED", Self::Accepted),
        ("DECLINED", Self::Declined),
        ("INVOICED", Self::Invoiced),
    ];

    pub(super) fn code(self) -> &'static str {
        Self::CHOICES.iter().find(|(_, status)| *status == self).map_or("", |(code, _)| code)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) id: Uuid,
    pub(super) family: Family,
    pub(super) side: Side,
    /// The type as the API writes it: `ACCREC`, `SPEND-PREPAYMENT`; blank for orders and quotes.
    pub(super) kind: &'static str,
    pub(super) contact: Option<Uuid>,
    pub(super) date: Date,
    /// When it is due, delivered or expires.
    pub(super) due: Option<Date>,
    pub(super) status: Status,
    pub(super) amounts: LineAmounts,
    pub(super) lines: Vec<Line>,
    pub(super) totals: Totals,
    pub(super) currency: String,
    pub(super) rate: Decimal,
    pub(super) number: String,
    pub(super) reference: Option<String>,
    pub(super) is_sent: bool,
    /// Of bank transactions, prepayments and overpayments.
    pub(super) bank_account: Option<Uuid>,
    pub(super) is_reconciled: bool,
    /// The prepayment or overpayment of a bank transaction, and the other way round.
    pub(super) twin: Option<Uuid>,
    /// Payments, or refunds of a credit.
    pub(super) paid: Decimal,
    /// Credits applied to it, or what a credit was allocated.
    pub(super) credited: Decimal,
    pub(super) settled_on: Option<Date>,
    /// Fields without rules of their own, as sent.
    pub(super) kept: Json,
    pub(super) updated: Timestamp,
}

impl Document {
    /// What is still to be paid, or to be allocated.
    pub(super) fn open(&self) -> Decimal {
        self.totals.total - self.paid - self.credited
    }

    pub(super) fn is_settled_in_part(&self) -> bool {
        !self.paid.is_zero() || !self.credited.is_zero()
    }

    /// It stands in the books or may still do so.
    pub(super) fn counts(&self) -> bool {
        !matches!(self.status, Status::Voided | Status::Deleted)
    }

    /// It stands in the books.
    pub(super) fn is_approved(&self) -> bool {
        matches!(self.status, Status::Authorised | Status::Paid)
    }

    /// Notes what was settled: a document that is fully settled is paid, and open again when a settlement goes.
    pub(super) fn settle(&mut self, paid: Decimal, credited: Decimal, on: Date, now: Timestamp) {
        self.paid += paid;
        self.credited += credited;
        self.settled_on = self.settled_on.max(Some(on));
        self.close(now);
    }

    /// Paid if nothing is open, else authorised.
    pub(super) fn close(&mut self, now: Timestamp) {
        if self.is_approved() {
            self.status = if self.open().is_zero() { Status::Paid } else { Status::Authorised };
        }
        if self.status != Status::Paid {
            self.settled_on = self.settled_on.filter(|_| self.is_settled_in_part());
        } else {
            self.settled_on = self.settled_on.or(Some(self.date));
        }
        self.updated = now;
    }
}

/// How much of a document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything.
    Full,
    /// Without line items.
    NoLines,
    /// Without line items, payments and credits.
    Summary,
}

/// A document as payments, allocations and batches name it.
pub(super) fn reference(document: &Document) -> Json {
    let mut json = object! {
        "Type" => Some(document.kind).filter(|kind| !kind.is_empty()),
        document.family.id_name() => document.id,
    };
    if let Some(name) = document.family.number_name() {
        json.set(name, &document.number);
    }
    json.set("CurrencyCode", &document.currency);
    json.set("LineItems", Vec::new());
    json
}
