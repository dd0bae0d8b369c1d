//! From a call to the books and back to an answer.

use carry_model::Timestamp;
use uuid::Uuid;

use super::books::Books;
use super::list::Listed;
use super::read;
use super::refusal::Refusal;
use super::when;
use super::write;
use crate::http::{Request, Response};
use crate::json::{Json, object};
use crate::ledger::Ledger;

/// What a call is answered with.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// Rows under the endpoint's name, with what is said about pages.
    Rows(&'static str, Vec<Json>, Option<Json>),
    /// Fields of the reply itself.
    Object(Json),
    /// An attached file.
    File { mime_type: String, bytes: Vec<u8> },
    /// Nothing but the status.
    Empty,
}

impl Reply {
    pub(super) fn rows(name: &'static str, rows: Vec<Json>) -> Self {
        Self::Rows(name, rows, None)
    }

    pub(super) fn listed(name: &'static str, listed: Listed) -> Self {
        Self::Rows(name, listed.rows, listed.pagination)
    }
}

/// Spellings of every endpoint and word in a path; clients write them in any case.
const WORDS: [&str; 34] = [
    "Accounts",
    "Actions",
    "Allocations",
    "Attachments",
    "BankTransactions",
    "BankTransfers",
    "BatchPayments",
    "BrandingThemes",
    "ContactGroups",
    "Contacts",
    "CreditNotes",
    "Currencies",
    "Email",
    "History",
    "InvoiceReminders",
    "Invoices",
    "Items",
    "Journals",
    "ManualJournals",
    "OnlineInvoice",
    "Options",
    "Organisation",
    "Overpayments",
    "Payments",
    "Prepayments",
    "PurchaseOrders",
    "Quotes",
    "Reports",
    "Settings",
    "Setup",
    "TaxRates",
    "TrackingCategories",
    "Users",
    "pdf",
];

/// The segments of a path below the API's root, known words in their own spelling.
pub(super) fn segments(path: &str) -> Vec<&str> {
    let segments = path.split('/').filter(|segment| !segment.is_empty()).enumerate();
    segments
        .map(|(at, segment)| {
            // Ids and file names stand at odd places, and are left alone.
            let word = WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(segment));
            word.filter(|_| at % 2 == 0 || at == 1).unwrap_or(segment)
        })
        .collect()
}

/// Carries a call out on the books and answers under `id`. What a refused call did is forgotten.
pub(super) fn answer(
    books: &mut Books,
    ledger: &Ledger,
    request: &Request,
    path: &str,
    id: Uuid,
) -> Response {
    let segments = segments(path);
    let mut draft = books.clone();
    let reply = match request.method.as_str() {
        "GET" => read::answer(&draft, ledger, request, &segments),
        _ => write::answer(&mut draft, request, &segments),
    };
    match reply {
        Ok(reply) => {
            *books = draft;
            respond(books.now, id, reply)
        }
        Err(refusal) => refuse(refusal),
    }
}

pub(super) fn refuse(refusal: Refusal) -> Response {
    match refusal.answer() {
        (status, Json::Text(text)) => Response::text(status, &text),
        (status, json) => Response::json(status, json.to_bytes()),
    }
}

fn respond(now: Timestamp, id: Uuid, reply: Reply) -> Response {
    let mut body = object! {
        "Id" => id,
        "Status" => "OK",
        "ProviderName" => "Sandbox app",
        "DateTimeUTC" => when::wire_time(now),
    };
    match reply {
        Reply::Rows(name, rows, pagination) => {
            if let Some(pagination) = pagination {
                body.set("pagination", pagination);
            }
            body.set(name, rows);
        }
        Reply::Object(json) => {
            for (name, value) in json.as_object().unwrap_or_default() {
                body.set(name, value.clone());
            }
        }
        Reply::File { mime_type, bytes } => {
            return Response::status(200).header("content-type", &mime_type).body(bytes);
        }
        Reply::Empty => return Response::status(204),
    }
    Response::json(200, body.to_bytes())
}
