//! How a call is refused, and what the API then answers.

use uuid::Uuid;

use super::document::Family;
use crate::json::{Json, object};

/// Why a call is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Refusal {
    /// No such resource.
    NotFound,
    /// The endpoint does not take this method.
    MethodNotAllowed,
    /// The body is no JSON, or not of the shape the endpoint takes.
    Body(String),
    /// The filter or the order cannot be read.
    Query(String),
    /// The request as a whole breaks a rule.
    Rule(String),
    /// Elements of the request break rules.
    Elements(Vec<Json>),
    /// The idempotency key belongs to another request.
    Key(String),
}

impl Refusal {
    /// The status and body that answer the call. What is not found is answered in plain text.
    pub(super) fn answer(self) -> (u16, Json) {
        match self {
            Self::NotFound => (404, "The resource you're looking for cannot be found".into()),
            Self::MethodNotAllowed => (405, "The method is not allowed for this resource".into()),
            Self::Body(message) => (400, exception(17, "PostDataInvalidException", &message)),
            Self::Query(message) => (400, exception(16, "QueryParseException", &message)),
            Self::Rule(message) => (400, validation(vec![with_errors(object! {}, &[message])])),
            Self::Elements(elements) => (400, validation(elements)),
            Self::Key(message) => (400, exception(10, "ValidationException", &message)),
        }
    }
}

fn exception(number: usize, kind: &str, message: &str) -> Json {
    object! { "ErrorNumber" => number, "Type" => kind, "Message" => message }
}

fn validation(elements: Vec<Json>) -> Json {
    let mut body = exception(10, "ValidationException", "A validation exception occurred");
    body.set("Elements", elements);
    body
}

/// What Xero says where there is nothing of that id.
pub(super) const GONE: &str = "The document with the supplied id was not found for this endpoint.";

/// What Xero says where there is no document of that id.
pub(super) fn gone(family: Family) -> Vec<String> {
    let said = match family {
        Family::CreditNote => "An existing Credit Note with the specified CreditNoteID could not be found",
        _ => GONE,
    };
    vec![said.to_owned()]
}

/// The element with what is wrong with it.
pub(super) fn with_errors(mut element: Json, messages: &[String]) -> Json {
    element.set("HasErrors", true);
    element.set("HasValidationErrors", true);
    element.set("StatusAttributeString", "ERROR");
    element.set("ValidationErrors", list_of_messages(messages));
    element
}

/// The messages as the API lists them.
pub(super) fn list_of_messages(messages: &[String]) -> Json {
    Json::List(messages.iter().map(|message| object! { "Message" => message }).collect())
}

/// An element that was not taken: what was sent, under the id it had or the zero id.
pub(super) fn refused(sent: &Json, id_name: &str, messages: &[String]) -> Json {
    let mut echo = if matches!(sent, Json::Object(_)) {
        sent.clone()
    } else {
        object! {}
    };
    if echo.at(id_name).and_then(Json::as_str).is_none() {
        echo.set(id_name, Uuid::nil());
    }
    with_errors(echo, messages)
}
