//! What the SDK's errors mean to a run.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use carry_model::{Code, Fault, Reach};

/// A fault of a call, named for the log and the operator; `what` is service and operation, never data.
pub(crate) fn fault<E, R>(what: &str, error: &SdkError<E, R>) -> Fault
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ConstructionFailure(_) => {
            Fault::new(Code::AuthRefused).detail(format!("{what} could not be signed or built."))
        }
        SdkError::TimeoutError(_) => {
            Fault::new(Code::TimedOut).reach(Reach::Unknown).detail(format!("{what}."))
        }
        SdkError::DispatchFailure(failure) => {
            let fault = Fault::new(Code::ConnectionFailed).reach(Reach::Unknown);
            // Credentials are asked for on the way; a failure there is none of the network.
            match failure.as_connector_error() {
                Some(cause) => fault.detail(format!("{what}.")).caused_by(cause),
                None => fault.detail(format!("{what}.")),
            }
        }
        SdkError::ServiceError(refused) => {
            let error = refused.err();
            let name = error.code().unwrap_or("an unnamed error");
            Fault::new(code(name))
                .reach(Reach::Refused)
                .detail(format!("{what}: {name}."))
                .caused_by(error.message().unwrap_or_default())
        }
        _ => Fault::new(Code::AnswerUnreadable).reach(Reach::Unknown).detail(format!("{what}.")),
    }
}

/// Which code the name of an AWS error stands for. Whatever is not known may pass, so the run pauses.
fn code(name: &str) -> Code {
    match name {
        "AccessDenied"
        | "AccessDeniedException"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Code::AuthRefused,
        "NoSuchBucket"
        | "ResourceNotFoundException"
        | "StateMachineDoesNotExist"
        | "ValidationException"
        | "InvalidArn" => Code::ConfigInvalid,
        _ => Code::ServerFailed,
    }
}

const UNUSABLE: &str = "Another version of the service wrote that item of the table, or a person did. Deploy the \
    version that wrote it and resume the run there; or end the migration and migrate anew.";

/// A stored value that cannot be read back.
pub(crate) fn unusable(what: &str) -> Fault {
    Fault::new(Code::StateUnusable).detail(what).hint(UNUSABLE)
}

pub(crate) fn json_broken(error: serde_json::Error) -> Fault {
    Fault::new(Code::StateUnusable).caused_by(error).hint(UNUSABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_nobody_knows_may_pass() {
        assert_eq!(code("ProvisionedThroughputExceededException").kind(), carry_model::Kind::Transient);
        assert_eq!(code("SlowDown").kind(), carry_model::Kind::Transient);
        assert_eq!(code("NoSuchBucket"), Code::ConfigInvalid);
    }
}
