//! Purchase orders and quotes: documents that say what is meant to be bought or sold, and post nothing.

use uuid::Uuid;

use super::books::Books;
use super::document::{Document, Family, Side, Status};
use super::header;
use super::input::Input;
use super::invoice::{Manner, Written};
use crate::json::Json;

/// Purchase orders always keep four decimals of a unit amount.
const ORDER_DECIMALS: u32 = 4;

/// Creates or changes a purchase order or a quote.
pub(super) fn write(
    books: &mut Books,
    family: Family,
    id: Option<Uuid>,
    sent: &Json,
    manner: Manner,
) -> Result<Written, Vec<String>> {
    let mut input = Input::new(sent);
    let id = id.or_else(|| input.id(family.id_name())).filter(|_| manner.may_update);
    let before = header::before(books, family, id)?;
    let side = if family == Family::Quote { Side::Sales } else { Side::Purchases };
    let mut document = before.clone().unwrap_or_else(|| header::blank(books, family, side, ""));
    let wanted = input.choice("Status", &Status::CHOICES);
    document.status =
        next_status(&mut input, family, before.as_ref().map(|document| document.status), wanted);
    input.check()?;
    if document.status != Status::Deleted {
        read(books, &mut input, &mut document, before.is_none(), manner);
    }
    input.check()?;
    let warnings = input.warnings().to_vec();
    Ok(Written { id: header::put(books, document), warnings })
}

fn next_status(
    input: &mut Input<'_>,
    family: Family,
    before: Option<Status>,
    wanted: Option<Status>,
) -> Status {
    use Status::{Accepted, Authorised, Billed, Declined, Deleted, Draft, Invoiced, Sent, Submitted};
    let wanted = wanted.or(before).unwrap_or(Draft);
    let allowed: &[Status] = match (family, before) {
        (Family::Quote, None) => &[Draft, Sent],
        (Family::Quote, Some(Draft)) => &[Draft, Sent, Deleted],
        (Family::Quote, Some(Sent)) => &[Draft, Sent, Accepted, Declined, Invoiced, Deleted],
        (Family::Quote, Some(Accepted)) => &[Draft, Sent, Accepted, Declined, Invoiced, Deleted],
        (Family::Quote, Some(Declined)) => &[Draft, Sent, Accepted, Declined, Deleted],
        (Family::Quote, Some(Invoiced)) => &[Draft, Sent, Accepted, Invoiced, Deleted],
        (Family::PurchaseOrder, None) => &[Draft, Submitted, Authorised, Billed],
        (Family::PurchaseOrder, Some(Draft | Submitted)) => &[Draft, Submitted, Authorised, Billed, Deleted],
        (Family::PurchaseOrder, Some(Authorised | Billed)) => &[Authorised, Billed, Deleted],
        _ => &[],
    };
    if !allowed.contains(&wanted) {
        input.problem(match family {
            Family::Quote => "Quote not of valid status for modification",
            _ => "Purchase order not of valid status for modification",
        });
    }
    wanted
}

fn read(books: &mut Books, input: &mut Input<'_>, document: &mut Document, is_new: bool, manner: Manner) {
    let (taken, decimals) = match document.family {
        Family::Quote => ("Quote number must be unique", manner.decimals),
        _ => ("Order number must be unique", ORDER_DECIMALS),
    };
    header::read_number(books, input, document, true, taken);
    if document.family == Family::Quote && is_new && !input.has("Date") {
        input.problem("Date must be specified");
    }
    header::read(books, input, document, decimals, false);
    header::check_contact(books, input, document.contact, is_new);
    let limits: &[(&str, usize)] = match document.family {
        Family::Quote => &[("Title", 100), ("Summary", 3000), ("Terms", 4000)],
        _ => &[
            ("DeliveryInstructions", 500),
            ("DeliveryAddress", 500),
            ("AttentionTo", 255),
            ("Telephone", 50),
        ],
    };
    for (name, max) in limits {
        if let Some(text) = input.text_max(name, *max) {
            document.kept.set(name, text);
        }
    }
    header::keep(input, document, &["BrandingThemeID"]);
    if document.family == Family::Quote {
        document.due = input.date("ExpiryDate").or(document.due);
    } else {
        document.due = input.date("DeliveryDate").or(document.due);
        header::keep_dates(input, document, &["ExpectedArrivalDate"]);
        read_sent(input, document);
    }
}

fn read_sent(input: &mut Input<'_>, document: &mut Document) {
    match input.flag("SentToContact") {
        Some(true) if !matches!(document.status, Status::Authorised | Status::Billed) => {
            input.problem("Only AUTHORISED and BILLED purchase orders may have SentToContact updated.");
        }
        Some(is_sent) => document.is_sent = is_sent,
        None => {}
    }
}
