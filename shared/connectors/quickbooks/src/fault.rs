//! QuickBooks' errors as faults.

use carry_connector::{Effect, Response, json};
use carry_model::{Code, Fault, Reach};
use serde::Deserialize;

/// The object is not there, or is inactive.
pub(crate) const NOT_FOUND: u32 = 610;
/// The object changed since its token was read.
pub(crate) const STALE: u32 = 5010;
/// The document number is taken.
pub(crate) const NUMBER_TAKEN: u32 = 6140;
/// The name is taken.
pub(crate) const NAME_TAKEN: u32 = 6240;
/// Too many calls.
const THROTTLED: u32 = 3001;

/// An error body; a refused token is answered in lower case.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    #[serde(rename = "Fault", alias = "fault")]
    fault: FaultBody,
}

/// A fault as a body or a batch's item holds it.
#[derive(Debug, Deserialize)]
pub(crate) struct FaultBody {
    #[serde(rename = "Error", alias = "error", default)]
    errors: Vec<ErrorItem>,
}

#[derive(Debug, Default, Deserialize)]
struct ErrorItem {
    #[serde(rename = "Message", alias = "message", default)]
    message: String,
    #[serde(rename = "Detail", alias = "detail", default)]
    detail: String,
    #[serde(default)]
    code: String,
}

/// What the first error of a fault means. An answered error did nothing.
pub(crate) fn of_body(body: &FaultBody) -> Fault {
    let nothing = ErrorItem::default();
    let error = body.errors.first().unwrap_or(&nothing);
    let number: u32 = error.code.trim_start_matches('0').parse().unwrap_or_default();
    let code = match number {
        THROTTLED => Code::RateLimited,
        100 | 110 | 120 | 3100 | 3200 => Code::AuthRefused,
        5020 | 5030 => Code::EntityUnsupported,
        STALE | 10_000 => Code::ServerFailed,
        NUMBER_TAKEN | NAME_TAKEN => Code::NumberTaken,
        6190 => Code::TargetUnsuitable,
        6200 | 6210 => Code::PeriodLocked,
        _ => Code::TargetRefused,
    };
    let raw = match error.detail.is_empty() {
        true => error.message.clone(),
        false => format!("{}: {}", error.message, error.detail),
    };
    let fault = Fault::new(code).reach(Reach::Refused).raw(raw).detail(format!("QuickBooks error {number}."));
    match number {
        5020 | 5030 => fault.hint("The plan or the user's role lacks this feature: see the raw message."),
        6190 => fault.hint("The subscription has ended: the company can only be read."),
        _ => fault,
    }
}

/// The number QuickBooks gave the error, where it gave one.
pub(crate) fn number(fault: &Fault) -> Option<u32> {
    fault.detail.strip_prefix("QuickBooks error ")?.trim_end_matches('.').parse().ok()
}

/// Of an answer whose status is no success.
pub(crate) fn of_status(response: &Response, effect: Effect) -> Fault {
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(&response.body) {
        return of_body(&body.fault);
    }
    let code = match response.status {
        401 | 403 => Code::AuthRefused,
        404 => Code::ConfigInvalid,
        429 => Code::RateLimited,
        500.. => Code::ServerFailed,
        _ => Code::TargetRefused,
    };
    // A proxy in between may have given up on a call that went on.
    let doubtful = response.status >= 500 && effect != Effect::Read;
    Fault::new(code)
        .reach(if doubtful { Reach::Unknown } else { Reach::Refused })
        .detail(format!("HTTP {}", response.status))
}

/// Of an answer that says success and cannot be read: a write may have been carried out.
pub(crate) fn unreadable(effect: Effect, what: &str) -> Fault {
    let reach = if effect == Effect::Read { Reach::Refused } else { Reach::Unknown };
    Fault::new(Code::AnswerUnreadable).reach(reach).detail(what)
}

/// The same, with the place where it stopped being what was expected.
pub(crate) fn unparsed(effect: Effect, what: &str, error: &serde_json::Error) -> Fault {
    unreadable(effect, &format!("{what}, {}", json::place(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Fault {
        let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
        of_status(&response, Effect::Write)
    }

    #[test]
    fn both_cases_of_the_envelope_are_read() {
        let fault = of(
            400,
            r#"{"Fault":{"Error":[{"Message":"Duplicate Name Exists Error","Detail":"The name supplied already exists.","code":"6240","element":""}],"type":"ValidationFault"},"time":"2026-01-01T09:17:31.892-07:00"}"#,
        );
        assert_eq!((fault.code, number(&fault)), (Code::NumberTaken, Some(6240)));
        assert!(fault.raw.contains("The name supplied"));
        let fault = of(
            401,
            r#"{"warnings":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired","code":"003200"}],"type":"AUTHENTICATION"}}"#,
        );
        assert_eq!(fault.code, Code::AuthRefused);
    }

    #[test]
    fn codes_lead_to_the_right_action() {
        let code =
            |number: &str| of(400, &format!(r#"{{"Fault":{{"Error":[{{"code":"{number}"}}]}}}}"#)).code;
        assert_eq!(code("003001"), Code::RateLimited);
        assert_eq!(code("6210"), Code::PeriodLocked);
        assert_eq!(code("5030"), Code::EntityUnsupported);
        assert_eq!(code("6000"), Code::TargetRefused);
    }

    #[test]
    fn pages_instead_of_answers_are_told_apart() {
        assert_eq!(of(502, "<html>").reach, Reach::Unknown);
        assert_eq!(of(404, "<html>").code, Code::ConfigInvalid);
        assert_eq!(of(400, "[[[[").code, Code::TargetRefused);
    }
}
