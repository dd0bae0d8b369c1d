//! Xero's errors as faults. Messages are matched loosely: their wording is no contract.

use carry_connector::Response;
use carry_model::{Code, Fault, Reach};
use serde::Deserialize;

use crate::client::parse;

/// What Xero says is wrong with an element.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Message {
    pub(crate) message: String,
}

/// The body of a refusal.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Refusal {
    message: String,
    detail: Option<String>,
    title: Option<String>,
    elements: Vec<Element>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Element {
    validation_errors: Vec<Message>,
}

/// What an element of a write's answer says of its own outcome. Endpoints word it differently.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Verdict {
    status_attribute_string: Option<String>,
    has_errors: bool,
    has_validation_errors: bool,
    validation_errors: Vec<Message>,
}

/// Why Xero refused an element of a write; None where it took it.
pub(crate) fn of_element(element: &str) -> Result<Option<Fault>, Fault> {
    let verdict: Verdict = parse(element.as_bytes())?;
    let is_refused = verdict.has_errors
        || verdict.has_validation_errors
        || verdict.status_attribute_string.as_deref() == Some("ERROR")
        || !verdict.validation_errors.is_empty();
    Ok(is_refused.then(|| of_messages(verdict.validation_errors, "Xero refused it without a word.")))
}

/// Of an answer whose status is no success. Statuses that the engine retries never come here.
pub(crate) fn of_response(response: &Response) -> Fault {
    let refusal: Refusal = serde_json::from_slice(&response.body).unwrap_or_default();
    let fault = match response.status {
        400 => {
            let messages =
                refusal.elements.into_iter().flat_map(|element| element.validation_errors).collect();
            let fault = of_messages(messages, &refusal.message);
            return if fault.raw.is_empty() { fault.detail("HTTP 400.") } else { fault };
        }
        401 => Fault::new(Code::AuthRefused),
        403 => Fault::new(Code::AuthRefused)
            .detail("The organisation is not connected, or a scope is missing.")
            .hint("Connect again with `carry connect xero` and choose the organisation."),
        404 => Fault::new(Code::RecordGone),
        412 | 500.. => Fault::new(Code::ServerFailed),
        _ => Fault::new(Code::TargetRefused),
    };
    let raw = refusal.detail.or(refusal.title).unwrap_or(refusal.message);
    let reach = if response.status >= 500 { Reach::Unknown } else { Reach::Refused };
    let fault = fault.raw(raw).reach(reach);
    if fault.detail.is_empty() { fault.detail(format!("HTTP {}.", response.status)) } else { fault }
}

/// Of the messages of one element; `otherwise` where it has none.
fn of_messages(messages: Vec<Message>, otherwise: &str) -> Fault {
    let texts: Vec<_> =
        messages.into_iter().map(|message| message.message).filter(|m| !m.is_empty()).collect();
    let raw = if texts.is_empty() { otherwise.to_owned() } else { texts.join(" ") };
    Fault::new(code_of(&raw)).raw(raw).reach(Reach::Refused)
}

fn code_of(message: &str) -> Code {
    let said = message.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&["lock date"]) {
        Code::PeriodLocked
    } else if any(&[
        "must be unique",
        "unique name",
        "already exists",
        "already assigned",
        "has this contact number",
    ]) {
        Code::NumberTaken
    } else if any(&["cannot be edited", "not of valid status", "reconciled and cannot"]) {
        Code::CannotUpdate
    } else if any(&["was not found", "could not be found"]) {
        Code::RecordGone
    } else if any(&["not subscribed to currency", "reached the limit of invoices"]) {
        Code::TargetUnsuitable
    } else {
        Code::TargetRefused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Fault {
        of_response(&Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn refusals_are_told_apart_by_their_words() {
        let refused = |message: &str| {
            answer(
                400,
                &format!(
                    r#"{{"ErrorNumber":10,"Message":"A validation exception occurred","Elements":[{{"ValidationErrors":[{{"Message":"{message}"}}]}}]}}"#
                ),
            )
        };
        assert_eq!(refused("Invoice # must be unique.").code, Code::NumberTaken);
        let lock = "The document date cannot be before the period lock date, currently set at 30-Nov-2018";
        assert_eq!(refused(lock).code, Code::PeriodLocked);
        assert_eq!(refused("The total debits (1) must equal total credits (2)").code, Code::TargetRefused);
        assert_eq!(refused("x").raw.as_ref(), "x");
    }

    #[test]
    fn an_element_tells_its_own_outcome() {
        let outcome = |element: &str| of_element(element).map(|refusal| refusal.map(|fault| fault.code));
        assert_eq!(outcome(r#"{"HasErrors":false,"ValidationErrors":[]}"#).unwrap(), None);
        assert_eq!(outcome(r#"{"HasValidationErrors":true}"#).unwrap(), Some(Code::TargetRefused));
        assert_eq!(outcome(r#"{"StatusAttributeString":"ERROR"}"#).unwrap(), Some(Code::TargetRefused));
        let taken = r#"{"ValidationErrors":[{"Message":"Invoice # must be unique."}]}"#;
        assert_eq!(outcome(taken).unwrap(), Some(Code::NumberTaken));
        assert_eq!(outcome("7").unwrap_err().code, Code::AnswerUnreadable);
    }

    #[test]
    fn pages_and_plain_texts_are_faults_too() {
        assert_eq!(answer(404, "The resource you're looking for cannot be found").code, Code::RecordGone);
        assert_eq!(
            answer(401, r#"{"Title":"Unauthorized","Detail":"TokenExpired"}"#).code,
            Code::AuthRefused
        );
        let page = answer(502, "<html>");
        assert_eq!((page.code, page.reach), (Code::ServerFailed, Reach::Unknown));
        assert_eq!(answer(400, "").code, Code::TargetRefused);
    }
}
