//! What `PUT`, `POST` and `DELETE` do.

use uuid::Uuid;

use super::account;
use super::attachment;
use super::bank;
use super::batch_payment;
use super::books::Books;
use super::contact;
use super::document::{Detail, Family};
use super::input::Input;
use super::invoice::{self, Manner, Written};
use super::item;
use super::journal;
use super::list::flag;
use super::order;
use super::organisation;
use super::payment;
use super::read::{decimals, document, family, owner};
use super::refusal::{Refusal, list_of_messages, refused, with_errors};
use super::render;
use super::route::Reply;
use super::setup;
use super::tax;
use super::tracking;
use crate::http::Request;
use crate::json::{Json, object};

/// Most items a call may carry; other endpoints have no cap but the size of the body.
const ITEMS_MAX: usize = 500;

/// An element that was written: what the reply says of it, and warnings.
type Outcome = Result<(Json, Vec<String>), Vec<String>>;

/// Carries a call out.
pub(super) fn answer(books: &mut Books, request: &Request, path: &[&str]) -> Result<Reply, Refusal> {
    match (request.method.as_str(), path) {
        ("PUT" | "POST", [endpoint, id, "Attachments", name]) => {
            let owner = owner(books, endpoint, id)?;
            let mime = request.header_value("content-type").unwrap_or("application/octet-stream").to_owned();
            let is_online = flag(request, "IncludeOnline") == Some(true);
            let file = attachment::attach(books, endpoint, owner, name, &mime, is_online, &request.body)?;
            Ok(Reply::rows("Attachments", vec![file]))
        }
        ("PUT" | "POST", _) => {
            let body = Json::parse(&request.body).map_err(|e| Refusal::Body(e.to_string()))?;
            if !matches!(body, Json::Object(_) | Json::List(_)) {
                return Err(Refusal::Body("An object was expected".to_owned()));
            }
            put_or_post(books, request, path, &body)
        }
        ("DELETE", _) => delete(books, path),
        _ => Err(Refusal::MethodNotAllowed),
    }
}

/// The elements of a body: those under the endpoint's name, or the body itself.
fn elements<'a>(body: &'a Json, name: &str) -> &'a [Json] {
    match body.at(name) {
        Some(Json::List(items)) => items,
        _ => body.as_array().unwrap_or_else(|| std::slice::from_ref(body)),
    }
}

fn first<'a>(body: &'a Json, name: &str) -> Result<&'a Json, Refusal> {
    match elements(body, name) {
        [one] => Ok(one),
        _ => Err(Refusal::Body(format!("Exactly one element of {name} was expected"))),
    }
}

fn put_or_post(books: &mut Books, request: &Request, path: &[&str], body: &Json) -> Result<Reply, Refusal> {
    let is_post = request.method == "POST";
    match path {
        ["Accounts"] if !is_post => {
            let account = account::write(books, None, first(body, "Accounts")?)?;
            Ok(Reply::rows("Accounts", vec![account]))
        }
        ["Accounts", id] if is_post => {
            let account = account::write(books, Some(guid(id)?), first(body, "Accounts")?)?;
            Ok(Reply::rows("Accounts", vec![account]))
        }
        ["TaxRates"] => {
            let rate = tax::write(books, first(body, "TaxRates")?, is_post)?;
            Ok(Reply::rows("TaxRates", vec![rate]))
        }
        ["Currencies"] if !is_post => {
            let currency = organisation::add_currency(books, first(body, "Currencies")?)?;
            Ok(Reply::rows("Currencies", vec![currency]))
        }
        ["TrackingCategories"] if !is_post => {
            let category = tracking::create(books, first(body, "TrackingCategories")?)?;
            Ok(Reply::rows("TrackingCategories", vec![category]))
        }
        ["TrackingCategories", id] if is_post => {
            let category = tracking::update(books, guid(id)?, first(body, "TrackingCategories")?)?;
            Ok(Reply::rows("TrackingCategories", vec![category]))
        }
        ["TrackingCategories", id, "Options"] if !is_post => {
            let options = tracking::add_options(books, guid(id)?, elements(body, "Options"))?;
            Ok(Reply::rows("Options", options))
        }
        ["TrackingCategories", id, "Options", option] if is_post => {
            let option = tracking::update_option(books, guid(id)?, guid(option)?, first(body, "Options")?)?;
            Ok(Reply::rows("Options", vec![option]))
        }
        ["ContactGroups", id, "Contacts"] if !is_post => {
            let joined = contact::join(books, guid(id)?, elements(body, "Contacts"));
            joined.map(|rows| Reply::rows("Contacts", rows)).map_err(|texts| Refusal::Rule(texts.join(" ")))
        }
        ["Setup"] if is_post => setup::answer(books, body),
        [endpoint, id, "History"] if !is_post => {
            let owner = owner(books, endpoint, id)?;
            let sent = elements(body, "HistoryRecords");
            let notes =
                sent.iter().map(|note| attachment::note(books, owner, note)).collect::<Result<_, _>>()?;
            Ok(Reply::rows("HistoryRecords", notes))
        }
        ["Invoices", id, "Email"] if is_post => {
            document(books, Family::Invoice, id).ok_or(Refusal::NotFound)?;
            Ok(Reply::Empty)
        }
        ["CreditNotes" | "Prepayments" | "Overpayments", id, "Allocations"] if !is_post => {
            let family = path.first().and_then(|name| family(name)).ok_or(Refusal::NotFound)?;
            let credit = document(books, family, id).ok_or(Refusal::NotFound)?.id;
            let write = |books: &mut Books, sent: &Json| {
                payment::allocate(books, credit, sent).map(|json| (json, Vec::new()))
            };
            each(books, request, "Allocations", "AllocationID", elements(body, "Allocations"), write)
        }
        [endpoint] => batch(books, request, endpoint, None, body),
        [endpoint, id] if is_post => {
            let id = target(books, endpoint, id)?;
            batch(books, request, endpoint, Some(id), body)
        }
        _ => Err(Refusal::NotFound),
    }
}

fn guid(text: &str) -> Result<Uuid, Refusal> {
    text.parse().map_err(|_| Refusal::NotFound)
}

/// What a path names: it must be there.
fn target(books: &Books, endpoint: &str, id: &str) -> Result<Uuid, Refusal> {
    match endpoint {
        "ContactGroups" => guid(id).and_then(|id| books.groups.get(id).map(|_| id).ok_or(Refusal::NotFound)),
        "Items" => {
            let by_code = || books.item(id).map(|item| item.id);
            owner(books, endpoint, id).or_else(|_| by_code().ok_or(Refusal::NotFound))
        }
        _ => owner(books, endpoint, id),
    }
}

/// Elements of an endpoint that takes many.
fn batch(
    books: &mut Books,
    request: &Request,
    endpoint: &str,
    id: Option<Uuid>,
    body: &Json,
) -> Result<Reply, Refusal> {
    let manner = Manner { may_update: request.method == "POST", decimals: decimals(request) };
    let sent = elements(body, endpoint);
    if id.is_some() && sent.len() != 1 {
        return Err(Refusal::Body("Exactly one element was expected".to_owned()));
    }
    if let Some(family) = family(endpoint) {
        if matches!(family, Family::Prepayment | Family::Overpayment) {
            return Err(Refusal::MethodNotAllowed);
        }
        let write = move |books: &mut Books, sent: &Json| {
            let written = write_document(books, family, id, sent, manner)?;
            let document = books.documents.get(written.id).ok_or_else(Vec::new)?;
            Ok((render::document(books, document, Detail::Full, manner.decimals), written.warnings))
        };
        return each(books, request, family.plural(), family.id_name(), sent, write);
    }
    let plain = |result: Result<Json, Vec<String>>| result.map(|json| (json, Vec::new()));
    let post = manner.may_update;
    match endpoint {
        "Contacts" => each(books, request, "Contacts", "ContactID", sent, move |books, sent| {
            plain(contact::write(books, id, sent, post))
        }),
        "ContactGroups" => {
            each(books, request, "ContactGroups", "ContactGroupID", sent, move |books, sent| {
                let id = id.or_else(|| Input::new(sent).id("ContactGroupID").filter(|_| post));
                plain(contact::write_group(books, id, sent))
            })
        }
        "Items" if sent.len() > ITEMS_MAX => {
            Err(Refusal::Rule(format!("No more than {ITEMS_MAX} items can be sent at once")))
        }
        "Items" => each(books, request, "Items", "ItemID", sent, move |books, sent| {
            let mut sent = sent.clone();
            if let Some(id) = id {
                sent.set("ItemID", id);
            }
            plain(item::write(books, &sent, post, manner.decimals))
        }),
        "Payments" => each(books, request, "Payments", "PaymentID", sent, move |books, sent| {
            pay_or_delete(books, id, sent, post)
        }),
        "BatchPayments" => {
            each(books, request, "BatchPayments", "BatchPaymentID", sent, move |books, sent| {
                let id = id.or_else(|| Input::new(sent).id("BatchPaymentID"));
                match id.filter(|_| post) {
                    Some(id) => plain(wants_deletion(sent).and_then(|()| batch_payment::delete(books, id))),
                    None => plain(batch_payment::create(books, sent)),
                }
            })
        }
        "BankTransfers" => {
            each(books, request, "BankTransfers", "BankTransferID", sent, move |books, sent| {
                let id = id.or_else(|| Input::new(sent).id("BankTransferID"));
                match id.filter(|_| post) {
                    Some(id) => plain(wants_deletion(sent).and_then(|()| bank::delete_transfer(books, id))),
                    None => plain(bank::transfer(books, sent)),
                }
            })
        }
        "ManualJournals" => {
            each(books, request, "ManualJournals", "ManualJournalID", sent, move |books, sent| {
                plain(journal::write(books, id, sent, post))
            })
        }
        _ => Err(Refusal::NotFound),
    }
}

fn write_document(
    books: &mut Books,
    family: Family,
    id: Option<Uuid>,
    sent: &Json,
    manner: Manner,
) -> Result<Written, Vec<String>> {
    match family {
        Family::Invoice | Family::CreditNote => invoice::write(books, family, id, sent, manner),
        Family::BankTransaction => bank::write(books, id, sent, manner),
        _ => order::write(books, family, id, sent, manner),
    }
}

fn pay_or_delete(books: &mut Books, id: Option<Uuid>, sent: &Json, is_post: bool) -> Outcome {
    let id = id.or_else(|| Input::new(sent).id("PaymentID")).filter(|_| is_post);
    let id = match id {
        Some(id) => {
            wants_deletion(sent)?;
            payment::delete(books, id, false)?;
            id
        }
        None => payment::pay(books, sent, None)?,
    };
    let payment = books.payments.get(id).ok_or_else(Vec::new)?;
    Ok((render::payment(books, payment), Vec::new()))
}

/// Payments and transfers cannot be changed, only deleted.
fn wants_deletion(sent: &Json) -> Result<(), Vec<String>> {
    let status = sent.at("Status").and_then(Json::as_str).unwrap_or_default();
    if status.eq_ignore_ascii_case("DELETED") {
        Ok(())
    } else {
        Err(vec!["Only the status DELETED can be set on this document".to_owned()])
    }
}

/// Writes each element. One that is refused makes the whole call fail and nothing is saved, unless the call says
/// `summarizeErrors=false`: then the others are saved, and every element says what became of it.
fn each(
    books: &mut Books,
    request: &Request,
    name: &'static str,
    id_name: &str,
    sent: &[Json],
    write: impl Fn(&mut Books, &Json) -> Outcome,
) -> Result<Reply, Refusal> {
    let is_lenient = flag(request, "summarizeErrors") == Some(false);
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for element in sent {
        let mut draft = books.clone();
        match write(&mut draft, element) {
            Ok((json, warnings)) => {
                *books = draft;
                rows.push(taken(json, &warnings));
            }
            Err(messages) if is_lenient => rows.push(refused(element, id_name, &messages)),
            Err(messages) => failed.push(refused(element, id_name, &messages)),
        }
    }
    if failed.is_empty() { Ok(Reply::rows(name, rows)) } else { Err(Refusal::Elements(failed)) }
}

fn taken(mut json: Json, warnings: &[String]) -> Json {
    json.set("StatusAttributeString", if warnings.is_empty() { "OK" } else { "WARNING" });
    if !warnings.is_empty() {
        json.set("Warnings", list_of_messages(warnings));
    }
    json
}

fn delete(books: &mut Books, path: &[&str]) -> Result<Reply, Refusal> {
    match path {
        ["Accounts", id] => {
            account::delete(books, guid(id)?).map(|account| Reply::rows("Accounts", vec![account]))
        }
        ["Items", id] => item::delete(books, guid(id)?).map(|()| Reply::Empty),
        ["TrackingCategories", id] => {
            let category = tracking::delete(books, guid(id)?)?;
            Ok(Reply::rows("TrackingCategories", vec![category]))
        }
        ["TrackingCategories", id, "Options", option] => {
            let option = tracking::delete_option(books, guid(id)?, guid(option)?)?;
            Ok(Reply::rows("Options", vec![option]))
        }
        ["ContactGroups", id, "Contacts"] => leave(books, guid(id)?, None),
        ["ContactGroups", id, "Contacts", contact] => leave(books, guid(id)?, Some(guid(contact)?)),
        ["CreditNotes" | "Prepayments" | "Overpayments", id, "Allocations", allocation] => {
            let family = path.first().and_then(|name| family(name)).ok_or(Refusal::NotFound)?;
            let credit = document(books, family, id).ok_or(Refusal::NotFound)?.id;
            let deleted = payment::unallocate(books, credit, guid(allocation)?).ok_or(Refusal::NotFound)?;
            let json =
                deleted.map_err(|messages| Refusal::Elements(vec![with_errors(object! {}, &messages)]))?;
            Ok(Reply::Object(json))
        }
        [_, _] => Err(Refusal::MethodNotAllowed),
        _ => Err(Refusal::NotFound),
    }
}

fn leave(books: &mut Books, group: Uuid, contact: Option<Uuid>) -> Result<Reply, Refusal> {
    if contact::leave(books, group, contact) { Ok(Reply::Empty) } else { Err(Refusal::NotFound) }
}
