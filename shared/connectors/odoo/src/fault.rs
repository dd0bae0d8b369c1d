//! Odoo's errors as faults. An answered error means that the call's transaction was rolled back.

use carry_connector::Response;
use carry_model::{Code, Fault, Reach};
use serde_json::Value;

/// Of an answer whose status is no success.
pub(crate) fn of_status(response: &Response) -> Fault {
    if let Ok(error @ Value::Object(_)) = serde_json::from_slice::<Value>(&response.body) {
        if response.status == 401 {
            return Fault::new(Code::AuthRefused).reach(Reach::Refused);
        }
        if error.get("name").is_some() {
            return of_error(&error);
        }
    }
    let fault = match response.status {
        401 => Fault::new(Code::AuthRefused),
        // Without a JSON body this is Odoo's page for a database it does not have.
        404 => Fault::new(Code::ConfigInvalid)
            .field("database")
            .detail("The server has no such database, or it is no Odoo server."),
        429 => Fault::new(Code::RateLimited),
        500.. => Fault::new(Code::ServerFailed),
        _ => Fault::new(Code::TargetRefused),
    };
    // A proxy in between may have given up on a call that went on.
    let reach = if response.status >= 500 { Reach::Unknown } else { Reach::Refused };
    fault.detail(format!("HTTP {}", response.status)).reach(reach)
}

/// Of an error as Odoo words it: `name` is the exception's class, `message` what a user would read.
pub(crate) fn of_error(error: &Value) -> Fault {
    let text = |field| error.get(field).and_then(Value::as_str).unwrap_or_default();
    let class = text("name").rsplit('.').next().unwrap_or_default();
    let message = text("message");
    let fault = match class {
        "AccessDenied" | "SessionExpiredException" | "Unauthorized" => Fault::new(Code::AuthRefused),
        "AccessError" => Fault::new(Code::TargetUnsuitable)
            .detail("The user behind the key lacks a right.")
            .hint("Give the user the group that the raw message names (Settings, Users), then go on."),
        "MissingError" => Fault::new(Code::RecordGone),
        "LockNotAvailable" | "SerializationFailure" | "OperationalError" | "ConcurrencyError" => {
            Fault::new(Code::ServerFailed)
        }
        _ => Fault::new(of_message(message)),
    };
    fault.raw(message).reach(Reach::Refused)
}

/// What an English message of a refusal means.
pub(crate) fn of_message(message: &str) -> Code {
    let said = message.to_lowercase();
    if said.contains("lock date") || said.contains("locked period") {
        Code::PeriodLocked
    } else if said.contains("same name already exists") || said.contains("must be unique per company") {
        Code::NumberTaken
    } else if said.contains("could not serialize access") {
        Code::ServerFailed
    } else {
        Code::TargetRefused
    }
}

/// True where a refusal is about the document's number, so that another number would be taken.
pub(crate) fn is_about_number(fault: &Fault) -> bool {
    let said = fault.raw.to_lowercase();
    fault.code == Code::NumberTaken || said.contains("sequence number") || said.contains("same number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refusals_are_told_apart_by_their_words() {
        let of = |name: &str, message: &str| of_error(&json!({"name": name, "message": message})).code;
        let user = "odoo.exceptions.UserError";
        let lock = "You cannot add/modify entries prior to and inclusive of: Global Lock Date (09/30/2025).";
        assert_eq!(of(user, lock), Code::PeriodLocked);
        let taken = "The operation cannot be completed: Another entry with the same name already exists.";
        assert_eq!(of("odoo.exceptions.ValidationError", taken), Code::NumberTaken);
        assert_eq!(of(user, "The field is required."), Code::TargetRefused);
        assert_eq!(of("odoo.exceptions.AccessError", "Not allowed"), Code::TargetUnsuitable);
        assert_eq!(of("odoo.exceptions.MissingError", "Gone"), Code::RecordGone);
    }

    #[test]
    fn a_page_instead_of_an_answer_names_the_setting() {
        let page = |status| Response { status, headers: Vec::new(), body: b"<html>".to_vec() };
        assert_eq!(of_status(&page(404)).code, Code::ConfigInvalid);
        assert_eq!(of_status(&page(401)).code, Code::AuthRefused);
        assert_eq!(of_status(&page(502)).reach, Reach::Unknown);
    }

    #[test]
    fn numbers_that_do_not_fit_the_date_are_recognised() {
        let message = "The Date (01/31/2026) you've entered isn't aligned with the existing sequence number (2024-0001).";
        assert!(is_about_number(&Fault::new(Code::TargetRefused).raw(message)));
        assert!(!is_about_number(&Fault::new(Code::TargetRefused).raw("The partner is missing.")));
    }
}
