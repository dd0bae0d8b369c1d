//! Documents, payments and allocations as the API writes them.

use carry_model::{Date, Decimal};

use super::books::Books;
use super::document::{Detail, Document, Family, Side, Status, reference};
use super::payment::{Allocation, Payment};
use super::when;
use crate::json::{Json, object};

/// Two decimals, as amounts are written.
pub(super) fn money(amount: Decimal) -> Decimal {
    let mut amount = amount;
    amount.rescale(2);
    amount
}

/// Six decimals, as rates are written.
pub(super) fn rate(rate: Decimal) -> Decimal {
    let mut rate = rate;
    rate.rescale(6);
    rate
}

fn dated(json: &mut Json, name: &str, date: Option<Date>) {
    if let Some(date) = date {
        json.set(&format!("{name}String"), when::iso_date(date));
        json.set(name, when::wire_date(date));
    }
}

/// A document, with as much of it as asked for; unit amounts are shown with `decimals`.
pub(super) fn document(books: &Books, document: &Document, detail: Detail, decimals: u32) -> Json {
    let mut json = match document.family {
        Family::Invoice => invoice(books, document, detail),
        Family::CreditNote | Family::Prepayment | Family::Overpayment => credit(books, document, detail),
        Family::BankTransaction => bank_transaction(books, document),
        Family::PurchaseOrder | Family::Quote => order(document),
    };
    let contact = document.contact.and_then(|id| books.contacts.get(id));
    json.set("CurrencyRate", rate(document.rate));
    json.set("HasErrors", false);
    json.set("IsDiscounted", document.lines.iter().any(super::line::Line::is_discounted));
    json.set("HasAttachments", books.has_attachments(document.id));
    if let Some(contact) = contact {
        json.set("Contact", contact.reference());
    }
    dated(&mut json, "Date", Some(document.date));
    dated(&mut json, due_name(document.family), document.due);
    json.set("Status", document.status.code());
    json.set(
        "LineAmountTypes",
        match document.family {
            Family::Quote => document.amounts.code().to_ascii_uppercase(),
            _ => document.amounts.code().to_owned(),
        },
    );
    let decimals = if document.family == Family::PurchaseOrder { 4 } else { decimals };
    let shown = document.lines.iter().filter(|_| detail == Detail::Full);
    let lines = shown.map(|line| line.json(books, decimals));
    if detail != Detail::Summary {
        json.set("LineItems", lines.collect::<Vec<_>>());
    }
    json.set("SubTotal", money(document.totals.sub_total));
    json.set("TotalTax", money(document.totals.tax));
    json.set("Total", money(document.totals.total));
    if !document.totals.discount.is_zero() {
        json.set("TotalDiscount", money(document.totals.discount));
    }
    json.set("UpdatedDateUTC", when::wire_time(document.updated));
    json.set("UpdatedDateUTCString", when::iso_time(document.updated));
    json.set("CurrencyCode", &document.currency);
    if document.status == Status::Paid
        && let Some(date) = document.settled_on
    {
        json.set("FullyPaidOnDate", when::wire_date(date));
    }
    for (name, value) in document.kept.as_object().unwrap_or_default() {
        json.set(name, value.clone());
    }
    json
}

fn due_name(family: Family) -> &'static str {
    match family {
        Family::PurchaseOrder => "DeliveryDate",
        Family::Quote => "ExpiryDate",
        _ => "DueDate",
    }
}

fn invoice(books: &Books, document: &Document, detail: Detail) -> Json {
    let mut json = object! {
        "Type" => document.kind,
        "InvoiceID" => document.id,
        "InvoiceNumber" => &document.number,
        "Reference" => (document.side == Side::Sales).then(|| document.reference.clone().unwrap_or_default()),
    };
    if detail != Detail::Summary {
        json.set("Payments", payments(books, document));
        for family in [Family::CreditNote, Family::Prepayment, Family::Overpayment] {
            json.set(family.plural(), credits(books, document, family));
        }
    }
    json.set("AmountDue", money(still_open(document)));
    json.set("AmountPaid", money(document.paid));
    json.set("AmountCredited", money(document.credited));
    json.set("SentToContact", document.is_sent);
    json
}

/// Drafts are open in full, voided and deleted documents not at all.
fn still_open(document: &Document) -> Decimal {
    if document.counts() { document.open() } else { Decimal::ZERO }
}

fn payments(books: &Books, document: &Document) -> Vec<Json> {
    let short = |payment: &Payment| {
        object! {
            "PaymentID" => payment.id,
            "BatchPaymentID" => payment.batch,
            "Date" => when::wire_date(payment.date),
            "Amount" => money(payment.amount),
            "Reference" => payment.reference.clone(),
            "CurrencyRate" => rate(payment.rate),
            "HasAccount" => false,
            "HasValidationErrors" => false,
        }
    };
    books.payments_of(document.id).map(short).collect()
}

/// Credits of a family that were applied to an invoice.
fn credits(books: &Books, invoice: &Document, family: Family) -> Vec<Json> {
    let allocations = books.allocations_of(invoice.id);
    let applied = allocations.filter_map(|allocation| {
        let credit = books.documents.get(allocation.credit).filter(|credit| credit.family == family)?;
        let mut json = reference(credit);
        json.set("ID", credit.id);
        json.set("AppliedAmount", money(allocation.amount));
        dated(&mut json, "Date", Some(allocation.date));
        json.set("Total", money(credit.totals.total));
        json.set("HasErrors", false);
        Some(json)
    });
    applied.collect()
}

fn credit(books: &Books, document: &Document, detail: Detail) -> Json {
    let mut json = object! { document.family.id_name() => document.id, "ID" => document.id };
    if document.family == Family::CreditNote {
        json.set("CreditNoteNumber", &document.number);
        json.set("SentToContact", document.is_sent);
    }
    json.set("Type", document.kind);
    if document.family != Family::CreditNote || document.side == Side::Sales {
        json.set("Reference", document.reference.clone().unwrap_or_default());
    }
    json.set("RemainingCredit", money(still_open(document)));
    if detail != Detail::Summary {
        let allocations = books.allocations_of(document.id).map(|one| allocation(books, one));
        json.set("Allocations", allocations.collect::<Vec<_>>());
        json.set("Payments", payments(books, document));
    }
    json
}

/// An allocation as its credit shows it.
pub(super) fn allocation(books: &Books, allocation: &Allocation) -> Json {
    let invoice = books.documents.get(allocation.invoice);
    object! {
        "AllocationID" => allocation.id,
        "Amount" => money(allocation.amount),
        "Date" => when::wire_date(allocation.date),
        "Invoice" => invoice.map(reference),
        "IsDeleted" => false,
    }
}

fn bank_transaction(books: &Books, document: &Document) -> Json {
    let account = document.bank_account.and_then(|id| books.accounts.get(id));
    let twin = document.twin.and_then(|id| books.documents.get(id));
    let mut json = object! {
        "BankTransactionID" => document.id,
        "BankAccount" => account.map(super::account::Account::reference),
        "Type" => document.kind,
        "Reference" => document.reference.clone().unwrap_or_default(),
        "IsReconciled" => document.is_reconciled,
    };
    if let Some(twin) = twin {
        json.set(twin.family.id_name(), twin.id);
    }
    json
}

fn order(document: &Document) -> Json {
    let mut json = object! { document.family.id_name() => document.id };
    if let Some(name) = document.family.number_name() {
        json.set(name, &document.number);
    }
    json.set("Reference", document.reference.clone().unwrap_or_default());
    if document.family == Family::PurchaseOrder {
        json.set("Type", "PURCHASEORDER");
        json.set("SentToContact", document.is_sent);
    }
    json
}

/// A payment.
pub(super) fn payment(books: &Books, payment: &Payment) -> Json {
    let account = books.accounts.get(payment.account);
    let batch = payment.batch.and_then(|id| books.batch_payments.get(id));
    let target = books.documents.get(payment.document);
    let mut json = object! {
        "PaymentID" => payment.id,
        "BatchPaymentID" => payment.batch,
        "BatchPayment" => batch.map(|batch| batch.json(books, false)),
        "Date" => when::wire_date(payment.date),
        "BankAmount" => money(payment.bank_amount),
        "Amount" => money(payment.amount),
        "Reference" => payment.reference.clone(),
        "CurrencyRate" => rate(payment.rate),
        "PaymentType" => target.map(payment_type),
        "Status" => payment.status(),
        "UpdatedDateUTC" => when::wire_time(payment.updated),
        "UpdatedDateUTCString" => when::iso_time(payment.updated),
        "HasAccount" => true,
        "IsReconciled" => payment.is_reconciled,
        "Account" => account.map(super::account::Account::reference),
        "HasValidationErrors" => false,
    };
    if let Some(target) = target {
        json.set("Invoice", paid_document(books, target));
        match target.family {
            Family::Prepayment => json.set("Prepayment", reference(target)),
            Family::Overpayment => json.set("Overpayment", reference(target)),
            Family::CreditNote => json.set("CreditNote", reference(target)),
            _ => {}
        }
    }
    json
}

/// The document of a payment. Credits too are shown as an invoice, under their own type.
fn paid_document(books: &Books, document: &Document) -> Json {
    let contact = document.contact.and_then(|id| books.contacts.get(id));
    object! {
        "Type" => document.kind,
        "InvoiceID" => document.id,
        "InvoiceNumber" => &document.number,
        "Payments" => Vec::new(),
        "CreditNotes" => Vec::new(),
        "Prepayments" => Vec::new(),
        "Overpayments" => Vec::new(),
        "HasErrors" => false,
        "IsDiscounted" => false,
        "Contact" => contact.map(super::contact::Contact::reference),
        "LineItems" => Vec::new(),
        "CurrencyCode" => &document.currency,
    }
}

fn payment_type(document: &Document) -> &'static str {
    match (document.family, document.side) {
        (Family::CreditNote, Side::Sales) => "ARCREDITPAYMENT",
        (Family::CreditNote, Side::Purchases) => "APCREDITPAYMENT",
        (Family::Prepayment, Side::Sales) => "ARPREPAYMENTPAYMENT",
        (Family::Prepayment, Side::Purchases) => "APPREPAYMENTPAYMENT",
        (Family::Overpayment, Side::Sales) => "AROVERPAYMENTPAYMENT",
        (Family::Overpayment, Side::Purchases) => "APOVERPAYMENTPAYMENT",
        (_, Side::Sales) => "ACCRECPAYMENT",
        (_, Side::Purchases) => "ACCPAYPAYMENT",
    }
}
