//! Faults as the flow sees them.

use carry_model::{Code, Fault, Kind};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

/// A fault that ends a call. Step Functions sees the stable name of its kind ("Transient") as the error, or
/// "Interrupted" where what is to be done is not complete: to try that again changes nothing.
///
/// The message holds the code and the request, no particulars: executions are kept for months.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(crate) fault: Fault,
    pub(crate) request: String,
}

/// The message of a failure.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) code: Code,
    pub(crate) sentence: String,
    pub(crate) request: String,
}

impl Failure {
    /// Its name in the flow.
    pub fn name(&self) -> &'static str {
        name(&self.fault)
    }
}

pub(crate) fn name(fault: &Fault) -> &'static str {
    match fault.code {
        Code::Interrupted => "Interrupted",
        code => code.kind().name(),
    }
}

/// What may be told where no customer's data may stand. The particulars of what a person has to mend may name records.
pub(crate) fn told(fault: &Fault) -> &str {
    match fault.kind() {
        Kind::Transient | Kind::RateLimited | Kind::Auth | Kind::Bug => &fault.detail,
        Kind::Config | Kind::Rejected | Kind::Unsupported | Kind::Integrity => "",
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = failure.name().to_owned();
        let Failure { fault, request } = failure;
        let message = Message { code: fault.code, sentence: fault.code.sentence().to_owned(), request };
        let error_message = serde_json::to_string(&message).unwrap_or_else(|_| fault.code.id().to_owned());
        Self { error_type, error_message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flow_sees_the_kind_and_no_particulars() {
        let fault = Fault::new(Code::MappingIncomplete).detail("Account 4000 Sales to Ann").text("Ann");
        let told = Diagnostic::from(Failure { fault, request: "r-1".to_owned() });
        assert_eq!(told.error_type, "Config");
        assert!(!told.error_message.contains("Ann"));
        let message: Message = serde_json::from_str(&told.error_message).unwrap();
        assert_eq!((message.code, message.request.as_str()), (Code::MappingIncomplete, "r-1"));
    }
}
