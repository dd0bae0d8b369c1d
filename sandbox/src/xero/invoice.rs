//! Invoices, bills and credit notes: how they are created and changed, and which status may follow which.

use uuid::Uuid;

use super::books::Books;
use super::document::{Document, Family, Side, Status};
use super::header;
use super::input::Input;
use crate::json::Json;

/// A document that was written, with what was taken otherwise than sent.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: Uuid,
    pub(super) warnings: Vec<String>,
}

/// How a call writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Documents that are there may be changed (POST); else every element is a new one (PUT).
    pub(super) may_update: bool,
    /// Decimals of unit amounts.
    pub(super) decimals: u32,
}

const KINDS: [(&str, (Family, Side, &str)); 4] = [
    ("ACCREC", (Family::Invoice, Side::Sales, "ACCREC")),
    ("ACCPAY", (Family::Invoice, Side::Purchases, "ACCPAY")),
    ("ACCRECCREDIT", (Family::CreditNote, Side::Sales, "ACCRECCREDIT")),
    ("ACCPAYCREDIT", (Family::CreditNote, Side::Purchases, "ACCPAYCREDIT")),
];

/// Fields of a bill that may still change once something was paid on it.
const OPEN_ON_PAID_BILLS: [&str; 10] = [
    "Type",
    "Status",
    "Reference",
    "DueDate",
    "InvoiceNumber",
    "BrandingThemeID",
    "Contact",
    "Url",
    "PlannedPaymentDate",
    "LineItems",
];
/// Fields of an invoice that may still change once something was paid on it.
const OPEN_ON_PAID_INVOICES: [&str; 8] = [
    "Type",
    "Status",
    "DueDate",
    "SentToContact",
    "ExpectedPaymentDate",
    "Url",
    "BrandingThemeID",
    "Contact",
];
/// Fields that identify or only say what the server worked out.
const READ_ONLY: [&str; 22] = [
    "InvoiceID",
    "CreditNoteID",
    "ID",
    "AmountDue",
    "AmountPaid",
    "AmountCredited",
    "RemainingCredit",
    "SubTotal",
    "TotalTax",
    "Total",
    "TotalDiscount",
    "UpdatedDateUTC",
    "UpdatedDateUTCString",
    "DateString",
    "DueDateString",
    "HasAttachments",
    "HasErrors",
    "IsDiscounted",
    "FullyPaidOnDate",
    "Payments",
    "CreditNotes",
    "Allocations",
];

/// Creates or changes an invoice, bill or credit note.
pub(super) fn write(
    books: &mut Books,
    family: Family,
    id: Option<Uuid>,
    sent: &Json,
    manner: Manner,
) -> Result<Written, Vec<String>> {
    let mut input = Input::new(sent);
    let before = find(books, family, id, &mut input, manner)?;
    let wanted = input.choice("Status", &Status::CHOICES);
    let mut document = match &before {
        Some(before) => before.clone(),
        None => create(books, family, &mut input)?,
    };
    let status = match &before {
        Some(before) => next_status(&mut input, before, wanted),
        None => first_status(&mut input, wanted),
    };
    input.check()?;
    let ends = matches!(status, Status::Voided | Status::Deleted);
    if !ends {
        if let Some(before) = before.as_ref().filter(|before| before.is_settled_in_part()) {
            check_settled(&mut input, before, sent);
            input.check()?;
        }
        read(books, &mut input, &mut document, before.as_ref(), manner, status);
    }
    document.status = status;
    header::check_locks(books, &mut input, before.as_ref(), &document);
    input.check()?;
    if before.is_none_or(|before| !before.is_settled_in_part()) {
        document.close(books.now);
    }
    let warnings = input.warnings().to_vec();
    Ok(Written { id: header::put(books, document), warnings })
}

/// The document that is to be changed; nothing if a new one is to be created.
fn find(
    books: &Books,
    family: Family,
    id: Option<Uuid>,
    input: &mut Input<'_>,
    manner: Manner,
) -> Result<Option<Document>, Vec<String>> {
    if !manner.may_update {
        return Ok(None);
    }
    if let Some(id) = id.or_else(|| input.id(family.id_name())) {
        return header::before(books, family, Some(id));
    }
    // Sales invoices are also found by their number; a number of a bill says nothing.
    let is_sale = input.text("Type").is_none_or(|kind| kind.eq_ignore_ascii_case("ACCREC"));
    let number = input.text("InvoiceNumber").filter(|_| family == Family::Invoice && is_sale);
    let by_number = number.and_then(|number| books.numbered(family, &number)).cloned();
    Ok(by_number.filter(|document| document.side == Side::Sales && document.counts()))
}

fn create(books: &mut Books, family: Family, input: &mut Input<'_>) -> Result<Document, Vec<String>> {
    let kind = input.choice("Type", &KINDS).filter(|(of, _, _)| *of == family);
    let Some((family, side, kind)) = kind else {
        return Err(vec!["A valid Type must be specified for this document".to_owned()]);
    };
    Ok(header::blank(books, family, side, kind))
}

fn first_status(input: &mut Input<'_>, wanted: Option<Status>) -> Status {
    match wanted.unwrap_or(Status::Draft) {
        status @ (Status::Draft | Status::Submitted | Status::Authorised) => status,
        other => {
            input.problem(format!("A new document cannot have the status {}", other.code()));
            Status::Draft
        }
    }
}

/// DRAFT and SUBMITTED may become each other, AUTHORISED or DELETED; AUTHORISED may become VOIDED; PAID comes and
/// goes with payments.
fn next_status(input: &mut Input<'_>, before: &Document, wanted: Option<Status>) -> Status {
    let wanted = wanted.unwrap_or(before.status);
    let allowed = match before.status {
        Status::Draft | Status::Submitted => {
            matches!(wanted, Status::Draft | Status::Submitted | Status::Authorised | Status::Deleted)
        }
        Status::Authorised => {
            wanted == Status::Authorised || (wanted == Status::Voided && !before.is_settled_in_part())
        }
        // A document over nothing is paid without any payment.
        Status::Paid => wanted == Status::Paid || (wanted == Status::Voided && !before.is_settled_in_part()),
        _ => false,
    };
    if !allowed {
        input.problem("Invoice not of valid status for modification");
        if before.is_settled_in_part() {
            input.problem(
                "This document cannot be edited as it has a payment or credit note allocated to it.",
            );
        }
    }
    wanted
}

/// Once something was paid or allocated, only a few fields may change.
fn check_settled(input: &mut Input<'_>, before: &Document, sent: &Json) {
    let open: &[&str] = match (before.family, before.side) {
        (Family::Invoice, Side::Purchases) => &OPEN_ON_PAID_BILLS,
        _ => &OPEN_ON_PAID_INVOICES,
    };
    let is_listed = |names: &[&str], field: &str| names.iter().any(|name| name.eq_ignore_ascii_case(field));
    let fields = sent.as_object().unwrap_or_default().iter().map(|(field, _)| field);
    let closed = fields.clone().any(|field| !is_listed(open, field) && !is_listed(&READ_ONLY, field));
    if closed {
        input.problem("This document cannot be edited as it has a payment or credit note allocated to it.");
    }
}

fn read(
    books: &mut Books,
    input: &mut Input<'_>,
    document: &mut Document,
    before: Option<&Document>,
    manner: Manner,
    status: Status,
) {
    let is_approved = matches!(status, Status::Authorised | Status::Paid);
    let taken = match document.family {
        Family::CreditNote => "Credit note # must be unique.",
        _ => "Invoice # must be unique.",
    };
    // Numbers of bills and of suppliers' credit notes are the suppliers'.
    header::read_number(books, input, document, document.side == Side::Sales, taken);
    header::read(books, input, document, manner.decimals, is_approved);
    header::check_contact(books, input, document.contact, before.is_none());
    document.due = input.date("DueDate").or(document.due);
    let needs_due_date = document.family == Family::Invoice && is_approved;
    if needs_due_date && document.due.is_none() {
        input.problem("A due date must be specified");
    }
    if let Some(before) =
        before.filter(|before| before.is_settled_in_part() && before.totals != document.totals)
    {
        // Lines of a paid bill may be described and coded anew, not priced.
        document.totals = before.totals;
        input.problem("This document cannot be edited as it has a payment or credit note allocated to it.");
    }
    match input.flag("SentToContact") {
        Some(true) if !is_approved => {
            input.problem("Only approved documents may have SentToContact updated.");
        }
        Some(is_sent) => document.is_sent = is_sent,
        None => {}
    }
    header::keep(input, document, &["Url", "BrandingThemeID"]);
    header::keep_dates(input, document, &["ExpectedPaymentDate", "PlannedPaymentDate"]);
}
