//! Why a call was refused: the documented codes with their texts.

use carry_model::Timestamp;

use crate::http::Response;
use crate::json::{Json, object};

/// One error of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) detail: String,
    pub(super) element: String,
}

/// An error of a code, with its text and what it is about.
pub(super) fn refusal(code: &'static str, message: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal { code, message, detail: detail.into(), element: String::new() }
}

impl Refusal {
    /// The same error about an element of the body.
    pub(super) fn on(self, element: &str) -> Self {
        Self { element: element.to_owned(), ..self }
    }

    /// The fault as it stands in a reply.
    pub(super) fn fault(&self) -> Json {
        let error = object! {
            "Message" => self.message,
            "Detail" => &self.detail,
            "code" => self.code,
            "element" => &self.element,
        };
        object! { "Error" => vec![error], "type" => self.kind() }
    }

    fn kind(&self) -> &'static str {
        match self.code {
            "3100" => "AuthorizationFault",
            "3001" => "SERVICE",
            "10000" => "SystemFault",
            _ => "ValidationFault",
        }
    }

    /// The reply of a call that was refused at `time`.
    pub(super) fn reply(&self, time: &str) -> Response {
        let status = match self.code {
            "3100" => 403,
            "3001" => 429,
            "10000" => 500,
            _ => 400,
        };
        Response::json(status, object! { "Fault" => self.fault(), "time" => time }.to_bytes())
    }
}

/// The reply time of calls that no company answers.
pub(super) fn utc(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
}

pub(super) fn unsupported_operation(what: &str) -> Refusal {
    refusal("500", "Unsupported Operation", format!("Operation {what} is not supported."))
}

pub(super) fn not_found() -> Refusal {
    refusal(
        "610",
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts, \
         customers, items, vendors or employees.",
    )
}

pub(super) fn deleted() -> Refusal {
    refusal("610", "Object Not Found", "Object Not Found : Another user has deleted this transaction.")
}

pub(super) fn cannot_be_linked(why: &str) -> Refusal {
    refusal("620", "Transaction can't be linked", format!("The transaction cannot be linked : {why}"))
}

pub(super) fn unknown_property(name: &str) -> Refusal {
    refusal(
        "2010",
        "Request has invalid or unsupported property",
        format!("Property Name:{name} specified is unsupported or invalid"),
    )
    .on(name)
}

pub(super) fn required(name: &str) -> Refusal {
    refusal(
        "2020",
        "Required param missing, need to supply the required value for the API",
        format!("Required parameter {name} is missing in the request"),
    )
    .on(name)
}

pub(super) fn invalid_id(supplied: &str) -> Refusal {
    refusal("2030", "Invalid ID", format!("Id should be a valid number. Supplied value:{supplied}")).on("Id")
}

pub(super) fn bad_characters(name: &str) -> Refusal {
    refusal(
        "2040",
        "Invalid String. The String may contain unsupported or invalid characters",
        format!("The property {name} has characters that are not supported"),
    )
    .on(name)
}

pub(super) fn too_long(name: &str, max: usize, supplied: usize) -> Refusal {
    refusal(
        "2050",
        "String length is either shorter or longer than supported by specification",
        format!(
            "String length specified does not match the supported length. Min:0 characters. Max:{max} characters. \
             Supplied length:{supplied}"
        ),
    )
    .on(name)
}

pub(super) fn bad_date(name: &str, supplied: &str) -> Refusal {
    refusal("2060", "Invalid Date", format!("Date value should be YYYY-MM-DD. Supplied value:{supplied}"))
        .on(name)
}

pub(super) fn bad_number(name: &str) -> Refusal {
    refusal("2090", "Invalid Number", format!("The value of {name} is no valid number")).on(name)
}

pub(super) fn bad_choice(name: &str, supplied: &str) -> Refusal {
    refusal(
        "2170",
        "Invalid Enumeration",
        format!("Property Name:{name} specified has an invalid value. Supplied value:{supplied}"),
    )
    .on(name)
}

pub(super) fn negative(name: &str) -> Refusal {
    refusal("2290", "Amount is negative", "The amount of the transaction must be zero or greater.").on(name)
}

pub(super) fn invalid_reference(kind: &str, id: &str) -> Refusal {
    refusal(
        "2500",
        "Invalid Reference Id",
        format!("Invalid Reference Id : {kind} element id {id} not found"),
    )
}

pub(super) fn stale() -> Refusal {
    refusal(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and root were working on this at the same time. root finished before you did, so \
         your work was not saved.",
    )
}

pub(super) fn not_in_plan(what: &str) -> Refusal {
    refusal(
        "5030",
        "Feature Not Supported Error",
        format!("Feature Not Supported Error : {what} is not part of this company's subscription."),
    )
}

pub(super) fn business(why: impl std::fmt::Display) -> Refusal {
    refusal(
        "6000",
        "A business validation error has occurred while processing your request",
        format!("Business Validation Error: {why}"),
    )
}

pub(super) fn bad_tax_code(why: &str) -> Refusal {
    refusal("6100", "Invalid tax code", format!("The tax code is invalid : {why}")).on("TaxCodeRef")
}

pub(super) fn duplicate_number(number: &str, kind: &str, id: &str) -> Refusal {
    refusal(
        "6140",
        "Duplicate Document Number Error",
        format!(
            "Duplicate Document Number Error : You must specify a different number. This number has already been \
             used. DocNumber={number} is assigned to TxnType={kind} with TxnId={id}"
        ),
    )
}

pub(super) fn closed_period() -> Refusal {
    refusal(
        "6210",
        "Account Period Closed",
        "The account period has closed and the account books cannot be updated through the QBO Services API. Please \
         use the QBO website to make these changes.",
    )
}

pub(super) fn duplicate_name(what: &str) -> Refusal {
    refusal(
        "6240",
        "Duplicate Name Exists Error",
        format!(
            "The name supplied already exists. : Another {what} is already using this name. Please use a different \
             name."
        ),
    )
}

pub(super) fn deposited() -> Refusal {
    refusal(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed : This transaction has been deposited. If you want to change or \
         delete it, you must edit the deposit it appears on and remove it first.",
    )
}
